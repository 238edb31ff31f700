"""Curves of a motion: joint angles, positions and speeds over time, each by its name.

All functions take one person in world space, (F, 17, 3) metres with z up, and give NaN where a joint that they need
is NaN. Angles are degrees, and plain geometry of the 17 joints, not ISB joint angles: those need more markers.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.skeleton import JOINTS

Array = NDArray[np.floating[Any]]

_SIDES = {"left": "l", "right": "r"}
_SHORT = 1e-6
_LEAST_IN_PLANE = 0.2
"""Of the thigh's length: what lies in the sagittal plane must be more than this to have a direction in it."""


def joint_angles(world: Array) -> dict[str, Array]:
    """(F,) degrees of each angle:

    - `left knee flexion`, `right knee flexion`: 0 for a straight leg; 180 less the angle between thigh and shin.
    - `left elbow flexion`, `right elbow flexion`: 0 for a straight arm, likewise.
    - `left hip flexion`, `right hip flexion`: the thigh's direction in the sagittal plane of the pelvis, 0 along the
      trunk downwards, 90 straight ahead, negative behind (extension). The plane is across the line from hip to hip;
      the trunk is the line from hip to spine. NaN while the thigh points sideways, where it has no direction there.
    - `left shoulder elevation`, `right shoulder elevation`: the angle between the upper arm and the trunk downwards
      (thorax to hip): 0 hanging, 90 level, 180 overhead, whichever way it is raised.
    - `trunk lean`: the angle between the line from hip to thorax and the vertical: 0 upright, 90 level.
    """
    joint = {name: world[:, index] for index, name in enumerate(JOINTS)}
    trunk = joint["thorax"] - joint["hip"]
    angles: dict[str, Array] = {}
    for side, letter in _SIDES.items():
        hip, knee, ankle = (joint[f"{letter}{name}"] for name in ("hip", "knee", "ankle"))
        angles[f"{side} knee flexion"] = _angle(knee - hip, ankle - knee)
        angles[f"{side} hip flexion"] = _hip_flexion(joint, knee - hip)
    for side, letter in _SIDES.items():
        shoulder, elbow, wrist = (joint[f"{letter}{name}"] for name in ("shoulder", "elbow", "wrist"))
        angles[f"{side} elbow flexion"] = _angle(elbow - shoulder, wrist - elbow)
        angles[f"{side} shoulder elevation"] = _angle(elbow - shoulder, -trunk)
    angles["trunk lean"] = _angle(trunk, np.broadcast_to([0.0, 0.0, 1.0], trunk.shape))
    return angles


def joint_positions(world: Array) -> dict[str, Array]:
    """(F,) metres of `<joint> x`, `<joint> y` and `<joint> z` of all joints: right, away from the camera, up."""
    return {
        f"{name} {axis}": world[:, index, place]
        for index, name in enumerate(JOINTS)
        for place, axis in enumerate("xyz")
    }


def joint_speed(world: Array, time_s: Array) -> dict[str, Array]:
    """(F,) metres a second of every joint in the world, by the frames' own times (F,) in seconds.

    Central differences of second order for uneven times (`numpy.gradient`); one-sided where a neighbour is NaN.
    """
    return {name: _speed(world[:, index], time_s) for index, name in enumerate(JOINTS)}


def _angle(first: Array, second: Array) -> Array:
    """(F,) degrees between (F, 3) vectors, 0 to 180; by the arc tangent, exact for small angles as well."""
    cross = np.linalg.norm(np.cross(first, second), axis=-1)
    along = (first * second).sum(axis=-1)
    length = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    return np.where(length > _SHORT, np.degrees(np.arctan2(cross, along)), np.nan)


def _hip_flexion(joint: dict[str, Array], thigh: Array) -> Array:
    left = _unit(joint["lhip"] - joint["rhip"])
    up = joint["spine"] - joint["hip"]
    up = _unit(up - left * (up * left).sum(axis=-1, keepdims=True))
    forward = np.cross(left, up)
    ahead, down = (thigh * forward).sum(axis=-1), -(thigh * up).sum(axis=-1)
    # The cut of the circle lies behind and above, where no thigh goes: -90 to 270.
    degrees = (np.degrees(np.arctan2(ahead, down)) + 90) % 360 - 90
    in_plane = np.hypot(ahead, down)
    return np.where(in_plane > _LEAST_IN_PLANE * np.linalg.norm(thigh, axis=-1), degrees, np.nan)


def _unit(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > _SHORT, lengths, np.nan))


def _speed(positions: Array, time_s: Array) -> Array:
    speed = np.full(len(positions), np.nan)
    seen = np.isfinite(positions).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], seen.astype(np.int8), [0]))))
    for start, stop in edges.reshape(-1, 2):
        if stop - start > 1:
            velocity = np.gradient(positions[start:stop], time_s[start:stop], axis=0)
            speed[start:stop] = np.linalg.norm(velocity, axis=1)
    return speed
