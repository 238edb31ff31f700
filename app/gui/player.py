"""Playing: the clock says which frame, the loader brings its picture, and then everything shows that frame at once."""

from pathlib import Path

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from app.gui.clock import PlaybackClock
from app.gui.frame_loader import FrameLoader
from app.take import Array
from app.video import Video
from app.video.frame_cache import Image


class Player(QObject):
    """A video, or the times of one that is missing, played by a clock.

    `showing` is sent when a frame is to be shown, with its picture: never before the picture is there, so that
    what else belongs to the frame is shown in step with it. `shown_frame` is that frame.
    """

    opened = pyqtSignal(object)
    """`app.video.Video`: its facts."""
    showing = pyqtSignal(int, object)
    """Frame, and its picture (H, W, 3) RGB; None where there is no video, or the frame cannot be decoded."""
    failed = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.clock = PlaybackClock(self)
        self.loader = FrameLoader(self)
        self.shown_frame: int | None = None
        self._has_video = False
        self._is_opening = False
        self._left: tuple[int, tuple[int, int]] | None = None
        """Frame and range at which a video was left for another: it is shown there again if that cannot be opened."""
        self._reopens = False
        self.loader.opened.connect(self._on_opened)
        self.loader.loaded.connect(self._on_loaded)
        self.loader.failed.connect(self._on_failed)
        self.clock.frame_changed.connect(self._on_frame_changed)
        self.clock.playing_changed.connect(self._read_ahead)
        self.clock.range_changed.connect(self._read_ahead)

    @property
    def has_video(self) -> bool:
        """Whether pictures can be had."""
        return self._has_video

    def open(self, path: Path) -> None:
        """Open another video; `opened` follows, or `failed`. Until then what is shown stays as it is."""
        if self._has_video:
            self._left = self.clock.frame, self.clock.range
        self._begin_opening(path, reopens=False)

    def reopen(self, path: Path) -> None:
        """The video from before an `open` that failed, where it was left."""
        self._begin_opening(path, reopens=True)

    def open_without_video(self, time_s: Array) -> None:
        """A Take whose video is missing: (F,) seconds; frames are shown without pictures."""
        self.close_video()
        self.clock.open(time_s)

    def close_video(self) -> None:
        """Let go of the file."""
        self.clock.pause()
        self.loader.close()
        self._has_video, self._is_opening = False, False
        self.shown_frame = None

    def refresh(self) -> None:
        """Show the present frame again: what belongs to it has changed its video."""
        self._on_frame_changed(self.clock.frame)

    def _begin_opening(self, path: Path, *, reopens: bool) -> None:
        self.clock.pause()
        self._has_video, self.shown_frame = False, None
        self._is_opening, self._reopens = True, reopens
        self.loader.open(path)

    def _on_opened(self, video: Video) -> None:
        self._has_video, self._is_opening = True, False
        place, self._left = self._left, None
        self.opened.emit(video)
        self.clock.open(np.asarray(video.time_s))
        if place is not None and self._reopens:
            frame, played = place
            self.clock.set_range(*played)
            self.clock.show(frame)

    def _on_frame_changed(self, frame: int) -> None:
        if self._has_video:
            self.loader.request(frame)
        elif not self._is_opening:
            self._show(frame, None)

    def _on_loaded(self, frame: int, image: Image) -> None:
        self._show(frame, image)

    def _on_failed(self, sentence: str) -> None:
        self._is_opening = False
        if self._has_video:  # a damaged frame: the rest of the clip can still be seen
            self._show(self.clock.frame, None)
        self.failed.emit(sentence)

    def _show(self, frame: int, image: Image | None) -> None:
        self.shown_frame = frame
        self.showing.emit(frame, image)

    def _read_ahead(self) -> None:
        if self.clock.is_playing:
            self.loader.play_from(self.clock.frame, *self.clock.range)
        else:
            self.loader.pause()
