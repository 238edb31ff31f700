"""Where PyTorch computes for MMPose, with how many threads, and what it says when memory is short."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from detectors.errors import DetectorError

DEVICES = ("auto", "cpu", "cuda")

_MOST_THREADS = 4
"""Networks this small gain nothing from more, and half of the cores are left to the decoder and the lifter: PyTorch's
threads wait in a loop, and beside another program two on two cores take 4 to 20 times as long as one."""

_LOCK = threading.Lock()


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; "auto" takes CUDA where PyTorch has it, else the CPU.

    Raises DetectorError when the named device is not there: another is never taken in silence.
    """
    if name not in DEVICES:
        raise DetectorError(f"There is no device '{name}' for MMPose; choose one of {', '.join(DEVICES)}.")
    if name == "cuda" and not torch.cuda.is_available():
        raise DetectorError(
            "PyTorch finds no CUDA device here for MMPose; use the device cpu, or install a CUDA build of PyTorch."
        )
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def describe_device(device: torch.device) -> str:
    """The device by the name a person knows it by."""
    return f"CUDA ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else "CPU"


@contextmanager
def predicting(device: torch.device, what: str) -> Iterator[None]:
    """Around a network's forward pass: no gradients, no more threads than pay, memory that runs out is said.

    The number of threads is PyTorch's own afterwards. Raises DetectorError, with `what` in its sentence.
    """
    with _LOCK:  # the number of threads belongs to the process: it is taken and given back in turns
        before = torch.get_num_threads()
        torch.set_num_threads(min(before, _threads()))
        try:
            with torch.inference_mode():
                yield
        except torch.OutOfMemoryError as error:
            raise DetectorError(
                f"{describe_device(device)} has too little memory for {what}; "
                "close other programs, or use a smaller model or the device cpu."
            ) from error
        finally:
            torch.set_num_threads(before)


def _threads() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST_THREADS, max(1, cores // 2))
