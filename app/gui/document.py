"""The document: one video with what is known of the people in it, and every correction, undone or not."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QUndoCommand, QUndoStack

from app.edits import Edit, MoveJoint, apply_edits, person_names
from app.motion import LARGEST_FLOOR_OFFSET
from app.motion.standing import standing_poses
from app.pipeline import Partial
from app.project import with_video
from app.settings import Settings
from app.take import Array, Take
from app.video import Video
from stcformer.skeleton import JOINT_COUNT

_Shown = tuple[tuple[Array, ...], tuple[Array, ...]]
"""Keypoints (F, 17, 2) and scores (F, 17) of each person."""


class Document(QObject):
    """What the window is about. It tells what changed; it paints, computes and reads nothing.

    The 2D of an edit is there at once; `rebuild_wanted` asks for the 3D, which comes back by `set_rebuilt`.
    """

    video_changed = pyqtSignal()
    take_changed = pyqtSignal()
    """Another Take: processed, opened, rebuilt, or gone."""
    content_changed = pyqtSignal()
    """What is to be shown of some frame: keypoints, poses or names."""
    person_changed = pyqtSignal(int)
    edited_changed = pyqtSignal()
    """Whether there is something to save, or what can be undone."""
    settings_changed = pyqtSignal()
    rebuild_wanted = pyqtSignal(object, object)
    """Edits and settings that the Take is to have."""
    processing_wanted = pyqtSignal()
    """A changed setting needs the video to be processed again."""

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.video: Video | None = None
        """Its facts; frames are read elsewhere."""
        self.path: Path | None = None
        """Of the video."""
        self.project_path: Path | None = None
        self.take: Take | None = None
        self.settings = settings
        self.usual_settings = settings
        """Those of the next video: a project brings its own."""
        self.chosen = 0
        self.generation = 0
        """Grows with every video or project that takes the place of another: what waits can tell whether it is meant."""
        self._edits: tuple[Edit, ...] = ()
        self._held: MoveJoint | None = None
        self._partial: Partial | None = None
        self._shown: _Shown = ((), ())
        self._is_unsaved = False
        self.undo_stack.cleanChanged.connect(self.edited_changed)
        self.undo_stack.indexChanged.connect(self.edited_changed)

    # what there is

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All corrections, in their order."""
        return self._edits

    @property
    def frame_count(self) -> int:
        """Of the video, or of the Take when its video is missing."""
        if self.video is not None:
            return self.video.frame_count
        return self.take.frame_count() if self.take else 0

    @property
    def time_s(self) -> Array:
        """(F,) seconds."""
        if self.video is not None:
            return self.video.time_s
        return self.take.time_s if self.take else np.zeros(0)

    @property
    def image_size(self) -> tuple[int, int] | None:
        """(width, height) in pixels; None without a video or a Take."""
        if self.video is not None:
            return self.video.width, self.video.height
        return (self.take.source.width, self.take.source.height) if self.take else None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the people."""
        return person_names(self._edits, len(self._shown[0]))

    @property
    def can_be_corrected(self) -> bool:
        """Whether there is a Take that knows what it was made from."""
        return self.take is not None and self.take.evidence is not None

    @property
    def is_changed(self) -> bool:
        """Whether there is something that no project file holds."""
        return self.take is not None and (self._is_unsaved or not self.undo_stack.isClean())

    @property
    def is_outdated(self) -> bool:
        """Whether the 3D still waits for an edit or a setting that the 2D shows."""
        return self.take is not None and (
            self.take.edits != self._edits or self.take.settings != self.settings
        )

    @property
    def needs_processing(self) -> bool:
        """Whether the settings ask for what only processing the video again can give."""
        take = self.take
        return take is not None and (
            take.evidence is None
            or take.settings.detector != self.settings.detector
            or take.settings.person != self.settings.person
        )

    def people_at(self, frame: int) -> tuple[Array, Array]:
        """(P, 17, 2) pixels and (P, 17) scores, with all edits and with the joint that is being dragged."""
        keypoints, scores = self._shown
        if not keypoints or frame >= len(keypoints[0]):
            return np.zeros((0, JOINT_COUNT, 2)), np.zeros((0, JOINT_COUNT))
        points, values = (np.stack([person[frame] for person in people]) for people in (keypoints, scores))
        held = self._held
        if held is None or held.frame != frame or held.person >= len(keypoints):
            return points, values
        points[held.person, held.joint] = held.x, held.y
        values[held.person, held.joint] = 1.0
        return points, values

    def poses_at(self, frame: int) -> Array:
        """(P, 17, 3) world space, metres; while the video is processed, poses that stand where they are."""
        if self._partial is not None and frame < self._partial.frames_lifted:
            poses = np.stack([person[frame : frame + 1] for person in self._partial.camera])
            return standing_poses(poses)[:, 0]
        if self._partial is None and self.take is not None and frame < self.take.frame_count():
            return self.take.world[:, frame]
        return np.zeros((0, JOINT_COUNT, 3))

    def toes_at(self, frame: int) -> Array | None:
        """(P, 2, 3) tips of the left and the right toes of `poses_at`; None where there is no Take to know them."""
        if self._partial is None and self.take is not None and frame < self.take.frame_count():
            return self.take.toes[:, frame]
        return None

    # video and Take

    def set_video(self, path: Path, video: Video) -> None:
        """Another video is open; of the one before nothing is left."""
        self._clear()
        if self.settings != self.usual_settings:
            self.settings = self.usual_settings
            self.settings_changed.emit()
        self.path, self.video, self.project_path = path, video, None
        self.video_changed.emit()
        self._take_has_changed()

    def set_project(self, path: Path | None, take: Take, video: Video | None) -> None:
        """A Take is open, from a project file or (None) from none yet, with its video where that is known."""
        self._clear()
        self.project_path, self.video, self._is_unsaved = path, video, path is None
        self.path = video.path if video else None
        self.take = with_video(take, video.path) if video else take
        self._edits, self.settings = take.edits, take.settings
        self.video_changed.emit()
        self.settings_changed.emit()
        self._take_has_changed()

    def set_partial(self, partial: Partial) -> None:
        """What is known while the video is processed."""
        self._held, self._partial = None, partial
        self._show_edits()
        if self.chosen >= len(partial.keypoints):
            self.chosen = 0
            self.person_changed.emit(0)
        self.content_changed.emit()

    def drop_partial(self) -> None:
        """Processing ended without a Take; what was there before is shown again."""
        if self._partial is not None:
            self._partial = None
            self._show_edits()
            self.content_changed.emit()

    def set_processed(self, take: Take) -> None:
        """The video was processed: a new Take, of these edits."""
        self._partial, self.take, self._is_unsaved = None, take, True
        self._take_has_changed()
        self._want_rebuild()

    def set_rebuilt(self, take: Take) -> None:
        """The Take as it is with edits and settings that were asked for; newer ones may be on the way."""
        if self.take is None or self._partial is not None:
            return
        if take.settings != self.take.settings:
            self._is_unsaved = True
        self.take = take
        self._take_has_changed()
        self._want_rebuild()  # what was undone meanwhile needed none when it was

    def set_saved(self, path: Path, take: Take) -> None:
        """A project file holds this Take; if it is still the newest, there is nothing left to save."""
        self.project_path = path
        if take is self.take:
            self._is_unsaved = False
            if take.edits == self._edits:
                self.undo_stack.setClean()
        self.edited_changed.emit()

    def choose(self, person: int) -> None:
        """The person that is corrected, and whose curves are shown."""
        if person != self.chosen and 0 <= person < len(self._shown[0]):
            self.chosen = person
            self.person_changed.emit(person)
            self.content_changed.emit()

    # corrections

    def edit(self, edits: Sequence[Edit], text: str) -> None:
        """Make corrections that are undone together; `text` says what undoing takes back."""
        self._held = None
        self.undo_stack.push(_EditCommand(self, tuple(edits), text))

    def hold_joint(self, held: MoveJoint | None) -> None:
        """A joint is being dragged: shown, and lifted, but not yet an edit. None: let go."""
        self._held = held
        self.content_changed.emit()
        self._want_rebuild()

    def set_settings(self, settings: Settings) -> None:
        """Other choices: the Take follows, unless they need the video to be processed again."""
        # A floor and a tilt are those of one video.
        self.usual_settings = replace(settings, floor_offset_m=0.0, camera_pitch_degrees=None)
        if settings == self.settings:
            return
        self.settings = settings
        self.settings_changed.emit()
        if self.take is None:
            return
        if self.needs_processing:
            self.processing_wanted.emit()
        else:
            self._want_rebuild()

    def move_floor(self, metres: float | None) -> None:
        """The floor lies higher by so much than now; None: where it is found. Can be undone."""
        before = self.settings.floor_offset_m
        after = 0.0 if metres is None else round(before + metres, 4)
        if self.can_be_corrected and after != before and abs(after) <= LARGEST_FLOOR_OFFSET:
            self.undo_stack.push(_FloorCommand(self, before, after))

    def set_floor(self, offset_m: float) -> None:
        """For the undo stack: the floor exactly there."""
        self.settings = replace(self.settings, floor_offset_m=offset_m)
        self.settings_changed.emit()
        self._want_rebuild()

    def remake(self) -> None:
        """The 3D anew, from the same joints: where an earlier version of the program made it."""
        if self.can_be_corrected and not self.needs_processing and self._partial is None:
            self._is_unsaved = True
            self.rebuild_wanted.emit(self._edits, self.settings)
            self.edited_changed.emit()

    def set_edits(self, edits: tuple[Edit, ...]) -> None:
        """For the undo stack: exactly these edits."""
        self._edits = edits
        self._show_edits()
        self.content_changed.emit()
        self._want_rebuild()

    def _want_rebuild(self) -> None:
        if not self.can_be_corrected or self._partial is not None:
            return
        assert self.take is not None
        edits = self._edits if self._held is None else (*self._edits, self._held)
        if self.needs_processing:
            return
        if self.take.edits != edits or self.take.settings != self.settings:
            self.rebuild_wanted.emit(edits, self.settings)

    def _show_edits(self) -> None:
        take = self.take
        if self._partial is not None:
            self._shown = self._partial.keypoints, self._partial.scores
        elif take is None:
            self._shown = (), ()
        elif take.evidence is None or take.edits == self._edits:
            self._shown = tuple(take.keypoints), tuple(take.scores)
        else:
            keypoints, scores = apply_edits(take.evidence.keypoints, take.evidence.scores, self._edits)
            self._shown = tuple(keypoints), tuple(scores)

    def _take_has_changed(self) -> None:
        self._show_edits()
        if self.chosen >= max(1, len(self._shown[0])):
            self.chosen = 0
            self.person_changed.emit(0)
        self.take_changed.emit()
        self.content_changed.emit()
        self.edited_changed.emit()

    def _clear(self) -> None:
        self.video = self.path = self.project_path = self.take = None
        self._edits, self._held, self._partial = (), None, None
        self._is_unsaved, self.chosen = False, 0
        self._shown = (), ()
        self.undo_stack.clear()
        self.generation += 1


class _EditCommand(QUndoCommand):
    """Some edits on top of those that were there."""

    def __init__(self, document: Document, edits: tuple[Edit, ...], text: str) -> None:
        super().__init__(text)
        self._document, self._edits = document, edits
        self._before = document.edits

    def redo(self) -> None:
        self._document.set_edits((*self._before, *self._edits))

    def undo(self) -> None:
        self._document.set_edits(self._before)


class _FloorCommand(QUndoCommand):
    """The floor moved by hand."""

    def __init__(self, document: Document, before: float, after: float) -> None:
        super().__init__(
            f"move the floor to {100 * after:+.0f} cm" if after else "put the floor where it was found"
        )
        self._document, self._before, self._after = document, before, after

    def redo(self) -> None:
        self._document.set_floor(self._after)

    def undo(self) -> None:
        self._document.set_floor(self._before)
