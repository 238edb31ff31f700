"""The lens: field of view and focal length."""

import math

ASSUMED_FIELD_OF_VIEW = 60.0
"""Degrees over the longer side of the picture, where nothing better is known: a phone's main camera has 65
to 75, a web camera 55 to 65, a camcorder or a zoom lens 30 to 50."""


def focal_length(image_size: tuple[float, float], field_of_view: float = ASSUMED_FIELD_OF_VIEW) -> float:
    """Focal length in pixels of a `(width, height)` picture; the field of view is over its longer side, in degrees."""
    return max(image_size) / 2 / math.tan(math.radians(field_of_view) / 2)


def field_of_view(image_size: tuple[float, float], focal: float) -> float:
    """Degrees over the longer side of a `(width, height)` picture whose focal length is `focal` pixels."""
    return math.degrees(2 * math.atan(max(image_size) / 2 / focal))
