"""Frames a second from a video file to a Take, against the detector alone; and memory over a long video.

    python benchmarks/pipeline.py [VIDEO] [--long 10000]

The detector alone is given frames that are already decoded and in memory, so the ratio is what decoding,
lifting and the motion stage cost on top. `--long N` makes a video of N frames, runs the pipeline on its
first tenth and on all of it, and prints the peak memory of each.
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

import numpy as np
from rich.console import Console

from app.pipeline import process_video
from app.video import open_video
from app.video_writer import write_video
from detectors import create_detector
from stcformer import Lifter

MOST_FRAMES = 300


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    demo = Path(str(importlib.resources.files("assets"))) / "demo" / "demo.mp4"
    parser.add_argument("video", nargs="?", type=Path, default=demo)
    parser.add_argument("--long", type=int, default=0, help="frames of the video made for the memory test")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    Lifter.from_pretrained()  # so that loading torch is in neither measurement
    alone = detector_rate(arguments.video)
    take = process_video(arguments.video)
    seconds = take.provenance["seconds"]
    end_to_end = take.frame_count() / (seconds["total"] - seconds["open"])
    console.print(f"{arguments.video.name}: {take.frame_count()} frames")
    console.print(
        f"detector alone {alone:.1f} frames/s; whole pipeline {end_to_end:.1f}; ratio {end_to_end / alone:.2f}"
    )
    console.print(", ".join(f"{name.replace('_', ' ')} {value:.2f} s" for name, value in seconds.items()))
    if arguments.long:
        for frames in (arguments.long // 10, arguments.long):
            console.print(f"{frames} frames: peak memory {peak_memory(arguments.video, frames):.0f} MiB")


def detector_rate(video: Path) -> float:
    """Frames a second of the detector over frames in memory."""
    with open_video(video) as source, create_detector() as detector:
        images = [frame.image for frame in source.frames(stop=min(MOST_FRAMES, source.frame_count))]
        detector.detect(images[0])
        began = time.perf_counter()
        for image in images:
            detector.detect(image)
        return len(images) / (time.perf_counter() - began)


def peak_memory(video: Path, frames: int) -> float:
    """MiB that a fresh process needs at most to process `frames` frames, the video played over and over."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.mp4"
        with open_video(video) as source:
            width, height = source.width // 2, source.height // 2
            images = [
                np.ascontiguousarray(frame.image[: 2 * height : 2, : 2 * width : 2])
                for frame in source.frames()
            ]
        endless = itertools.cycle(images)
        write_video(path, ((k / 30, next(endless)) for k in range(frames)), (width, height))
        context = multiprocessing.get_context("spawn")
        with context.Pool(1) as pool:
            return pool.apply(_process_and_measure, (path,))


def _process_and_measure(path: Path) -> float:
    process_video(path)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    main()
