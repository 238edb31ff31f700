"""Loading what is heavy before it is needed, without a window noticing.

`import torch` loads libraries of hundreds of megabytes while it holds Python's lock: a window that lives in the same
process stands still for it. Loaded beforehand by a call that lets go of the lock, they are already there for the import.
"""

import ctypes
import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.kept_lifter import KeptLifter
from app.settings import Settings
from stcformer.own_weights import LifterState

_LIBRARIES = {
    "torch": ("lib/libtorch_cpu.so", "lib/libtorch_python.so"),
    "mediapipe": ("python/_framework_bindings*.so",),
    "cv2": ("cv2*.so",),
    "scipy": ("../scipy.libs/*.so*", "*/*.so"),
}
"""The largest ones of each package, beside its `__init__.py`."""


@dataclass(frozen=True)
class Ready:
    """What was loaded, for those who want to know."""

    device: str
    """Where the lifter computes, by the name a person knows it by."""
    weights: str
    detector: str
    """Name and description."""
    lifters: tuple[LifterState, ...]
    """The shipped weights, the user's own, and the published ones that are not here."""


def preload(
    settings: Settings, lifter: KeptLifter, is_wanted: Callable[[], bool] = lambda: True
) -> Ready | None:
    """Load lifter and detector of the settings, so that the first use of them does not wait.

    `is_wanted` is asked between the steps; None when it says no. Raises LifterError and DetectorError.
    """
    with _uncollected():
        for package in _LIBRARIES:
            if not is_wanted():
                return None
            _load_libraries(package)
        loaded = lifter.get(settings)
        if not is_wanted():
            return None
        from detectors import choose_detector, create_detector, detector_states  # noqa: PLC0415
        from stcformer.weights import lifter_states  # noqa: PLC0415 - brings torch, which is there by now

        with create_detector(choose_detector(settings.detector, settings.wants_several()).name) as detector:
            described = detector.description
            detector_states()  # its network library comes now, and not when the settings are opened
        import scipy.signal  # noqa: F401, PLC0415 - with most of SciPy: what the first correction would wait for
    return Ready(loaded.device_name(), loaded.weights.name, described, lifter_states())


@contextmanager
def _uncollected() -> Generator[None, None, None]:
    """No garbage collection meanwhile, and none of what is there afterwards, ever.

    Torch and MediaPipe make half a million objects that stay. To look through them takes a tenth of a second and
    more, in whichever thread happens to allocate: also the window's, in the middle of playing.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _load_libraries(package: str) -> None:
    """Load a package's libraries into the process while Python goes on. Where this is not known to help, nothing is
    done: the import that follows loads them itself, and says what is wrong with them."""
    if package in sys.modules or sys.platform != "linux":
        return
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return
    process = ctypes.CDLL(
        None
    )  # a function called through it lets go of Python's lock, ctypes.CDLL(path) does not
    process.dlopen.argtypes, process.dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    folder = Path(found.origin).parent
    for pattern in _LIBRARIES[package]:
        for path in sorted(folder.glob(pattern)):
            process.dlopen(os.fsencode(path), os.RTLD_NOW | os.RTLD_LOCAL)
