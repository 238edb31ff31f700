"""The pinhole camera of the picture, and the truth that it sees."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Camera:
    """A static camera that looks along the world's y axis, pitched down; square pixels, no distortion.

    Pixel coordinates have their origin at the top left corner of the picture: the centre of the first
    pixel is (0.5, 0.5) and the centre of the picture (width / 2, height / 2) is the principal point.
    """

    image_size: tuple[int, int]
    fov_degrees: float
    """Horizontal field of view."""
    pitch_degrees: float
    """Downward."""
    position: np.ndarray
    """(3,) metres, world axes."""

    @property
    def intrinsics(self) -> np.ndarray:
        """(3, 3) in pixels."""
        width, height = self.image_size
        focal = width / 2 / np.tan(np.radians(self.fov_degrees) / 2)
        return np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])

    @property
    def camera_from_world(self) -> np.ndarray:
        """(4, 4) from world metres to camera metres: x right, y down, z away."""
        sine, cosine = np.sin(np.radians(self.pitch_degrees)), np.cos(np.radians(self.pitch_degrees))
        matrix = np.eye(4)
        matrix[:3, :3] = [[1, 0, 0], [0, -sine, -cosine], [0, cosine, -sine]]
        matrix[:3, 3] = -matrix[:3, :3] @ self.position
        return matrix

    def see(self, world: np.ndarray) -> np.ndarray:
        """World points (..., 3) in camera axes (..., 3), metres from the camera."""
        matrix = self.camera_from_world
        return world @ matrix[:3, :3].T + matrix[:3, 3]

    def rays(self, pixels: np.ndarray) -> np.ndarray:
        """World directions (..., 3) of unit length through pixels (..., 2), from `position`."""
        ahead = np.concatenate([pixels, np.ones((*pixels.shape[:-1], 1))], axis=-1)
        rays = ahead @ np.linalg.inv(self.intrinsics).T @ self.camera_from_world[:3, :3]
        return rays / np.linalg.norm(rays, axis=-1, keepdims=True)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Camera points (..., 3) as pixels (..., 2)."""
        pixels = points @ self.intrinsics.T
        return pixels[..., :2] / pixels[..., 2:]


def aimed_camera(
    joints: np.ndarray, image_size: tuple[int, int], fov_degrees: float, pitch_degrees: float, distance: float
) -> Camera:
    """A camera `distance` metres from the middle of the space that the joints (F, 17, 3) cross, facing it."""
    middle = (joints.reshape(-1, 3).min(axis=0) + joints.reshape(-1, 3).max(axis=0)) / 2
    pitch = np.radians(pitch_degrees)
    backward = np.array([0, -np.cos(pitch), np.sin(pitch)])
    return Camera(image_size, fov_degrees, pitch_degrees, middle + distance * backward)
