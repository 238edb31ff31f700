"""Errors of 3D poses."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.skeleton import bones

Array = NDArray[np.floating[Any]]


def mean_joint_error(predicted: Array, truth: Array) -> Array:
    """(...,) mean distance over joints of `(..., J, 3)` poses as they are, in their unit (protocol 1 when the
    roots are at 0)."""
    return np.asarray(np.linalg.norm(predicted - truth, axis=-1).mean(axis=-1))


def aligned_joint_error(predicted: Array, truth: Array) -> Array:
    """(...,) mean distance over joints after each pose's own Procrustes alignment (protocol 2)."""
    return mean_joint_error(procrustes_align(predicted, truth), truth)


def procrustes_align(predicted: Array, truth: Array) -> Array:
    """`(..., J, 3)` poses moved, turned and scaled onto the truth, without mirroring.

    Gower, "Generalized Procrustes analysis", Psychometrika 40 (1975), with the sign correction of
    Umeyama, IEEE TPAMI 13 (1991), equations 40 to 43.
    """
    predicted_mean = predicted.mean(axis=-2, keepdims=True)
    truth_mean = truth.mean(axis=-2, keepdims=True)
    centred, target = predicted - predicted_mean, truth - truth_mean
    u, singular, vt = np.linalg.svd(np.swapaxes(target, -1, -2) @ centred)
    sign = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    singular[..., -1] *= sign
    u[..., -1] *= sign[..., None]
    rotation = u @ vt
    scale = singular.sum(axis=-1) / np.square(centred).sum(axis=(-1, -2))
    return np.asarray(scale[..., None, None] * centred @ np.swapaxes(rotation, -1, -2) + truth_mean)


def acceleration_error(predicted: Array, truth: Array, fps: float) -> float:
    """Mean over frames and joints of the difference of accelerations of `(F, J, 3)` paths, unit / s^2."""
    return float(acceleration_errors(predicted, truth, fps).mean())


def acceleration_errors(predicted: Array, truth: Array, fps: float) -> Array:
    """(F - 2,) mean over joints of the difference of accelerations of `(F, J, 3)` paths, at each frame but the first
    and last."""
    difference = np.diff(predicted - truth, n=2, axis=0) * fps**2
    return np.asarray(np.linalg.norm(difference, axis=-1).mean(axis=-1))


def bone_length_deviation(poses: Array) -> Array:
    """(16,) how much the length of each bone (`stcformer.skeleton.bones`) changes over `(F, J, 3)` poses: its standard
    deviation, in their unit. Frames that are NaN do not count."""
    parents, children = (list(ends) for ends in zip(*bones(), strict=True))
    lengths = np.linalg.norm(poses[:, children] - poses[:, parents], axis=-1)
    return np.asarray(np.nanstd(lengths, axis=0))
