"""The picture of the video view in a real window: what lies where in pixels, zoom, pan, and no picture at all."""

from collections.abc import Callable

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from video_view_hand import (
    GREY,
    LEFT_BUTTON,
    LOOK_NAMES,
    LOOKS,
    MIDDLE_BUTTON,
    PERSON,
    WRIST,
    centre,
    collect,
    drag,
    grab,
    is_colour,
    is_pink,
    moves_of,
    overrides,
    shown_view,
    wheel,
    widget_pixel,
    zoomed,
    zoomed_and_panned,
)

from app.export.colours import LEFT_COLOUR
from app.gui.video_view import VideoView


@pytest.fixture
def view(qtbot: QtBot) -> VideoView:
    """A view of 640x400 with a grey picture of 640x400 and one certain, editable person."""
    return shown_view(qtbot)


@pytest.mark.parametrize("density", [1, 2])
@pytest.mark.parametrize("look", LOOKS, ids=LOOK_NAMES)
def test_the_picture_lies_where_joints_lie(
    view: VideoView, look: Callable[[VideoView], None], density: int
) -> None:
    picture = np.full((400, 640, 3), GREY, np.uint8)
    picture[192:208, 296:312] = 255, 0, 255  # its middle: (304, 200)
    view.set_image(picture)
    view.set_people(np.zeros((0, 17, 2)), np.zeros((0, 17)), 0)
    look(view)
    expected = view.viewport.to_widget(np.array((304.0, 200.0)))
    np.testing.assert_allclose(centre(is_pink(grab(view, density)), density), expected, atol=0.8)


def test_a_preview_is_stretched_over_the_video(view: VideoView) -> None:
    preview = np.full((100, 160, 3), GREY, np.uint8)
    preview[48:52, 74:78] = 255, 0, 255  # its middle: (76, 50), that is (304, 200) of the video
    view.set_people(np.zeros((0, 17, 2)), np.zeros((0, 17)), 0)
    zoomed(view)
    before = view.viewport
    view.set_image(preview, (640, 400))
    assert view.viewport == before
    expected = view.viewport.to_widget(np.array((304.0, 200.0)))
    np.testing.assert_allclose(centre(is_pink(grab(view))), expected, atol=2.0)


def test_the_wheel_zooms_about_the_cursor(view: VideoView) -> None:
    at = QPoint(500, 90)
    before = view.viewport.to_image(500, 90)
    scales = collect(view.zoom_changed)
    wheel(view, at, 5)
    assert view.viewport.scale == pytest.approx(1.2**5)
    assert view.viewport.to_image(500, 90) == pytest.approx(before)
    assert scales == [(view.viewport.scale,)]
    wheel(view, at, -5)
    assert view.viewport.scale == pytest.approx(1.0)


def test_dragging_beside_every_joint_pans_with_either_button(qtbot: QtBot, view: VideoView) -> None:
    clicked = collect(view.person_clicked)
    for button in (LEFT_BUTTON, MIDDLE_BUTTON):
        view.fit()
        drag(qtbot, view, QPoint(600, 380), QPoint(560, 350), button)
        assert (view.viewport.left, view.viewport.top) == (-40, -30)
    assert clicked == []


def test_a_double_click_fits_again(qtbot: QtBot, view: VideoView) -> None:
    zoomed_and_panned(view)
    qtbot.mouseDClick(view, LEFT_BUTTON, pos=QPoint(600, 380))
    assert view.viewport.is_fitted
    assert view.viewport.scale == pytest.approx(1.0)


def test_no_picture_says_what_to_do_and_nothing_can_be_done(qtbot: QtBot, view: VideoView) -> None:
    view.set_image(None)
    shown = grab(view)
    assert not is_colour(shown, LEFT_COLOUR).any()  # nobody without a picture
    background = shown[2, 2]
    assert (shown[200:230, 150:490] != background).any()  # a sentence in the middle
    drag(qtbot, view, QPoint(100, 100), QPoint(200, 200))
    wheel(view, QPoint(100, 100), 3)
    assert view.viewport.is_fitted


def test_another_size_of_picture_is_fitted_and_the_same_size_keeps_the_zoom(view: VideoView) -> None:
    zoomed(view)
    before = view.viewport
    view.set_image(np.zeros((400, 640, 3), np.uint8))
    assert view.viewport == before
    view.set_image(np.zeros((640, 360, 3), np.uint8))
    assert view.viewport.is_fitted
    assert view.viewport.picture == (360, 640)


def test_the_picture_is_copied(view: VideoView) -> None:
    picture = np.full((400, 640, 3), 200, np.uint8)
    view.set_people(np.zeros((0, 17, 2)), np.zeros((0, 17)), 0)
    view.set_image(picture[:, ::-1])  # not contiguous, too
    picture[:] = 0
    assert (grab(view) == 200).all()


@pytest.mark.parametrize("shape", [(1, 1, 3), (40, 5000, 3), (401, 639, 3)])
def test_pictures_of_odd_sizes_are_shown(view: VideoView, shape: tuple[int, int, int]) -> None:
    view.set_people(np.zeros((0, 17, 2)), np.zeros((0, 17)), 0)
    view.set_image(np.full(shape, 170, np.uint8))
    assert (grab(view) == 170).all(axis=-1).any()


def test_space_and_drag_pans_and_space_alone_is_a_tap(qtbot: QtBot, view: VideoView) -> None:
    tapped, moves = collect(view.space_tapped), moves_of(view)
    view.setFocus()
    qtbot.keyPress(view, Qt.Key.Key_Space)
    drag(qtbot, view, widget_pixel(view, PERSON[WRIST]), widget_pixel(view, PERSON[WRIST]) + QPoint(25, -10))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert (view.viewport.left, view.viewport.top) == (25, -10)
    assert (tapped, moves) == ([], [])
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert tapped == [()]


def test_space_is_left_to_the_window_when_nobody_listens_to_taps(view: VideoView) -> None:
    assert not overrides(view, Qt.Key.Key_Space)
    view.space_tapped.connect(lambda: None)
    assert overrides(view, Qt.Key.Key_Space)
