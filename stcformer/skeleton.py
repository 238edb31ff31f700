"""The 17 joints of Human3.6M: order, bones, body parts and mirror image."""

import numpy as np
from numpy.typing import NDArray

JOINTS: tuple[str, ...] = (
    "hip",
    "rhip",
    "rknee",
    "rankle",
    "lhip",
    "lknee",
    "lankle",
    "spine",
    "thorax",
    "neck",  # the nose: Human3.6M calls it "neck/nose"; see `detectors.keypoints` for what a detector puts here
    "head",
    "lshoulder",
    "lelbow",
    "lwrist",
    "rshoulder",
    "relbow",
    "rwrist",
)
JOINT_COUNT = len(JOINTS)

PARENTS: tuple[int, ...] = (-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15)
"""Parent of every joint; -1 for the root."""

LEFT: tuple[int, ...] = (4, 5, 6, 11, 12, 13)
RIGHT: tuple[int, ...] = (1, 2, 3, 14, 15, 16)

BODY_PARTS: tuple[int, ...] = (0, 1, 1, 1, 2, 2, 2, 0, 0, 0, 0, 3, 3, 3, 4, 4, 4)
"""Body part of every joint: 0 torso and head, 1 right leg, 2 left leg, 3 left arm, 4 right arm."""
PART_ORDER: tuple[int, ...] = tuple(sorted(range(JOINT_COUNT), key=lambda joint: BODY_PARTS[joint]))
"""The joints part by part, as the paper's figure 3 shows them."""

_MIRROR = list(range(JOINT_COUNT))
for _left, _right in zip(LEFT, RIGHT, strict=True):
    _MIRROR[_left], _MIRROR[_right] = _right, _left
MIRROR: tuple[int, ...] = tuple(_MIRROR)
"""`values[..., MIRROR, :]` swaps left and right."""


def bones() -> tuple[tuple[int, int], ...]:
    """(parent, child) of the 16 bones."""
    return tuple((parent, child) for child, parent in enumerate(PARENTS) if parent >= 0)


def mirror(coordinates: NDArray[np.floating]) -> NDArray[np.floating]:
    """The mirror image of `(..., 17, C)` coordinates whose x axis points right from 0: x negated, sides swapped."""
    flipped = coordinates[..., MIRROR, :].copy()
    flipped[..., 0] *= -1
    return flipped
