"""World space: z up, y away from the camera, x right, on the floor under the first seen hip."""

from dataclasses import dataclass

import numpy as np

from app.motion.arrays import Array
from app.motion.bones import HIP, LEFT_ANKLE, RIGHT_ANKLE

CAMERA_TO_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""Rotation of a level camera: gravity is taken to be the camera's y axis. (x, y, z) -> (x, z, -y)."""

FLOOR_PERCENTILE = 5.0
"""Of the lower ankle's height over the clip: low enough to be a standing foot, not the one worst frame."""


@dataclass(frozen=True)
class Ground:
    """Where world space lies in the level camera's axes: the floor's height and the origin on it, metres."""

    floor: float
    origin: tuple[float, float, float]


def find_ground(level: Array, ankle_height: float) -> Ground:
    """The floor under `(F, 17, 3)` joints in level camera axes (z up), at least one frame of them seen.

    The floor lies `ankle_height` metres below the `FLOOR_PERCENTILE` of the lower ankle's height.
    """
    seen = np.isfinite(level).all(axis=(1, 2))
    lower_ankle = level[seen][:, [RIGHT_ANKLE, LEFT_ANKLE], 2].min(axis=1)
    floor = float(np.percentile(lower_ankle, FLOOR_PERCENTILE)) - ankle_height
    first_hip = level[seen][0, HIP]
    return Ground(floor, (float(first_hip[0]), float(first_hip[1]), floor))


def level_axes(camera_space: Array) -> Array:
    """`(..., 3)` camera-space points in world axes, the origin still in the camera."""
    return np.asarray(camera_space @ CAMERA_TO_WORLD.T)
