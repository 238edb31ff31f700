"""Euler angles that do not jump: of the triples that mean a rotation, the closest to the frame before."""

import numpy as np

from app.motion.arrays import Array

USUAL_ORDER = "ZXY"
"""The order of most BVH files: R = Rz Rx Ry, the heading (about y) free to turn round and round."""

ORDERS = (USUAL_ORDER, "YZX", "ZYX", "XYZ", "XZY", "YXZ")

GOOD_ENOUGH_DEGREES = 3.0
"""How far the usual order may stray between two frames before another one is looked for."""

_LOCK = 1e-6
_CLEAR_OF_LOCK = np.radians(5.0)


def choose_order(rotations: Array) -> str:
    """The order in which the Euler angles of `(F, N, 3, 3)` rotations, all joints alike, move best between frames.

    Every order is exact at the frames themselves. Between them a program draws straight lines, which near
    gimbal lock stray from the rotation. `USUAL_ORDER` where it is good enough, else the one that strays least.
    """
    if largest_straying(rotations, USUAL_ORDER) <= GOOD_ENOUGH_DEGREES:
        return USUAL_ORDER
    return min(ORDERS, key=lambda order: largest_straying(rotations, order))


def largest_straying(rotations: Array, order: str) -> float:
    """Degrees between the rotation that lies half way from frame to frame and the one of the mean Euler angles.

    The largest over all joints and frames of `(F, N, 3, 3)`; 0 for a single frame.
    """
    from scipy.spatial.transform import Rotation  # noqa: PLC0415

    if len(rotations) < 2:
        return 0.0
    angles = _principal_angles(rotations, order)
    end = _closest_to(angles[:-1], angles[1:])
    halfway = Rotation.from_euler(order, ((angles[:-1] + end) / 2).reshape(-1, 3))
    start = Rotation.from_matrix(rotations[:-1].reshape(-1, 3, 3))
    step = start.inv() * Rotation.from_matrix(rotations[1:].reshape(-1, 3, 3))
    wanted = start * Rotation.from_rotvec(step.as_rotvec() / 2)
    return float(np.degrees((wanted.inv() * halfway).magnitude().max()))


def _principal_angles(rotations: Array, order: str) -> Array:
    """(..., 3) radians of `(..., 3, 3)` rotations, the middle one within a quarter turn."""
    first, second, third = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (second - first) % 3 == 1 else -1.0
    R = rotations
    middle = np.arcsin(np.clip(sign * R[..., first, third], -1, 1))
    outer = np.arctan2(-sign * R[..., second, third], R[..., third, third])
    inner = np.arctan2(-sign * R[..., first, second], R[..., first, first])
    return np.stack((outer, middle, inner), axis=-1)


def _closest_to(previous: Array, angles: Array) -> Array:
    """Of the triples `(..., 3)` that mean the same as `angles`, those closest to `previous`, radians."""
    other = angles * (1, -1, 1) + np.pi
    both = np.stack((angles, other))
    both = both + 2 * np.pi * np.round((previous - both) / (2 * np.pi))
    farther = np.abs(both - previous).max(axis=-1)
    return np.asarray(np.where((farther[0] <= farther[1])[..., None], both[0], both[1]))


def matrices_to_euler(rotations: Array, order: str) -> Array:
    """(F, 3) degrees, in the order's own sequence, of `(F, 3, 3)` rotations R = R_first R_second R_third.

    Of all triples that mean the same rotation, each frame takes the one closest to the frame before; at
    gimbal lock, where only a sum of two angles is defined, the first angle is held. The first frame's
    triple is the one with the middle angle within 90 degrees.
    """
    first, second, third = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (second - first) % 3 == 1 else -1.0
    R = rotations
    outer, middle, inner = np.moveaxis(_principal_angles(R, order), -1, 0)
    if np.abs(middle).max(initial=0.0) < np.pi / 2 - _CLEAR_OF_LOCK:
        # Clear of lock this branch is continuous by itself; only whole turns are left to take out.
        return np.degrees(np.stack((np.unwrap(outer), middle, np.unwrap(inner)), axis=-1))
    locked = np.hypot(R[:, first, first], R[:, first, second]) < _LOCK
    # At lock R is R_first(outer +- inner) times a constant; with inner 0, outer is this:
    combined = np.arctan2(sign * R[:, third, second], R[:, second, second])

    result = np.empty((len(R), 3))
    previous = np.zeros(3)
    for frame in range(len(R)):
        triple = np.array([outer[frame], middle[frame], inner[frame]])
        if locked[frame]:
            # combined = outer + sign * sin(middle) * inner (Diebel 2006, "Representing Attitude", sec. 5.6)
            slope = sign * np.sign(middle[frame])
            triple[[0, 2]] = previous[0], slope * (combined[frame] - previous[0])
            triple += 2 * np.pi * np.round((previous - triple) / (2 * np.pi)) if frame else 0
        elif frame:
            triple = _closest_to(previous, triple)
        result[frame] = previous = triple
    return np.degrees(result)
