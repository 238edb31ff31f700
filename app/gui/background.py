"""Work beside the window: calls made in a thread of their own, whose results come back as signals."""

import threading
from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal


class Background(QObject):
    """Makes calls one after another in one thread.

    `newest_only`: a call that still waits when another is submitted is never made. Signals come in the thread that
    this object lives in (the window's). `close` ends the thread; nothing is sent after it.
    """

    succeeded = pyqtSignal(object)
    """What a call returned."""
    failed = pyqtSignal(object)
    """The exception that a call raised."""

    _ended = pyqtSignal(object, bool)

    def __init__(self, name: str, parent: QObject | None = None, *, newest_only: bool = False) -> None:
        super().__init__(parent)
        self._name, self._newest_only = name, newest_only
        self._changed = threading.Condition()
        self._waiting: list[Callable[[], Any]] = []
        self._unanswered = 0
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._ended.connect(self._deliver)  # sent in the calls' thread, so Qt queues it for this object's

    @property
    def is_busy(self) -> bool:
        """Whether a call is made or waits, or its answer is on the way."""
        return self._unanswered > 0 and not self._is_closed

    def submit(self, call: Callable[[], Any]) -> None:
        """Make a call, after those that wait."""
        with self._changed:
            if self._is_closed:
                return
            if self._newest_only:
                self._unanswered -= len(self._waiting)
                self._waiting.clear()
            self._waiting.append(call)
            self._unanswered += 1
            self._changed.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()

    def forget(self) -> None:
        """Make none of the calls that wait."""
        with self._changed:
            self._unanswered -= len(self._waiting)
            self._waiting.clear()

    def close(self, timeout_s: float | None = None) -> bool:
        """Make no more calls and wait for the one being made; False when it lasts longer than `timeout_s`."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or bool(self._waiting))
                if self._is_closed:
                    return
                call = self._waiting.pop(0)
            try:
                answer, good = call(), True
            except BaseException as error:
                answer, good = error, False
            del call
            with self._changed:
                if self._is_closed:
                    return
                self._ended.emit(answer, good)
            del answer

    def _deliver(self, answer: object, good: bool) -> None:
        self._unanswered -= 1
        if self._is_closed:
            return
        (self.succeeded if good else self.failed).emit(answer)
