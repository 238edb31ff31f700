"""Euler angles that do not jump: of the triples that mean a rotation, the closest to the frame before."""

import numpy as np

from app.motion.arrays import Array

USUAL_ORDER = "ZXY"
"""The order of most BVH files: R = Rz Rx Ry, the heading (about y) free to turn round and round."""

ORDERS = (USUAL_ORDER, "YZX", "ZYX", "XYZ", "XZY", "YXZ")

GIMBAL_MARGIN_DEGREES = 20.0
"""Where a clip comes closer than this to an order's gimbal lock, another order is looked for."""

_LOCK = 1e-6
_CLEAR_OF_LOCK = np.radians(5.0)


def choose_order(rotations: Array) -> str:
    """The first of `ORDERS` of which `(F, 3, 3)` rotations stay clear of gimbal lock, else the clearest."""
    nearest = {order: float(np.abs(_middle(rotations, order)).max()) for order in ORDERS}
    clear = [order for order in ORDERS if nearest[order] <= 90 - GIMBAL_MARGIN_DEGREES]
    return clear[0] if clear else min(ORDERS, key=lambda order: nearest[order])


def matrices_to_euler(rotations: Array, order: str) -> Array:
    """(F, 3) degrees, in the order's own sequence, of `(F, 3, 3)` rotations R = R_first R_second R_third.

    Of all triples that mean the same rotation, each frame takes the one closest to the frame before; at
    gimbal lock, where only a sum of two angles is defined, the first angle is held. The first frame's
    triple is the one with the middle angle within 90 degrees.
    """
    first, second, third = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (second - first) % 3 == 1 else -1.0
    R = rotations
    middle = np.arcsin(np.clip(sign * R[:, first, third], -1, 1))
    outer = np.arctan2(-sign * R[:, second, third], R[:, third, third])
    inner = np.arctan2(-sign * R[:, first, second], R[:, first, first])
    if np.abs(middle).max(initial=0.0) < np.pi / 2 - _CLEAR_OF_LOCK:
        # Clear of lock this branch is continuous by itself; only whole turns are left to take out.
        return np.degrees(np.stack((np.unwrap(outer), middle, np.unwrap(inner)), axis=-1))
    locked = np.hypot(R[:, first, first], R[:, first, second]) < _LOCK
    # At lock R is R_first(outer +- inner) times a constant; with inner 0, outer is this:
    combined = np.arctan2(sign * R[:, third, second], R[:, second, second])

    result = np.empty((len(R), 3))
    previous = np.zeros(3)
    for frame in range(len(R)):
        if locked[frame]:
            # combined = outer + sign * sin(middle) * inner (Diebel 2006, "Representing Attitude", sec. 5.6)
            slope = sign * np.sign(middle[frame])
            held = previous[0]
            candidates = np.array([[held, middle[frame], slope * (combined[frame] - held)]])
        else:
            angles = (outer[frame], middle[frame], inner[frame])
            candidates = np.array([angles, (angles[0] + np.pi, np.pi - angles[1], angles[2] + np.pi)])
        if frame > 0:
            candidates += 2 * np.pi * np.round((previous - candidates) / (2 * np.pi))
            previous = candidates[np.argmin(np.abs(candidates - previous).max(axis=1))]
        else:
            previous = candidates[0]
        result[frame] = previous
    return np.degrees(result)


def _middle(rotations: Array, order: str) -> Array:
    first, second, third = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (second - first) % 3 == 1 else -1.0
    return np.degrees(np.arcsin(np.clip(sign * rotations[:, first, third], -1, 1)))
