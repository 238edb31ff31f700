"""Live in the window, from a file in the place of a camera: both views follow, and a recording becomes a clip."""

from pathlib import Path

import numpy as np
import pytest
from driver import gone_to, opened, shown, shown_3d
from live_parts import MadeDetector, other_person
from made_takes import exact_take
from synthetic_body import turn_around, walk

from app.gui.main_window import MainWindow
from app.gui.window_layout import CLIP, LIVE
from app.live import FileSource, LiveResult
from tests.gui.conftest import Pump


@pytest.fixture(autouse=True)
def no_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's cameras stay off."""
    from app.gui import live_panel

    monkeypatch.setattr(live_panel, "list_cameras", lambda: ())


def gone_live(window: MainWindow, pump: Pump, source: Path) -> list[LiveResult]:
    """Live from a file, until somebody was seen."""
    window.lifter.get(window.document.settings)
    pump.is_watching = False  # the panel is made
    window.set_mode(LIVE)
    pump.run(0.1)
    pump.is_watching = True
    results: list[LiveResult] = []
    window.live().panel.result.connect(results.append)
    pump.call(lambda: window.start_live(FileSource(source)))
    pump.until(lambda: any(np.isfinite(result.world).all() for result in results), 90, "somebody to be seen")
    return results


def gone_recording(window: MainWindow, pump: Pump, source: Path, folder: Path, count: int) -> None:
    """Live, and recording into a folder, until there are so many pictures."""
    results = gone_live(window, pump, source)
    panel = window.live().panel
    panel.set_folder(folder)
    pump.call(panel.record.click)
    start = len(results)
    pump.until(lambda: len(results) > start + count, 90, "some pictures")


def test_live_shows_the_person_in_both_views(window: MainWindow, pump: Pump, long_clip: Path) -> None:
    results = gone_live(window, pump, long_clip)
    pump.until(lambda: len(results) > 10)
    newest = results[-1]
    np.testing.assert_allclose(window.video_view._keypoints[0], newest.keypoints)
    np.testing.assert_allclose(window.scene_view._viewpoint.poses[0], newest.world)
    assert shown(window.video_view).std() > 10
    assert shown_3d(window).std() > 5
    assert not window.actions_["process"].isEnabled()
    pump.until(lambda: "ms" in window.live().panel.numbers["latency"].text(), what="the latency")


def test_going_back_to_the_clip_ends_the_session_and_shows_the_clip(
    window: MainWindow, pump: Pump, long_clip: Path, project: Path
) -> None:
    opened(window, pump, project)
    gone_to(window, pump, 15)
    gone_live(window, pump, long_clip)
    pump.call(lambda: window.set_mode(CLIP))
    pump.until(lambda: not window.live().panel.is_running, 20, "the end of the session")
    pump.run(0.3)
    take = window.document.take
    assert take is not None
    np.testing.assert_allclose(window.video_view._keypoints[0], take.keypoints[0, 15])
    np.testing.assert_allclose(window.scene_view._viewpoint.poses[0], take.world[0, 15])
    gone_to(window, pump, 16)


def test_a_recording_becomes_a_clip_that_can_be_corrected(
    window: MainWindow, pump: Pump, long_clip: Path, tmp_path: Path
) -> None:
    gone_recording(window, pump, long_clip, tmp_path / "recordings", 30)
    panel = window.live().panel
    pump.call(panel.record.click)
    pump.until(lambda: window.document.take is not None, 120, "the recording to be opened")
    take = window.document.take
    assert take is not None
    assert take.frame_count() >= 25
    assert take.evidence is not None
    assert window.layout_.below.currentIndex() == CLIP
    assert window.isWindowModified()  # no project file holds it yet
    assert window.document.path is not None
    assert window.document.path.parent == tmp_path / "recordings"
    pump.until(lambda: window.shown_frame == 0)
    pump.call(window.actions_["swap_frame"].trigger)
    assert len(window.document.edits) == 1
    pump.until(lambda: not window.document.is_outdated, what="the 3D to follow")
    pump.until(lambda: not panel.is_running, 20, "the end of the session")


def test_a_window_closed_while_it_records_makes_a_clip_of_it_first(
    window: MainWindow, pump: Pump, long_clip: Path, answers: dict[str, object], tmp_path: Path
) -> None:
    gone_recording(window, pump, long_clip, tmp_path / "recordings", 10)
    assert not pump.call(window.close)
    assert window.isVisible()
    assert "close the window again" in window.notice.text
    pump.until(lambda: window.document.take is not None, 120, "the recording to be opened")
    answers["ask_to_save"] = "cancel"
    assert not pump.call(window.close)
    pump.run(0.2)
    assert window.isVisible()
    answers["ask_to_save"] = "discard"


def test_a_click_on_another_person_or_a_key_follows_them_and_leaves_the_clip_alone(
    window: MainWindow, pump: Pump, long_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = MadeDetector()
    detector.others = (1,)
    monkeypatch.setattr("app.live.session.create_detector", lambda _name: detector)
    chosen: list[int] = []
    window.lifter.get(window.document.settings)
    pump.is_watching = False  # the panel is made
    window.document.set_project(None, exact_take(walk(20, 30.0), turn_around(20)), None)
    window.document.person_changed.connect(chosen.append)
    window.set_mode(LIVE)
    pump.is_watching = True
    results: list[LiveResult] = []
    window.live().panel.result.connect(results.append)
    pump.call(lambda: window.start_live(FileSource(long_clip)))
    pump.until(lambda: bool(results), 90, "a result")
    view = window.video_view
    assert view._names == ("Person 1", "Person 2")
    pump.call(lambda: view.person_clicked.emit(1))
    pump.until(lambda: results[-1].person == 1, 20, "the other to be followed")
    pump.until(lambda: view._names == ("Person 2", "Person 1"))
    np.testing.assert_array_equal(view._keypoints[0], other_person(1).keypoints)
    assert window.actions_["next_person"].isEnabled()
    pump.call(window.actions_["next_person"].trigger)
    pump.until(lambda: results[-1].person == 0, 20, "the first to be followed again")
    assert chosen == []


def test_closing_the_window_ends_the_session(window: MainWindow, pump: Pump, long_clip: Path) -> None:
    gone_live(window, pump, long_clip)
    pump.is_watching = False
    window.close()
    assert not window.isVisible()
    assert not window.live().panel.is_running
