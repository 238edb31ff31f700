"""The people of a clip: choose one, give names, swap two from the shown frame on."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)


class PeoplePanel(QWidget):
    """A list of names. Passive: it shows what it is given and says what the user wants."""

    person_chosen = pyqtSignal(int)
    name_given = pyqtSignal(int, str)
    swap_requested = pyqtSignal(int, int)
    """Two people who change places from the shown frame on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hint = QLabel("People appear when the video is processed.")
        self.hint.setProperty("role", "muted")
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.list = QListWidget()
        self.list.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.list.setToolTip("Click: choose. Double click: give a name.")
        self.list.setAccessibleName("People")
        self.list.setFrameShape(QListWidget.Shape.NoFrame)
        self.left_out = QLabel()
        self.left_out.setProperty("role", "muted")
        self.left_out.setWordWrap(True)
        self.swap = QPushButton("Swap from here on")
        self.swap.setToolTip("The chosen person and another change places from the shown frame on")
        self._menu = QMenu(self)
        self.swap.setMenu(self._menu)
        self._chosen = 0
        self._names: tuple[str, ...] = ()
        self._is_filling = False
        row = QHBoxLayout()
        row.addWidget(self.swap)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 8)
        column.addWidget(self.hint)
        column.addWidget(self.list, 1)
        column.addWidget(self.left_out)
        column.addLayout(row)
        self.list.currentRowChanged.connect(self._on_row)
        self.list.itemChanged.connect(self._on_item_changed)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.set_people((), (), 0, False)

    def set_people(
        self,
        names: Sequence[str],
        frames_seen: Sequence[int],
        chosen: int,
        can_be_corrected: bool,
        left_out: int = 0,
        keeps_all: bool = False,
    ) -> None:
        """P names, in how many frames each was seen (none given: not known yet), and who is chosen; how many more
        were found and are not wanted, or, where all who stay are kept, were there too briefly.
        """
        self._is_filling = True
        if tuple(names) != self._names:
            self._names = tuple(names)
            self.list.clear()
            for name in names:
                self.list.addItem(QListWidgetItem(name))
        for row in range(self.list.count()):
            item = self.list.item(row)
            assert item is not None
            flags = item.flags() | Qt.ItemFlag.ItemIsEditable
            item.setFlags(flags if can_be_corrected else flags & ~Qt.ItemFlag.ItemIsEditable)
            if row < len(frames_seen):
                item.setToolTip(
                    f"{names[row]}: seen in {frames_seen[row]} frames. Double click: give a name."
                )
        self._chosen = chosen
        if self.list.count():
            self.list.setCurrentRow(chosen)
        others = "1 more person was found" if left_out == 1 else f"{left_out} more people were found"
        advice = "a number keeps one of them" if keeps_all else "all keeps them"
        self.left_out.setText(f"{others}. Under Settings, People: {advice}.")
        self.left_out.setVisible(left_out > 0)
        self.hint.setVisible(not names)
        self.list.setVisible(bool(names))
        self.swap.setVisible(bool(names))
        self.swap.setEnabled(can_be_corrected and len(names) > 1)
        self._is_filling = False

    def _on_row(self, row: int) -> None:
        if not self._is_filling and row >= 0:
            self.person_chosen.emit(row)

    def _on_item_changed(self, item: QListWidgetItem) -> None:
        if self._is_filling:
            return
        row, name = self.list.row(item), item.text().strip()
        self._is_filling = True
        item.setText(self._names[row])  # until the document says that the name is so
        self._is_filling = False
        if name and name != self._names[row]:
            self.name_given.emit(row, name)

    def _fill_menu(self) -> None:
        self._menu.clear()
        for person, name in enumerate(self._names):
            if person != self._chosen:
                entry = self._menu.addAction(f"with {name}")
                assert entry is not None
                entry.triggered.connect(
                    lambda _=False, other=person: self.swap_requested.emit(self._chosen, other)
                )
