"""`stcstudio run`: one video to files."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from app import pipeline
from app.detection import detector_in_words
from app.errors import StudioError
from app.export import ExportProgress, export_take, find_formats
from app.settings import Settings
from app.take import Take
from app.take_notes import notes_of

_STAGES = {"detect": "Finding joints", "lift": "Lifting to 3D", "motion": "Setting in motion"}
_COLUMNS = (
    "{task.description:18}",
    BarColumn(),
    MofNCompleteColumn(),
    "{task.fields[rate]}",
    TimeRemainingColumn(),
)


def run_video(
    video: Path, output: Path, formats: Sequence[str], settings: Settings
) -> tuple[Take, list[Path]]:
    """Process `video`, write `formats` into `output`, and say what was done. Raises what the pipeline raises."""
    formats = [name.strip() for name in formats if name.strip()]
    find_formats(formats)  # a wrong name is said before minutes of work, not after
    check_output(output)
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    with shown_progress(Console(stderr=True)) as progress:
        take = pipeline.process_video(video, settings, progress=progress)
    began = time.perf_counter()
    written = export_shown(take, output, video.stem, formats)
    seconds = take.provenance["seconds"] | {"export": time.perf_counter() - began}
    for line in _summary(take, seconds):
        console.print(line, markup=False)
    console.print("Written:", markup=False)
    for path in written:
        console.print(f"  {path}", markup=False)
    return take, written


def export_shown(take: Take, folder: Path, stem: str, formats: Sequence[str]) -> list[Path]:
    """`app.export.export_take`, with a progress bar for the files that take long, on a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return export_take(take, folder, stem, formats)
    with Progress(*_COLUMNS, console=console, transient=True) as bar:
        task = bar.add_task("Writing", total=None, rate="")

        def update(step: ExportProgress) -> None:
            bar.update(task, completed=step.done, total=step.total or None, rate=step.file)

        return export_take(take, folder, stem, formats, update)


def check_output(folder: Path) -> None:
    """Try whether results can be written to `folder`, which need not be there yet; leaves nothing behind.

    Raises StudioError where a file is in its way, OSError where it may not be written.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise StudioError(f"'{nearest}' is a file, but the results need a folder; name another with -o.")
    try:
        with tempfile.TemporaryFile(dir=nearest) as file:
            file.write(b"x")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(nearest)) from error


@contextmanager
def shown_progress(console: Console) -> Iterator[Any]:
    """A progress bar on a terminal, and nothing where the output goes to a file."""
    if not console.is_terminal:
        yield None
        return
    with Progress(*_COLUMNS, console=console, transient=True) as bar:
        tasks = {
            stage: bar.add_task(text, total=None, visible=False, rate="") for stage, text in _STAGES.items()
        }

        def update(step: pipeline.Progress) -> None:
            rate = f"{step.done / step.seconds:.0f} frames/s" if step.seconds > 0 else ""
            bar.update(tasks[step.stage], completed=step.done, total=step.total, visible=True, rate=rate)

        yield update


def _people(take: Take) -> list[str]:
    """A line for everybody who was found, whether in the Take or not."""
    frames, found = take.frame_count(), take.provenance["people"]
    if not any(take.seen(person).any() for person in range(take.person_count())):
        return ["Nobody was seen in any frame: there is no pose to write, and the files say so."]
    bodies = [_body(take, person) for person in range(take.person_count())]
    if len(found) == 1:
        return [f"A person in {found[0]['frames']} of {frames} frames, {bodies[0]}"]
    lines = []
    for number, person in enumerate(found, start=1):
        place = person["person"]
        if place is None:
            keeps = f"--person {number}" + (" or --person all" if take.settings.person != "all" else "")
            rest = f"left out ({keeps} keeps them)"
        else:
            rest = bodies[place - 1] + (f", person {place} in the files" if place != number else "")
        lines.append(
            f"Person {number}: in {person['frames']} of {frames} frames, "
            f"{100 * person['share_of_height']:.0f} % of the picture's height, {rest}"
        )
    return lines


def _body(take: Take, person: int) -> str:
    """Of one person of the Take: frames that are bridged, if any, and the height."""
    report = [take.provenance["motion"], *take.provenance["motion_of_others"]][person]
    bridged = int(take.bridged(person).sum())
    more = f"{bridged} more bridged, " if bridged else ""
    if "body" not in report:
        return f"{more}too little seen for a pose"
    body = report["body"]
    return (
        f"{more}{body['height_m']:.2f} m tall, give or take {body['scale_uncertainty']:.0%} "
        f"({body['scale_from']})"
    )


def _summary(take: Take, seconds: dict[str, float]) -> list[str]:
    frames = take.frame_count()
    lifter, detector = take.provenance["lifter"], take.provenance["detector"]
    rate = "variable rate, " if take.provenance["video"]["variable_rate"] else ""
    lines = [
        f"{take.source.path.name}: {frames} frames, {take.source.width}x{take.source.height}, "
        f"{rate}{take.source.fps:.4g} frames a second",
        f"Detector {detector_in_words(detector)}; "
        f"lifter {lifter['weights']} on {lifter['device']} in {lifter['precision']}",
    ]
    if "chosen" in detector:
        lines.append(detector["chosen"])
    lines += [f"Note: {note}" for note in notes_of(take)]
    lines += _people(take)
    anybody = any(take.seen(person).any() for person in range(take.person_count()))
    if anybody and "gravity" in (motion := take.provenance["motion"]):
        gravity = motion["gravity"]
        way = "down" if gravity["pitch_degrees"] >= 0 else "up"
        lines.append(
            f"The camera looks {way} by {abs(gravity['pitch_degrees']):.0f}° (give or take "
            f"{gravity['pitch_deviation_degrees']:.0f}°; --camera-pitch says it)"
        )
        lens = motion["camera"]
        if lens["fov_from"] == "metadata":
            fov = f"{lens['fov_degrees_longer_side']:.0f}°"
            lines.append(f"The field of view is {fov}, by the video's own metadata (--fov says it)")
    swapped = sum(swap["stop"] - swap["start"] for swap in take.provenance["side_swaps_undone"])
    if swapped:
        lines.append(f"Left and right taken for each other, undone: in {swapped} frames")
    stages = ", ".join(
        f"{name} {seconds[name]:.1f} s" for name in ("open", "detect", "lift", "motion", "export")
    )
    lines.append(f"Time: {stages} (lifting runs beside detection)")
    return lines
