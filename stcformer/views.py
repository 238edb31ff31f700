"""What the lifter reads: a window of pixel keypoints brought into the form that its weights learnt.

Two forms exist. `screen` is the published one: the whole picture, divided by half its width. `person` is
ours: the camera is turned to look straight at the person and the picture scaled to the body, so that
where somebody stands, how far away and in what resolution no longer matters.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from stcformer.camera import look_at_rotation

VIEWS = ("screen", "person")

_SMALLEST_DEPTH = 0.1
"""Rays at 84 degrees and more from the person's are treated as 84: they cannot be in the same picture."""
_SMALLEST_BODY = 1e-6
_USUAL_LOG_SIZE = -2.0
"""Natural logarithm of the angular size (tangent of the RMS radius) of a person four metres away."""


@dataclass(frozen=True)
class WindowView:
    """Windows as the network reads them, and the way back."""

    inputs: Tensor
    """(B, T, 17, 2 to 4): x, y and, where the weights read them, the score and the body's angular size."""
    camera_from_view: Tensor
    """(B, 3, 3) turns the network's poses back into camera space."""


def view_windows(
    keypoints: Tensor,
    scores: Tensor,
    focal: Tensor,
    image_size: Tensor,
    *,
    view: str,
    input_channels: int,
) -> WindowView:
    """Bring windows of keypoints into a weight's form.

    keypoints (B, T, 17, 2) pixels, scores (B, T, 17) 0..1, focal (B,) pixels, image_size (B, 2) width and
    height in pixels. Joints that are NaN or have score 0 become zeros with score 0. `input_channels`: 2 for x, y;
    3 for the score too; 4 for the logarithm of the body's angular size too, the same for a whole window, which tells
    how strong the perspective is (`person` view only).
    """
    observed = (scores > 0) & torch.isfinite(keypoints).all(dim=-1)
    keypoints = torch.where(observed[..., None], keypoints, image_size[:, None, None] / 2)
    scores = torch.where(observed, scores, torch.zeros_like(scores))
    if view == "screen":
        width, height = image_size[:, 0], image_size[:, 1]
        offset = torch.stack((torch.ones_like(width), height / width), dim=-1)
        coordinates = keypoints * (2 / width)[:, None, None, None] - offset[:, None, None]
        turn = torch.eye(3, dtype=keypoints.dtype, device=keypoints.device).expand(len(keypoints), 3, 3)
        size = torch.ones_like(width)
    else:
        coordinates, turn, size = _person_view(keypoints, observed, focal, image_size / 2)
    channels = [torch.where(observed[..., None], coordinates, torch.zeros_like(coordinates))]
    if input_channels > 2:
        channels.append(scores[..., None])
    if input_channels > 3:
        logarithm = (size.log() - _USUAL_LOG_SIZE).clamp(-3.0, 3.0)
        channels.append(logarithm[:, None, None, None].expand_as(scores[..., None]))
    return WindowView(torch.cat(channels, dim=-1), turn.transpose(-2, -1))


def _person_view(
    keypoints: Tensor, observed: Tensor, focal: Tensor, centre: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Person-centred coordinates, the rotation from camera to view axes and the angular size (one a window)."""
    rays = torch.cat(
        (
            (keypoints - centre[:, None, None]) / focal[:, None, None, None],
            torch.ones_like(keypoints[..., :1]),
        ),
        dim=-1,
    )
    weight = observed.to(keypoints.dtype)[..., None]
    # A window in which nothing was observed has no direction: the camera stays as it is.
    somebody = observed.flatten(1).any(dim=1)[:, None]
    ahead = torch.tensor([0.0, 0.0, 1.0], dtype=rays.dtype, device=rays.device)
    turn = look_at_rotation(torch.where(somebody, _mean(rays, weight, (1, 2)), ahead))
    turned = torch.einsum("bij,btkj->btki", turn, rays)
    flat = turned[..., :2] / turned[..., 2:].clamp_min(_SMALLEST_DEPTH)
    middle = _mean(flat, weight, (1, 2))[:, None, None]
    # The body's size is measured about each frame's own middle: walking across the picture is no growth.
    spread = (flat - _mean(flat, weight, (2,))[:, :, None]).square().sum(dim=-1, keepdim=True)
    size = _mean(spread, weight, (1, 2)).sqrt().clamp_min(_SMALLEST_BODY)
    return (flat - middle) / size[:, None, None], turn, size[:, 0]


def _mean(values: Tensor, weight: Tensor, dims: tuple[int, ...]) -> Tensor:
    return (values * weight).sum(dim=dims) / weight.sum(dim=dims).clamp_min(1e-9)
