"""The settings: what finds the joints, what lifts them, where, and how the motion is made. Applied without restart."""

from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.motion import SMOOTHING_METHODS
from app.settings import DEVICES, Settings
from detectors.registry import available_detectors
from stcformer.lens import ASSUMED_FIELD_OF_VIEW

_HELP = {
    "detector": "What finds the joints in the pictures. Another one needs the video to be processed again.",
    "lifter": "Which weights turn the joints into 3D: a shipped name, or a file of your own.",
    "device": "Where the lifter computes. auto: CUDA, else an Apple GPU, else the processor.",
    "smoothing": "How trembling is taken out of the motion. auto suits most videos; none keeps every detail.",
    "height": "The person's height sets the scale of everything. Without it, the lifter's own guess is kept.",
    "fov": "The camera's field of view over the longer side of the picture. Phones: 60° to 75°; unknown: leave it.",
}


class SettingsDialog(QDialog):
    """Shows settings and gives them back changed, by `applied`, each time OK or Apply is pressed."""

    applied = pyqtSignal(object)
    """`app.settings.Settings`."""

    def __init__(self, settings: Settings, lifters: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._settings = settings
        self.detector = _choice(available_detectors(), settings.detector)
        self.lifter = _choice(lifters, settings.lifter)
        self.lifter.setEditable(True)
        self.device = _choice(DEVICES, settings.device)
        self.smoothing = _choice(SMOOTHING_METHODS, settings.smoothing)
        self.height_known, self.height_m = _optional(
            settings.height_m, 1.75, (0.3, 3.0), " m", 2, "I know it"
        )
        self.fov_known, self.fov = _optional(
            settings.fov_degrees, ASSUMED_FIELD_OF_VIEW, (5, 170), "°", 1, "I know it"
        )
        self._lay_out()

    def chosen(self) -> Settings:
        """The settings as the dialog shows them."""
        return replace(
            self._settings,
            detector=self.detector.currentText(),
            lifter=self.lifter.currentText().strip() or self._settings.lifter,
            device=self.device.currentText(),
            smoothing=self.smoothing.currentText(),
            height_m=round(self.height_m.value(), 3) if self.height_known.isChecked() else None,
            fov_degrees=round(self.fov.value(), 2) if self.fov_known.isChecked() else None,
        )

    def apply(self) -> None:
        """Say what was chosen."""
        self._settings = self.chosen()
        self.applied.emit(self._settings)

    def _lay_out(self) -> None:
        browse = QPushButton("File…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        form = QFormLayout()
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows: list[tuple[str, str, tuple[QWidget, ...]]] = [
            ("detector", "Detector", (self.detector,)),
            ("lifter", "Lifter", (self.lifter, browse)),
            ("device", "Device", (self.device,)),
            ("smoothing", "Smoothing", (self.smoothing,)),
            ("height", "Body height", (self.height_known, self.height_m)),
            ("fov", "Field of view", (self.fov_known, self.fov)),
        ]
        for name, label, widgets in rows:
            line = QHBoxLayout()
            for widget in widgets:
                line.addWidget(widget, 0 if isinstance(widget, (QCheckBox, QPushButton)) else 1)
            form.addRow(label, line)
            help_text = QLabel(_HELP[name])
            help_text.setProperty("role", "muted")
            help_text.setWordWrap(True)
            help_text.setContentsMargins(0, 0, 0, 10)
            form.addRow("", help_text)
            widgets[0].setToolTip(_HELP[name])
        button = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(button.Ok | button.Apply | button.Cancel)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        apply = self.buttons.button(button.Apply)
        assert apply is not None
        apply.clicked.connect(self.apply)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.addLayout(form)
        column.addWidget(self.buttons)
        self.setMinimumWidth(520)

    def _accept(self) -> None:
        self.apply()
        self.accept()

    def _browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Weights", str(Path.home()), "Weights (*.safetensors *.pth *.pt);;All files (*)"
        )
        if name:
            self.lifter.setCurrentText(name)


def _choice(names: tuple[str, ...], chosen: str) -> QComboBox:
    box = QComboBox()
    box.addItems(names)
    if chosen not in names:
        box.addItem(chosen)
    box.setCurrentText(chosen)
    return box


def _optional(
    value: float | None, usual: float, limits: tuple[float, float], unit: str, places: int, text: str
) -> tuple[QCheckBox, QDoubleSpinBox]:
    known, number = QCheckBox(text), QDoubleSpinBox()
    number.setDecimals(places)
    number.setRange(*limits)
    number.setSingleStep(10.0**-places)
    number.setSuffix(unit)
    number.setValue(usual if value is None else value)
    known.setChecked(value is not None)
    number.setEnabled(value is not None)
    known.toggled.connect(number.setEnabled)
    return known, number
