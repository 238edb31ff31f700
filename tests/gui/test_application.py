"""The program around the window: what nobody caught is shown and kept, and work beside the window comes back in order."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QTimer
from pytestqt.exceptions import capture_exceptions

from app.errors import StudioError
from app.gui.application import BugReporter
from app.gui.background import Background
from app.gui.log import catch_everything, log, log_file, start_log, stop_log
from tests.gui.conftest import Pump


@pytest.fixture
def hooks(tmp_path: Path) -> Iterator[Path]:
    """The log and the hooks for what nobody caught, taken back afterwards."""
    before = sys.excepthook, threading.excepthook
    path = start_log(tmp_path)
    assert path is not None
    yield path
    stop_log()
    sys.excepthook, threading.excepthook = before


def test_an_error_in_a_slot_is_shown_with_its_traceback_and_logged(
    pump: Pump, hooks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reporter = BugReporter()
    with capture_exceptions():
        catch_everything(reporter.tell)

        def wrong() -> None:
            raise ValueError("a bug that a test made")

        QTimer.singleShot(0, wrong)
        pump.until(lambda: reporter.dialog is not None, 10, "the dialog")
    assert reporter.dialog is not None
    text = reporter.dialog.text.toPlainText()
    assert "ValueError: a bug that a test made" in text
    assert "in wrong" in text
    assert "a bug that a test made" in hooks.read_text()
    assert "a bug that a test made" in capsys.readouterr().err
    reporter.tell("another")
    pump.until(lambda: reporter.dialog is not None and "another" in reporter.dialog.text.toPlainText(), 10)
    reporter.dialog.close()
    pump.until(lambda: reporter.dialog is None, 10)


def test_an_error_in_a_thread_is_told_with_the_thread(
    hooks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    catch_everything(told.append)

    def wrong() -> None:
        raise KeyError("lost")

    thread = threading.Thread(target=wrong, name="some work")
    thread.start()
    thread.join()
    assert "KeyError: 'lost'" in told[0]
    assert "In thread some work" in hooks.read_text()
    assert "lost" in capsys.readouterr().err


def test_the_log_says_where_it_is_and_holds_what_detectors_warn_of(tmp_path: Path) -> None:
    assert log_file() is None
    path = start_log(tmp_path / "new")
    log("something happened")
    logging.getLogger("detectors.onnx.runtime").warning("CUDA could not be started.")
    stop_log()
    logging.getLogger("detectors").error("after the end")
    assert path == tmp_path / "new" / "stcstudio.log"
    assert "something happened" in path.read_text()
    assert "WARNING CUDA could not be started." in path.read_text()
    assert "after the end" not in path.read_text()


def test_a_log_that_cannot_be_written_stops_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert start_log(tmp_path / "file" / "below") is None
    assert "no log is kept" in capsys.readouterr().err


_BRIEF = """
import sys
from PyQt6.QtCore import QStandardPaths, QSettings, QTimer
QStandardPaths.setTestModeEnabled(True)
QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, sys.argv[1])
from app.gui.main_window import MainWindow
from app.gui.start import open_window
shown = MainWindow.show
MainWindow.show = lambda self: (shown(self), QTimer.singleShot(int(sys.argv[2]), self.close))
sys.exit(open_window())
"""


@pytest.mark.parametrize("milliseconds", [0, 700, 1800])
def test_the_program_ends_well_however_soon_it_is_closed(milliseconds: int, tmp_path: Path) -> None:
    """Also in the middle of loading the networks."""
    done = subprocess.run(
        [sys.executable, "-c", _BRIEF, str(tmp_path), str(milliseconds)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


_BUSY = """
import sys, threading
import cv2, numpy
from app.gui import application
class Window:
    def __init__(self, *arguments, **options): self.show = self.begin
    def begin(self):
        picture = numpy.zeros((4000, 4000), numpy.uint8)
        threading.Thread(target=lambda: [cv2.GaussianBlur(picture, (0, 0), 9) for _ in range(1000)], daemon=True).start()
        application.QTimer.singleShot(300, application.QApplication.instance().quit)
application.MainWindow = Window
application.start_log = lambda: None
sys.exit(application.run_window())
"""


def test_the_program_ends_well_beside_work_that_cannot_be_stopped() -> None:
    """A network or a codec in the middle of a call: Python's own end would abort there."""
    done = subprocess.run(
        [sys.executable, "-c", _BUSY], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


class TestBackground:
    """Calls beside the window."""

    @pytest.fixture
    def told(self) -> list[object]:
        return []

    @pytest.fixture
    def gate(self) -> threading.Event:
        return threading.Event()

    def test_answers_come_in_order_in_the_windows_thread(self, pump: Pump, told: list[object]) -> None:
        background = Background("test")
        threads: list[threading.Thread] = []
        background.succeeded.connect(lambda _: threads.append(threading.current_thread()))
        background.succeeded.connect(told.append)
        for number in range(5):
            background.submit(lambda number=number: number)
        assert background.is_busy
        pump.until(lambda: len(told) == 5, 10)
        assert told == list(range(5))
        assert set(threads) == {threading.main_thread()}
        assert not background.is_busy
        assert background.close(5)

    def test_only_the_newest_of_those_that_wait_is_made(
        self, pump: Pump, told: list[object], gate: threading.Event
    ) -> None:
        background = Background("test", newest_only=True)
        background.succeeded.connect(told.append)
        began = threading.Event()

        def first() -> int:
            began.set()
            gate.wait(10)
            return 0

        background.submit(first)
        assert began.wait(10)
        for number in (1, 2, 3):
            background.submit(lambda number=number: number)
        gate.set()
        pump.until(lambda: not background.is_busy, 10)
        assert told == [0, 3]
        background.close()

    def test_a_failure_is_told_and_the_next_call_is_made(self, pump: Pump, told: list[object]) -> None:
        background = Background("test")
        background.succeeded.connect(told.append)
        background.failed.connect(told.append)

        def wrong() -> None:
            raise StudioError("The cup is empty; fill it.")

        background.submit(wrong)
        background.submit(lambda: "on")
        pump.until(lambda: len(told) == 2, 10)
        assert isinstance(told[0], StudioError)
        assert told[1] == "on"
        background.close()

    def test_nothing_is_told_after_close(self, pump: Pump, told: list[object], gate: threading.Event) -> None:
        background = Background("test")
        background.succeeded.connect(told.append)
        begun = threading.Event()

        def wait_at_the_gate() -> None:
            begun.set()
            gate.wait(60)

        def open_the_gate_when_closed() -> None:
            while not background._is_closed:
                time.sleep(0.001)
            gate.set()

        background.submit(wait_at_the_gate)
        background.submit(lambda: told.append("never made"))
        assert begun.wait(60)
        opener = threading.Thread(target=open_the_gate_when_closed)
        opener.start()
        assert background.close(60)
        opener.join()
        pump.run(0.1)
        assert told == []
        background.submit(lambda: told.append("too late"))
        pump.run(0.05)
        assert told == []
        assert not background.is_busy
