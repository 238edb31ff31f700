"""What lies under the cursor: joints and people by distance, without Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.skeleton import bones

Array = NDArray[np.floating[Any]]

_BONES = np.array(bones())


def nearest_joint(points: Array, x: float, y: float, reach: float) -> int | None:
    """The joint of `(17, 2)` points that is nearest to (x, y) and not further than `reach`; NaN joints are not there."""
    away = np.hypot(points[:, 0] - x, points[:, 1] - y)
    if not np.isfinite(away).any():
        return None
    joint = int(np.nanargmin(away))
    return joint if away[joint] <= reach else None


def nearest_person(people: Array, x: float, y: float, reach: float) -> int | None:
    """The person of `(P, 17, 2)` points with a bone or joint nearest to (x, y) and not further than `reach`.

    A point inside a person's bounding box counts as at the end of `reach`: a click on the chest is a click on
    the person, unless somebody else's bone is nearer.
    """
    best, least = None, np.inf
    for person, points in enumerate(people):
        away = _distance_to_bones(points, x, y)
        if away > reach and _is_in_box(points, x, y):
            away = reach
        if away <= reach and away < least:
            best, least = person, away
    return best


def _distance_to_bones(points: Array, x: float, y: float) -> float:
    start, end = points[_BONES[:, 0]], points[_BONES[:, 1]]
    along = end - start
    from_start = np.array((x, y)) - start
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip((from_start * along).sum(axis=1) / length, 0.0, 1.0)
    to_bones = np.hypot(*(from_start - share[:, None] * along).T)
    to_joints = np.hypot(points[:, 0] - x, points[:, 1] - y)  # a joint whose bones are not seen
    away = np.concatenate((to_bones, to_joints))
    return float(np.nanmin(away)) if np.isfinite(away).any() else np.inf


def _is_in_box(points: Array, x: float, y: float) -> bool:
    seen = points[np.isfinite(points).all(axis=1)]
    if len(seen) < 3:
        return False
    low, high = seen.min(axis=0), seen.max(axis=0)
    return bool(low[0] <= x <= high[0] and low[1] <= y <= high[1])
