"""Poses of a data set's frames, each from the window about it, as the paper's protocols ask for."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from stcformer.paper.clips import Clips, JointSet
from stcformer.paper.refinement import Refinement, pose_on_rays
from stcformer.paper.windows import window_rows

_FRAMES_A_BATCH = {"cpu": 27 * 32, "cuda": 243 * 128, "mps": 27 * 64}


def predict_centres(
    model: nn.Module,
    clips: Clips,
    centres: NDArray[np.int64],
    frames: int,
    step: int,
    joints: JointSet,
    *,
    flip: bool = True,
    refinement: Refinement | None = None,
    progress: Callable[[int], None] | None = None,
) -> NDArray[np.float32]:
    """(M, 17, 3) the pose of each of (M,) rows, from the middle of the window of `frames` about it; the root at 0.

    `flip` averages with the mirrored window, as published. `progress` is told how many rows are done. Runs where the
    model's weights are, in their precision.
    """
    weight = next(model.parameters())
    device = weight.device
    batch = max(1, _FRAMES_A_BATCH.get(device.type, 27 * 32) // frames)
    mirror = joints.mirror()
    keypoints = torch.from_numpy(np.ascontiguousarray(clips.keypoints))
    poses = np.empty((len(centres), len(joints.names), 3), np.float32)
    model.eval()
    for begin in range(0, len(centres), batch):
        chosen = centres[begin : begin + batch]
        windows = keypoints[torch.from_numpy(window_rows(clips, chosen, frames, step))].to(weight)
        with torch.inference_mode():
            pose = model(windows)[:, frames // 2]
            if flip:
                pose = (pose + mirrored(model(mirrored(windows, mirror))[:, frames // 2], mirror)) / 2
            pose = pose.float()
            pose[:, joints.root] = 0
            if refinement is not None:
                pose = _refined(refinement.eval(), pose, windows[:, frames // 2].float(), clips, chosen)
        poses[begin : begin + len(chosen)] = pose.cpu().numpy()
        if progress is not None:
            progress(begin + len(chosen))
    return poses


def mirrored(values: Tensor, mirror: list[int]) -> Tensor:
    """(..., 17, C) coordinates whose x points right from 0, as a mirror shows them."""
    flipped = values[..., mirror, :].clone()
    flipped[..., 0] *= -1
    return flipped


def _refined(
    refinement: Refinement, pose: Tensor, keypoints: Tensor, clips: Clips, rows: NDArray[np.int64]
) -> Tensor:
    root, intrinsics = camera_of(clips, rows, pose.device)
    refined = refinement(pose, pose_on_rays(keypoints, pose, root, intrinsics))
    refined[:, 0] = 0
    return refined


def camera_of(clips: Clips, rows: NDArray[np.int64], device: torch.device) -> tuple[Tensor, Tensor]:
    """(M, 3) roots and (M, 4) intrinsics of (M,) rows. Raises ValueError for clips that know neither."""
    if clips.root is None or clips.intrinsics is None:
        raise ValueError("these clips have no camera")
    root = torch.from_numpy(np.asarray(clips.root[rows], np.float32)).to(device)
    intrinsics = torch.from_numpy(np.asarray(clips.intrinsics[clips.clip_of_frames(rows)], np.float32))
    return root, intrinsics.to(device)
