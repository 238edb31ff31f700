"""Motion capture as Human3.6M-17 joints in metres: what the lifter is trained on.

The 17 joints are the quantities that `detectors.keypoints` makes of a detector's keypoints: hip and
thorax are the midpoints of the hips and of the shoulders, the spine lies half way between them, `neck`
is the tip of the nose and `head` the top of the head.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.bvh import BvhMotion, forward_kinematics, read_bvh
from stcformer.errors import LifterError
from stcformer.skeleton import JOINTS

Array = NDArray[np.floating[Any]]

LEG_LENGTH_M = 0.85
"""Thigh and shank of every clip are scaled to this sum: units and subjects differ from file to file."""

_NODE_NAMES: dict[str, tuple[str, ...]] = {
    "lhip": ("LeftUpLeg", "lThigh", "lfemur"),
    "lknee": ("LeftLeg", "lShin", "ltibia"),
    "lankle": ("LeftFoot", "lFoot", "lfoot"),
    "ltoe": ("LeftToeBase", "ltoes", "lFoot_end"),
    "lshoulder": ("LeftArm", "lShldr", "lhumerus"),
    "lelbow": ("LeftForeArm", "lForeArm", "lradius"),
    "lwrist": ("LeftHand", "lHand", "lwrist", "lhand"),
    "head": ("Head", "head", "Neck"),
}
"""The names that BVH skeletons give to each landmark; right ones follow from the left."""

# Adult proportions in metres at a height of 1.75 m (Winter, Biomechanics and Motor Control of Human
# Movement, table of segment lengths): how far the skull base lies from the middle of the shoulders,
# and the tip of the nose and the top of the head from the skull base, forward and up.
_SKULL_BASE = 0.145
_NOSE_FORWARD, _NOSE_UP = 0.11, 0.02
_HEAD_TOP_FORWARD, _HEAD_TOP_UP = 0.0, 0.165

_MOST_FAULTS = 0.25
_LEAST_HEAD_DISTANCE = 0.2
"""Metres from the thorax to the top of the head when the head hangs 100 degrees away from the neck."""
_FASTEST_HIP = 12.5
"""Metres a second: the fastest sprinters reach 12.4."""


@dataclass(frozen=True)
class MocapClip:
    """One clip of motion capture."""

    name: str
    """`<folder>/<file stem>`."""
    subject: str
    """Who moves: clips of one subject never stand on both sides of a split."""
    fps: float
    joints: Array
    """(F, 17, 3) metres, z up, the first hip above the origin, the floor near z = 0."""


def read_clip(path: str | os.PathLike[str]) -> MocapClip:
    """Read one BVH file as Human3.6M-17 joints.

    Raises LifterError when it is not a BVH file, when its skeleton lacks a joint (the message names
    which) or has joints that coincide, when it has fewer than three frames, or when its markers were mixed
    up (for more than a quarter of it the shoulders face backward over the hips or the head hangs upside
    down). Where the hip leaps faster than anybody runs, two captures were joined: the longest piece is kept.
    """
    path = Path(path)
    motion = read_bvh(path)
    if len(motion.values) < 3:
        raise LifterError(f"'{path}' has fewer than three frames.")
    try:
        joints = human36m_joints(motion)
    except LifterError as error:
        raise LifterError(f"'{path}' {error}") from error
    if (_twist_cosine(joints) < 0).mean() > _MOST_FAULTS:
        raise LifterError(f"'{path}' has left and right mixed up: its shoulders face backward over its hips.")
    if (_head_distance(joints) < _LEAST_HEAD_DISTANCE).mean() > _MOST_FAULTS:
        raise LifterError(f"'{path}' has the markers of the head mixed up: it hangs upside down.")
    fps = 1.0 / motion.frame_time
    # The first frame of a conversion is often a T-pose that was put before the capture.
    joints = _longest_piece(joints[1:], fps)
    if len(joints) < 2:
        raise LifterError(f"'{path}' leaps from place to place in every frame, so it is no capture.")
    return MocapClip(f"{path.parent.name}/{path.stem}", _subject(path), fps, _on_the_floor(joints))


def _twist_cosine(joints: Array) -> Array:
    """(F,) cosine of the angle between the line of the hips and the line of the shoulders."""
    hips = joints[:, JOINTS.index("lhip")] - joints[:, JOINTS.index("rhip")]
    shoulders = joints[:, JOINTS.index("lshoulder")] - joints[:, JOINTS.index("rshoulder")]
    return np.asarray((_unit(hips) * _unit(shoulders)).sum(axis=-1))


def _head_distance(joints: Array) -> Array:
    """(F,) metres from the thorax to the top of the head."""
    return np.asarray(
        np.linalg.norm(joints[:, JOINTS.index("head")] - joints[:, JOINTS.index("thorax")], axis=-1)
    )


def _longest_piece(joints: Array, fps: float) -> Array:
    """The longest stretch of frames without a leap of the hip."""
    leaps = np.flatnonzero(np.linalg.norm(np.diff(joints[:, 0], axis=0), axis=-1) * fps > _FASTEST_HIP)
    edges = np.concatenate(([0], leaps + 1, [len(joints)]))
    longest = int(np.argmax(np.diff(edges)))
    return joints[edges[longest] : edges[longest + 1]]


def _subject(path: Path) -> str:
    prefix = path.stem.split("__")[0]
    # The CMU numbers are the same persons in every conversion.
    return f"cmu/{prefix}" if prefix.isdigit() else f"{path.parent.name}/{prefix}"


def human36m_joints(motion: BvhMotion) -> Array:
    """(F, 17, 3) joints of a BVH motion in metres, z up.

    Raises LifterError naming the missing joints, or when joints coincide that give the body its size or the
    head its direction.
    """
    nodes = _landmark_nodes(motion.names)
    positions, rotations = forward_kinematics(motion)
    rest_motion = BvhMotion(
        motion.names,
        motion.parents,
        motion.offsets,
        motion.channels,
        np.zeros((1, motion.values.shape[1])),
        motion.frame_time,
    )
    rest = forward_kinematics(rest_motion)[0][0]
    place = {name: positions[:, node] for name, node in nodes.items()}
    leg_length = _leg_length(place)
    if not leg_length > 0:
        raise LifterError("has a skeleton whose legs have no length.")
    scale = LEG_LENGTH_M / leg_length
    to_z_up = _z_up_rotation(rest, nodes)

    thorax = (place["lshoulder"] + place["rshoulder"]) / 2
    hip = (place["lhip"] + place["rhip"]) / 2
    neck_direction = _unit(place["head"] - thorax)
    forward, up = _rest_head_axes(rest, nodes)
    forward, up = (rotations[:, nodes["head"]] @ axis for axis in (forward, up))
    skull_base = thorax + neck_direction * (_SKULL_BASE / scale)
    nose = skull_base + (forward * _NOSE_FORWARD + up * _NOSE_UP) / scale
    head_top = skull_base + (forward * _HEAD_TOP_FORWARD + up * _HEAD_TOP_UP) / scale

    joints = np.stack(
        [
            hip,
            *(place[name] for name in ("rhip", "rknee", "rankle", "lhip", "lknee", "lankle")),
            (hip + thorax) / 2,
            thorax,
            nose,
            head_top,
            *(place[name] for name in ("lshoulder", "lelbow", "lwrist", "rshoulder", "relbow", "rwrist")),
        ],
        axis=1,
    )
    if not np.isfinite(joints).all():
        raise LifterError("has a skeleton in which the head, the shoulders or the toes show no direction.")
    return np.asarray(joints * scale @ to_z_up.T)


def _landmark_nodes(names: tuple[str, ...]) -> dict[str, int]:
    """Which joint of the file is which landmark, whatever namespace stands before the names (`mixamorig:`)."""
    names = tuple(name.rpartition(":")[2] for name in names)
    nodes: dict[str, int] = {}
    for landmark, candidates in _NODE_NAMES.items():
        sides = {"l": landmark}
        if landmark != "head":
            sides["r"] = "r" + landmark[1:]
        for side, side_landmark in sides.items():
            for candidate in candidates:
                name = candidate
                if side == "r":
                    name = candidate.replace("Left", "Right") if "Left" in candidate else "r" + candidate[1:]
                if name in names:
                    nodes[side_landmark] = names.index(name)
                    break
    wanted = [side + name[1:] for name in _NODE_NAMES if name != "head" for side in "lr"] + ["head"]
    if missing := [name for name in wanted if name not in nodes]:
        raise LifterError(f"has a skeleton in which these joints were not found: {', '.join(missing)}.")
    return nodes


def _leg_length(place: dict[str, Array]) -> float:
    lengths = [
        np.linalg.norm(place[f"{side}{upper}"] - place[f"{side}{lower}"], axis=-1).mean()
        for side in "lr"
        for upper, lower in (("hip", "knee"), ("knee", "ankle"))
    ]
    return float(sum(lengths)) / 2


def _z_up_rotation(rest: Array, nodes: dict[str, int]) -> Array:
    """The rotation that makes the file's up axis the z axis."""
    up = _up_axis(rest, nodes)
    axis = int(np.argmax(np.abs(up)))
    turn = np.eye(3)
    if axis == 1:
        turn = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    if axis == 0:
        turn = np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]])
    # Where up is the negative axis, half a turn about the x axis puts the body on its feet.
    return np.asarray(turn * [[1.0], [up[axis]], [up[axis]]])


def _up_axis(rest: Array, nodes: dict[str, int]) -> Array:
    """(3,) the coordinate axis, with its sign, that leads from the feet to the hips at rest."""
    feet = (rest[nodes["lankle"]] + rest[nodes["rankle"]]) / 2
    hips = (rest[nodes["lhip"]] + rest[nodes["rhip"]]) / 2
    axis = int(np.argmax(np.abs(hips - feet)))
    return np.asarray(np.eye(3)[axis] * np.sign((hips - feet)[axis]))


def _rest_head_axes(rest: Array, nodes: dict[str, int]) -> tuple[Array, Array]:
    """Forward and up of the head at rest: it looks where the toes point."""
    up = _up_axis(rest, nodes)
    toes = sum(rest[nodes[f"{side}toe"]] - rest[nodes[f"{side}ankle"]] for side in "lr")
    forward = toes - up * (toes @ up)
    return _unit(forward), up


def _on_the_floor(joints: Array) -> Array:
    """The clip moved so that the first hip is above the origin and the lowest ankles at 8 cm, where ankles are."""
    moved = joints.copy()
    moved[..., :2] -= joints[0, 0, :2]
    moved[..., 2] -= np.percentile(joints[:, (3, 6), 2].min(axis=1), 5) - 0.08
    return moved


def _unit(vectors: Array) -> Array:
    """Directions of length 1; NaN where a vector has none, which `human36m_joints` refuses."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))
