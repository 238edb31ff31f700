"""P1, P2, PCK and AUC against a plain second implementation."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from stcformer.paper.protocols import (
    area_under_curve,
    average,
    correct_keypoints,
    human36m_rows,
    mpi_inf_3dhp_rows,
)
from tests.made_clips import made_clips

RANDOM = np.random.default_rng(5)


def _procrustes(pose: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """One pose moved, turned and scaled onto the truth, by SciPy's rotation fit."""
    centred, target = pose - pose.mean(axis=0), truth - truth.mean(axis=0)
    rotation, _ = Rotation.align_vectors(target, centred)
    turned = rotation.apply(centred)
    return (turned * target).sum() / (turned**2).sum() * turned + truth.mean(axis=0)


def test_human36m_errors_are_those_of_a_plain_loop() -> None:
    clips = made_clips((12, 9, 15))
    rows = np.arange(36)
    truth = clips.pose.astype(np.float64)
    poses = truth + RANDOM.normal(0, 0.04, truth.shape)
    table = {row.name: row for row in human36m_rows(poses, truth, clips, rows)}
    sums: dict[str, list[tuple[float, float]]] = {}
    for frame in rows:
        action = clips.actions[int(np.searchsorted(clips.starts, frame, "right")) - 1]
        p1 = sum(math.dist(a, b) for a, b in zip(poses[frame], truth[frame], strict=True)) / 17 * 1000
        aligned = _procrustes(poses[frame], truth[frame])
        p2 = sum(math.dist(a, b) for a, b in zip(aligned, truth[frame], strict=True)) / 17 * 1000
        sums.setdefault(action, []).append((p1, p2))
    for action, errors in sums.items():
        assert table[action].p1 == pytest.approx(np.mean([error[0] for error in errors]), abs=1e-4)
        assert table[action].p2 == pytest.approx(np.mean([error[1] for error in errors]), abs=1e-4)
    assert table["Average"].p1 == pytest.approx((table["Walking"].p1 + table["Eating"].p1) / 2, abs=1e-9)
    assert table["Walking"].frames == 27


def test_3dhp_errors_are_those_of_a_plain_loop() -> None:
    clips = made_clips((10, 20), subjects=("TS1", "TS2"))
    rows = np.array([0, 2, 3, 11, 15, 29])
    truth = 1000 * clips.pose[rows].astype(np.float64)
    poses = truth + RANDOM.normal(0, 90, truth.shape)
    table = {row.name: row for row in mpi_inf_3dhp_rows(poses, truth, clips, rows)}
    for name, chosen in (("TS1", [0, 1, 2]), ("TS2", [3, 4, 5]), ("All", list(range(6)))):
        errors = [[math.dist(poses[f, j], truth[f, j]) for j in range(17)] for f in chosen]
        first = [error for frame in errors for error in frame[:14]]
        curve = [sum(error < limit for error in first) / len(first) * 100 for limit in range(0, 151, 5)]
        assert table[name].p1 == pytest.approx(sum(map(sum, errors)) / (17 * len(errors)), abs=1e-4)
        assert table[name].pck == pytest.approx(curve[-1], abs=1e-4)
        assert table[name].auc == pytest.approx(sum(curve) / 31, abs=1e-4)


def test_thresholds_are_strict() -> None:
    assert correct_keypoints(np.array([149.999, 150.0])) == 50
    assert area_under_curve(np.zeros(3)) == pytest.approx(100 * 30 / 31)


def test_acceleration_counts_only_frames_that_follow_each_other() -> None:
    clips = made_clips((6, 6))
    truth = clips.pose.astype(np.float64)
    poses = truth.copy()
    poses[6:] += 0.5  # a jump from one clip to the next is no movement
    rows = human36m_rows(poses, truth, clips, np.arange(12))
    assert rows[0].acceleration == pytest.approx(0, abs=1e-6)
    apart = np.arange(0, 12, 2)
    assert math.isnan(human36m_rows(poses[apart], truth[apart], clips, apart)[0].acceleration)


def test_the_average_gives_every_action_the_same_weight() -> None:
    clips = made_clips((2, 40))
    truth = clips.pose.astype(np.float64)
    poses = truth.copy()
    poses[:2, :, 0] += 0.1
    rows = human36m_rows(poses, truth, clips, np.arange(42))
    assert average(rows[:-1]).p1 == pytest.approx(50)
