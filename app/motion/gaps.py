"""Gaps: frames in which nobody was seen though there is a pose, since the lifter bridges short ones."""

import numpy as np

from app.motion.arrays import Array, Mask, spans
from stcformer.sampling import LONGEST_BRIDGE_S, seen_frames

LONGEST_GAP_S = LONGEST_BRIDGE_S
"""Seconds: no longer gap can be bridged, since the lifter gives no pose there."""


def without_long_gaps(
    pose: Array, keypoints: Array, scores: Array, fps: float, longest_s: float
) -> tuple[Array, Mask]:
    """The (F, 17, 3) pose with gaps of more than `longest_s` seconds emptied, and (F,) the frames that are bridged.

    pose: NaN where nobody is; keypoints: (F, 17, 2) pixels; scores: (F, 17). A gap is a run of frames that have a pose
    but too few keypoints for a person (`stcformer.sampling.seen_frames`), between frames that have both.
    """
    placed, observed = np.isfinite(pose).all(axis=(1, 2)), seen_frames(keypoints, scores)
    pose, bridged = pose.copy(), np.zeros(len(pose), dtype=bool)
    for start, stop in spans(placed & ~observed):
        if start == 0 or stop == len(pose):
            continue
        if stop - start > round(longest_s * fps):
            pose[start:stop] = np.nan
        else:
            bridged[start:stop] = True
    return pose, bridged
