"""The attention panel in step with the clip: maps of the newest wanted frame, computed beside the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from app.errors import STATED_ERRORS, describe
from app.gui.attention_view import AttentionView
from app.gui.background import Background
from app.gui.document import Document
from app.gui.player import Player
from app.gui.video_view import VideoView
from app.kept_lifter import KeptLifter
from app.take import Take

if TYPE_CHECKING:
    from stcformer.attention import AttentionMaps


@dataclass(frozen=True)
class _Answer:
    """What was found for a person in a frame: maps with whose they are, or the sentence why there are none."""

    take: Take
    person: int
    frame: int
    maps: AttentionMaps | None
    text: str


class AttentionDisplay(QObject):
    """Keeps the panel and the lines in the video at the frame that is shown; does nothing while it is not open."""

    failed = pyqtSignal(object)
    """An exception that is no stated error."""

    def __init__(
        self,
        document: Document,
        player: Player,
        lifter: KeptLifter,
        panel: AttentionView,
        video: VideoView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._player, self._lifter = document, player, lifter
        self._view, self._video = panel, video
        self._is_open = False
        self._worker = Background("attention", self, newest_only=True)
        self._worker.succeeded.connect(self._on_answer)
        self._worker.failed.connect(self.failed)
        self._view.look_changed.connect(self._show_lines)
        player.showing.connect(self._refresh)
        document.take_changed.connect(self._refresh)
        document.person_changed.connect(self._refresh)

    @property
    def is_busy(self) -> bool:
        """Whether maps are being computed."""
        return self._worker.is_busy

    def set_open(self, is_open: bool) -> None:
        """Whether the panel is looked at."""
        self._is_open = is_open
        if is_open:
            self._refresh()
        else:
            self._worker.forget()
            self._video.set_attention(None, 0)

    def close(self, timeout_s: float | None = None) -> bool:
        """End the thread; False when it lasts longer."""
        return self._worker.close(timeout_s)

    def _refresh(self) -> None:
        if not self._is_open:
            return
        take, person, frame = self._document.take, self._document.chosen, self._player.shown_frame
        self._video.set_attention(None, 0)  # lines of another frame would be in the wrong place
        if take is None or frame is None or person >= take.person_count() or frame >= take.frame_count():
            self._worker.forget()
            self._view.set_message()
            return
        self._worker.submit(lambda: self._look(take, person, frame))

    def _look(self, take: Take, person: int, frame: int) -> _Answer:
        """In the worker's thread."""
        from stcformer.attention import attention_about  # noqa: PLC0415 - brings torch

        try:
            lifter = self._lifter.get(take.settings)
            maps = attention_about(
                lifter,
                take.keypoints[person],
                take.scores[person],
                frame,
                image_size=(take.source.width, take.source.height),
                fps=take.source.fps,
                field_of_view=take.known_fov(),
            )
        except STATED_ERRORS as error:
            return _Answer(take, person, frame, None, describe(error))
        weights = lifter.weights
        facts = f"{weights.name}, {len(maps.frames)} frames at once. SHA-256 {weights.sha256[:16]}…"
        return _Answer(take, person, frame, maps, facts)

    def _on_answer(self, answer: _Answer) -> None:
        document = self._document
        if not self._is_open or answer.take is not document.take or answer.person != document.chosen:
            return
        if answer.maps is None:
            self._view.set_message(answer.text)
        else:
            self._view.set_maps(answer.maps, answer.frame, answer.text)
        self._show_lines()

    def _show_lines(self) -> None:
        is_of_this_frame = self._view.frame == self._player.shown_frame
        weights = self._view.attended() if self._is_open and is_of_this_frame else None
        self._video.set_attention(weights, self._view.chosen_joint())
