"""The video view in a real window: joints and people in pixels, and what the hand does to them."""

from collections.abc import Callable

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot
from video_view_hand import (
    ANKLE,
    GREY,
    HIP,
    LEFT_BUTTON,
    LOOK_NAMES,
    LOOKS,
    OTHER,
    PERSON,
    WRIST,
    centre,
    collect,
    drag,
    grab,
    is_colour,
    move,
    moves_of,
    overrides,
    shown_view,
    widget_pixel,
)

from app.export.colours import LEFT_COLOUR, MIDDLE_COLOUR, RIGHT_COLOUR
from app.gui.video_view import VideoView


@pytest.fixture
def view(qtbot: QtBot) -> VideoView:
    """A view of 640x400 with a grey picture of 640x400 and one certain, editable person."""
    return shown_view(qtbot)


def _one_joint(view: VideoView, joint: int, x: float, y: float, score: float = 1.0) -> None:
    keypoints, scores = np.full((1, 17, 2), np.nan), np.zeros((1, 17))
    keypoints[0, joint], scores[0, joint] = (x, y), score
    view.set_people(keypoints, scores, 0)


@pytest.mark.parametrize("density", [1, 2])
@pytest.mark.parametrize("look", LOOKS, ids=LOOK_NAMES)
@pytest.mark.parametrize(
    ("joint", "colour"), [(WRIST, LEFT_COLOUR), (ANKLE, RIGHT_COLOUR), (HIP, MIDDLE_COLOUR)]
)
def test_a_joint_is_drawn_where_it_lies_in_the_colour_of_its_side(
    view: VideoView,
    look: Callable[[VideoView], None],
    joint: int,
    colour: tuple[int, int, int],
    density: int,
) -> None:
    look(view)
    _one_joint(view, joint, 301.3, 203.8)
    expected = view.viewport.to_widget(np.array((301.3, 203.8)))
    shown = is_colour(grab(view, density), colour)
    np.testing.assert_allclose(centre(shown, density), expected, atol=0.6)


@pytest.mark.parametrize("look", LOOKS[:4], ids=LOOK_NAMES[:4])
def test_dragging_a_joint_gives_image_coordinates(
    qtbot: QtBot, view: VideoView, look: Callable[[VideoView], None]
) -> None:
    look(view)
    _one_joint(view, WRIST, 300, 200)
    moves = moves_of(view)
    start = widget_pixel(view, np.array((300.0, 200.0))) + QPoint(
        3, -2
    )  # not exactly on it: it must not jump
    end = start + QPoint(31, 22)
    drag(qtbot, view, start, end)
    scale = view.viewport.scale
    assert [moved[:2] for moved in moves] == [(0, WRIST)] * 4
    assert [moved[4] for moved in moves] == [False, False, False, True]
    for moved in moves[2:]:
        assert moved[2:4] == pytest.approx((300 + 31 / scale, 200 + 22 / scale), abs=1e-6)
    expected = view.viewport.to_widget(np.array(moves[-1][2:4]))
    move(view, QPoint(5, 5))
    shown = is_colour(grab(view), LEFT_COLOUR)  # it stays there
    np.testing.assert_allclose(centre(shown), expected, atol=0.6)


def test_a_dragged_joint_stays_under_the_cursor_when_people_are_set_meanwhile(
    qtbot: QtBot, view: VideoView
) -> None:
    start = widget_pixel(view, PERSON[WRIST])
    qtbot.mousePress(view, LEFT_BUTTON, pos=start)
    move(view, start + QPoint(40, 30), LEFT_BUTTON)
    view.set_people(PERSON[None], np.ones((1, 17)), 0)  # as a rebuild of the frame before it does
    moves = moves_of(view)
    qtbot.mouseRelease(view, LEFT_BUTTON, pos=start + QPoint(40, 30))
    assert moves == [(0, WRIST, PERSON[WRIST, 0] + 40, PERSON[WRIST, 1] + 30, True)]


def test_a_joint_cannot_be_dragged_out_of_the_picture(qtbot: QtBot, view: VideoView) -> None:
    moves = moves_of(view)
    drag(qtbot, view, widget_pixel(view, PERSON[WRIST]), QPoint(-500, 1000))
    assert moves[-1] == (0, WRIST, 0.0, 400.0, True)


def test_a_click_on_a_joint_moves_nothing_and_chooses_the_person(qtbot: QtBot, view: VideoView) -> None:
    moves, clicked = moves_of(view), collect(view.person_clicked)
    at = widget_pixel(view, PERSON[WRIST])
    qtbot.mousePress(view, LEFT_BUTTON, pos=at)
    move(view, at + QPoint(1, 1), LEFT_BUTTON)
    qtbot.mouseRelease(view, LEFT_BUTTON, pos=at + QPoint(1, 1))
    assert moves == []
    assert clicked == [(0,)]


def test_escape_gives_a_drag_up(qtbot: QtBot, view: VideoView) -> None:
    moves, cancelled = moves_of(view), collect(view.joint_move_cancelled)
    start = widget_pixel(view, PERSON[WRIST])
    qtbot.mousePress(view, LEFT_BUTTON, pos=start)
    move(view, start + QPoint(30, 0), LEFT_BUTTON)
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    move(view, start + QPoint(60, 0), LEFT_BUTTON)
    qtbot.mouseRelease(view, LEFT_BUTTON, pos=start + QPoint(60, 0))
    assert cancelled == [(0, WRIST)]
    assert [moved[4] for moved in moves] == [False]
    expected = view.viewport.to_widget(PERSON[WRIST])
    move(view, QPoint(630, 10))
    shown = grab(view)[int(expected[1]), int(expected[0])]
    np.testing.assert_allclose(shown, LEFT_COLOUR, atol=8)


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_over_a_joint_asks_to_hide_it(qtbot: QtBot, view: VideoView, key: Qt.Key) -> None:
    hidden = collect(view.joint_hide_requested)
    move(view, widget_pixel(view, PERSON[ANKLE]))
    qtbot.keyClick(view, key)
    assert hidden == [(0, ANKLE)]
    move(view, QPoint(630, 10))
    qtbot.keyClick(view, key)
    assert hidden == [(0, ANKLE)]


def test_the_menu_over_a_joint_hides_it(view: VideoView) -> None:
    hidden = collect(view.joint_hide_requested)
    actions = view.menu_at(QPointF(widget_pixel(view, PERSON[ANKLE]))).actions()
    assert actions[0].text().startswith("Hide right ankle")
    actions[0].trigger()
    assert hidden == [(0, ANKLE)]


def test_the_menu_beside_a_joint_puts_a_missing_one_there(view: VideoView) -> None:
    scores = np.ones((1, 17))
    scores[0, [WRIST, ANKLE]] = 0
    view.set_people(PERSON[None], scores, 0)
    moves = moves_of(view)
    places = view.menu_at(QPointF(500, 300)).actions()[0].menu()
    assert places is not None
    assert [action.text() for action in places.actions()] == ["right ankle", "left wrist"]
    places.actions()[1].trigger()
    assert moves == [(0, WRIST, 500.0, 300.0, True)]


def test_nothing_can_be_changed_when_not_editable(qtbot: QtBot, view: VideoView) -> None:
    view.set_editable(False)
    moves, hidden = moves_of(view), collect(view.joint_hide_requested)
    start = widget_pixel(view, PERSON[WRIST])
    move(view, start)
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert [action.text() for action in view.menu_at(QPointF(start)).actions() if action.text()] == [
        "Fit picture"
    ]
    drag(qtbot, view, start, start + QPoint(40, 30))
    assert (moves, hidden) == ([], [])
    assert (view.viewport.left, view.viewport.top) == (40, 30)  # it panned


def test_a_click_on_another_person_chooses_them_and_their_joints_are_not_moved(
    qtbot: QtBot, view: VideoView
) -> None:
    view.set_people(np.stack((PERSON, OTHER)), np.ones((2, 17)), 0, ("Ann", "Bo"))
    moves, clicked = moves_of(view), collect(view.person_clicked)
    qtbot.mouseClick(view, LEFT_BUTTON, pos=widget_pixel(view, OTHER[8] + np.array((2, 10))))
    assert clicked == [(1,)]
    drag(qtbot, view, widget_pixel(view, OTHER[WRIST]), widget_pixel(view, OTHER[WRIST]) + QPoint(-30, 0))
    assert moves == []
    choose = next(
        a for a in view.menu_at(QPointF(widget_pixel(view, OTHER[8]))).actions() if "Choose" in a.text()
    )
    assert choose.text() == "Choose Bo"


def test_a_click_beside_everybody_chooses_nobody(qtbot: QtBot, view: VideoView) -> None:
    clicked = collect(view.person_clicked)
    qtbot.mouseClick(view, LEFT_BUTTON, pos=QPoint(600, 380))
    assert clicked == []


def test_other_people_and_uncertain_joints_are_dimmer(view: VideoView) -> None:
    def strength(person: int, score: float) -> float:
        keypoints = np.full((2, 17, 2), np.nan)
        keypoints[person, WRIST] = 300, 200
        view.set_people(keypoints, np.full((2, 17), score), 0)
        return float(np.abs(grab(view)[200, 300] - GREY).sum())

    certain, unsure, other = strength(0, 1.0), strength(0, 0.3), strength(1, 1.0)
    assert certain > 1.5 * unsure > 0
    assert certain > 1.5 * other > 0


def test_joints_that_are_missing_are_not_drawn(view: VideoView) -> None:
    keypoints, scores = PERSON[None].copy(), np.ones((1, 17))
    keypoints[0, 3:] = np.nan
    scores[0, :3] = 0
    view.set_people(keypoints, scores, 0)
    assert (grab(view) == GREY).all()
    view.set_people(np.full((3, 17, 2), np.nan), np.full((3, 17), np.nan), 2)
    assert (grab(view) == GREY).all()


def test_names_are_shown_for_several_people_only(view: VideoView) -> None:
    above = (slice(20, 50), slice(190, 250))  # over the person's head
    assert (grab(view)[above] == GREY).all()
    view.set_people(np.stack((PERSON, OTHER)), np.ones((2, 17)), 0, ("Ann", "Bo"))
    assert (grab(view)[above] != GREY).any()


def test_the_joint_under_the_cursor_is_marked(view: VideoView) -> None:
    before = grab(view)
    move(view, widget_pixel(view, PERSON[WRIST]) + QPoint(2, 2))
    x, y = (int(value) for value in PERSON[WRIST])
    ring = grab(view)[y, x - 10 : x - 4]
    assert (ring != before[y, x - 10 : x - 4]).any()
    move(view, QPoint(630, 10))
    np.testing.assert_array_equal(grab(view), before)


def test_a_joint_that_moves_away_under_a_resting_cursor_is_no_longer_marked(
    qtbot: QtBot, view: VideoView
) -> None:
    hidden = collect(view.joint_hide_requested)
    move(view, widget_pixel(view, PERSON[WRIST]))
    moved = PERSON[None] - np.array((0.0, 40.0))
    view.set_people(moved, np.ones((1, 17)), 0)  # the next frame
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert hidden == []


def test_a_button_let_go_where_nobody_told_the_view_ends_the_drag(qtbot: QtBot, view: VideoView) -> None:
    cancelled = collect(view.joint_move_cancelled)
    start = widget_pixel(view, PERSON[WRIST])
    qtbot.mousePress(view, LEFT_BUTTON, pos=start)
    move(view, start + QPoint(30, 0), LEFT_BUTTON)
    move(view, start + QPoint(60, 0))
    assert cancelled == [(0, WRIST)]
    moves = moves_of(view)
    drag(qtbot, view, start, start + QPoint(20, 0))
    assert moves[-1] == (0, WRIST, PERSON[WRIST, 0] + 20, PERSON[WRIST, 1], True)


def test_delete_is_left_to_the_window_unless_a_joint_is_under_the_cursor(view: VideoView) -> None:
    assert not overrides(view, Qt.Key.Key_Delete)
    move(view, widget_pixel(view, PERSON[WRIST]))
    assert overrides(view, Qt.Key.Key_Delete)


def test_pointing_at_a_joint_does_not_take_the_keyboard_from_who_is_typing(
    qtbot: QtBot, view: VideoView
) -> None:
    field = QLineEdit()
    qtbot.addWidget(field)
    with qtbot.waitExposed(field):
        field.show()
    field.activateWindow()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    move(view, widget_pixel(view, PERSON[WRIST]))
    assert field.hasFocus()


def test_fewer_people_than_before_are_no_error(view: VideoView) -> None:
    view.set_people(np.stack((PERSON, OTHER)), np.ones((2, 17)), 1, ("Ann", "Bo"))
    move(view, widget_pixel(view, OTHER[WRIST]))
    view.set_people(np.zeros((0, 17, 2)), np.zeros((0, 17)), 0)
    assert (grab(view) == GREY).all()
    with pytest.raises(ValueError, match="scores of 1"):
        view.set_people(np.stack((PERSON, OTHER)), np.ones((1, 17)), 0)


def test_joints_are_as_large_at_any_zoom(view: VideoView) -> None:
    def area() -> int:
        _one_joint(view, WRIST, 300, 200)
        return int(is_colour(grab(view), LEFT_COLOUR).sum())

    fitted = area()
    for _ in range(3):
        view.zoom(2.2)
        assert area() == pytest.approx(fitted, rel=0.3)
