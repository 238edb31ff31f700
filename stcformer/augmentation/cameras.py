"""Motion as a random camera sees it."""

import math
from dataclasses import dataclass, fields

import torch
from torch import Generator, Tensor

from stcformer.camera import project
from stcformer.lens import ASSUMED_FIELD_OF_VIEW


@dataclass(frozen=True)
class ViewRange:
    """Where cameras may stand; angles in degrees, distances in metres."""

    pitch: tuple[float, float] = (-20.0, 50.0)
    """Positive looks down at the person."""
    roll: float = 4.0
    """Standard deviation."""
    any_turn: float = 0.0
    """Share of windows seen from any pitch up to 80 degrees and any roll: somebody who lies or stands on the hands,
    seen upright, looks like somebody upright seen so, and motion capture has little of the former."""
    distance: tuple[float, float] = (1.5, 10.0)
    field_of_view: tuple[float, float] = (35.0, 90.0)
    known_lens: float = 0.5
    """Share of windows whose field of view the lifter is told; the others assume the usual one."""


@dataclass(frozen=True)
class TrainingWindows:
    """B windows of T frames as the lifter will be fed them, with the answers."""

    keypoints: Tensor
    """(B, T, 17, 2) pixels."""
    scores: Tensor
    """(B, T, 17), 0 where nothing was detected."""
    pose: Tensor
    """(B, T, 17, 3) metres in camera space, the hip at 0."""
    focal: Tensor
    """(B,) pixels, as the lifter is told."""
    image_size: Tensor
    """(B, 2) pixels."""
    pitch: Tensor
    """(B,) degrees, of the camera that saw the window; NaN where it is not on record (`SeenPeople.windows`)."""

    def split(self, count: int) -> "list[TrainingWindows]":
        """The same windows, `count` at a time."""
        parts = zip(*(getattr(self, field.name).split(count) for field in fields(self)), strict=True)
        return [TrainingWindows(*part) for part in parts]

    def joined(self, others: "TrainingWindows") -> "TrainingWindows":
        """These windows and then the others, of as many frames."""
        return TrainingWindows(
            *(torch.cat((getattr(self, field.name), getattr(others, field.name))) for field in fields(self))
        )

    def shuffled(self, generator: Generator) -> "TrainingWindows":
        """The same windows in random order."""
        order = torch.randperm(len(self.pose), generator=generator, device=self.pose.device)
        return TrainingWindows(*(getattr(self, field.name)[order] for field in fields(self)))


def _turn(axis: int, angle: Tensor) -> Tensor:
    """(B, 3, 3) rotations about a coordinate axis by radians (B,)."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = torch.zeros(len(angle), 3, 3, device=angle.device)
    matrix[:, axis, axis] = 1
    matrix[:, first, first] = matrix[:, second, second] = angle.cos()
    matrix[:, first, second] = -angle.sin()
    matrix[:, second, first] = angle.sin()
    return matrix


def random_views(joints: Tensor, ranges: ViewRange, generator: Generator) -> TrainingWindows:
    """World windows (B, T, 17, 3; metres, z up) seen exactly by one random camera each."""
    batch, device = joints.shape[0], joints.device

    def draw(low: float, high: float) -> Tensor:
        return _uniform((batch,), low, high, generator, device)

    landscape = draw(0, 1) < 0.6
    aspect = draw(0.5, 1.0)
    width = torch.where(landscape, 1000.0, 1000.0 * aspect)
    height = torch.where(landscape, 1000.0 * aspect, 1000.0)
    image_size = torch.stack((width, height), dim=-1)
    field_of_view = torch.deg2rad(draw(*ranges.field_of_view))
    focal = 500 / torch.tan(field_of_view / 2)
    turned = draw(0, 1) < ranges.any_turn
    pitch = torch.where(turned, draw(-80, 80), draw(*ranges.pitch))
    roll = ranges.roll * torch.randn(batch, generator=generator, device=device)
    roll = torch.deg2rad(torch.where(turned, draw(-180, 180), roll))
    level = torch.tensor([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]], device=device)
    camera = _turn(2, roll) @ _turn(0, torch.deg2rad(pitch)) @ level @ _turn(2, draw(0, 2 * math.pi))

    hip = joints[:, :, :1]
    pose = torch.einsum("bij,btkj->btki", camera, joints - hip)
    path = torch.einsum("bij,btkj->btki", camera, hip - hip.mean(dim=1, keepdim=True))
    distance = torch.exp(draw(math.log(ranges.distance[0]), math.log(ranges.distance[1])))
    aim = torch.stack((draw(-0.8, 0.8) * width / 2, draw(-0.5, 0.5) * height / 2), dim=-1) / focal[:, None]
    # Whoever is near fills the picture, so only those far away stand well off its centre.
    aim = aim * (distance / 4).clamp(max=1.0)[:, None]
    place = torch.cat((aim, torch.ones(batch, 1, device=device)), dim=-1)
    place = torch.nn.functional.normalize(place, dim=-1) * distance[:, None]
    points = pose + path + place[:, None, None]
    points = torch.cat((points[..., :2], points[..., 2:].clamp_min(0.3)), dim=-1)
    keypoints = project(points, focal, image_size / 2)

    told = told_focal(focal, image_size, ranges.known_lens, generator)
    scores = torch.ones(keypoints.shape[:-1], device=device)
    return TrainingWindows(keypoints, scores, pose, told, image_size, pitch)


def told_focal(focal: Tensor, image_size: Tensor, known_lens: float, generator: Generator) -> Tensor:
    """(B,) the true focal length for a share `known_lens` of the windows, for the others that of the usual lens.

    focal (B,) and image_size (B, 2) in pixels.
    """
    assumed = image_size.amax(dim=-1) / 2 / math.tan(math.radians(ASSUMED_FIELD_OF_VIEW) / 2)
    known = torch.rand(focal.shape, generator=generator, device=focal.device) < known_lens
    return torch.where(known, focal, assumed)


def _uniform(
    shape: tuple[int, ...], low: float, high: float, generator: Generator, device: torch.device
) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator, device=device)
