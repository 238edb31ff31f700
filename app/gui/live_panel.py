"""The panel of live work: which camera, start, record, and the numbers that say how well it keeps up."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QStandardPaths, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.errors import STATED_ERRORS, describe
from app.gui.background import Background
from app.gui.live_controller import LiveController, LiveNumbers
from app.gui.live_texts import NUMBERS, UNKNOWN, number_texts, people_text
from app.lifting import load_lifter
from app.live import CameraSource, FileSource, LiveFacts, LiveResult, LiveSource, limits
from app.settings import Settings
from app.video.webcam import list_cameras

if TYPE_CHECKING:
    from stcformer import Lifter

_VIDEO_FILES = "Videos (*.mp4 *.mov *.m4v *.avi *.mkv *.webm *.mpg *.mpeg);;All files (*)"


class LivePanel(QWidget):
    """Controls and numbers of one `LiveController`, which it owns.

    `settings`: what a session starts with; give new ones with `set_settings`. `lifter`: where a session gets
    the lifter of its settings from. `folder`: where recordings go, by default the user's folder of films.
    """

    result = pyqtSignal(object)
    """`app.live.LiveResult`, for the views."""
    recorded = pyqtSignal(object)
    """`app.take.Take` of a recording."""
    running_changed = pyqtSignal(bool)
    failed = pyqtSignal(object)
    """An exception that is no stated error: a bug. Stated ones stand in the panel as a sentence."""

    def __init__(
        self,
        settings: Settings | None = None,
        lifter: "Callable[[Settings], Lifter]" = load_lifter,
        parent: QWidget | None = None,
        *,
        folder: Path | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings, self._lifter = settings or Settings(), lifter
        self._folder = folder or _films_folder()
        self.controller = LiveController(self)
        self._cameras = Background("cameras", self, newest_only=True)
        self._stopping = self._has_warning = self._starts_later = False
        self._make_widgets()
        self._lay_out()
        self._connect()
        self._show_people(None)
        self._update()

    @property
    def is_running(self) -> bool:
        """Whether a session runs."""
        return self.controller.is_running

    @property
    def folder(self) -> Path:
        """Where recordings go."""
        return self._folder

    def set_settings(self, settings: Settings) -> None:
        """What the next session starts with."""
        self._settings = settings
        self.limits.setText(limits(settings))

    def set_folder(self, folder: Path) -> None:
        """Where the next recording goes."""
        self._folder = folder

    def watch(self, view: QWidget) -> None:
        """See `LiveController.watch`: the views whose painting ends the latency."""
        self.controller.watch(view)

    def set_source(self, source: LiveSource) -> None:
        """Choose a camera or a file, as if it had been chosen in the list."""
        place = next((row for row in range(self.source.count()) if self.source.itemData(row) == source), -1)
        if place < 0:
            place = self.source.count()
            self.source.addItem(source.name, source)
        self.source.setCurrentIndex(place)
        self._update()

    def refresh_cameras(self) -> None:
        """Look for cameras beside the window; the list follows. Not while one is in use."""
        if not self.is_running:
            self.refresh.setEnabled(False)
            self._say("Looking for cameras…")
            self._cameras.submit(list_cameras)

    def start(self) -> None:
        """Start with the chosen source; a camera once the list of cameras is made, which has them open for a moment."""
        source = self.source.currentData()
        if source is None or self.is_running:
            return
        self._starts_later = isinstance(source, CameraSource) and self._cameras.is_busy
        if self._starts_later:
            return
        try:
            self.controller.start(source, self._settings, self._lifter)
        except STATED_ERRORS as error:
            self._say(describe(error), "warning")
            return
        self._stopping = False
        self._say(f"Opening {source.name} and loading the networks…")
        self._show_numbers(None)
        self._show_people(None)
        self._update()
        self.running_changed.emit(True)

    def stop(self) -> None:
        """Stop; what is being recorded becomes a Take."""
        self._starts_later = False
        if self.is_running:
            self._stopping = True
            self._say("Stopping…")
            self.controller.stop()
            self._update()

    def follow(self, number: int) -> None:
        """Go over to the person of that number in `LiveResult.others`."""
        self.controller.follow(number)

    def follow_next(self) -> None:
        """Go over to the next person in view."""
        self.controller.follow_next()

    def toggle_recording(self) -> None:
        """Record what follows, or end the recording."""
        if self.controller.is_recording:
            self.controller.stop_recording()
            return
        try:
            self.controller.start_recording(self._folder)
        except STATED_ERRORS as error:
            self._say(describe(error), "warning")

    def close_session(self, timeout_s: float = 2.0) -> bool:
        """End everything, as the window closes; False when a thread lasts longer."""
        ended = self.controller.close(timeout_s)
        return self._cameras.close(timeout_s) and ended

    # --- inside -------------------------------------------------------------------------------------------

    def _make_widgets(self) -> None:
        self.source = QComboBox()
        self.source.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.source.setMinimumContentsLength(12)
        self.source.setToolTip("The camera, or a video file in its place")
        self.source.setAccessibleName("Source")
        self.refresh = QPushButton("Look again")
        self.refresh.setToolTip("Look for cameras; each is switched on briefly")
        self.file = QPushButton("File…")
        self.file.setToolTip("Let a video file stand in for a camera, at its own rate")
        self.start_button = QPushButton("Start")
        self.start_button.setObjectName("process")
        self.record = QPushButton("Record")
        self.record.setObjectName("process")
        self.record.setProperty(
            "working", "true"
        )  # as large as the button beside it, but not the one that matters
        self.record.setCheckable(True)
        self.people = QLabel()
        self.people.setProperty("role", "muted")
        self.next_person = QPushButton("Next person")
        self.next_person.setToolTip(
            "Follow the next person in view (Ctrl+Tab), or click on one in the picture; "
            "it takes a detector that sees several people"
        )
        self.limits = QLabel(limits(self._settings))
        self.limits.setWordWrap(True)
        self.limits.setProperty("role", "muted")
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.numbers = {name: QLabel(UNKNOWN) for name in NUMBERS}

    def _lay_out(self) -> None:
        """Three parts side by side, for a place that is wide and low: what to do, how it goes, what is to be said."""
        source = QHBoxLayout()  # every layout says its spacing: else it takes the wide one of the row
        source.setSpacing(6)
        source.addWidget(self.source, 1)
        source.addWidget(self.refresh)
        source.addWidget(self.file)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.start_button, 1)
        buttons.addWidget(self.record, 1)
        people = QHBoxLayout()
        people.setSpacing(6)
        people.addWidget(self.people, 1)
        people.addWidget(self.next_person)
        controls = QVBoxLayout()
        controls.setSpacing(10)
        controls.addLayout(source)
        controls.addLayout(buttons)
        controls.addLayout(people)
        controls.addStretch(1)
        said = QVBoxLayout()
        said.setSpacing(8)
        said.addWidget(self.message)
        said.addWidget(self.limits)
        said.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 10, 8, 10)
        row.setSpacing(28)
        row.addLayout(controls, 3)
        numbers = QVBoxLayout()
        numbers.addLayout(self._number_grid())
        numbers.addStretch(1)
        row.addLayout(numbers, 2)
        row.addLayout(said, 3)

    def _number_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(1, 1)
        for row, (name, (title, tip)) in enumerate(NUMBERS.items()):
            label, value = QLabel(title), self.numbers[name]
            label.setProperty("role", "muted")
            for widget in (label, value):
                widget.setToolTip(tip)
            value.setTextFormat(Qt.TextFormat.PlainText)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(label, row, 0)
            grid.addWidget(value, row, 1)
        return grid

    def _connect(self) -> None:
        self.refresh.clicked.connect(self.refresh_cameras)
        self.file.clicked.connect(self._choose_file)
        self.start_button.clicked.connect(lambda: self.stop() if self.is_running else self.start())
        self.record.clicked.connect(self.toggle_recording)
        self.next_person.clicked.connect(self.follow_next)
        self.source.currentIndexChanged.connect(self._update)
        self._cameras.succeeded.connect(self._on_cameras)
        self._cameras.failed.connect(self._on_cameras_failed)
        controller = self.controller
        controller.result.connect(self._show_people)
        controller.result.connect(self.result)
        controller.numbers.connect(self._show_numbers)
        controller.started.connect(self._on_started)
        controller.failed.connect(self._on_failed)
        controller.ended.connect(self._on_ended)
        controller.recorded.connect(self._on_recorded)
        controller.recording_changed.connect(self._on_recording)

    def _choose_file(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "A video in a camera's place", "", _VIDEO_FILES)
        if chosen:
            self.set_source(FileSource(Path(chosen)))

    def _on_cameras(self, found: tuple[int, ...]) -> None:
        chosen = self.source.currentData()
        known = [self.source.itemData(row) for row in range(self.source.count())]
        files = [source for source in known if isinstance(source, FileSource)]
        sources: list[LiveSource] = [*map(CameraSource, found), *files]
        if (self._starts_later or self.is_running) and chosen not in sources:
            sources.append(chosen)
        self.source.clear()
        for source in sources:
            self.source.addItem(source.name, source)
        if chosen in sources:
            self.source.setCurrentIndex(sources.index(chosen))
        self._on_looked(
            "" if found else "No camera was found; connect one and look again, or choose a video file."
        )

    def _on_cameras_failed(self, error: Exception) -> None:
        self._on_looked("")
        self._tell(error)

    def _on_looked(self, sentence: str) -> None:
        """The cameras are free again."""
        if not self.is_running:
            self._say(sentence)
        self._update()
        if self._starts_later:
            self.start()

    def _on_started(self, facts: LiveFacts) -> None:
        rate = f", {facts.fps:.3g} pictures a second" if facts.fps > 0 else ""
        self._say(f"{facts.source}: {facts.width} × {facts.height}{rate}. {facts.detector}, {facts.lifter}.")
        self.numbers["device"].setText(facts.device)

    def _on_failed(self, error: Exception) -> None:
        self._tell(error)
        self._stopping = False

    def _on_ended(self) -> None:
        if not self.controller.is_busy:
            self._mention("" if self._stopping else "The source has ended.")
        self._stopping = False
        self._show_people(None)
        self._update()
        self.running_changed.emit(False)

    def _on_recording(self, recording: bool) -> None:
        folder = self._folder
        self._mention(f"Recording into {folder}." if recording else "Making the recording into a take…")
        self._update()

    def _on_recorded(self, take: object) -> None:
        self._mention("")
        self.recorded.emit(take)

    def _show_numbers(self, numbers: LiveNumbers | None) -> None:
        for name, text in number_texts(numbers).items():
            self.numbers[name].setText(text)
        if numbers is None:
            self.numbers["device"].setText(UNKNOWN)

    def _show_people(self, result: LiveResult | None) -> None:
        """Who is in view; None: nobody knows."""
        self.people.setText("" if result is None else people_text(result))
        self.next_person.setEnabled(result is not None and bool(result.others))

    def _tell(self, error: Exception) -> None:
        if isinstance(error, STATED_ERRORS):
            self._say(describe(error), "warning")
        else:
            self._say("")
            self.failed.emit(error)

    def _mention(self, sentence: str) -> None:
        """Say something, unless what went wrong stands there."""
        if not self._has_warning:
            self._say(sentence)

    def _say(self, sentence: str, role: str = "muted") -> None:
        self._has_warning = role == "warning"
        self.message.setText(sentence)
        self.message.setProperty("role", role)
        if (style := self.message.style()) is not None:
            style.unpolish(self.message)
            style.polish(self.message)

    def _update(self) -> None:
        running = self.is_running
        for widget in (self.source, self.refresh, self.file):
            widget.setEnabled(not running)
        self.start_button.setText("Stop" if running else "Start")
        self.start_button.setProperty("bright", "false" if running else "true")
        if (style := self.start_button.style()) is not None:
            style.unpolish(self.start_button)
            style.polish(self.start_button)
        self.start_button.setEnabled(
            not self._stopping and (running or self.source.currentData() is not None)
        )
        recording = self.controller.is_recording
        self.record.setEnabled(running and not self._stopping)
        self.record.setChecked(recording)
        self.record.setText("Stop recording" if recording else "Record")
        self.record.setToolTip(
            "End the recording; it becomes a take" if recording else f"Keep what follows, in {self._folder}"
        )


def _films_folder() -> Path:
    found = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
    return Path(found or Path.home()) / "stcstudio"
