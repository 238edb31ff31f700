"""How fast feet move in the picture: heel and toe tell it without the depth, which an ankle in space suffers from."""

import numpy as np

from app.motion.arrays import Array
from app.motion.contact import LOWEST_SCORE, SPEED_SECONDS


def foot_speeds(feet: Array, foot_scores: Array, depth: Array, focal: float, fps: float) -> Array:
    """(F, 2) metres a second of the left and the right foot across the line of sight, the mean of heel and toe; NaN where
    they were not seen well.

    feet: (F, 2, 2, 2) pixels; foot_scores: (F, 2, 2); depth: (F, 2) metres of the two feet before the camera;
    focal: pixels. A foot that rolls over its toes moves its heel: then it does not stand as a whole, and its ankle cannot
    be held.
    """
    reach = max(1, round(SPEED_SECONDS * fps))
    frames = np.arange(len(feet))
    before, after = np.maximum(frames - reach, 0), np.minimum(frames + reach, len(feet) - 1)
    moved = np.linalg.norm(feet[after] - feet[before], axis=3).mean(axis=2) * depth / focal
    sure = np.nan_to_num(foot_scores).min(axis=2, initial=1.0) >= LOWEST_SCORE
    speeds = moved * fps / np.maximum(after - before, 1)[:, None]
    return np.where(sure[before] & sure[after] & (after > before)[:, None], speeds, np.nan)
