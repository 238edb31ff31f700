"""A live session and the window: results come into the window's thread, the newest only, and are timed to the screen."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QObject, QTimer, pyqtSignal
from PyQt6.QtWidgets import QWidget

from app.errors import StudioError, describe
from app.gui.background import Background
from app.gui.log import log
from app.lifting import load_lifter
from app.live import LiveFacts, LiveResult, LiveSession, LiveSource, Recording
from app.settings import Settings

if TYPE_CHECKING:
    from stcformer import Lifter

_LATENCY_RESULTS = 120
"""Latency is told over so many pictures last shown."""


@dataclass(frozen=True)
class LiveNumbers:
    """What a person wants to know while it runs."""

    rate: float
    """Results a second."""
    shown_rate: float
    """Pictures a second that came onto the screen."""
    latency_s: float
    """From the capture to the screen (to the end of painting), median of the last pictures; NaN before the first."""
    latency_p95_s: float
    result_latency_s: float
    """From the capture to the result alone, median."""
    dropped: int
    """Pictures that came and were never worked on."""
    not_shown: int
    """Results that were replaced by a newer one before the window had time for them."""


class LiveController(QObject):
    """One live session at a time. Every `start` that does not raise ends with exactly one `ended`.

    Signals come in the thread that this object lives in (the window's). Give it the views that show the pictures
    (`watch`), and it knows when a picture was painted.
    """

    started = pyqtSignal(object)
    """`app.live.LiveFacts`: all is loaded, pictures come."""
    result = pyqtSignal(object)
    """`app.live.LiveResult`, the newest."""
    numbers = pyqtSignal(object)
    """`LiveNumbers`, a few times a second."""
    failed = pyqtSignal(object)
    """The exception that ended the session, or with which a recording could not become a Take; `ended` follows a
    session's."""
    ended = pyqtSignal()
    recorded = pyqtSignal(object)
    """`app.take.Take` of a recording that was ended."""
    recording_changed = pyqtSignal(bool)

    _told = pyqtSignal(int, str, object)
    _has_result = pyqtSignal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session: LiveSession | None = None
        self._run = 0
        self._lock = threading.Lock()
        self._newest: LiveResult | None = None
        self._waiting: LiveResult | None = None
        self._to_show: LiveResult | None = None
        self._not_shown = 0
        self._shown: deque[tuple[float, float, float]] = deque(maxlen=_LATENCY_RESULTS)
        self._making: Recording | None = None
        """What was recorded last."""
        self._watched: list[QWidget] = []
        self._unpainted: set[QObject] = set()
        self._maker = Background("recording", self)
        self._maker.succeeded.connect(self.recorded)
        self._maker.failed.connect(self.failed)
        self._told.connect(self._on_told)  # sent in another thread, so Qt queues it
        self._has_result.connect(self._on_result)  # sent in another thread, so Qt queues it
        self._timer = QTimer(self)
        self._timer.setInterval(250)
        self._timer.timeout.connect(lambda: self.numbers.emit(self.current_numbers()))

    @property
    def is_running(self) -> bool:
        """Whether a session has begun and not told its end yet."""
        return self._session is not None

    @property
    def is_recording(self) -> bool:
        """Whether results are being kept."""
        return self._session is not None and self._session.is_recording

    @property
    def is_busy(self) -> bool:
        """Whether a recording is being made into a Take."""
        return self._maker.is_busy

    def start(
        self,
        source: LiveSource,
        settings: Settings,
        lifter: Callable[[Settings], "Lifter"] = load_lifter,
    ) -> None:
        """Begin a session; nothing happens while another is not over.

        `lifter` gives the lifter of the settings (called in another thread), such as `KeptLifter.get`. Raises
        StudioError or DetectorError for settings that are not possible.
        """
        if self.is_running:
            return
        run = self._run = self._run + 1
        session = LiveSession(
            source,
            settings,
            lambda result: self._take(run, result),
            on_start=lambda facts: self._told.emit(run, "started", facts),
            on_error=lambda error: self._told.emit(run, "failed", error),
            on_end=lambda: self._told.emit(run, "ended", None),
            lifter=lifter,
        )
        self._session = session
        self._not_shown = 0
        self._newest = self._waiting = self._to_show = None
        self._shown.clear()
        session.start()
        self._timer.start()

    def stop(self) -> None:
        """End the session; `ended` follows within a second. What is being recorded becomes a Take."""
        self.stop_recording()
        if self._session is not None:
            self._session.request_stop()

    def follow(self, number: int) -> None:
        """Go over to another person in view, by `LiveResult.others`."""
        if self._session is not None:
            self._session.follow(number)

    def follow_next(self) -> None:
        """Go over to the next person in view."""
        if self._session is not None:
            self._session.follow_next()

    def start_recording(self, folder: Path) -> None:
        """Keep what follows, the pictures as a video file in `folder`, which is made if need be.

        Nothing happens while no session runs or one records already. Raises OSError where nothing can be written.
        """
        if self._session is not None and not self._session.is_recording:
            self._session.start_recording(folder)
            self.recording_changed.emit(True)

    def stop_recording(self) -> None:
        """Keep no more; `recorded` follows with the Take, or `failed`."""
        if self._session is None:
            return
        recording = self._session.stop_recording()
        if recording is not None:
            self._make(recording)

    def watch(self, view: QWidget) -> None:
        """A view that shows the results, the widget itself that paints (of a `SceneView` its canvas).

        When all watched views that are visible have been painted, a result is on the screen.
        """
        self._watched.append(view)
        view.installEventFilter(self)
        view.destroyed.connect(lambda: self._forget(view))

    def current_numbers(self) -> LiveNumbers:
        """The numbers of this moment."""
        newest, shown = self._newest, np.array(self._shown).reshape(-1, 3)
        moments, latency, result_latency = shown.T
        has_shown = len(shown) > 0
        span = moments[-1] - moments[0] if has_shown else 0.0
        return LiveNumbers(
            newest.rate if newest else 0.0,
            float((len(shown) - 1) / span) if span > 0 else 0.0,
            float(np.median(latency)) if has_shown else float("nan"),
            float(np.percentile(latency, 95)) if has_shown else float("nan"),
            float(np.median(result_latency)) if has_shown else float("nan"),
            newest.dropped if newest else 0,
            self._not_shown,
        )

    def close(self, timeout_s: float = 2.0) -> bool:
        """End everything and send nothing any more; False when a thread lasts longer than `timeout_s`.

        The videos of what is recorded are completed, however long that takes.
        """
        self._run += 1
        self._timer.stop()
        session, self._session = self._session, None
        recording = session.stop_recording() if session is not None else None
        ended = session is None or session.stop(timeout_s)
        for unfinished in (self._making, recording):
            if unfinished is not None:
                _complete(unfinished)
        return self._maker.close(timeout_s) and ended

    # In the session's threads

    def _take(self, run: int, result: LiveResult) -> None:
        """Keep the newest result for the window; it is told once, however many come before it looks."""
        with self._lock:
            if run != self._run:
                return
            tell = self._waiting is None
            if not tell:
                self._not_shown += 1
            self._waiting = result
        if tell:
            self._has_result.emit(run)

    # In the window's thread

    def _on_result(self, run: int) -> None:
        with self._lock:
            result, self._waiting = self._waiting, None
        if run != self._run or result is None:
            return
        self._newest = self._to_show = result
        self._unpainted = {view for view in self._watched if view.isVisible()}
        self.result.emit(result)

    def _on_told(self, run: int, what: str, value: object) -> None:
        if run != self._run:
            return
        if what == "started":
            self.started.emit(value)
        elif what == "failed":
            self.failed.emit(value)
        else:
            self._on_ended()

    def _on_ended(self) -> None:
        session, self._session = self._session, None
        self._timer.stop()
        self.numbers.emit(self.current_numbers())
        recording = session.stop_recording() if session is not None else None
        if recording is not None:  # the source ended, or failed, while recording: what was kept is not lost
            self._make(recording)
        self.ended.emit()

    def _make(self, recording: Recording) -> None:
        self.recording_changed.emit(False)
        self._making = recording
        self._maker.submit(recording.take)

    def _forget(self, view: QWidget) -> None:
        """A view is gone, such as the 3D view of a driver that failed."""
        self._watched.remove(view)
        self._unpainted.discard(view)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """A watched view is about to paint; the moment after is that of the screen."""
        if event is not None and event.type() == QEvent.Type.Paint and watched in self._unpainted:
            self._unpainted.discard(watched)
            if not self._unpainted and self._to_show is not None:
                result, self._to_show = self._to_show, None
                QTimer.singleShot(0, lambda: self._on_painted(result))
        return super().eventFilter(watched, event)

    def _on_painted(self, result: LiveResult) -> None:
        now = time.monotonic()
        self._shown.append((now, now - result.captured_s, result.latency_s))


def _complete(recording: Recording) -> None:
    """Wait until its video is whole. Nobody is there any more to be told why it could not be, but the log."""
    try:
        recording.wait()
    except (StudioError, OSError) as error:
        log(f"A recording was lost: {describe(error)}")


__all__ = ["LiveController", "LiveFacts", "LiveNumbers"]
