"""Joint rotations from joint positions: each bone's direction exactly, its twist from what the body shows.

The pelvis turns with the hip line, the chest with the shoulder line, the head with the nose. Thigh and upper
arm are twisted so that knee and elbow are hinges; a straight limb shows no hinge, and there the twist is
carried over from the frames before and after. Foot and hand keep their rest angle to shin and forearm:
the 17 joints say nothing of them.
"""

import numpy as np

from app.motion.arrays import Array, about_axis, apply, dot, shortest_rotation, unit
from app.motion.rig import NODES, Rig

_X, _Y = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)

_LOOSE_SINE, _FIRM_SINE = 0.09, 0.42
"""Sine of a limb's bend (5 and 25 degrees) below which its hinge is not believed, above which it is fully."""

_LOOSE_NOSE_SINE, _FIRM_NOSE_SINE = 0.03, 0.15
"""The same for the triangle thorax, nose, head top."""

_CARRY = 0.25
"""Weight of twist changes between frames at 30 a second: half a frame of smoothing where a hinge is firm."""

_REST_PRIOR = 1e-6
"""Weight of the natural twist, which decides for a limb that is straight all through the clip."""


def solve_rotations(positions: Array, rig: Rig, fps: float) -> Array:
    """(F, N, 3, 3) local rotations of `rig.NODES` for `(F, 17, 3)` positions without NaN.

    The positions may be in any right-handed space: only the root's rotation is relative to it. A vector v
    in a node's rest axes is `R_root ... R_parent R_node v` in the space.
    """
    return to_local(global_rotations(positions, rig, fps))


def to_local(rotations: Array) -> Array:
    """Global `(F, N, 3, 3)` rotations of `NODES` relative to each node's parent."""
    local = rotations.copy()
    for index, node in enumerate(NODES):
        if node.parent >= 0:
            local[:, index] = np.swapaxes(rotations[:, node.parent], -1, -2) @ rotations[:, index]
    return local


def global_rotations(positions: Array, rig: Rig, fps: float) -> Array:
    """(F, N, 3, 3) global rotations of `NODES`; see `solve_rotations`."""
    joint = np.swapaxes(np.asarray(positions, dtype=np.float64), 0, 1)
    frames: dict[str, Array] = {}
    hip_line = unit(joint[4] - joint[1], _X)
    shoulder_line = unit(joint[11] - joint[14], _X)
    lower_back, upper_back = unit(joint[7] - joint[0], _Y), unit(joint[8] - joint[7], _Y)

    frames["Hips"] = _columns_from_x(hip_line, lower_back)
    frames["Spine"] = _columns_from_y(lower_back, hip_line + shoulder_line)
    frames["Chest"] = _columns_from_y(upper_back, shoulder_line)
    frames["Neck"], frames["Head"] = _head(joint, rig, frames["Chest"][..., 0])

    for side, sign, shoulder, hip in (("Left", 1.0, 11, 4), ("Right", -1.0, 14, 1)):
        outward = np.array([sign, 0.0, 0.0])
        clavicle = unit(joint[shoulder] - joint[8], (sign, 0.0, 0.0))
        frames[f"{side}Shoulder"] = _columns_from_x(sign * clavicle, frames["Chest"][..., 1])
        upper, lower = _limb(
            joint[shoulder : shoulder + 3], frames["Chest"], outward, np.array([0.0, -sign, 0.0]), fps
        )
        frames[f"{side}Arm"], frames[f"{side}ForeArm"], frames[f"{side}Hand"] = upper, lower, lower
        upper, lower = _limb(
            joint[hip : hip + 3], frames["Hips"], np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0]), fps
        )
        frames[f"{side}UpLeg"], frames[f"{side}Leg"] = upper, lower
        frames[f"{side}Foot"] = frames[f"{side}ToeBase"] = lower
    return np.stack([frames[node.name] for node in NODES], axis=1)


def rig_positions(root: Array, local: Array, rig: Rig) -> Array:
    """(F, N, 3) node positions by forward kinematics: `root` (F, 3), `local` (F, N, 3, 3)."""
    positions = np.zeros((*local.shape[:2], 3))
    turned = np.zeros_like(local)
    for index, node in enumerate(NODES):
        if node.parent < 0:
            positions[:, index], turned[:, index] = root, local[:, index]
        else:
            positions[:, index] = positions[:, node.parent] + apply(
                turned[:, node.parent], rig.offsets[index]
            )
            turned[:, index] = turned[:, node.parent] @ local[:, index]
    return positions


def _columns_from_x(x: Array, up_hint: Array) -> Array:
    """Frames whose x axis is exactly `x` and whose y axis leans towards `up_hint`."""
    z = unit(np.cross(x, up_hint), (0.0, 0.0, 1.0))
    z = unit(z - dot(z, x)[:, None] * x, (0.0, 0.0, 1.0))
    return np.stack((x, np.cross(z, x), z), axis=-1)


def _columns_from_y(y: Array, left_hint: Array) -> Array:
    """Frames whose y axis is exactly `y` and whose x axis leans towards `left_hint`."""
    z = unit(np.cross(left_hint, y), (0.0, 0.0, 1.0))
    z = unit(z - dot(z, y)[:, None] * y, (0.0, 0.0, 1.0))
    return np.stack((np.cross(y, z), y, z), axis=-1)


def _ramp(values: Array, low: float, high: float) -> Array:
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def _head(joint: Array, rig: Rig, chest_left: Array) -> tuple[Array, Array]:
    """Frames of neck and head, whose common x axis stands across the plane of thorax, nose and head top."""
    to_nose, to_crown = joint[9] - joint[8], joint[10] - joint[9]
    across = np.cross(joint[10] - joint[8], to_nose)
    size = np.linalg.norm(across, axis=-1)
    sides = np.linalg.norm(joint[10] - joint[8], axis=-1) * np.linalg.norm(to_nose, axis=-1)
    trust = _ramp(size / np.maximum(sides, 1e-12), _LOOSE_NOSE_SINE, _FIRM_NOSE_SINE)[:, None]
    left = trust * across / np.maximum(size, 1e-12)[:, None] + (1 - trust) * chest_left
    frames = []
    for bone, rest in ((to_nose, rig.nose_direction()), (to_crown, rig.crown_direction())):
        direction = unit(bone, _Y)
        x = unit(left - dot(left, direction)[:, None] * direction, _X)
        x = unit(x - dot(x, direction)[:, None] * direction, _X)
        actual = np.stack((x, direction, np.cross(x, direction)), axis=-1)
        resting = np.stack((np.asarray(_X), rest, np.cross(_X, rest)), axis=-1)
        frames.append(actual @ resting.T)
    return frames[0], frames[1]


def _limb(joints: Array, parent: Array, rest: Array, rest_hinge: Array, fps: float) -> tuple[Array, Array]:
    """Frames of a limb's upper and lower bone.

    joints: (3, F, 3) shoulder, elbow, wrist (or hip, knee, ankle); parent: (F, 3, 3) the frame that the
    limb hangs on; rest: the upper bone's rest direction; rest_hinge: the rest axis about which the lower bone
    bends (right-hand rule). The twist is an angle from the shortest swing out of rest; it is found as the
    phase of z that minimises sum w |z - measured|^2 + carry |z'|^2 + prior |z - 1|^2, so that directions
    average without unwrapping and frames of little bend lean on their neighbours.
    """
    upper = unit(joints[1] - joints[0], (float(rest[0]), float(rest[1]), float(rest[2])))
    lower_bone = joints[2] - joints[1]
    size = np.linalg.norm(lower_bone, axis=-1, keepdims=True)
    lower = np.where(size > 1e-9, lower_bone / np.maximum(size, 1e-9), upper)
    swung = shortest_rotation(apply(parent, rest), upper) @ parent
    zero = apply(swung, rest_hinge)
    quarter = np.cross(upper, zero)
    hinge = np.cross(upper, lower)
    bend = np.linalg.norm(hinge, axis=-1)
    measured = (dot(hinge, zero) + 1j * dot(hinge, quarter)) / np.maximum(bend, 1e-12)
    twist = _carried(measured, _ramp(bend, _LOOSE_SINE, _FIRM_SINE), fps)
    upper_frame = about_axis(upper, twist.real, twist.imag) @ swung
    return upper_frame, shortest_rotation(upper, lower) @ upper_frame


def _carried(measured: np.ndarray, trust: Array, fps: float) -> np.ndarray:
    """(F,) unit complex twists: believed where `trust` is 1, carried over from neighbours where it is 0."""
    carry = _CARRY * (fps / 30) ** 2
    weight, pulled = trust + _REST_PRIOR, trust * measured + _REST_PRIOR
    votes = _minimised(weight, pulled.real, carry) + 1j * _minimised(weight, pulled.imag, carry)
    # Between opposite twists the vote passes through zero, where its phase flips within a frame: it is
    # therefore carried once more, as an angle, which turns a flip of a straight limb into a slow turn.
    angle = np.unwrap(np.angle(votes))
    return np.asarray(np.exp(1j * _minimised(weight, weight * angle, carry)))


def _minimised(weight: Array, pulled: Array, carry: float) -> Array:
    """(F,) x that minimises sum weight (x - pulled / weight)^2 + carry (change of x)^2."""
    from scipy.linalg import solveh_banded  # noqa: PLC0415

    if len(weight) == 1:
        return pulled / weight
    bands = np.zeros((2, len(weight)))
    bands[0, 1:] = -carry
    bands[1] = weight
    bands[1, 1:] += carry
    bands[1, :-1] += carry
    return np.asarray(solveh_banded(bands, pulled))
