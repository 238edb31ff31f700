"""Frames lifted a second: the published demo's way against `Lifter.lift`, on the same clip, weights and machine.

    python benchmarks/lifting.py [--device cpu] [--width 256] [--weights FILE] [--frames 27,81,243]

The published demo runs one float32 window and its mirror image for every frame of the video, batch 1.
Both ways get the same network (random weights of the published size unless --weights is given: speed does not
depend on their values) and the same keypoints, with windows kept whole (hop = T) and with the overlap that
`Lifter` uses by default. Prints the ratio, how far apart the poses of the two ways are at the middles of whole
windows (where they read the same frames; in mm, per pose), and the share of the machine's own measured rate of
matrix products.
"""

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from stcformer import Lifter, STCFormer
from stcformer.complexity import multiply_accumulates
from stcformer.device import choose_device, choose_precision, describe_device
from stcformer.metrics import mean_joint_error
from stcformer.skeleton import MIRROR
from stcformer.weights import Feeding, Weights, load_weights

IMAGE_SIZE = (1000, 1000)
REPEATS = 3


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--weights", default=None, help="shipped name or file; default: random numbers")
    parser.add_argument("--frames", default="27,81,243", help="window lengths")
    arguments = parser.parse_args()
    device = choose_device(arguments.device)
    precision = choose_precision(device)
    peak = product_rate(device, precision)
    console = Console(highlight=False, width=150)
    console.print(
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, "
        f"{describe_device(device)}, torch {torch.__version__}, {str(precision).removeprefix('torch.')}; "
        f"matrix products {peak / 1e9:.0f} GFLOP/s"
    )
    table = Table("T", "way", "frames/s", "times", "mean mm", "most mm", "of peak")
    for window in (int(text) for text in arguments.frames.split(",")):
        for row in measure(window, arguments.width, arguments.weights, device, peak):
            table.add_row(*row)
    console.print(table)


def measure(
    window: int, width: int, weights_name: str | None, device: torch.device, peak: float
) -> list[tuple[str, ...]]:
    """Table rows for one window length: the published way, whole windows, and the default overlap."""
    weights = _weights(window, width, weights_name)
    feeding = weights.feeding
    frames = 8 * window
    keypoints, scores = _clip(frames)
    options = {"image_size": IMAGE_SIZE, "fps": feeding.frame_rate}
    model = weights.model.to(device).float()

    # The middles of whole windows: there the published way reads the very frames that `hop = T` does.
    middles = np.arange(window // 2, frames, window)
    slow_seconds, reference = timed(lambda: published_way(model, keypoints, window, middles, device), device)
    slow_rate = len(middles) / slow_seconds
    flops = 2 * 2 * multiply_accumulates(model, window) / window  # two passes, two operations
    rows: list[tuple[str, ...]] = [
        (str(window), "published demo", f"{slow_rate:.1f}", "1", "", "", f"{slow_rate * flops / peak:.1%}")
    ]
    for name, hop in (("Lifter, hop = T", window), ("Lifter, default hop", None)):
        lifter = Lifter(weights, device.type, window=window, hop=hop)
        seconds, pose = timed(lambda lifter=lifter: lifter.lift(keypoints, scores, **options), device)
        rate = frames / seconds
        difference = ("", "")
        if lifter.hop == window and feeding.view == "screen":  # else the windows are not the same
            error = 1000 * mean_joint_error(pose[middles], reference)
            difference = (f"{error.mean():.4f}", f"{error.max():.4f}")
        share = f"{rate * flops * window / lifter.hop / peak:.0%}"
        rows.append(("", name, f"{rate:.0f}", f"{rate / slow_rate:.0f}", *difference, share))
    return rows


def published_way(
    model: STCFormer, keypoints: np.ndarray, window: int, chosen: np.ndarray, device: torch.device
) -> np.ndarray:
    """(K, 17, 3): for each of the K chosen frames, the centre of its own edge-padded window and its mirror's."""
    half = window // 2
    padded = np.pad(keypoints, ((half, half), (0, 0), (0, 0)), mode="edge")
    scale = 2 / IMAGE_SIZE[0]
    poses = []
    with torch.inference_mode():
        for frame in chosen:
            values = padded[frame : frame + window] * scale - (1, IMAGE_SIZE[1] / IMAGE_SIZE[0])
            if model.input_channels > 2:
                values = np.concatenate((values, np.ones((*values.shape[:2], 1))), axis=-1)
            inputs = torch.from_numpy(values[None].astype(np.float32)).to(device)
            pose = (model(inputs) + _mirrored(model(_mirrored(inputs)))) / 2
            pose = pose - pose[:, :, :1]
            poses.append(pose[0, half].cpu().numpy())
    return np.stack(poses)


def product_rate(device: torch.device, precision: torch.dtype) -> float:
    """Floating-point operations a second of a large matrix product: what the machine can do at best."""
    size = 4096 if device.type == "cuda" else 1024
    a = torch.randn(size, size, device=device, dtype=precision)
    seconds, _ = timed(lambda: [a @ a for _ in range(10)], device)
    return 10 * 2 * size**3 / seconds


def timed(work: Callable[[], Any], device: torch.device) -> tuple[float, Any]:
    """Median seconds of a few runs after a first one, and the last result."""
    result = work()
    seconds = []
    for _ in range(REPEATS):
        _wait(device)
        began = time.perf_counter()
        result = work()
        _wait(device)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), result


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def _weights(window: int, width: int, name: str | None) -> Weights:
    if name is not None:
        return load_weights(name)
    torch.manual_seed(0)
    feeding = Feeding(window=window)
    return Weights(STCFormer(width).eval(), feeding, "random", "", "made for a benchmark")


def _clip(frames: int) -> tuple[np.ndarray, np.ndarray]:
    """A made-up person who sways: (F, 17, 2) pixels and full scores."""
    rng = np.random.default_rng(0)
    body = rng.normal(0, 90, (17, 2)) + 500
    sway = 40 * np.sin(np.arange(frames) / 9)[:, None, None]
    return body + sway, np.ones((frames, 17))


def _mirrored(values: torch.Tensor) -> torch.Tensor:
    flipped = values[:, :, list(MIRROR)]
    return torch.cat((-flipped[..., :1], flipped[..., 1:]), dim=-1)


if __name__ == "__main__":
    main()
