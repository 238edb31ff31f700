"""`stcstudio run`: one video to files."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app import pipeline
from app.errors import StudioError
from app.export import export_take, find_formats
from app.settings import Settings
from app.take import Take

_STAGES = {"detect": "Finding joints", "lift": "Lifting to 3D", "motion": "Setting in motion"}


def run_video(
    video: Path, output: Path, formats: Sequence[str], settings: Settings
) -> tuple[Take, list[Path]]:
    """Process `video`, write `formats` into `output`, and say what was done. Raises what the pipeline raises."""
    formats = [name.strip() for name in formats if name.strip()]
    find_formats(formats)  # a wrong name is said before minutes of work, not after
    check_output(output)
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    with _shown(Console(stderr=True)) as progress:
        take = pipeline.process_video(video, settings, progress=progress)
    began = time.perf_counter()
    written = export_take(take, output, video.stem, formats)
    seconds = take.provenance["seconds"] | {"export": time.perf_counter() - began}
    for line in _summary(take, seconds):
        console.print(line, markup=False)
    console.print("Written:", markup=False)
    for path in written:
        console.print(f"  {path}", markup=False)
    return take, written


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
def _shown(console: Console) -> Iterator[Any]:
    """A progress bar on a terminal, and nothing where the output goes to a file."""
    if not console.is_terminal:
        yield None
        return
    with Progress(
        TextColumn("{task.description:18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bar:
        tasks = {
            stage: bar.add_task(text, total=None, visible=False, rate="") for stage, text in _STAGES.items()
        }

        def update(step: pipeline.Progress) -> None:
            rate = f"{step.done / step.seconds:.0f} frames/s" if step.seconds > 0 else ""
            bar.update(tasks[step.stage], completed=step.done, total=step.total, visible=True, rate=rate)

        yield update


def _summary(take: Take, seconds: dict[str, float]) -> list[str]:
    frames = take.frame_count()
    lifter, detector = take.provenance["lifter"], take.provenance["detector"]
    rate = "variable rate, " if take.provenance["video"]["variable_rate"] else ""
    lines = [
        f"{take.source.path.name}: {frames} frames, {take.source.width}x{take.source.height}, "
        f"{rate}{take.source.fps:.4g} frames a second",
        f"Detector {detector['name']}; lifter {lifter['weights']} on {lifter['device']} in {lifter['precision']}",
    ]
    lines += [f"Note: {warning}" for warning in take.provenance["video"]["warnings"]]
    for person in range(take.person_count()):
        seen = int(take.seen(person).sum())
        if seen == 0:
            lines.append("Nobody was seen in any frame: there is no pose to write, and the files say so.")
        else:
            body = take.provenance["motion"]["body"]
            lines.append(
                f"A person in {seen} of {frames} frames, {body['height_m']:.2f} m tall ({body['scale_from']})"
            )
    stages = ", ".join(
        f"{name} {seconds[name]:.1f} s" for name in ("open", "detect", "lift", "motion", "export")
    )
    lines.append(f"Time: {stages} (lifting runs beside detection)")
    return lines
