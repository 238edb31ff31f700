"""Joint rotations from joint positions: each bone's direction exactly, its twist from what the body shows.

The pelvis turns with the hip line, the chest with the shoulder line, the head with the nose. Thigh and upper
arm are twisted so that knee and elbow are hinges (`app.motion.limb_twist`). A foot follows shin, hinge and floor
(`app.motion.foot_rotations`), turned to where its toes are (`app.motion.toes`). A hand keeps its rest angle to the
forearm: the 17 joints say nothing of it.
"""

import numpy as np

from app.motion.arrays import Array, apply, dot, ramp, unit
from app.motion.bones import ANKLE_HEIGHT_FRACTION
from app.motion.foot_rotations import foot_frames, turned_to_toes
from app.motion.limb_twist import carried_phase, limb_frames, phase_about
from app.motion.rig import NODES, Rig, node_index, toe_tip

_X, _Y = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
_DOWN, _LEFT = np.array([0.0, -1.0, 0.0]), np.array([1.0, 0.0, 0.0])
_HIPS = {"Left": 4, "Right": 1}
"""The joint that each leg begins in; knee and ankle are the next two."""

_LOOSE_NOSE_SINE, _FIRM_NOSE_SINE = 0.05, 0.3
"""Sine between the lines from thorax to head top and to nose below which the nose shows no side, above which it
does; it is 0.55 of a head held straight."""

_OVER_SHOULDER, _AHEAD = -0.3, 0.2
"""Cosine between the head's left and the chest's below which a head is not believed to look back so far."""

_AHEAD_PRIOR = 0.002
"""Weight, against a nose that shows its side clearly, of a head that looks where the chest does."""


def solve_rotations(
    positions: Array, rig: Rig, fps: float, floor: float | None = None, toes: Array | None = None
) -> Array:
    """(F, N, 3, 3) local rotations of `rig.NODES` for `(F, 17, 3)` positions without NaN.

    The positions may be in any right-handed space: only the root's rotation is relative to it. A vector v
    in a node's rest axes is `R_root ... R_parent R_node v` in the space. `floor` is the floor's height in a
    space with y up, which the feet then mind; None: they keep their rest angle to the shin. `toes` (F, 2, 3)
    are the tips of the left and the right toes (`app.motion.toes`), in the space of the positions; NaN: as without them.
    """
    return to_local(global_rotations(positions, rig, fps, floor, toes))


def to_local(rotations: Array) -> Array:
    """Global `(F, N, 3, 3)` rotations of `NODES` relative to each node's parent."""
    local = rotations.copy()
    for index, node in enumerate(NODES):
        if node.parent >= 0:
            local[:, index] = np.swapaxes(rotations[:, node.parent], -1, -2) @ rotations[:, index]
    return local


def to_global(local: Array) -> Array:
    """Local `(F, N, 3, 3)` rotations of `NODES` in the axes of the space: the inverse of `to_local`."""
    turned = local.copy()
    for index, node in enumerate(NODES):
        if node.parent >= 0:
            turned[:, index] = turned[:, node.parent] @ local[:, index]
    return turned


def foot_guesses(positions: Array, rig: Rig, fps: float, floor: float) -> Array:
    """(F, 2, 3, 3) global rotations of the left and the right foot as legs and floor have them; see `solve_rotations`."""
    joint = np.swapaxes(np.asarray(positions, dtype=np.float64), 0, 1)
    hips = _hips(joint)
    return np.stack([_leg(joint, side, hips, rig, fps, floor)[2] for side in _HIPS], axis=1)


def global_rotations(
    positions: Array, rig: Rig, fps: float, floor: float | None = None, toes: Array | None = None
) -> Array:
    """(F, N, 3, 3) global rotations of `NODES`; see `solve_rotations`."""
    joint = np.swapaxes(np.asarray(positions, dtype=np.float64), 0, 1)
    frames: dict[str, Array] = {}
    hip_line = unit(joint[4] - joint[1], _X)
    shoulder_line = unit(joint[11] - joint[14], _X)
    upper_back = unit(joint[8] - joint[7], _Y)

    frames["Hips"] = _hips(joint)
    spine = joint[0] + apply(frames["Hips"], rig.offsets[node_index("Spine")])
    frames["Spine"] = _columns_from_y(unit(joint[7] - spine, _Y), hip_line + shoulder_line)
    frames["Chest"] = _columns_from_y(upper_back, shoulder_line)
    frames["Neck"], frames["Head"] = _head(joint, rig, frames["Chest"][..., 0], fps)
    frames["Nose"] = frames["Head"]

    for foot, (side, sign, shoulder) in enumerate((("Left", 1.0, 11), ("Right", -1.0, 14))):
        clavicle = unit(joint[shoulder] - joint[8], (sign, 0.0, 0.0))
        frames[f"{side}Shoulder"] = _columns_from_x(sign * clavicle, frames["Chest"][..., 1])
        frames[f"{side}Arm"], frames[f"{side}ForeArm"] = limb_frames(
            joint[shoulder : shoulder + 3], frames["Chest"], sign * _LEFT, sign * _DOWN, fps, knee=False
        )
        frames[f"{side}Hand"] = frames[f"{side}ForeArm"]
        upper_leg, shin, foot_frame = _leg(joint, side, frames["Hips"], rig, fps, floor)
        frames[f"{side}UpLeg"], frames[f"{side}Leg"] = upper_leg, shin
        if toes is not None:
            ankle = joint[_HIPS[side] + 2]
            foot_frame = turned_to_toes(foot_frame, toe_tip(rig, side), toes[:, foot] - ankle)
        frames[f"{side}Foot"] = foot_frame
        frames[f"{side}ToeBase"] = frames[f"{side}Foot"]
    return np.stack([frames[node.name] for node in NODES], axis=1)


def _hips(joint: Array) -> Array:
    """(F, 3, 3) the frame of the pelvis, of (17, F, 3) joints."""
    return _columns_from_x(unit(joint[4] - joint[1], _X), unit(joint[7] - joint[0], _Y))


def _leg(
    joint: Array, side: str, hips: Array, rig: Rig, fps: float, floor: float | None
) -> tuple[Array, Array, Array]:
    """(F, 3, 3) frames of thigh, shin and foot, of (17, F, 3) joints."""
    leg = joint[_HIPS[side] : _HIPS[side] + 3]
    thigh, shin = limb_frames(leg, hips, _DOWN, _LEFT, fps, knee=True)
    if floor is None:
        return thigh, shin, shin
    ankle_height = ANKLE_HEIGHT_FRACTION * rig.height
    return thigh, shin, foot_frames(leg[2], shin, toe_tip(rig, side), ankle_height, rig.height, floor)


def rig_positions(root: Array, local: Array, rig: Rig) -> Array:
    """(F, N, 3) node positions by forward kinematics: `root` (F, 3), `local` (F, N, 3, 3)."""
    positions, turned = np.zeros((*local.shape[:2], 3)), to_global(local)
    for index, node in enumerate(NODES):
        positions[:, index] = root
        if node.parent >= 0:
            offset = apply(turned[:, node.parent], rig.offsets[index])
            positions[:, index] = positions[:, node.parent] + offset
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


def _head(joint: Array, rig: Rig, chest_left: Array, fps: float) -> tuple[Array, Array]:
    """Frames of neck and head, whose common x axis stands across the plane of thorax, nose and head top.

    Where the three lie near a line they show no side, and it is carried over from the frames around.
    """
    to_nose, to_crown, upward = joint[9] - joint[8], joint[10] - joint[9], joint[10] - joint[8]
    axis = unit(upward, _Y)
    zero = unit(chest_left - dot(chest_left, axis)[:, None] * axis, _X)
    across = np.cross(upward, to_nose)
    size = np.linalg.norm(across, axis=-1)
    measured = phase_about(across, zero, axis) / np.maximum(size, 1e-12)
    sine = size / np.maximum(np.linalg.norm(upward, axis=-1) * np.linalg.norm(to_nose, axis=-1), 1e-12)
    trust = ramp(sine, _LOOSE_NOSE_SINE, _FIRM_NOSE_SINE) * ramp(measured.real, _OVER_SHOULDER, _AHEAD)
    ahead = np.ones(len(trust), dtype=np.complex128)
    twist = carried_phase(measured, trust, ahead, np.full(len(trust), _AHEAD_PRIOR), fps)
    left = twist.real[:, None] * zero + twist.imag[:, None] * np.cross(axis, zero)
    frames = []
    for bone, rest in ((to_nose, rig.nose_direction()), (to_crown, rig.crown_direction())):
        direction = unit(bone, _Y)
        x = unit(left - dot(left, direction)[:, None] * direction, _X)
        x = unit(x - dot(x, direction)[:, None] * direction, _X)
        actual = np.stack((x, direction, np.cross(x, direction)), axis=-1)
        resting = np.stack((np.asarray(_X), rest, np.cross(_X, rest)), axis=-1)
        frames.append(actual @ resting.T)
    return frames[0], frames[1]
