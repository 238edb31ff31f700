"""Bone lengths: measured over a clip, held constant in every frame, and the body height they make."""

import numpy as np

from app.motion.arrays import TINY, Array
from stcformer.skeleton import LEFT, MIRROR, PARENTS, RIGHT

HIP, RIGHT_HIP, LEFT_HIP, SPINE, THORAX, HEAD = 0, 1, 4, 7, 8, 10
RIGHT_KNEE, RIGHT_ANKLE, LEFT_KNEE, LEFT_ANKLE = 2, 3, 5, 6

ANKLE_HEIGHT_FRACTION = 0.08 / 1.75
"""Height of the ankle joint above the floor, of body height: 8 cm at 1.75 m, where motion capture and 2D
detectors put it (the outer ankle bone, 0.039 H in Drillis and Contini 1966, is a little lower)."""


def bone_lengths(pose: Array) -> Array:
    """(17,) length of the bone that ends in each joint: median over the clip, left and right averaged.

    `pose` is `(F, 17, 3)`, any space, NaN where not seen, one frame at least seen. The root has length 0.
    """
    seen = np.isfinite(pose).all(axis=(1, 2))
    parents = np.maximum(PARENTS, 0)
    lengths = np.median(np.linalg.norm(pose[seen] - pose[seen][:, parents], axis=-1), axis=0)
    sides = list(LEFT + RIGHT)
    lengths[sides] = (lengths[sides] + lengths[np.asarray(MIRROR)[sides]]) / 2
    return np.asarray(lengths)


def with_constant_bones(pose: Array, lengths: Array) -> Array:
    """`(F, 17, 3)` with every bone at its length, walking out from the hip along the bones' own directions.

    The hip stays where it is. The two hip bones become one straight line through it (the pelvis is rigid
    and the hip is its middle), along the line from the right hip to the left one.
    """
    result = np.array(pose, dtype=np.float64)
    hip_line = pose[:, LEFT_HIP] - pose[:, RIGHT_HIP]
    for joint, parent in enumerate(PARENTS):
        if parent < 0:
            continue
        if joint in (LEFT_HIP, RIGHT_HIP):
            bone = hip_line if joint == LEFT_HIP else -hip_line
        else:
            bone = pose[:, joint] - pose[:, parent]
        size = np.linalg.norm(bone, axis=-1, keepdims=True)
        result[:, joint] = result[:, parent] + lengths[joint] * bone / np.maximum(size, TINY)
    return result


def body_height(pose: Array, lengths: Array) -> float:
    """Standing height in the unit of `pose`, from bone lengths.

    chain = shin + thigh + hip-spine + spine-thorax + median distance thorax-head top; the ankle stands
    `ANKLE_HEIGHT_FRACTION` of the height above the floor, so height = chain / (1 - fraction). The chain is
    taken straight, which a living spine is not: expect the result within some 3 per cent.
    """
    neck_and_head = np.nanmedian(np.linalg.norm(pose[:, HEAD] - pose[:, THORAX], axis=-1))
    chain = lengths[[RIGHT_ANKLE, RIGHT_KNEE, SPINE, THORAX]].sum() + neck_and_head
    return float(chain / (1 - ANKLE_HEIGHT_FRACTION))
