"""Plots of curves over time, one a group, under each other and in step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any

import numpy as np
import pyqtgraph
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QToolTip, QWidget

from app.export.colours import Colour
from app.gui.curve_names import curve_label, value_text
from app.timeline.axis import TimeView, frame_edges, second_step, step_places, time_label
from app.timeline.curve_range import curve_points, nearest_frame, value_range

Array = NDArray[np.floating[Any]]

LEAST_RANGE = {"°": 5.0, "m": 0.05, "m/s": 0.2}
"""The smallest range that a plot of a unit shows."""

_AXIS_WIDTH = 58
_CURVE_REACH = 8
"""Pixels about a curve in which the mouse means it."""
_FEW_POINTS = 150
_SHORTEST_VIEW = 8


@dataclass(frozen=True)
class PlottedGroup:
    """What one plot shows."""

    title: str
    unit: str
    curves: Mapping[str, Array]
    """Name -> (F,)."""
    colours: Mapping[str, Colour]


@dataclass
class _Plot:
    """One plot's parts."""

    item: pyqtgraph.PlotItem
    region: pyqtgraph.LinearRegionItem
    lines: dict[str, pyqtgraph.PlotCurveItem] = field(default_factory=dict)


class _MomentAxis(pyqtgraph.AxisItem):
    """Times as the timeline writes them."""

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:
        """Round times, 80 pixels or more from each other."""
        if not (size > 0 and maxVal > minVal):
            return []
        step = second_step(80 * (maxVal - minVal) / size)
        return [(step, [number * step for number in range(ceil(minVal / step), floor(maxVal / step) + 1)])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """`0:02.5`."""
        return [time_label(value, step_places(spacing)) for value in values]


class CurvePlots(pyqtgraph.GraphicsLayoutWidget):
    """Plots with a cursor at the shown frame.

    The plots are drawn once and kept as a picture, over which the cursor moves: playing costs one copy of it a frame.

    A press or a drag asks for the frame that lies there; the wheel zooms the time, a drag with the middle button moves
    it, a double click shows all. Every plot's scale follows what is in view.
    """

    frame_requested = pyqtSignal(int)
    view_changed = pyqtSignal(float, float)
    """Seconds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._time_s: Array = np.zeros(0)
        self._edges: Array = np.zeros(1)
        self._groups: list[PlottedGroup] = []
        self._plots: list[_Plot] = []
        self._frame = 0
        self._range = (0, 0)
        self._view = (0.0, 1.0)
        self._drag = ""
        self._grip = QPointF()
        self._asked: int | None = None
        self._picture: QPixmap | None = None
        self.scene().changed.connect(self._forget_picture)
        self.ci.layout.setContentsMargins(4, 4, 10, 2)
        self.ci.layout.setSpacing(2)
        self.setMouseTracking(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.restyle(self.palette())

    # What is shown

    def set_clip(self, time_s: Array) -> None:
        """Another clip: its frames' times (F,), seconds; all of it in view, at frame 0, and no curves yet.

        `view_changed` is not sent: who shows the clip already may show a part of it.
        """
        self._groups = []
        self._build()
        self._time_s = np.asarray(time_s, dtype=float)
        self._edges = frame_edges(self._time_s)
        self._frame = 0
        self._show(float(self._edges[0]), float(self._edges[-1]))

    def set_groups(self, groups: list[PlottedGroup]) -> None:
        """What is drawn, from the top."""
        same = [group.title for group in groups] == [group.title for group in self._groups]
        self._groups = groups
        if not same or len(groups) != len(self._plots):
            self._build()
        for plot, group in zip(self._plots, groups, strict=True):
            self._fill(plot, group)
        self._show_range()
        self._scale()

    def set_frame(self, frame: int) -> None:
        """The shown frame."""
        if len(self._time_s):
            self._frame = max(0, min(frame, len(self._time_s) - 1))
            self.viewport().update()

    def set_range(self, start: int, stop: int) -> None:
        """The range that is played: first frame and the one after the last."""
        self._range = (start, stop)
        self._show_range()

    def set_view(self, start_s: float, stop_s: float) -> None:
        """Show a part of the clip, seconds."""
        before = self._view
        self._show(start_s, stop_s)
        if self._view != before:
            self._scale()
            self.view_changed.emit(*self._view)

    def fit(self) -> None:
        """All of the clip in view."""
        self.set_view(float(self._edges[0]), float(self._edges[-1]))

    @property
    def view(self) -> tuple[float, float]:
        """The part in view, seconds."""
        return self._view

    def position_of(self, group: int, moment: float, value: float) -> QPointF:
        """Where a moment and a value lie in this widget, in the plot of a group."""
        box = self._plots[group].item.getViewBox()
        return QPointF(self.mapFromScene(box.mapViewToScene(QPointF(moment, value))))

    def moment_at(self, position: QPointF) -> float | None:
        """The moment at a place of this widget; None where there is no plot."""
        if not self._plots or not len(self._time_s):
            return None
        box = self._plots[0].item.getViewBox()
        return float(box.mapSceneToView(self.mapToScene(position.toPoint())).x())

    def _show(self, start_s: float, stop_s: float) -> None:
        if not len(self._time_s) or stop_s <= start_s:
            return
        first, last = float(self._edges[0]), float(self._edges[-1])
        shortest = (last - first) / len(self._time_s) * _SHORTEST_VIEW
        view = TimeView(start_s, stop_s, 0.0, 1.0).within(first, last, shortest)
        self._view = (view.start_s, view.stop_s)

    # Building

    def restyle(self, palette: QPalette) -> None:
        """In other colours."""
        self._text, self._ground = palette.text().color(), palette.base().color()
        self._accent = palette.highlight().color()
        self.setBackground(self._ground)
        self._build()
        self.set_groups(self._groups)

    def _build(self) -> None:
        self.ci.clear()
        self._plots = [self._plot(row, group) for row, group in enumerate(self._groups)]

    def _plot(self, row: int, group: PlottedGroup) -> _Plot:
        axes = {"bottom": _MomentAxis("bottom"), "left": pyqtgraph.AxisItem("left")}
        item = self.addPlot(row=row, col=0, axisItems=axes, enableMenu=False)
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.getViewBox().setDefaultPadding(0.0)
        item.disableAutoRange()
        item.showGrid(x=True, y=True, alpha=0.13)
        last = row == len(self._groups) - 1
        for name, axis in axes.items():
            axis.enableAutoSIPrefix(False)
            axis.setTextPen(_faded(self._text, 0.75))
            axis.setPen(_faded(self._text, 0.3))
            axis.setStyle(showValues=last if name == "bottom" else True, tickLength=-4, maxTickLevel=0)
        axes["left"].setWidth(_AXIS_WIDTH)
        axes["left"].setTickDensity(1.6)
        axes["left"].setLabel(f"{group.title} ({group.unit})" if group.unit else group.title)
        region = pyqtgraph.LinearRegionItem(
            movable=False, brush=_faded(self._accent, 0.07), pen=_faded(self._accent, 0.5)
        )
        region.setZValue(-20)
        item.addItem(region, ignoreBounds=True)
        return _Plot(item, region)

    def _fill(self, plot: _Plot, group: PlottedGroup) -> None:
        for name in [name for name in plot.lines if name not in group.curves]:
            plot.item.removeItem(plot.lines.pop(name))
        for name in group.curves:
            if name not in plot.lines:
                plot.lines[name] = pyqtgraph.PlotCurveItem(connect="finite", antialias=True)
                plot.item.addItem(plot.lines[name], ignoreBounds=True)

    # What moves

    def _show_range(self) -> None:
        # A range may be told before the clip that it is of.
        start, stop = (max(0, min(edge, len(self._time_s))) for edge in self._range)
        whole = (start, stop) == (0, len(self._time_s))
        for plot in self._plots:
            plot.region.setVisible(not whole and start < stop)
            plot.region.setRegion((float(self._edges[start]), float(self._edges[stop])))

    def _scale(self) -> None:
        """Every plot to the part in view, and to how high its curves go there."""
        columns = max(1.0, self.viewport().width() * self.devicePixelRatioF())
        view = TimeView(*self._view, 0.0, columns)
        for plot, group in zip(self._plots, self._groups, strict=True):
            shown = {name: curve_points(self._time_s, values, view) for name, values in group.curves.items()}
            for name, (times, values) in shown.items():
                # Wider than a pixel is nicer, and slow where a line has many points.
                width = 1.6 if len(times) <= _FEW_POINTS else 1.0
                pen = pyqtgraph.mkPen(QColor(*group.colours[name]), width=width)
                plot.lines[name].setData(times, values, pen=pen)
            heights = (values for _, values in shown.values())
            low, high = value_range(heights, LEAST_RANGE.get(group.unit, 0.0)) or (0.0, 1.0)
            room = (high - low) * 0.06 or 0.5
            plot.item.getViewBox().setRange(xRange=self._view, yRange=(low - room, high + room), padding=0.0)

    # Painting

    def _forget_picture(self) -> None:
        self._picture = None
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The kept picture of the plots, and the cursor over it."""
        viewport, ratio = self.viewport(), self.devicePixelRatioF()
        self.scene().prepareForPaint()
        if self._picture is None or self._picture.size() != viewport.size() * ratio:
            self._picture = QPixmap(viewport.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            inner = QPainter(self._picture)
            self.render(inner, QRectF(viewport.rect()), viewport.rect())
            inner.end()
        painter = QPainter(viewport)
        painter.drawPixmap(0, 0, self._picture)
        if len(self._time_s):
            for plot, group in zip(self._plots, self._groups, strict=True):
                self._paint_cursor(painter, plot, group)

    def _paint_cursor(self, painter: QPainter, plot: _Plot, group: PlottedGroup) -> None:
        moment, box = float(self._time_s[self._frame]), plot.item.getViewBox()
        if not self._view[0] <= moment <= self._view[1]:
            return
        low, high = box.viewRange()[1]
        top, bottom = (self.mapFromScene(box.mapViewToScene(QPointF(moment, edge))) for edge in (high, low))
        painter.setPen(QPen(self._text, 1))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.drawLine(top, bottom)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._ground, 1))
        for name, values in group.curves.items():
            if np.isfinite(values[self._frame]):
                share = (float(values[self._frame]) - low) / (high - low)
                painter.setBrush(QColor(*group.colours[name]))
                painter.drawEllipse(QPointF(top.x(), bottom.y() + share * (top.y() - bottom.y())), 3.5, 3.5)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Another number of columns."""
        super().resizeEvent(event)
        if event is not None:  # without one it is pyqtgraph's own constructor that calls
            self._forget_picture()
            self._scale()

    # Mouse: pyqtgraph's own, which moves and scales without bounds, stays out of it.

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there, or take hold."""
        self._drag = {Qt.MouseButton.LeftButton: "scrub", Qt.MouseButton.MiddleButton: "pan"}.get(
            event.button(), ""
        )
        self._grip, self._asked = event.position(), None
        self._drag_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag."""
        self._drag_to(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._drag = ""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """All in view."""
        self.fit()

    def viewportEvent(self, event: QEvent) -> bool:
        """A tooltip names the curve under the mouse."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return bool(super().viewportEvent(event))

    def tip_at(self, position: QPointF) -> str:
        """Name and value of the curve under a place of this widget, and when; "" where there is none."""
        moment = self.moment_at(position)
        if moment is None:
            return ""
        frame, found = nearest_frame(self._time_s, moment), []
        for row, group in enumerate(self._groups):
            for name, values in group.curves.items():
                if np.isfinite(values[frame]):
                    place = self.position_of(row, float(self._time_s[frame]), float(values[frame]))
                    text = f"{curve_label(name)}: {value_text(float(values[frame]), group.unit)}"
                    found.append((abs(place.y() - position.y()), text))
        distance, text = min(found, default=(np.inf, ""))
        if distance > _CURVE_REACH:
            return ""
        return f"{text}\nframe {frame}, {time_label(float(self._time_s[frame]))}"

    def _drag_to(self, position: QPointF) -> None:
        moment = self.moment_at(position)
        if moment is None:
            return
        if self._drag == "scrub":
            frame = nearest_frame(self._time_s, moment)
            if frame != self._asked:
                self._asked = frame
                self.frame_requested.emit(frame)
        elif self._drag == "pan":
            held = self.moment_at(self._grip)
            assert held is not None
            self._grip = position
            self.set_view(self._view[0] + held - moment, self._view[1] + held - moment)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom the time about the mouse; with Shift, or sideways, move along."""
        moment = self.moment_at(event.position())
        if moment is None:
            return
        delta, sideways = event.angleDelta().y(), event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            sideways, delta = sideways or delta, 0
        view = TimeView(*self._view, 0.0, 1.0)
        if abs(sideways) > abs(delta):
            view = view.moved(-sideways / 120 * 0.1 * view.span_s)
        else:
            view = view.zoomed(1.25 ** (delta / 120), moment)
        self.set_view(view.start_s, view.stop_s)
        event.accept()


def _faded(colour: QColor, opacity: float) -> QColor:
    faded = QColor(colour)
    faded.setAlphaF(opacity)
    return faded
