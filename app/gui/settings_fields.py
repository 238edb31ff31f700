"""The parts of the settings dialog: a choice of names, a number that may be left to be found, the detector, a row."""

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QBrush, QPalette
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from detectors import DetectorError
from detectors.names import MODEL_ENDINGS, name_with_files
from detectors.registry import available_detectors, choose_automatic, detector_states

_NOTE_WIDTH = 580
"""Pixels of the sentences below the fields: few take more than a line."""


class DetectorField(QWidget):
    """A detector's name, perhaps with files after a colon, as the command line takes it; `state` says what it lacks."""

    def __init__(self, chosen: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._states = {state.name: state for state in detector_states()}
        self._wants_several = False
        self.box = choice(available_detectors(), chosen)
        self.box.setEditable(True)
        self.box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.browse = QPushButton("Models…")
        self.browse.setAutoDefault(False)
        self.browse.setToolTip(
            "Model files of your own for the chosen detector: the pose model, with or without the person detector; "
            "for mmpose each one's config and checkpoint, chosen together"
        )
        self.browse.clicked.connect(self._browse)
        self.state = NoteLabel()
        self.state.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
        )  # the command is to be copied
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.box, 1)
        row.addWidget(self.browse)
        self.setFocusProxy(self.box)
        self._mark_those_that_are_not_ready()
        self.box.currentTextChanged.connect(self._describe)
        self._describe()

    def name(self) -> str:
        """As `create_detector` takes it."""
        return self.box.currentText().strip()

    def set_wants_several(self, wants_several: bool) -> None:
        """Whether more than the main person is wanted: "auto" may then be another detector."""
        self._wants_several = wants_several
        self._describe()

    def _mark_those_that_are_not_ready(self) -> None:
        faded = QBrush(self.palette().color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.Text))
        for row in range(self.box.count()):
            state = self._states.get(self.box.itemText(row))
            if state is not None:
                self.box.setItemData(row, state.words, Qt.ItemDataRole.ToolTipRole)
                if state.missing:
                    self.box.setItemData(row, faded, Qt.ItemDataRole.ForegroundRole)

    def _describe(self) -> None:
        plain, colon, models = self.name().partition(":")
        state = self._states.get(plain)
        self.browse.setEnabled(state is not None and plain in MODEL_ENDINGS)
        if plain == "auto":
            self.state.setText(choose_automatic(self._wants_several).reason)
        elif state is None:
            self.state.setText(f"There is no detector '{plain}'.")
        elif colon and state.is_installed:
            self.state.setText(f"{plain} with {models or 'which models?'}")
        else:
            self.state.setText(f"{plain}: {state.words}.")

    def _browse(self) -> None:
        plain = self.name().partition(":")[0]
        patterns = " ".join(f"*{ending}" for ending in MODEL_ENDINGS[plain])
        names, _ = QFileDialog.getOpenFileNames(
            self, f"Models of {plain}", str(Path.home()), f"Models ({patterns});;All files (*)"
        )
        if not names:
            return
        try:
            self.box.setCurrentText(name_with_files(self.name(), names))
        except DetectorError as error:
            self.state.setText(str(error))


class OptionalNumber(QWidget):
    """A number that is either told or found by the program."""

    changed = pyqtSignal()

    def __init__(
        self, value: float | None, usual: float, limits: tuple[float, float], unit: str, places: int
    ) -> None:
        super().__init__()
        self.known = QCheckBox("I know it")
        self.number = number_box(usual if value is None else value, limits, unit, places)
        self.known.setChecked(value is not None)
        self.number.setEnabled(value is not None)
        self.known.toggled.connect(self.number.setEnabled)
        self.known.toggled.connect(lambda: self.changed.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.known)
        row.addWidget(self.number, 1)
        self.setFocusProxy(self.known)

    def value(self) -> float | None:
        """None where it is to be found."""
        if not self.known.isChecked():
            return None
        return round(self.number.value(), self.number.decimals())


def choice(names: Sequence[str], chosen: str) -> QComboBox:
    """A box of names, with the chosen one among them."""
    box = QComboBox()
    box.addItems(names)
    if chosen not in names:
        box.addItem(chosen)
    box.setCurrentText(chosen)
    return box


def number_box(value: float, limits: tuple[float, float], unit: str, places: int) -> QDoubleSpinBox:
    """A number with its unit."""
    number = QDoubleSpinBox()
    number.setDecimals(places)
    number.setRange(*limits)
    number.setSingleStep(10.0**-places)
    number.setSuffix(unit)
    number.setMinimumHeight(QComboBox().sizeHint().height())
    number.setValue(value)
    return number


class NoteLabel(QLabel):
    """A sentence below a field, as high as its lines: a page of tabs does not ask a wrapped label for its height."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setProperty("role", "muted")
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(_NOTE_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """The height of the lines at its smallest width."""
        return QSize(_NOTE_WIDTH, self.heightForWidth(_NOTE_WIDTH))

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def hasHeightForWidth(self) -> bool:
        """Its height is told by `sizeHint`."""
        return False


def add_row(form: QFormLayout, label: str, widget: QWidget, *notes: NoteLabel) -> None:
    """A field with its label, and sentences below it."""
    name = QLabel(label)
    name.setBuddy(widget)
    form.addRow(name, widget)
    for note in notes:
        note.setContentsMargins(0, 0, 0, 8 if note is notes[-1] else 0)
        form.addRow("", note)
