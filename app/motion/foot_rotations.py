"""How a foot stands: the 17 joints end at the ankle, so shin, hinge and floor say the rest.

A foot turns about the ankle in the plane of the shin and the knee's hinge. In the air it keeps its rest angle to the
shin. Near the floor it lies flat, as far as an ankle bends, and its toes never go through the floor.
"""

import numpy as np

from app.motion.arrays import Array, apply, ramp, shortest_rotation, unit

_MOST_UP, _MOST_DOWN = np.radians(35.0), np.radians(50.0)
"""How far an ankle bends the toes up and down from the rest angle (Winter: about 30 and 50 degrees)."""

_FLAT, _FREE = 0.01, 0.06
"""Height of an ankle over its rest height, of body height, below which the foot is flat, above which it is free."""

_LYING, _STANDING = 0.35, 0.7
"""Cosine of the shin from upright: a shin that lies on the floor has no flat foot."""

_NO_FLOOR, _SUNK = -0.10, -0.05
"""Height of an ankle, of body height, below which the floor is not believed."""


def foot_frames(
    ankle: Array, shin: Array, toe_tip: Array, ankle_height: float, height: float, floor: float
) -> Array:
    """(F, 3, 3) frames of a foot in a space with y up.

    ankle: (F, 3); shin: (F, 3, 3) its frames, x the hinge, y up along it; toe_tip: (3,) the tip of the toes
    from the ankle at rest; ankle_height: of the ankle over the floor at rest; height: the body's; floor: its y.
    """
    up_y, forward_y = shin[:, 1, 1], shin[:, 1, 2]
    over_floor = (ankle[:, 1] - floor) / height
    flat = np.clip(np.arctan2(forward_y, up_y), -_MOST_UP, _MOST_DOWN)
    near = 1 - ramp(over_floor - ankle_height / height, _FLAT, _FREE)
    believed = ramp(over_floor, _NO_FLOOR, _SUNK)
    pitch = near * ramp(up_y, _LYING, _STANDING) * flat

    # The tip is over the floor by  ankle + A cos(pitch) + B sin(pitch) = ankle + C cos(pitch - highest).
    cosine = up_y * toe_tip[1] + forward_y * toe_tip[2]
    sine = -up_y * toe_tip[2] + forward_y * toe_tip[1]
    reach, highest = np.hypot(cosine, sine), np.arctan2(sine, cosine)
    touching = np.arccos(np.clip(-over_floor * height / np.maximum(reach, 1e-12), -1.0, 1.0))
    apart = (pitch - highest + np.pi) % (2 * np.pi) - np.pi
    # Toes that point straight down may come up in front as well as behind: there the floor gives no answer.
    decided = ramp(np.pi - np.abs(apart), 0.0, 0.5)
    pitch = pitch + decided * (np.clip(apart, -touching, touching) - apart)
    pitch = believed * np.clip(pitch, -_MOST_UP, _MOST_DOWN)

    turn = np.zeros((len(pitch), 3, 3))
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = np.cos(pitch)
    turn[:, 2, 1] = np.sin(pitch)
    turn[:, 1, 2] = -turn[:, 2, 1]
    return np.asarray(shin @ turn)


def turned_to_toes(foot: Array, toe_tip: Array, toes: Array) -> Array:
    """(F, 3, 3) frames of a foot turned the shortest way so that its toes point where they do.

    foot: (F, 3, 3) its frames; toe_tip: (3,) from the ankle to the tip of the toes at rest; toes: (F, 3) the same as it
    is, any length; NaN leaves the foot as it is.
    """
    known = np.isfinite(toes).all(axis=1)
    result = foot.copy()
    ahead = apply(foot[known], toe_tip / np.linalg.norm(toe_tip))
    if known.any():
        result[known] = shortest_rotation(ahead, unit(toes[known], (0.0, 0.0, 1.0))) @ foot[known]
    return result
