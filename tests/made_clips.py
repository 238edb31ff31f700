"""A small data set in the form that the paper's training reads: swinging bodies before a camera."""

import numpy as np

from stcformer.paper.clips import Clips, JointSet, PaperDataset
from stcformer.skeleton import JOINTS, LEFT, RIGHT

FOCAL, DEPTH = 2.3, 4.0
HUMAN36M_JOINTS = JointSet(JOINTS, 0, LEFT, RIGHT)


def made_clips(lengths: tuple[int, ...], *, seed: int = 1, subjects: tuple[str, ...] | None = None) -> Clips:
    """Clips of those numbers of frames: a fixed body whose joints swing, seen by a pinhole camera."""
    random = np.random.default_rng(seed)
    body = np.random.default_rng(0).normal(0, 0.35, (17, 3))
    poses, keypoints, roots = [], [], []
    for length in lengths:
        phase = random.uniform(0, 2 * np.pi) + np.arange(length)[:, None, None] / 8
        pose = body + 0.1 * np.sin(phase + np.arange(17)[None, :, None])
        pose -= pose[:, :1]
        root = np.array([random.uniform(-0.3, 0.3), 0, DEPTH]) + np.zeros((length, 3))
        joints = pose + root[:, None]
        poses.append(pose)
        keypoints.append(FOCAL * joints[..., :2] / joints[..., 2:])
        roots.append(root)
    return Clips(
        np.concatenate(keypoints).astype(np.float32),
        np.concatenate(poses).astype(np.float32),
        np.concatenate(([0], np.cumsum(lengths))),
        subjects or tuple(f"S{clip}" for clip in range(len(lengths))),
        tuple(("Walking", "Eating")[clip % 2] for clip in range(len(lengths))),
        tuple("0" for _ in lengths),
        np.ones(sum(lengths), bool),
        np.concatenate(roots).astype(np.float32),
        np.tile(np.array([FOCAL, FOCAL, 0, 0], np.float32), (len(lengths), 1)),
    )


def made_dataset() -> PaperDataset:
    """A few hundred frames to train on, and a short test."""
    return PaperDataset(
        "human36m", HUMAN36M_JOINTS, 1.0, made_clips((60, 45)), made_clips((20, 31), seed=2), "made in a test"
    )
