"""The curves in a real window: drawn where their values are, in their side's colour, and in step."""

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QHelpEvent, QPalette, QWheelEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.export.colours import LEFT_COLOUR, RIGHT_COLOUR
from app.gui.curve_names import curve_base, curve_colours, curve_label, curve_parent, curve_side, value_text
from app.gui.curve_view import CurveView
from app.gui.theme import DARK, LIGHT
from app.timeline.curves import joint_angles, joint_positions, joint_speed

FRAMES = 300
TIMES = np.arange(FRAMES) / 30
UNITS = {"Angles": "°", "Positions": "m"}
LEFT_KNEE, RIGHT_KNEE = ("Angles", "left knee flexion"), ("Angles", "right knee flexion")
WRIST = ("Positions", "lwrist z")


def made_curves() -> dict[str, dict[str, Any]]:
    right = np.full(FRAMES, 40.0)
    right[100:120] = np.nan
    return {
        "Angles": {
            "left knee flexion": 60 + 20 * np.sin(TIMES),
            "right knee flexion": right,
            "trunk lean": np.full(FRAMES, 5.0),
        },
        "Positions": {"lwrist x": TIMES * 0.1, "lwrist y": TIMES * 0, "lwrist z": 1.5 + TIMES * 0.01},
    }


@pytest.fixture
def view(qtbot: QtBot) -> CurveView:
    """Shown, with the knees drawn."""
    widget = CurveView()
    qtbot.addWidget(widget)
    widget.resize(1100, 420)
    widget.set_curves(TIMES, made_curves(), UNITS)
    with qtbot.waitExposed(widget):
        widget.show()
    settle()
    return widget


def settle() -> None:
    """Lets layout and painting come to an end."""
    for _ in range(5):
        QApplication.processEvents()


def place(view: CurveView, curve: tuple[str, str], frame: int) -> QPoint:
    """Where a curve lies at a frame, in the plots' own pixels."""
    settle()
    groups = list(dict.fromkeys(group for group, _ in view.checked()))
    value = float(made_curves()[curve[0]][curve[1]][frame])
    return view.plots.position_of(groups.index(curve[0]), float(TIMES[frame]), value).toPoint()


def nearest_colour(view: CurveView, point: QPoint, colour: tuple[int, ...], reach: int = 1) -> int:
    """How far the most like pixel near a point is from a colour."""
    settle()
    image = view.plots.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    found = []
    for dx in range(-reach, reach + 1):
        for dy in range(-reach, reach + 1):
            x, y = round((point.x() + dx) * ratio), round((point.y() + dy) * ratio)
            pixel = image.pixelColor(x, y).getRgb()[:3]
            found.append(max(abs(a - b) for a, b in zip(pixel, colour, strict=True)))
    return min(found)


def press(qtbot: QtBot, view: CurveView, point: QPoint, button: Any = Qt.MouseButton.LeftButton) -> None:
    qtbot.mousePress(view.plots.viewport(), button, pos=point)


# What is drawn


def test_at_first_the_first_pair_is_drawn_each_in_its_sides_colour(view: CurveView) -> None:
    assert view.checked() == [LEFT_KNEE, RIGHT_KNEE]
    for frame in (20, 150, 290):
        assert nearest_colour(view, place(view, LEFT_KNEE, frame), LEFT_COLOUR) < 60
        assert nearest_colour(view, place(view, RIGHT_KNEE, frame), RIGHT_COLOUR) < 60
        assert nearest_colour(view, place(view, LEFT_KNEE, frame), RIGHT_COLOUR) > 60


def test_nothing_is_drawn_where_a_joint_was_not_seen(view: CurveView) -> None:
    ends = place(view, RIGHT_KNEE, 99), place(view, RIGHT_KNEE, 120)
    middle = QPoint((ends[0].x() + ends[1].x()) // 2, ends[0].y())
    assert nearest_colour(view, middle, RIGHT_COLOUR) > 60
    assert nearest_colour(view, ends[0] - QPoint(8, 0), RIGHT_COLOUR) < 60


def test_other_groups_get_a_plot_of_their_own_with_their_own_scale(view: CurveView) -> None:
    view.set_checked([LEFT_KNEE, WRIST])
    knee, wrist = place(view, LEFT_KNEE, 150), place(view, WRIST, 150)
    assert wrist.y() > knee.y() + 50
    assert wrist.x() == knee.x()
    assert nearest_colour(view, knee, LEFT_COLOUR) < 60
    assert nearest_colour(view, wrist, LEFT_COLOUR) < 60


def test_the_cursor_and_its_dots_stand_at_the_shown_frame(view: CurveView) -> None:
    text = view.palette().text().color().getRgb()[:3]
    for frame in (40, 222):
        view.set_frame(frame)
        point = place(view, LEFT_KNEE, frame)
        assert nearest_colour(view, point, LEFT_COLOUR, 0) < 10
        assert nearest_colour(view, point + QPoint(0, 12), text) < 60
        elsewhere = place(view, LEFT_KNEE, frame + 30)
        assert nearest_colour(view, elsewhere + QPoint(0, 12), text) > 60


def test_moving_the_cursor_leaves_the_kept_picture_alone(
    view: CurveView, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle()
    drawn: list[int] = []
    render = view.plots.render
    monkeypatch.setattr(view.plots, "render", lambda *parts: (drawn.append(1), render(*parts)))
    for frame in range(50):
        view.set_frame(frame)
        view.plots.viewport().repaint()
    assert drawn == []
    view.set_view(2.0, 4.0)
    settle()
    assert drawn


def test_the_range_is_marked_and_the_whole_clip_is_not(view: CurveView) -> None:
    ground = view.palette().base().color().getRgb()[:3]
    inside = place(view, LEFT_KNEE, 150) - QPoint(3, 40)
    assert nearest_colour(view, inside, ground, 0) == 0
    view.set_range(100, 200)
    assert nearest_colour(view, inside, ground, 0) > 4
    view.set_range(0, FRAMES)
    assert nearest_colour(view, inside, ground, 0) == 0


def test_values_at_the_shown_frame_stand_in_the_list(view: CurveView) -> None:
    view.set_frame(110)
    texts = {item.text(0): item.text(1) for item in list_items(view)}
    assert texts["left knee flexion"] == value_text(60 + 20 * np.sin(TIMES[110]), "°")
    assert texts["right knee flexion"] == "–"
    assert texts["trunk lean"] == ""


def list_items(view: CurveView) -> list[Any]:
    tree = view.list.tree
    found, waiting = [], [tree.topLevelItem(index) for index in range(tree.topLevelItemCount())]
    while waiting:
        item = waiting.pop()
        assert item is not None
        found.append(item)
        waiting += [item.child(index) for index in range(item.childCount())]
    return found


def test_dark_and_light_are_drawn_in_the_palettes_colours(view: CurveView) -> None:
    for theme in (DARK, LIGHT):
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Base, QColor(theme.surface))
        palette.setColor(QPalette.ColorRole.Text, QColor(theme.text))
        view.setPalette(palette)
        view.set_frame(40)
        assert nearest_colour(view, QPoint(3, 3), QColor(theme.surface).getRgb()[:3], 0) < 2
        point = place(view, LEFT_KNEE, 40) + QPoint(0, 12)
        assert nearest_colour(view, point, QColor(theme.text).getRgb()[:3]) < 60


# Choosing curves


def test_checking_a_curve_draws_it(view: CurveView, qtbot: QtBot) -> None:
    item = next(item for item in list_items(view) if item.text(0) == "trunk lean")
    with qtbot.waitSignal(view.checked_changed):
        item.setCheckState(0, Qt.CheckState.Checked)
    assert ("Angles", "trunk lean") in view.checked()
    text = view.palette().text().color().getRgb()[:3]
    assert nearest_colour(view, place(view, ("Angles", "trunk lean"), 150), text) < 90


def test_taking_all_off_leaves_a_sentence(view: CurveView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.checked_changed):
        qtbot.mouseClick(view.list.clear_button, Qt.MouseButton.LeftButton)
    assert view.checked() == []
    assert view.hint.isVisible()
    assert view.hint.text() == "Choose curves in the list."


def test_without_a_motion_it_says_when_there_will_be_curves(qtbot: QtBot) -> None:
    view = CurveView()
    qtbot.addWidget(view)
    with qtbot.waitExposed(view):
        view.show()
    assert view.hint.isVisible()
    assert "motion" in view.hint.text()
    view.set_frame(3)
    view.set_range(2, 9)
    view.set_view(0.0, 1.0)


def test_what_was_chosen_is_still_chosen_after_processing_again(view: CurveView) -> None:
    view.set_checked([WRIST, RIGHT_KNEE])
    view.set_curves(TIMES, {}, {})
    assert view.checked() == []
    view.set_curves(TIMES, made_curves(), UNITS)
    assert sorted(view.checked()) == sorted([WRIST, RIGHT_KNEE])


def test_chosen_curves_may_be_told_before_there_are_any(qtbot: QtBot) -> None:
    view = CurveView()
    qtbot.addWidget(view)
    view.set_checked([WRIST])
    view.set_curves(TIMES, made_curves(), UNITS)
    assert view.checked() == [WRIST]


def test_the_list_finds_curves_by_words(view: CurveView) -> None:
    view.list.filter.setText("wrist z")
    shown = [item.text(0) for item in list_items(view) if not item.isHidden() and not item.childCount()]
    assert shown == ["z"]
    view.list.filter.clear()
    assert not any(item.isHidden() for item in list_items(view))


# Another clip, another frame, another view


def test_frame_and_range_may_be_told_before_the_clip(qtbot: QtBot) -> None:
    view = CurveView()
    qtbot.addWidget(view)
    view.set_curves(TIMES[:50], {"Angles": {"trunk lean": np.zeros(50)}}, UNITS)
    view.set_range(0, FRAMES)
    view.set_range(20, 200)
    view.set_frame(222)
    view.set_curves(TIMES, made_curves(), UNITS)
    view.set_checked([LEFT_KNEE])
    texts = {item.text(0): item.text(1) for item in list_items(view)}
    assert texts["left knee flexion"] == value_text(60 + 20 * np.sin(TIMES[222]), "°")


def test_new_values_of_the_same_clip_keep_the_view(view: CurveView) -> None:
    view.set_view(2.0, 4.0)
    view.set_curves(TIMES, made_curves(), UNITS)
    assert view.plots.view == pytest.approx((2.0, 4.0))
    view.set_curves(TIMES * 2, made_curves(), UNITS)
    assert view.plots.view == pytest.approx((0.0, 20.0))


def test_a_curve_of_another_length_is_refused_by_name(view: CurveView) -> None:
    curves = made_curves()
    curves["Angles"]["trunk lean"] = np.zeros(7)
    with pytest.raises(ValueError, match="Angles/trunk lean"):
        view.set_curves(TIMES, curves, UNITS)


def test_a_zoomed_plot_scales_to_what_is_in_view(view: CurveView) -> None:
    view.set_checked([LEFT_KNEE])
    values = made_curves()["Angles"]["left knee flexion"]
    whole = place(view, LEFT_KNEE, int(values.argmax())).y(), place(view, LEFT_KNEE, int(values.argmin())).y()
    view.set_view(3.0, 4.0)
    settle()
    part = values[90:121]
    top = view.plots.position_of(0, 3.0, float(part.max())).y()
    bottom = view.plots.position_of(0, 3.0, float(part.min())).y()
    assert bottom - top == pytest.approx(whole[1] - whole[0], rel=0.1)


# Mouse


@pytest.mark.parametrize("frame", [0, 57, 299])
def test_a_press_asks_for_the_nearest_frame(view: CurveView, qtbot: QtBot, frame: int) -> None:
    point = place(view, LEFT_KNEE, frame)
    with qtbot.waitSignal(view.frame_requested) as asked:
        press(qtbot, view, point)
    assert asked.args == [frame]


def test_a_drag_scrubs_asking_for_every_frame_once(view: CurveView, qtbot: QtBot) -> None:
    asked: list[int] = []
    view.frame_requested.connect(asked.append)
    view.frame_requested.connect(view.set_frame)
    points = [place(view, LEFT_KNEE, frame) for frame in (50, 50, 120, 30)]
    press(qtbot, view, points[0])
    for point in [*points[1:], QPoint(-300, 50)]:
        qtbot.mouseMove(view.plots.viewport(), point)
    qtbot.mouseRelease(view.plots.viewport(), Qt.MouseButton.LeftButton, pos=points[-1])
    qtbot.mouseMove(view.plots.viewport(), points[1])
    assert asked == [50, 120, 30, 0]


def test_the_wheel_zooms_about_the_mouse_and_a_middle_drag_moves(view: CurveView, qtbot: QtBot) -> None:
    point = place(view, LEFT_KNEE, 120)
    with qtbot.waitSignal(view.view_changed) as told:
        turn_wheel(view, point, 240)
    start, stop = told.args
    assert stop - start == pytest.approx((FRAMES / 30) / 1.25**2, rel=0.01)
    assert place(view, LEFT_KNEE, 120).x() == pytest.approx(point.x(), abs=2)
    press(qtbot, view, point, Qt.MouseButton.MiddleButton)
    qtbot.mouseMove(view.plots.viewport(), point - QPoint(60, 0))
    qtbot.mouseRelease(view.plots.viewport(), Qt.MouseButton.MiddleButton, pos=point - QPoint(60, 0))
    assert place(view, LEFT_KNEE, 120).x() == pytest.approx(point.x() - 60, abs=2)


def turn_wheel(view: CurveView, point: QPoint, delta: int) -> None:
    viewport = view.plots.viewport()
    event = QWheelEvent(
        QPointF(point),
        QPointF(viewport.mapToGlobal(point)),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def test_a_double_click_shows_all(view: CurveView, qtbot: QtBot) -> None:
    view.set_view(2.0, 4.0)
    point = place(view, LEFT_KNEE, 90)
    qtbot.mouseDClick(view.plots.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert view.plots.view == pytest.approx((0.0, FRAMES / 30))


def test_a_tooltip_names_the_curve_under_the_mouse(view: CurveView) -> None:
    point = place(view, RIGHT_KNEE, 200)
    assert view.plots.tip_at(QPointF(point)) == "right knee flexion: 40.0°\nframe 200, 0:06.67"
    assert view.plots.tip_at(QPointF(point + QPoint(0, 30))) == ""
    viewport = view.plots.viewport()
    event = QHelpEvent(QEvent.Type.ToolTip, point, viewport.mapToGlobal(point))
    assert QApplication.sendEvent(viewport, event)


# Names


@pytest.mark.parametrize(
    ("name", "label", "side", "base", "parent"),
    [
        ("left knee flexion", "left knee flexion", "left", "knee flexion", ""),
        ("rwrist z", "right wrist z", "right", "wrist z", "right wrist"),
        ("hip x", "pelvis x", "", "pelvis x", "pelvis"),
        ("lankle", "left ankle", "left", "ankle", ""),
        ("trunk lean", "trunk lean", "", "trunk lean", ""),
    ],
)
def test_curves_are_called_what_a_person_calls_them(
    name: str, label: str, side: str, base: str, parent: str
) -> None:
    assert (curve_label(name), curve_side(name), curve_base(name), curve_parent(name)) == (
        label,
        side,
        base,
        parent,
    )


def test_pairs_keep_their_sides_hue_and_differ_from_each_other() -> None:
    names = ["left knee flexion", "right knee flexion", "left elbow flexion", "trunk lean"]
    colours = curve_colours(names, (227, 229, 234), (29, 32, 39))
    assert colours["left knee flexion"] == LEFT_COLOUR
    assert colours["right knee flexion"] == RIGHT_COLOUR
    assert len(set(colours.values())) == 4
    red, _, blue = colours["left elbow flexion"]
    assert red > blue + 30


def test_the_curves_of_a_motion_are_all_listed(qtbot: QtBot) -> None:
    world = np.random.default_rng(3).normal(size=(40, 17, 3))
    times = np.arange(40) / 30
    curves = {
        "Angles": joint_angles(world),
        "Positions": joint_positions(world),
        "Speed": joint_speed(world, times),
    }
    view = CurveView()
    qtbot.addWidget(view)
    view.set_curves(times, curves, {"Angles": "°", "Positions": "m", "Speed": "m/s"})
    every = [(group, name) for group, named in curves.items() for name in named]
    view.set_checked(every)
    assert view.checked() == every
    assert [curve_side(name) for _, name in view.checked()].count("left") == 4 + 6 * 3 + 6
