"""The camera that filmed, for files that hold camera space and world space: how to get from one to the other."""

from dataclasses import dataclass

import numpy as np

from app.motion.root import pinhole
from app.motion.world import camera_in_world
from app.take import Array, Take

WORLD_FROM_CAMERA = "world = camera_rotation @ (camera + root_camera) + camera_position"
PIXELS_FROM_CAMERA = "pixels = focal_px * (x, y) / z + image_size / 2, of (x, y, z) = camera + root_camera"


@dataclass(frozen=True)
class CameraPlace:
    """Where the camera is in one person's world space; NaN for a person without a pose."""

    rotation: Array
    """(3, 3); its columns are the camera's right, down and ahead in world space."""
    position: Array
    """(3,) metres. Persons share x and y of the origin, and each has a floor of its own, so that z may differ."""


def camera_of(take: Take, person: int) -> CameraPlace:
    """The camera's place in the world of one of the Take's persons."""
    found = camera_in_world(take.world[person], take.camera[person], take.root_camera[person])
    return CameraPlace(np.full((3, 3), np.nan), np.full(3, np.nan)) if found is None else CameraPlace(*found)


def focal_px(take: Take) -> float:
    """The focal length that the positions were found with, in pixels; the principal point is the picture's centre."""
    return pinhole((take.source.width, take.source.height), take.known_fov()).focal
