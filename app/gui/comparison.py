"""A second lifter's figure in the 3D view, in grey: the same keypoints, lifted beside the window."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from app.comparing import lifted_by, pose_distance
from app.errors import STATED_ERRORS
from app.gui.background import Background
from app.gui.document import Document
from app.gui.player import Player
from app.gui.scene_view import SceneView
from app.kept_lifter import KeptLifter
from app.settings import Settings
from app.take import Take


class Comparison(QObject):
    """Lifts the chosen Take by another lifter and shows the chosen person's other pose, in step with the clip."""

    ready = pyqtSignal(str)
    """One sentence: how far the two lie apart."""
    lifter_changed = pyqtSignal(object)
    """The name of the other lifter, or None."""
    failed = pyqtSignal(object)
    """The exception; there is nothing to compare with then."""

    def __init__(
        self, document: Document, player: Player, scene: SceneView, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._player, self._scene = document, player, scene
        self._kept = KeptLifter()
        self._name: str | None = None
        self._other: tuple[Take, Take] | None = None
        """A Take and what the other lifter makes of it."""
        self._is_active = True
        self._worker = Background("compare", self, newest_only=True)
        self._worker.succeeded.connect(self._on_lifted)
        self._worker.failed.connect(self.failed)
        player.showing.connect(self._show)
        document.take_changed.connect(self._lift)
        document.person_changed.connect(self._show)

    @property
    def lifter_name(self) -> str | None:
        """The other lifter; None while nothing is compared."""
        return self._name

    @property
    def is_busy(self) -> bool:
        """Whether the other lifter is at work."""
        return self._worker.is_busy

    def compare_with(self, name: str | None) -> None:
        """Show what this lifter makes of the same keypoints; None: no more."""
        self._name = name
        self.lifter_changed.emit(name)
        self._lift()

    def set_active(self, active: bool) -> None:
        """Whether the 3D view shows the clip."""
        self._is_active = active
        self._show()

    def close(self, timeout_s: float | None = None) -> bool:
        """End the thread; False when it lasts longer."""
        return self._worker.close(timeout_s)

    def _lift(self) -> None:
        take, name = self._document.take, self._name
        if take is None or name is None or take.evidence is None:
            self._worker.forget()
            self._other = None
            self._show()
            return
        settings = Settings(lifter=name, device=take.settings.device)
        self._worker.submit(lambda: self._lifted(take, name, settings))

    def _lifted(self, take: Take, name: str, settings: Settings) -> tuple[Take, str, Take | Exception]:
        try:
            return take, name, lifted_by(take, name, self._kept.get(settings))
        except STATED_ERRORS as error:
            return take, name, error  # told only while this lifter is the chosen one

    def _on_lifted(self, answer: tuple[Take, str, Take | Exception]) -> None:
        take, name, other = answer
        if take is not self._document.take or name != self._name:
            return
        if isinstance(other, Exception):
            self.compare_with(None)
            self.failed.emit(other)
            return
        self._other = take, other
        self._show()
        person = self._document.chosen
        if person < take.person_count():
            ours = take.provenance.get("lifter", {}).get("weights", take.settings.lifter)
            apart = 1000 * pose_distance(take, other, person)
            digest = other.provenance["lifter"]["sha256"][:12]
            self.ready.emit(
                f"In grey: {name} (SHA-256 {digest}…), {apart:.0f} mm from {ours} on average, hips together."
            )

    def _show(self) -> None:
        frame, person = self._player.shown_frame, self._document.chosen
        pose = None
        if self._other is not None and self._is_active and self._other[0] is self._document.take:
            world = self._other[1].world
            if frame is not None and person < len(world) and frame < world.shape[1]:
                pose = world[person, frame]
        self._scene.set_ghost(pose)
