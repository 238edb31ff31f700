"""What a timeline shows: ruler, lanes, the range that is played, the shown frame; a part of the clip or all of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui.timeline_picture import TimelineColours, TimelineLayout, static_picture, timeline_colours
from app.timeline.axis import TimeView, frame_edges
from app.timeline.columns import LaneSums, TimelineLanes

_SHORTEST_VIEW = 8
"""Frames that are in view at the closest zoom, more or less."""


class TimelineDisplay(QWidget):
    """Ruler, lanes, the range that is played and the shown frame of a clip with F frames.

    It only shows; `app.gui.timeline.Timeline` adds what mouse and keys do.
    """

    view_changed = pyqtSignal(float, float)
    """Seconds: the part of the clip that is in view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._edges: NDArray[np.floating[Any]] = np.zeros(1)
        self._lanes: TimelineLanes | None = None
        self._sums: LaneSums | None = None
        self._frame = 0
        self._range = (0, 0)
        self._view = TimeView(0.0, 1.0, 0.0, 1.0)
        self._following = True
        self._picture: QPixmap | None = None
        self._hover_x: float | None = None
        self._scrubbing = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumSize(240, 166)
        self.setAccessibleName("Timeline")

    def sizeHint(self) -> QSize:
        """Low and wide."""
        return QSize(900, 182)

    # What is shown

    def set_clip(self, time_s: NDArray[np.floating[Any]]) -> None:
        """Another clip: its frames' moments (F,), seconds. All of it in view, no lanes, frame 0, all of it played."""
        self._edges = frame_edges(time_s)
        self._lanes = self._sums = None
        self._frame, self._range, self._following = 0, (0, self.frame_count()), True
        self._view = self._fitted()
        self._redraw()
        self.view_changed.emit(self._view.start_s, self._view.stop_s)

    def set_lanes(self, lanes: TimelineLanes | None) -> None:
        """What is known of the frames of the clip. ValueError when it has another number of frames."""
        if lanes is not None and len(lanes.scores) != self.frame_count():
            raise ValueError(f"Lanes of {len(lanes.scores)} frames for a clip of {self.frame_count()}.")
        self._lanes = lanes
        self._sums = None if lanes is None else LaneSums(lanes)
        self._redraw()

    def set_frame(self, frame: int) -> None:
        """The shown frame; the view follows it, unless it was moved away by hand."""
        if not self.frame_count():
            return
        frame = max(0, min(frame, self.frame_count() - 1))
        forward, self._frame = frame > self._frame, frame
        if self._in_view(frame):
            self._following = True
        elif self._following:
            self._reveal(frame, forward)
        self.update()

    def set_range(self, start: int, stop: int) -> None:
        """The range that is played: first frame and the one after the last; brought inside the clip."""
        start, stop = (max(0, min(edge, self.frame_count())) for edge in (start, stop))
        self._range = (start, stop) if start < stop else (0, self.frame_count())
        self.update()

    def set_view(self, start_s: float, stop_s: float) -> None:
        """Show a part of the clip, seconds."""
        if stop_s > start_s:
            self._show(TimeView(start_s, stop_s, self._view.left, self._view.width))

    def fit(self) -> None:
        """The whole clip in view."""
        self._show(self._fitted())

    def fit_range(self) -> None:
        """The range that is played in view."""
        start, stop = self._range
        if self.frame_count():
            self.set_view(float(self._edges[start]), float(self._edges[stop]))

    def zoom(self, factor: float) -> None:
        """`factor` times as close, about the shown frame."""
        if self.frame_count():
            self._show(self._view.zoomed(factor, float(self._edges[self._frame])))

    def frame_count(self) -> int:
        """F."""
        return len(self._edges) - 1

    @property
    def view(self) -> tuple[float, float]:
        """The part in view, seconds."""
        return self._view.start_s, self._view.stop_s

    def x_of(self, frame: int) -> float:
        """The pixel where a frame begins; F gives the end of the last."""
        return self._view.x(float(self._edges[frame]))

    # View

    def _layout(self) -> TimelineLayout:
        return TimelineLayout(self.size())

    def _fitted(self) -> TimeView:
        layout = self._layout()
        first, last = float(self._edges[0]), float(self._edges[-1])
        return TimeView(first, last if last > first else first + 1.0, layout.left, layout.width)

    def _show(self, view: TimeView, by_hand: bool = True) -> None:
        if not self.frame_count():
            return
        first, last = float(self._edges[0]), float(self._edges[-1])
        shortest = (last - first) / self.frame_count() * _SHORTEST_VIEW
        before, self._view = self._view, view.within(first, last, shortest)
        if by_hand:
            self._following = self._in_view(self._frame)
        if self._view != before:
            self._redraw()
            self.view_changed.emit(self._view.start_s, self._view.stop_s)

    def _in_view(self, frame: int) -> bool:
        return bool(
            self._edges[frame] >= self._view.start_s - 1e-9
            and self._edges[frame + 1] <= self._view.stop_s + 1e-9
        )

    def _is_zoomed(self) -> bool:
        return self._view.span_s < float(self._edges[-1] - self._edges[0]) * 0.9999

    def _reveal(self, frame: int, forward: bool) -> None:
        first, stop = float(self._edges[frame]), float(self._edges[frame + 1])
        if forward and not self._scrubbing:  # turn the page: what comes next is what is looked at
            self._show(self._view.moved(first - self._view.start_s - 0.1 * self._view.span_s), by_hand=False)
        else:
            margin = 0.02 if self._scrubbing else 0.1
            self._show(self._view.showing(first, stop, margin), by_hand=False)

    def _redraw(self) -> None:
        self._picture = None
        self.update()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The same part of the clip on another width."""
        layout = self._layout()
        self._view = TimeView(self._view.start_s, self._view.stop_s, layout.left, layout.width)
        self._redraw()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent | None) -> None:
        """Other colours or another font."""
        if event is not None and event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._redraw()
        super().changeEvent(event)

    # Painting

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The kept picture, and over it what moves."""
        colours = timeline_colours(self.palette())
        layout = self._layout()
        painter = QPainter(self)
        if not self.frame_count():
            painter.fillRect(self.rect(), QColor(*colours.ground))
            painter.setPen(QColor(*colours.dim_text))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No video is open.")
            return
        if self._picture is None or self._picture.devicePixelRatio() != self.devicePixelRatioF():
            self._picture = static_picture(
                layout, self._view, self._edges, self._sums, colours, self.font(), self.devicePixelRatioF()
            )
        painter.drawPixmap(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self.rect().adjusted(layout.left - 8, 0, 0, 0))
        self._paint_range(painter, layout, colours)
        if self._hover_x is not None:
            painter.setPen(QColor(*colours.text, 90))
            painter.drawLine(
                QPointF(self._hover_x, layout.ruler.top()), QPointF(self._hover_x, layout.lanes.bottom())
            )
        self._paint_frame(painter, layout, colours)
        self._paint_overview(painter, layout, colours)

    def _paint_range(self, painter: QPainter, layout: TimelineLayout, colours: TimelineColours) -> None:
        first, last = (self._view.x(float(self._edges[edge])) for edge in self._range)
        strip, lanes = QRectF(layout.loop), QRectF(layout.lanes)
        left, right = strip.left(), strip.right()
        painter.fillRect(strip, QColor(*colours.lane))
        begin, end = min(max(first, left), right), min(max(last, left), right)
        if self._range != (0, self.frame_count()):
            shade = QColor(*colours.ground, 150)
            painter.fillRect(QRectF(left, lanes.top(), begin - left, lanes.height()), shade)
            painter.fillRect(QRectF(end, lanes.top(), right - end, lanes.height()), shade)
        painter.fillRect(
            QRectF(begin, strip.top() + 3, end - begin, strip.height() - 6), QColor(*colours.accent, 110)
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*colours.accent))
        for x, inward in ((first, 1.0), (last, -1.0)):
            if left - 1 <= x <= right + 1:
                bar = QRectF(min(x, x + 4 * inward), strip.top(), 4, strip.height())
                painter.drawRoundedRect(bar, 1.5, 1.5)

    def _paint_frame(self, painter: QPainter, layout: TimelineLayout, colours: TimelineColours) -> None:
        x, stop = self.x_of(self._frame), self.x_of(self._frame + 1)
        if stop < layout.left or x > layout.left + layout.width:
            return
        bottom = layout.lanes.bottom()
        if stop - x >= 3:
            painter.fillRect(
                QRectF(x, layout.loop.bottom() + 2, stop - x, bottom - layout.loop.bottom() - 2),
                QColor(*colours.text, 46),
            )
        painter.setPen(QPen(QColor(*colours.text), 1.5))
        painter.drawLine(QPointF(x, layout.ruler.top() + 16), QPointF(x, bottom))
        label = str(self._frame)
        width = painter.fontMetrics().horizontalAdvance(label) + 10
        middle = min(max(x, layout.left - 6 + width / 2), self.width() - width / 2)
        tag = QRectF(middle - width / 2, layout.ruler.top(), width, 16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*colours.text))
        painter.drawRoundedRect(tag, 3, 3)
        painter.drawPolygon(QPolygonF([QPointF(x - 4, 15), QPointF(x + 4, 15), QPointF(x, 20)]))
        painter.setPen(QColor(*colours.ground))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, label)

    def _paint_overview(self, painter: QPainter, layout: TimelineLayout, colours: TimelineColours) -> None:
        if not self._is_zoomed():
            return
        first, last = float(self._edges[0]), float(self._edges[-1])
        bar = QRectF(layout.overview)
        scale = bar.width() / (last - first)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*colours.lane))
        painter.drawRoundedRect(bar, 4, 4)
        painter.setBrush(QColor(*colours.dim_text))
        thumb = max(16.0, self._view.span_s * scale)
        start = min(bar.left() + (self._view.start_s - first) * scale, bar.right() - thumb)
        painter.drawRoundedRect(QRectF(start, bar.top() + 1, thumb, bar.height() - 2), 3, 3)
        painter.setBrush(QColor(*colours.accent))
        x = bar.left() + (float(self._edges[self._frame]) - first) * scale
        painter.drawRect(QRectF(x - 1, bar.top(), 2, bar.height()))
