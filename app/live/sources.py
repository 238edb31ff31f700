"""Where live pictures come from: a camera, or a video file that stands in for one."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.video import Video, open_video
from app.video.webcam import Camera, open_camera

_STALE_PICTURES = 4
"""Of a camera at the start: they waited in its driver while the networks were loaded."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture as it came."""

    index: int
    time_s: float
    """Seconds by the source's clock, strictly increasing."""
    captured_s: float
    """`time.monotonic()` when it came."""
    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""


class OpenSource(Protocol):
    """A source that has been opened."""

    width: int
    """Pixels."""
    height: int
    fps: float
    """As the source says it; 0 where it does not."""

    def pictures(self, stop: threading.Event) -> Iterator[Picture]:
        """Pictures as they come, until the source ends or `stop` is set. Raises StudioError."""


class LiveSource(Protocol):
    """Something that gives pictures."""

    @property
    def name(self) -> str:
        """What a person calls it."""

    @property
    def drops(self) -> bool:
        """Whether pictures come at their own time, so that one that nobody takes in time is lost."""

    @property
    def longest_silence_s(self) -> float | None:
        """Seconds without a picture after which the source is taken to have failed; None: it says so itself."""

    def open(self) -> AbstractContextManager[OpenSource]:
        """Open it for one session. Raises StudioError when it is absent, busy or unreadable."""


@dataclass(frozen=True)
class CameraSource:
    """A camera of this machine, 0 the first."""

    index: int = 0
    drops = True
    longest_silence_s = 5.0

    @property
    def name(self) -> str:
        """ "Camera 0"."""
        return f"Camera {self.index}"

    @contextmanager
    def open(self) -> Iterator[OpenSource]:
        """See `LiveSource.open`."""
        with open_camera(self.index) as camera:
            yield _OpenCamera(camera)


@dataclass(frozen=True)
class FileSource:
    """A video file in a camera's place.

    `realtime`: each picture comes when a camera would have given it, whether somebody has time for it or not; else
    it waits, and every frame of the file is worked on.
    """

    path: Path
    realtime: bool = True
    longest_silence_s = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    @property
    def drops(self) -> bool:
        """In real time only."""
        return self.realtime

    @contextmanager
    def open(self) -> Iterator[OpenSource]:
        """See `LiveSource.open`."""
        with open_video(self.path) as video:
            yield _OpenFile(video, self.realtime)


class _OpenCamera:
    def __init__(self, camera: Camera) -> None:
        self.width, self.height, self.fps = camera.width, camera.height, camera.fps
        self._camera = camera

    def pictures(self, stop: threading.Event) -> Iterator[Picture]:
        for frame in self._camera.frames():
            if stop.is_set():
                return
            index = frame.index - _STALE_PICTURES
            if index >= 0:
                yield Picture(index, frame.time_s, self._camera.started_s + frame.time_s, frame.image)


class _OpenFile:
    def __init__(self, video: Video, realtime: bool) -> None:
        self.width, self.height, self.fps = video.width, video.height, video.fps
        self._video, self._realtime = video, realtime

    def pictures(self, stop: threading.Event) -> Iterator[Picture]:
        started: float | None = None
        for frame in self._video.frames():
            now = time.monotonic()
            started = now - frame.time_s if started is None else started
            wait_s = started + frame.time_s - now
            if self._realtime and wait_s > 0:
                stop.wait(wait_s)
            if stop.is_set():
                return
            yield Picture(frame.index, frame.time_s, time.monotonic(), frame.image)
