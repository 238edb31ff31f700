"""From where the 3D view looks, while persons move, the user turns it and the video's camera is known. No Qt."""

from dataclasses import replace

import numpy as np

from app.scene.camera import (
    BODY_MARGIN,
    VIEWS,
    Look,
    VideoCamera,
    all_inside,
    facing,
    fitted,
    follow_path,
    framing_points,
    turned_to,
)
from app.take import Array
from stcformer.skeleton import JOINT_COUNT, JOINTS

_HIP = JOINTS.index("hip")
_LIVE_MARGIN = 0.6
"""Metres left round a person of whom no more is known than where they are now, so that they can move."""
_LIVE_SHARE = 0.15
"""Of the way to the hip that the view goes at each pose where there is no motion to look ahead in."""


class Viewpoint:
    """What is looked at, and the `look` that comes of it.

    Until somebody pans or zooms, the motion is kept in the picture; after that only `frame_motion` and the
    video's camera change where the look stands, and a following view goes along.
    """

    def __init__(self) -> None:
        self.look = Look()
        self.view = "free"
        """One of `VIEWS`, or "" for one that was made by hand."""
        self.follow = False
        self.camera: VideoCamera | None = None
        self.motion: Array = np.zeros((0, 0, JOINT_COUNT, 3))
        """(P, F, 17, 3) world space, metres."""
        self.poses: Array = np.zeros((0, JOINT_COUNT, 3))
        """(P, 17, 3) those drawn now."""
        self.chosen = 0
        self._fps = 30.0
        self._frame = 0
        self._size, self._covered = (640.0, 480.0), 0.0
        self._is_framed = True
        self._front: Array | None = None
        self._path: Array | None = None
        self._anchor: Array | None = None

    def is_empty(self) -> bool:
        """Whether there is nobody to look at."""
        return not len(self._points())

    def set_size(self, width: float, height: float, covered: float = 0.0) -> None:
        """The picture's size in pixels, and the share of its height that is covered at the top."""
        self._size, self._covered = (max(width, 1.0), max(height, 1.0)), covered
        self._reframe()

    def set_motion(self, motion: Array, fps: float) -> None:
        """Another clip, or more of it: (P, F, 17, 3). F = 0: none, and the next one is looked at afresh."""
        was_empty = self.is_empty()
        self.motion, self._fps = motion, fps
        self._front = self._path = None
        if not motion.shape[1]:
            self._is_framed, self.view = True, self.view or "free"
        self._keep_in_picture(was_empty, BODY_MARGIN)

    def set_poses(self, poses: Array, chosen: int) -> None:
        """The (P, 17, 3) poses that are drawn, and whose the view is."""
        was_empty = self.is_empty()
        if chosen != self.chosen:
            self._front = self._path = None
        self.poses, self.chosen = poses, chosen
        if not self.motion.shape[1]:
            self._keep_in_picture(was_empty, _LIVE_MARGIN)
        self._go_along()

    def _keep_in_picture(self, was_empty: bool, margin: float) -> None:
        points = self._points()
        if was_empty and len(points) and self._is_framed:
            self.look_from(self.view or "free")
        if self._is_framed and self.view != "camera":
            inside = all_inside(self.look, points, self._size, self._covered)
            self.look = self.look if inside else fitted(self.look, points, self._size, margin, self._covered)
        self._go_along()

    def set_frame(self, frame: int) -> None:
        """The frame of the motion that is shown."""
        self._frame = frame
        self._go_along()

    def set_follow(self, follow: bool) -> None:
        """Whether the look goes along with the chosen person's hip; it goes there at once."""
        self.follow = follow
        self._anchor = None
        if self._is_framed:
            self._reframe()
        point = self._followed()
        if follow and point is not None and self.view != "camera":
            self._move(point - np.asarray(self.look.centre[:2]))
            self._anchor = point

    def set_camera(self, camera: VideoCamera | None) -> None:
        """The camera that filmed; None when it is not known, which ends looking through it."""
        self.camera = camera
        if self.view == "camera":
            self.look_from("free" if camera is None else "camera")

    def look_from(self, view: str) -> None:
        """One of `VIEWS`. Raises ValueError for another name, and for the camera when there is none."""
        if view not in VIEWS:
            raise ValueError(f"no view is called {view!r}; there are {', '.join(VIEWS)}")
        if view == "camera" and self.camera is None:
            raise ValueError("the video's camera is not known, so nothing can be looked at through it")
        through = self.view == "camera"
        self.view = view
        if view != "camera":
            self.look = turned_to(self.look, view, self.front())
        if through or self._is_framed or view == "camera":
            self._is_framed = True
            self._reframe()

    def frame_motion(self) -> None:
        """Fit the motion (following: the person) into the picture, from the present direction."""
        self._is_framed = True
        self._reframe()

    def moved_by_hand(self, look: Look) -> None:
        """The user turned, moved or zoomed the picture to another look."""
        if look.centre != self.look.centre or look.distance != self.look.distance or self.view == "camera":
            self._is_framed = False
        self.look = look
        self.view = ""
        self._anchor = self._followed()

    def front(self) -> Array:
        """(3,) where the chosen person faces at the clip's start, or now where there is no clip."""
        if self._front is None:
            person = self._person(self.motion)
            poses = self._person(self.poses[:, None])
            known = person is not None and bool(np.isfinite(person).all(axis=(1, 2)).any())
            looked_at = person if known else poses
            front = facing(np.zeros((0, JOINT_COUNT, 3)) if looked_at is None else looked_at, self._fps)
            if not known:
                return front
            self._front = front
        return self._front

    def _person(self, motion: Array) -> Array | None:
        return motion[self.chosen] if 0 <= self.chosen < len(motion) else None

    def _points(self) -> Array:
        """(N, 3) what should be in the picture."""
        point = self._followed()
        person = self._person(self.motion)
        if point is not None and person is not None and self._path is not None:
            along = np.concatenate((self._path - point, np.zeros((len(self._path), 1))), axis=1)
            points = framing_points((person - along[:, None])[None])
        else:
            points = framing_points(self.motion)
        return points if len(points) else framing_points(self.poses[:, None])

    def _reframe(self) -> None:
        if self.view == "camera" and self.camera is not None:
            self.look = self.camera.look(self._size, self._depth())
        elif self._is_framed:
            self.look = fitted(self.look, self._points(), self._size, covered=self._covered)
        self._anchor = self._followed()

    def _depth(self) -> float:
        """Metres from the video's camera to the chosen person: about what a look through it turns."""
        camera = self.camera
        points = self._points()
        if camera is None or not len(points):
            return 4.0
        forward = np.asarray(camera.forward) / np.linalg.norm(camera.forward)
        return max(float(np.median((points - np.asarray(camera.position)) @ forward)), 0.5)

    def _followed(self) -> Array | None:
        """(2,) the point of the floor that is followed; None when nothing is."""
        if not self.follow:
            return None
        person = self._person(self.motion)
        if person is not None and 0 <= self._frame < len(person):
            if self._path is None:
                self._path = follow_path(person, self._fps)
            return np.asarray(self._path[self._frame])
        pose = self._person(self.poses)
        if pose is None or not np.isfinite(pose[_HIP]).all():
            return self._anchor
        here = pose[_HIP, :2]
        return here if self._anchor is None else self._anchor + _LIVE_SHARE * (here - self._anchor)

    def _go_along(self) -> None:
        if not self.follow or self.view == "camera":
            return
        point = self._followed()
        if point is not None and self._anchor is not None:
            self._move(point - self._anchor)
        self._anchor = point

    def _move(self, way: Array) -> None:
        x, y, z = self.look.centre
        self.look = replace(self.look, centre=(x + float(way[0]), y + float(way[1]), z))
