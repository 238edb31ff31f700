"""The 3D view under a hand: its buttons and menus, the mouse, a touchpad and keys."""

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from app.gui.scene_view import SceneView
from app.scene.camera import VideoCamera
from tests.gui.scene_view_hand import (
    FACING_THE_CAMERA,
    PLAIN,
    SHIFT,
    J,
    canvas_of,
    drag,
    finish_turn,
    picture,
    places,
    press,
    show_person,
    shown_scene_view,
    two_fingers,
    wheel,
)
from tests.synthetic_body import IMAGE_SIZE, walk


@pytest.fixture
def view(qtbot: QtBot) -> SceneView:
    return shown_scene_view(qtbot)


def test_a_turn_asked_for_by_a_button_ends_where_it_should(view: SceneView, qtbot: QtBot) -> None:
    show_person(view, "front")
    with qtbot.waitSignal(view.view_changed) as changed:
        view.toolbar.views["side"].click()
    assert changed.args == ["side"]
    finish_turn(view)
    turned = picture(view)
    view.look_from("side")
    np.testing.assert_array_equal(picture(view), turned)
    assert view.toolbar.views["side"].isChecked()
    assert not view.toolbar.views["front"].isChecked()


def test_a_button_pressed_once_more_shows_the_other_side(view: SceneView) -> None:
    show_person(view, "front")
    view.toolbar.views["front"].click()
    assert view.view == "back"
    assert view.toolbar.views["front"].isChecked()
    view.toolbar.views["front"].click()
    assert view.view == "front"


def test_the_camera_button_waits_for_a_camera(view: SceneView) -> None:
    button = view.toolbar.views["camera"]
    assert not button.isEnabled()
    view.set_camera(VideoCamera((0, 0, 1.4), (0, 1, 0), 60.0, IMAGE_SIZE))
    assert button.isEnabled()
    view.look_from("camera")
    view.set_camera(None)
    assert view.view == "free"
    assert not button.isEnabled()


def test_the_trail_menu_asks_for_a_joints_path_in_the_clips_frames(view: SceneView, qtbot: QtBot) -> None:
    view.set_motion(walk(60, 50)[None], 50.0)
    action = next(each for each in view.toolbar.trail_menu.actions() if each.text() == "Left wrist")
    with qtbot.waitSignal(view.trail_changed) as changed:
        action.trigger()
    assert changed.args == [J["lwrist"], 25]
    assert view.toolbar.trail.isChecked()
    press(view, "t")
    assert not view.toolbar.trail.isChecked()
    press(view, "t")
    assert view.toolbar.trail.isChecked()


def test_a_drag_turns_the_scene_with_the_cursor(view: SceneView, qtbot: QtBot) -> None:
    show_person(view, "front")
    nose = FACING_THE_CAMERA[0, J["neck"]]
    before = places(view, nose)
    drag(view, qtbot, (60, 0), PLAIN)
    assert places(view, nose)[0] > before[0] + 3, "the near side goes with the cursor"
    assert view.view == ""
    assert not any(button.isChecked() for button in view.toolbar.views.values())
    elevation = canvas_of(view).look.elevation
    drag(view, qtbot, (0, 50), PLAIN)
    assert canvas_of(view).look.elevation > elevation + 5


def test_a_drag_with_shift_moves_what_is_under_the_cursor_as_far(view: SceneView, qtbot: QtBot) -> None:
    show_person(view, "free")
    centre = np.array(canvas_of(view).look.centre)
    before = places(view, centre)
    drag(view, qtbot, (50, -40), SHIFT)
    np.testing.assert_allclose(places(view, centre) - before, (50, -40), atol=0.5)


def test_the_wheel_comes_nearer_and_double_click_shows_everything_again(
    view: SceneView, qtbot: QtBot
) -> None:
    show_person(view)
    canvas = canvas_of(view)
    start = canvas.look.distance
    wheel(canvas, 5)
    assert canvas.look.distance == pytest.approx(start / 1.13**5)
    for _ in range(80):
        wheel(canvas, -3)
    assert canvas.look.distance < 200
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    finish_turn(view)
    assert canvas.look.distance == pytest.approx(start)


def test_two_fingers_on_a_touchpad_turn_move_and_zoom(view: SceneView) -> None:
    show_person(view)
    canvas = canvas_of(view)
    start = canvas.look
    two_fingers(canvas, QPoint(40, 20), PLAIN)
    turned = canvas.look
    assert turned.centre == start.centre
    assert turned.distance == start.distance
    assert turned.azimuth == pytest.approx(start.azimuth - 16)
    assert turned.elevation == pytest.approx(start.elevation + 8)
    two_fingers(canvas, QPoint(0, 30), SHIFT)
    assert canvas.look.centre[2] > turned.centre[2]
    assert canvas.look.azimuth == turned.azimuth
    two_fingers(canvas, QPoint(0, 30), Qt.KeyboardModifier.ControlModifier)
    assert canvas.look.distance < turned.distance


def test_the_view_cannot_be_turned_over(view: SceneView, qtbot: QtBot) -> None:
    show_person(view)
    for _ in range(12):
        drag(view, qtbot, (0, 200), PLAIN)
    assert canvas_of(view).look.elevation == 90
    assert np.isfinite(picture(view)).all()


def test_keys_choose_the_view_and_those_of_the_playback_are_left_alone(view: SceneView) -> None:
    show_person(view, "free")
    assert press(view, "3").isAccepted()
    assert view.view == "side"
    assert press(view, "3").isAccepted()
    assert view.view == "left"
    assert press(view, "g").isAccepted()
    assert view.toolbar.follow.isChecked()
    press(view, "5")
    assert view.view == "left", "there is no camera yet"
    for other in (" ", "k", "n"):
        assert not press(view, other).isAccepted()


def test_a_click_on_a_figure_tells_whose_it_is_and_a_drag_does_not(view: SceneView, qtbot: QtBot) -> None:
    both = np.concatenate(
        (FACING_THE_CAMERA - np.array([0.9, 0, 0]), FACING_THE_CAMERA + np.array([0.9, 0, 0]))
    )
    view.set_poses(both, 0)
    view.look_from("front")
    clicked: list[int] = []
    view.person_clicked.connect(clicked.append)
    place = places(view, both[1, J["spine"]])
    qtbot.mouseClick(canvas_of(view), Qt.MouseButton.LeftButton, pos=QPointF(*place).toPoint())
    assert clicked == [1]
    qtbot.mouseClick(canvas_of(view), Qt.MouseButton.LeftButton, pos=QPoint(8, 250))
    drag(view, qtbot, (30, 0), PLAIN)
    assert clicked == [1]
