"""What the 17 joints stand for: this program's own keypoints, and Human3.6M's, which published weights learnt.

The names are the same and the places are not. Ours are what detectors deliver (`detectors.keypoints`): thorax and hip
are midpoints, `neck` is the tip of the nose, `head` the crown. Human3.6M's are the joints of a motion capture
skeleton: hips that lie further apart, shoulders that lie closer together, a chain of spine, thorax, neck and head.

Each of Human3.6M's joints is made as a sum of ours with weights that add up to 1, the same for x and y, so that the
very same sums hold in 3D and can be undone there. The weights come from two published facts, put together on an
upright person of average size:

- the lengths of Human3.6M's own skeleton, its thigh included (the offsets that come with its joint angles);
- the mapping from COCO's keypoints of the demonstration that the STCFormer authors published, for where the four
  joints of the spine lie.

Taken are the places nearest to that mapping (least squares) that keep those lengths: they differ from it by 14 to
29 mm. How far the hips lie apart, and how high above ours, and how far the shoulders, follows from the lengths alone.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from stcformer.errors import LifterError
from stcformer.skeleton import JOINT_COUNT, JOINTS

Array = NDArray[np.floating]

STUDIO, HUMAN36M, MPI_INF_3DHP = "studio", "h36m", "3dhp"
CONVENTIONS = (STUDIO, HUMAN36M, MPI_INF_3DHP)
"""What weights may have learnt from; nothing is converted to MPI-INF-3DHP, which `Lifter` does not read."""

HUMAN36M_LENGTHS_MM = {
    ("hip", "rhip"): 132.9,
    ("rhip", "rknee"): 442.9,
    ("hip", "spine"): 233.4,
    ("spine", "thorax"): 257.1,
    ("thorax", "neck"): 121.1,
    ("neck", "head"): 115.0,
    ("thorax", "rshoulder"): 151.0,
}
"""Of the bones that differ, from the offsets of Human3.6M's skeleton (Ionescu et al., TPAMI 2014)."""

AVERAGE_MM: dict[str, tuple[float, float, float]] = {
    "hip": (0.0, 0.0, -495.0),
    "rhip": (98.0, 0.0, -495.0),
    "rknee": (98.0, 0.0, -925.0),
    "spine": (0.0, 0.0, -247.5),
    "thorax": (0.0, 0.0, 0.0),
    "neck": (0.0, 110.0, 165.0),
    "head": (0.0, 0.0, 310.0),
    "rshoulder": (182.0, 0.0, 0.0),
}
"""Our joints of an upright person 1.75 m tall: to the right, forward and up of the middle of the shoulders."""

_HIP_RISE, _HIP_HALF, _SHOULDER_HALF = 11.5, 132.9, 147.3
_HUMAN36M_SPINE_MM: dict[str, tuple[float, float]] = {
    "spine": (-20.6, -251.0),
    "thorax": (33.1, 0.4),
    "neck": (71.3, 115.3),
    "head": (42.8, 226.7),
}
"""Forward and up of the middle of the shoulders."""


_AT = {name: number for number, name in enumerate(JOINTS)}
_RISE = _HIP_RISE / -AVERAGE_MM["hip"][2]
_WIDER = _HIP_HALF / AVERAGE_MM["rhip"][0]
_NARROWER = _SHOULDER_HALF / AVERAGE_MM["rshoulder"][0]


@cache
def human36m_matrix() -> Array:
    """(17, 17) Human3.6M's joints as sums of ours: `matrix @ joints`, joints (17, C). Every row adds up to 1."""
    one = np.eye(JOINT_COUNT)
    matrix, ours = one.copy(), {name: one[number] for name, number in _AT.items()}
    to_nose, to_crown = ours["neck"] - ours["thorax"], ours["head"] - ours["thorax"]
    for name in _HUMAN36M_SPINE_MM:
        by_nose, by_crown = _head_weights(name)
        base = ours["spine" if name == "spine" else "thorax"]
        matrix[_AT[name]] = base + by_nose * to_nose + by_crown * to_crown
    hip = matrix[_AT["hip"]] = (1 - _RISE) * ours["hip"] + _RISE * ours["thorax"]
    for side in "rl":
        matrix[_AT[f"{side}hip"]] = hip + _WIDER * (ours[f"{side}hip"] - ours["hip"])
        matrix[_AT[f"{side}shoulder"]] = ours["thorax"] + _NARROWER * (
            ours[f"{side}shoulder"] - ours["thorax"]
        )
    return matrix


@cache
def studio_matrix() -> Array:
    """(17, 17) our joints as sums of Human3.6M's: undoes `human36m_matrix` for joints whose hip, thorax and spine are
    the midpoints that ours are. (Its plain inverse would take the thorax from the neck and the head, trembling more.)
    """
    one = np.eye(JOINT_COUNT)
    matrix, theirs = one.copy(), {name: one[number] for name, number in _AT.items()}
    thorax = (theirs["lshoulder"] + theirs["rshoulder"]) / 2
    hip = (theirs["hip"] - _RISE * thorax) / (1 - _RISE)
    matrix[_AT["thorax"]], matrix[_AT["hip"]], matrix[_AT["spine"]] = thorax, hip, (hip + thorax) / 2
    for side in "rl":
        matrix[_AT[f"{side}hip"]] = hip + (theirs[f"{side}hip"] - theirs["hip"]) / _WIDER
        matrix[_AT[f"{side}shoulder"]] = thorax + (theirs[f"{side}shoulder"] - thorax) / _NARROWER
    back = np.linalg.inv([_head_weights("neck"), _head_weights("head")])
    seen = np.stack((theirs["neck"] - thorax, theirs["head"] - thorax))
    matrix[_AT["neck"]], matrix[_AT["head"]] = thorax + back @ seen
    return matrix


def _head_weights(name: str) -> tuple[float, float]:
    """How far a joint lies towards our nose and our crown from our thorax, and from our spine the spine."""
    towards = np.array([AVERAGE_MM["neck"][1:], AVERAGE_MM["head"][1:]]).T
    base = AVERAGE_MM["spine" if name == "spine" else "thorax"][1:]
    by_nose, by_crown = np.linalg.solve(towards, np.subtract(_HUMAN36M_SPINE_MM[name], base))
    return float(by_nose), float(by_crown)


def keypoints_for(convention: str, keypoints: Array, scores: Array) -> tuple[Array, Array]:
    """Our (..., 17, 2) pixels and (..., 17) scores in a convention: a joint is as sure as the least sure it is made of.

    A joint that is made of one that was not observed (NaN, score 0) is not observed either. Raises LifterError for a
    convention that nothing is converted to.
    """
    if convention == STUDIO:
        return keypoints, scores
    _check(convention)
    matrix = human36m_matrix()
    used = matrix != 0
    least = np.where(used, scores[..., None, :], np.inf).min(axis=-1)
    # A sum over all 17 would spread one NaN to every joint.
    converted = np.einsum("ij,...jc->...ic", matrix, np.nan_to_num(keypoints))
    observed = np.where(used, np.isfinite(keypoints).all(axis=-1)[..., None, :], True).all(axis=-1)
    return np.where(observed[..., None], converted, np.nan), np.where(observed, least, 0.0)


def pose_from(convention: str, pose: Array) -> Array:
    """(..., 17, 3) metres of a convention as our joints, the hip at 0. Raises LifterError as `keypoints_for` does."""
    if convention == STUDIO:
        return pose
    _check(convention)
    ours = np.einsum("ij,...jc->...ic", studio_matrix(), pose)
    return np.asarray(ours - ours[..., :1, :])


def _check(convention: str) -> None:
    if convention != HUMAN36M:
        raise LifterError(
            f"There is no way from our joints to the convention '{convention}'; choose other weights."
        )
