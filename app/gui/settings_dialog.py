"""The settings: what finds the joints, what lifts them, where, and how the motion is made. Applied without restart."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.errors import STATED_ERRORS, describe
from app.gui.lifter_field import LifterField
from app.gui.settings_fields import (
    DetectorField,
    NoteLabel,
    OptionalNumber,
    add_row,
    choice,
    number_box,
)
from app.motion import FOOT_LOCKS, LARGEST_FLOOR_OFFSET, LONGEST_GAP_S, SMOOTHING_METHODS, check_choices
from app.people import check_person
from app.settings import DEVICES, Settings
from detectors.registry import check_detector
from stcformer.lens import ASSUMED_FIELD_OF_VIEW
from stcformer.own_weights import LifterState

_HELP = {
    "detector": "What finds the joints in the pictures. Names in grey lack something.",
    "person": "main: whoever is largest and longest in view; all: everybody who stays for a second; or a number, 2 for "
    "the second to main.",
    "lifter": "Which weights turn the joints into 3D: a shipped name, or a file of your own. Files in the folder that "
    "`stcstudio lifters` names are in the list; names in grey are to be fetched.",
    "device": "Where the lifter computes. auto: CUDA, else an Apple GPU, else the processor.",
    "fov_degrees": "The camera's field of view over the longer side of the picture. Phones: 60° to 75°. Unknown: leave "
    "it, and the video's own metadata are taken, or 60°; with 60° distances from the camera are uncertain by a quarter.",
    "height_m": "The person's height sets the scale of everything. Without it, the lifter's own guess is kept.",
    "camera_pitch_degrees": "How far the camera looks down (above 0) or up (below 0) from level. Unknown: leave it, and "
    "it is found from the motion.",
    "floor_offset_m": "Moves the floor of this clip up (above 0) or down, from where it is found. Ctrl+Shift+Up and "
    "Down do it too.",
    "foot_lock": "Feet that stand are held at one place. auto: where their contact is credible; always; or never.",
    "smoothing": "How trembling is taken out of the motion. auto suits most videos; one-euro looks back only, "
    "as live mode does; none keeps every detail.",
    "longest_gap_s": "Somebody who was lost for no longer is bridged, and marked; after a longer time nobody is there.",
}
_ANEW = "Changed here, the video is processed again, after a question"
_AT_ONCE = "Changed here, the 3D follows at once, corrections and all"
_PERSONS = ("main", "all", *(str(number) for number in range(1, 10)))


class SettingsDialog(QDialog):
    """Shows settings and gives them back changed, by `applied`, each time OK or Apply is pressed.

    `found` says what was found in the open clip, by the name of the setting (`app.take_notes.found_in`).
    """

    applied = pyqtSignal(object)
    """`app.settings.Settings`."""

    def __init__(
        self,
        settings: Settings,
        lifters: Sequence[LifterState],
        parent: QWidget | None = None,
        found: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._settings = settings
        self._found = dict(found or {})
        self.detector = DetectorField(settings.detector)
        self.person = choice(_PERSONS, settings.person)
        self.person.currentTextChanged.connect(lambda who: self.detector.set_wants_several(who != "main"))
        self.detector.set_wants_several(settings.wants_several())
        self.lifter = LifterField(lifters, settings.lifter)
        self.device = choice(DEVICES, settings.device)
        self.fov = OptionalNumber(settings.fov_degrees, ASSUMED_FIELD_OF_VIEW, (5, 170), "°", 1)
        self.body_height = OptionalNumber(settings.height_m, 1.75, (0.3, 3.0), " m", 2)
        self.camera_pitch = OptionalNumber(settings.camera_pitch_degrees, 0.0, (-90, 90), "°", 1)
        self.floor = number_box(
            100 * settings.floor_offset_m, (-100 * LARGEST_FLOOR_OFFSET, 100 * LARGEST_FLOOR_OFFSET), " cm", 1
        )
        self.floor.setSingleStep(1.0)
        self.foot_lock = choice(FOOT_LOCKS, settings.foot_lock)
        self.smoothing = choice(SMOOTHING_METHODS, settings.smoothing)
        self.longest_gap = number_box(settings.longest_gap_s, (0.0, LONGEST_GAP_S), " s", 2)
        self.longest_gap.setSingleStep(0.05)
        self.problem = QLabel()
        self.problem.setProperty("role", "warning")
        self.problem.setWordWrap(True)
        self.problem.hide()
        self._lay_out()

    def chosen(self) -> Settings:
        """The settings as the dialog shows them."""
        return replace(
            self._settings,
            detector=self.detector.name() or self._settings.detector,
            person=self.person.currentText(),
            lifter=self.lifter.name() or self._settings.lifter,
            device=self.device.currentText(),
            fov_degrees=self.fov.value(),
            height_m=self.body_height.value(),
            camera_pitch_degrees=self.camera_pitch.value(),
            floor_offset_m=round(self.floor.value() / 100, 4),
            foot_lock=self.foot_lock.currentText(),
            smoothing=self.smoothing.currentText(),
            longest_gap_s=round(self.longest_gap.value(), 3),
        )

    def apply(self) -> bool:
        """Say what was chosen. False, and a sentence in the dialog, where it cannot be."""
        settings = self.chosen()
        try:
            check_detector(settings.detector)
            check_person(settings.person)
            check_choices(settings)
        except STATED_ERRORS as error:
            self.problem.setText(describe(error))
            self.problem.show()
            return False
        self.problem.hide()
        self._settings = settings
        self.applied.emit(settings)
        return True

    def _lay_out(self) -> None:
        tabs = QTabWidget()
        tabs.setDocumentMode(True)
        tabs.addTab(self._people_and_lifting(), "Joints and 3D")
        tabs.addTab(self._motion_and_world(), "Motion and world")
        button = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(button.Ok | button.Apply | button.Cancel)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        apply = self.buttons.button(button.Apply)
        assert apply is not None
        apply.clicked.connect(self.apply)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 12, 18, 14)
        column.setSpacing(10)
        column.addWidget(tabs, 1)
        column.addWidget(self.problem)
        column.addWidget(self.buttons)
        self.tabs = tabs

    def _people_and_lifting(self) -> QWidget:
        page, form = _page()
        form.addRow(_heading(_ANEW))
        self._add(form, "detector", "&Detector", self.detector, self.detector.state)
        self._add(form, "person", "&People", self.person)
        form.addRow(_heading(_AT_ONCE))
        self._add(form, "lifter", "&Lifter", self.lifter, self.lifter.state)
        self._add(form, "device", "De&vice", self.device)
        self._add(form, "fov_degrees", "Field of &view", self.fov)
        return page

    def _motion_and_world(self) -> QWidget:
        page, form = _page()
        form.addRow(_heading(_AT_ONCE))
        self._add(form, "height_m", "Body &height", self.body_height)
        self._add(form, "camera_pitch_degrees", "Camera &pitch", self.camera_pitch)
        self._add(form, "floor_offset_m", "&Floor moved by", self.floor)
        self._add(form, "foot_lock", "Foot &lock", self.foot_lock)
        self._add(form, "smoothing", "&Smoothing", self.smoothing)
        self._add(form, "longest_gap_s", "Longest &gap", self.longest_gap)
        return page

    def _add(self, form: QFormLayout, name: str, label: str, widget: QWidget, *more: NoteLabel) -> None:
        widget.setToolTip(_HELP[name])
        named = widget.known if isinstance(widget, OptionalNumber) else widget.focusProxy() or widget
        named.setAccessibleName(label.replace("&", ""))
        notes = [NoteLabel(_HELP[name]), *more]
        if name in self._found:
            notes.append(NoteLabel(f"In this clip: {self._found[name]}."))
        add_row(form, label, widget, *notes)

    def _accept(self) -> None:
        if self.apply():
            self.accept()


def _page() -> tuple[QWidget, QFormLayout]:
    page, form = QWidget(), QFormLayout()
    form.setVerticalSpacing(3)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    column = QVBoxLayout(page)
    column.setContentsMargins(2, 10, 2, 0)
    column.addLayout(form)
    column.addStretch(1)  # what height is left is not for the gaps between the rows
    return page, form


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "heading")
    label.setWordWrap(True)
    label.setContentsMargins(0, 2, 0, 6)
    return label
