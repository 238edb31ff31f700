"""Human3.6M as VideoPose3D prepares it: `data_3d_h36m.npz` and `data_2d_h36m_<keypoints>.npz` in one folder."""

import csv
import importlib.resources
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.errors import LifterError
from stcformer.paper.clips import Clips, JointSet, PaperDataset
from stcformer.paper.flat_cache import Part, open_flat
from stcformer.paper.object_archive import read_table
from stcformer.skeleton import JOINTS, LEFT, RIGHT

Array = NDArray[np.floating[Any]]

TRAINING_SUBJECTS = ("S1", "S5", "S6", "S7", "S8")
TEST_SUBJECTS = ("S9", "S11")
FRAME_RATE = 50.0

CHOSEN_OF_32 = (0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27)
"""The 17 joints among the 32 of the motion capture, in `stcformer.skeleton.JOINTS` order."""

JOINT_SET = JointSet(JOINTS, 0, LEFT, RIGHT)
_POSES, _KEYPOINTS = "data_3d_h36m.npz", "data_2d_h36m_{}.npz"


@dataclass(frozen=True)
class StudioCamera:
    """One of the four cameras as it stood for one subject."""

    name: str
    width: int
    height: int
    focal: tuple[float, float]
    """Pixels."""
    centre: tuple[float, float]
    """Pixels."""
    orientation: Array
    """(4,) unit quaternion w, x, y, z that turns camera space into the studio's."""
    position: Array
    """(3,) metres, in the studio."""

    def camera_space(self, points: Array) -> Array:
        """(..., 3) metres in the studio to camera space."""
        return quaternion_turned(self.orientation * (1, -1, -1, -1), points - self.position)

    def screen(self, pixels: Array) -> Array:
        """(..., 2) pixels to screen space."""
        return pixels * (2 / self.width) - (1, self.height / self.width)

    def intrinsics(self) -> Array:
        """(4,) focal length and principal point in screen space."""
        focal = np.asarray(self.focal) * 2 / self.width
        return np.concatenate((focal, self.screen(np.asarray(self.centre))))


def quaternion_turned(quaternion: Array, points: Array) -> Array:
    """(..., 3) points turned by a (4,) unit quaternion w, x, y, z."""
    axis = quaternion[1:]
    once = np.cross(axis, points)
    return points + 2 * (quaternion[0] * once + np.cross(axis, once))


@cache
def studio_cameras() -> dict[str, tuple[StudioCamera, ...]]:
    """The four cameras of each subject, in the order in which the 2D files list them.

    Numbers of the data set's own calibration, as VideoPose3D published them (`human36m_cameras.csv`).
    """
    table = importlib.resources.files("stcformer.paper").joinpath("human36m_cameras.csv").read_text("utf-8")
    cameras: dict[str, tuple[StudioCamera, ...]] = {}
    for row in csv.DictReader(table.splitlines()):
        number = {name: float(value) for name, value in row.items() if name not in ("subject", "camera")}
        camera = StudioCamera(
            row["camera"],
            int(number["width_px"]),
            int(number["height_px"]),
            (number["focal_x_px"], number["focal_y_px"]),
            (number["centre_x_px"], number["centre_y_px"]),
            np.array([number[name] for name in ("qw", "qx", "qy", "qz")]),
            np.array([number[name] for name in ("x_mm", "y_mm", "z_mm")]) / 1000,
        )
        cameras[row["subject"]] = (*cameras.get(row["subject"], ()), camera)
    return cameras


def keypoint_sets(folder: Path) -> tuple[str, ...]:
    """The 2D keypoints that lie in a folder: `gt`, `cpn_ft_h36m_dbb`, ..."""
    before, after = _KEYPOINTS.split("{}")
    return tuple(sorted(path.name[len(before) : -len(after)] for path in folder.glob(_KEYPOINTS.format("*"))))


def open_human36m(
    folder: Path, keypoints: str = "cpn_ft_h36m_dbb", cache_folder: Path | None = None
) -> PaperDataset:
    """The data set with one kind of 2D keypoints; poses in metres.

    What is read is kept as plain arrays in `cache_folder` (by default `stcformer-cache` beside the files) and mapped
    from there, so that it is ready at once the next time. Raises LifterError for files that are missing, damaged, or
    not what VideoPose3D's preparation writes.
    """
    poses, positions = folder / _POSES, folder / _KEYPOINTS.format(keypoints)
    if not positions.is_file():
        there = ", ".join(keypoint_sets(folder)) or "none"
        raise LifterError(f"There is no file '{positions}'; 2D keypoints in that folder: {there}.")

    def split(name: str, subjects: tuple[str, ...]) -> Clips:
        return open_flat(
            cache_folder or folder / "stcformer-cache",
            f"human36m-{keypoints}-{name}",
            (poses, positions),
            lambda: _read(poses, positions, subjects),
        )

    return PaperDataset(
        "human36m",
        JOINT_SET,
        1.0,
        split("training", TRAINING_SUBJECTS),
        split("test", TEST_SUBJECTS),
        f"Human3.6M, 2D: {keypoints}",
    )


def _read(poses_file: Path, keypoints_file: Path, subjects: tuple[str, ...]) -> list[Part]:
    poses = _subjects(read_table(poses_file, "positions_3d"), poses_file)
    keypoints = _subjects(read_table(keypoints_file, "positions_2d"), keypoints_file)
    parts = []
    for subject in subjects:
        if subject not in poses or subject not in keypoints:
            missing = poses_file if subject not in poses else keypoints_file
            raise LifterError(f"'{missing}' holds no subject {subject}; it is not the whole data set.")
        for action, joints in poses[subject].items():
            if action not in keypoints[subject]:
                raise LifterError(
                    f"'{keypoints_file}' holds no '{action}' of {subject}, which '{poses_file}' does."
                )
            parts += _clips(
                subject, str(action), joints, keypoints[subject][action], poses_file, keypoints_file
            )
    return parts


def _subjects(table: Any, path: Path) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(table, Mapping) or not all(isinstance(actions, Mapping) for actions in table.values()):
        raise LifterError(f"'{path}' is not a table of subjects and actions, as VideoPose3D writes it.")
    return table


def _clips(
    subject: str, action: str, joints: Any, views: Any, poses_file: Path, keypoints_file: Path
) -> list[Part]:
    where = f"'{action}' of {subject}"
    joints = np.asarray(joints)
    if joints.ndim != 3 or joints.shape[1:] not in ((32, 3), (17, 3)) or joints.dtype.kind != "f":
        raise LifterError(f"'{poses_file}': {where} has shape {joints.shape} in place of (frames, 32, 3).")
    if joints.shape[1] == 32:
        joints = joints[:, CHOSEN_OF_32]
    cameras = studio_cameras()[subject]
    if not isinstance(views, (list, tuple, np.ndarray)) or len(views) != len(cameras):
        raise LifterError(f"'{keypoints_file}': {where} is not seen by {len(cameras)} cameras.")
    parts = []
    for camera, pixels in zip(cameras, views, strict=True):
        pixels = np.asarray(pixels)[..., :2]  # noqa: PLW2901 - a third column is a score, which the paper does not use
        if pixels.ndim != 3 or pixels.shape[1:] != (17, 2) or len(pixels) < len(joints):
            raise LifterError(
                f"'{keypoints_file}': {where} from camera {camera.name} has shape {pixels.shape} "
                f"in place of ({len(joints)}, 17, 2)."
            )
        seen = camera.camera_space(joints.astype(np.float64))
        parts.append(
            Part(
                # The videos run on a little after the motion capture has ended.
                camera.screen(pixels[: len(joints)].astype(np.float64)),
                seen - seen[:, :1],
                subject,
                action.split(" ")[0],
                camera.name,
                np.ones(len(joints), bool),
                seen[:, 0],
                camera.intrinsics(),
            )
        )
    return parts
