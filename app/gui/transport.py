"""The transport: play, step, speed, loop, and which frame of the clip is shown, to read and to type."""

from collections.abc import Callable

from PyQt6.QtCore import QEvent, QSize, Qt, QTimer
from PyQt6.QtGui import QFocusEvent, QFontDatabase, QKeyEvent, QPalette
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from app.gui.clock import SPEEDS, PlaybackClock
from app.gui.transport_icons import transport_icon
from app.timeline.axis import parse_moment, time_label


class Transport(QWidget):
    """Buttons and displays of a playback clock: it shows what the clock says and asks the clock for the rest."""

    def __init__(self, clock: PlaybackClock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._icons: dict[QToolButton, str] = {}
        self.first = self._button("first", "First frame", "Home", lambda: clock.show(0))
        self.back = self._button("back", "One frame back", "Left", lambda: clock.step(-1))
        self.play = self._button("play", "Play", "Space", clock.toggle)
        self.forward = self._button("forward", "One frame on", "Right", lambda: clock.step(1))
        self.last = self._button("last", "Last frame", "End", self._go_to_last)
        self.back.setAutoRepeat(True)
        self.forward.setAutoRepeat(True)
        self.loop = self._button("loop", "Begin again at the end of the range", "", None)
        self.loop.setCheckable(True)
        self.loop.setChecked(clock.is_looping)
        self.speed = QComboBox()
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g}×", speed)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.speed.setToolTip("Speed of playback")
        self.speed.setAccessibleName("Speed")
        self.frame_edit = MomentEdit(
            "Shown frame. Type a frame (120) or a time (0:04.5 or 4.5 s), and press Enter.", "Frame"
        )
        self.time_edit = MomentEdit(
            "Time of the shown frame. Type a time (0:04.5 or 4.5 s), and press Enter.", "Time"
        )
        self.last_label, self.end_label = QLabel(), QLabel()
        self._lay_out()
        self._connect()
        self._on_clip()

    def _button(self, icon: str, tip: str, key: str, action: Callable[[], object] | None) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        button.setIconSize(QSize(22, 22))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(f"{tip} ({key})" if key else tip)
        button.setAccessibleName(tip)
        if action is not None:
            button.clicked.connect(lambda: action())
        self._icons[button] = icon
        button.setIcon(transport_icon(icon, self.palette()))
        return button

    def _lay_out(self) -> None:
        fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        fixed.setPointSizeF(self.font().pointSizeF())
        for display in (self.frame_edit, self.time_edit, self.last_label, self.end_label):
            display.setFont(fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(2)
        row.addWidget(self.frame_edit)
        row.addWidget(self.last_label)
        row.addStretch(1)
        for button in (self.first, self.back, self.play, self.forward, self.last):
            row.addWidget(button)
        row.addSpacing(10)
        row.addWidget(self.loop)
        row.addSpacing(6)
        row.addWidget(self.speed)
        row.addStretch(1)
        row.addWidget(self.time_edit)
        row.addWidget(self.end_label)

    def _connect(self) -> None:
        clock = self._clock
        clock.frame_changed.connect(self._on_frame)
        clock.playing_changed.connect(self._on_playing)
        clock.range_changed.connect(self._on_clip)
        clock.speed_changed.connect(self._on_speed)
        clock.looping_changed.connect(self.loop.setChecked)
        self.loop.toggled.connect(clock.set_looping)
        self.speed.activated.connect(lambda index: clock.set_speed(self.speed.itemData(index)))
        self.frame_edit.returnPressed.connect(self._on_frame_typed)
        self.time_edit.returnPressed.connect(self._on_time_typed)

    # What the clock says

    def _on_clip(self) -> None:
        """Another clip or range: what there is to choose from."""
        frames = self._clock.frame_count
        for widget in (*self._icons, self.frame_edit, self.time_edit):
            widget.setEnabled(frames > 0)
        last = max(0, frames - 1)
        end = time_label(self._clock.time_of(last)) if frames else time_label(0.0)
        self.last_label.setText(f"/ {last}")
        self.end_label.setText(f"/ {end}")
        for edit, widest in ((self.frame_edit, str(last)), (self.time_edit, end)):
            edit.setFixedWidth(edit.fontMetrics().horizontalAdvance("0" * max(4, len(widest))) + 18)
        self._on_frame(self._clock.frame)

    def _on_frame(self, frame: int) -> None:
        if not self._clock.frame_count:
            self.frame_edit.clear()
            self.time_edit.clear()
            return
        self.frame_edit.show_text(str(frame))
        self.time_edit.show_text(time_label(self._clock.time_of(frame)))

    def _on_playing(self, playing: bool) -> None:
        name, tip = ("pause", "Pause") if playing else ("play", "Play")
        self._icons[self.play] = name
        self.play.setIcon(transport_icon(name, self.palette()))
        self.play.setToolTip(f"{tip} (Space)")
        self.play.setAccessibleName(tip)

    def _on_speed(self, speed: float) -> None:
        index = self.speed.findData(speed)
        self.speed.setCurrentIndex(index)
        if index < 0:  # a speed that is not on the list
            self.speed.setPlaceholderText(f"{speed:g}×")

    # What the clock is asked for

    def _go_to_last(self) -> None:
        self._clock.pause()  # else the range would begin again at once
        self._clock.show(self._clock.frame_count - 1)

    def _on_frame_typed(self) -> None:
        found = parse_moment(self.frame_edit.text())
        if isinstance(found, float):
            self._show_moment(found)
        elif found is not None:
            self._clock.show(found)
        self._typed(self.frame_edit, found is not None)

    def _on_time_typed(self) -> None:
        found = parse_moment(self.time_edit.text())
        if found is not None:
            self._show_moment(float(found))
        self._typed(self.time_edit, found is not None)

    def _show_moment(self, moment: float) -> None:
        # Half of the last place that is displayed: a typed 0:01.07 must find the frame at 1.0666 s.
        self._clock.show(self._clock.frame_at(moment + 0.005))

    def _typed(self, edit: "MomentEdit", understood: bool) -> None:
        if not understood:
            edit.show_wrong()
            return
        edit.setModified(False)
        self._on_frame(self._clock.frame)
        edit.clearFocus()

    def changeEvent(self, event: QEvent | None) -> None:
        """Other colours: other symbols."""
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            for button, name in self._icons.items():
                button.setIcon(transport_icon(name, self.palette()))
        super().changeEvent(event)


class MomentEdit(QLineEdit):
    """A display that can be typed into: what is shown does not disturb what is being typed."""

    def __init__(self, tip: str, name: str) -> None:
        super().__init__()
        self.setToolTip(tip)
        self.setAccessibleName(name)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._shown = ""
        self._is_wrong = False
        self.textEdited.connect(lambda: self._mark(False))

    def show_text(self, text: str) -> None:
        """Show this, unless something is being typed: then when that is over."""
        self._shown = text
        if not (self.hasFocus() and self.isModified()):
            self.setText(text)
            self._mark(False)

    def show_wrong(self) -> None:
        """What was typed means nothing."""
        self._mark(True)
        self.selectAll()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Typing replaces what is shown."""
        super().focusInEvent(event)
        QTimer.singleShot(
            0, self.selectAll
        )  # after the press that gave the focus, which would put a cursor there

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """What was not entered is given up."""
        super().focusOutEvent(event)
        self.setModified(False)
        self.show_text(self._shown)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Escape gives up."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def _mark(self, wrong: bool) -> None:
        if wrong == self._is_wrong:
            return
        self._is_wrong = wrong
        palette = QPalette()  # nothing set: all from above
        if wrong:
            palette.setColor(QPalette.ColorRole.Text, self.palette().color(QPalette.ColorRole.BrightText))
        self.setPalette(palette)
