"""Poses a second of the network by itself."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from stcformer.device import choose_device, choose_precision, describe_device
from stcformer.errors import LifterError
from stcformer.model import STCFormer
from stcformer.paper.evaluation import PRECISIONS

_RUNS = 5
_FRAMES_A_BATCH = {"cpu": 243 * 4, "cuda": 243 * 64, "mps": 243 * 16}


@dataclass(frozen=True)
class Speed:
    """Of one window length."""

    frames: int
    windows: int
    """In a batch."""
    windows_per_second: float

    def poses_kept_whole(self) -> float:
        """Poses a second when every frame of a window is used."""
        return self.windows_per_second * self.frames


def measure_speed(
    lengths: Sequence[int], width: int, device_name: str, precision: str
) -> tuple[list[Speed], str]:
    """Forward passes of random windows, median of a few runs, without the mirror image; and where they ran.

    Raises LifterError for a width that makes no network and for an unknown device or precision.
    """
    if precision not in ("auto", *PRECISIONS):
        raise LifterError(f"There is no precision '{precision}'; choose auto, {' or '.join(PRECISIONS)}.")
    device = choose_device(device_name)
    kind = choose_precision(device) if precision == "auto" else getattr(torch, precision)
    try:
        model = STCFormer(width).to(device, kind).eval()
    except ValueError as error:
        raise LifterError(f"There is no such network: {error}.") from error
    speeds = []
    for frames in lengths:
        count = max(1, _FRAMES_A_BATCH[device.type] // frames)
        windows = torch.randn(count, frames, 17, 2, device=device, dtype=kind)
        speeds.append(Speed(frames, count, count / _median_seconds(model, windows)))
    where = (
        f"{describe_device(device)}, {torch.get_num_threads()} threads, {str(kind).removeprefix('torch.')}"
    )
    return speeds, where


def _median_seconds(model: STCFormer, windows: torch.Tensor) -> float:
    seconds = []
    with torch.inference_mode():
        model(windows)
        for _ in range(_RUNS):
            _wait(windows.device)
            began = time.perf_counter()
            model(windows)
            _wait(windows.device)
            seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
