"""`stcstudio formats`: what can be written, a sentence each."""

from app.export import FORMATS
from app.export.format import ExportFormat


def list_formats(markdown: bool = False) -> None:
    """Print every format of the registry: its name and file, what it is, its space and units.

    `markdown`: as the table of `docs/formats.md`.
    """
    if markdown:
        print("\n".join(markdown_rows()))
        return
    for name, entry in FORMATS.items():
        print(f"{name:18} <name>{entry.suffix}")
        print(f"    {entry.description}")
        print(f"    {entry.space}; {persons(entry)}")
    print("A sidecar, <name>.json, is always written: it says what made the files and how to read them.")


def markdown_rows() -> list[str]:
    """The table of `docs/formats.md`."""
    rows = ["| `--format` | file | what it is | axes and units | several people |", "|---|---|---|---|---|"]
    for name, entry in FORMATS.items():
        cells = (f"`{name}`", f"`<name>{entry.suffix}`", entry.description, entry.space, persons(entry))
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def persons(entry: ExportFormat) -> str:
    """How a format holds several persons."""
    return "a file a person" if entry.per_person else "everybody in one file"
