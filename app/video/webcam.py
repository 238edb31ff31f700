"""Live pictures from a camera, through OpenCV."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from app.errors import StudioError
from app.video.reading import Frame
from detectors.opencv import import_cv2

MOST_CAMERAS = 8
_MISSED_READS = 10


class Camera:
    """An open camera. Get it from `open_camera`, which closes it."""

    index: int
    width: int
    """Pixels of its pictures, as it gives them now."""
    height: int
    fps: float
    """What the camera says of its rate, 0 when it says nothing; the frames' own times are what counts."""
    started_s: float
    """`time.monotonic()` of the first frame of `frames`, which its times are counted from; NaN before it."""

    def __init__(self, index: int, capture: Any, first: Any) -> None:
        cv2 = import_cv2()
        self.index = index
        self.height, self.width = first.shape[:2]
        self.fps = max(float(capture.get(cv2.CAP_PROP_FPS)), 0.0)
        self.started_s = float("nan")
        self._capture = capture

    def frames(self) -> Iterator[Frame]:
        """Frames as they come, without end: each the newest, with the seconds since the first by a clock that
        never steps back (`time.monotonic`, read when the picture arrived). Stop by leaving the loop.

        Raises StudioError when the camera stops giving pictures.
        """
        cv2 = import_cv2()
        index = missed = 0
        while missed < _MISSED_READS:
            arrived = self._capture.grab()
            now = time.monotonic()  # before the decoding, which takes its time
            image = self._capture.retrieve()[1] if arrived else None
            if image is None:
                missed += 1
                continue
            missed = 0
            if index == 0:
                self.started_s = now
            rgb = np.ascontiguousarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
            yield Frame(index, now - self.started_s, rgb)
            index += 1
        raise StudioError(f"Camera {self.index} stopped giving pictures; check its cable and start again.")


@contextmanager
def open_camera(index: int = 0) -> Iterator[Camera]:
    """Camera `index` of this machine (0: the first), closed at the end of the block.

    Raises StudioError when there is no such camera, or another program uses it.
    """
    if index < 0:
        raise StudioError(f"There is no camera {index}; cameras are counted from 0.")
    capture = _open_capture(index)
    try:
        found, first = capture.read() if capture.isOpened() else (False, None)
        if not found or first is None:
            raise StudioError(
                f"Camera {index} cannot be opened; connect it, close other programs that use it, "
                "allow this program to use cameras, or choose another number."
            )
        yield Camera(index, capture, first)
    finally:
        capture.release()


def list_cameras(most: int = MOST_CAMERAS) -> tuple[int, ...]:
    """Numbers of the cameras that can be opened now, among the first `most`: each is switched on briefly."""
    found = []
    for index in range(most):
        capture = _open_capture(index)
        if capture.isOpened():
            found.append(index)
        capture.release()
    return tuple(found)


def _open_capture(index: int) -> Any:
    cv2 = import_cv2()
    # By name: "any" tries everything OpenCV has, readers of networks and files too, each with its complaints.
    backend = {"win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}.get(sys.platform, cv2.CAP_V4L2)
    level = cv2.getLogLevel()
    cv2.setLogLevel(0)  # an absent camera is said in one sentence, not in OpenCV's log
    try:
        capture = cv2.VideoCapture(index, backend)
    finally:
        cv2.setLogLevel(level)
    if capture.isOpened():
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # the newest picture, not a queue of old ones
    return capture
