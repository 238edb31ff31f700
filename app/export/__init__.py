"""Writing a Take as files: the registry of formats, and `export_take`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.errors import StudioError
from app.export import bvh, csv_table, npz_archive, overlay, sidecar
from app.export.format import ExportFormat
from app.take import Take

FORMATS: dict[str, ExportFormat] = {
    entry.name: entry for entry in (csv_table.FORMAT, bvh.FORMAT, npz_archive.FORMAT, overlay.FORMAT)
}
"""Every format by its name. A new one is a module of its own and one entry here."""

__all__ = ["FORMATS", "ExportFormat", "export_take", "find_formats"]


def find_formats(names: Sequence[str]) -> list[ExportFormat]:
    """The formats of those names, each once. Raises StudioError for an unknown name, with the known ones."""
    for name in names:
        if name not in FORMATS:
            known = ", ".join(FORMATS)
            raise StudioError(f"There is no export format called '{name}'; choose from {known}.")
    return [FORMATS[name] for name in dict.fromkeys(names)]


def export_take(take: Take, folder: Path, stem: str, formats: Sequence[str]) -> list[Path]:
    """Write `<folder>/<stem><suffix>` in every format, `<stem>.p2<suffix>` for the second person, and so on.

    The sidecar `<stem>.json` comes last and lists the others. Returns the paths written, the sidecar last.
    Every file is whole or not there. A person without a pose in any frame is left out of the formats that
    need one; the sidecar says so. Raises StudioError for an unknown format before anything is written, and
    what the formats raise.
    """
    chosen = find_formats(formats)
    folder = Path(folder)
    paths: list[Path] = []
    entries: list[dict[str, Any]] = []
    for entry in chosen:
        for person in range(take.person_count() if entry.per_person else 1):
            number = person + 1 if entry.per_person else None
            if entry.needs_pose and not take.seen(person).any():
                reason = "this person has no pose in any frame"
                entries.append(
                    {"file": None, "format": entry.name, "person": number, "notes": {"left_out": reason}}
                )
                continue
            path = folder / f"{stem}{f'.p{person + 1}' if person else ''}{entry.suffix}"
            notes = entry.write(take, person, path)
            paths.append(path)
            entries.append({"file": path.name, "format": entry.name, "person": number, "notes": notes})
    path = folder / f"{stem}{sidecar.SUFFIX}"
    sidecar.write_sidecar(take, path, entries)
    return [*paths, path]
