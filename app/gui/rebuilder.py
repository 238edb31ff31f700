"""The 3D after a correction: rebuilt beside the window, the newest wish only."""

import threading
from collections.abc import Callable, Sequence

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from app.edits import Edit
from app.gui.background import Background
from app.kept_lifter import KeptLifter
from app.rebuilding import rebuild
from app.settings import Settings
from app.take import Take


class Rebuilder(QObject):
    """Keeps the last Take of a video and makes the next one from it, with other edits or settings."""

    rebuilt = pyqtSignal(object)
    """`app.take.Take`."""
    failed = pyqtSignal(object)
    """The exception."""
    busy_changed = pyqtSignal(bool)

    def __init__(self, lifter: KeptLifter, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lifter = lifter
        self._lock = threading.Lock()
        self._base: Take | None = None
        self._generation = 0
        self._was_busy = False
        self._when_settled: list[Callable[[], None]] = []
        self._background = Background("rebuild", self, newest_only=True)
        self._background.succeeded.connect(self._on_done)
        self._background.failed.connect(self._on_failed)

    @property
    def is_busy(self) -> bool:
        """Whether a Take is being made."""
        return self._background.is_busy

    def set_base(self, take: Take | None) -> None:
        """Another video, or the same processed again: what was asked for before is dropped."""
        with self._lock:
            self._base = take
            self._generation += 1
        self._background.forget()
        self._tell_busy()
        QTimer.singleShot(0, self._settle)  # what waits asks the document, which is about to change

    def request(self, edits: Sequence[Edit], settings: Settings) -> None:
        """Ask for the Take with these edits and settings; `rebuilt` or `failed` follows, unless a newer wish comes."""
        generation = self._generation
        self._background.submit(lambda: self._rebuild(generation, tuple(edits), settings))
        self._tell_busy()

    def when_settled(self, call: Callable[[], None]) -> None:
        """Make a call as soon as nothing is being rebuilt: now, or later."""
        if self.is_busy:
            self._when_settled.append(call)
        else:
            call()

    def close(self, timeout_s: float | None = None) -> bool:
        """End the thread; False when it lasts longer than `timeout_s`."""
        self._when_settled.clear()
        return self._background.close(timeout_s)

    def _rebuild(
        self, generation: int, edits: tuple[Edit, ...], settings: Settings
    ) -> tuple[int, Take | Exception | None]:
        with self._lock:
            base = self._base
        if base is None or generation != self._generation:
            return generation, None
        try:
            take = rebuild(base, edits, settings, self._lifter.get(settings))
        except Exception as error:
            return generation, error  # told only while it is this video's
        with self._lock:
            if generation == self._generation:
                self._base = take
        return generation, take

    def _on_done(self, answer: tuple[int, Take | Exception | None]) -> None:
        generation, made = answer
        if made is not None and generation == self._generation:
            (self.failed if isinstance(made, Exception) else self.rebuilt).emit(made)
        self._settle()

    def _on_failed(self, error: BaseException) -> None:
        self.failed.emit(error)
        self._settle()

    def _settle(self) -> None:
        self._tell_busy()
        if not self.is_busy:
            calls, self._when_settled = self._when_settled, []
            for call in calls:
                call()

    def _tell_busy(self) -> None:
        if self.is_busy != self._was_busy:
            self._was_busy = self.is_busy
            self.busy_changed.emit(self._was_busy)
