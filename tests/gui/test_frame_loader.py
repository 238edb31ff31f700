"""The window's hand on the frame cache: signals in the window's thread, of the video that is open now only."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_videos import make_video, read_number
from PyQt6.QtCore import QThread
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.gui.frame_loader import FrameLoader

TICKS = range(0, 60 * 512, 512)


@pytest.fixture
def loader(qtbot: QtBot) -> Iterator[FrameLoader]:
    """A loader; its threads have ended when the test is over."""
    del qtbot
    before = set(threading.enumerate())
    loader = FrameLoader()
    yield loader
    loader.close(wait_s=60.0)
    for thread in set(threading.enumerate()) - before:
        thread.join(60.0)
        assert not thread.is_alive()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """60 numbered frames of 80x64."""
    return make_video(tmp_path / "a.mp4", TICKS)


def test_opening_tells_the_facts_in_the_windows_thread(qtbot: QtBot, loader: FrameLoader, clip: Path) -> None:
    threads: list[QThread | None] = []
    loader.opened.connect(lambda _: threads.append(QThread.currentThread()))
    with qtbot.waitSignal(loader.opened, timeout=60_000) as opened:
        loader.open(clip)
    video = opened.args[0]
    assert (video.frame_count, video.width, video.height) == (60, 80, 64)
    application = QApplication.instance()
    assert application is not None
    assert threads == [application.thread()]


def test_a_requested_frame_is_loaded(qtbot: QtBot, loader: FrameLoader, clip: Path) -> None:
    loader.open(clip)
    for frame in (40, 3, 59, 0):
        with qtbot.waitSignal(loader.loaded, timeout=60_000) as loaded:
            loader.request(frame)
        index, image = loaded.args
        assert (index, read_number(image)) == (frame, frame)


def test_nothing_of_the_video_before_arrives_after_another_was_opened(
    qtbot: QtBot, loader: FrameLoader, clip: Path, tmp_path: Path
) -> None:
    other = make_video(tmp_path / "other.mp4", range(0, 10 * 512, 512))
    opened: list[int] = []
    loaded: list[int] = []
    loader.opened.connect(lambda video: opened.append(video.frame_count))
    loader.loaded.connect(lambda frame, _: loaded.append(frame))
    loader.open(clip)
    loader.request(50)
    loader.open(other)
    with qtbot.waitSignal(loader.loaded, timeout=60_000):
        loader.request(5)
    QApplication.processEvents()
    assert (opened, loaded) == ([10], [5])


def test_what_cannot_be_opened_is_said_in_a_sentence(
    qtbot: QtBot, loader: FrameLoader, tmp_path: Path
) -> None:
    with qtbot.waitSignal(loader.failed, timeout=60_000) as failed:
        loader.open(tmp_path / "gone.mp4")
    assert "does not exist" in failed.args[0]


def test_a_frame_that_cannot_be_had_is_said_and_others_still_come(
    qtbot: QtBot, loader: FrameLoader, clip: Path
) -> None:
    loader.open(clip)
    with qtbot.waitSignal(loader.failed, timeout=60_000) as failed:
        loader.request(60)
    assert "no frame 60" in failed.args[0]
    with qtbot.waitSignal(loader.loaded, timeout=60_000) as loaded:
        loader.request(7)
    assert loaded.args[0] == 7


def test_requests_without_a_video_are_ignored(qtbot: QtBot, loader: FrameLoader, clip: Path) -> None:
    loader.request(3)
    loader.play_from(0)
    loader.pause()
    loader.open(clip)
    with qtbot.waitSignal(loader.loaded, timeout=60_000):
        loader.request(3)
    loader.close()
    loaded: list[int] = []
    loader.loaded.connect(lambda frame, _: loaded.append(frame))
    loader.request(4)
    QApplication.processEvents()
    assert loaded == []


def test_playing_loads_frames_in_order_round_a_loop(qtbot: QtBot, loader: FrameLoader, clip: Path) -> None:
    loader.open(clip)
    loader.play_from(50, 45, 55)
    for frame in (50, 52, 54, 46, 48):
        with qtbot.waitSignal(loader.loaded, timeout=60_000) as loaded:
            loader.request(frame)
        assert (loaded.args[0], read_number(loaded.args[1])) == (frame, frame)
    loader.pause()
