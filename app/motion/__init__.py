"""From root-relative poses to a person moving through a level world: one function, `reconstruct_motion`."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.errors import StudioError
from app.motion.arrays import Array
from app.motion.bones import ANKLE_HEIGHT_FRACTION, body_height, bone_lengths, with_constant_bones
from app.motion.root import pinhole, reprojection_error, root_trajectory
from app.motion.smoothing import METHODS, check_method, filter_report, smooth
from app.motion.world import FLOOR_PERCENTILE, find_ground, level_axes
from stcformer.lens import ASSUMED_FIELD_OF_VIEW
from stcformer.skeleton import JOINT_COUNT, JOINTS

SMOOTHING_METHODS = METHODS

__all__ = ["SMOOTHING_METHODS", "MotionResult", "check_choices", "reconstruct_motion", "reconstruct_people"]


@dataclass(frozen=True)
class MotionResult:
    """One person's motion; NaN where nobody was seen (`world`, `root_camera`: or not placed)."""

    camera: Array
    """(F, 17, 3) camera space, metres, the hip at 0: constant bones, scaled, smoothed."""
    root_camera: Array
    """(F, 3) the hip in camera space, metres from the camera."""
    world: Array
    """(F, 17, 3) world space, metres."""
    origin: Array
    """(3,) the world's origin in level camera axes (x right, y away, z up), metres; NaN if unknown."""
    report: dict[str, Any] = field(default_factory=dict)
    """What was assumed, measured and done, for the sidecar (plain JSON values)."""


def reconstruct_motion(
    pose: Array,
    keypoints: Array,
    scores: Array,
    image_size: tuple[int, int],
    fps: float,
    *,
    height_m: float | None = None,
    fov_degrees: float | None = None,
    smoothing: str = "auto",
    beside: MotionResult | None = None,
) -> MotionResult:
    """One person's poses with constant bones, scale, smoothing, a root trajectory and world space.

    pose: (F, 17, 3) camera space, metres, root-relative, NaN where nobody was seen. keypoints: (F, 17, 2)
    pixels; scores: (F, 17) 0..1; image_size: (width, height) px; fps: frames a second of the rows.
    height_m: the person's height, which sets the scale; else the lifter's own metres are kept.
    fov_degrees: the camera's field of view along the picture's longer side; else `ASSUMED_FIELD_OF_VIEW`.
    smoothing: one of `SMOOTHING_METHODS`.
    beside: the result of the same video's first person, whose origin is used too, so that persons stand where
    they stood to each other. The floor is each person's own: their scales, and so their floors, differ.

    The camera is taken to stand level. Raises StudioError for a value out of range, ValueError for shapes.
    """
    check_choices(height_m, fov_degrees, smoothing)
    _check(pose, keypoints, scores, image_size, fps)
    pose = np.array(pose, dtype=np.float64)
    keypoints = np.asarray(keypoints, dtype=np.float64)
    scores = np.nan_to_num(np.asarray(scores, dtype=np.float64))
    seen = np.isfinite(pose).all(axis=(1, 2))
    pose[~seen] = np.nan
    camera = pinhole(image_size, fov_degrees)
    report: dict[str, Any] = {
        "frames": len(pose),
        "frames_seen": int(seen.sum()),
        "camera": {
            "fov_degrees_longer_side": float(ASSUMED_FIELD_OF_VIEW if fov_degrees is None else fov_degrees),
            "fov_from": "assumed" if fov_degrees is None else "given",
            "focal_px": camera.focal,
            "principal_point": "picture centre",
            "gravity": "assumed: the camera stands level",
        },
        "filter": filter_report(smoothing, fps),
    }
    if not seen.any():
        report["note"] = "nobody was seen in any frame"
        return MotionResult(pose, np.full((len(pose), 3), np.nan), pose.copy(), np.full(3, np.nan), report)

    pose, report["body"] = _scaled(pose, height_m)
    lengths = bone_lengths(pose)
    pose = with_constant_bones(pose, lengths)
    root = root_trajectory(pose, keypoints, scores, camera, fps)
    root[~seen] = np.nan
    # Averaging bones that turn shortens them, so the lengths are set again after the filter.
    pose = with_constant_bones(smooth(pose, fps, smoothing), lengths)
    root = smooth(root, fps, smoothing)

    placed = np.isfinite(root).all(axis=1)
    error = reprojection_error(pose, root, keypoints, scores, camera)
    report["root"] = {"frames_placed": int(placed.sum()), "median_reprojection_error_px": error}
    level = level_axes(pose + root[:, None])
    if not placed.any():
        report["note"] = "no frame had enough keypoints to place the person before the camera"
        return MotionResult(pose, root, level, np.full(3, np.nan), report)
    ankle_height = ANKLE_HEIGHT_FRACTION * report["body"]["height_m"]
    ground = find_ground(level, ankle_height)
    report["floor"] = {
        "below_camera_m": -ground.floor,
        "from": f"percentile {FLOOR_PERCENTILE:g} of the lower ankle's height, less {ankle_height:.3f} m",
    }
    origin = np.array(ground.origin)
    if beside is not None and np.isfinite(beside.origin).all():
        origin[:2] = beside.origin[:2]
    return MotionResult(pose, root, level - origin, origin, report)


def reconstruct_people(
    poses: Array,
    keypoints: Array,
    scores: Array,
    image_size: tuple[int, int],
    fps: float,
    *,
    height_m: float | None = None,
    fov_degrees: float | None = None,
    smoothing: str = "auto",
) -> list[MotionResult]:
    """`reconstruct_motion` of each of P persons, in one world: (P, F, 17, 3), (P, F, 17, 2), (P, F, 17).

    `height_m` is the first person's; the others keep the scale that the lifter gave them.
    """
    results: list[MotionResult] = []
    for person in range(len(poses)):
        results.append(
            reconstruct_motion(
                poses[person],
                keypoints[person],
                scores[person],
                image_size,
                fps,
                height_m=None if person else height_m,
                fov_degrees=fov_degrees,
                smoothing=smoothing,
                beside=results[0] if person else None,
            )
        )
    return results


def check_choices(height_m: float | None, fov_degrees: float | None, smoothing: str) -> None:
    """What a user may choose of the motion, to be checked before long work. Raises StudioError."""
    if height_m is not None and not 0.3 <= height_m <= 3.0:
        raise StudioError(
            f"A body height of {height_m:g} m is not possible; give it in metres, such as 1.75."
        )
    if fov_degrees is not None and not 5 <= fov_degrees <= 170:
        raise StudioError(f"A field of view of {fov_degrees:g} degrees is not possible; give 5 to 170.")
    check_method(smoothing)


def _scaled(pose: Array, height_m: float | None) -> tuple[Array, dict[str, Any]]:
    """The pose at its scale, and what is known of the body."""
    measured = body_height(pose, bone_lengths(pose))
    scale = 1.0 if height_m is None else height_m / measured
    lengths = bone_lengths(pose) * scale
    return pose * scale, {
        "height_m": measured * scale,
        "scale": scale,
        "scale_from": "the lifter's own metres, kept"
        if height_m is None
        else f"the given height, {height_m:g} m",
        "bone_lengths_m": {name: float(length) for name, length in zip(JOINTS[1:], lengths[1:], strict=True)},
    }


def _check(pose: Array, keypoints: Array, scores: Array, image_size: tuple[int, int], fps: float) -> None:
    frames = len(pose)
    expected = {
        "pose": (frames, JOINT_COUNT, 3),
        "keypoints": (frames, JOINT_COUNT, 2),
        "scores": (frames, JOINT_COUNT),
    }
    for name, array in (("pose", pose), ("keypoints", keypoints), ("scores", scores)):
        if array.shape != expected[name]:
            raise ValueError(f"{name} has shape {array.shape}, but {expected[name]} is needed")
    if min(image_size) < 1:
        raise ValueError(f"image_size is {image_size}; both sides must be at least 1 pixel")
    if not (np.isfinite(fps) and fps > 0):
        raise StudioError(f"The frame rate is {fps}; it must be a positive number of frames a second.")
