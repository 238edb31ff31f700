"""`stcstudio export`: files from a saved project, without processing the video again."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from app.commands.run import check_output, export_shown
from app.errors import StudioError
from app.export import find_formats
from app.export.part import part_of
from app.project import find_video, is_same_video, open_project
from app.take import Take


def export_project(
    project: Path,
    output: Path,
    formats: Sequence[str],
    *,
    person: str = "all",
    frames: str = "",
    video: Path | None = None,
) -> list[Path]:
    """Write `formats` of a project file into `output`; returns the paths. Raises StudioError for what cannot be done.

    person: `all` or a number from 1. frames: `FIRST-LAST`, both in it, or empty for all of them. video: where the
    video is now, for the formats that show it.
    """
    formats = [name.strip() for name in formats if name.strip()]
    chosen = find_formats(formats)
    check_output(output)
    take = open_project(project)
    found = video or find_video(take, project)
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    if found is not None:
        if not is_same_video(take, found):
            console.print(f"Note: '{found}' is not the file that the project was made from.", markup=False)
        take = replace(take, source=replace(take.source, path=found))
    elif films := [entry.name for entry in chosen if entry.needs_video]:
        raise StudioError(
            f"The video '{take.source.path.name}' of '{project}' was not found, and {' and '.join(films)} cannot be "
            "written without it; name it with --video, or leave out the films."
        )
    start, stop = _range_of(frames, take)
    part = part_of(take, _persons_of(person, take), start, stop)
    written = export_shown(part, output, project.stem, formats)
    console.print("Written:", markup=False)
    for path in written:
        console.print(f"  {path}", markup=False)
    return written


def _persons_of(person: str, take: Take) -> list[int]:
    count = take.person_count()
    if person == "all":
        return list(range(count))
    if not person.isdecimal() or not 1 <= int(person) <= count:
        raise StudioError(
            f"There is no person '{person}' in the project; give all, or a number from 1 to {count}."
        )
    return [int(person) - 1]


def _range_of(frames: str, take: Take) -> tuple[int, int]:
    """(start, stop) of a range, counted as the video counts its frames."""
    if not frames:
        return 0, take.frame_count()
    first, dash, last = frames.partition("-")
    if not (dash and first.isdecimal() and last.isdecimal()):
        raise StudioError(f"'{frames}' is no range of frames; give the first and the last, such as 30-120.")
    offset = take.source.first_frame
    return int(first) - offset, int(last) + 1 - offset
