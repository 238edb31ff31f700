"""The one button that matters, and beside it how far the work is."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.pipeline import Progress

_STAGES = {"detect": "Finding joints", "lift": "Lifting to 3D", "motion": "Setting in motion"}


class ProcessBar(QWidget):
    """Process, which becomes Cancel while work goes on, with stage, frames done, rate and time left."""

    process_requested = pyqtSignal()
    cancel_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QPushButton("Process")
        self.button.setObjectName("process")
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.button.setMinimumWidth(120)
        self.button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.button.clicked.connect(self._on_clicked)
        self.label = QLabel()
        self.label.setProperty("role", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._progress = QWidget()
        column = QVBoxLayout(self._progress)
        column.setContentsMargins(8, 0, 8, 0)
        column.setSpacing(4)
        column.addWidget(self.label)
        column.addWidget(self.bar)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 0)
        row.addWidget(self.button)
        row.addWidget(self._progress, 1)
        row.addStretch(0)
        self._progress.setMinimumWidth(250)
        self._progress.setMaximumWidth(420)
        self._is_working = False
        self.set_working(False)

    def set_offer(self, text: str, enabled: bool, tip: str, is_next: bool = True) -> None:
        """What the button says, whether it can be pressed, and whether it is what is to be done next, while nothing
        is being processed."""
        if not self._is_working:
            self._dress(is_next)
            self.button.setText(text)
            self.button.setEnabled(enabled)
            self.button.setToolTip(tip)

    def set_working(self, working: bool) -> None:
        """Whether a video is being processed."""
        self._is_working = working
        self._progress.setVisible(working)
        self._dress(not working)
        if working:
            self.label.setText("Opening the video…")
            self.bar.setRange(0, 0)
            self.button.setText("Cancel")
            self.button.setToolTip("Stop processing (Ctrl+.)")
            self.button.setEnabled(True)

    def set_stopping(self) -> None:
        """Cancel was pressed; it takes a moment."""
        self.label.setText("Stopping…")
        self.button.setEnabled(False)

    def show_progress(self, progress: Progress) -> None:
        """How far a stage is."""
        self.bar.setRange(0, max(1, progress.total))
        self.bar.setValue(progress.done)
        self.label.setText(progress_text(progress))

    def _dress(self, is_bright: bool) -> None:
        wanted = "true" if is_bright else "false"
        if self.button.property("bright") == wanted:
            return
        self.button.setProperty("bright", wanted)
        if (style := self.button.style()) is not None:
            style.unpolish(self.button)
            style.polish(self.button)

    def _on_clicked(self) -> None:
        (self.cancel_requested if self._is_working else self.process_requested).emit()


def progress_text(progress: Progress) -> str:
    """Stage, frames, rate and time left: "Finding joints · 120 of 300 · 31 frames/s · 0:06 left"."""
    parts = [_STAGES.get(progress.stage, progress.stage), f"{progress.done} of {progress.total}"]
    if progress.seconds > 0.5 and 0 < progress.done < progress.total:
        rate = progress.done / progress.seconds
        left = (progress.total - progress.done) / rate
        parts.append(f"{rate:.0f} frames/s" if rate >= 10 else f"{rate:.1f} frames/s")
        parts.append(f"{int(left) // 60}:{int(left) % 60:02d} left")
    return " · ".join(parts)
