"""The playback clock: which frame is shown now. Every view follows it, so that all show the same frame."""

import time
from bisect import bisect_right
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0)
_TICK_MS = 8


class PlaybackClock(QObject):
    """The shown frame of a video with F frames at `time_s` seconds, moved by hand or by time.

    Playback goes by the video's own times, not by counting pictures: a slow machine leaves pictures out and
    stays in time. `frame_changed` is sent whenever the shown frame becomes another.
    """

    frame_changed = pyqtSignal(int)
    playing_changed = pyqtSignal(bool)
    range_changed = pyqtSignal(int, int)
    speed_changed = pyqtSignal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._times: list[float] = []
        self._frame = 0
        self._speed = 1.0
        self._range = (0, 0)
        self._looping = True
        self._began_at = 0.0
        self._began_time = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)

    def open(self, time_s: NDArray[np.floating[Any]]) -> None:
        """Another video: its frames' times, seconds. Shows frame 0, the whole of it as range, stopped."""
        self.pause()
        self._times = [float(moment) for moment in time_s]
        self._frame = 0
        self.set_range(0, len(self._times))
        self.frame_changed.emit(0)

    @property
    def frame(self) -> int:
        """The shown frame."""
        return self._frame

    @property
    def frame_count(self) -> int:
        """F."""
        return len(self._times)

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
        """Seconds."""
        return self._times[frame]

    def show(self, frame: int) -> None:
        """Show a frame; one outside the video is brought inside."""
        if not self._times:
            return
        frame = max(0, min(frame, len(self._times) - 1))
        self._restart_from(frame)
        self._set(frame)

    def step(self, frames: int) -> None:
        """Pause, and go on or back by some frames."""
        self.pause()
        self.show(self._frame + frames)

    def play(self) -> None:
        """Let time move it; from the beginning of the range when it stands outside or at its end."""
        if not self._times or self.is_playing:
            return
        start, stop = self._range
        if not start <= self._frame < stop - 1:
            self._set(start)
        self._restart_from(self._frame)
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
        """0.1 to 2 times the video's own speed."""
        self._speed = max(SPEEDS[0], min(SPEEDS[-1], speed))
        self._restart_from(self._frame)
        self.speed_changed.emit(self._speed)

    def set_range(self, start: int, stop: int) -> None:
        """What is played: from `start` up to but without `stop`."""
        start = max(0, min(start, len(self._times) - 1)) if self._times else 0
        self._range = (start, max(start + 1, min(stop, len(self._times))))
        self.range_changed.emit(*self._range)

    def set_looping(self, looping: bool) -> None:
        """Whether playback begins again at the end of the range."""
        self._looping = looping

    def _restart_from(self, frame: int) -> None:
        self._began_at = time.perf_counter()
        self._began_time = self._times[frame] if self._times else 0.0

    def _set(self, frame: int) -> None:
        if frame != self._frame:
            self._frame = frame
            self.frame_changed.emit(frame)

    def _tick(self) -> None:
        start, stop = self._range
        moment = self._began_time + (time.perf_counter() - self._began_at) * self._speed
        last = self._times[stop - 1]
        usual = (last - self._times[start]) / max(1, stop - 1 - start)
        if moment >= last + usual:  # the last frame, too, is shown for its time
            if not self._looping:
                self._set(stop - 1)
                self.pause()
                return
            self._restart_from(start)
            moment = self._times[start]
        self._set(max(start, min(stop - 1, bisect_right(self._times, moment) - 1)))
