"""The curves of a motion over time: angles, positions, speeds; those that are chosen, in step with the video."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QLabel, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app.export.colours import Colour
from app.gui.curve_list import Curve, CurveList
from app.gui.curve_names import curve_base, curve_colours, value_text
from app.gui.curve_plots import CurvePlots, PlottedGroup

Array = NDArray[np.floating[Any]]


class CurveView(QWidget):
    """A list of curves in groups, and a plot for every group of which curves are chosen.

    It knows no clock: a press in a plot asks (`frame_requested`), and what is shown is told by `set_frame`.
    """

    frame_requested = pyqtSignal(int)
    view_changed = pyqtSignal(float, float)
    """Seconds: the part of the clip that is in view."""
    checked_changed = pyqtSignal()
    """The user chose other curves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._time_s: Array = np.zeros(0)
        self._curves: dict[str, dict[str, Array]] = {}
        self._units: dict[str, str] = {}
        self._colours: dict[Curve, Colour] = {}
        self._frame = self._asked_frame = 0
        self._wanted: list[Curve] | None = None
        self.list = CurveList()
        self.plots = CurvePlots()
        self.hint = QLabel()
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setWordWrap(True)
        self.hint.setEnabled(False)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.hint)
        self._stack.addWidget(self.plots)
        splitter = QSplitter()
        splitter.addWidget(self.list)
        splitter.addWidget(self._stack)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([310, 700])
        splitter.setChildrenCollapsible(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(splitter)
        self.list.checked_changed.connect(self._on_checked)
        self.plots.frame_requested.connect(self.frame_requested)
        self.plots.view_changed.connect(self.view_changed)
        self._draw()

    def set_curves(
        self, time_s: Array, curves: Mapping[str, Mapping[str, Array]], units: Mapping[str, str]
    ) -> None:
        """Curves {group: {name: (F,)}} over (F,) seconds, and each group's unit; {} shows none.

        What was checked stays so; at first it is the first pair of the first group. The view stays if the times are
        the same. ValueError when a curve has another number of frames.
        """
        for group, named in curves.items():
            for name, values in named.items():
                if np.shape(values) != np.shape(time_s):
                    raise ValueError(
                        f"Curve {group}/{name} has shape {np.shape(values)}, not {np.shape(time_s)}."
                    )
        same_names = {group: list(named) for group, named in curves.items()} == {
            group: list(named) for group, named in self._curves.items()
        }
        self._curves = {group: dict(named) for group, named in curves.items()}
        self._units = dict(units)
        if not np.array_equal(time_s, self._time_s):
            self._time_s = np.asarray(time_s, dtype=float)
            self._frame = max(0, min(self._asked_frame, len(self._time_s) - 1))
            self.plots.set_clip(self._time_s)
            self.plots.set_frame(self._frame)
        if not same_names:
            self.list.set_names({group: list(named) for group, named in self._curves.items()})
        if self._wanted is None and self._curves:
            self._wanted = self._first_pair()
        if not same_names:
            self.list.set_checked(self._wanted or ())
        self._draw()

    def set_frame(self, frame: int) -> None:
        """The shown frame; one that is told before its clip is kept until then."""
        self._asked_frame = frame
        if len(self._time_s):
            self._frame = max(0, min(frame, len(self._time_s) - 1))
            self.plots.set_frame(self._frame)
            self._show_values()

    def set_range(self, start: int, stop: int) -> None:
        """The range that is played: first frame and the one after the last."""
        self.plots.set_range(start, stop)

    def set_view(self, start_s: float, stop_s: float) -> None:
        """Show a part of the clip, seconds."""
        self.plots.set_view(start_s, stop_s)

    def checked(self) -> list[Curve]:
        """The curves (group, name) that are drawn."""
        return self.list.checked()

    def set_checked(self, curves: Sequence[Curve]) -> None:
        """Draw these; names that are not there are drawn when they come."""
        self._wanted = list(curves)
        self.list.set_checked(curves)
        self._draw()

    def _first_pair(self) -> list[Curve]:
        group, named = next(iter(self._curves.items()))
        base = curve_base(next(iter(named)))
        return [(group, name) for name in named if curve_base(name) == base]

    def _on_checked(self) -> None:
        absent = [curve for curve in self._wanted or () if curve[1] not in self._curves.get(curve[0], {})]
        self._wanted = [*self.checked(), *absent]
        self._draw()
        self.checked_changed.emit()

    def _draw(self) -> None:
        checked = self.checked()
        if not checked:
            self.hint.setText(
                "Choose curves in the list." if self._curves else "Curves appear when there is a motion."
            )
        self._stack.setCurrentWidget(self.plots if checked else self.hint)
        palette = self.palette()
        text, ground = (
            (colour.red(), colour.green(), colour.blue())
            for colour in (palette.text().color(), palette.base().color())
        )
        self._colours, groups = {}, []
        for group, named in self._curves.items():
            names = [name for of, name in checked if of == group]
            if names:
                colours = curve_colours(names, text, ground)
                self._colours |= {(group, name): colours[name] for name in names}
                unit = self._units.get(group, "")
                groups.append(PlottedGroup(group, unit, {name: named[name] for name in names}, colours))
        self.plots.set_groups(groups)
        self.list.show_colours(self._colours)
        self._show_values()

    def _show_values(self) -> None:
        if not len(self._time_s):
            return
        values = {}
        for group, name in self._colours:
            value = float(self._curves[group][name][self._frame])
            values[group, name] = value_text(value, self._units.get(group, ""))
        self.list.show_values(values)

    def changeEvent(self, event: QEvent | None) -> None:
        """Other colours."""
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            # Not now: Qt goes through all that has a palette, and restyling replaces some of it.
            QTimer.singleShot(0, self._restyle)
        super().changeEvent(event)

    def _restyle(self) -> None:
        self.plots.restyle(self.palette())
        self._draw()
