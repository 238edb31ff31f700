"""The pinhole camera: focal length, projection, and turning a camera toward a person.

Camera space: x right, y down, z away from the camera. Image space: pixels, origin top left.
"""

import math

import torch
from torch import Tensor

ASSUMED_FIELD_OF_VIEW = 60.0
"""Degrees over the longer side of the picture, where nothing better is known: a phone's main camera has 65
to 75, a web camera 55 to 65, a camcorder or a zoom lens 30 to 50."""


def focal_length(image_size: tuple[float, float], field_of_view: float = ASSUMED_FIELD_OF_VIEW) -> float:
    """Focal length in pixels of a `(width, height)` picture; the field of view is over its longer side, in degrees."""
    return max(image_size) / 2 / math.tan(math.radians(field_of_view) / 2)


def project(points: Tensor, focal: Tensor, centre: Tensor) -> Tensor:
    """Camera space `(B, ..., 3)` to pixels `(B, ..., 2)`; focal `(B,)` and centre `(B, 2)` in pixels."""
    shape = (-1,) + (1,) * (points.dim() - 1)
    return points[..., :2] / points[..., 2:] * focal.view(shape) + centre.view(*shape[:-1], 2)


def look_at_rotation(direction: Tensor) -> Tensor:
    """Rotations `(B, 3, 3)` that turn camera directions `(B, 3)` onto the optical axis without rolling the picture."""
    forward = torch.nn.functional.normalize(direction, dim=-1)
    down = torch.tensor([0.0, 1.0, 0.0], dtype=direction.dtype, device=direction.device).expand_as(forward)
    right = torch.nn.functional.normalize(torch.linalg.cross(down, forward), dim=-1)
    return torch.stack((right, torch.linalg.cross(forward, right), forward), dim=-2)
