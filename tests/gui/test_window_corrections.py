"""Corrections in the window: by mouse and menu, seen in 2D at once and in 3D soon after, undone and done again."""

from pathlib import Path

import numpy as np
import pytest
from driver import gone_to, keypoints_of, opened, pose_of, settled
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from app.edits import HideJoint, MoveJoint, NamePerson, SwapPeople, SwapSides
from app.gui.main_window import MainWindow
from app.project import open_project, save_project
from stcformer.skeleton import JOINTS, MIRROR
from tests.gui.conftest import Pump

WRIST = JOINTS.index("lwrist")
FRAME = 20


@pytest.fixture
def ready(window: MainWindow, pump: Pump, project: Path) -> MainWindow:
    """A processed clip at `FRAME`, and the lifter loaded."""
    opened(window, pump, project)
    gone_to(window, pump, FRAME)
    window.lifter.get(window.document.settings)
    return window


def dragged(window: MainWindow, pump: Pump, joint: int, by: tuple[int, int]) -> tuple[float, float]:
    """A joint dragged with the mouse, step by step; returns where it was let go, pixels of the video."""
    view = window.video_view
    x, y = view.viewport.to_widget(keypoints_of(window)[joint])
    start, end = QPoint(round(x), round(y)), QPoint(round(x) + by[0], round(y) + by[1])
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 6):
        QTest.mouseMove(view, start + (end - start) * step / 5)
        pump.run(0.02)
    return view.viewport.to_image(x + by[0], y + by[1])


def let_go(window: MainWindow, at: tuple[float, float]) -> None:
    x, y = window.video_view.viewport.to_widget(np.array(at))
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mouseRelease(window.video_view, left, none, QPoint(round(x), round(y)))


def test_a_dragged_joint_is_lifted_while_it_is_dragged(ready: MainWindow, pump: Pump) -> None:
    before = pose_of(ready)
    place = dragged(ready, pump, WRIST, (60, -40))
    np.testing.assert_allclose(keypoints_of(ready)[WRIST], place, atol=1.5)
    pump.until(lambda: not np.allclose(pose_of(ready), before), 30, "the 3D to follow the mouse")
    assert not ready.document.edits  # it is no edit before it is let go
    let_go(ready, place)
    settled(ready, pump)
    (edit,) = ready.document.edits
    assert isinstance(edit, MoveJoint)
    assert (edit.person, edit.frame, edit.joint) == (0, FRAME, WRIST)
    np.testing.assert_allclose((edit.x, edit.y), place, atol=1.5)
    assert ready.document.take is not None
    assert ready.document.take.edits == (edit,)
    np.testing.assert_allclose(pose_of(ready), ready.document.take.world[0, FRAME])


def test_undo_and_redo_go_all_the_way_into_the_3d(ready: MainWindow, pump: Pump) -> None:
    points, pose = keypoints_of(ready), pose_of(ready)
    let_go(ready, dragged(ready, pump, WRIST, (60, -40)))
    settled(ready, pump)
    moved_points, moved_pose = keypoints_of(ready), pose_of(ready)
    assert not np.allclose(moved_pose, pose)
    assert "move left wrist" in ready.actions_["undo"].text()
    pump.call(ready.actions_["undo"].trigger)
    np.testing.assert_allclose(keypoints_of(ready), points)
    settled(ready, pump)
    np.testing.assert_allclose(pose_of(ready), pose, atol=2e-4)
    assert not ready.actions_["undo"].isEnabled()
    pump.call(ready.actions_["redo"].trigger)
    settled(ready, pump)
    np.testing.assert_allclose(keypoints_of(ready), moved_points)
    np.testing.assert_allclose(pose_of(ready), moved_pose, atol=2e-4)


def test_escape_puts_the_joint_back(ready: MainWindow, pump: Pump) -> None:
    points, pose = keypoints_of(ready), pose_of(ready)
    dragged(ready, pump, WRIST, (60, -40))
    ready.video_view.setFocus()
    QTest.keyClick(ready.video_view, Qt.Key.Key_Escape)
    settled(ready, pump)
    np.testing.assert_allclose(keypoints_of(ready), points)
    np.testing.assert_allclose(pose_of(ready), pose, atol=2e-4)
    assert not ready.document.edits
    assert not ready.document.undo_stack.count()


def test_a_hidden_joint_is_gone_in_2d_and_guessed_in_3d(ready: MainWindow, pump: Pump) -> None:
    pose = pose_of(ready)
    pump.call(lambda: ready.video_view.joint_hide_requested.emit(0, WRIST))
    assert np.isnan(keypoints_of(ready)[WRIST]).all()
    settled(ready, pump)
    assert ready.document.edits == (HideJoint(0, FRAME, FRAME + 1, WRIST),)
    assert np.isfinite(pose_of(ready)).all()
    assert not np.allclose(pose_of(ready), pose)


def test_left_and_right_are_swapped_over_the_range(ready: MainWindow, pump: Pump) -> None:
    points = keypoints_of(ready)
    ready.player.clock.set_range(FRAME - 5, FRAME + 5)
    pump.call(ready.actions_["swap_range"].trigger)
    np.testing.assert_allclose(keypoints_of(ready), points[list(MIRROR)])
    settled(ready, pump)
    assert ready.document.edits == (SwapSides(0, FRAME - 5, FRAME + 5),)
    pump.until(lambda: ready.display.analysis is not None and ready.display.analysis.lanes.edited.any())
    assert ready.display.analysis is not None
    assert np.flatnonzero(ready.display.analysis.lanes.edited).tolist() == list(range(FRAME - 5, FRAME + 5))


def test_several_corrections_are_undone_one_by_one(ready: MainWindow, pump: Pump) -> None:
    points = keypoints_of(ready)
    for name in ("swap_frame", "swap_rest"):
        pump.call(ready.actions_[name].trigger)
    pump.call(lambda: ready.corrections.hide_joint_in_range(WRIST))
    assert len(ready.document.edits) == 3
    for count in (2, 1, 0):
        pump.call(ready.actions_["undo"].trigger)
        assert len(ready.document.edits) == count
    settled(ready, pump)
    np.testing.assert_allclose(keypoints_of(ready), points)
    assert not ready.isWindowModified()


def test_corrections_are_made_again_when_the_video_is_processed_again(ready: MainWindow, pump: Pump) -> None:
    let_go(ready, dragged(ready, pump, WRIST, (60, -40)))
    settled(ready, pump)
    edits, moved = ready.document.edits, keypoints_of(ready)[WRIST]
    before = ready.document.take
    pump.call(ready.actions_["process"].trigger)
    pump.until(lambda: ready.document.take is not before, 120, "the new Take")
    settled(ready, pump)
    gone_to(ready, pump, FRAME)
    assert ready.document.edits == edits
    np.testing.assert_allclose(keypoints_of(ready)[WRIST], moved, atol=1e-6)


@pytest.fixture
def two(window: MainWindow, pump: Pump, project: Path, tmp_path: Path) -> MainWindow:
    """The clip with a second person beside the first: a made one, 60 pixels further right."""
    from dataclasses import replace

    take = open_project(project)
    assert take.evidence is not None
    shift = np.array([60.0, 0.0])
    doubled = {
        name: np.concatenate([values, values + (shift if name == "keypoints" else 0.0)])
        for name, values in vars(take.evidence).items()
    }
    names = ("scores", "camera", "root_camera", "contacts", "feet", "foot_scores", "toes")
    both = {name: np.concatenate([getattr(take, name)] * 2) for name in names}
    both["keypoints"] = np.concatenate([take.keypoints, take.keypoints + shift])
    both["world"] = np.concatenate([take.world, take.world + np.array([0.8, 0.0, 0.0])])
    path = tmp_path / "two.stctake"
    save_project(replace(take, evidence=type(take.evidence)(**doubled), **both), path)
    opened(window, pump, path)
    gone_to(window, pump, FRAME)
    window.lifter.get(window.document.settings)
    return window


def test_a_click_on_a_person_chooses_that_person(two: MainWindow, pump: Pump) -> None:
    assert two.layout_.people_dock.isVisible()  # it shows itself when there is something to choose
    view = two.video_view
    x, y = view.viewport.to_widget(view._keypoints[1, JOINTS.index("rhip")])
    QTest.mouseClick(
        view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(round(x), round(y))
    )
    assert two.document.chosen == 1
    assert two.people_panel.list.currentRow() == 1
    pump.until(lambda: two.display.analysis is not None and two.display.analysis.person == 1)
    pump.call(two.actions_["next_person"].trigger)
    assert two.document.chosen == 0


def test_a_person_is_named_in_the_list(two: MainWindow, pump: Pump) -> None:
    item = two.people_panel.list.item(1)
    assert item is not None
    pump.call(lambda: item.setText("Ada"))
    assert two.document.edits == (NamePerson(1, "Ada"),)
    assert two.video_view._names == ("Person 1", "Ada")
    pump.call(two.actions_["undo"].trigger)
    again = two.people_panel.list.item(1)
    assert again is not None
    assert again.text() == "Person 2"


def test_two_people_swap_from_the_shown_frame_on(two: MainWindow, pump: Pump) -> None:
    first, second = two.video_view._keypoints.copy()
    pump.call(lambda: two.people_panel.swap_requested.emit(0, 1))
    np.testing.assert_allclose(two.video_view._keypoints, [second, first])
    settled(two, pump)
    assert two.document.edits == (SwapPeople(0, 1, FRAME),)
    gone_to(two, pump, FRAME - 1)
    assert two.video_view._keypoints[0, 0, 0] < two.video_view._keypoints[1, 0, 0]  # before it, as it was
    pump.call(two.actions_["undo"].trigger)
    gone_to(two, pump, FRAME)
    np.testing.assert_allclose(two.video_view._keypoints, [first, second])
