"""The program with its window: from the first line to the last exit code."""

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QCoreApplication, QObject, QSettings, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QApplication

from app.gui.diagnostics import TextDialog
from app.gui.garbage import GarbageCollector
from app.gui.icons import application_icon
from app.gui.log import catch_everything, log, start_log, stop_log
from app.gui.main_window import MainWindow
from app.settings import Settings

if TYPE_CHECKING:
    from app.live import LiveSource

_SWITCH_INTERVAL_S = 0.001
"""Of Python's threads: how long the window waits for another that is busy. The usual five are a third of a frame."""


class BugReporter(QObject):
    """Shows what nobody caught, in the window's thread; once at a time."""

    _told = pyqtSignal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.dialog: TextDialog | None = None
        self._told.connect(self._show)

    def tell(self, text: str) -> None:
        """From any thread."""
        self._told.emit(text)

    def _show(self, text: str) -> None:
        if self.dialog is not None:
            self.dialog.text.appendPlainText("\n" + text)
            return
        self.dialog = TextDialog(
            "Something went wrong",
            "This is an error in the program. Work goes on as far as possible; save under another name. "
            "The text below says what happened; please send it along with what you did.",
            text,
        )
        # Not at once: this is told from within the dialog, and it goes with the last reference to it.
        self.dialog.finished.connect(lambda: QTimer.singleShot(0, self._forget))
        self.dialog.show()

    def _forget(self) -> None:
        self.dialog = None


def make_application(arguments: list[str]) -> QApplication:
    """The one QApplication, with the names under which settings are kept."""
    QCoreApplication.setOrganizationName("STCFormer Studio")
    QCoreApplication.setApplicationName("stcformer-studio")
    QApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    application = QApplication(arguments)
    application.setApplicationDisplayName("STCFormer Studio")
    application.setDesktopFileName("stcformer-studio")
    application.setWindowIcon(application_icon())
    return application


def run_window(
    video: Path | None = None, *, live: "LiveSource | None" = None, settings: Settings | None = None
) -> int:
    """Open the window, with a video or a project or on a live source, and return its exit code when it is closed.

    `settings` take the place of those used last.
    """
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    application = make_application(sys.argv[:1])
    GarbageCollector(application)
    start_log()
    reporter = BugReporter()
    catch_everything(reporter.tell)
    log("Window opened")
    window = MainWindow(QSettings(), settings=settings)
    window.show()
    if live is not None:
        QTimer.singleShot(0, lambda: window.start_live(live))
    if video is not None:
        QTimer.singleShot(0, lambda: window.open(video))
    code = application.exec()
    log("Window closed")
    stop_log()
    if work_is_left():
        # An import or a network cannot be stopped, and Python's own end crashes in the middle of one.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def work_is_left() -> bool:
    """Whether a thread lives that the window had no time to wait for. What writes a file has been waited for."""
    return threading.active_count() > 1
