"""The playback clock: which frame is shown now. Every view follows it, so that all show the same frame."""

import time
from bisect import bisect_right
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

from app.timeline.axis import frame_edges

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0)
_TICK_MS = 8


class PlaybackClock(QObject):
    """The shown frame of a video with F frames at `time_s` seconds, moved by hand or by time.

    Playback goes by the video's own times, not by counting pictures: a slow machine leaves pictures out and
    stays in time. `frame_changed` is sent whenever the shown frame becomes another, and by `open`.

    While it plays, a frame behind the range may be shown by hand: then it plays on to the end of the video before
    it begins the range again. One before the range is played into it.
    """

    frame_changed = pyqtSignal(int)
    playing_changed = pyqtSignal(bool)
    range_changed = pyqtSignal(int, int)
    speed_changed = pyqtSignal(float)
    looping_changed = pyqtSignal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._edges: list[float] = [0.0]
        self._frame = 0
        self._speed = 1.0
        self._range = (0, 0)
        self._looping = True
        self._began_at = 0.0
        self._began_moment = 0.0
        self._plays_to = 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)

    def open(self, time_s: NDArray[np.floating[Any]]) -> None:
        """Another video: its frames' times (F,), seconds. Shows frame 0, the whole of it as range, stopped.

        No frames close the video: then nothing is shown and `frame_changed` is not sent.
        """
        self.pause()
        self._edges = frame_edges(time_s).tolist()
        self._frame = 0
        self._range = (0, self.frame_count)
        self.range_changed.emit(*self._range)
        if self.frame_count:
            self.frame_changed.emit(0)

    @property
    def frame(self) -> int:
        """The shown frame."""
        return self._frame

    @property
    def frame_count(self) -> int:
        """F."""
        return len(self._edges) - 1

    @property
    def is_playing(self) -> bool:
        """Whether time moves it."""
        return self._timer.isActive()

    @property
    def speed(self) -> float:
        """1: the video's own."""
        return self._speed

    @property
    def range(self) -> tuple[int, int]:
        """First frame and the one after the last of what is played."""
        return self._range

    @property
    def is_looping(self) -> bool:
        """Whether playback begins again at the end of the range."""
        return self._looping

    def time_of(self, frame: int) -> float:
        """Seconds at which a frame begins."""
        return self._edges[frame]

    def frame_at(self, moment: float) -> int:
        """The frame shown at a moment, seconds; one outside the video gives its first or last frame."""
        return max(0, min(self.frame_count, bisect_right(self._edges, moment)) - 1)

    def show(self, frame: int) -> None:
        """Show a frame; one outside the video is brought inside."""
        if self.frame_count:
            self._go(max(0, min(frame, self.frame_count - 1)))

    def step(self, frames: int) -> None:
        """Pause, and go on or back by some frames."""
        self.pause()
        self.show(self._frame + frames)

    def play(self) -> None:
        """Let time move it; from the beginning of the range when it stands outside or at its end."""
        if not self.frame_count or self.is_playing:
            return
        start, stop = self._range
        self._go(self._frame if start <= self._frame < stop - 1 else start)
        self._timer.start()
        self.playing_changed.emit(True)

    def pause(self) -> None:
        """Stop where it is."""
        if self.is_playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        """Play or pause."""
        if self.is_playing:
            self.pause()
        else:
            self.play()

    def set_speed(self, speed: float) -> None:
        """0.1 to 2 times the video's own speed, from this moment on."""
        speed = max(SPEEDS[0], min(SPEEDS[-1], speed))
        if speed != self._speed:
            self._begin(self._moment())
            self._speed = speed
            self.speed_changed.emit(speed)

    def set_range(self, start: int, stop: int) -> None:
        """What is played: from `start` up to but without `stop`; at least one frame of the video.

        When it plays and the new range leaves out the shown frame, it goes on at the range's beginning.
        """
        start = max(0, min(start, self.frame_count - 1))
        stop = max(min(start + 1, self.frame_count), min(stop, self.frame_count))
        if (start, stop) == self._range:
            return
        self._range = (start, stop)
        self.range_changed.emit(start, stop)
        if not self.is_playing:
            return
        if start <= self._frame < stop:
            self._plays_to = stop
        else:
            self._go(start)

    def set_looping(self, looping: bool) -> None:
        """Whether playback begins again at the end of the range."""
        if looping != self._looping:
            self._looping = looping
            self.looping_changed.emit(looping)

    def _moment(self) -> float:
        """The moment of the video that is played now, seconds."""
        return self._began_moment + (time.perf_counter() - self._began_at) * self._speed

    def _begin(self, moment: float) -> None:
        self._began_at = time.perf_counter()
        self._began_moment = moment

    def _go(self, frame: int) -> None:
        """Show a frame and play from there."""
        self._begin(self._edges[frame])
        self._plays_to = self._range[1] if frame < self._range[1] else self.frame_count
        self._set(frame)

    def _set(self, frame: int) -> None:
        if frame != self._frame:
            self._frame = frame
            self.frame_changed.emit(frame)

    def _tick(self) -> None:
        moment = self._moment()
        end = self._edges[
            self._plays_to
        ]  # where the next frame begins: the last one, too, is shown for its time
        if moment >= end:
            start, stop = self._range
            if not self._looping:
                self._set(self._plays_to - 1)
                self.pause()
                return
            # What is too late is not thrown away, else every loop would be a tick longer than the range.
            late = (moment - end) % (self._edges[stop] - self._edges[start])
            moment = self._edges[start] + late
            self._begin(moment)
            self._plays_to = stop
        self._set(min(self.frame_at(moment), self._plays_to - 1))
