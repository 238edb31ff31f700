"""The two rows of the timeline that show which foot stands, and how they are set by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QMenu, QWidget

from app.gui.timeline_display import TimelineDisplay
from app.gui.timeline_picture import timeline_colours
from app.timeline.axis import frame_at

ROWS = ("Left foot", "Right foot")
_CHOICES = {"floor": "on the floor", "air": "in the air", "automatic": "automatic"}
"""What a foot is set to (`app.edits.CONTACT_VALUES`), and how the menu says it."""


@dataclass(frozen=True)
class ContactSpan:
    """A foot (0 left, 1 right) in the frames from `start` up to but without `stop`."""

    foot: int
    start: int
    stop: int


class ContactRows(TimelineDisplay):
    """A timeline whose rows of the feet can be marked with the mouse; a menu then says what the foot does there."""

    contact_requested = pyqtSignal(int, int, int, str)
    """Foot, first frame, the one after the last, and one of `app.edits.CONTACT_VALUES`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._can_set_contacts = False
        self._contact_span: ContactSpan | None = None

    def set_contacts_editable(self, can: bool) -> None:
        """Whether the rows of the feet may be changed."""
        self._can_set_contacts = can
        if not can:
            self._mark_contact(None)

    def foot_at(self, position: QPointF) -> int | None:
        """The foot whose row lies there, when it may be changed."""
        if not self._can_set_contacts or self._lanes is None:
            return None
        rects = self._layout().lane_rects()
        return next((foot for foot, row in enumerate(ROWS) if rects[row].contains(position.toPoint())), None)

    def stretch_at(self, foot: int, frame: int) -> ContactSpan:
        """The frames about one in which the foot does the same."""
        assert self._lanes is not None
        return ContactSpan(foot, *_run(np.asarray(self._lanes.contacts)[:, foot], frame))

    def contact_menu(self, span: ContactSpan) -> QMenu:
        """What the foot may do in those frames; they are marked as long as the menu is there."""
        self._mark_contact(span)
        menu = QMenu(self)
        name, frames = ROWS[span.foot], f"frame {span.start}"
        if span.stop - span.start > 1:
            frames = f"frames {span.start} to {span.stop - 1}"
        for value, text in _CHOICES.items():
            action = QAction(f"{name} {text}, {frames}", menu)
            action.setData(value)
            action.triggered.connect(
                lambda _checked=False, value=value: self.contact_requested.emit(
                    span.foot, span.start, span.stop, value
                )
            )
            menu.addAction(action)
        menu.aboutToHide.connect(lambda: self._mark_contact(None))
        return menu

    def _frame_at(self, x: float) -> int:
        return frame_at(self._edges, self._view.moment(x))

    def _mark_contact(self, span: ContactSpan | None) -> None:
        self._contact_span = span
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The marked frames over everything else."""
        super().paintEvent(event)
        span = self._contact_span
        if span is None or span.stop > self.frame_count():
            return
        row = QRectF(self._layout().lane_rects()[ROWS[span.foot]])
        left, right = self.x_of(span.start), self.x_of(span.stop)
        marked = QRectF(left, row.top() - 1.5, max(2.0, right - left), row.height() + 3)
        accent = QColor(*timeline_colours(self.palette()).accent)
        painter = QPainter(self)
        painter.setClipRect(QRectF(self._layout().lanes))
        painter.setPen(QPen(accent, 2))
        accent.setAlpha(70)
        painter.setBrush(accent)
        painter.drawRoundedRect(marked, 3, 3)
        painter.end()


def popped_up(menu: QMenu, position: Any) -> None:
    """Show a menu without waiting for it; it is gone when it closes."""
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(position)


def _run(values: NDArray[Any], at: int) -> tuple[int, int]:
    """(start, stop) of the run of equal values about a place."""
    edges = np.flatnonzero(np.diff(values)) + 1
    place = int(np.searchsorted(edges, at, side="right"))
    start = int(edges[place - 1]) if place else 0
    return start, int(edges[place]) if place < len(edges) else len(values)
