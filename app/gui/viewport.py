"""Where a picture lies in a widget: zoom and pan as plain numbers, without Qt.

Image space here is that of every keypoint: pixels, x right, y down, the picture covering 0..width by
0..height, so that the middle of its first pixel is at (0.5, 0.5). Widget space is Qt's: logical pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

LARGEST_SCALE = 40.0
"""Widget pixels that one pixel of the picture may take: enough to place a joint to a tenth of a pixel."""

SMALLEST_SHARE = 0.5
"""Of the fitted size: further out there is nothing to see."""

KEPT_IN_VIEW = 60.0
"""Widget pixels of the picture that always stay in the widget, so that it cannot be lost by panning."""


@dataclass(frozen=True)
class Viewport:
    """A point at `p` of the picture is shown at `p * scale + (left, top)` of the widget."""

    picture: tuple[float, float]
    """Width and height in pixels of the picture."""
    widget: tuple[float, float]
    """Width and height in logical pixels of the widget."""
    scale: float
    left: float
    top: float
    is_fitted: bool = True
    """Whether the picture follows the widget's size; until somebody zooms or pans."""

    def to_widget(self, points: Array) -> Array:
        """(..., 2) image space -> (..., 2) widget space; NaN stays NaN."""
        return np.asarray(points * self.scale + np.array((self.left, self.top)))

    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """A point of the widget in image space; it may lie outside the picture."""
        return (x - self.left) / self.scale, (y - self.top) / self.scale

    def inside(self, x: float, y: float) -> tuple[float, float]:
        """The point of the picture that is nearest to a point in image space."""
        return min(max(x, 0.0), self.picture[0]), min(max(y, 0.0), self.picture[1])

    def zoomed(self, factor: float, x: float, y: float) -> Viewport:
        """Larger by `factor`, the point of the picture under (x, y) of the widget staying there."""
        smallest = SMALLEST_SHARE * _fitting_scale(self.picture, self.widget)
        scale = min(max(self.scale * factor, min(smallest, LARGEST_SCALE)), LARGEST_SCALE)
        image_x, image_y = self.to_image(x, y)
        moved = replace(self, scale=scale, left=x - image_x * scale, top=y - image_y * scale, is_fitted=False)
        return moved._kept()

    def panned(self, right: float, down: float) -> Viewport:
        """Moved by widget pixels."""
        return replace(self, left=self.left + right, top=self.top + down, is_fitted=False)._kept()

    def resized(self, width: float, height: float) -> Viewport:
        """In a widget of another size: fitted again, or the same point in the middle at the same scale."""
        if self.is_fitted:
            return fitted(self.picture, (width, height))
        right, down = (width - self.widget[0]) / 2, (height - self.widget[1]) / 2
        moved = replace(self, widget=(width, height), left=self.left + right, top=self.top + down)
        return moved._kept()

    def _kept(self) -> Viewport:
        width, height = (size * self.scale for size in self.picture)
        return replace(
            self,
            left=_kept_in_view(self.left, width, self.widget[0]),
            top=_kept_in_view(self.top, height, self.widget[1]),
        )


def fitted(picture: tuple[float, float], widget: tuple[float, float]) -> Viewport:
    """The whole picture, as large as it goes, in the middle of the widget."""
    scale = _fitting_scale(picture, widget)
    left, top = ((outer - inner * scale) / 2 for outer, inner in zip(widget, picture, strict=True))
    return Viewport(picture, widget, scale, left, top)


def _fitting_scale(picture: tuple[float, float], widget: tuple[float, float]) -> float:
    return max(min(outer / inner for outer, inner in zip(widget, picture, strict=True)), 1e-3)


def _kept_in_view(start: float, length: float, available: float) -> float:
    margin = min(KEPT_IN_VIEW, length, available)
    return min(max(start, margin - length), available - margin)
