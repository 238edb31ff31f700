"""The keypoint formats that detectors deliver, and the way from each to the lifter's 17 joints."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.errors import DetectorError

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class KeypointFormat:
    """A detector's list of keypoints, as data."""

    name: str
    keypoints: tuple[str, ...]
    """K names, in the order of the detector's output; left and right are the person's own."""
    pairs: tuple[tuple[int, int], ...]
    """(left, right) indices that a mirrored picture swaps."""
    skeleton: tuple[tuple[int, int], ...]
    """Index pairs to draw a line between."""

    def index(self, keypoint: str) -> int:
        """Where the named keypoint stands; raises ValueError for a name that the format lacks."""
        return self.keypoints.index(keypoint)

    def mirror(self) -> tuple[int, ...]:
        """`values[..., format.mirror(), :]` swaps left and right."""
        order = list(range(len(self.keypoints)))
        for left, right in self.pairs:
            order[left], order[right] = right, left
        return tuple(order)


def _make(name: str, keypoints: str, lines: str) -> KeypointFormat:
    """A format from its names and lines: `a-b-c` joins a to b and b to c, `side_` stands for either side."""
    names = tuple(keypoints.split())
    pairs = []
    for left, keypoint in enumerate(names):
        for other in (keypoint.replace("left", "right"), keypoint.replace("l", "r", 1)):
            if other != keypoint and other in names:
                pairs.append((left, names.index(other)))
    skeleton = []
    for chain in lines.split():
        for side in ("left_", "right_") if "side_" in chain else ("",):
            path = [names.index(joint.replace("side_", side)) for joint in chain.split("-")]
            skeleton += list(pairwise(path))
    return KeypointFormat(name, names, tuple(pairs), tuple(skeleton))


_TRUNK = "left_shoulder-right_shoulder left_hip-right_hip side_shoulder-side_hip"
_LIMBS = "side_shoulder-side_elbow-side_wrist side_hip-side_knee-side_ankle"

_FORMATS = (
    _make(
        "blazepose33",
        "nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer left_ear "
        "right_ear mouth_left mouth_right left_shoulder right_shoulder left_elbow right_elbow left_wrist "
        "right_wrist left_pinky right_pinky left_index right_index left_thumb right_thumb left_hip right_hip "
        "left_knee right_knee left_ankle right_ankle left_heel right_heel left_foot_index right_foot_index",
        f"nose-side_eye_inner-side_eye-side_eye_outer-side_ear mouth_left-mouth_right {_TRUNK} {_LIMBS} "
        "side_wrist-side_thumb side_wrist-side_pinky-side_index-side_wrist "
        "side_ankle-side_heel-side_foot_index-side_ankle",
    ),
    _make(
        "coco17",
        "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow "
        "left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle",
        f"nose-side_eye-side_ear {_TRUNK} {_LIMBS}",
    ),
    _make(
        "h36m17",
        "hip rhip rknee rankle lhip lknee lankle spine thorax neck head lshoulder lelbow lwrist rshoulder "
        "relbow rwrist",
        "hip-rhip-rknee-rankle hip-lhip-lknee-lankle hip-spine-thorax-neck-head "
        "thorax-lshoulder-lelbow-lwrist thorax-rshoulder-relbow-rwrist",
    ),
)
FORMATS: dict[str, KeypointFormat] = {keypoint_format.name: keypoint_format for keypoint_format in _FORMATS}
"""Every keypoint format by name. A new one is an entry above and one in `_TO_H36M17`."""

H36M17 = FORMATS["h36m17"]
"""What the lifter reads: Human3.6M's 17 joints, `stcformer.skeleton.JOINTS` (a test holds them equal)."""

_LIMB_JOINTS = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
_SHOULDERS = {"left_shoulder": 0.5, "right_shoulder": 0.5}
_HIPS = {"left_hip": 0.5, "right_hip": 0.5}


# The top of the head, from points that all detectors give (ear, eye, thorax: the middle of left and right):
#
#     head = ear + up (eye - nose) + neck (ear - thorax) + back (ear - nose)
#
# One rule for views from the front, the side and behind: a parallel projection keeps such combinations. The
# three terms are small or noisy each by itself (eye - nose), or blind to a nodding head (ear - thorax).
def _head(up: float, neck: float, back: float) -> dict[str, float]:
    ear, eye, shoulder = 1 + neck + back, up, -neck
    return {
        "left_ear": ear / 2,
        "right_ear": ear / 2,
        "left_eye": eye / 2,
        "right_eye": eye / 2,
        "left_shoulder": shoulder / 2,
        "right_shoulder": shoulder / 2,
        "nose": -up - back,
    }


# BlazePose draws the face too short and too far forward from the side (nose 60 mm before the ear, in truth
# 120). Fitted to the top of the head marked by hand in 16 pictures of 7 persons (7 from the side, 1 from
# behind): 28 mm root mean square error, where the plain (0.6, 0.55, 0) has 54.
_BLAZEPOSE_HEAD = _head(up=1.2, neck=0.5, back=0.5)

# COCO's ears and noses were marked where they are. Least squares over 200,000 views of a head of average
# size (top 130 mm above the ear openings, eyes 87 mm and nose 122 mm before them, mid-shoulder 195 mm
# below), turned all round, nodding 20, tilting 12 and yawing 35 degrees (standard deviations), with 8 mm of
# noise: 30 mm remain.
_COCO_HEAD = _head(up=0.6, neck=0.55, back=0.0)

# What each Human3.6M joint is made of, by names that BlazePose and COCO share: weights that add up to 1. The
# lifter's training data is built by the same definitions, so that it is fed the quantity it has learnt.
_NAMED: dict[str, dict[str, float]] = {
    "hip": _HIPS,
    "spine": {name: weight / 2 for name, weight in (_HIPS | _SHOULDERS).items()},
    "thorax": _SHOULDERS,
    "neck": {"nose": 1.0},
    **{f"l{joint}": {f"left_{joint}": 1.0} for joint in _LIMB_JOINTS},
    **{f"r{joint}": {f"right_{joint}": 1.0} for joint in _LIMB_JOINTS},
}
_TO_H36M17: dict[str, dict[str, dict[str, float]]] = {
    "blazepose33": {**_NAMED, "head": _BLAZEPOSE_HEAD},
    "coco17": {**_NAMED, "head": _COCO_HEAD},
    "h36m17": {joint: {joint: 1.0} for joint in H36M17.keypoints},
}


def keypoint_format(name: str) -> KeypointFormat:
    """The keypoint format of that name; raises DetectorError for an unknown one."""
    if name not in FORMATS:
        raise DetectorError(f"'{name}' is no keypoint format; there are: {', '.join(FORMATS)}.")
    return FORMATS[name]


def to_h36m17(keypoints: Array, scores: Array, format: str) -> tuple[Array, Array]:  # noqa: A002
    """The 17 joints of Human3.6M from a detector's keypoints.

    `keypoints` (..., K, 2) pixels and `scores` (..., K) in the named format -> (..., 17, 2) pixels and
    (..., 17), float64; a detector's own 3D, (..., K, 3) metres, becomes (..., 17, 3) by the same rules.
    Joints without a keypoint of their own are made from several: hip and thorax are the
    middle of the hips and of the shoulders, spine is half way between those, neck is the nose, head is the
    top of the head (see `_head`). The score of such a joint is the lowest of its sources'. A joint with a
    source that is NaN is NaN with score 0. Raises DetectorError for an unknown format and for shapes that
    do not fit it.
    """
    source = keypoint_format(format)
    keypoints, scores = np.asarray(keypoints, np.float64), np.asarray(scores, np.float64)
    count = len(source.keypoints)
    if keypoints.shape[-2:] not in ((count, 2), (count, 3)) or scores.shape != keypoints.shape[:-1]:
        raise DetectorError(
            f"Keypoints of shape {keypoints.shape} with scores of shape {scores.shape} are not '{format}', "
            f"which needs (..., {count}, 2) and (..., {count})."
        )
    joints = np.empty((*keypoints.shape[:-2], len(H36M17.keypoints), keypoints.shape[-1]))
    joint_scores = np.empty(joints.shape[:-1])
    for joint, name in enumerate(H36M17.keypoints):
        weights = _TO_H36M17[format][name]
        indices = [source.index(keypoint) for keypoint in weights]
        joints[..., joint, :] = np.einsum(
            "...kc,k->...c", keypoints[..., indices, :], np.array(list(weights.values()))
        )
        joint_scores[..., joint] = scores[..., indices].min(axis=-1)
    lost = ~np.isfinite(joints).all(axis=-1) | np.isnan(joint_scores)
    joints[lost], joint_scores[lost] = np.nan, 0.0
    return joints, joint_scores
