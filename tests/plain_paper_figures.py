"""The paper's figures a second time, straight from the data set's files: loops over frames and joints, and no line of
ours but the network. What `stcstudio paper eval` prints is held against them.

Written from the published evaluation: each test frame's pose is the middle one of the window about it, the mean of what
the network says of the window and of its mirror image, with the root at 0.
"""

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import nn

NOT_OF_THE_17 = (4, 5, 9, 10, 11, 16, 20, 21, 22, 23, 24, 28, 29, 30, 31)
"""Of Human3.6M's 32 joints: those that VideoPose3D leaves out."""
LEFT_3DHP, RIGHT_3DHP = (5, 6, 7, 11, 12, 13), (2, 3, 4, 8, 9, 10)
PELVIS_3DHP = 14
SCORED_3DHP = range(14)
"""Joints 1 to 14 of the data set's own evaluation: neither pelvis nor spine nor head."""

Figures = dict[str, dict[str, float]]


def plain_human36m(
    data: Path, cameras_file: Path, model: nn.Module, frames: int, step: int, *, flip: bool
) -> Figures:
    """P1, P2 in mm and the acceleration error in mm/s² of each action, and "Average", of the true keypoints of the
    subjects 9 and 11."""
    poses = _table(data / "data_3d_h36m.npz", "positions_3d")
    keypoints = _table(data / "data_2d_h36m_gt.npz", "positions_2d")
    left, right = _table(data / "data_2d_h36m_gt.npz", "metadata")["keypoints_symmetry"]
    chosen = [joint for joint in range(32) if joint not in NOT_OF_THE_17]
    errors: dict[str, list[tuple[float, float]]] = {}
    accelerations: dict[str, list[float]] = {}
    for subject in ("S9", "S11"):
        with cameras_file.open(newline="") as file:
            cameras = [row for row in csv.DictReader(file) if row["subject"] == subject]
        for action, joints in poses[subject].items():
            for row, pixels in zip(cameras, keypoints[subject][action], strict=True):
                camera = {name: float(row[name]) for name in row if name not in ("subject", "camera")}
                truth = _seen_by(camera, joints[:, chosen].astype(np.float64))
                screen = _screen(pixels, camera["width_px"], camera["height_px"])
                differences: list[np.ndarray | None] = []
                for frame in range(len(truth)):
                    pose = _middle_pose(
                        model, screen[: len(truth)], frame, frames, step, left, right, 0, flip=flip
                    )
                    true = truth[frame] - truth[frame][0]
                    both = (1000 * _mean_error(pose, true), 1000 * _mean_error(_aligned(pose, true), true))
                    errors.setdefault(action.split(" ")[0], []).append(both)
                    differences.append(1000 * (pose - true))
                accelerations.setdefault(action.split(" ")[0], []).extend(_accelerations(differences, 50))
    table = {
        action: {
            "p1": _mean([p1 for p1, _ in both]),
            "p2": _mean([p2 for _, p2 in both]),
            "acceleration": _mean(accelerations[action]),
        }
        for action, both in errors.items()
    }
    average = {name: _mean([row[name] for row in table.values()]) for name in ("p1", "p2", "acceleration")}
    return table | {"Average": average}


def plain_mpi_inf_3dhp(data: Path, model: nn.Module, frames: int, *, flip: bool) -> Figures:
    """PCK, AUC in per cent, P1 in mm and the acceleration error in mm a frame squared of each test sequence, and "All",
    of the frames that are marked as valid."""
    by_sequence: dict[str, list[list[float]]] = {}
    accelerations: dict[str, list[float]] = {}
    for sequence, clip in _table(data / "data_test_3dhp.npz", "data").items():
        width, height = (1920, 1080) if sequence in ("TS5", "TS6") else (2048, 2048)
        screen = _screen(clip["data_2d"], width, height)
        differences: list[np.ndarray | None] = []
        for frame, valid in enumerate(clip["valid"]):
            if valid != 1:
                differences.append(None)
                continue
            pose = _middle_pose(
                model, screen, frame, frames, 1, LEFT_3DHP, RIGHT_3DHP, PELVIS_3DHP, flip=flip
            )
            true = clip["data_3d"][frame] - clip["data_3d"][frame][PELVIS_3DHP]
            distances = [math.dist(a, b) for a, b in zip(pose, true, strict=True)]
            by_sequence.setdefault(sequence, []).append(distances)
            differences.append(pose - true)
        accelerations[sequence] = _accelerations(differences, 1)
    by_sequence["All"] = [frame for sequence in by_sequence.values() for frame in sequence]
    accelerations["All"] = [value for sequence in accelerations.values() for value in sequence]
    return {
        name: _shares_and_mean(distances) | {"acceleration": _mean(accelerations[name])}
        for name, distances in by_sequence.items()
    }


def _shares_and_mean(frames: list[list[float]]) -> dict[str, float]:
    scored = [frame[joint] for frame in frames for joint in SCORED_3DHP]
    curve = []
    for threshold in range(0, 151, 5):
        below = 0
        for distance in scored:
            if distance < threshold:
                below += 1
        curve.append(100 * below / len(scored))
    p1 = _mean([distance for frame in frames for distance in frame])
    return {"frames": len(frames), "p1": p1, "pck": curve[-1], "auc": _mean(curve)}


def _accelerations(differences: Sequence[np.ndarray | None], rate: float) -> list[float]:
    """Of each frame between two others that count: how far the differences bend, mean over the joints."""
    found = []
    for before, here, after in zip(differences, differences[1:], differences[2:], strict=False):
        if before is not None and here is not None and after is not None:
            found.append(_mean([float(np.linalg.norm(bend)) for bend in before - 2 * here + after]) * rate**2)
    return found


def _table(path: Path, member: str) -> Any:
    """The test has written the file itself, and so may unpickle it."""
    with np.load(path, allow_pickle=True) as archive:
        return archive[member].item()


def _seen_by(camera: dict[str, float], points: np.ndarray) -> np.ndarray:
    turned = Rotation.from_quat([camera[name] for name in ("qx", "qy", "qz", "qw")])
    place = np.array([camera[name] for name in ("x_mm", "y_mm", "z_mm")]) / 1000
    return np.array([turned.inv().apply(joints - place) for joints in points])


def _screen(pixels: np.ndarray, width: float, height: float) -> np.ndarray:
    return np.stack((2 * pixels[..., 0] / width - 1, 2 * pixels[..., 1] / width - height / width), axis=-1)


def _middle_pose(
    model: nn.Module,
    screen: np.ndarray,
    frame: int,
    frames: int,
    step: int,
    left: Sequence[int],
    right: Sequence[int],
    root: int,
    *,
    flip: bool,
) -> np.ndarray:
    window = []
    for place in range(-(frames // 2), frames // 2 + 1):
        window.append(screen[min(max(frame + step * place, 0), len(screen) - 1)])
    pose = _predicted(model, np.array(window))
    if flip:
        turned = _predicted(model, np.array([_in_the_mirror(joints, left, right) for joints in window]))
        pose = (pose + _in_the_mirror(turned, left, right)) / 2
    pose[root] = 0
    return pose


def _predicted(model: nn.Module, window: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        poses = model(torch.tensor(window[None], dtype=torch.float32))[0]
    return np.asarray(poses[len(window) // 2].numpy(), np.float64)


def _in_the_mirror(joints: np.ndarray, left: Sequence[int], right: Sequence[int]) -> np.ndarray:
    turned = joints.copy()
    for one, other in zip(left, right, strict=True):
        turned[one], turned[other] = joints[other], joints[one]
    turned[:, 0] = -turned[:, 0]
    return turned


def _aligned(pose: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Moved, turned and scaled onto the truth, by SciPy's rotation fit."""
    centred, target = pose - pose.mean(axis=0), true - true.mean(axis=0)
    rotation, _ = Rotation.align_vectors(target, centred)
    turned = rotation.apply(centred)
    return (turned * target).sum() / (turned**2).sum() * turned + true.mean(axis=0)


def _mean_error(pose: np.ndarray, true: np.ndarray) -> float:
    return _mean([math.dist(a, b) for a, b in zip(pose, true, strict=True)])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
