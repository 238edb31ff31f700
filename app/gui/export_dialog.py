"""The export: which files, of whom, of which frames, and where; then what was written and how true it is."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QSettings, Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.errors import STATED_ERRORS, StudioError, describe
from app.export import ExportProgress, export_take
from app.export.part import part_of
from app.export.sidecar import read_sidecar
from app.gui import questions
from app.gui.background import Background
from app.gui.format_list import FormatList
from app.gui.preferences import strings
from app.take import Take

_USUAL_FORMATS = ("csv", "bvh")
_NAMED_FILES = 6
"""So many are named one by one when they are written; more are counted."""
_REPORT_INTERVAL_S = 0.1
"""Between two reports of a film's frames."""


@dataclass(frozen=True)
class _Written:
    folder: Path
    paths: list[Path]
    checks: list[str]


class _StoppedError(Exception):
    """Raised in the export's thread when the user stops it."""


class ExportDialog(QDialog):
    """Exports one Take. It writes beside the window, says what came of it, and stays open for another try.

    Closed while it writes, it goes on unseen; `ended` says when that is over.
    """

    ended = pyqtSignal(str)
    """A sentence: what was written, or why not."""

    _progressed = pyqtSignal(object)

    def __init__(
        self,
        take: Take,
        names: Sequence[str],
        played: tuple[int, int],
        store: QSettings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self._take, self._store, self._played = take, store, played
        self._folder: Path | None = None
        chosen = strings(store, "export/formats") or list(_USUAL_FORMATS)
        self.format_list = FormatList(chosen, has_video=take.source.path.is_file())
        self.formats = self.format_list.boxes
        self.format_list.changed.connect(self._on_changed)
        self.folder = QLineEdit(str(self._usual_folder()))
        self.stem = QLineEdit(take.source.path.stem)
        self.person = QComboBox()
        self.person.addItem("Everybody" if len(names) > 1 else (names[0] if names else "Nobody"), None)
        if len(names) > 1:
            for number, name in enumerate(names):
                self.person.addItem(name, number)
        last = take.frame_count() - 1
        self.first_frame, self.last_frame = QSpinBox(), QSpinBox()
        for spin, frame in ((self.first_frame, played[0]), (self.last_frame, played[1] - 1)):
            spin.setRange(0, last)
            spin.setValue(frame)
            spin.setMinimumSize(80, self.person.sizeHint().height())
            spin.valueChanged.connect(self._on_changed)
        self.summary, self.outcome = QLabel(), QLabel()
        self.export_button, self.show_button = QPushButton("Export"), QPushButton("Show in folder")
        self.close_button, self.stop_button = QPushButton("Close"), QPushButton("Stop")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self._stop = threading.Event()
        self._background = Background("export", self)
        self._background.succeeded.connect(self._on_written)
        self._background.failed.connect(self._on_failed)
        self._progressed.connect(
            self._on_progress
        )  # sent in the writing thread, so Qt queues it for this one
        self._lay_out()
        self._on_changed()

    @property
    def is_busy(self) -> bool:
        """Whether files are being written."""
        return self._background.is_busy

    def chosen_formats(self) -> list[str]:
        """Names in the registry."""
        return self.format_list.chosen()

    def export(self) -> None:
        """Write the files."""
        persons = self.person.currentData()
        everybody = range(self._take.person_count()) if persons is None else [persons]
        start, stop = self.first_frame.value(), self.last_frame.value() + 1
        take, formats = self._take, self.chosen_formats()
        folder, stem = Path(self.folder.text()).expanduser(), self.stem.text().strip()
        if not stem or Path(stem).name != stem:
            self._on_failed(StudioError(f"'{stem}' is no name for a file; give one without a folder in it."))
            return
        self._remember(folder, formats)
        self.outcome.setText("Writing…")
        self._set_writing(True)
        self.show_button.hide()
        self._stop.clear()
        report = _reporter(self._progressed.emit, self._stop)
        self._background.submit(
            lambda: _write(take, list(everybody), start, stop, folder, stem, formats, report)
        )

    def stop(self) -> None:
        """Stop writing; what is whole by then stays."""
        if self.is_busy:
            self._stop.set()
            self.stop_button.setEnabled(False)
            self.outcome.setText("Stopping…")

    def end(self) -> None:
        """End the thread, once the files that are being written are whole."""
        self._background.close()

    def _lay_out(self) -> None:
        browse = QPushButton("Choose…")
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        whole = QPushButton("Whole clip")
        whole.setAutoDefault(False)
        whole.clicked.connect(self._take_all_frames)
        form = QFormLayout()
        form.setVerticalSpacing(8)
        form.addRow("Folder", _line(self.folder, browse))
        form.addRow("Name", self.stem)
        form.addRow("People", self.person)
        form.addRow("Frames", _line(self.first_frame, QLabel("to"), self.last_frame, whole, None))
        for label in (self.summary, self.outcome):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.summary.setProperty("role", "muted")
        self.export_button.setObjectName("process")
        self.export_button.setProperty("bright", "true")
        self.export_button.setDefault(True)
        self.export_button.clicked.connect(self.export)
        self.show_button.clicked.connect(self._show_folder)
        self.show_button.hide()
        self.close_button.clicked.connect(self.reject)
        self.stop_button.clicked.connect(self.stop)
        for button in (self.stop_button, self.close_button, self.show_button):
            button.setAutoDefault(False)
        self._set_writing(False)
        body = QVBoxLayout(self)
        body.setContentsMargins(18, 16, 18, 14)
        body.setSpacing(12)
        body.addWidget(self.format_list, 1)
        body.addLayout(form)
        body.addWidget(self.summary)
        body.addWidget(self.progress)
        body.addWidget(self.outcome)
        buttons = (self.show_button, self.stop_button, self.close_button, self.export_button)
        body.addLayout(_line(None, *buttons))
        self.setMinimumWidth(680)

    def _usual_folder(self) -> Path:
        remembered = self._store.value("export/folder")
        if remembered and Path(str(remembered)).is_dir():
            return Path(str(remembered))
        video = self._take.source.path.absolute()
        return video.parent / f"{video.stem}-3d"

    def _remember(self, folder: Path, formats: list[str]) -> None:
        self._store.setValue("export/formats", formats)
        self._store.setValue("export/folder", str(folder))

    def _on_changed(self) -> None:
        frames = self.last_frame.value() - self.first_frame.value() + 1
        formats = self.chosen_formats()
        self.export_button.setEnabled(bool(formats) and frames > 0 and not self.is_busy)
        if not formats:
            self.summary.setText("Choose at least one format.")
        elif frames < 1:
            self.summary.setText("The last frame comes before the first.")
        else:
            self.summary.setText(
                f"{', '.join(formats)}: {frames} frames; a sidecar ({self.stem.text()}.json) says what made the files "
                "and how to read them."
            )

    def _take_all_frames(self) -> None:
        self.first_frame.setValue(0)
        self.last_frame.setValue(self._take.frame_count() - 1)

    def _browse(self) -> None:
        folder = questions.ask_folder(self, self.folder.text())
        if folder is not None:
            self.folder.setText(str(folder))

    def _show_folder(self) -> None:
        if self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder.absolute())))

    def _set_writing(self, writing: bool) -> None:
        self.export_button.setEnabled(not writing)
        for widget in (self.progress, self.stop_button):
            widget.setVisible(writing)
        self.stop_button.setEnabled(writing)
        if writing:
            self.progress.setRange(0, 0)

    def _on_progress(self, step: ExportProgress) -> None:
        if not self.is_busy or self._stop.is_set():
            return
        self.outcome.setText(f"Writing {step.file} ({step.number} of {step.count})")
        self.progress.setRange(0, step.total)  # 0 to 0: it goes on, and nobody knows how far
        self.progress.setValue(step.done)

    def _on_written(self, written: _Written) -> None:
        self._folder = written.folder
        self.outcome.setText("\n".join([written_line(written.folder, written.paths), *written.checks]))
        self.outcome.setToolTip("\n".join(path.name for path in written.paths))
        self.show_button.show()
        self._set_writing(False)
        self.ended.emit(self.outcome.text())

    def _on_failed(self, error: Exception) -> None:
        self._set_writing(False)
        if isinstance(error, _StoppedError):
            self.outcome.setText("Stopped; files that were whole by then stay.")
            self.ended.emit(self.outcome.text())
            return
        if not isinstance(error, STATED_ERRORS):
            self.outcome.setText("")
            raise error
        self.outcome.setText(describe(error))
        self.ended.emit(self.outcome.text())


def _reporter(
    emit: Callable[[ExportProgress], None], stop: threading.Event
) -> Callable[[ExportProgress], None]:
    """What the export's thread calls for every frame: it passes on a few, and ends the export when it is to stop."""
    last = [0.0]

    def report(step: ExportProgress) -> None:
        if stop.is_set():
            raise _StoppedError
        now = time.perf_counter()
        if now - last[0] >= _REPORT_INTERVAL_S or step.done in (0, step.total):
            last[0] = now
            emit(step)

    return report


def _write(
    take: Take,
    persons: list[int],
    start: int,
    stop: int,
    folder: Path,
    stem: str,
    formats: list[str],
    report: Callable[[ExportProgress], None],
) -> _Written:
    folder.mkdir(parents=True, exist_ok=True)
    paths = export_take(part_of(take, persons, start, stop), folder, stem, formats, report)
    return _Written(folder, paths, check_lines(read_sidecar(paths[-1])["files"]))


def written_line(folder: Path, paths: Sequence[Path]) -> str:
    """What was written: the names of a few files, the number of many."""
    if len(paths) <= _NAMED_FILES:
        return f"Written: {', '.join(path.name for path in paths)}"
    return f"Written: {len(paths)} files in '{folder.name}'"


def check_lines(files: list[dict[str, Any]]) -> list[str]:
    """What the files' own checks say, from the sidecar's entries: a sentence for each file, one for many files."""
    errors = {
        entry["file"]: check["largest_error_mm"]
        for entry in files
        if (check := entry.get("notes", {}).get("read_back", {})).get("largest_error_mm") is not None
    }
    if len(errors) <= _NAMED_FILES:
        lines = [
            f"{name}: read back, its joints are at most {error:.2f} mm from the poses."
            for name, error in errors.items()
        ]
    else:
        worst = max(errors, key=lambda name: errors[name])
        lines = [
            f"{len(errors)} files were read back: their joints are at most {errors[worst]:.2f} mm ({worst}) from the "
            "poses."
        ]
    for entry in files:
        notes = entry.get("notes", {})
        if notes.get("left_out"):
            lines.append(
                f"Person {entry['person']} is left out of {entry['format'].upper()}: {notes['left_out']}."
            )
    return lines


def _line(*widgets: QWidget | None) -> QHBoxLayout:
    line = QHBoxLayout()
    line.setSpacing(8)
    for widget in widgets:
        if widget is None:
            line.addStretch(1)
        else:
            line.addWidget(widget, 1 if isinstance(widget, QLineEdit) else 0)
    return line
