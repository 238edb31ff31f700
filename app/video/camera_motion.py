"""Does the camera move? Looked for in what is behind the people, on small grey pictures, a few times a second."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import StudioError

Image = NDArray[np.uint8]
Box = Sequence[float] | NDArray[np.floating[Any]]
"""x0, y0, x1, y1 in pixels."""

LONGER_SIDE = 320
"""Pixels of the small pictures."""
INTERVAL_S, INTERVAL_FRAMES = 0.25, 8
"""From one look to the next, whichever is longer: so often is enough, and costs next to nothing."""
MOVES = 0.01
"""Of the picture's longer side: a camera whose picture wanders by more moves. It is 0.6 degrees of a usual lens, which
moves a person 5 m away by 6 cm; of cameras that stand still, up to 0.002 is measured."""
BEGINNING_AND_END = 0.02
"""Share of the looks that may be off on either side, without the camera being said to move."""
PERSON_MARGIN = 0.15
"""Of a box's size: shadows, hair and hands around it are the person's too."""
FEWEST_POINTS = 8
MOST_POINTS = 80
FEWEST_AGREEING = 0.4
"""Share of the points that must move as one picture; else what moves is leaves, water or a crowd."""
FEWEST_KNOWN = 0.5
"""Share of the looks that must have an answer; else it is not known whether the camera moves."""
_AGREES_PX = 0.7


@dataclass(frozen=True)
class CameraMotion:
    """What the background says of the camera."""

    moves: bool | None
    """None where it cannot be told: hardly any background, or nothing in it that could be followed."""
    wander: float
    """How far the picture wanders, as a share of its longer side; NaN where it cannot be told."""

    def warnings(self) -> list[str]:
        """Sentences for the user: one when the camera moves."""
        if not self.moves:
            return []
        return [
            f"The camera moves (the picture wanders by {self.wander:.0%} of its size), and the world is the camera's: "
            "paths, floor and feet are off by as much. Film from a tripod for true ones."
        ]

    def report(self) -> dict[str, Any]:
        """For the sidecar."""
        verdict = {True: "moves", False: "stands still", None: "not known"}[self.moves]
        return {"camera": verdict, "wander_of_picture": self.wander if np.isfinite(self.wander) else None}


class CameraMotionFinder:
    """Gathers the frames of one video, in order."""

    def __init__(self, size: tuple[int, int], fps: float) -> None:
        if not fps > 0:
            raise StudioError(f"The frame rate is {fps}; it must be a positive number of frames a second.")
        self._scale = min(1.0, LONGER_SIDE / max(size))
        self._step = max(INTERVAL_FRAMES, round(INTERVAL_S * fps))
        self._last: tuple[Image, list[Box]] | None = None
        self._position = np.zeros(2)
        self._path: list[NDArray[np.float64]] = [self._position]
        self._unknown = 0

    def add(self, index: int, image: Image, boxes: Sequence[Box]) -> None:
        """The frame of that index: (H, W, 3) RGB, with the boxes of the persons in it."""
        if index % self._step:
            return
        small = self._small(image)
        grown = [_grown(box, self._scale) for box in boxes]
        if self._last is not None:
            shift = _shift(self._last[0], small, [*self._last[1], *grown])
            if shift is None:
                self._unknown += 1
            else:
                self._position = self._position + shift / max(small.shape)
                self._path.append(self._position)
        self._last = small, grown

    def result(self) -> CameraMotion:
        """What is known after all frames."""
        looks = len(self._path) - 1 + self._unknown
        if looks == 0 or len(self._path) - 1 < FEWEST_KNOWN * looks:
            return CameraMotion(None, float("nan"))
        path = np.array(self._path)
        low, high = np.quantile(path, [BEGINNING_AND_END, 1 - BEGINNING_AND_END], axis=0)
        wander = float(np.linalg.norm(high - low))
        return CameraMotion(wander > MOVES, wander)

    def _small(self, image: Image) -> Image:
        import cv2  # noqa: PLC0415

        height, width = image.shape[:2]
        size = max(1, round(width * self._scale)), max(1, round(height * self._scale))
        # Single pixels of a large picture first: all others need not be read, and two by two are enough to smooth over.
        coarse = cv2.resize(image, (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_NEAREST)
        small = cv2.resize(coarse, size, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _grown(box: Box, scale: float) -> Box:
    x0, y0, x1, y1 = box
    aside, above = PERSON_MARGIN * (x1 - x0), PERSON_MARGIN * (y1 - y0)
    return (x0 - aside) * scale, (y0 - above) * scale, (x1 + aside) * scale, (y1 + above) * scale


def _shift(before: Image, after: Image, boxes: Sequence[Box]) -> NDArray[np.float64] | None:
    """(2,) pixels by which the background moves at the picture's corners, sign included; None if it cannot be told.

    Corners are followed (Lucas and Kanade, in a pyramid); the turn, scale and shift that most of them agree on (RANSAC)
    is what the camera did.
    """
    import cv2  # noqa: PLC0415

    height, width = before.shape
    mask = np.full(before.shape, 255, dtype=np.uint8)
    for x0, y0, x1, y1 in boxes:
        mask[max(0, int(y0)) : max(0, int(y1) + 1), max(0, int(x0)) : max(0, int(x1) + 1)] = 0
    points = cv2.goodFeaturesToTrack(before, MOST_POINTS, 0.02, 5, mask=mask)
    if points is None or len(points) < FEWEST_POINTS:
        return None
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, after, points, np.zeros_like(points))
    kept = found.ravel() == 1
    if kept.sum() < FEWEST_POINTS:
        return None
    transform, agree = cv2.estimateAffinePartial2D(
        points[kept], moved[kept], method=cv2.RANSAC, ransacReprojThreshold=_AGREES_PX
    )
    if transform is None or agree.sum() < max(FEWEST_POINTS, FEWEST_AGREEING * len(points)):
        return None
    # A turn or a zoom moves the corners and leaves the middle: the shift of a point half way out counts.
    place = np.array([0.75 * width, 0.25 * height])
    return np.asarray(transform[:, :2] @ place + transform[:, 2] - place, dtype=np.float64)
