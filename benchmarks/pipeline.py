"""Frames a second from a video file to a Take, against the detector alone; and memory over a long video.

    python benchmarks/pipeline.py [VIDEO] [--frames 900] [--long 10000]

The clip is played over and over to `--frames` frames. The detector alone is given frames that are already
decoded and in memory, so the ratio is what decoding, lifting and the motion stage cost on top. `--long N`
then runs the pipeline on a tenth of N frames and on all, each in a process of its own, and prints the peak
memory of each.
"""

import argparse
import importlib.resources
import itertools
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from app.pipeline import process_video
from app.video import open_video
from app.video.writing import write_video
from detectors import create_detector
from stcformer import Lifter

MOST_IMAGES = 300


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    demo = Path(str(importlib.resources.files("assets"))) / "demo" / "demo.mp4"
    parser.add_argument("video", nargs="?", type=Path, default=demo)
    parser.add_argument("--frames", type=int, default=900, help="frames of the video that is timed")
    parser.add_argument("--long", type=int, default=0, help="frames of the video made for the memory test")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory() as folder:
        path = repeated(arguments.video, arguments.frames, Path(folder) / "timed.mp4")
        compare(path, console)
        if arguments.long:
            for frames in (arguments.long // 10, arguments.long):
                path = repeated(arguments.video, frames, Path(folder) / "long.mp4")
                console.print(f"{frames} frames: peak memory {peak_memory(path):.0f} MiB")


def compare(path: Path, console: Console) -> None:
    """Print the rates of the detector alone and of the whole pipeline on one video."""
    Lifter.from_pretrained()  # so that loading torch is in neither measurement
    alone = detector_rate(path)
    take = process_video(path)
    seconds = take.provenance["seconds"]
    rate = take.frame_count() / (seconds["total"] - seconds["open"])
    console.print(f"{take.frame_count()} frames of {take.source.width}x{take.source.height}")
    console.print(f"detector alone {alone:.1f} frames/s; whole pipeline {rate:.1f}; ratio {rate / alone:.2f}")
    console.print(", ".join(f"{name.replace('_', ' ')} {value:.2f} s" for name, value in seconds.items()))


def detector_rate(video: Path) -> float:
    """Frames a second of the detector over frames in memory."""
    with open_video(video) as source, create_detector() as detector:
        images = [frame.image for frame in source.frames(stop=min(MOST_IMAGES, source.frame_count))]
        detector.detect(images[0])
        began = time.perf_counter()
        for image in images:
            detector.detect(image)
        return len(images) / (time.perf_counter() - began)


def repeated(video: Path, frames: int, path: Path) -> Path:
    """Write the video, played over and over, to `path`: `frames` frames at its own size, 30 a second."""
    with open_video(video) as source:
        images = [frame.image for frame in source.frames(stop=min(MOST_IMAGES, source.frame_count))]
        size = (source.width, source.height)
    endless = itertools.cycle(images)
    write_video(path, ((k / 30, next(endless)) for k in range(frames)), size)
    return path


def peak_memory(path: Path) -> float:
    """MiB that a fresh process needs at most to process a video."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_process_and_measure, (path,))


def _process_and_measure(path: Path) -> float:
    process_video(path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    main()
