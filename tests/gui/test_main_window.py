"""The whole window with a real clip: open, play, process, stop, close."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from driver import colour_share, gone_to, keypoints_of, opened, pixels, shown, shown_3d
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent

from app.export.colours import LEFT_COLOUR, RIGHT_COLOUR
from app.gui.main_window import MainWindow
from app.pipeline import Partial
from stcformer.skeleton import LEFT, RIGHT
from tests.gui.conftest import Pump


def test_an_empty_window_says_what_to_do_and_offers_nothing_else(window: MainWindow) -> None:
    assert not window.layout_.process_bar.button.isEnabled()
    for name in ("save", "export", "process", "play", "undo", "swap_frame", "next_check"):
        assert not window.actions_[name].isEnabled(), name
    for name in ("open", "live", "settings", "demo", "shortcuts"):
        assert window.actions_[name].isEnabled(), name
    assert "Ctrl+O" in window.video_view._empty_text


def test_a_dropped_video_is_shown_and_plays_before_anything_is_computed(
    window: MainWindow, pump: Pump, clip: Path
) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(clip))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(100, 100), Qt.DropAction.CopyAction, mime, left, none)
    pump.call(lambda: window.dropEvent(event))
    pump.until(lambda: window.shown_frame == 0, what="the first frame")
    assert event.isAccepted()
    assert window.document.take is None
    before = shown(window.video_view)
    window.actions_["play"].trigger()
    pump.until(lambda: (window.shown_frame or 0) > 5, what="playback")
    window.actions_["play"].trigger()
    assert not window.player.clock.is_playing
    assert np.abs(shown(window.video_view) - before).max() > 30


def test_opening_a_clip_and_its_notes_do_not_move_the_views(
    window: MainWindow, pump: Pump, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = {window.video_view.height()}
    opened(window, pump, clip)
    pump.run(0.2)
    sizes.add(window.video_view.height())
    monkeypatch.setattr(window.notes, "sentences", lambda: ("Something to be wary of.",))
    pump.call(window.document.take_changed.emit)
    pump.call(window.notice.clear)
    pump.until(window.notes.button.isVisible, what="the button")
    pump.run(0.2)
    sizes.add(window.video_view.height())
    assert len(sizes) == 1


def test_a_file_that_is_no_video_gives_a_sentence_and_leaves_the_open_clip(
    window: MainWindow, pump: Pump, clip: Path, tmp_path: Path
) -> None:
    opened(window, pump, clip)
    window.player.clock.set_range(5, 20)
    gone_to(window, pump, 7)
    picture = shown(window.video_view)
    wrong = tmp_path / "letter.mp4"
    wrong.write_text("no video at all")
    shown_frames: list[int] = []
    window.player.showing.connect(lambda frame, image: shown_frames.append(-1 if image is None else frame))
    pump.call(lambda: window.open(wrong))
    pump.call(lambda: window.player.clock.step(1))
    pump.until(lambda: "letter.mp4" in window.notice.text, what="the sentence")
    pump.call(window.notice.clear)
    pump.until(lambda: window.player.has_video and window.shown_frame is not None, what="the open clip")
    pump.until(lambda: window.shown_frame == window.player.clock.frame, what="its frame")
    assert window.document.path == clip
    assert window.player.clock.frame == 7
    assert window.player.clock.range == (5, 20)
    assert -1 not in shown_frames, "the picture never went away"
    assert np.abs(shown(window.video_view) - picture).max() < 30
    gone_to(window, pump, 12)


def test_processing_shows_what_is_known_and_ends_with_the_person_in_both_views(
    window: MainWindow, pump: Pump, clip: Path
) -> None:
    opened(window, pump, clip)
    partials: list[Partial] = []
    stages: list[str] = []
    window.work.processing.known.connect(partials.append)
    window.work.processing.progressed.connect(lambda progress: stages.append(progress.stage))
    pump.call(window.layout_.process_bar.button.click)
    assert window.layout_.process_bar.button.text() == "Cancel"
    pump.until(lambda: window.document.take is not None, 120, "the Take")
    assert partials
    assert {"detect", "motion"} <= set(stages)
    assert window.layout_.process_bar.button.text() == "Process again"
    take = window.document.take
    assert take is not None
    assert take.seen(0).sum() > 30

    pump.until(lambda: window.display.analysis is not None, what="the analysis")
    gone_to(window, pump, 20)
    np.testing.assert_allclose(keypoints_of(window), take.keypoints[0, 20])
    pump.run(0.3)
    check_that_the_skeleton_is_drawn_where_the_joints_are(window)
    pictured = shown_3d(window)
    assert colour_share(pictured, LEFT_COLOUR) > 0.003
    assert colour_share(pictured, RIGHT_COLOUR) > 0.003


def check_that_the_skeleton_is_drawn_where_the_joints_are(window: MainWindow) -> None:
    """At least most joints that are sure to be seen have their side's colour in the video view."""
    view = window.video_view
    points = view.viewport.to_widget(keypoints_of(window))
    picture = shown(view)
    ratio = picture.shape[1] / view.width()
    for joints, colour in ((LEFT, LEFT_COLOUR), (RIGHT, RIGHT_COLOUR)):
        hits = 0
        for joint in joints:
            x, y = np.round(points[joint] * ratio).astype(int)
            spot = picture[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].reshape(-1, 3)
            hits += bool(len(spot)) and np.abs(spot - np.array(colour)).max(axis=1).min() < 60
        assert hits >= 4, f"{hits} of {len(joints)} joints are drawn in {colour}"


def test_a_stop_comes_within_a_second_and_changes_nothing(
    window: MainWindow, pump: Pump, long_clip: Path
) -> None:
    opened(window, pump, long_clip)
    pump.call(window.work.start)
    pump.until(lambda: window.document._partial is not None, 60, "the first results")
    began = time.monotonic()
    pump.call(window.layout_.process_bar.button.click)
    pump.until(lambda: not window.work.is_running, 20, "the stop")
    assert time.monotonic() - began < 5  # a second, on a machine with nothing else to do
    assert window.document.take is None
    assert window.layout_.process_bar.button.text() == "Process"
    gone_to(window, pump, 3)
    assert not len(window.video_view._keypoints)


def test_closing_during_work_ends_it(window: MainWindow, pump: Pump, long_clip: Path) -> None:
    opened(window, pump, long_clip)
    pump.call(window.work.start)
    pump.until(lambda: window.document._partial is not None, 60, "the first results")
    pump.is_watching = False
    window.close()
    assert not window.isVisible()
    thread = window.work.processing._thread
    assert thread is not None
    assert not thread.is_alive()


def test_opening_another_video_during_work_drops_the_work(
    window: MainWindow, pump: Pump, long_clip: Path, clip: Path
) -> None:
    opened(window, pump, long_clip)
    pump.call(window.work.start)
    pump.until(lambda: window.document._partial is not None, 60, "the first results")
    opened(window, pump, clip)
    assert not window.work.is_running
    assert window.document.take is None
    pump.run(1.0)
    assert not len(window.video_view._keypoints)  # nothing of the other video's comes late


def test_the_keys_step_and_jump(window: MainWindow, pump: Pump, clip: Path) -> None:
    opened(window, pump, clip)
    for name, frame in (("forward", 1), ("forward_ten", 11), ("back", 10), ("last", 39), ("first", 0)):
        pump.call(window.actions_[name].trigger)
        pump.until(lambda frame=frame: window.shown_frame == frame, what=f"frame {frame} after {name}")


def test_a_range_is_set_from_where_one_stands(window: MainWindow, pump: Pump, clip: Path) -> None:
    opened(window, pump, clip)
    gone_to(window, pump, 10)
    window.actions_["range_start"].trigger()
    gone_to(window, pump, 19)
    window.actions_["range_stop"].trigger()
    assert window.player.clock.range == (10, 20)
    assert window.timeline._range == (10, 20)
    window.actions_["range_all"].trigger()
    assert window.player.clock.range == (0, 40)


def test_the_status_bar_names_the_lifter_that_is_loaded_when_another_is_chosen(
    window: MainWindow, pump: Pump
) -> None:
    label, document = window.layout_.device_label, window.document
    pump.call(window.preload)
    assert label.text() == "Loading the lifter…"
    pump.until(lambda: window.ready is not None, 90, "the lifter")
    assert label.text().startswith("wild-27 on ")
    described = label.toolTip()
    assert described
    pump.call(lambda: document.set_settings(replace(document.settings, lifter="wild-81", device="cpu")))
    assert label.text() == "Loading the lifter…", "not what is only wanted"
    pump.until(lambda: label.text().startswith("wild-81 on "), 60, "the other lifter")
    assert window.lifter.get(document.settings).weights.name == "wild-81"
    assert label.toolTip() == described
    assert any(line.startswith("Lifter: wild-81 on ") for line in window.lifter_label.lines()), (
        "for diagnostics"
    )
    pump.call(lambda: document.set_settings(replace(document.settings, smoothing="none")))
    assert label.text().startswith("wild-81 on "), "nothing is loaded for another setting"
    pump.call(lambda: document.set_settings(replace(document.settings, detector="mediapipe-tasks")))
    assert label.toolTip() == "mediapipe-tasks, loaded when it is first used"
    pump.call(lambda: document.set_settings(replace(document.settings, lifter="nowhere.pth")))
    pump.until(lambda: label.text() == "nowhere.pth is not loaded", 60, "the failure")
    assert "nowhere.pth" in label.toolTip()
    pump.call(lambda: document.set_settings(replace(document.settings, lifter="wild-27")))
    pump.until(lambda: label.text().startswith("wild-27 on "), 60, "the first again")


def test_a_change_of_theme_reaches_every_part(window: MainWindow, pump: Pump, project: Path) -> None:
    opened(window, pump, project)
    window.layout_.curves_dock.show()
    window.layout_.people_dock.show()
    brightness = {}
    pump.is_watching = False  # every widget is styled anew, which nobody does while playing
    for choice in ("dark", "light", "dark", "light"):
        window.actions_[f"theme_{choice}"].trigger()
        pump.run(0.3)
        parts = (window.timeline, window.curve_view.plots, window.toolbar, window.scene_view.toolbar)
        brightness[choice] = [float(np.median(shown(part))) for part in parts]
        brightness[choice].append(float(np.median(shown_3d(window))))
    assert all(light > dark + 60 for dark, light in zip(brightness["dark"], brightness["light"], strict=True))
    assert pixels(window.grab().toImage()).std() > 5


@pytest.mark.parametrize("name", ["front", "side", "top", "camera", "free"])
def test_the_3d_view_looks_from_every_side_with_the_person_in_it(
    name: str, window: MainWindow, pump: Pump, project: Path
) -> None:
    opened(window, pump, project)
    gone_to(window, pump, 10)
    pump.call(window.actions_[f"view_{name}"].trigger)
    pump.run(0.5)
    assert window.scene_view.view == name
    picture = shown_3d(window)
    assert colour_share(picture, LEFT_COLOUR) + colour_share(picture, RIGHT_COLOUR) > 0.004
