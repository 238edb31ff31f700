"""Live in the window: the panel below the views, and what it brings shown in them."""

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from app.gui.live_panel import LivePanel
from app.gui.live_texts import person_name
from app.gui.scene_view import SceneView
from app.gui.video_view import VideoView
from app.kept_lifter import KeptLifter
from app.live import LiveResult
from app.settings import Settings
from stcformer.skeleton import JOINT_COUNT

_EMPTY_TEXT = "Choose a camera below and press Start"


class LiveDisplay(QObject):
    """Shows a live session in the views, as long as it is what is looked at (`set_active`)."""

    recorded = pyqtSignal(object)
    """`app.take.Take` of a recording."""
    failed = pyqtSignal(object)
    """An exception that is no stated error."""

    def __init__(
        self,
        views: tuple[VideoView, SceneView],
        settings: Settings,
        lifter: KeptLifter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._video, self._scene = views
        self._is_active = False
        self.panel = LivePanel(settings, lifter.get)
        self.panel.watch(self._video)
        if self._scene.canvas is not None:
            self.panel.watch(self._scene.canvas)
        self.panel.result.connect(self._show)
        self.panel.recorded.connect(self.recorded)
        self.panel.failed.connect(self.failed)
        self._video.person_clicked.connect(self._follow)
        self._others: tuple[int, ...] = ()
        self._has_looked = False

    def set_active(self, active: bool) -> None:
        """Whether the views show what is live; a session ends when they do not."""
        if active == self._is_active:
            return
        self._is_active = active
        if not active:
            self.panel.stop()
            return
        self._video.set_editable(False)
        self._video.set_empty_text(_EMPTY_TEXT)
        self._video.set_image(None)
        self._video.set_people(np.zeros((0, JOINT_COUNT, 2)), np.zeros((0, JOINT_COUNT)), 0)
        self._scene.set_camera(None)
        self._scene.set_motion(np.zeros((0, 0, JOINT_COUNT, 3)))
        self._scene.set_poses(np.zeros((0, JOINT_COUNT, 3)), 0)
        if not self._has_looked:
            self._has_looked = True
            self.panel.refresh_cameras()

    @property
    def is_recording(self) -> bool:
        """Whether a session runs whose results are being kept."""
        return self.panel.controller.is_recording

    def close(self, timeout_s: float) -> bool:
        """End everything; False when a thread lasts longer."""
        return self.panel.close_session(timeout_s)

    def _show(self, result: LiveResult) -> None:
        if not self._is_active:
            return
        self._video.set_image(result.image)
        self._others = tuple(other.number for other in result.others)
        self._video.set_people(
            np.stack([result.keypoints, *(other.keypoints for other in result.others)]),
            np.stack([result.scores, *(other.scores for other in result.others)]),
            0,
            [person_name(number) for number in (result.person or 0, *self._others)],
        )
        self._scene.set_poses(result.world[None], 0)

    def _follow(self, place: int) -> None:
        """Somebody in the picture was clicked on; the first is the one who is followed."""
        if self._is_active and 1 <= place <= len(self._others):
            self.panel.follow(self._others[place - 1])
