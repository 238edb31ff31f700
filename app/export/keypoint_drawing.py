"""The 2D skeleton drawn over a picture: side by colour, score by opacity."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.export.colours import Colour, joint_colour
from app.take import Array
from detectors.opencv import import_cv2
from stcformer.skeleton import JOINT_COUNT, bones

Image = NDArray[np.uint8]

_opencv = cache(import_cv2)  # asked for once a bone

FAINTEST = 0.05
"""Joints of a lower score are not drawn."""

_OUTLINE = (10, 10, 12)
_SHIFT = 4


def draw_keypoints(
    image: Image, keypoints: Array, scores: Array, colour: Callable[[int], Colour] = joint_colour
) -> None:
    """Draw `(17, 2)` keypoints, in pixels of the (H, W, 3) RGB `image`, into it; `scores` are opacities."""
    thickness = max(2, round(max(image.shape[:2]) / 260))
    drawn = np.isfinite(keypoints).all(axis=-1) & (np.nan_to_num(scores) >= FAINTEST)
    for parent, child in bones():
        if drawn[parent] and drawn[child]:
            opacity = float(min(scores[parent], scores[child], 1.0))
            _blend(image, keypoints[[parent, child]], thickness, colour(child), opacity)
    for joint in range(JOINT_COUNT):
        if drawn[joint]:
            opacity = float(min(scores[joint], 1.0))
            _blend(image, keypoints[[joint, joint]], 2 * thickness, colour(joint), opacity)


def _blend(image: Image, ends: Array, thickness: int, colour: Colour, opacity: float) -> None:
    """A line with a dark rim (a dot, its ends being one point), mixed into its own part of the picture."""
    cv2 = _opencv()
    margin = thickness + 4
    height, width = image.shape[:2]
    left, top = (int(value) for value in np.floor(np.clip(ends.min(axis=0) - margin, 0, [width, height])))
    right, bottom = (int(value) for value in np.ceil(np.clip(ends.max(axis=0) + margin, 0, [width, height])))
    if right <= left or bottom <= top:
        return
    part = image[top:bottom, left:right]
    drawing = part.copy()
    fixed = np.round(np.clip(ends - [left, top], -(2**20), 2**20) * (1 << _SHIFT)).astype(int).tolist()
    for size, paint in ((thickness + 2, _OUTLINE), (thickness, colour)):
        cv2.line(drawing, tuple(fixed[0]), tuple(fixed[1]), paint, size, cv2.LINE_AA, _SHIFT)
    part[:] = cv2.addWeighted(drawing, opacity, np.ascontiguousarray(part), 1 - opacity, 0)
