"""World space: z up, y where the camera looks along the floor, x right, on the floor under the first seen hip."""

from dataclasses import dataclass

import numpy as np

from app.motion.arrays import Array, spans
from app.motion.bones import LEFT_ANKLE, RIGHT_ANKLE
from app.motion.contact import FEET, IN_CONTACT, Contacts

LEVEL_UP = np.array([0.0, -1.0, 0.0])
"""Up in the space of a camera that stands level."""

LOWEST_SHARE = 0.1
"""Of the contacts' time: their height at this share begins the lowest level, which is the floor."""
LEVEL_HEIGHT = 0.12
"""Metres: contacts that are higher above that are on a step or a box, and have no say in where the floor is."""
FLOOR_PERCENTILE = 5.0
"""Of the lower ankle's height over the clip, where no foot is known to stand: low, but not the one worst frame."""


@dataclass(frozen=True)
class Floor:
    """The floor's height in world axes laid through the camera."""

    height: float
    """Metres; negative below the camera."""
    spread: float | None
    """Metres: median distance of standing ankles from where they should be; None where no foot is known to stand."""
    found_from: str


def camera_to_world(up: Array) -> Array:
    """(3, 3) the rotation from camera space to world axes; `up` is a (3,) unit vector in camera space.

    A camera that looks straight down or up has no direction along the floor: y is then where the top of the picture
    points (of one that looks up: the bottom).
    """
    ahead = np.array([0.0, 0.0, 1.0]) - up[2] * up
    if np.linalg.norm(ahead) < 1e-3:
        ahead = (LEVEL_UP + up[1] * up) * (1.0 if up[2] < 0 else -1.0)
    ahead /= np.linalg.norm(ahead)
    return np.stack([np.cross(ahead, up), ahead, up])


def level_axes(camera_space: Array) -> Array:
    """`(..., 3)` points of a level camera in world axes, the origin still in the camera: (x, y, z) -> (x, z, -y)."""
    return np.asarray(camera_space @ camera_to_world(LEVEL_UP).T)


def find_floor(upright: Array, contacts: Contacts, ankle_height: float) -> Floor:
    """The floor under one person.

    upright: (F, 17, 3) metres in world axes through the camera, NaN where nobody is placed, one frame at least placed;
    contacts: (F, 2) of the left and the right foot; ankle_height: metres of a standing ankle above the floor.

    It lies `ankle_height` below the middle of those ankles that stand on the lowest level: jumps do not move it, and who
    climbs stairs leaves it where the stairs begin.
    """
    heights, seconds = [], []
    for foot, ankle in enumerate(FEET):
        for start, stop in spans(contacts[:, foot] == IN_CONTACT):
            heights.append(float(np.median(upright[start:stop, ankle, 2])))
            seconds.append(stop - start)
    if not heights:
        placed = np.isfinite(upright).all(axis=(1, 2))
        lower = upright[placed][:, [RIGHT_ANKLE, LEFT_ANKLE], 2].min(axis=1)
        floor = float(np.percentile(lower, FLOOR_PERCENTILE)) - ankle_height
        return Floor(
            floor, None, f"no foot known to stand: percentile {FLOOR_PERCENTILE:g} of the lower ankle"
        )
    height, weight = np.array(heights), np.array(seconds, dtype=float)
    lowest = _weighted_quantile(height, weight, LOWEST_SHARE)
    on_floor = height <= lowest + LEVEL_HEIGHT
    middle = _weighted_quantile(height[on_floor], weight[on_floor], 0.5)
    spread = _weighted_quantile(np.abs(height[on_floor] - middle), weight[on_floor], 0.5)
    return Floor(middle - ankle_height, spread, f"{int(on_floor.sum())} of {len(height)} contacts")


def _weighted_quantile(values: Array, weights: Array, share: float) -> float:
    """The value below which `share` of the weight lies."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(share * weights.sum(), reached, values[order]))
