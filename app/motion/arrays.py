"""Spans, unit vectors and small rotations that every part of the motion stage uses."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Mask = NDArray[np.bool_]

TINY = 1e-9


def spans(mask: Mask) -> list[tuple[int, int]]:
    """(start, stop) of every run of True in a (F,) mask, stop exclusive."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def short_gaps_filled(mask: Mask, longest: int) -> Mask:
    """The (F,) mask with every inner run of False of at most `longest` frames turned True."""
    filled = mask.copy()
    for start, stop in spans(~mask):
        if start > 0 and stop < len(mask) and stop - start <= longest:
            filled[start:stop] = True
    return filled


def grown(sure: Mask, possible: Mask) -> Mask:
    """(F,) every run of `possible` that holds a frame of `sure`: hysteresis with two thresholds."""
    result = np.zeros_like(sure)
    for start, stop in spans(possible | sure):
        if sure[start:stop].any():
            result[start:stop] = True
    return result


def nearest_true(mask: Mask) -> NDArray[np.intp]:
    """(F,) index of the nearest True of a mask that has at least one."""
    true = np.flatnonzero(mask)
    frames = np.arange(len(mask))
    after = np.searchsorted(true, frames).clip(0, len(true) - 1)
    before = (after - 1).clip(0)
    closer_before = np.abs(frames - true[before]) <= np.abs(true[after] - frames)
    return np.asarray(np.where(closer_before, true[before], true[after]), dtype=np.intp)


def unit(vectors: Array, default: Array | tuple[float, float, float]) -> Array:
    """`(F, 3)` vectors at length 1; one without a direction takes the nearest frame's, else `default`."""
    lengths = np.linalg.norm(vectors, axis=-1)
    usable = lengths > TINY
    if not usable.any():
        return np.broadcast_to(np.asarray(default, dtype=np.float64), vectors.shape).copy()
    source = np.arange(len(vectors)) if usable.all() else nearest_true(usable)
    return np.asarray(vectors[source] / lengths[source, None])


def dot(first: Array, second: Array) -> Array:
    """(F,) scalar products of `(F, 3)` vectors."""
    return np.asarray(np.einsum("...i,...i->...", first, second))


def apply(rotations: Array, vectors: Array) -> Array:
    """`(F, 3, 3)` rotations applied to `(F, 3)` or `(3,)` vectors."""
    return np.asarray(np.einsum("...ij,...j->...i", rotations, vectors))


def about_axis(axis: Array, cosine: Array, sine: Array) -> Array:
    """(F, 3, 3) rotations about unit axes `(F, 3)` by angles given as cosine and sine (Rodrigues)."""
    cross = np.zeros((*axis.shape, 3))
    cross[..., 0, 1], cross[..., 0, 2], cross[..., 1, 2] = -axis[..., 2], axis[..., 1], -axis[..., 0]
    cross -= np.swapaxes(cross, -1, -2).copy()
    outer = axis[..., :, None] * axis[..., None, :]
    cosine, sine = cosine[..., None, None], sine[..., None, None]
    return np.asarray(cosine * np.eye(3) + sine * cross + (1 - cosine) * outer)


def shortest_rotation(start: Array, end: Array) -> Array:
    """(F, 3, 3) smallest rotations that turn unit vectors `start` into unit vectors `end` (both `(F, 3)`)."""
    axis = np.cross(start, end)
    sine = np.linalg.norm(axis, axis=-1)
    # Opposite (or equal) vectors have no cross product; any axis across `start` turns one into the other.
    helper = np.eye(3)[np.argmin(np.abs(start), axis=-1)]
    across = np.cross(start, helper)
    across /= np.linalg.norm(across, axis=-1, keepdims=True)
    axis = np.where(sine[..., None] > TINY, axis / np.maximum(sine, TINY)[..., None], across)
    return about_axis(axis, dot(start, end), sine)


def ramp(values: Array, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, a smooth step (3t^2 - 2t^3) between."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))
