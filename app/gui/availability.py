"""What can be done now: every action, the process button and the people panel, as the document stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.people import left_out_count

if TYPE_CHECKING:
    from app.gui.main_window import MainWindow

_NEEDING_A_CLIP = (
    *("play", "back", "forward", "back_ten", "forward_ten", "first", "last", "slower", "faster"),
    *("range_start", "range_stop", "range_all", "next_check", "previous_check", "next_person"),
)
_CORRECTIONS = ("swap_frame", "swap_range", "swap_rest", "floor_up", "floor_down", "floor_reset")


class Availability:
    """Enables, disables and names what the window offers."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._has_shown_people = False

    def refresh(self) -> None:
        """All of it."""
        self._refresh_actions()
        self._refresh_process_button()
        self._refresh_people()

    def _refresh_actions(self) -> None:
        window = self._window
        document, actions = window.document, window.actions_
        working, in_clip = window.work.is_running, window.display_is_active()
        has_clip = document.frame_count > 0 and in_clip
        can_correct = document.can_be_corrected and not working and in_clip
        has_people = can_correct and document.take is not None and document.take.person_count() > 0
        for name in _CORRECTIONS:
            actions[name].setEnabled(has_people)
        window.menus.hide_joint.setEnabled(has_people)
        window.video_view.set_editable(has_people)
        window.timeline.set_contacts_editable(has_people)
        stack = document.undo_stack
        for name, can, text in (
            ("undo", stack.canUndo(), stack.undoText()),
            ("redo", stack.canRedo(), stack.redoText()),
        ):
            actions[name].setEnabled(can and not working and in_clip)
            actions[name].setText(f"&{name.capitalize()} {text}".rstrip())
        for name in ("save", "save_as", "export"):
            actions[name].setEnabled(document.take is not None and not working and in_clip)
        actions["process"].setEnabled(document.video is not None and not working and in_clip)
        actions["cancel"].setEnabled(working)
        for name in _NEEDING_A_CLIP:
            actions[name].setEnabled(has_clip)
        actions["next_person"].setEnabled(has_clip or not in_clip)
        actions["view_camera"].setEnabled(document.take is not None)
        actions["compare"].setEnabled(can_correct)

    def _refresh_process_button(self) -> None:
        window = self._window
        document, bar = window.document, window.layout_.process_bar
        can = window.display_is_active()
        if document.video is None:
            bar.set_offer("Process", False, "Open a video first (Ctrl+O)")
        elif document.take is None:
            bar.set_offer("Process", can, "Find the joints and lift them to 3D (Ctrl+R)")
        else:
            needed = document.needs_processing
            bar.set_offer("Process again", can, "Find the joints anew; corrections are kept (Ctrl+R)", needed)

    def _refresh_people(self) -> None:
        window = self._window
        document, take = window.document, window.document.take
        seen = [int(take.seen(person).sum()) for person in range(take.person_count())] if take else []
        left_out = left_out_count(take) if take else 0
        can_correct = document.can_be_corrected and not window.work.is_running
        keeps_all = take is not None and take.settings.person == "all"
        window.people_panel.set_people(
            document.names, seen, document.chosen, can_correct, left_out, keeps_all
        )
        if (len(document.names) > 1 or left_out) and not self._has_shown_people:
            self._has_shown_people = True
            window.layout_.people_dock.show()
