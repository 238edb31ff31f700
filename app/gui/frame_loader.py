"""The window's hand on the frame cache: requests go out, pictures come back as signals in the window's thread."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from app.errors import StudioError
from app.video import Video
from app.video.frame_cache import FrameCache, Image

PREVIEW_HEIGHT = 540
"""Pixels: as sharp as the view beside the 3D scene shows them, and small enough for thousands of frames."""


class FrameLoader(QObject):
    """Frames of the video that is open now.

    Signals come in the thread that the loader lives in. After `open` nothing of the video before arrives any more.
    """

    opened = pyqtSignal(object)
    """`app.video.Video`: its facts (width, height, fps, time_s, frame_count, warnings). Read no frames from it."""
    loaded = pyqtSignal(int, object)
    """Frame, and its picture (H, W, 3) RGB. Where decoding takes a while a preview of the very same frame may come
    first, `PREVIEW_HEIGHT` high; so tell `VideoView.set_image` the video's size."""
    failed = pyqtSignal(str)
    """One sentence: the video cannot be opened, or a frame cannot be decoded."""

    _arrived = pyqtSignal(int, int, object)

    def __init__(self, parent: QObject | None = None, megabytes: int = 512) -> None:
        super().__init__(parent)
        self._megabytes = megabytes
        self._cache: FrameCache | None = None
        self._generation = 0
        self._arrived.connect(self._deliver)  # sent in the cache's thread, so Qt queues it for the window's

    def open(self, path: Path) -> None:
        """Read from another video from now on; `opened` follows, or `failed`."""
        self.close(wait_s=0.0)
        generation = self._generation
        self._cache = FrameCache(
            path,
            self._megabytes,
            PREVIEW_HEIGHT,
            lambda found: self._arrived.emit(generation, -1, found),
        )

    def request(self, frame: int) -> None:
        """Ask for a frame; `loaded` follows, unless a newer request comes first."""
        generation = self._generation
        if self._cache is not None:
            self._cache.request(frame, lambda index, found: self._arrived.emit(generation, index, found))

    def play_from(self, frame: int, start: int = 0, stop: int | None = None) -> None:
        """Read ahead from `frame` on, in the loop `start` to `stop` (excluded; None: the end), until `pause`."""
        if self._cache is not None:
            self._cache.play_from(frame, start, stop)

    def pause(self) -> None:
        """Read no further ahead."""
        if self._cache is not None:
            self._cache.pause()

    def close(self, wait_s: float = 2.0) -> None:
        """Let go of the video, and wait until its thread has ended, for at most `wait_s` seconds."""
        self._generation += 1
        cache, self._cache = self._cache, None
        if cache is not None:
            cache.close(wait_s)

    def _deliver(self, generation: int, frame: int, found: Image | Video | StudioError) -> None:
        if generation != self._generation:
            return
        if isinstance(found, StudioError):
            self.failed.emit(str(found))
        elif isinstance(found, Video):
            self.opened.emit(found)
        else:
            self.loaded.emit(frame, found)
