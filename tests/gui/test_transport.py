"""The transport in a real window: it shows what the clock says, and asks it for the rest."""

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QIcon, QPalette
from PyQt6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.gui.clock import PlaybackClock
from app.gui.theme import DARK, LIGHT
from app.gui.transport import MomentEdit, Transport
from app.gui.transport_icons import transport_icon


@pytest.fixture
def clock(qtbot: QtBot) -> PlaybackClock:
    clock = PlaybackClock()
    clock.open(np.arange(300) / 30)
    return clock


@pytest.fixture
def transport(qtbot: QtBot, clock: PlaybackClock) -> Transport:
    widget = Transport(clock)
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    return widget


def click(qtbot: QtBot, button: QToolButton) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def type_into(qtbot: QtBot, edit: MomentEdit, text: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
    edit.setFocus(Qt.FocusReason.MouseFocusReason)
    qtbot.waitUntil(lambda: edit.hasFocus() and bool(edit.selectedText()), timeout=20_000)
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, key)


def test_it_shows_the_frame_and_its_time(transport: Transport, clock: PlaybackClock) -> None:
    clock.show(77)
    assert transport.frame_edit.text() == "77"
    assert transport.time_edit.text() == "0:02.57"
    assert transport.last_label.text() == "/ 299"
    assert transport.end_label.text() == "/ 0:09.97"


def test_its_buttons_move_the_clock(qtbot: QtBot, transport: Transport, clock: PlaybackClock) -> None:
    clock.show(50)
    for button, frame in (
        (transport.forward, 51),
        (transport.back, 50),
        (transport.last, 299),
        (transport.first, 0),
    ):
        click(qtbot, button)
        assert clock.frame == frame


def test_one_button_plays_and_pauses_and_says_which(
    qtbot: QtBot, transport: Transport, clock: PlaybackClock
) -> None:
    assert transport.play.accessibleName() == "Play"
    click(qtbot, transport.play)
    assert clock.is_playing
    assert transport.play.accessibleName() == "Pause"
    clock.pause()
    assert transport.play.accessibleName() == "Play"


def test_going_to_the_last_frame_stops_there(
    qtbot: QtBot, transport: Transport, clock: PlaybackClock
) -> None:
    clock.play()
    click(qtbot, transport.last)
    assert (clock.frame, clock.is_playing) == (299, False)


def test_loop_and_speed_follow_the_clock_and_move_it(
    qtbot: QtBot, transport: Transport, clock: PlaybackClock
) -> None:
    assert transport.loop.isChecked()
    click(qtbot, transport.loop)
    assert not clock.is_looping
    clock.set_looping(True)
    assert transport.loop.isChecked()
    transport.speed.setFocus()
    qtbot.keyClick(transport.speed, Qt.Key.Key_Up)
    assert clock.speed == 0.5
    clock.set_speed(2.0)
    assert transport.speed.currentText() == "2×"
    clock.set_speed(0.33)
    assert transport.speed.currentIndex() == -1
    assert transport.speed.placeholderText() == "0.33×"


@pytest.mark.parametrize(
    ("text", "frame"), [("120", 120), ("9999", 299), ("2.5", 75), ("0:02.57", 77), ("1 s", 30)]
)
def test_a_typed_frame_or_time_is_gone_to(
    qtbot: QtBot, transport: Transport, clock: PlaybackClock, text: str, frame: int
) -> None:
    type_into(qtbot, transport.frame_edit, text)
    assert clock.frame == frame
    assert transport.frame_edit.text() == str(frame)
    assert not transport.frame_edit.hasFocus()


def test_a_number_typed_as_a_time_is_seconds(
    qtbot: QtBot, transport: Transport, clock: PlaybackClock
) -> None:
    type_into(qtbot, transport.time_edit, "4")
    assert clock.frame == 120
    assert transport.time_edit.text() == "0:04.00"


def test_what_means_nothing_stays_to_be_corrected_and_moves_nothing(
    qtbot: QtBot, transport: Transport, clock: PlaybackClock
) -> None:
    clock.show(10)
    usual = transport.frame_edit.palette().text().color()
    type_into(qtbot, transport.frame_edit, "later")
    assert clock.frame == 10
    assert transport.frame_edit.text() == "later"
    assert transport.frame_edit.palette().text().color() != usual
    qtbot.keyClicks(transport.frame_edit, "12")
    assert transport.frame_edit.palette().text().color() == usual
    qtbot.keyClick(transport.frame_edit, Qt.Key.Key_Return)
    assert clock.frame == 12


def test_playing_does_not_disturb_what_is_being_typed(
    qtbot: QtBot, transport: Transport, clock: PlaybackClock
) -> None:
    edit = transport.frame_edit
    edit.setFocus(Qt.FocusReason.MouseFocusReason)
    qtbot.waitUntil(lambda: edit.hasFocus() and bool(edit.selectedText()), timeout=20_000)
    qtbot.keyClicks(edit, "12")
    clock.show(55)
    assert edit.text() == "12"
    qtbot.keyClick(edit, Qt.Key.Key_Escape)
    assert edit.text() == "55"
    assert clock.frame == 55


def test_without_a_video_there_is_nothing_to_press(transport: Transport, clock: PlaybackClock) -> None:
    clock.open(np.zeros(0))
    assert not transport.play.isEnabled()
    assert not transport.frame_edit.isEnabled()
    assert transport.frame_edit.text() == ""
    clock.open(np.arange(5) / 30)
    assert transport.play.isEnabled()
    assert transport.last_label.text() == "/ 4"


@pytest.mark.parametrize("name", ["first", "back", "play", "pause", "forward", "last", "loop"])
def test_symbols_are_drawn_in_the_palettes_colours(qtbot: QtBot, name: str) -> None:
    for theme in (DARK, LIGHT):
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.ButtonText, QColor(theme.text))
        palette.setColor(QPalette.ColorRole.Highlight, QColor(theme.accent))
        icon = transport_icon(name, palette)
        for state, colour in ((QIcon.State.Off, theme.text), (QIcon.State.On, theme.accent)):
            image = icon.pixmap(48, 48, QIcon.Mode.Normal, state).toImage()
            solid = {
                pixel.name()
                for x in range(image.width())
                for y in range(image.height())
                if (pixel := image.pixelColor(x, y)).alpha() == 255
            }
            assert solid == {colour}


def test_other_colours_give_other_symbols(qtbot: QtBot, clock: PlaybackClock) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    transport = Transport(clock, window)
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.ButtonText, QColor("#ff00ff"))
    window.setPalette(palette)
    image = transport.play.icon().pixmap(24, 24).toImage()
    assert image.pixelColor(image.width() // 2, image.height() // 2).name() == "#ff00ff"
