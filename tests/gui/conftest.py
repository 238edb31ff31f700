"""Tests in a real window: a display, settings of their own, a watch over the window's thread, and nothing left over: no
thread, no window, no garbage for another thread to find."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from app.errors import StudioError
from app.gui.display import check_display

LONGEST_CPU_MS = 120
"""Of the window's thread in one pass of its event loop: processor time, which a busy machine does not lengthen. The aim
is 16 (a pass may hold several events, such as a paint of every view, and llvmpipe paints the 3D view on it as well)."""
LONGEST_WALL_MS = 1500
"""By the clock, waiting for locks and other processes included: what only a machine without rest may need."""

Result = TypeVar("Result")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a display these tests are skipped; `make test` starts Xvfb for them where it is installed."""
    try:
        check_display()
    except StudioError as error:
        here = Path(__file__).parent
        for item in items:
            if here in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=f"{error} Or install xvfb, which 'make test' uses."))


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path: Path) -> None:
    """Nothing that is kept between two runs is read or written where the user keeps it."""
    from PyQt6.QtCore import QSettings, QStandardPaths

    QStandardPaths.setTestModeEnabled(True)
    for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(form, QSettings.Scope.UserScope, str(tmp_path / "settings"))


@pytest.fixture(autouse=True)
def _garbage_is_collected_here() -> Iterator[None]:
    """As in the program: see app/gui/garbage.py."""
    from app.gui.garbage import collect_what_is_due

    gc.disable()
    yield
    collect_what_is_due()
    gc.enable()


@pytest.fixture(autouse=True)
def _no_thread_left_over() -> Iterator[None]:
    """What a test starts has to end with it."""
    before = set(threading.enumerate())
    yield
    end = time.monotonic() + 5.0
    while (left := _threads_of_ours(before)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not left, f"threads that the test left: {', '.join(thread.name for thread in left)}"


def _threads_of_ours(before: set[threading.Thread]) -> list[threading.Thread]:
    ours = [thread for thread in threading.enumerate() if thread not in before]
    # Adopted by Python from Qt or FFmpeg; and the import of torch, which cannot be stopped.
    return [thread for thread in ours if not thread.name.startswith("Dummy-") and thread.name != "preload"]


class Pump:
    """Runs the window's event loop for a test, and measures how long each pass keeps it busy."""

    def __init__(self) -> None:
        from PyQt6.QtWidgets import QApplication

        self._process = QApplication.processEvents
        self.cpu_ms: list[float] = []
        self.wall_ms: list[float] = []
        self.is_watching = True
        """Whether what is done counts; not while the window is made or closed."""

    def until(self, condition: Callable[[], object], seconds: float = 60.0, what: str = "") -> None:
        """Run until a condition holds. Fails when that takes longer."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"waited {seconds:g} s in vain for {what or condition}"
            self.call(self._process)
            time.sleep(0.001)

    def run(self, seconds: float) -> None:
        """Run for some time."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end, seconds + 60)

    def call(self, function: Callable[[], Result]) -> Result:
        """Do what the user would do, in the window's thread, and measure it too."""
        wall, cpu = time.perf_counter(), time.thread_time()
        result = function()
        if self.is_watching:
            self.cpu_ms.append(1000 * (time.thread_time() - cpu))
            self.wall_ms.append(1000 * (time.perf_counter() - wall))
        return result

    def check(self) -> None:
        """Fails when the window was ever kept from answering for too long."""
        worst_cpu, worst_wall = max(self.cpu_ms, default=0.0), max(self.wall_ms, default=0.0)
        print(
            f"window's thread: at most {worst_cpu:.0f} ms of processor time, {worst_wall:.0f} ms by the clock"
        )
        assert worst_cpu <= LONGEST_CPU_MS, (
            f"the window's thread was busy for {worst_cpu:.0f} ms at a stretch"
        )
        assert worst_wall <= LONGEST_WALL_MS, f"the window did not answer for {worst_wall:.0f} ms"


@pytest.fixture(scope="session")
def networks() -> None:
    """Lifter and detector are loaded, as they are soon after the window has opened."""
    from app.kept_lifter import KeptLifter
    from app.preloading import preload
    from app.settings import Settings

    preload(Settings(), KeptLifter())


@pytest.fixture
def pump(qapp: object, networks: None) -> Iterator[Pump]:
    """The event loop, watched."""
    del qapp, networks
    made = Pump()
    yield made
    made.check()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short video of one person."""
    from tests.person_clips import person_clip

    return person_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", 40)


@pytest.fixture(scope="session")
def project(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip, processed and saved."""
    from app.pipeline import process_video
    from app.project import save_project

    path = tmp_path_factory.mktemp("projects") / "clip.stctake"
    save_project(process_video(clip), path)
    return path


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the user answers to each question of `app.gui.questions`; a test changes it. Unsaved work is discarded."""
    from app.gui import questions

    given: dict[str, object] = {"ask_to_save": "discard"}
    for name in [name for name in vars(questions) if name.startswith("ask_")]:

        def answer(*_arguments: object, name: str = name) -> object:
            assert name in given, f"the window asked {name}, and the test has no answer"
            return given[name]

        monkeypatch.setattr(questions, name, answer)
    return given


@pytest.fixture
def window(pump: Pump, answers: dict[str, object], tmp_path: Path) -> Iterator[object]:
    """The main window, shown; closed at the end, whatever it is doing."""
    from PyQt6.QtCore import QCoreApplication, QEvent, QSettings
    from PyQt6.QtGui import QCursor, QGuiApplication

    from app.gui.main_window import MainWindow

    del answers
    pump.is_watching = False
    screen = QGuiApplication.primaryScreen()
    assert screen is not None
    QCursor.setPos(screen.geometry().bottomRight())  # the real pointer would disturb the one that tests move
    made = MainWindow(QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat), preloads=False)
    made.resize(1280, 800)
    made.show()
    pump.until(made.isVisible)
    pump.run(0.2)
    pump.is_watching = True
    yield made
    pump.is_watching = False
    made.close()
    pump.until(lambda: not made.isVisible(), 20, "the window to close")
    pump.run(0.02)
    made.deleteLater()
    # Outside an event loop of Qt's own nothing else would: the windows of all tests would die together in a later one.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that takes long enough to process to be stopped on the way."""
    from tests.person_clips import person_clip

    return person_clip(tmp_path_factory.mktemp("clips") / "long.mp4", 600)
