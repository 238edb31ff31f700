"""Frames a second and latency of every detector that is ready here, alone and with the pipeline around it.

    python benchmarks/detector_speed.py [VIDEO ...] [--frames 120] [--height 480 1080] [--detector NAME ...]
                                        [--random-rtmpose m --person-model FILE]

Alone, a detector is given frames that are decoded, scaled and in memory, as many at once as it likes. With the
pipeline around it, a video file of that size goes the whole road to a Take. The videos are those of ../shared,
or the clips of assets where that is absent; their frames follow one another in one measurement, after each of
which the detector forgets. A detector that is not ready is left out, and the reason is printed.

`--random-rtmpose` measures RTMPose of that size with random weights (see `random_rtmpose.py`) and the person
detector that is named: what the real one costs, where its file is not here. Its keypoints are noise.
"""

import argparse
import importlib.resources
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Column, Table

from app.pipeline import process_video
from app.settings import Settings
from app.video import open_video
from app.video_writer import write_video
from detectors import Detector, DetectorError, available_detectors, create_detector
from detectors.opencv import import_cv2
from stcformer import Lifter

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "videos"
_SHARED_CLIPS = ("walk_10fps.mp4", "boxing_fast.mp4", "two_people_indoors.avi", "walk_outdoors.mp4")
_WARM_UP = 3


@dataclass(frozen=True)
class Measurement:
    """One detector on one size of picture."""

    rate: float
    """Frames a second, alone."""
    latency_ms: tuple[float, float]
    """Median and 95th percentile of a call, over the pictures of the call."""
    cpu_ms: float
    """Computing time of all cores for a picture; other programs change it less than the rest."""
    persons: float
    """Found in a picture, on average."""
    pipeline_rate: float


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    console = Console(highlight=False, width=150)
    videos = arguments.videos or _default_videos()
    machine = platform.processor() or platform.machine()
    console.print(f"{machine}, {os.cpu_count()} cores; {arguments.frames} frames of each of")
    console.print(", ".join(path.name for path in videos))
    Lifter.from_pretrained()  # so that loading torch is in no measurement
    with tempfile.TemporaryDirectory() as folder:
        names = arguments.detector or [name for name in available_detectors() if name != "auto"]
        if arguments.random_rtmpose:
            names.append(_random_rtmpose(arguments.random_rtmpose, arguments.person_model, Path(folder)))
        headings = (
            "detector",
            "picture",
            "persons",
            "frames/s",
            "p50 ms",
            "p95 ms",
            "CPU ms",
            "pipeline frames/s",
            "ratio",
        )
        table = Table(*(Column(heading, no_wrap=True) for heading in headings))
        for height in arguments.height:
            clips = [_scaled(path, height, arguments.frames) for path in videos]
            files = [
                _written(clip, Path(folder) / f"{height}-{number}.mp4") for number, clip in enumerate(clips)
            ]
            for name in names:
                try:
                    found = measure(name, clips, files)
                except DetectorError as error:
                    console.print(f"left out: {_short(name)}: {str(error).split('. ')[0]}")
                    continue
                table.add_row(_short(name), f"{height}p", *_cells(found))
        console.print(table)


def measure(name: str, clips: Sequence[Sequence[Any]], files: Sequence[Path]) -> Measurement:
    """A detector over the clips, alone and in the pipeline. Raises DetectorError where it is not ready."""
    calls: list[tuple[float, int]] = []
    persons, computing = 0, 0.0
    with create_detector(name) as detector:
        for images in clips:
            detector.reset()
            for image in images[:_WARM_UP]:
                detector.detect(image)
            began = time.process_time()
            persons += _time_calls(detector, images, calls)
            computing += time.process_time() - began
    frames = sum(count for _, count in calls)
    latencies = np.array([seconds / count for seconds, count in calls]) * 1000
    return Measurement(
        frames / sum(seconds for seconds, _ in calls),
        (float(np.median(latencies)), float(np.percentile(latencies, 95))),
        computing / frames * 1000,
        persons / frames,
        _pipeline_rate(name, files),
    )


def _time_calls(detector: Detector, images: Sequence[Any], calls: list[tuple[float, int]]) -> int:
    """Append seconds and pictures of each call; returns how many persons were found."""
    step = detector.batch_size
    persons = 0
    for begin in range(0, len(images), step):
        batch = images[begin : begin + step]
        began = time.perf_counter()
        found = detector.detect_batch(batch)
        calls.append((time.perf_counter() - began, len(batch)))
        persons += sum(map(len, found))
    return persons


def _pipeline_rate(name: str, files: Sequence[Path]) -> float:
    """Frames a second from the files to Takes, opening them not counted."""
    frames, seconds = 0, 0.0
    for path in files:
        take = process_video(path, Settings(detector=name))
        frames += take.frame_count()
        seconds += take.provenance["seconds"]["total"] - take.provenance["seconds"]["open"]
    return frames / seconds


def _scaled(path: Path, height: int, frames: int) -> list[Any]:
    """The first frames of a video, its shorter side `height` pixels."""
    cv2 = import_cv2()
    with open_video(path) as video:
        scale = height / min(video.width, video.height)
        size = tuple(round(side * scale / 2) * 2 for side in (video.width, video.height))
        return [
            cv2.resize(frame.image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
            for frame in video.frames(stop=min(frames, video.frame_count))
        ]


def _written(images: Sequence[Any], path: Path) -> Path:
    height, width = images[0].shape[:2]
    write_video(path, ((number / 30, image) for number, image in enumerate(images)), (width, height))
    return path


def _random_rtmpose(size: str, person_model: Path, folder: Path) -> str:
    """The name, with its files, of an RTMPose that knows nothing."""
    from random_rtmpose import write_random_rtmpose  # noqa: PLC0415 - needs onnx

    path = folder / f"{size} with random weights.onnx"
    write_random_rtmpose(path, size)
    return f"rtmpose:{path},{person_model}"


def _default_videos() -> list[Path]:
    shared = [_SHARED / name for name in _SHARED_CLIPS]
    if all(path.is_file() for path in shared):
        return shared
    return sorted((Path(str(importlib.resources.files("assets"))) / "clips").glob("*.mp4"))[:4]


def _short(name: str) -> str:
    """A detector's name, its first file without folder and ending."""
    plain, _, files = name.partition(":")
    return f"{plain}: {Path(files.split(',')[0]).stem}" if files else plain


def _cells(found: Measurement) -> tuple[str, ...]:
    return (
        f"{found.persons:.2f}",
        f"{found.rate:.1f}",
        *(f"{value:.1f}" for value in (*found.latency_ms, found.cpu_ms)),
        f"{found.pipeline_rate:.1f}",
        f"{found.pipeline_rate / found.rate:.2f}",
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--frames", type=int, default=120, help="of each video")
    parser.add_argument(
        "--height", type=int, nargs="+", default=[480, 1080], help="the shorter side, in pixels"
    )
    parser.add_argument("--detector", nargs="+", help="only these")
    parser.add_argument(
        "--random-rtmpose", choices=("t", "s", "m", "l"), help="RTMPose with random weights too"
    )
    parser.add_argument("--person-model", type=Path, help="the RTMDet file that it is measured with")
    arguments = parser.parse_args()
    if bool(arguments.random_rtmpose) != bool(arguments.person_model):
        parser.error("--random-rtmpose and --person-model go together")
    return arguments


if __name__ == "__main__":
    main()
