"""Poses set on the floor where the world begins: what can be shown before the motion stage has seen the whole clip."""

import numpy as np

from app.motion.arrays import Array
from app.motion.bones import ANKLE_HEIGHT_FRACTION, LEFT_ANKLE, RIGHT_ANKLE
from app.motion.world import level_axes

_BODY_HEIGHT_M = 1.75
"""For the height of the ankles above the floor, as long as the body is not measured."""


def standing_poses(camera: Array) -> Array:
    """(..., 17, 3) world-space metres of (..., 17, 3) camera-space poses with the hip at 0.

    The hip is above the origin, and the lower ankle as high above the floor as a standing person's; NaN stays NaN.
    """
    level = level_axes(camera)
    lower_ankle = np.minimum(level[..., LEFT_ANKLE, 2], level[..., RIGHT_ANKLE, 2])
    standing = level.copy()
    standing[..., 2] += (ANKLE_HEIGHT_FRACTION * _BODY_HEIGHT_M - lower_ankle)[..., None]
    return standing
