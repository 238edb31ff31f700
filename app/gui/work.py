"""Processing from the window's side: the button, the progress, and what becomes of the document."""

from PyQt6.QtCore import QObject, pyqtSignal

from app.gui.clip_display import ClipDisplay
from app.gui.document import Document
from app.gui.process_bar import ProcessBar
from app.gui.processing import Processing
from app.gui.rebuilder import Rebuilder
from app.take import Take


class Work(QObject):
    """Starts and stops the processing of the document's video, and brings what comes of it into the document."""

    failed = pyqtSignal(object)
    """The exception."""
    running_changed = pyqtSignal(bool)
    started = pyqtSignal()
    done = pyqtSignal(str)
    """A sentence on what came of it."""

    def __init__(
        self, document: Document, display: ClipDisplay, rebuilder: Rebuilder, bar: ProcessBar, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._document, self._display, self._rebuilder, self._bar = document, display, rebuilder, bar
        self.processing = Processing(self)
        self.processing.progressed.connect(bar.show_progress)
        self.processing.known.connect(display.show_partial)
        self.processing.finished.connect(self._on_finished)
        self.processing.failed.connect(self._on_failed)
        self.processing.cancelled.connect(self._on_cancelled)
        bar.process_requested.connect(self.start)
        bar.cancel_requested.connect(self.cancel)

    @property
    def is_running(self) -> bool:
        """Whether a video is being processed."""
        return self.processing.is_running

    def start(self) -> None:
        """Process the document's video with its settings and edits."""
        path = self._document.path
        if path is None or self.is_running:
            return
        self.started.emit()
        self._bar.set_working(True)
        self._display.follow_work()
        self.processing.start(path, self._document.settings, self._document.edits)
        self.running_changed.emit(True)

    def cancel(self) -> None:
        """Stop."""
        if self.is_running:
            self._bar.set_stopping()
            self.processing.cancel()

    def drop(self) -> None:
        """Stop without a word: the video makes room for another."""
        if self.is_running:
            self.processing.abandon()
            self._document.drop_partial()
            self._end()

    def _on_finished(self, take: Take) -> None:
        self._rebuilder.set_base(take)
        self._document.set_processed(take)
        self._end()
        self.done.emit(_summary(take))

    def _on_failed(self, error: BaseException) -> None:
        self._document.drop_partial()
        self._end()
        self.failed.emit(error)

    def _on_cancelled(self) -> None:
        self._document.drop_partial()
        self._end()
        self.done.emit("Stopped; nothing was changed.")

    def _end(self) -> None:
        self._bar.set_working(False)
        self._display.end_work()
        self.running_changed.emit(False)


def _summary(take: Take) -> str:
    seconds = take.provenance["seconds"]["total"]
    frames, people = take.frame_count(), take.person_count()
    seen = max((int(take.seen(person).sum()) for person in range(people)), default=0)
    if not seen:
        return f"Nobody was seen in any of {frames} frames."
    who = "A person" if people == 1 else f"{people} people"
    return f"{who} in {seen} of {frames} frames, processed in {seconds:.1f} s."
