"""Several persons of one video: those who stand on one floor tell each other's size.

From one camera nobody can tell a child nearby from an adult far away. But where two stand on the same floor, each has the
camera at a height above it, and there is one camera: the other's scale is the one that makes the two heights equal.
"""

import numpy as np

from app.motion.gravity import Gravity
from app.motion.placing import ADULT_HEIGHT_UNCERTAINTY, LIFTED_HEIGHT_UNCERTAINTY
from app.motion.world import Floor

LEAST_HEIGHT_M = 0.5
"""Of the camera above or below the floor: at the floor's own height, all scales have the same floor."""
SCALES = (0.5, 1.3)
"""A child of 0.9 m and a tall man, of somebody of 1.75 m; beyond, the other stands on another floor."""


def scale_to_floor(
    first: Floor, other: Floor, distances_m: tuple[float, float], gravity: Gravity
) -> tuple[float, float] | None:
    """Factor for the other person's scale, and its standard deviation as a share; None where the floors do not tell.

    first, other: their floors, as the scales are so far. distances_m: of the two from the camera, along the floor: from
    one to the other, a floor that is not found quite level rises.

    It is the most probable one of what the floors say and of how much adults differ (both log-normal).
    """
    if first.spread is None or other.spread is None or first.height * other.height <= 0:
        return None
    height = min(abs(first.height), abs(other.height))
    ratio = first.height / other.height
    if height < LEAST_HEIGHT_M or not SCALES[0] <= ratio <= SCALES[1]:
        return None
    apart = abs(ratio * distances_m[1] - distances_m[0])
    slope = np.tan(np.radians(gravity.pitch_deviation)) * apart
    measured = float(np.hypot(slope, np.hypot(first.spread, other.spread))) / height
    expected = np.sqrt(2) * float(np.hypot(LIFTED_HEIGHT_UNCERTAINTY, ADULT_HEIGHT_UNCERTAINTY))
    if abs(np.log(ratio)) > 3 * expected and measured > expected / 2:
        return None  # a child, or a floor that was found wrong: too unsure to say which
    trust = expected**2 / (expected**2 + measured**2)
    return float(np.exp(trust * np.log(ratio))), float(expected * np.sqrt(1 - trust))
