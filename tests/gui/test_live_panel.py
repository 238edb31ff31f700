"""The live panel in a real window, a video file standing in for the camera."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_parts import FPS, SIZE, MadeDetector, MadeSource, tiny_lifter
from person_clips import person_clip
from PyQt6.QtCore import QCoreApplication, QEvent
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.errors import StudioError
from app.gui.live_controller import LiveController
from app.gui.live_panel import LivePanel
from app.gui.video_view import VideoView
from app.live import CameraSource, FileSource, LiveResult
from app.settings import Settings
from app.take import Take
from app.video import open_video

LONG_MS = 60_000


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Iterator[MadeDetector]:
    made = MadeDetector()
    monkeypatch.setattr("app.live.session.create_detector", lambda _name: made)
    yield made
    if made.gate is not None:
        made.gate.release(10_000)


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path) -> Iterator[LivePanel]:
    """With a lifter that has learnt nothing, and the test's folder for recordings."""
    panel = LivePanel(Settings(device="cpu"), lambda _settings: tiny_lifter(), folder=tmp_path / "films")
    panel.resize(900, 170)
    qtbot.addWidget(panel)
    with qtbot.waitExposed(panel):
        panel.show()
    yield panel
    assert panel.close_session(LONG_MS / 1000)


def start(panel: LivePanel, source: Any) -> None:
    panel.set_source(source)
    panel.start_button.click()


def wait_for_end(qtbot: QtBot, panel: LivePanel) -> None:
    qtbot.waitUntil(lambda: not panel.is_running, timeout=LONG_MS)


def test_results_come_in_order_and_the_panel_says_what_runs(
    qtbot: QtBot, panel: LivePanel, detector: MadeDetector
) -> None:
    detector.gate = threading.Semaphore(0)
    results: list[LiveResult] = []
    panel.result.connect(results.append)
    start(panel, MadeSource(6))
    assert panel.is_running
    assert panel.start_button.text() == "Stop"
    assert not panel.source.isEnabled()
    for count in range(1, 7):
        detector.gate.release()
        qtbot.waitUntil(lambda count=count: len(results) == count, timeout=LONG_MS)
        assert results[-1].index == count - 1
    wait_for_end(qtbot, panel)
    assert panel.numbers["device"].text() == tiny_lifter().device_name()
    assert panel.message.text() == "The source has ended."
    assert panel.start_button.text() == "Start"
    assert panel.source.isEnabled()


def test_the_window_gets_the_newest_result_only(qtbot: QtBot, detector: MadeDetector) -> None:
    del detector
    controller = LiveController()
    results: list[LiveResult] = []
    controller.result.connect(results.append)
    controller.start(MadeSource(40), Settings(device="cpu"), lambda _settings: tiny_lifter())
    session = controller._session
    assert session is not None
    assert session.wait(LONG_MS / 1000), "the window's thread is busy with this meanwhile"
    qtbot.waitUntil(lambda: not controller.is_running, timeout=LONG_MS)
    assert [result.index for result in results] == [39]
    assert controller.current_numbers().not_shown == 39
    assert controller.close()


def test_latency_goes_on_until_the_views_have_painted(
    qtbot: QtBot, panel: LivePanel, detector: MadeDetector
) -> None:
    detector.gate = threading.Semaphore(0)
    view, other = VideoView(), VideoView()
    for shown in (view, other):
        qtbot.addWidget(shown)
        shown.resize(200, 150)
        with qtbot.waitExposed(shown):
            shown.show()
        panel.watch(shown)
    results: list[LiveResult] = []
    painted: list[float] = []

    def show(result: LiveResult) -> None:
        results.append(result)
        view.set_image(result.image)
        if len(results) < 3:
            other.set_image(result.image)

    panel.result.connect(show)
    start(panel, MadeSource(3))
    controller = panel.controller
    for count in (1, 2):
        detector.gate.release()
        qtbot.waitUntil(lambda count=count: len(controller._shown) == count, timeout=LONG_MS)
        _, to_screen, to_result = controller._shown[-1]
        assert to_screen > to_result == results[-1].latency_s
        painted.append(to_screen)
    detector.gate.release()
    qtbot.waitUntil(lambda: len(results) == 3, timeout=LONG_MS)
    assert controller.current_numbers().latency_s == pytest.approx(np.median(painted))
    wait_for_end(qtbot, panel)
    assert "ms" in panel.numbers["latency"].text()
    assert panel.numbers["dropped"].text() == "0, 0 not shown"


def test_the_next_person_is_followed_at_the_press_of_a_button(
    qtbot: QtBot, panel: LivePanel, detector: MadeDetector
) -> None:
    detector.gate = threading.Semaphore(1)
    results: list[LiveResult] = []
    panel.result.connect(results.append)
    start(panel, MadeSource(6))
    qtbot.waitUntil(lambda: len(results) == 1, timeout=LONG_MS)
    assert panel.people.text() == "One person in view"
    assert not panel.next_person.isEnabled()
    detector.others = (1,)
    detector.gate.release()
    qtbot.waitUntil(lambda: len(results) == 2, timeout=LONG_MS)
    assert panel.people.text() == "2 in view; following Person 1"
    panel.next_person.click()
    detector.gate.release()
    qtbot.waitUntil(lambda: len(results) == 3, timeout=LONG_MS)
    assert panel.people.text() == "2 in view; following Person 2"
    assert results[-1].person == 1
    panel.follow(0)
    detector.gate.release(3)
    wait_for_end(qtbot, panel)
    assert results[-1].person == 0
    assert (panel.people.text(), panel.next_person.isEnabled()) == ("", False)


def test_what_live_motion_does_without_stands_in_the_panel(panel: LivePanel) -> None:
    assert panel.limits.isVisible()
    assert panel.limits.height() >= panel.limits.heightForWidth(panel.limits.width()), "all of it can be read"
    for part in (
        "camera is taken as level",
        "feet are not held",
        "floor comes from the feet so far",
        "processed as a clip, is more accurate",
    ):
        assert part in panel.limits.text()
    panel.set_settings(Settings(camera_pitch_degrees=-12.5))
    assert "camera is taken to look up by 12.5 degrees" in panel.limits.text()


def test_a_recording_becomes_a_take(
    qtbot: QtBot, panel: LivePanel, detector: MadeDetector, tmp_path: Path
) -> None:
    detector.gate = threading.Semaphore(2)
    results: list[LiveResult] = []
    takes: list[Take] = []
    panel.result.connect(results.append)
    panel.recorded.connect(takes.append)
    assert not panel.record.isEnabled()
    start(panel, MadeSource(10))
    qtbot.waitUntil(lambda: bool(results) and results[-1].index == 1, timeout=LONG_MS)
    panel.record.click()
    assert panel.record.text() == "Stop recording"
    assert panel.record.isChecked()
    detector.gate.release(3)
    qtbot.waitUntil(lambda: results[-1].index == 4, timeout=LONG_MS)
    panel.record.click()
    assert panel.record.text() == "Record"
    detector.gate.release(5)
    qtbot.waitUntil(lambda: bool(takes), timeout=LONG_MS)
    wait_for_end(qtbot, panel)
    (take,) = takes
    assert take.keypoints[0, :, 0, 0].tolist() == [2, 3, 4]
    assert take.source.path.parent == tmp_path / "films"
    assert (take.source.width, take.source.height) == SIZE
    assert take.source.fps == pytest.approx(FPS, rel=1e-3)


def test_what_was_recorded_is_kept_when_the_camera_is_unplugged(
    qtbot: QtBot, panel: LivePanel, detector: MadeDetector
) -> None:
    detector.gate = threading.Semaphore(0)
    takes: list[Take] = []
    panel.recorded.connect(takes.append)
    start(panel, MadeSource(4, end=StudioError("Camera 7 stopped giving pictures; check its cable.")))
    panel.record.click()
    detector.gate.release(4)
    qtbot.waitUntil(lambda: bool(takes), timeout=LONG_MS)
    assert takes[0].frame_count() == 4
    assert not panel.is_running
    assert panel.message.text() == "Camera 7 stopped giving pictures; check its cable."


@pytest.mark.parametrize("stopped", [False, True])
def test_the_video_of_a_recording_is_whole_when_the_window_is_gone(
    qtbot: QtBot, panel: LivePanel, detector: MadeDetector, tmp_path: Path, stopped: bool
) -> None:
    del detector
    results: list[LiveResult] = []
    panel.result.connect(results.append)
    start(panel, MadeSource(10**9))
    panel.record.click()
    qtbot.waitUntil(lambda: len(results) > 5, timeout=LONG_MS)
    if stopped:
        panel.record.click()
    assert panel.close_session(LONG_MS / 1000)
    (file,) = (tmp_path / "films").iterdir()
    with open_video(file) as video:
        assert video.frame_count > 2


def test_a_view_that_is_gone_is_waited_for_no_more(
    qtbot: QtBot, panel: LivePanel, detector: MadeDetector
) -> None:
    detector.gate = threading.Semaphore(0)
    view = VideoView()
    panel.watch(view)
    view.deleteLater()
    QCoreApplication.sendPostedEvents(view, QEvent.Type.DeferredDelete)
    results: list[LiveResult] = []
    panel.result.connect(results.append)
    start(panel, MadeSource(1))
    detector.gate.release()
    qtbot.waitUntil(lambda: bool(results), timeout=LONG_MS)
    wait_for_end(qtbot, panel)


@pytest.mark.parametrize("record", [False, True])
def test_stop_ends_it_and_what_was_recorded_is_a_take(
    qtbot: QtBot, panel: LivePanel, detector: MadeDetector, record: bool
) -> None:
    del detector
    results: list[LiveResult] = []
    takes: list[Take] = []
    panel.result.connect(results.append)
    panel.recorded.connect(takes.append)
    source = MadeSource(10**9)
    start(panel, source)
    if record:
        panel.record.click()
    qtbot.waitUntil(lambda: len(results) > 2, timeout=LONG_MS)
    panel.start_button.click()
    assert not panel.start_button.isEnabled()
    wait_for_end(qtbot, panel)
    count = len(results)
    assert source.closed == 1
    if record:
        qtbot.waitUntil(lambda: bool(takes), timeout=LONG_MS)
        assert takes[0].frame_count() > 0
    assert len(results) == count
    assert panel.message.text() == ""
    assert panel.start_button.isEnabled()


def test_it_starts_again_after_an_end(qtbot: QtBot, panel: LivePanel, detector: MadeDetector) -> None:
    del detector
    for _ in range(2):
        results: list[LiveResult] = []
        panel.result.connect(results.append)
        start(panel, MadeSource(3))
        wait_for_end(qtbot, panel)
        assert results[-1].index == 2


def test_an_absent_camera_is_a_sentence_and_the_panel_lives_on(
    qtbot: QtBot, panel: LivePanel, detector: MadeDetector
) -> None:
    del detector
    start(panel, CameraSource(97))
    wait_for_end(qtbot, panel)
    assert panel.message.text().startswith("Camera 97 cannot be opened; ")
    assert panel.message.property("role") == "warning"
    results: list[LiveResult] = []
    panel.result.connect(results.append)
    start(panel, MadeSource(2))
    wait_for_end(qtbot, panel)
    assert results


def test_impossible_settings_are_a_sentence(panel: LivePanel) -> None:
    panel.set_settings(Settings(fov_degrees=300))
    start(panel, MadeSource(1))
    assert not panel.is_running
    assert "field of view of 300 degrees" in panel.message.text()


def test_a_bug_is_not_taken_for_a_stated_failure(
    qtbot: QtBot, panel: LivePanel, detector: MadeDetector
) -> None:
    detector.error = ZeroDivisionError("a bug")
    with qtbot.waitSignal(panel.failed, timeout=LONG_MS) as told:
        start(panel, MadeSource(2))
    assert told.args == [detector.error]
    wait_for_end(qtbot, panel)


def test_cameras_are_looked_for_and_files_stay_in_the_list(
    qtbot: QtBot, panel: LivePanel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("app.gui.live_panel.list_cameras", lambda: (0, 2))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "walk.mp4"), ""))
    assert not panel.start_button.isEnabled()
    panel.file.click()
    assert panel.source.currentData() == FileSource(tmp_path / "walk.mp4")
    panel.refresh.click()
    qtbot.waitUntil(lambda: panel.source.count() == 3, timeout=LONG_MS)
    assert [panel.source.itemText(row) for row in range(3)] == ["Camera 0", "Camera 2", "walk.mp4"]
    assert panel.source.currentText() == "walk.mp4", "the choice stays"
    assert panel.start_button.isEnabled()


def test_a_camera_is_started_once_the_list_of_cameras_is_made(
    qtbot: QtBot, panel: LivePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking for cameras opens them: a session that began meanwhile would find its camera busy."""
    may_end = threading.Event()
    order: list[str] = []

    def look() -> tuple[int, ...]:
        may_end.wait(LONG_MS / 1000)
        order.append("looked")
        return ()

    def open_camera(index: int) -> None:
        order.append(f"opened {index}")
        raise StudioError("Camera 0 cannot be opened; connect it.")

    monkeypatch.setattr("app.gui.live_panel.list_cameras", look)
    monkeypatch.setattr("app.live.sources.open_camera", open_camera)
    panel.refresh_cameras()
    start(panel, CameraSource(0))
    assert not panel.is_running
    may_end.set()
    qtbot.waitUntil(lambda: "cannot be opened" in panel.message.text(), timeout=LONG_MS)
    assert order == ["looked", "opened 0"]
    wait_for_end(qtbot, panel)


def test_a_stop_while_cameras_are_looked_for_starts_none(
    qtbot: QtBot, panel: LivePanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_end = threading.Event()
    camera_opened: list[int] = []

    def look() -> tuple[int, ...]:
        assert may_end.wait(LONG_MS / 1000)
        return (0,)

    monkeypatch.setattr("app.gui.live_panel.list_cameras", look)
    monkeypatch.setattr("app.live.sources.open_camera", camera_opened.append)
    panel.refresh_cameras()
    start(panel, CameraSource(0))
    panel.stop()  # as when the live page is left
    may_end.set()
    qtbot.waitUntil(lambda: not panel._cameras.is_busy, timeout=LONG_MS)
    qtbot.wait(300)
    assert not panel.is_running
    assert not camera_opened


def test_no_camera_is_a_sentence(qtbot: QtBot, panel: LivePanel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.gui.live_panel.list_cameras", lambda: ())
    panel.refresh.click()
    qtbot.waitUntil(lambda: "No camera was found" in panel.message.text(), timeout=LONG_MS)
    assert panel.refresh.isEnabled()


def test_a_real_clip_runs_live_in_the_window(qtbot: QtBot, tmp_path: Path) -> None:
    panel = LivePanel(folder=tmp_path)
    view = VideoView()
    for widget in (panel, view):
        qtbot.addWidget(widget)
        with qtbot.waitExposed(widget):
            widget.show()
    panel.watch(view)
    results: list[LiveResult] = []

    def show(result: LiveResult) -> None:
        results.append(result)
        view.set_image(result.image)
        view.set_people(result.keypoints[None], result.scores[None], 0)

    panel.result.connect(show)
    start(panel, FileSource(person_clip(tmp_path / "clip.mp4", 20), realtime=False))
    wait_for_end(qtbot, panel)
    assert results
    assert np.isfinite(results[-1].world).all()
    assert panel.controller.current_numbers().latency_s > 0
    assert panel.close_session(LONG_MS / 1000)
