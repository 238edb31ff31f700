"""Object keypoint similarity: how well two sets of Human3.6M's joints agree, 0 to 1, as COCO measures it.

    OKS = sum_j w_j exp(-d_j^2 / (2 s^2 k_j^2)) / sum_j w_j        (Lin et al., COCO keypoint evaluation)

`d_j` is the distance of joint j in pixels, `s` the square root of the person's area, `k_j` twice the spread of
annotators for that joint. Here w_j is the lower of the two scores, so that guessed joints count little.
"""

import numpy as np

from detectors.keypoints import H36M17
from detectors.protocol import Array

# COCO's published spreads; a joint that COCO lacks has that of the ones it is made of, and the head's two
# points, which detectors set less exactly than COCO's annotators set a nose, have that of the ears doubled.
_SPREAD = {
    "hip": 0.107, "spine": 0.107, "thorax": 0.079, "neck": 0.07, "head": 0.07, "shoulder": 0.079,
    "elbow": 0.072, "wrist": 0.062, "knee": 0.087, "ankle": 0.089,
}  # fmt: skip
_TWICE_SPREAD = 2 * np.array([_SPREAD.get(joint) or _SPREAD[joint[1:]] for joint in H36M17.keypoints])


def person_size(keypoints: Array, scores: Array) -> float:
    """Square root of the area that a person's (17, 2) joints take up, pixels; NaN where fewer than 3 are seen.

    Limbs that point at the camera and people cut off by the picture would seem tiny: an upright person is at
    least a third as wide as tall, so at least that much is counted either way.
    """
    seen = keypoints[(scores > 0) & np.isfinite(keypoints).all(axis=1)]
    if len(seen) < 3:
        return float("nan")
    width, height = np.ptp(seen, axis=0)
    return float(np.sqrt(max(width, height / 3, 1.0) * max(height, width / 3, 1.0)))


def similarity(
    first: tuple[Array, Array], second: tuple[Array, Array], size: Array, looseness: Array | float = 0.0
) -> Array:
    """(...) OKS of keypoints (..., 17, 2) with scores (..., 17) of either, for persons of `size` pixels (...).

    `looseness` (...) widens every joint's spread by so many sizes, for people who moved unseen. 0 where the two
    have no joint in common.
    """
    apart = np.square(first[0] - second[0]).sum(axis=-1)
    weight = np.where(np.isfinite(apart), np.minimum(first[1], second[1]), 0.0)
    spread = np.square(_TWICE_SPREAD) + np.square(np.asarray(looseness))[..., None]
    near = np.exp(-np.where(np.isfinite(apart), apart, 0.0) / (2 * np.square(size)[..., None] * spread))
    total = weight.sum(axis=-1)
    return np.divide((weight * near).sum(axis=-1), total, out=np.zeros_like(total), where=total > 0)
