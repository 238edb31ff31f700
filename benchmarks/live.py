"""Milliseconds a frame of live lifting: one window a frame that ends at the newest one.

    python benchmarks/live.py [--weights wild-27] [--device auto] [--frames 200]

Frames come at 30 a second by their times and as fast as it goes by the clock. Printed for each weights file, with
the mirror image averaged in (the default) and without: the median and the 95th percentile.
"""

import argparse
import time

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from stcformer.live import LiveLifter
from stcformer.weights import DEFAULT_WEIGHTS, load_weights

IMAGE_SIZE = (1280.0, 720.0)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--weights", default=DEFAULT_WEIGHTS, help="shipped names or files, with commas between"
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--frames", type=int, default=200, help="frames that are timed")
    arguments = parser.parse_args()
    table = Table("weights", "window", "mirror image", "ms a frame, median", "95 %")
    device = ""
    for name in arguments.weights.split(","):
        for flip in (True, False):
            live = LiveLifter(load_weights(name), arguments.device, image_size=IMAGE_SIZE, flip=flip)
            milliseconds = 1000 * frame_seconds(live, arguments.frames)
            figures = (f"{np.percentile(milliseconds, share):.1f}" for share in (50, 95))
            table.add_row(name, str(live.lifter.window), "yes" if flip else "no", *figures)
            device = f"{live.lifter.device_name()}, {str(live.lifter.precision).removeprefix('torch.')}"
    console = Console(highlight=False)
    console.print(f"{device}, {torch.get_num_threads()} threads")
    console.print(table)


def frame_seconds(live: LiveLifter, frames: int) -> np.ndarray:
    """(frames,) seconds that each push took, once the window is full."""
    body = np.random.default_rng(0).normal(0, 90, (17, 2)) + np.array(IMAGE_SIZE) / 2
    scores = np.ones(17)
    seconds = []
    for number in range(live.lifter.window + frames):
        keypoints = body + 40 * np.sin(number / 9)
        began = time.perf_counter()
        live.push(keypoints, scores, number / 30)
        seconds.append(time.perf_counter() - began)
    return np.array(seconds[live.lifter.window :])


if __name__ == "__main__":
    main()
