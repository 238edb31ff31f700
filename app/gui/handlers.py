"""What each command of the menus does in the main window."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QMessageBox

from app.gui import questions
from app.gui.clock import SPEEDS
from app.gui.diagnostics import KeysDialog, TextDialog, diagnostics_text, graphics_text
from app.gui.export_dialog import ExportDialog
from app.gui.log import log_file
from app.gui.preferences import flag, save_settings
from app.gui.scene_toolbar import OPPOSITE
from app.gui.settings_dialog import SettingsDialog
from app.gui.window_layout import CLIP, LIVE
from app.settings import Settings
from app.take_notes import found_in
from stcformer.own_weights import LifterState

if TYPE_CHECKING:
    from app.gui.main_window import MainWindow

_LARGE_STEP = 10
_OTHERS_LATER = "The other names are listed here when the program has loaded."
FLOOR_STEP_M = 0.01
_ZOOM = 1.25


class Handlers:
    """A function for every command, and the dialogs that they open."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.export_dialog: ExportDialog | None = None
        self.settings_dialog: SettingsDialog | None = None
        self._after_export: Callable[[], object] | None = None

    def table(self) -> dict[str, Callable[[], object]]:
        """What is done for each name of `app.gui.commands.COMMANDS`."""
        window = self._window
        clock, corrections, video, scene = (
            window.player.clock,
            window.corrections,
            window.video_view,
            window.scene_view,
        )
        table: dict[str, Callable[[], object]] = {
            "open": window.files.open_by_asking,
            "save": window.files.save,
            "save_as": window.files.save_as,
            "export": self.export,
            "quit": window.close,
            "undo": window.document.undo_stack.undo,
            "redo": window.document.undo_stack.redo,
            "swap_frame": corrections.swap_in_frame,
            "swap_range": corrections.swap_in_range,
            "swap_rest": corrections.swap_from_here,
            "floor_up": lambda: window.document.move_floor(FLOOR_STEP_M),
            "floor_down": lambda: window.document.move_floor(-FLOOR_STEP_M),
            "floor_reset": lambda: window.document.move_floor(None),
            "next_person": self._choose_next_person,
            "settings": self.show_settings,
            "process": window.work.start,
            "cancel": window.work.cancel,
            "next_check": window.timeline.go_to_next_suspicion,
            "previous_check": window.timeline.go_to_previous_suspicion,
            "play": clock.toggle,
            "back": lambda: clock.step(-1),
            "forward": lambda: clock.step(1),
            "back_ten": lambda: clock.step(-_LARGE_STEP),
            "forward_ten": lambda: clock.step(_LARGE_STEP),
            "first": lambda: clock.show(0),
            "last": lambda: clock.step(clock.frame_count),
            "slower": lambda: self._change_speed(-1),
            "faster": lambda: self._change_speed(1),
            "loop": lambda: clock.set_looping(not clock.is_looping),
            "range_start": lambda: clock.set_range(clock.frame, max(clock.range[1], clock.frame + 1)),
            "range_stop": lambda: clock.set_range(min(clock.range[0], clock.frame), clock.frame + 1),
            "range_all": lambda: clock.set_range(0, clock.frame_count),
            "clip": lambda: window.set_mode(CLIP),
            "live": lambda: window.set_mode(LIVE),
            "fit": self._fit,
            "zoom_in": lambda: video.zoom(_ZOOM),
            "zoom_out": lambda: video.zoom(1 / _ZOOM),
            "frame_motion": scene.frame_motion,
            "follow": lambda: scene.set_follow(window.actions_["follow"].isChecked()),
            "trail": scene.toolbar.toggle_trail,
            "compare": self._compare,
            "full_screen": self._toggle_full_screen,
            "demo": self.open_demo,
            "shortcuts": lambda: KeysDialog(window).show(),
            "diagnostics": self.show_diagnostics,
            "about": self._show_about,
        }
        for view in ("free", "front", "side", "top", "camera"):
            table[f"view_{view}"] = partial(self._look_from, view)
        for choice in ("system", "dark", "light"):
            table[f"theme_{choice}"] = partial(window.set_theme, choice)
        return table

    def export(self) -> None:
        """Open the export dialog for the Take as it is with every correction."""
        document = self._window.document
        generation = document.generation

        def open_unless_left() -> None:
            if document.generation == generation:
                self._open_export_dialog()

        self._window.rebuilder.when_settled(open_unless_left)

    def is_exporting(self) -> bool:
        """Whether files are being written."""
        return self.export_dialog is not None and self.export_dialog.is_busy

    def when_exported(self, call: Callable[[], object]) -> None:
        """Make a call when the files that are being written are whole."""
        self._after_export = call

    def close(self) -> None:
        """Close what is open."""
        for dialog in (self.export_dialog, self.settings_dialog):
            if dialog is not None:
                dialog.close()
        if self.export_dialog is not None:
            self.export_dialog.end()

    def show_settings(self) -> None:
        """Open the settings."""
        window = self._window
        chosen = LifterState(window.document.settings.lifter, True, _OTHERS_LATER)
        lifters = window.ready.lifters if window.ready else (chosen,)
        take = window.document.take
        found = found_in(take) if take is not None else {}
        self.settings_dialog = SettingsDialog(window.document.settings, lifters, window, found)
        self.settings_dialog.applied.connect(self._apply_settings)
        self.settings_dialog.open()

    def show_diagnostics(self) -> None:
        """Open the text that is sent along with a question."""
        window = self._window
        loaded = window.lifter_label.lines()
        text = diagnostics_text(window.document, loaded, graphics_text(window.scene_view), log_file())
        TextDialog(
            "Diagnostics", "What to send along with a question about this program:", text, window
        ).show()

    def open_demo(self) -> None:
        """Open the clip that comes with the program."""
        self._window.open(Path(str(importlib.resources.files("assets"))) / "demo" / "demo.mp4")

    def say_once_that_there_is_no_gpu(self) -> None:
        """On the first run of a machine without one."""
        store = self._window.store
        if not flag(store, "told/cpu", False):
            store.setValue("told/cpu", True)
            self._window.notice.say(
                "No GPU was found that the lifter can use. Everything works on the processor, more slowly."
            )

    def _apply_settings(self, settings: Settings) -> None:
        document = self._window.document
        document.set_settings(settings)
        save_settings(self._window.store, document.usual_settings)

    def _open_export_dialog(self) -> None:
        window = self._window
        document = window.document
        if document.take is None:
            return
        if self.export_dialog is not None and self.export_dialog.is_busy:
            self.export_dialog.open()  # to see how far it is, or to stop it
            return
        if self.export_dialog is not None:
            self.export_dialog.end()
            self.export_dialog.deleteLater()
        dialog = ExportDialog(document.take, document.names, window.player.clock.range, window.store, window)
        dialog.ended.connect(self._on_export_ended)
        self.export_dialog = dialog
        dialog.open()

    def _on_export_ended(self, sentence: str) -> None:
        if self.export_dialog is not None and not self.export_dialog.isVisible():
            self._window.notice.say(sentence)
        call, self._after_export = self._after_export, None
        if call is not None:
            call()

    def _choose_next_person(self) -> None:
        document = self._window.document
        if not self._window.display_is_active():
            self._window.live().panel.follow_next()
        elif document.names:
            document.choose((document.chosen + 1) % len(document.names))

    def _change_speed(self, step: int) -> None:
        clock = self._window.player.clock
        nearest = min(range(len(SPEEDS)), key=lambda place: abs(SPEEDS[place] - clock.speed))
        clock.set_speed(SPEEDS[max(0, min(nearest + step, len(SPEEDS) - 1))])

    def _fit(self) -> None:
        scene = self._window.scene_view
        focus = self._window.focusWidget()
        if focus is not None and (focus is scene or scene.isAncestorOf(focus)):
            scene.frame_motion()
        else:
            self._window.video_view.fit()

    def _compare(self) -> None:
        """With another lifter, or no more."""
        window = self._window
        if window.comparison.lifter_name is not None:
            window.comparison.compare_with(None)
            return
        lifters = window.ready.lifters if window.ready else ()
        name = questions.ask_lifter(
            window, [lifter.name for lifter in lifters if lifter.name != window.document.settings.lifter]
        )
        window.comparison.compare_with(name)

    def _look_from(self, view: str) -> None:
        scene, analysis = self._window.scene_view, self._window.display.analysis
        if view != "camera" or (analysis is not None and analysis.camera is not None):
            scene.look_from(OPPOSITE.get(view, view) if scene.view == view else view, turning=True)

    def _toggle_full_screen(self) -> None:
        window = self._window
        if window.isFullScreen():
            window.showNormal()
        else:
            window.showFullScreen()
        window.actions_["full_screen"].setChecked(window.isFullScreen())

    def _show_about(self) -> None:
        box = QMessageBox(self._window)
        box.setWindowTitle("About")
        box.setText(f"<b>STCFormer Studio {version('stcformer-studio')}</b>")
        box.setInformativeText(
            "A video in, a person's motion in 3D out: a 2D detector finds the joints, the STCFormer network (CVPR 2023) "
            "lifts them to 3D, and the motion is written as files that open anywhere.<br><br>"
            "Free software under the GNU General Public License, version 3 or later."
        )
        box.open()
