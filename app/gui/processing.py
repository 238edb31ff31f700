"""Processing a video beside the window: progress, what is known so far, and a stop at any moment."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal

from app import pipeline
from app.edits import Edit
from app.errors import CancelledError
from app.pipeline import Partial, Progress
from app.settings import Settings
from app.take import Take

_REPORT_INTERVAL_S = 0.1
"""Between two reports of a stage: a label need not change more often."""


class Processing(QObject):
    """One run of the pipeline at a time. Every run that is not abandoned ends with exactly one of `finished`,
    `failed` and `cancelled`; signals come in the thread that this object lives in (the window's).
    """

    started = pyqtSignal()
    progressed = pyqtSignal(object)
    """`app.pipeline.Progress`."""
    known = pyqtSignal(object)
    """`app.pipeline.Partial`: what there is so far."""
    finished = pyqtSignal(object)
    """`app.take.Take`."""
    failed = pyqtSignal(object)
    """The exception."""
    cancelled = pyqtSignal()

    _reported = pyqtSignal(int, object)
    _ended = pyqtSignal(int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run = 0
        self._cancel: threading.Event | None = None
        self._thread: threading.Thread | None = None
        self._reported.connect(
            self._on_reported
        )  # sent in the run's thread, so Qt queues it for the window's
        self._ended.connect(self._on_ended)

    @property
    def is_running(self) -> bool:
        """Whether a run has begun and not told its end yet."""
        return self._cancel is not None

    def start(self, path: Path, settings: Settings, edits: Sequence[Edit] = ()) -> None:
        """Process a video. Nothing happens while another run is not over."""
        if self.is_running:
            return
        self._run += 1
        self._cancel = threading.Event()
        self._thread = threading.Thread(
            target=self._work,
            args=(self._run, path, settings, tuple(edits), self._cancel),
            name="process",
            daemon=True,
        )
        self._thread.start()
        self.started.emit()

    def cancel(self) -> None:
        """Stop; `cancelled` follows within a second."""
        if self._cancel is not None:
            self._cancel.set()

    def abandon(self) -> None:
        """Stop without waiting for the end; nothing of this run is sent any more, and another may start."""
        self.cancel()
        self._run += 1
        self._cancel = None

    def close(self, timeout_s: float | None = None) -> bool:
        """Abandon the run and wait for its thread. False when it lasts longer than `timeout_s`."""
        self.abandon()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(
        self, run: int, path: Path, settings: Settings, edits: tuple[Edit, ...], cancel: threading.Event
    ) -> None:
        last = [0.0]

        def progress(step: Progress) -> None:
            now = time.perf_counter()
            if now - last[0] >= _REPORT_INTERVAL_S or step.done == step.total:
                last[0] = now
                self._reported.emit(run, step)

        try:
            end: Take | BaseException = pipeline.process_video(
                path,
                settings,
                progress=progress,
                cancel=cancel,
                edits=edits,
                partial=lambda partial: self._reported.emit(run, partial),
            )
        except BaseException as error:
            end = error
        self._ended.emit(run, end)

    def _on_reported(self, run: int, report: Progress | Partial) -> None:
        if run != self._run or self._cancel is None or self._cancel.is_set():
            return
        if isinstance(report, Progress):
            self.progressed.emit(report)
        else:
            self.known.emit(report)

    def _on_ended(self, run: int, end: Take | BaseException) -> None:
        if run != self._run:
            return
        self._cancel = None
        if isinstance(end, Take):
            self.finished.emit(end)
        elif isinstance(end, CancelledError):
            self.cancelled.emit()
        else:
            self.failed.emit(end)
