"""Writing a Take as files: the registry of formats, and `export_take`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.errors import StudioError
from app.export import (
    bvh,
    c3d_points,
    csv_table,
    csv_tidy,
    gltf,
    joint_angles,
    npz_archive,
    overlay,
    side_by_side,
    sidecar,
    trc,
)
from app.export.format import ExportFormat, Progress
from app.take import Take

FORMATS: dict[str, ExportFormat] = {
    entry.name: entry
    for entry in (
        csv_table.FORMAT,
        csv_tidy.FORMAT,
        *bvh.FORMATS,
        gltf.FORMAT,
        npz_archive.FORMAT,
        trc.FORMAT,
        c3d_points.FORMAT,
        joint_angles.FORMAT,
        overlay.FORMAT,
        side_by_side.FORMAT,
    )
}
"""Every format by its name. A new one is a module of its own and one entry here."""

__all__ = ["FORMATS", "ExportFormat", "ExportProgress", "export_take", "find_formats"]


@dataclass(frozen=True)
class ExportProgress:
    """How far an export is."""

    file: str
    """Name of the file that is being written."""
    number: int
    """Which file it is, from 1."""
    count: int
    """How many files there will be, without the sidecar; those that are left out count too."""
    done: int
    """Frames of this file that are written; 0 for a format that does not say."""
    total: int
    """Frames of this file; 0 for a format that does not say."""


def find_formats(names: Sequence[str]) -> list[ExportFormat]:
    """The formats of those names, each once. Raises StudioError for an unknown name, with the known ones."""
    for name in names:
        if name not in FORMATS:
            known = ", ".join(FORMATS)
            raise StudioError(f"There is no export format called '{name}'; choose from {known}.")
    return [FORMATS[name] for name in dict.fromkeys(names)]


def export_take(
    take: Take,
    folder: Path,
    stem: str,
    formats: Sequence[str],
    progress: Callable[[ExportProgress], None] | None = None,
) -> list[Path]:
    """Write `<folder>/<stem><suffix>` in every format, `<stem>.p2<suffix>` for the second person, and so on.

    The sidecar `<stem>.json` comes last and lists the others. Returns the paths written, the sidecar last.
    Every file is whole or not there. A person without a pose in any frame is left out of the formats that
    need one; the sidecar says so. `progress` is told of every file, and of every frame of those that take long;
    what it raises ends the export: files that were whole by then stay, the one being written is not there.
    Raises StudioError for an unknown format before anything is written, and what the formats raise.
    """
    chosen = find_formats(formats)
    folder = Path(folder)
    jobs = [
        (entry, person)
        for entry in chosen
        for person in range(take.person_count() if entry.per_person else 1)
    ]
    paths: list[Path] = []
    entries: list[dict[str, Any]] = []
    for place, (entry, person) in enumerate(jobs, start=1):
        number = person + 1 if entry.per_person else None
        if entry.needs_pose and not take.seen(person).any():
            reason = "this person has no pose in any frame"
            entries.append(
                {"file": None, "format": entry.name, "person": number, "notes": {"left_out": reason}}
            )
            continue
        path = folder / f"{stem}{f'.p{person + 1}' if person else ''}{entry.suffix}"
        told = _progress_of(progress, path.name, place, len(jobs))
        told(0, 0)
        notes = entry.write(take, person, path, *((told,) if entry.needs_video else ()))
        paths.append(path)
        entries.append({"file": path.name, "format": entry.name, "person": number, "notes": notes})
    path = folder / f"{stem}{sidecar.SUFFIX}"
    sidecar.write_sidecar(take, path, entries)
    return [*paths, path]


def _progress_of(
    progress: Callable[[ExportProgress], None] | None, file: str, number: int, count: int
) -> Progress:
    def told(done: int, total: int) -> None:
        if progress is not None:
            progress(ExportProgress(file, number, count, done, total))

    return told
