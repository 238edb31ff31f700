"""Milliseconds from asking for a frame of a video to its picture, as the window asks.

    python benchmarks/scrubbing.py [VIDEO ...] [--requests 40] [--frames 450]

Without a VIDEO, clips of 1920x1080 are made from the demo's pictures, enlarged and with a camera's grain, with a key
frame in every frame, in every half second, in every second, and in every 250 frames. Each clip is asked for frames

- here and there, just after it was opened;
- backwards from its end, one after the other, just after it was opened;
- here and there, once the cache has decoded what it keeps of it: after how much work of the processor is said.

"shown" is the time to the first picture of that frame, which may be a preview; "sharp" that to the frame's own
pixels. "processor" is what the whole process computed for one request, whoever else uses the machine meanwhile.
"""

import argparse
import importlib.resources
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from queue import Queue
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from app.errors import StudioError
from app.gui.frame_loader import PREVIEW_HEIGHT
from app.video import Video, open_video
from app.video.frame_cache import FrameCache, Image
from detectors.opencv import import_cv2

MEGABYTES = 512
PATIENCE_S = 900
WIDTH, HEIGHT, RATE = 1920, 1080, 30
GROUPS = (1, 15, 30, 250)
GRAIN = 3.0
"""Standard deviation of the noise, of 255: without it the clip would decode faster than any camera's."""


@dataclass(frozen=True)
class Answer:
    """Seconds until the first picture of a frame, and until its own pixels."""

    shown: float
    sharp: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("videos", nargs="*", type=Path)
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--frames", type=int, default=450, help="frames of the clips that are made")
    arguments = parser.parse_args()
    console = Console(highlight=False, width=120)
    table = Table("clip", "requests", "shown p50", "p95", "sharp p50", "p95", "processor", box=None)
    with tempfile.TemporaryDirectory() as folder:
        for path in arguments.videos or made_clips(Path(folder), arguments.frames):
            for kind, answers, processor in measure(path, arguments.requests):
                table.add_row(path.name, kind, *figures(answers), f"{1000 * processor:.0f} ms")
    console.print(table)


def figures(answers: Sequence[Answer]) -> list[str]:
    """Median and 95th percentile of both times, milliseconds."""
    times = 1000 * np.array([(answer.shown, answer.sharp) for answer in answers])
    median, high = np.percentile(times, [50, 95], axis=0)
    return [f"{value:.0f} ms" for value in (median[0], high[0], median[1], high[1])]


def measure(path: Path, requests: int) -> Iterator[tuple[str, list[Answer], float]]:
    """(what was asked, the answers, seconds of the processor for one request) of each way to scrub."""
    with open_video(path) as video:
        count = video.frame_count
    scattered = np.random.default_rng(1).integers(0, count, requests).tolist()
    backwards = range(count - 1, max(-1, count - 1 - requests), -1)
    for kind, frames in (("here and there", scattered), ("backwards", backwards)):
        with opened(path) as (cache, height):
            yield (kind, *ask(cache, frames, height))
    before = time.process_time()
    with opened(path) as (cache, height):
        if not cache.wait_until_idle(PATIENCE_S):
            raise SystemExit(f"the cache of {path} did not come to rest within {PATIENCE_S} s")
        work = time.process_time() - before
        yield (f"here and there, {work:.1f} s later", *ask(cache, scattered, height))


@contextmanager
def opened(path: Path) -> Iterator[tuple[FrameCache, int]]:
    """A fresh cache whose video is open, and the video's height in pixels."""
    told: Queue[Video | StudioError] = Queue()
    cache = FrameCache(path, MEGABYTES, PREVIEW_HEIGHT, told.put)
    try:
        video = told.get()
        if isinstance(video, StudioError):
            raise video
        yield cache, video.height
    finally:
        cache.close()


def ask(cache: FrameCache, frames: Sequence[int], height: int) -> tuple[list[Answer], float]:
    """Ask for frames one after the other: the answers, and seconds of the processor for each."""
    before = time.process_time()
    answers = [_ask_for(cache, frame, height) for frame in frames]
    return answers, (time.process_time() - before) / len(answers)


def _ask_for(cache: FrameCache, frame: int, height: int) -> Answer:
    asked = time.perf_counter()
    answers: Queue[tuple[float, Image | StudioError]] = Queue()
    cache.request(frame, lambda _, found: answers.put((time.perf_counter() - asked, found)))
    times: list[float] = []
    while True:
        moment, found = answers.get()
        if isinstance(found, StudioError):
            raise found
        times.append(moment)
        if found.shape[0] == height:
            return Answer(times[0], times[-1])


def made_clips(folder: Path, frames: int) -> list[Path]:
    """Clips of one content, with key frames at different distances."""
    pictures = _large_pictures()
    paths = [folder / f"1080p_key_frame_every_{group}.mp4" for group in GROUPS]
    for group, path in zip(GROUPS, paths, strict=True):
        with av.open(str(path), "w") as output:
            options = {"g": str(group), "sc_threshold": "0", "preset": "veryfast", "crf": "21"}
            stream: Any = output.add_stream("libx264", rate=RATE, options=options)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            for number in range(frames):
                picture = av.VideoFrame.from_ndarray(pictures[number % len(pictures)], format="rgb24")
                picture = picture.reformat(format="yuv420p")
                picture.pts, picture.time_base = number, Fraction(1, RATE)
                output.mux(stream.encode(picture))
            output.mux(stream.encode(None))
    return paths


def _large_pictures() -> list[NDArray[np.uint8]]:
    cv2 = import_cv2()
    demo = Path(str(importlib.resources.files("assets"))) / "demo" / "demo.mp4"
    noise = np.random.default_rng(0)
    with open_video(demo) as video:
        images = [frame.image for frame in video.frames(stop=30)]
    large = []
    for image in images:
        square = cv2.resize(image, (HEIGHT, HEIGHT), interpolation=cv2.INTER_CUBIC)
        side = (WIDTH - HEIGHT) // 2
        wide = cv2.copyMakeBorder(square, 0, 0, side, side, cv2.BORDER_REFLECT)
        grain = noise.normal(0, GRAIN, (HEIGHT, WIDTH, 1))
        large.append(np.clip(wide + grain, 0, 255).astype(np.uint8))
    return [*large, *large[-2:0:-1]]


if __name__ == "__main__":
    main()
