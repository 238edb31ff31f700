"""What both MediaPipe detectors share: the import, the size of pictures, the box, the sentence of a failure."""

import threading
import warnings
from types import ModuleType

import numpy as np

from detectors.errors import DetectorError
from detectors.mediapipe.native_log import captured_native_log
from detectors.opencv import import_cv2, import_failure
from detectors.protocol import Array, Image

_TESTED_VERSION = "0.10.21"
_LONGEST_SIDE = 4096
"""Larger pictures are read as a smaller copy: the network sees 256 pixels, and 8K takes 7 times 4K's time."""

NOTHING: Image = np.zeros((16, 16, 3), np.uint8)
"""A first picture: the graph opens in threads of its own and logs from there until this one is through."""

_IMPORT_LOCK = threading.Lock()


def import_mediapipe(interface: str) -> ModuleType:
    """MediaPipe's module with its `solutions` or its `tasks`; raises DetectorError.

    Its log and its libraries' deprecation warnings at the import stay out of sight.
    """
    import_cv2()  # MediaPipe imports cv2 itself: ours must be the first import
    errors: list[str] = []
    with _IMPORT_LOCK:
        try:
            with captured_native_log(errors), warnings.catch_warnings():
                # protobuf 4 on Python 3.12 and later
                warnings.filterwarnings("ignore", "Type google.* uses PyType_Spec", DeprecationWarning)
                warnings.filterwarnings("ignore", r"SymbolDatabase\.GetPrototype", UserWarning)
                import mediapipe  # noqa: PLC0415 - slow, and its errors are stated here

                if interface == "tasks":
                    import mediapipe.tasks.python.vision  # noqa: PLC0415
        except ImportError as error:
            raise import_failure("MediaPipe", f"mediapipe=={_TESTED_VERSION}", error) from error
    if not hasattr(mediapipe, interface):
        raise DetectorError(
            f"MediaPipe {mediapipe.__version__} no longer has the Pose solution that is used here: "
            f"pip install mediapipe=={_TESTED_VERSION}, or use the detector mediapipe-tasks."
        )
    return mediapipe


def limited_picture(image: Image) -> Image:
    """`image`, or a copy whose longest side is `_LONGEST_SIDE`, in one piece of memory."""
    longest = max(image.shape[:2])
    if longest <= _LONGEST_SIDE:
        return np.ascontiguousarray(image)
    cv2 = import_cv2()
    height, width = (max(1, round(side * _LONGEST_SIDE / longest)) for side in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))


def box_around(keypoints: Array, width: int, height: int) -> Array:
    """x0, y0, x1, y1 around (K, 2) keypoints, cut off at the picture's edges."""
    corners = np.concatenate([keypoints.min(axis=0), keypoints.max(axis=0)])
    return np.asarray(corners.clip(0, [width, height, width, height]))


def check_confidences(*confidences: float) -> None:
    """Raise DetectorError for a confidence outside 0..1."""
    for confidence in confidences:
        if not 0 <= confidence <= 1:
            raise DetectorError(
                f"A confidence of the MediaPipe detector lies between 0 and 1; {confidence} does not."
            )


def failure(what: str, error: Exception, log: list[str]) -> DetectorError:
    """The sentence for what MediaPipe raised, with the last lines of its log."""
    text = " ".join([str(error), *log[-3:]])
    return DetectorError(f"MediaPipe {what}: {' '.join(text.split())}")
