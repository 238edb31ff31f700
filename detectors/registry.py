"""The one table of detectors. A new detector is one new module and one line in `_FACTORIES`."""

from collections.abc import Callable
from importlib import import_module
from typing import Any, cast

from detectors.errors import DetectorError
from detectors.protocol import Detector

# name -> "module:class"; the module (and the library it needs) is imported when the detector is first made
_FACTORIES = {
    "mediapipe": "detectors.mediapipe:MediaPipeDetector",
}
_AUTOMATIC = "mediapipe"


def available_detectors() -> tuple[str, ...]:
    """The names that `create_detector` takes; "auto" is the first choice among them."""
    return ("auto", *_FACTORIES)


def check_detector(name: str) -> None:
    """Raises DetectorError for a name that `create_detector` does not know; imports nothing."""
    if name not in available_detectors():
        raise DetectorError(f"'{name}' is no detector; there are: {', '.join(available_detectors())}.")


def create_detector(name: str = "auto", **options: Any) -> Detector:
    """The named detector, ready for a video; "auto" is MediaPipe, which needs no download.

    `options` are the detector's own, see its class; an unknown one is a TypeError. Raises DetectorError for
    an unknown name and for a detector whose library is missing.
    """
    check_detector(name)
    module, _, factory = _FACTORIES[_AUTOMATIC if name == "auto" else name].partition(":")
    make = cast(Callable[..., Detector], getattr(import_module(module), factory))
    return make(**options)
