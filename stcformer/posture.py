"""What a body is doing in each frame, coarsely: so that rare postures can be drawn more often, and measured apart."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.skeleton import JOINTS

POSTURES = ("upright", "bent", "low", "lying", "airborne")
"""Each frame is one of these."""

_LOW_HIP = 0.7
"""Of the hip's height over the lower ankle when standing: deep crouches, sitting and kneeling lie below."""
_BENT_DEGREES = 45.0
_LYING_DEGREES = 65.0
_AIRBORNE_M = 0.22
"""Both ankles this far above where they are when the clip stands."""


def frame_postures(joints: NDArray[Any]) -> NDArray[np.int64]:
    """(F, 17, 3) metres of one clip, z up, to (F,) indices into `POSTURES`.

    Standing is measured from the clip itself: the usual length of the legs and the usual height of the lower ankle.
    """
    hip, thorax = joints[:, JOINTS.index("hip")], joints[:, JOINTS.index("thorax")]
    knees = joints[:, [JOINTS.index("rknee"), JOINTS.index("lknee")]]
    ankles = joints[:, [JOINTS.index("rankle"), JOINTS.index("lankle")]]
    hips = joints[:, [JOINTS.index("rhip"), JOINTS.index("lhip")]]
    leg = float(np.median(np.linalg.norm(hips - knees, axis=-1) + np.linalg.norm(knees - ankles, axis=-1)))
    lower_ankle = ankles[..., 2].min(axis=1)
    trunk = thorax - hip
    lean = np.degrees(np.arccos(np.clip(trunk[:, 2] / np.linalg.norm(trunk, axis=-1).clip(1e-6), -1, 1)))
    hip_height = hip[:, 2] - lower_ankle
    low = hip_height < _LOW_HIP * leg
    posture = np.full(len(joints), POSTURES.index("upright"))
    posture[lower_ankle - np.percentile(lower_ankle, 10) > _AIRBORNE_M] = POSTURES.index("airborne")
    posture[lean > _BENT_DEGREES] = POSTURES.index("bent")
    posture[low] = POSTURES.index("low")
    posture[(lean > _LYING_DEGREES) & low] = POSTURES.index("lying")
    return posture
