"""The keypoint formats that detectors deliver, and the way from each to the lifter's 17 joints."""

from collections.abc import Sequence
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


def _make(
    name: str, keypoints: str, lines: str, more_pairs: Sequence[tuple[str, str]] = ()
) -> KeypointFormat:
    """A format from its names and lines: `a~b~c` joins a to b and b to c, `side_` stands for either side.

    Pairs are found by their names; `more_pairs` are (left, right) keypoints whose names do not say it.
    """
    names = tuple(keypoints.split())
    pairs = [(names.index(left), names.index(right)) for left, right in more_pairs]
    for left, keypoint in enumerate(names):
        for other in (keypoint.replace("left", "right"), keypoint.replace("l", "r", 1)):
            if other != keypoint and other in names:
                pairs.append((left, names.index(other)))
    skeleton = []
    for chain in lines.split():
        for side in ("left_", "right_") if "side_" in chain else ("",):
            path = [names.index(joint.replace("side_", side)) for joint in chain.split("~")]
            skeleton += list(pairwise(path))
    return KeypointFormat(name, names, tuple(pairs), tuple(skeleton))


_COCO = (
    "nose left_eye right_eye left_ear right_ear left_shoulder right_shoulder left_elbow right_elbow "
    "left_wrist right_wrist left_hip right_hip left_knee right_knee left_ankle right_ankle"
)
_FACE = " ".join(f"face-{number}" for number in range(68))
_FINGERS = ("thumb", "forefinger", "middle_finger", "ring_finger", "pinky_finger")
_TRUNK = "left_shoulder~right_shoulder left_hip~right_hip side_shoulder~side_hip"
_LIMBS = "side_shoulder~side_elbow~side_wrist side_hip~side_knee~side_ankle"
_FEET = "side_ankle~side_heel~side_big_toe~side_small_toe~side_ankle"

# The 68 points of the face (300-W): the jaw from the person's right ear to the left, brows, nose, eyes, lips.
_FACE_PARTS = ((0, 16), (17, 21), (22, 26), (27, 30), (31, 35), (36, 41), (42, 47), (48, 59), (60, 67))
_FACE_LINES = ["~".join(f"face-{number}" for number in range(first, last + 1)) for first, last in _FACE_PARTS]
_FACE_LINES += ["face-30~face-33"]


def _face_pairs() -> list[tuple[str, str]]:
    """(left, right) of the face, which runs from the person's right to the left."""
    sums = {16: range(8), 43: range(17, 22), 66: range(31, 33), 81: range(36, 40), 87: range(40, 42)}
    sums |= {102: range(48, 51), 114: range(58, 60), 124: range(60, 62), 132: range(67, 68)}
    return [(f"face-{total - right}", f"face-{right}") for total, part in sums.items() for right in part]


def _hand(side: str) -> str:
    joints = [f"{side}_{finger}{joint}" for finger in _FINGERS for joint in range(1, 5)]
    return " ".join([f"{side}_hand_root", *joints])


_FORMATS = (
    _make(
        "blazepose33",
        "nose left_eye_inner left_eye left_eye_outer right_eye_inner right_eye right_eye_outer left_ear "
        "right_ear mouth_left mouth_right left_shoulder right_shoulder left_elbow right_elbow left_wrist "
        "right_wrist left_pinky right_pinky left_index right_index left_thumb right_thumb left_hip right_hip "
        "left_knee right_knee left_ankle right_ankle left_heel right_heel left_foot_index right_foot_index",
        f"nose~side_eye_inner~side_eye~side_eye_outer~side_ear mouth_left~mouth_right {_TRUNK} {_LIMBS} "
        "side_wrist~side_thumb side_wrist~side_pinky~side_index~side_wrist "
        "side_ankle~side_heel~side_foot_index~side_ankle",
    ),
    _make("coco17", _COCO, f"nose~side_eye~side_ear {_TRUNK} {_LIMBS}"),
    _make(
        "halpe26",
        f"{_COCO} head neck hip left_big_toe right_big_toe left_small_toe right_small_toe left_heel right_heel",
        f"nose~side_eye~side_ear head~neck~hip neck~side_shoulder hip~side_hip {_LIMBS} {_FEET}",
    ),
    _make(
        "coco_wholebody133",
        f"{_COCO} left_big_toe left_small_toe left_heel right_big_toe right_small_toe right_heel "
        f"{_FACE} {_hand('left')} {_hand('right')}",
        f"nose~side_eye~side_ear {_TRUNK} {_LIMBS} {_FEET} side_wrist~side_hand_root "
        + " ".join(
            f"side_hand_root~{'~'.join(f'side_{finger}{joint}' for joint in range(1, 5))}"
            for finger in _FINGERS
        )
        + " "
        + " ".join(_FACE_LINES),
        _face_pairs(),
    ),
    _make(
        "h36m17",
        "hip rhip rknee rankle lhip lknee lankle spine thorax neck head lshoulder lelbow lwrist rshoulder "
        "relbow rwrist",
        "hip~rhip~rknee~rankle hip~lhip~lknee~lankle hip~spine~thorax~neck~head "
        "thorax~lshoulder~lelbow~lwrist thorax~rshoulder~relbow~rwrist",
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
# Halpe's own head is taken: it is the top of the head in all the data sets that RTMPose learns it from (Halpe, AI
# Challenger, CrowdPose, MPII, PoseTrack), seen instead of guessed. Its neck and hip are not the lifter's thorax and
# hip and are left: the neck is learnt from MPII's upper neck (not its thorax) and from CrowdPose's and AI
# Challenger's necks, all above the line of the shoulders, and the hip from Halpe alone (RTMPose's configuration
# body8-halpe26 maps MPII's pelvis to nothing). The lifter has learnt exact midpoints, and from the detected hips
# and shoulders it gets them.
_TO_H36M17: dict[str, dict[str, dict[str, float]]] = {
    "blazepose33": {**_NAMED, "head": _BLAZEPOSE_HEAD},
    "coco17": {**_NAMED, "head": _COCO_HEAD},
    "halpe26": {**_NAMED, "head": {"head": 1.0}},
    "coco_wholebody133": {**_NAMED, "head": _COCO_HEAD},
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
    _check_shapes(keypoints, scores, source, (2, 3))
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


# (heel, toe) of the left and of the right foot; BlazePose's foot index is the tip of the big toe
_FEET_OF: dict[str, tuple[tuple[str, str], ...]] = {
    "blazepose33": tuple((f"{side}_heel", f"{side}_foot_index") for side in ("left", "right")),
    "halpe26": tuple((f"{side}_heel", f"{side}_big_toe") for side in ("left", "right")),
    "coco_wholebody133": tuple((f"{side}_heel", f"{side}_big_toe") for side in ("left", "right")),
}


def feet_of(keypoints: Array, scores: Array, format: str) -> tuple[Array, Array]:  # noqa: A002
    """Where heels and big toes are: (..., 2, 2, 2) left and right, heel and toe, x and y in pixels, and their scores
    (..., 2, 2); float64.

    `keypoints` (..., K, 2) pixels and `scores` (..., K) in the named format. One that was not observed is NaN with
    score 0; all are for a format without feet. Raises DetectorError for an unknown format and for shapes that do not
    fit it.
    """
    source = keypoint_format(format)
    keypoints, scores = np.asarray(keypoints, np.float64), np.asarray(scores, np.float64)
    _check_shapes(keypoints, scores, source, (2,))
    if format not in _FEET_OF:
        return np.full((*scores.shape[:-1], 2, 2, 2), np.nan), np.zeros((*scores.shape[:-1], 2, 2))
    indices = np.array([[source.index(keypoint) for keypoint in foot] for foot in _FEET_OF[format]])
    feet, foot_scores = keypoints[..., indices, :], scores[..., indices]
    observed = np.isfinite(feet).all(axis=-1) & (foot_scores > 0)  # not so for NaN
    return np.where(observed[..., None], feet, np.nan), np.where(observed, foot_scores, 0.0)


def _check_shapes(
    keypoints: Array, scores: Array, source: KeypointFormat, dimensions: tuple[int, ...]
) -> None:
    count = len(source.keypoints)
    fits = keypoints.ndim >= 2 and keypoints.shape[-2] == count and keypoints.shape[-1] in dimensions
    if not fits or scores.shape != keypoints.shape[:-1]:
        raise DetectorError(
            f"Keypoints of shape {keypoints.shape} with scores of shape {scores.shape} are not '{source.name}', "
            f"which needs (..., {count}, 2) and (..., {count})."
        )
