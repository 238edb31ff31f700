"""The pinhole camera: projection, and turning a camera toward a person.

Camera space: x right, y down, z away from the camera. Image space: pixels, origin top left.
"""

import torch
from torch import Tensor


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
