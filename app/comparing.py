"""The same keypoints lifted by another lifter, to be laid beside a Take."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from app.rebuilding import rebuild
from app.take import Take

if TYPE_CHECKING:
    from stcformer import Lifter


def lifted_by(take: Take, lifter_name: str, lifter: "Lifter") -> Take:
    """The Take with its corrections, lifted by another lifter and set in motion alike. `lifter` is that of the name.

    Raises StudioError for a Take that does not hold what was detected, and LifterError.
    """
    return rebuild(take, take.edits, replace(take.settings, lifter=lifter_name), lifter)


def pose_distance(first: Take, second: Take, person: int) -> float:
    """Metres: mean distance of a person's joints in two Takes of one video, the hips put together; NaN without poses."""
    away = np.linalg.norm(first.camera[person] - second.camera[person], axis=-1)
    return float(np.nanmean(away)) if np.isfinite(away).any() else float("nan")
