"""A square map of numbers as colours, with names along two sides."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetricsF, QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QToolTip, QWidget

Array = NDArray[np.floating[Any]]

_COLOURS = np.ascontiguousarray(pyqtgraph.colormap.get("viridis").getLookupTable(nPts=256), dtype=np.uint8)
_BOX, _ROW = QColor(255, 92, 92), QColor(255, 255, 255)
_GAP, _MARGIN, _SMALLEST_SIDE = 4.0, 6.0, 40.0
_FONT_PIXELS = 10


class AttentionMap(QWidget):
    """(N, N) numbers from 0 up, row by row: who attends down the side, to whom along the bottom.

    Passive: a click on a row says which (`row_clicked`); a tooltip says the number under the mouse.
    """

    row_clicked = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: Array = np.zeros((0, 0))
        self._names: tuple[str, ...] = ()
        self._shown_names: frozenset[int] = frozenset()
        self._edges: tuple[int, ...] = ()
        self._row: int | None = None
        self._title = ""
        self._image: QImage | None = None
        self.setMinimumSize(150, 150)

    def set_map(
        self, values: Array, names: Sequence[str], title: str, *, ticks: int = 0, edges: Sequence[int] = ()
    ) -> None:
        """Show (N, N) numbers with N names, or with about so many `ticks` of them (0: all). `edges`: where boxes along
        the diagonal begin, and the end of the last. Raises ValueError when there are not N names."""
        if values.shape != (len(names), len(names)):
            raise ValueError(f"a map of {values.shape} with {len(names)} names")
        count = len(names)
        self._values, self._names, self._title, self._edges = values, tuple(names), title, tuple(edges)
        chosen = (
            range(count) if not ticks else np.linspace(0, count - 1, min(ticks, count)).round().astype(int)
        )
        self._shown_names = frozenset(int(place) for place in chosen)
        self._image = _picture(values) if count else None
        self.update()

    def set_row(self, row: int | None) -> None:
        """Mark a row."""
        self._row = row
        self.update()

    @property
    def values(self) -> Array:
        """(N, N) what is shown."""
        return self._values

    def cell_rect(self, row: int, column: int) -> QRectF:
        """Where a number lies in the widget."""
        square = self._square()
        side = square.width() / max(1, len(self._names))
        return QRectF(square.left() + column * side, square.top() + row * side, side, side)

    def _square(self) -> QRectF:
        metrics = QFontMetricsF(self._font())
        room = max((metrics.horizontalAdvance(name) for name in self._names), default=0.0) + _GAP + _MARGIN
        top = metrics.height() + 2 * _GAP
        side = max(_SMALLEST_SIDE, min(self.width() - room - _MARGIN, self.height() - room - top))
        return QRectF(max(room, (self.width() - side + room - _MARGIN) / 2), top, side, side)

    def _font(self) -> Any:
        font = self.font()
        font.setPixelSize(_FONT_PIXELS)
        return font

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The map."""
        painter = QPainter(self)
        painter.setFont(self._font())
        painter.setPen(self.palette().text().color())
        if self._image is None:
            painter.end()
            return
        square = self._square()
        title = QRectF(0, 0, self.width(), square.top() - _GAP)
        painter.drawText(title, Qt.AlignmentFlag.AlignCenter, self._title)
        painter.drawImage(square, self._image)
        self._paint_names(painter, square)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(_BOX, 1.3))
        for first, last in pairwise(self._edges):
            painter.drawRect(self.cell_rect(first, first).united(self.cell_rect(last - 1, last - 1)))
        if self._row is not None and self._row < len(self._names):
            painter.setPen(QPen(_ROW, 1.3))
            painter.drawRect(
                self.cell_rect(self._row, 0).united(self.cell_rect(self._row, len(self._names) - 1))
            )
        painter.end()

    def _paint_names(self, painter: QPainter, square: QRectF) -> None:
        side = square.width() / len(self._names)
        for place in sorted(self._shown_names):
            middle, high = (place + 0.5) * side, max(side, _FONT_PIXELS + 2.0)
            beside = QRectF(0, square.top() + middle - high / 2, square.left() - _GAP, high)
            painter.drawText(
                beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._names[place]
            )
            painter.save()
            painter.translate(square.left() + middle, square.bottom() + _GAP)
            painter.rotate(-90)
            below = QRectF(-200.0, -high / 2, 200.0, high)
            painter.drawText(
                below, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._names[place]
            )
            painter.restore()

    def place_at(self, at: QPointF) -> tuple[int, int] | None:
        """Row and column under a point of the widget; None beside the map."""
        square = self._square()
        if not self._names or not square.contains(at):
            return None
        side, last = square.width() / len(self._names), len(self._names) - 1
        row, column = int((at.y() - square.top()) / side), int((at.x() - square.left()) / side)
        return min(row, last), min(column, last)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Say which row."""
        place = self.place_at(event.position()) if event is not None else None
        if place is not None:
            self.row_clicked.emit(place[0])

    def event(self, event: QEvent | None) -> bool:
        """The number under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.place_at(QPointF(event.pos()))
            text = ""
            if place is not None:
                row, column = place
                value = 100 * float(self._values[row, column])
                text = f"{self._names[row]} to {self._names[column]}: {value:.1f} %"
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return bool(super().event(event))


def _picture(values: Array) -> QImage:
    most = max(float(values.max()), 1e-9)
    levels = (255 * np.clip(values / most, 0, 1)).astype(np.uint8)
    pixels = np.ascontiguousarray(_COLOURS[levels][..., :3])
    height, width = levels.shape
    borrowed = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return borrowed.copy()
