"""The clip's truth: where every joint is, in the picture, before the camera and in the world."""

from pathlib import Path

import numpy as np
from camera import Camera
from motion import BodyMotion

from stcformer.atomic import atomic_path
from stcformer.skeleton import JOINTS

MARGIN_PIXELS = 12


def truth(motion: BodyMotion, camera: Camera) -> dict[str, np.ndarray]:
    """The arrays of the NPZ; its card (README.md) explains each."""
    seen = camera.see(motion.joints)
    return {
        "joints": np.array(JOINTS),
        "time_s": np.arange(len(seen)) / motion.fps,
        "fps": np.array(motion.fps),
        "image_size": np.array(camera.image_size),
        "keypoints": camera.project(seen),
        "camera": seen,
        "world": motion.joints,
        "feet": feet(motion),
        "intrinsics": camera.intrinsics,
        "camera_from_world": camera.camera_from_world,
    }


def feet(motion: BodyMotion) -> np.ndarray:
    """(F, 2, 2, 3) left and right, heel and ball of the foot: the middle of the sole there, world axes."""
    soles = motion.soles().reshape(-1, 2, 2, 2, 3)  # side, inner and outer edge, heel and ball
    return soles.mean(axis=2)


def write_truth(path: Path, motion: BodyMotion, camera: Camera) -> None:
    """Write the NPZ."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **truth(motion, camera))


def check_in_picture(motion: BodyMotion, camera: Camera) -> str:
    """How large the person is, as a sentence. Raises ValueError when the person nears the picture's edge."""
    points = camera.project(camera.see(np.concatenate([motion.joints, motion.soles()], axis=1)))
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    size = np.array(camera.image_size)
    spans = [f"{name} {start:.0f} to {end:.0f}" for name, start, end in zip("xy", low, high, strict=True)]
    bounds = f"joints lie in {', '.join(spans)} of {size[0]} x {size[1]} pixels"
    if (low < MARGIN_PIXELS).any() or (high > size - MARGIN_PIXELS).any():
        raise ValueError(
            f"The person leaves the picture ({bounds}): enlarge --camera-distance or --camera-fov."
        )
    tall = np.ptp(points[..., 1], axis=1) / size[1]
    return f"{bounds}; the person is {tall.min():.0%} to {tall.max():.0%} of the picture's height"
