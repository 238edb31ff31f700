"""`stcstudio bench`: how fast this machine is at what the program does."""

import platform
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from app import pipeline
from app.commands.demo import demo_folder
from app.commands.run import shown_progress
from app.detection import detector_in_words
from app.kept_lifter import KeptLifter
from app.settings import Settings
from app.take import Take
from app.video import open_video
from detectors import create_detector

_MOST_PICTURES = 300
_LIFTED_FRAMES = 2000


def run_bench(video: Path | None, settings: Settings) -> None:
    """Print frames a second of detector, lifter and the whole, on a video (by default the demo clip).

    Raises what the pipeline raises.
    """
    path = video or demo_folder() / "demo.mp4"
    console = Console(highlight=False, soft_wrap=True, emoji=False)
    lifter = KeptLifter().get(settings)  # loaded before anything is timed
    alone, size = detector_rate(path, settings.detector)
    with shown_progress(Console(stderr=True)) as progress:
        take = pipeline.process_video(path, settings, progress=progress)
    seconds = take.provenance["seconds"]
    whole = take.frame_count() / (seconds["total"] - seconds["open"])
    keypoints, scores = _repeated(take)
    lifter.lift(keypoints[:100], scores[:100], image_size=size, fps=take.source.fps)
    began = time.perf_counter()
    lifter.lift(keypoints, scores, image_size=size, fps=take.source.fps)
    lifting = len(keypoints) / (time.perf_counter() - began)
    console.print(
        f"{platform.processor() or platform.machine()}; {path.name}, {size[0]}x{size[1]}, "
        f"{take.frame_count()} frames; lifter {lifter.weights.name} on {lifter.device_name()}",
        markup=False,
    )
    table = Table("", "frames a second")
    detector = detector_in_words(take.provenance["detector"])
    table.add_row(f"detector {detector} alone, pictures in memory", f"{alone:.1f}")
    table.add_row("lifter alone, all frames at once", f"{lifting:.0f}")
    table.add_row("video file to Take", f"{whole:.1f}")
    console.print(table)


def detector_rate(video: Path, name: str) -> tuple[float, tuple[int, int]]:
    """Pictures a second of a detector on pictures in memory, and their width and height."""
    with open_video(video) as source, create_detector(name) as detector:
        images = [frame.image for frame in source.frames(stop=min(_MOST_PICTURES, source.frame_count))]
        detector.detect(images[0])
        began = time.perf_counter()
        for start in range(0, len(images), detector.batch_size):
            detector.detect_batch(images[start : start + detector.batch_size])
        return len(images) / (time.perf_counter() - began), (source.width, source.height)


def _repeated(take: Take) -> tuple[np.ndarray, np.ndarray]:
    """The first person's keypoints and scores over and over, a clip long enough to time."""
    times = -(-_LIFTED_FRAMES // max(1, take.frame_count()))
    return np.tile(take.keypoints[0], (times, 1, 1)), np.tile(take.scores[0], (times, 1))
