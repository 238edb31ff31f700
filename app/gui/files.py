"""Opening and saving: videos, projects, what was opened last, and the question before something is lost."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import QObject, QSettings, pyqtSignal
from PyQt6.QtWidgets import QWidget

from app.errors import StudioError
from app.gui import questions
from app.gui.background import Background
from app.gui.document import Document
from app.gui.player import Player
from app.gui.preferences import add_recent
from app.gui.rebuilder import Rebuilder
from app.project import SUFFIX, find_video, is_same_video, open_project, save_project
from app.take import Take
from app.video import Video


@dataclass(frozen=True)
class _Opening:
    """What becomes the document when the video is open."""

    video: Path
    project: Path | None = None
    take: Take | None = None


@dataclass(frozen=True)
class _Saving:
    """A Take on its way into a project file."""

    path: Path
    take: Take
    generation: int
    """Of the document that it belongs to."""
    then: Callable[[], object] | None


class Files(QObject):
    """Brings files into the document and back. What fails leaves the document as it was."""

    failed = pyqtSignal(object)
    """The exception."""
    recent_changed = pyqtSignal()
    leaving = pyqtSignal()
    """Another video is about to take the document's place: work on this one is to stop."""

    def __init__(
        self, window: QWidget, document: Document, player: Player, rebuilder: Rebuilder, store: QSettings
    ) -> None:
        super().__init__(window)
        self._window, self._document, self._player = window, document, player
        self._rebuilder, self._store = rebuilder, store
        self._opening: _Opening | None = None
        self._last_asked = 0
        """Counts what was asked to be opened: a project that was read too late is not opened over what came after."""
        self._is_asking = False
        self._wait_with_leaving: list[Callable[[], object]] = []
        """What came while a question stood there: each is asked for after it."""
        self._reader = Background("open", self, newest_only=True)
        self._reader.succeeded.connect(self._on_project_read)
        self._reader.failed.connect(self.failed)
        self._writer = Background("save", self)
        self._writer.succeeded.connect(self._on_saved)
        self._writer.failed.connect(self.failed)
        player.opened.connect(self._on_video_opened)
        player.failed.connect(self._on_player_failed)

    # opening

    def open_by_asking(self) -> None:
        """Ask for a file and open it."""
        path = questions.ask_file_to_open(self._window, str(self._store.value("folder") or ""))
        if path is not None:
            self.open(path)

    def open(self, path: Path) -> None:
        """Open a video, or a project by its suffix; asks first where something is not saved."""
        self.before_leaving(lambda: self._open(path))

    def open_take(self, take: Take) -> None:
        """Open a Take that no project file holds yet, such as a recording; asks first where something is not saved."""
        self.before_leaving(lambda: self._open_asked(_Opening(take.source.path, None, take)))

    def _open(self, path: Path) -> None:
        if path.suffix != SUFFIX:
            self._open_asked(_Opening(path))
            return
        self._last_asked += 1
        asked = self._last_asked
        self._reader.submit(lambda: (asked, path, *_read_project(path)))

    def _open_asked(self, opening: _Opening) -> None:
        self._last_asked += 1
        self._reader.forget()
        self._open_video(opening)

    def _on_project_read(self, answer: tuple[int, Path, Take, Path | None]) -> None:
        asked, project, take, video = answer
        if asked != self._last_asked:
            return
        if video is None:
            video = questions.ask_for_video(self._window, take.source.path.name, str(project.parent))
            if video is not None and not is_same_video(take, video):
                video = video if questions.ask_to_use_other_video(self._window, video.name) else None
            if asked != self._last_asked:  # something else was opened while a question stood there
                return
        if video is not None:
            self._open_video(_Opening(video, project, take))
        else:
            self._set_project_without_video(project, take)

    def _open_video(self, opening: _Opening) -> None:
        self._opening = opening
        self._player.open(opening.video)

    def _set_project_without_video(self, project: Path | None, take: Take) -> None:
        self.leaving.emit()
        self._player.close_video()
        self._rebuilder.set_base(take)
        self._document.set_project(project, take, None)
        self._player.open_without_video(take.time_s)
        if project is not None:
            self._remember(project)

    def _on_video_opened(self, video: Video) -> None:
        opening, self._opening = self._opening, None
        if opening is None:
            return
        if opening.take is None:
            self.leaving.emit()
            self._rebuilder.set_base(None)
            self._document.set_video(opening.video, video)
            self._remember(opening.video)
            return
        if opening.take.frame_count() != video.frame_count:
            self._set_project_without_video(opening.project, opening.take)
            self.failed.emit(
                StudioError(
                    f"'{video.path.name}' has {video.frame_count} frames, but the project was made from a video "
                    f"with {opening.take.frame_count()}; open the project again and name that one."
                )
            )
            return
        self.leaving.emit()
        self._rebuilder.set_base(opening.take)
        self._document.set_project(opening.project, opening.take, video)
        self._remember(opening.project or opening.video)

    def _on_player_failed(self, sentence: str) -> None:
        was_opening = self._opening is not None and not self._player.has_video
        self._opening = None
        if was_opening and self._document.path is not None:
            self._player.reopen(self._document.path)
        elif was_opening and self._document.take is not None:
            self._player.refresh()
        self.failed.emit(StudioError(sentence))

    def _remember(self, path: Path) -> None:
        add_recent(self._store, path)
        self._store.setValue("folder", str(path.absolute().parent))
        self.recent_changed.emit()

    # saving

    def save(self, then: Callable[[], object] | None = None) -> None:
        """Save the project where it was saved before, else ask where; afterwards do `then`."""
        if self._document.take is None:
            return
        if self._document.project_path is None:
            self.save_as(then)
        else:
            self._save_to(self._document.project_path, then)

    def save_as(self, then: Callable[[], object] | None = None) -> None:
        """Ask where to save the project, and do it."""
        take = self._document.take
        if take is None:
            return
        place = self._document.project_path or take.source.path.absolute().with_suffix(SUFFIX)
        generation = self._document.generation
        path = questions.ask_project_file(self._window, place)
        if path is None:
            return
        if generation != self._document.generation:
            self.failed.emit(
                StudioError(
                    f"'{path.name}' was not saved: its clip made way for another while its name was asked for."
                )
            )
            return
        self._save_to(path, then)

    def _save_to(self, path: Path, then: Callable[[], object] | None) -> None:
        generation = self._document.generation

        def save() -> None:
            take = self._document.take
            if take is not None and generation == self._document.generation:
                self._writer.submit(lambda: _written_project(_Saving(path, take, generation, then)))

        self._rebuilder.when_settled(save)

    def _on_saved(self, saved: _Saving) -> None:
        self._remember(saved.path)
        if saved.generation != self._document.generation:
            return  # the file is that of a document that has been left meanwhile
        self._document.set_saved(saved.path, saved.take)
        if saved.then is not None:
            saved.then()

    def before_leaving(self, then: Callable[[], object]) -> None:
        """Do `then` once nothing can be lost any more: at once, after saving, or never."""
        if self._is_asking:  # a recording became a clip behind the question: one after the other
            self._wait_with_leaving.append(then)
            return
        if not self._document.is_changed:
            then()
            return
        source = self._document.take.source.path.name if self._document.take else ""
        self._is_asking = True
        try:
            answer = questions.ask_to_save(self._window, source)
        finally:
            self._is_asking = False
        if answer == "save":
            self.save(then)
        elif answer == "discard":
            then()
        waiting, self._wait_with_leaving = self._wait_with_leaving, []
        for call in waiting:
            self.before_leaving(call)

    def close(self, timeout_s: float | None = None) -> None:
        """Let a file that is being written be finished, however long that takes, and end; a file that is being read is
        waited for no longer than `timeout_s`."""
        self._reader.close(timeout_s)
        self._writer.close()


def _read_project(path: Path) -> tuple[Take, Path | None]:
    take = open_project(path)
    return take, find_video(take, path)


def _written_project(saving: _Saving) -> _Saving:
    save_project(saving.take, saving.path)
    return saving
