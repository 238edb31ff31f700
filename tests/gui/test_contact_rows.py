"""Where feet stand, set by hand in the timeline: by a drag over a row or its menu, down to the 3D, and undone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from driver import opened, settled
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QContextMenuEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from test_timeline import FPS, FRAMES, colour_at, difference, lane_point, made_lanes

from app.edits import SetContact
from app.export.colours import LEFT_COLOUR
from app.gui.main_window import MainWindow
from app.gui.timeline import Timeline
from tests.gui.conftest import Pump

LEFT, RIGHT = 0, 1


@pytest.fixture
def timeline(qtbot: QtBot) -> Iterator[Timeline]:
    """Ten seconds in which the left foot stands in frames 120 to 139 and is not known in 200 to 219."""
    widget = Timeline()
    qtbot.addWidget(widget)
    widget.resize(1000, 170)
    widget.set_clip(np.arange(FRAMES) / FPS)
    contacts = np.zeros((FRAMES, 2), dtype=np.int8)
    contacts[120:140, LEFT] = 1
    contacts[200:220, LEFT] = -1
    widget.set_lanes(made_lanes(contacts=contacts))
    widget.set_contacts_editable(True)
    with qtbot.waitExposed(widget):
        widget.show()
    yield widget
    menu = QApplication.activePopupWidget()
    if menu is not None:
        menu.close()


def dragged(timeline: Timeline, row: str, first: int, last: int) -> None:
    """A drag over a row from frame to frame, let go."""
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    start, end = lane_point(timeline, row, first), lane_point(timeline, row, last)
    QTest.mousePress(timeline, left, none, start)
    for step in range(1, 5):
        QTest.mouseMove(timeline, start + (end - start) * step / 4)
    QTest.mouseRelease(timeline, left, none, end)


def open_menu() -> QMenu:
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def choose(menu: QMenu, value: str) -> None:
    """Click the entry with the mouse."""
    (action,) = [action for action in menu.actions() if action.data() == value]
    place = menu.actionGeometry(action).center()
    QTest.mouseMove(menu, place)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)


def test_a_drag_over_a_row_asks_for_what_the_menu_says(qtbot: QtBot, timeline: Timeline) -> None:
    dragged(timeline, "Right foot", 30, 44)
    menu = open_menu()
    assert [action.data() for action in menu.actions() if action.data()] == ["floor", "air", "automatic"]
    assert "frames 30 to 44" in menu.actions()[-1].text()
    with qtbot.waitSignal(timeline.contact_requested) as asked:
        choose(menu, "floor")
    assert asked.args == [RIGHT, 30, 45, "floor"]


def test_the_other_way_round_is_the_same(qtbot: QtBot, timeline: Timeline) -> None:
    dragged(timeline, "Left foot", 139, 120)
    with qtbot.waitSignal(timeline.contact_requested) as asked:
        choose(open_menu(), "air")
    assert asked.args == [LEFT, 120, 140, "air"]


def test_a_click_on_a_row_only_goes_there(qtbot: QtBot, timeline: Timeline) -> None:
    with (
        qtbot.assertNotEmitted(timeline.contact_requested),
        qtbot.waitSignal(timeline.frame_requested) as asked,
    ):
        point = lane_point(timeline, "Left foot", 77)
        QTest.mouseClick(timeline, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
    assert asked.args == [77]
    assert QApplication.activePopupWidget() is None


def test_the_right_button_means_the_stretch_under_the_mouse(qtbot: QtBot, timeline: Timeline) -> None:
    point = lane_point(timeline, "Left foot", 125)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, timeline.mapToGlobal(point))
    QApplication.sendEvent(timeline, event)
    with qtbot.waitSignal(timeline.contact_requested) as asked:
        choose(open_menu(), "automatic")
    assert asked.args == [LEFT, 120, 140, "automatic"]


def test_the_marked_frames_are_shown_while_the_menu_is_open_and_not_after(timeline: Timeline) -> None:
    point = lane_point(timeline, "Right foot", 40)
    before = colour_at(timeline, point)
    dragged(timeline, "Right foot", 30, 50)
    assert difference(colour_at(timeline, point), before) > 15
    open_menu().close()
    assert difference(colour_at(timeline, lane_point(timeline, "Right foot", 40)), before) < 4


def test_rows_that_cannot_be_changed_are_scrubbed_over(qtbot: QtBot, timeline: Timeline) -> None:
    timeline.set_contacts_editable(False)
    dragged(timeline, "Right foot", 30, 50)
    assert QApplication.activePopupWidget() is None
    assert timeline.foot_at(lane_point(timeline, "Left foot", 10).toPointF()) is None


def test_a_foot_that_is_not_known_is_a_grey_line(timeline: Timeline) -> None:
    red, green, blue = colour_at(timeline, lane_point(timeline, "Left foot", 210))
    assert max(red, green, blue) - min(red, green, blue) < 20
    assert difference((red, green, blue), colour_at(timeline, lane_point(timeline, "Left foot", 60))) > 40
    assert difference(colour_at(timeline, lane_point(timeline, "Left foot", 130)), LEFT_COLOUR) < 4
    assert "left foot not known" in timeline.tip_at(lane_point(timeline, "Left foot", 210).toPointF())


# In the window


def in_row(window: MainWindow, frame: int) -> QPoint:
    return lane_point(window.timeline, "Left foot", frame)


@pytest.fixture
def ready(window: MainWindow, pump: Pump, project: Path) -> MainWindow:
    """A processed clip, and the lifter loaded."""
    opened(window, pump, project)
    window.lifter.get(window.document.settings)
    return window


def contacts_of(window: MainWindow) -> np.ndarray:
    assert window.document.take is not None
    return np.array(window.document.take.contacts[0])


def test_a_contact_set_by_hand_reaches_the_take_and_can_be_undone(ready: MainWindow, pump: Pump) -> None:
    before = contacts_of(ready)
    assert (before == 1).any()
    world = np.array(ready.document.take.world)  # type: ignore[union-attr]
    value = "air" if before[12, LEFT] == 1 else "floor"
    dragged(ready.timeline, "Left foot", 10, 19)
    choose(open_menu(), value)
    settled(ready, pump)
    assert ready.document.edits == (SetContact(0, LEFT, 10, 20, value),)
    assert (contacts_of(ready)[10:20, LEFT] == (value == "floor")).all()
    np.testing.assert_array_equal(contacts_of(ready)[10:20, RIGHT], before[10:20, RIGHT])
    assert not np.allclose(ready.document.take.world, world)  # type: ignore[union-attr]
    assert "left foot" in ready.actions_["undo"].text()
    pump.until(
        lambda: ready.timeline._lanes is not None and ready.timeline._lanes.edited[10:20].all(), what="lanes"
    )
    pump.call(ready.actions_["undo"].trigger)
    settled(ready, pump)
    np.testing.assert_array_equal(contacts_of(ready), before)


def test_the_floor_is_moved_by_a_centimetre_put_back_and_undone(ready: MainWindow, pump: Pump) -> None:
    take = ready.document.take
    assert take is not None
    before = take.world[0, 0, 0, 2]

    def height() -> float:
        settled(ready, pump)
        assert ready.document.take is not None
        return float(ready.document.take.world[0, 0, 0, 2])

    pump.call(ready.actions_["floor_up"].trigger)
    pump.call(ready.actions_["floor_up"].trigger)
    assert height() == pytest.approx(before - 0.02, abs=1e-6)
    pump.call(ready.actions_["undo"].trigger)
    assert height() == pytest.approx(before - 0.01, abs=1e-6)
    pump.call(ready.actions_["floor_reset"].trigger)
    assert height() == pytest.approx(before, abs=1e-6)
    pump.call(ready.actions_["floor_down"].trigger)
    assert height() == pytest.approx(before + 0.01, abs=1e-6)
    assert ready.document.usual_settings.floor_offset_m == 0.0
