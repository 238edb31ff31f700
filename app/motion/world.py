"""World space: z up, y where the camera looks along the floor, x right, on the floor under the first seen hip."""

from dataclasses import dataclass

import numpy as np

from app.motion.arrays import Array, spans
from app.motion.bones import HIP, LEFT_ANKLE, RIGHT_ANKLE
from app.motion.contact import FEET, IN_CONTACT, Contacts

LEVEL_UP = np.array([0.0, -1.0, 0.0])
"""Up in the space of a camera that stands level."""

LOWEST_SHARE, ALONE_SHARE = 0.1, 1 / 3
"""Of the contacts' time: the lowest level, which is the floor, has two contacts or more for so long, or one for so long.
A single short one may be false, or its foot seen too far away or too near."""
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


def camera_in_world(world: Array, camera: Array, root_camera: Array) -> tuple[Array, Array] | None:
    """(3, 3) rotation and (3,) position in metres of the camera that filmed one person, in world space:
    `world = (camera + root_camera) @ rotation.T + position`.

    world: (F, 17, 3); camera: (F, 17, 3) camera space, the hip at 0; root_camera: (F, 3) the hip in camera space, metres.
    None when no frame has all. World space is camera space turned upright and moved: the turn is that of the poses
    (Kabsch, Acta Cryst. A32, 1976), and one hip in both tells where to. So it holds for any Take, however it was made.
    """
    known = np.isfinite(world).all(axis=(1, 2)) & np.isfinite(root_camera).all(axis=1)
    known &= np.isfinite(camera).all(axis=(1, 2))
    if not known.any():
        return None
    turned = (world[known] - world[known][:, [HIP]]).reshape(-1, 3)
    u, _, vt = np.linalg.svd(turned.T @ camera[known].reshape(-1, 3))
    rotation = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
    return rotation, np.median(world[known, HIP] - root_camera[known] @ rotation.T, axis=0)


def find_floor(upright: Array, contacts: Contacts, ankle_height: float) -> Floor:
    """The floor under one person.

    upright: (F, 17, 3) metres in world axes through the camera, NaN where nobody is placed, one frame at least placed;
    contacts: (F, 2) of the left and the right foot; ankle_height: metres of a standing ankle above the floor.

    It lies `ankle_height` below the middle of those ankles that stand on the lowest level: jumps do not move it, and who
    climbs stairs leaves it where the stairs begin.
    """
    placed = np.isfinite(upright).all(axis=(1, 2))
    heights, seconds = [], []
    for foot, ankle in enumerate(FEET):
        # A contact that was set by hand may reach over frames in which nobody was seen.
        for start, stop in spans((contacts[:, foot] == IN_CONTACT) & placed):
            heights.append(float(np.median(upright[start:stop, ankle, 2])))
            seconds.append(stop - start)
    if not heights:
        lower = upright[placed][:, [RIGHT_ANKLE, LEFT_ANKLE], 2].min(axis=1)
        floor = float(np.percentile(lower, FLOOR_PERCENTILE)) - ankle_height
        return Floor(
            floor, None, f"no foot known to stand: percentile {FLOOR_PERCENTILE:g} of the lower ankle"
        )
    height, weight = np.array(heights), np.array(seconds, dtype=float)
    on_floor = height <= _lowest_level(height, weight) + LEVEL_HEIGHT
    middle = _weighted_median(height[on_floor], weight[on_floor])
    spread = _weighted_median(np.abs(height[on_floor] - middle), weight[on_floor])
    return Floor(middle - ankle_height, spread, f"{int(on_floor.sum())} of {len(height)} contacts")


def _lowest_level(heights: Array, weights: Array) -> float:
    """The height of the lowest contact that is not alone there, or lasts."""
    lowest = np.sort(heights)
    levels = heights <= lowest[:, None] + LEVEL_HEIGHT
    shares = levels @ weights / weights.sum()
    believed = (shares >= ALONE_SHARE) | ((levels.sum(axis=1) > 1) & (shares >= LOWEST_SHARE))
    return float(lowest[np.argmax(believed)])  # the highest one's share is all


def _weighted_median(values: Array, weights: Array) -> float:
    """The value below which half of the weight lies."""
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) - weights[order] / 2
    return float(np.interp(weights.sum() / 2, reached, values[order]))
