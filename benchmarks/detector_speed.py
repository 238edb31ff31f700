"""Pictures a second and latency of every detector that is ready here, alone and with the pipeline around it.

    python benchmarks/detector_speed.py [VIDEO ...] [--frames 120] [--height 480 1080] [--detector NAME ...]
                                        [--task FILE] [--person-model FILE] [--random-rtmpose m]
                                        [--random-mmpose] [--markdown]

Alone, a detector is given frames that are decoded, scaled and in memory, as many at once as it likes. With the
pipeline around it, a video file of that size goes the whole road to a Take. The videos are those of ../shared,
or the clips of assets where that is absent; their frames follow one another in one measurement, after each of
which the detector forgets. A detector that is not ready is left out, and the reason is printed.

What has not been downloaded can be measured with files of the same cost. `--task` is a file for `mediapipe-tasks`;
`tests.made_task` makes one of the networks in MediaPipe's wheel. `--person-model` is an RTMDet file for
`mediapipe-people` and for `--random-rtmpose`, an RTMPose of that size with random weights (`random_rtmpose.py`).
`--random-mmpose` is MMPose's RTMDet-m and RTMPose-m with random weights (`random_mmpose.py`). What those find is noise,
and the speed does not depend on it, but for the number of persons, which is printed.
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
from app.video.writing import write_video
from detectors import Detector, DetectorError, available_detectors, create_detector
from detectors.opencv import import_cv2
from stcformer import Lifter

_SHARED = Path(__file__).resolve().parents[2] / "shared" / "videos"
_SHARED_CLIPS = ("walk_10fps.mp4", "boxing_fast.mp4", "two_people_indoors.avi", "walk_outdoors.mp4")
_WARM_UP = 3
_HEADINGS = (
    "detector",
    "picture",
    "persons",
    "pictures/s",
    "p50 ms",
    "p95 ms",
    "CPU ms",
    "in the pipeline/s",
    "ratio",
)
"""Persons in a picture; alone: pictures a second, latency, computing time; with the pipeline around it, and by how
much that is slower."""


@dataclass(frozen=True)
class Measurement:
    """One detector on one size of picture."""

    device: str
    """Where it ran; "" where there is no choice."""
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
        names = _names(arguments, Path(folder))
        rows: list[tuple[str, ...]] = []
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
                where = f" on {found.device}" if found.device else ""
                rows.append((_short(name) + where, f"{height}p", *_cells(found)))
    if arguments.markdown:
        print(*_markdown(rows), sep="\n")
        return
    table = Table(*(Column(heading, no_wrap=True) for heading in _HEADINGS))
    for row in rows:
        table.add_row(*row)
    console.print(table)


def measure(name: str, clips: Sequence[Sequence[Any]], files: Sequence[Path]) -> Measurement:
    """A detector over the clips, alone and in the pipeline. Raises DetectorError where it is not ready."""
    calls: list[tuple[float, int]] = []
    persons, computing = 0, 0.0
    with create_detector(name) as detector:
        device = detector.device
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
        device,
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


def _names(arguments: argparse.Namespace, folder: Path) -> list[str]:
    """The detectors to measure: those that are named, or all, with the files that stand in for the published ones."""
    given: dict[str, str] = {}
    if arguments.task:
        given["mediapipe-tasks"] = f"mediapipe-tasks:{arguments.task}"
    if arguments.person_model:
        given["mediapipe-people"] = f"mediapipe-people:{arguments.person_model}"
    if arguments.random_rtmpose:
        given["rtmpose"] = _random_rtmpose(arguments.random_rtmpose, arguments.person_model, folder)
    if arguments.random_mmpose:
        from random_mmpose import write_random_mmpose  # noqa: PLC0415 - needs MMPose

        given["mmpose"] = write_random_mmpose(folder)
    names = arguments.detector or [name for name in available_detectors() if name != "auto"]
    return [*(name for name in names if name not in given), *given.values()]


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
    return f"{plain}: {Path(files.split(',')[0].split('=')[-1]).stem}" if files else plain


def _markdown(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The table as the documents hold it."""
    rule = ("---", "---", *("---:" for _ in _HEADINGS[2:]))
    return [f"| {' | '.join(row)} |" for row in (_HEADINGS, rule, *rows)]


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
    parser.add_argument("--task", type=Path, help="a .task file for mediapipe-tasks")
    parser.add_argument(
        "--person-model", type=Path, help="an RTMDet file for mediapipe-people and --random-rtmpose"
    )
    parser.add_argument(
        "--random-mmpose", action="store_true", help="MMPose's default models with random weights too"
    )
    parser.add_argument("--markdown", action="store_true", help="print the table as the documents hold it")
    arguments = parser.parse_args()
    if arguments.random_rtmpose and not arguments.person_model:
        parser.error("--random-rtmpose needs --person-model")
    return arguments


if __name__ == "__main__":
    main()
