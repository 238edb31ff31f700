"""SimCC, how RTMPose gives places: for each keypoint one curve over the columns and one over the rows of its picture.

Li et al., "SimCC: a Simple Coordinate Classification Perspective for Human Pose Estimation", 2022. The curves have
`split` bins a pixel, 2 in every RTMPose. The training target is a Gaussian with its peak at 1, about 5 bins wide, so
that a network that is sure gives a peak of about 1 (0.8 to 1.1 on a person in plain view), and a lower one the
less it knows. What is in the crop, and how, is as MMPose has it (`GetBBoxCenterScale`, `TopdownAffine`).
"""

import numpy as np
from numpy.typing import NDArray

from detectors.opencv import import_cv2
from detectors.protocol import Array, Image

_PADDING = 1.25
"""How much larger than its person the crop is."""

_REACH = 2
"""Bins to either side of the highest that the peak is refined by."""


def crop_frames(boxes: Array, size: tuple[int, int]) -> Array:
    """The part of the picture that each person's crop shows: (N, 4) left, top, width, height in pixels.

    `boxes` (N, 4) x0, y0, x1, y1; `size` is the crop's height and width, whose proportions each frame has. It is
    centred on the box and may reach beyond the picture.
    """
    height, width = size
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    extents = (boxes[:, 2:] - boxes[:, :2]) * _PADDING
    wide = np.maximum(extents[:, 0], extents[:, 1] * width / height)
    extents = np.stack([wide, wide * height / width], axis=1)
    return np.concatenate([centres - extents / 2, extents], axis=1)


def crop(image: Image, frame: Array, size: tuple[int, int]) -> Image:
    """The `frame` of the picture, scaled to `size` (height, width); black beyond the picture."""
    cv2 = import_cv2()
    height, width = size
    left, top, wide, high = frame
    matrix = np.array([[width / wide, 0, -left * width / wide], [0, height / high, -top * height / high]])
    return np.asarray(cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8)


def decode(curves_x: Array, curves_y: Array, size: tuple[int, int], frames: Array) -> tuple[Array, Array]:
    """Keypoints (N, K, 2) in pixels of the picture and scores (N, K), float64.

    `curves_x` (N, K, bins) and `curves_y` (N, K, bins) over a crop of `size` (height, width) that shows `frames`
    (N, 4). The score is the lower one of the two peaks, as in MMPose, cut to 0..1. Where a curve is not above 0
    anywhere (as in MMPose), or not a number, the keypoint is NaN with score 0.
    """
    columns, peaks_x = _peaks(curves_x)
    rows, peaks_y = _peaks(curves_y)
    places = np.stack([columns / curves_x.shape[-1], rows / curves_y.shape[-1]], axis=-1)
    keypoints = places * frames[:, None, 2:] + frames[:, None, :2]
    scores = np.minimum(peaks_x, peaks_y)
    lost = ~(scores > 0)  # so for NaN too
    keypoints[lost] = np.nan
    return keypoints, np.where(lost, 0.0, scores).clip(0, 1)


def _peaks(curves: Array) -> tuple[Array, Array]:
    """Where each curve is highest, in bins and parts of a bin, and how high that bin is.

    The least-squares parabola through the highest bin and its neighbours says where between the bins the peak
    is: a bin is half a pixel of the crop, a whole one of a person who fills 500 pixels. The refinement stays
    within half a bin, since the highest bin is known.
    """
    curves = np.nan_to_num(curves.astype(np.float64), nan=-np.inf)
    bins = curves.shape[-1]
    best = curves.argmax(axis=-1)
    offsets = np.arange(-_REACH, _REACH + 1)
    inside = best.clip(_REACH, bins - 1 - _REACH)
    around = np.take_along_axis(curves, inside[..., None] + offsets, axis=-1)
    height = np.take_along_axis(curves, best[..., None], axis=-1)[..., 0]
    usable = np.isfinite(around).all(axis=-1) & (inside == best)
    around = np.where(usable[..., None], around, 0.0)
    slope, curvature = around @ _SLOPE, around @ _CURVATURE
    bends = usable & (curvature < 0)
    shift = np.where(bends, -slope / np.where(bends, 2 * curvature, 1.0), 0.0)
    return best + shift.clip(-0.5, 0.5), height


def _parabola() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What the values around the highest bin are weighed with, for the parabola's slope and curvature there."""
    offsets = np.arange(-_REACH, _REACH + 1)
    solve = np.linalg.pinv(np.stack([np.ones(len(offsets)), offsets, offsets**2], axis=1))
    return solve[1], solve[2]


_SLOPE, _CURVATURE = _parabola()
