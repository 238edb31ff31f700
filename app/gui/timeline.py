"""The timeline, and what a hand does to it: go to a frame, choose the range that is played, zoom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QMenu, QToolTip, QWidget

from app.gui.contact_rows import ContactRows, ContactSpan, popped_up
from app.gui.timeline_picture import suspicion_colour, suspicion_rows
from app.timeline.axis import frame_at, time_label
from app.timeline.columns import (
    TimelineLanes,
    next_suspicion,
    previous_suspicion,
    suspicions_near,
)

if TYPE_CHECKING:
    from app.quality import Suspicion

__all__ = ["Timeline", "TimelineLanes"]

_HANDLE = 6
"""Pixels about an end of the range in which the mouse takes hold of it."""
_MARK_REACH = 4
"""Pixels about a suspicious frame in which the mouse means it."""
_LANE_TIPS = {
    "Score": "How sure the detector is of the person: mean score of the joints. The higher and greener, the better.",
    "Seen": "Red: nobody was seen.",
    "Left foot": "The left foot stands on the floor; grey: not known. Drag over the row to change it.",
    "Right foot": "The right foot stands on the floor; grey: not known. Drag over the row to change it.",
    "Check": "Frames that deserve a look. Point at a mark to read why, click to go there. N: next one, P: one before.",
    "Edited": "Frames that were corrected by hand.",
}
_LARGE_STEP = 10
"""Frames that an arrow key goes with Shift."""


class Timeline(ContactRows):
    """Ruler, lanes, the range that is played and the shown frame of a clip with F frames.

    It knows no clock: mouse and keys only ask (`frame_requested`, `range_requested`), and what is shown is told by
    `set_frame` and `set_range`.

    Mouse: click or drag goes to a frame; the handles of the range are dragged, Shift and a drag make a new range; the
    wheel zooms about the mouse, with Shift it moves along, as a drag with the middle button does. A drag over the row of
    a foot, or the right button there, sets where it stands (`contact_requested`).
    Keys: arrows, Home, End, Page Up/Down, + and -, 0 (whole clip), I and O (range from and to here), N and P (next and
    previous suspicious place).
    """

    frame_requested = pyqtSignal(int)
    range_requested = pyqtSignal(int, int)
    """First frame and the one after the last."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drag = ""
        self._grip = 0.0
        self._foot = 0
        self._asked: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def go_to_next_suspicion(self) -> None:
        """Ask for the next place where something is suspicious."""
        found = next_suspicion(self._suspicions(), self._frame)
        if found is not None:
            self._ask(found)

    def go_to_previous_suspicion(self) -> None:
        """Ask for the place before, where something is suspicious."""
        found = previous_suspicion(self._suspicions(), self._frame)
        if found is not None:
            self._ask(found)

    def _suspicions(self) -> Sequence[Suspicion]:
        return self._lanes.suspicions if self._lanes is not None else ()

    def _ask(self, frame: int) -> None:
        frame = max(0, min(frame, self.frame_count() - 1))
        self._following = True
        self._asked = frame
        self.frame_requested.emit(frame)

    # Mouse

    def _edge_at(self, x: float) -> int:
        """The nearest boundary between frames: 0..F."""
        return int(np.argmin(np.abs(self._edges - self._view.moment(x))))

    def _what(self, position: QPointF) -> str:
        """What a press there takes hold of."""
        layout = self._layout()
        if layout.overview.contains(position.toPoint()) and self._is_zoomed():
            return "overview"
        if not layout.loop.contains(position.toPoint()):
            return "scrub" if self.foot_at(position) is None else "contact"
        first, last = (self._view.x(float(self._edges[edge])) for edge in self._range)
        x = position.x()
        near = [(abs(x - first), "start"), (abs(x - last), "stop")]
        # Both ends on one spot: the side of it that the mouse is on says which one is meant.
        distance, end = min(near) if near[0][0] != near[1][0] else near[x > last]
        if distance <= _HANDLE:
            return end
        if first < x < last and self._range != (0, self.frame_count()):
            return "range"
        return "select"

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Take hold of something."""
        if event is None or not self.frame_count():
            return
        position = event.position()
        if event.button() == Qt.MouseButton.MiddleButton:
            self._drag = "pan"
        elif event.button() == Qt.MouseButton.LeftButton:
            shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._drag = "select" if shifted else self._what(position)
        else:
            return
        self._scrubbing = self._drag == "scrub"
        self._grip = position.x()
        if self._drag == "contact":
            self._ask(self._frame_at(position.x()))
            self._foot = self.foot_at(position) or 0
        if self._drag in ("select", "range"):
            self._grip = float(self._edge_at(position.x()))
        if self._scrubbing:
            found = self._suspicion_at(position)
            self._ask(
                _nearest_frame(found[0], self._frame_at(position.x()))
                if found
                else self._frame_at(position.x())
            )
        elif self._drag == "overview":
            self._drag_to(position)
        self._point(position)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Drag what is held, or show what could be."""
        if event is None or not self.frame_count():
            return
        inside = self._layout().left <= event.position().x() <= self._layout().left + self._layout().width
        self._hover_x = event.position().x() if inside else None
        self._drag_to(event.position())
        self._point(event.position())
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Let go; a foot's marked frames ask what it does there."""
        dragged, self._drag, self._scrubbing = self._drag, "", False
        if event is None:
            return
        self._point(event.position())
        if dragged == "contact" and self._contact_span is not None:
            popped_up(self.contact_menu(self._contact_span), event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """On the strip of the range: all of the clip. Elsewhere like a press."""
        if event is None or not self.frame_count():
            return
        if event.button() == Qt.MouseButton.LeftButton and self._layout().loop.contains(
            event.position().toPoint()
        ):
            self.range_requested.emit(0, self.frame_count())
        else:
            self.mousePressEvent(event)

    def _drag_to(self, position: QPointF) -> None:
        x, (start, stop), frames = position.x(), self._range, self.frame_count()
        match self._drag:
            case "scrub":
                if self._frame_at(x) != self._asked:
                    self._ask(self._frame_at(x))
            case "contact" if self._contact_span or abs(x - self._grip) > _MARK_REACH:
                first, last = sorted((self._frame_at(self._grip), self._frame_at(x)))
                self._mark_contact(ContactSpan(self._foot, first, last + 1))
                if self._frame_at(x) != self._asked:
                    self._ask(self._frame_at(x))
            case "start":
                self._ask_range(min(self._edge_at(x), stop - 1), stop)
            case "stop":
                self._ask_range(start, max(self._edge_at(x), start + 1))
            case "range":
                edge = self._edge_at(x)
                by = max(-start, min(edge - int(self._grip), frames - stop))
                self._grip += by
                self._ask_range(start + by, stop + by)
            case "select":
                edges = sorted((int(self._grip), self._edge_at(x)))
                if edges[0] < edges[1]:
                    self._ask_range(*edges)
            case "pan":
                self._show(self._view.moved((self._grip - x) / self._view.pixels_per_second()))
                self._grip = x
            case "overview":
                bar = self._layout().overview
                whole = float(self._edges[-1] - self._edges[0])
                middle = float(self._edges[0]) + (x - bar.left()) / bar.width() * whole
                self._show(self._view.moved(middle - self._view.span_s / 2 - self._view.start_s))

    def _ask_range(self, start: int, stop: int) -> None:
        if (start, stop) != self._range:
            self.range_requested.emit(start, stop)

    def _point(self, position: QPointF) -> None:
        """The cursor that says what a press would do."""
        what = self._drag or self._what(position)
        shapes = {
            "start": Qt.CursorShape.SizeHorCursor,
            "stop": Qt.CursorShape.SizeHorCursor,
            "range": Qt.CursorShape.OpenHandCursor,
            "pan": Qt.CursorShape.ClosedHandCursor,
            "overview": Qt.CursorShape.OpenHandCursor,
            "select": Qt.CursorShape.IBeamCursor,
            "contact": Qt.CursorShape.IBeamCursor,
        }
        self.setCursor(shapes.get(what, Qt.CursorShape.ArrowCursor))

    def leaveEvent(self, event: QEvent | None) -> None:
        """Nothing is pointed at."""
        self._hover_x = None
        self.update()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom about the mouse; with Shift, or sideways, move along."""
        if event is None or not self.frame_count():
            return
        delta, sideways = event.angleDelta().y(), event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            sideways, delta = sideways or delta, 0
        if abs(sideways) > abs(delta):
            self._show(self._view.moved(-sideways / 120 * 0.1 * self._view.span_s))
        else:
            self._show(self._view.zoomed(1.25 ** (delta / 120), self._view.moment(event.position().x())))
        event.accept()

    # Keys and menu

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """See the class; other keys are left to the window."""
        if event is None or not self.frame_count() or not self._key(event):
            super().keyPressEvent(event)

    def _key(self, event: QKeyEvent) -> bool:
        keys, frame, (start, stop) = Qt.Key, self._frame, self._range
        step = _LARGE_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        second = (
            frame_at(self._edges, float(self._edges[frame]) + 1.0),
            frame_at(self._edges, float(self._edges[frame]) - 1.0),
        )
        actions = {
            keys.Key_Left: lambda: self._ask(frame - step),
            keys.Key_Right: lambda: self._ask(frame + step),
            keys.Key_Home: lambda: self._ask(0),
            keys.Key_End: lambda: self._ask(self.frame_count() - 1),
            keys.Key_PageDown: lambda: self._ask(second[0]),
            keys.Key_PageUp: lambda: self._ask(second[1]),
            keys.Key_Plus: lambda: self.zoom(1.5),
            keys.Key_Equal: lambda: self.zoom(1.5),
            keys.Key_Minus: lambda: self.zoom(1 / 1.5),
            keys.Key_0: self.fit,
            keys.Key_I: lambda: self._ask_range(frame, max(stop, frame + 1)),
            keys.Key_O: lambda: self._ask_range(min(start, frame), frame + 1),
            keys.Key_N: self.go_to_next_suspicion,
            keys.Key_P: self.go_to_previous_suspicion,
        }
        action = actions.get(Qt.Key(event.key()))
        if action is None or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        action()
        return True

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Range and view from the place under the mouse; on the row of a foot, whether it stands there."""
        if event is None or not self.frame_count():
            return
        foot = self.foot_at(QPointF(event.pos()))
        if foot is not None:
            span = self.stretch_at(foot, self._frame_at(event.pos().x()))
            popped_up(self.contact_menu(span), event.globalPos())
        else:
            menu = self.menu_at(event.pos().x())
            menu.exec(event.globalPos())
            menu.deleteLater()

    def menu_at(self, x: float) -> QMenu:
        """What can be done at a place."""
        frame, (start, stop) = self._frame_at(x), self._range
        menu = QMenu(self)
        groups: tuple[dict[str, Callable[[], None]], ...] = (
            {
                f"Loop from frame {frame}": lambda: self._ask_range(frame, max(stop, frame + 1)),
                f"Loop to frame {frame}": lambda: self._ask_range(min(start, frame), frame + 1),
                "Loop the whole clip": lambda: self._ask_range(0, self.frame_count()),
            },
            {"Zoom to the loop": self.fit_range, "Zoom to the whole clip": self.fit},
            {
                "Next suspicious place": self.go_to_next_suspicion,
                "Previous suspicious place": self.go_to_previous_suspicion,
            },
        )
        for group in groups:
            for text, action in group.items():
                entry = QAction(text, menu)
                entry.triggered.connect(action)
                menu.addAction(entry)
            menu.addSeparator()
        return menu

    # Tooltips

    def event(self, event: QEvent | None) -> bool:
        """A tooltip says what lies under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def tip_at(self, position: QPointF) -> str:
        """What a place shows, as rich text; "" outside the clip."""
        layout = self._layout()
        if position.x() < layout.left:
            y = round(position.y())
            lanes = layout.lane_rects().items()
            return next((_LANE_TIPS[name] for name, lane in lanes if lane.top() <= y <= lane.bottom()), "")
        if not self.frame_count() or not layout.left <= position.x() <= layout.left + layout.width:
            return ""
        frame = self._frame_at(position.x())
        lines = [f"<b>frame {frame}</b> &nbsp; {time_label(float(self._edges[frame]))}"]
        if layout.loop.contains(position.toPoint()):
            start, stop = self._range
            lines.append(
                f"Played: frames {start} to {stop - 1}. Drag its ends; double-click for the whole clip."
            )
        elif self._lanes is not None:
            lines += self._lane_facts(self._lanes, frame)
            lines += [_suspicion_line(found) for found in self._suspicion_at(position)[:4]]
        return "<br>".join(lines)

    def _lane_facts(self, lanes: TimelineLanes, frame: int) -> list[str]:
        facts = []
        if np.isfinite(lanes.scores[frame]):
            facts.append(f"score {lanes.scores[frame]:.2f}")
        facts.append("seen" if lanes.seen[frame] else "nobody seen")
        for side, contact in zip(("left", "right"), lanes.contacts[frame], strict=True):
            if contact:
                facts.append(f"{side} foot stands" if contact > 0 else f"{side} foot not known")
        if lanes.edited[frame]:
            facts.append("corrected by hand")
        return [", ".join(facts)]

    def _suspicion_at(self, position: QPointF) -> list[Suspicion]:
        """Suspicious runs under the mouse in their lane: of the row's kind if there are any, else of any."""
        lane = QRectF(self._layout().lane_rects()["Check"])
        if not lane.contains(position) or self._lanes is None:
            return []
        frame = self._frame_at(position.x())
        reach = self._frame_at(position.x() + _MARK_REACH) - self._frame_at(position.x() - _MARK_REACH)
        rows = suspicion_rows({each.kind: None for each in self._suspicions()})
        kind = rows[min(len(rows) - 1, int((position.y() - lane.top()) / lane.height() * len(rows)))]
        in_row = suspicions_near(self._suspicions(), frame, (reach + 1) // 2, kind)
        return in_row or suspicions_near(self._suspicions(), frame, (reach + 1) // 2)


def _nearest_frame(suspicion: Suspicion, frame: int) -> int:
    """The frame of a run that lies nearest."""
    return max(suspicion.start, min(frame, suspicion.stop - 1))


def _suspicion_line(suspicion: Suspicion) -> str:
    red, green, blue = suspicion_colour(suspicion.kind)
    mark = f'<span style="color: rgb({red},{green},{blue})">&#9632;</span>'
    frames = f"frame {suspicion.start}"
    if suspicion.stop - suspicion.start > 1:
        frames = f"frames {suspicion.start} to {suspicion.stop - 1}"
    return f"{mark} <b>{escape(suspicion.kind)}</b>, {frames}: {escape(suspicion.text)}"
