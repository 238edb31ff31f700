"""The main window: the video on the left, the person in 3D on the right, time below; all of it wired to one document."""

import time
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QSettings, QTimer
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QApplication, QMainWindow

from app.errors import STATED_ERRORS, describe
from app.gui import preferences
from app.gui.attention_display import AttentionDisplay
from app.gui.availability import Availability
from app.gui.background import Background
from app.gui.clip_display import ClipDisplay
from app.gui.commands import connect_actions, make_actions
from app.gui.comparison import Comparison
from app.gui.corrections import Corrections
from app.gui.document import Document
from app.gui.files import Files
from app.gui.handlers import Handlers
from app.gui.lifter_label import LifterLabel
from app.gui.live_display import LiveDisplay
from app.gui.menus import Menus, Toolbar
from app.gui.notes import Notes
from app.gui.player import Player
from app.gui.rebuilder import Rebuilder
from app.gui.theme import apply_theme, theme_of
from app.gui.window_layout import CLIP, LIVE, WindowLayout
from app.gui.work import Work
from app.kept_lifter import KeptLifter
from app.live import LiveSource
from app.preloading import Ready, preload
from app.settings import Settings

_TITLE = "STCFormer Studio"
_LONGEST_STOP_S = 5.0


class MainWindow(QMainWindow):
    """Everything together. `store` remembers choices; `preloads` is whether lifter and detector are loaded at once,
    behind the window, instead of when they are first used; `settings` take the place of those used last.
    """

    def __init__(self, store: QSettings, *, preloads: bool = True, settings: Settings | None = None) -> None:
        super().__init__()
        self.store = store
        apply_theme(_application(), theme_of(self._theme_choice()))
        self.ready: Ready | None = None
        self.lifter = KeptLifter()
        self.document = Document(settings or preferences.load_settings(store), self)
        self.player = Player(self)
        self.layout_ = WindowLayout(self, self.player.clock)
        self.video_view, self.scene_view = self.layout_.video_view, self.layout_.scene_view
        self.timeline, self.curve_view = self.layout_.timeline, self.layout_.curve_view
        self.people_panel, self.notice = self.layout_.people_panel, self.layout_.notice
        self.lifter_label = LifterLabel(self.layout_.device_label, self.document, self.lifter, self)
        self.rebuilder = Rebuilder(self.lifter, self)
        self.display = ClipDisplay(
            self.document,
            self.player,
            (self.video_view, self.scene_view),
            self.timeline,
            self.curve_view,
            self,
        )
        self.notes = Notes(self.document, self.notice, self)
        self.layout_.add_to_status(self.notes.button)
        self.comparison = Comparison(self.document, self.player, self.scene_view, self)
        self.attention = AttentionDisplay(
            self.document, self.player, self.lifter, self.layout_.attention_view, self.video_view, self
        )
        self.work = Work(self.document, self.display, self.rebuilder, self.layout_.process_bar, self)
        self.files = Files(self, self.document, self.player, self.rebuilder, store)
        self.corrections = Corrections(
            self.document, lambda: self.shown_frame, lambda: self.player.clock.range, self
        )
        self.actions_ = make_actions(self)
        panels = self.layout_.panel_actions()
        self.menus = Menus(self, self.actions_, list(panels.values()))
        self.toolbar = Toolbar(self.actions_, panels, self.layout_.process_bar, self)
        self.addToolBar(self.toolbar)
        self.handlers = Handlers(self)
        connect_actions(self.actions_, self.handlers.table())
        self._preloader = Background("preload", self)
        self._availability = Availability(self)
        self._is_closing = self._asks_for_processing = False
        self._sees_attention = False
        self._live: LiveDisplay | None = None
        self._connect()
        self._restore()
        self._refresh()
        if preloads:
            QTimer.singleShot(0, self.preload)

    @property
    def shown_frame(self) -> int | None:
        """The frame that every view shows."""
        return self.display.shown_frame

    def open(self, path: Path) -> None:
        """Open a video or a project."""
        self.files.open(path)

    def say(self, sentence: str) -> None:
        """In the status bar."""
        self.layout_.status_label.setText(sentence)

    def report(self, error: BaseException) -> None:
        """Say what failed: a stated failure in one sentence above the views, anything else as the bug that it is."""
        if isinstance(error, STATED_ERRORS):
            self.notice.say(describe(error))
        else:
            raise error

    def set_mode(self, page: int) -> None:
        """`CLIP` or `LIVE`."""
        if page == LIVE:
            self.live()
        self.layout_.show_page(page)
        if page == CLIP:
            if self._live is not None:
                self._live.set_active(False)
            self.display.set_active(True)
        else:
            self.display.set_active(False)
            self.live().set_active(True)
        self.attention.set_open(self._sees_attention and page == CLIP)
        self.comparison.set_active(page == CLIP)
        self.actions_["clip"].setChecked(page == CLIP)
        self.actions_["live"].setChecked(page == LIVE)
        self._refresh()

    def live(self) -> LiveDisplay:
        """The live panel and what shows it; made when it is first wanted."""
        if self._live is None:
            views = self.video_view, self.scene_view
            self._live = live = LiveDisplay(views, self.document.settings, self.lifter, self)
            live.recorded.connect(self.files.open_take)
            live.failed.connect(self.report)
            self.document.settings_changed.connect(lambda: live.panel.set_settings(self.document.settings))
            self.layout_.set_live_panel(live.panel)
        return self._live

    def start_live(self, source: LiveSource) -> None:
        """Go live with a camera, or with a file in its place."""
        self.set_mode(LIVE)
        panel = self.live().panel
        panel.set_source(source)
        panel.start()

    def set_theme(self, choice: str) -> None:
        """ "system", "dark" or "light"."""
        self.store.setValue("theme", choice)
        theme = theme_of(choice)
        apply_theme(_application(), theme)
        self.toolbar.dress(theme.text)
        self.scene_view.set_colours(theme.is_dark)
        for name in ("system", "dark", "light"):
            self.actions_[f"theme_{name}"].setChecked(name == choice)

    def preload(self) -> None:
        """Load lifter and detector behind the window."""
        self.lifter_label.set_loading()
        settings = self.document.settings
        self._preloader.submit(
            lambda: (settings, preload(settings, self.lifter, lambda: not self._is_closing))
        )

    # wiring

    def _connect(self) -> None:
        document, video = self.document, self.video_view
        document.video_changed.connect(self._on_video_changed)
        for changed in (
            *(document.take_changed, document.edited_changed, document.person_changed),
            document.settings_changed,
        ):
            changed.connect(self._refresh)
        document.rebuild_wanted.connect(self.rebuilder.request)
        document.processing_wanted.connect(self._on_processing_wanted)
        self.rebuilder.rebuilt.connect(document.set_rebuilt)
        self.rebuilder.busy_changed.connect(self._refresh)
        beside = self.attention, self.comparison
        tasks = self.rebuilder, self.display, self.work, self.files, self._preloader, self.lifter_label
        for source in (*tasks, *beside):
            source.failed.connect(self.report)
        self._preloader.failed.connect(lambda _: self.lifter_label.load())
        self._preloader.succeeded.connect(self._on_ready)
        self.comparison.ready.connect(self.say)
        self.comparison.lifter_changed.connect(
            lambda name: self.actions_["compare"].setChecked(name is not None)
        )
        self.layout_.attention_dock.visibilityChanged.connect(self._on_attention_seen)
        self.files.leaving.connect(self._on_leaving)
        self.files.recent_changed.connect(self._show_recent)
        self.work.running_changed.connect(self._refresh)
        self.work.started.connect(self.notice.clear)  # what failed before is tried anew
        self.work.done.connect(self.say)
        video.joint_moved.connect(self.corrections.move_joint)
        video.joint_move_cancelled.connect(self.corrections.cancel_move)
        video.joint_hide_requested.connect(self.corrections.hide_joint)
        video.person_clicked.connect(self._choose)
        video.space_tapped.connect(self.player.clock.toggle)
        self.timeline.contact_requested.connect(self.corrections.set_contact)
        self.scene_view.person_clicked.connect(self._choose)
        self.scene_view.follow_changed.connect(self.actions_["follow"].setChecked)
        self.scene_view.trail_changed.connect(
            lambda joint, _frames: self.actions_["trail"].setChecked(joint is not None)
        )
        people = self.people_panel
        people.person_chosen.connect(document.choose)
        people.name_given.connect(self.corrections.name_person)
        people.swap_requested.connect(self.corrections.swap_people)
        self.player.clock.looping_changed.connect(self.actions_["loop"].setChecked)
        self.menus.show_joints(self.corrections.hide_joint_in_range)
        self.setAcceptDrops(True)
        hints = QApplication.styleHints()
        if hints is not None:
            hints.colorSchemeChanged.connect(self._follow_system)

    def _on_video_changed(self) -> None:
        self.say(_facts(self.document))
        self._refresh()

    def _choose(self, person: int) -> None:
        """Somebody in a view was clicked on."""
        if self.display_is_active():
            self.document.choose(person)

    def _on_attention_seen(self, is_seen: bool) -> None:
        self._sees_attention = is_seen
        self.attention.set_open(is_seen and self.display_is_active())

    def _on_leaving(self) -> None:
        self.work.drop()
        self.set_mode(CLIP)

    def _on_processing_wanted(self) -> None:
        self._asks_for_processing = True
        self.notice.say(
            "The new settings need the video to be processed again; corrections are kept.",
            "Process again",
            self.work.start,
        )

    def _on_ready(self, answer: tuple[Settings, Ready | None]) -> None:
        settings, ready = answer
        if ready is not None:
            self.ready = ready
            self.lifter_label.set_ready(settings, ready)
            if ready.device == "cpu":
                self.handlers.say_once_that_there_is_no_gpu()

    def _refresh(self) -> None:
        """What can be done now."""
        document = self.document
        if self._asks_for_processing and not document.needs_processing:
            self._asks_for_processing = False
            self.notice.clear()
        self._availability.refresh()
        path = document.project_path or document.path
        self.setWindowTitle(f"{path.name}[*] – {_TITLE}" if path else _TITLE)
        self.setWindowModified(document.is_changed)

    def display_is_active(self) -> bool:
        """Whether the views show the clip, and not the live picture."""
        return self.layout_.below.currentIndex() == CLIP

    def _theme_choice(self) -> str:
        return str(self.store.value("theme") or "system")

    def _follow_system(self) -> None:
        self.set_theme(self._theme_choice())

    def _show_recent(self) -> None:
        self.menus.show_recent(preferences.recent_files(self.store), self.open)

    # the window itself

    def _restore(self) -> None:
        self.setMinimumSize(860, 560)
        self.resize(1440, 900)
        for key, restore in (("geometry", self.restoreGeometry), ("state", self.restoreState)):
            value = self.store.value(f"window/{key}")
            if value is not None:
                restore(value)
        for key, splitter in (("views", self.layout_.views), ("body", self.layout_.body)):
            value = self.store.value(f"window/{key}")
            if value is not None:
                splitter.restoreState(value)
        self.set_theme(self._theme_choice())
        self.player.clock.set_looping(preferences.flag(self.store, "loop", True))
        self.actions_["loop"].setChecked(self.player.clock.is_looping)
        self.actions_["clip"].setChecked(True)
        self._show_recent()

    def _remember(self) -> None:
        self.store.setValue("window/geometry", self.saveGeometry())
        self.store.setValue("window/state", self.saveState())
        self.store.setValue("window/views", self.layout_.views.saveState())
        self.store.setValue("window/body", self.layout_.body.saveState())
        self.store.setValue("loop", self.player.clock.is_looping)
        self.store.sync()

    def closeEvent(self, event: QCloseEvent | None) -> None:
        """Ask for what is not saved, stop all work, and remember where things stood."""
        if event is None:
            return
        if self.handlers.is_exporting():
            event.ignore()
            self.notice.say("Files are being written; the window closes when they are whole.")
            self.handlers.when_exported(self.close)
            return
        if not self._is_closing and self._live is not None and self._live.is_recording:
            event.ignore()
            self._live.panel.stop()
            self.notice.say("What was recorded becomes a clip first; close the window again to leave.")
            return
        if not self._is_closing and self.document.is_changed:
            event.ignore()
            self.files.before_leaving(self._close_now)
            return
        self._is_closing = True
        self._remember()
        self._stop()
        event.accept()

    def _close_now(self) -> None:
        self._is_closing = True
        QTimer.singleShot(0, self.close)  # the question may have been asked from within a close

    def _stop(self) -> None:
        self.hide()  # what follows may take a moment, and longer only where a file is being written
        end = time.monotonic() + _LONGEST_STOP_S

        def rest() -> float:
            return max(0.0, end - time.monotonic())

        self.player.close_video()
        if self._live is not None:
            self._live.close(rest())
        self.work.processing.close(rest())
        self.rebuilder.close(rest())
        self.lifter_label.close(0.0)
        self._preloader.close(0.0)  # imports cannot be stopped, and nothing depends on their end
        self.display.close(rest())
        self.attention.close(rest())
        self.comparison.close(rest())
        self.files.close(rest())
        self.handlers.close()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """A file may be dropped anywhere."""
        mime = event.mimeData() if event is not None else None
        if event is not None and mime is not None and any(url.isLocalFile() for url in mime.urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open the first file that was dropped."""
        mime = event.mimeData() if event is not None else None
        if event is None or mime is None:
            return
        files = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            QTimer.singleShot(
                0, partial(self.open, files[0])
            )  # the program that it came from waits for this event


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return application


def _facts(document: Document) -> str:
    video = document.video
    if video is None:
        return ""
    rate = "variable rate, " if video.is_variable_rate else ""
    return (
        f"{video.width}×{video.height} · {video.frame_count} frames · {rate}{video.fps:.4g} frames a second"
    )
