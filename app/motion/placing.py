"""One person before the camera: constant bones, scale, smoothing and the root trajectory."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.errors import StudioError
from app.motion.arrays import Array, Mask, spans
from app.motion.bones import body_height, bone_lengths, with_constant_bones
from app.motion.contact import FEET, visible_feet
from app.motion.foot_speeds import foot_speeds
from app.motion.gaps import with_short_gaps_bridged
from app.motion.root import pinhole, reprojection_error, root_trajectory
from app.motion.smoothing import filter_report, smooth
from app.settings import Settings
from stcformer.lens import ASSUMED_FIELD_OF_VIEW
from stcformer.skeleton import JOINT_COUNT, JOINTS

LENS_UNCERTAINTY = 0.25
"""Standard deviation of the logarithm of the focal length of a lens that nobody told (40 to 80 degrees are common): all
distances from the camera are off by this share together."""
METADATA_LENS_UNCERTAINTY = 0.1
"""The same of a lens that the video's metadata tell (`app.video.lens`): what a video crops is not in them."""
LIFTED_HEIGHT_UNCERTAINTY = 0.032
"""Of the body height that a lifted pose has, against the body's own proportions: standard deviation over held-out clips
(`benchmarks/motion.py`, column scale)."""
ADULT_HEIGHT_UNCERTAINTY = 0.055
"""How much adults differ in height: 9 cm of 1.66 m over both sexes (NCD Risk Factor Collaboration, eLife 2016)."""
GIVEN_HEIGHT_UNCERTAINTY = 0.02
"""Of a height that was given: the spine is not straight, shoes, a tape held askew."""


@dataclass(frozen=True)
class PlacedPerson:
    """F frames of one person; NaN where nobody was seen."""

    pose: Array
    """(F, 17, 3) camera space, metres, the hip at 0: constant bones, scaled, smoothed."""
    root: Array
    """(F, 3) the hip in camera space, metres from the camera; NaN where it is not placed, too."""
    bridged: Mask
    """(F,) frames in which nobody was seen, between others."""
    feet_visible: Mask
    """(F, 2) whether the left and the right foot were seen."""
    report: dict[str, Any]
    """For the sidecar (plain JSON values)."""
    feet_speed: Array | None = None
    """(F, 2) metres a second of the feet in the picture, see `app.motion.foot_speeds`; None where none was seen."""

    def placed(self) -> Mask:
        """(F,) whether there is a place in space."""
        return np.asarray(np.isfinite(self.root).all(axis=1))

    def scaled(self, factor: float, uncertainty: float, why: str) -> "PlacedPerson":
        """The same person larger or smaller, and so much farther or nearer: the picture stays as it is."""
        body = self.report["body"]
        lengths = {name: length * factor for name, length in body["bone_lengths_m"].items()}
        changed = {
            "height_m": body["height_m"] * factor,
            "scale": body["scale"] * factor,
            "scale_from": why,
            "scale_uncertainty": uncertainty,
            "bone_lengths_m": lengths,
        }
        report = self.report | {"body": body | changed}
        speed = None if self.feet_speed is None else self.feet_speed * factor
        pose, root = self.pose * factor, self.root * factor
        return replace(self, pose=pose, root=root, report=report, feet_speed=speed)


def place_person(
    pose: Array,
    keypoints: Array,
    scores: Array,
    image_size: tuple[int, int],
    fps: float,
    settings: Settings,
    fov_of_video: float | None = None,
    feet: tuple[Array, Array] | None = None,
) -> PlacedPerson:
    """Place one person before the camera; arguments as for `app.motion.reconstruct_motion`."""
    _check(pose, keypoints, scores, image_size, fps)
    keypoints = np.asarray(keypoints, dtype=np.float64)
    scores = np.nan_to_num(np.asarray(scores, dtype=np.float64))
    pose, bridged = with_short_gaps_bridged(
        np.array(pose, dtype=np.float64), keypoints, scores, fps, settings.longest_gap_s
    )
    seen = np.isfinite(pose).all(axis=(1, 2))
    pose[~seen] = np.nan
    fov, told_by, lens_uncertainty = _lens(settings.fov_degrees, fov_of_video)
    camera = pinhole(image_size, fov)
    report: dict[str, Any] = {
        "frames": len(pose),
        "frames_seen": int((seen & ~bridged).sum()),
        "bridged": [list(span) for span in spans(bridged)],
        "camera": {
            "fov_degrees_longer_side": float(fov),
            "fov_from": told_by,
            "focal_px": camera.focal,
            "distance_uncertainty_of_the_lens": lens_uncertainty,
            "principal_point": "picture centre",
        },
        "filter": filter_report(settings.smoothing, fps),
    }
    visible = visible_feet(keypoints, scores, image_size, bridged)
    if not seen.any():
        report["note"] = "nobody was seen in any frame"
        return PlacedPerson(pose, np.full((len(pose), 3), np.nan), bridged, visible, report)

    pose, report["body"] = _scaled(pose, settings.height_m)
    lengths = bone_lengths(pose)
    pose = with_constant_bones(pose, lengths)
    root = root_trajectory(pose, keypoints, scores, camera, fps)
    root[~seen] = np.nan
    # Averaging bones that turn shortens them, so the lengths are set again after the filter.
    pose = with_constant_bones(smooth(pose, fps, settings.smoothing), lengths)
    root = smooth(root, fps, settings.smoothing)
    placed = np.isfinite(root).all(axis=1)
    if not placed.any():
        report["note"] = "no frame had enough keypoints to place the person before the camera"
    error = reprojection_error(pose, root, keypoints, scores, camera)
    report["root"] = {"frames_placed": int(placed.sum()), "median_reprojection_error_px": error}
    speed = None
    if feet is not None:
        depth = pose[:, list(FEET), 2] + root[:, 2:]
        speed = foot_speeds(*feet, depth, camera.focal, fps)
    return PlacedPerson(pose, root, bridged, visible, report, speed)


def _lens(given: float | None, of_video: float | None) -> tuple[float, str, float]:
    """The field of view to use, in degrees; who told it; and the standard deviation of its focal length's logarithm."""
    if given is not None:
        return given, "given", 0.0
    if of_video is not None:
        return of_video, "metadata", METADATA_LENS_UNCERTAINTY
    return ASSUMED_FIELD_OF_VIEW, "assumed", LENS_UNCERTAINTY


def _scaled(pose: Array, height_m: float | None) -> tuple[Array, dict[str, Any]]:
    """The pose at its scale, and what is known of the body."""
    measured = body_height(pose, bone_lengths(pose))
    scale = 1.0 if height_m is None else height_m / measured
    lengths = bone_lengths(pose) * scale
    uncertainty = (
        float(np.hypot(LIFTED_HEIGHT_UNCERTAINTY, ADULT_HEIGHT_UNCERTAINTY))
        if height_m is None
        else GIVEN_HEIGHT_UNCERTAINTY
    )
    return pose * scale, {
        "height_m": measured * scale,
        "scale": scale,
        "scale_from": "the lifter's own metres, kept"
        if height_m is None
        else f"the given height, {height_m:g} m",
        "scale_uncertainty": uncertainty,
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
