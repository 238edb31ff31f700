"""The list of export formats to choose from: a box each, with what it is and in which space and unit."""

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QCheckBox, QFrame, QGridLayout, QLabel, QScrollArea, QWidget

from app.export import FORMATS

_SHOWN_ROWS = 7
"""How many rows are in view before the list scrolls."""


class FormatList(QScrollArea):
    """Every format of the registry; scrolls when there are more than fit."""

    changed = pyqtSignal()
    """Another choice."""

    def __init__(self, chosen: Sequence[str], has_video: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes: dict[str, QCheckBox] = {}
        content = QWidget()
        grid = QGridLayout(content)
        grid.setContentsMargins(2, 2, 10, 2)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(8)
        for row, (name, entry) in enumerate(FORMATS.items()):
            box = QCheckBox(name)
            persons = "a file a person" if entry.per_person else "everybody in one file"
            box.setToolTip(f"{entry.description}; {entry.space}; {persons}: {entry.suffix}")
            label = QLabel(entry.description[0].upper() + entry.description[1:])
            space = QLabel(f"{entry.suffix}  ·  {entry.space}")
            space.setProperty("role", "muted")
            lines = QGridLayout()
            lines.setVerticalSpacing(0)
            for line, text in enumerate((label, space)):
                text.setWordWrap(True)
                text.setToolTip(box.toolTip())
                lines.addWidget(text, line, 0)
            if entry.needs_video and not has_video:
                box.setEnabled(False)
                label.setEnabled(False)
                space.setText("the video is not there; open the project again and name it")
            box.setChecked(name in chosen and box.isEnabled())
            box.toggled.connect(self.changed)
            grid.addWidget(box, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addLayout(lines, row, 1)
            self.boxes[name] = box
        grid.setColumnStretch(1, 1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(min(_SHOWN_ROWS, len(FORMATS)) * (2 * self.fontMetrics().lineSpacing() + 10))

    def chosen(self) -> list[str]:
        """Names in the registry, in its order."""
        return [name for name, box in self.boxes.items() if box.isChecked()]
