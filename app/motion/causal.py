"""The motion stage for pictures that are still coming: what `reconstruct_motion` does, from the past alone.

A filter that looks back only is either noisy or late; these are made to be late little where a joint moves.

What needs the whole clip is left out: up is not found from the motion (the camera looks down by the pitch that is given,
else it stands level, and is not rolled), joints that drop out are not made up for, the floor is a low percentile of the
ankles and not the contacts', and feet are not held. A recording that is processed afterwards has all of it.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from app.motion.arrays import Array
from app.motion.bones import (
    ANKLE_HEIGHT_FRACTION,
    HIP,
    LEFT_ANKLE,
    RIGHT_ANKLE,
    body_height,
    bone_lengths,
    with_constant_bones,
)
from app.motion.gravity import up_vector
from app.motion.one_euro import OneEuro
from app.motion.root import (
    ACCELERATION,
    LONGEST_GAP_SECONDS,
    NEAREST_DEPTH,
    Pinhole,
    fit_translations,
    pinhole,
    sideways_positions,
)
from app.motion.world import FLOOR_PERCENTILE, camera_to_world
from app.settings import Settings
from stcformer.skeleton import JOINT_COUNT

BODY_SAMPLES = 300
"""Poses that the bone lengths are the median of: ten seconds at 30 a second."""
FLOOR_SECONDS = 30.0
"""The floor is found from the ankles of so long."""
FLOOR_TIME_S = 0.5
"""Time constant with which the floor goes to where it is found, so that it does not jump."""


@dataclass(frozen=True)
class CausalPose:
    """One frame's motion; NaN where nobody was seen (`root_camera`, `world`: or not placed)."""

    camera: Array
    """(17, 3) camera space, metres, the hip at 0: constant bones, scaled, smoothed."""
    root_camera: Array
    """(3,) the hip in camera space, metres from the camera."""
    world: Array
    """(17, 3) world space, metres: on the floor as it is known so far, under the first hip that was placed."""


class CausalMotion:
    """One person's poses set in motion frame by frame, as they come.

    `image_size`: (width, height) px; `settings`: as for `reconstruct_motion`. Of its `smoothing` anything but "none" is
    the one-euro filter, since the filters of a whole clip look ahead.
    """

    def __init__(
        self,
        image_size: tuple[int, int],
        settings: Settings | None = None,
    ) -> None:
        settings = settings or Settings()
        self._pinhole = pinhole(image_size, settings.fov_degrees)
        self._height_m = settings.height_m
        self._rotation = camera_to_world(up_vector(settings.camera_pitch_degrees or 0.0, 0.0))
        self._floor_offset_m = settings.floor_offset_m
        self._body = RunningBody()
        is_smoothed = settings.smoothing != "none"
        self._pose_filter = OneEuro() if is_smoothed else None
        self._root_filter = OneEuro() if is_smoothed else None
        self._depth = RunningDepth()
        self._floor = RunningFloor()
        self._origin: Array | None = None
        self._root: Array | None = None
        self._placed_s = self._seen_s = -np.inf

    def reset(self) -> None:
        """Another person comes: body, movement and floor are found anew; only the world's origin stays."""
        self._body, self._floor = RunningBody(), RunningFloor()
        self._root, self._placed_s = None, -np.inf
        self._forget_movement()

    def push(self, pose: Array, keypoints: Array, scores: Array, time_s: float) -> CausalPose:
        """(17, 3) pose in camera space (metres, the hip at 0, NaN when nobody is seen), its (17, 2) pixels and (17,)
        scores, at a time in seconds that rises from call to call.
        """
        nowhere = np.full((JOINT_COUNT, 3), np.nan)
        if not np.isfinite(pose).all():
            return CausalPose(nowhere, np.full(3, np.nan), nowhere)
        if time_s - self._seen_s > LONGEST_GAP_SECONDS:
            self._forget_movement()
        self._seen_s = time_s
        lengths, measured = self._body.push(pose)
        scale = 1.0 if self._height_m is None else self._height_m / measured
        camera = with_constant_bones(pose[None] * scale, lengths * scale)
        root = self._placed(camera, keypoints, scores, time_s)
        if self._pose_filter is not None:
            camera = with_constant_bones(self._pose_filter.push(camera[0], time_s)[None], lengths * scale)
        camera = camera[0]
        if root is None:
            return CausalPose(camera, np.full(3, np.nan), nowhere)
        level = (camera + root) @ self._rotation.T
        floor = self._floor_offset_m + self._floor.push(
            level, ANKLE_HEIGHT_FRACTION * measured * scale, time_s
        )
        if self._origin is None:
            self._origin = level[HIP, :2].copy()
        world = level - np.array([*self._origin, floor])
        return CausalPose(camera, root, world)

    def _placed(self, camera: Array, keypoints: Array, scores: Array, time_s: float) -> Array | None:
        """(3,) the hip in camera space; the last one for a short while without enough joints, then None."""
        fitted, deviation = fit_translations(camera, keypoints[None], scores[None], self._pinhole)
        if not np.isfinite(fitted).all():
            return self._root if time_s - self._placed_s <= LONGEST_GAP_SECONDS else None
        if time_s - self._placed_s > LONGEST_GAP_SECONDS:
            self._depth = RunningDepth()
        self._placed_s = time_s
        depth = max(self._depth.push(float(fitted[0, 2]), float(deviation[0]), time_s), NEAREST_DEPTH)
        sideways = self._sideways(camera, keypoints, scores, depth)
        root = np.array([*sideways, depth])
        self._root = root if self._root_filter is None else self._root_filter.push(root[None], time_s)[0]
        return self._root

    def _sideways(self, camera: Array, keypoints: Array, scores: Array, depth: float) -> Array:
        here: Pinhole = self._pinhole
        return sideways_positions(camera, keypoints[None], scores[None], here, np.array([depth]))[0]

    def _forget_movement(self) -> None:
        """Whoever comes after a gap comes from elsewhere; the floor stays, and the body unless it proves another."""
        for smoother in (self._pose_filter, self._root_filter):
            if smoother is not None:
                smoother.reset()
        self._depth = RunningDepth()


class RunningBody:
    """Bone lengths and height of the person so far: medians over the last poses."""

    def __init__(self, samples: int = BODY_SAMPLES) -> None:
        self._poses: deque[Array] = deque(maxlen=samples)

    def push(self, pose: Array) -> tuple[Array, float]:
        """A (17, 3) pose in metres to (17,) lengths (`bone_lengths`) and the standing height (`body_height`)."""
        self._poses.append(np.array(pose))
        poses = np.array(self._poses)
        lengths = bone_lengths(poses)
        return lengths, body_height(poses, lengths)


class RunningDepth:
    """A Kalman filter of the hip's depth: constant velocity but for white acceleration.

    The same model as `smooth_depth` (Bar-Shalom 2001, eq. 6.2.2-12), from the past alone; a measurement further
    off than three of its own deviations counts less (Huber).
    """

    def __init__(self) -> None:
        self._time_s = -np.inf
        self._state: Array | None = None
        self._covariance: Array = np.zeros((2, 2))

    def push(self, depth: float, deviation: float, time_s: float) -> float:
        """Metres, with the measurement's standard deviation, to filtered metres."""
        variance = max(deviation, 1e-4) ** 2
        if self._state is None:
            self._state = np.array([depth, 0.0])
            self._covariance = np.diag([variance, 1.0])  # a walking person's metre a second
            self._time_s = time_s
            return depth
        step = time_s - self._time_s
        self._time_s = time_s
        turn = np.array([[1.0, step], [0.0, 1.0]])
        density = ACCELERATION**2 / 30  # ACCELERATION is the deviation of a sample at 30 frames a second
        noise = density * np.array([[step**3 / 3, step**2 / 2], [step**2 / 2, step]])
        self._state = turn @ self._state
        self._covariance = turn @ self._covariance @ turn.T + noise
        surprise = depth - self._state[0]
        expected = np.sqrt(self._covariance[0, 0] + variance)
        variance *= max(1.0, abs(surprise) / (3 * expected)) ** 2
        gain = self._covariance[:, 0] / (self._covariance[0, 0] + variance)
        self._state = self._state + gain * surprise
        self._covariance = self._covariance - np.outer(gain, self._covariance[0])
        return float(self._state[0])


class RunningFloor:
    """The height of the floor in level camera axes: a low percentile of the lower ankle's."""

    def __init__(self) -> None:
        self._ankles: deque[tuple[float, float]] = deque()
        self._floor: float | None = None
        self._time_s = -np.inf

    def push(self, level: Array, ankle_height: float, time_s: float) -> float:
        """(17, 3) metres in level axes, z up, and how high a standing ankle is above the floor, to the floor's z."""
        self._ankles.append((time_s, float(min(level[RIGHT_ANKLE, 2], level[LEFT_ANKLE, 2]))))
        while time_s - self._ankles[0][0] > FLOOR_SECONDS:
            self._ankles.popleft()
        found = float(np.percentile([height for _, height in self._ankles], FLOOR_PERCENTILE)) - ankle_height
        if self._floor is None:
            self._floor = found
        else:
            self._floor += (1 - np.exp(-(time_s - self._time_s) / FLOOR_TIME_S)) * (found - self._floor)
        self._time_s = time_s
        return self._floor
