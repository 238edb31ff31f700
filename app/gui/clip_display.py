"""The clip in all views: what is known of a frame is shown everywhere at once, when its picture is there."""

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from app.following import Follower
from app.gui.background import Background
from app.gui.curve_view import CurveView
from app.gui.document import Document
from app.gui.picture_view import EMPTY_TEXT
from app.gui.player import Player
from app.gui.scene_view import SceneView
from app.gui.timeline import Timeline
from app.gui.video_view import VideoView
from app.pipeline import Partial
from app.timeline.analysis import UNITS, Analysis, analyse, partial_lanes
from app.video.frame_cache import Image
from stcformer.skeleton import JOINT_COUNT

_NO_PICTURE = np.full((2, 2, 3), 30, dtype=np.uint8)
"""Stretched over where the picture would be: the video is missing, or a frame of it is damaged."""

_NO_MOTION = np.zeros((0, 0, JOINT_COUNT, 3))


class ClipDisplay(QObject):
    """Puts the document into the views, in step with the player.

    While the clip is not what is looked at (`set_active`), the views are left to others.
    """

    failed = pyqtSignal(object)
    """The exception with which looking at a Take ended."""

    def __init__(
        self,
        document: Document,
        player: Player,
        views: tuple[VideoView, SceneView],
        timeline: Timeline,
        curves: CurveView,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._player = document, player
        self._video, self._scene = views
        self._timeline, self._curves = timeline, curves
        self._image: Image | None = None
        self._analysis: Analysis | None = None
        self._follower: Follower | None = None
        self._is_following_now = False
        self._is_active = True
        self._analyst = Background("analyse", self, newest_only=True)
        self._analyst.succeeded.connect(self._on_analysed)
        self._analyst.failed.connect(self.failed)
        self._connect()

    @property
    def shown_frame(self) -> int | None:
        """The frame that every view shows; None before the first picture."""
        return self._player.shown_frame

    @property
    def analysis(self) -> Analysis | None:
        """Of the chosen person, when it is there."""
        return self._analysis

    def set_active(self, active: bool) -> None:
        """Whether the views show the clip."""
        if active == self._is_active:
            return
        self._is_active = active
        if active:
            self._video.set_empty_text(EMPTY_TEXT)
            self._show_motion()
            self._show_analysis()
            if self._player.shown_frame is None:
                self._video.set_image(None)
                self._video.set_people(np.zeros((0, JOINT_COUNT, 2)), np.zeros((0, JOINT_COUNT)), 0)
            else:
                self._show(self._player.shown_frame, self._image)
        else:
            self._player.clock.pause()

    def follow_work(self) -> None:
        """Show what is being processed as it comes, until the user goes to another frame or the work ends."""
        self._player.clock.pause()
        self._follower = Follower()

    def show_partial(self, partial: Partial) -> None:
        """Something is known of the video that is being processed."""
        self._document.set_partial(partial)
        if self._timeline.frame_count() == len(partial.time_s):
            self._timeline.set_lanes(
                partial_lanes(partial.scores[self._document.chosen], partial.frames_lifted)
            )
        if self._follower is not None:
            self._is_following_now = True
            self._player.clock.show(self._follower.frame(partial.frames_detected, partial.frames_lifted))
            self._is_following_now = False

    def end_work(self) -> None:
        """The work is over: stay where it is."""
        self._follower = None
        if self._analysis is not None:
            self._show_analysis()

    def close(self, timeout_s: float | None = None) -> bool:
        """End the thread that looks at Takes; False when it lasts longer."""
        return self._analyst.close(timeout_s)

    def _connect(self) -> None:
        player, clock = self._player, self._player.clock
        player.showing.connect(self._on_showing)
        clock.range_changed.connect(self._timeline.set_range)
        clock.range_changed.connect(self._curves.set_range)
        clock.frame_changed.connect(self._on_clock_moved)
        clock.playing_changed.connect(self._on_clock_moved)
        self._timeline.frame_requested.connect(clock.show)
        self._timeline.range_requested.connect(clock.set_range)
        self._curves.frame_requested.connect(clock.show)
        self._timeline.view_changed.connect(self._curves.set_view)
        self._curves.view_changed.connect(self._timeline.set_view)
        document = self._document
        document.video_changed.connect(self._on_video_changed)
        document.take_changed.connect(self._on_take_changed)
        document.person_changed.connect(self._on_take_changed)
        document.content_changed.connect(self._on_content_changed)

    def _on_clock_moved(self) -> None:
        if not self._is_following_now:
            self._follower = None

    def _on_showing(self, frame: int, image: Image | None) -> None:
        self._image = image
        if self._is_active:
            self._show(frame, image)

    def _show(self, frame: int, image: Image | None) -> None:
        """One frame, everywhere."""
        size = self._document.image_size
        if image is None and size is not None:
            image = _NO_PICTURE
        self._video.set_image(image, size)
        self._show_people(frame)
        self._timeline.set_frame(frame)
        self._curves.set_frame(frame)

    def _show_people(self, frame: int) -> None:
        document = self._document
        keypoints, scores = document.people_at(frame)
        self._video.set_people(keypoints, scores, document.chosen, document.names)
        self._scene.set_frame(frame)
        self._scene.set_poses(document.poses_at(frame), document.chosen, document.toes_at(frame))

    def _on_content_changed(self) -> None:
        if self._is_active and self._player.shown_frame is not None:
            self._show_people(self._player.shown_frame)

    def _on_video_changed(self) -> None:
        self._image, self._follower, self._analysis = None, None, None
        self._timeline.set_clip(self._document.time_s)
        self._show_analysis()  # not the clip's before, until this one's is there

    def _on_take_changed(self) -> None:
        document = self._document
        take, person = document.take, document.chosen
        if self._is_active:
            self._show_motion()
        if take is None or not take.person_count():
            self._analyst.forget()
            self._analysis = None
            self._show_analysis()
        else:
            self._analyst.submit(lambda: (take, analyse(take, person)))

    def _on_analysed(self, answer: tuple[object, Analysis]) -> None:
        take, analysis = answer
        if take is self._document.take and analysis.person == self._document.chosen:
            self._analysis = analysis
            if self._follower is None:
                self._show_analysis()

    def _show_motion(self) -> None:
        take = self._document.take
        if take is None:
            self._scene.set_motion(_NO_MOTION)
        else:
            self._scene.set_motion(take.world, take.source.fps)

    def _show_analysis(self) -> None:
        analysis = self._analysis
        if analysis is None:
            self._timeline.set_lanes(None)
            self._curves.set_curves(self._document.time_s, {}, {})
            self._scene.set_camera(None)
            return
        self._timeline.set_lanes(analysis.lanes)
        self._curves.set_curves(self._document.time_s, analysis.curves, UNITS)
        self._scene.set_camera(analysis.camera)
