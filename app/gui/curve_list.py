"""The list of curves: groups, check boxes, and the value of each chosen curve at the shown frame."""

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.export.colours import Colour
from app.gui.curve_names import curve_label, curve_parent

Curve = tuple[str, str]
"""Group and name."""

_NAME = Qt.ItemDataRole.UserRole


class CurveList(QWidget):
    """Which curves are drawn. `checked_changed` is sent when the user chooses, not by `set_checked`."""

    checked_changed = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[Curve, QTreeWidgetItem] = {}
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Find a curve")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._filter)
        self.clear_button = QToolButton()
        self.clear_button.setText("None")
        self.clear_button.setToolTip("Take all curves off the plot")
        self.clear_button.clicked.connect(self._uncheck_all)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(10)
        self.tree.setStyleSheet("QTreeView::item { padding: 2px 0; }")
        header = self.tree.header()
        assert header is not None
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(1, self.fontMetrics().horizontalAdvance("00.000 m") + 8)
        self.tree.itemChanged.connect(self._on_item_changed)
        top = QHBoxLayout()
        top.addWidget(self.filter)
        top.addWidget(self.clear_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(top)
        column.addWidget(self.tree)

    def set_names(self, groups: Mapping[str, Sequence[str]]) -> None:
        """Which curves there are; none of them checked."""
        blocked = self.tree.blockSignals(True)
        self.tree.clear()
        self._items = {}
        for group, names in groups.items():
            top = QTreeWidgetItem(self.tree, [group])
            top.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = top.font(0)
            font.setBold(True)
            top.setFont(0, font)
            parents: dict[str, QTreeWidgetItem] = {}
            for name in names:
                self._items[group, name] = self._add(top, parents, name)
            top.setExpanded(group == next(iter(groups)))
        self.tree.blockSignals(blocked)
        self._filter(self.filter.text())

    def _add(self, top: QTreeWidgetItem, parents: dict[str, QTreeWidgetItem], name: str) -> QTreeWidgetItem:
        above, label, parent = top, curve_label(name), curve_parent(name)
        if parent:
            if parent not in parents:
                parents[parent] = QTreeWidgetItem(top, [parent])
                parents[parent].setFlags(Qt.ItemFlag.ItemIsEnabled)
            above, label = parents[parent], label.removeprefix(parent).strip()
        item = QTreeWidgetItem(above, [label])
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(0, Qt.CheckState.Unchecked)
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setData(0, _NAME, curve_label(name))
        item.setToolTip(0, curve_label(name))
        return item

    def checked(self) -> list[Curve]:
        """The curves that are chosen, in the list's order."""
        return [curve for curve, item in self._items.items() if item.checkState(0) == Qt.CheckState.Checked]

    def set_checked(self, curves: Sequence[Curve]) -> None:
        """Choose curves; names that are not there are left out."""
        wanted = set(curves)
        blocked = self.tree.blockSignals(True)
        for curve, item in self._items.items():
            on = curve in wanted
            item.setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
            above = item.parent()
            if on:
                while above is not None:
                    above.setExpanded(True)
                    above = above.parent()
        self.tree.blockSignals(blocked)

    def show_colours(self, colours: Mapping[Curve, Colour]) -> None:
        """A stroke in its colour before every curve that is drawn; none before the others."""
        blocked = self.tree.blockSignals(True)
        empty = self._stroke(None)  # keeps the names under each other
        for curve, item in self._items.items():
            item.setIcon(0, self._stroke(colours[curve]) if curve in colours else empty)
            if curve not in colours:
                item.setText(1, "")
        self.tree.blockSignals(blocked)

    def show_values(self, values: Mapping[Curve, str]) -> None:
        """What curves say at the shown frame."""
        blocked = self.tree.blockSignals(True)
        for curve, text in values.items():
            self._items[curve].setText(1, text)
        self.tree.blockSignals(blocked)
        viewport = self.tree.viewport()
        assert viewport is not None
        viewport.update()

    def _stroke(self, colour: Colour | None) -> QIcon:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(16 * ratio), round(16 * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        if colour is not None:
            painter = QPainter(pixmap)
            painter.setPen(QPen(QColor(*colour), 3))
            painter.drawLine(1, 8, 15, 8)
            painter.end()
        return QIcon(pixmap)

    def _on_item_changed(self, item: QTreeWidgetItem, column: int) -> None:
        if column == 0:
            self.checked_changed.emit()

    def _uncheck_all(self) -> None:
        self.set_checked(())
        self.checked_changed.emit()

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for item in self._items.values():
            item.setHidden(not all(word in item.data(0, _NAME).lower() for word in words))
        for index in range(self.tree.topLevelItemCount()):
            top = self.tree.topLevelItem(index)
            assert top is not None
            self._hide_empty(top, bool(words))

    def _hide_empty(self, item: QTreeWidgetItem, open_up: bool) -> bool:
        """Hide what holds no curve that is shown; whether it did."""
        below = [child for index in range(item.childCount()) if (child := item.child(index)) is not None]
        if not below:
            return item.isHidden()
        hidden = True
        for child in below:
            hidden = self._hide_empty(child, open_up) and hidden
        item.setHidden(hidden)
        if open_up:
            item.setExpanded(True)
        return hidden
