"""The settings' choice of a lifter: the shipped ones, the user's own with their hashes, those to be fetched."""

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QBrush, QPalette
from PyQt6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QPushButton, QWidget

from app.gui.settings_fields import NoteLabel, choice
from stcformer.own_weights import LifterState


class LifterField(QWidget):
    """A lifter's name, or a weights file. Each entry's words are its tooltip; the chosen one's stand in `state`."""

    def __init__(self, lifters: Sequence[LifterState], chosen: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._states = {lifter.name: lifter for lifter in lifters}
        self.box = choice([*self._states], chosen)
        self.box.setEditable(True)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        browse = QPushButton("File…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        self.state = NoteLabel()
        self.state.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)  # it has an address
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box, 1)
        row.addWidget(browse)
        self.setFocusProxy(self.box)
        self._show_what_each_is()
        self.box.currentTextChanged.connect(self._describe)
        self._describe()

    def name(self) -> str:
        """As `load_weights` takes it."""
        return self.box.currentText().strip()

    def _show_what_each_is(self) -> None:
        faded = QBrush(self.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text))
        for row in range(self.box.count()):
            state = self._states.get(self.box.itemText(row))
            if state is not None:
                self.box.setItemData(row, state.words, Qt.ItemDataRole.ToolTipRole)
                if not state.is_here:
                    self.box.setItemData(row, faded, Qt.ItemDataRole.ForegroundRole)

    def _describe(self) -> None:
        name = self.name()
        if name in self._states:
            words = self._states[name].words
        else:
            words = "A file of your own." if Path(name).is_file() else f"There are no weights '{name}'."
        self.box.setToolTip(words)
        self.state.setText(words)

    def _browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Weights", str(Path.home()), "Weights (*.safetensors *.pth *.pt);;All files (*)"
        )
        if name:
            self.box.setCurrentText(name)
