"""Errors of poses against a plain loop, and what Procrustes alignment may and may not do."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from stcformer.metrics import (
    acceleration_error,
    aligned_joint_error,
    bone_length_deviation,
    mean_joint_error,
    procrustes_align,
)


def poses(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(*shape, 17, 3))


def loop_alignment(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """One pose, by SciPy's solution of Wahba's problem and a least-squares scale."""
    first, second = predicted - predicted.mean(axis=0), truth - truth.mean(axis=0)
    turned = Rotation.align_vectors(second, first)[0].apply(first)
    scale = (turned * second).sum() / (turned * turned).sum()
    return np.asarray(scale * turned + truth.mean(axis=0))


def test_protocol_1_is_the_mean_of_the_distances() -> None:
    predicted, truth = poses(0, 3, 5), poses(1, 3, 5)
    expected = np.empty((3, 5))
    for person in range(3):
        for frame in range(5):
            distances = [
                sum((a - b) ** 2 for a, b in zip(*pair, strict=True)) ** 0.5
                for pair in zip(predicted[person, frame], truth[person, frame], strict=True)
            ]
            expected[person, frame] = sum(distances) / 17
    assert np.allclose(mean_joint_error(predicted, truth), expected)
    assert mean_joint_error(truth, truth).max() == 0


@pytest.mark.parametrize("noise", [0.01, 0.3, 3.0])
def test_protocol_2_equals_a_loop_over_poses(noise: float) -> None:
    truth = poses(2, 20)
    turn = Rotation.random(20, random_state=4).as_matrix()
    predicted = 0.7 * (truth + noise * poses(3, 20)) @ turn.transpose(0, 2, 1) + (1.0, 2.0, 3.0)
    expected = [
        np.linalg.norm(loop_alignment(one, other) - other, axis=-1).mean()
        for one, other in zip(predicted, truth, strict=True)
    ]
    assert np.allclose(aligned_joint_error(predicted, truth), expected, atol=1e-6)


def test_a_moved_turned_and_scaled_pose_has_no_aligned_error() -> None:
    truth = poses(5, 30)
    turn = Rotation.random(30, random_state=1).as_matrix()
    predicted = 2.5 * truth @ turn.transpose(0, 2, 1) - (5.0, 0.0, 100.0)
    assert mean_joint_error(predicted, truth).min() > 1
    assert aligned_joint_error(predicted, truth).max() < 1e-9


def test_aligned_error_is_the_same_wherever_the_prediction_stands() -> None:
    predicted, truth = poses(6, 10), poses(7, 10)
    moved = 0.1 * predicted @ Rotation.from_euler("xyz", (1, 2, 3)).as_matrix() + 9
    assert np.allclose(aligned_joint_error(predicted, truth), aligned_joint_error(moved, truth))


def test_no_similarity_nearby_fits_better_than_the_alignment() -> None:
    predicted, truth = poses(8), poses(9)
    aligned = procrustes_align(predicted, truth)
    best = np.square(aligned - truth).sum()
    rng = np.random.default_rng(0)
    for _ in range(50):
        turn = Rotation.from_rotvec(rng.normal(0, 0.05, 3)).as_matrix()
        other = (aligned - truth.mean(axis=0)) @ turn * rng.normal(1, 0.05) + truth.mean(axis=0)
        assert np.square(other + rng.normal(0, 0.05, 3) - truth).sum() > best


def test_a_mirror_image_is_not_turned_into_the_pose() -> None:
    truth = poses(10, 8)
    assert aligned_joint_error(truth * (-1.0, 1.0, 1.0), truth).min() > 0.3


def test_a_flat_pose_is_aligned_without_mirroring() -> None:
    truth = poses(11)
    truth[:, 2] = 0
    turn = Rotation.from_euler("xyz", (0.4, -1, 2)).as_matrix()
    assert aligned_joint_error(truth @ turn.T, truth) < 1e-9


def test_alignment_leaves_its_arguments_alone() -> None:
    predicted, truth = poses(12, 2), poses(13, 2)
    kept = predicted.copy(), truth.copy()
    procrustes_align(predicted, truth)
    assert np.array_equal(predicted, kept[0])
    assert np.array_equal(truth, kept[1])


def test_acceleration_error_is_that_of_a_falling_body() -> None:
    time = np.arange(20)[:, None, None] / 50
    falling = np.concatenate(
        (np.zeros((20, 17, 2)), np.broadcast_to(-9.81 / 2 * time**2, (20, 17, 1))), axis=-1
    )
    assert acceleration_error(falling, np.zeros((20, 17, 3)), 50) == pytest.approx(9.81)
    steady = np.broadcast_to(3 * time + 1, (20, 17, 3))
    assert acceleration_error(steady, np.zeros((20, 17, 3)), 50) == pytest.approx(0, abs=1e-9)


def test_bones_that_keep_their_length_do_not_deviate_and_one_that_does_is_found() -> None:
    pose = np.random.default_rng(0).normal(size=(17, 3))
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(40, 3, 3)))[0]
    moving = pose @ turn + np.random.default_rng(2).normal(size=(40, 1, 3))
    assert bone_length_deviation(moving).max() < 1e-12
    moving[::2, 3] += 0.1 * (moving[::2, 3] - moving[::2, 2])
    moving[7] = np.nan
    deviation = bone_length_deviation(moving)
    assert np.argmax(deviation) == 2  # the third bone: rknee to rankle
    length = np.linalg.norm(pose[3] - pose[2])
    assert deviation[2] == pytest.approx(0.05 * length, rel=0.01)
    assert np.delete(deviation, 2).max() < 1e-12
