"""Live lifting: the newest frame's own pose, at any rate, however irregular, and no look-ahead."""

import numpy as np
import pytest
import torch

from stcformer.errors import LifterError
from stcformer.lifter import Lifter
from stcformer.live import LiveLifter, sample_history
from stcformer.model import STCFormer
from stcformer.weights import PUBLISHED_FEEDING, Feeding, Weights

SIZE = (640.0, 480.0)
OURS = Feeding("person", 30.0, (20.0, 45.0), 9)


@pytest.fixture(scope="module")
def weights() -> Weights:
    torch.manual_seed(3)
    return Weights(STCFormer(width=32, depth=2, input_channels=3), OURS, "test", "0" * 64, "made in a test")


def live_lifter(weights: Weights) -> LiveLifter:
    return LiveLifter(weights, "cpu", image_size=SIZE)


def person(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A made-up body that sways: (F, 17, 2) pixels and full scores at any times."""
    body = np.random.default_rng(0).normal(0, 60, (17, 2)) + np.array([320, 240])
    return body + 25 * np.sin(4 * np.asarray(times))[:, None, None], np.ones((len(times), 17))


def pushed(live: LiveLifter, keypoints: np.ndarray, scores: np.ndarray, times: np.ndarray) -> np.ndarray:
    return np.stack([live.push(*frame) for frame in zip(keypoints, scores, times, strict=True)])


@pytest.mark.parametrize(
    ("fps", "every"), [(30.0, 1), (25.0, 1), (24.0, 1), (20.0, 1), (40.0, 1), (60.0, 2), (120.0, 4)]
)
def test_at_a_steady_rate_it_is_the_last_frame_of_the_lifters_window(
    weights: Weights, fps: float, every: int
) -> None:
    times = 100.0 + np.arange(12 * every) / fps
    keypoints, scores = person(times)
    poses = pushed(live_lifter(weights), keypoints, scores, times)
    offline = Lifter(weights, "cpu")
    for newest in (9 * every - 1, 10 * every, 12 * every - 1):
        rows = slice(newest % every, newest + 1, every)
        window, confidence = keypoints[rows][-9:], scores[rows][-9:]
        expected = offline.lift(window, confidence, image_size=SIZE, fps=fps / every)[-1]
        assert np.abs(poses[newest] - expected).max() < 1e-5


def test_the_first_frames_have_poses_too(weights: Weights) -> None:
    times = np.arange(5) / 30
    keypoints, scores = person(times)
    poses = pushed(live_lifter(weights), keypoints, scores, times)
    assert np.isfinite(poses).all()
    assert np.abs(poses[:, 0]).max() == 0
    alone = Lifter(weights, "cpu").lift(keypoints[:1], scores[:1], image_size=SIZE, fps=30)
    assert np.abs(poses[0] - alone[0]).max() < 1e-6


def test_a_movement_shows_at_once_and_the_future_does_not(weights: Weights) -> None:
    times = np.arange(30) / 30
    keypoints, scores = person(times)
    still = pushed(live_lifter(weights), keypoints, scores, times)
    moved = keypoints.copy()
    moved[20, 13] += 60
    poses = pushed(live_lifter(weights), moved, scores, times)
    difference = np.linalg.norm(poses - still, axis=-1).sum(axis=-1)
    assert difference[:20].max() == 0
    assert np.argmax(difference) == 20
    assert difference[29] == 0  # it has left the window of 9 frames


@pytest.mark.parametrize("dropped", [[], [30, 55, 57]])
def test_irregular_times_are_sampled_by_time_and_not_by_count(dropped: list[int]) -> None:
    regular = np.arange(60) / 30
    irregular = regular + np.random.default_rng(1).uniform(-0.01, 0.01, 60)
    irregular[-1] = regular[-1]
    times = np.delete(irregular, dropped)
    truth = person(regular)[0][-9:]
    points, confidence = sample_history(times, *person(times), 30.0, 9)
    error = np.abs(points - truth).max()
    assert error < 0.5
    assert error < 0.3 * np.abs(person(times)[0][-9:] - truth).max()
    assert (confidence == 1).all()


def test_the_rate_is_measured_from_the_times_themselves(weights: Weights) -> None:
    # 14.5 a second is below the weights' range, so each is read with one in between, as `Lifter.lift` does.
    times = np.arange(20) / 14.5
    keypoints, scores = person(times)
    pose = pushed(live_lifter(weights), keypoints, scores, times)[-1]
    expected = Lifter(weights, "cpu").lift(keypoints[-5:], scores[-5:], image_size=SIZE, fps=14.5)[-1]
    assert np.abs(pose - expected).max() < 1e-5


def test_a_slow_camera_is_read_at_the_weights_own_rate() -> None:
    times = np.arange(8) / 10
    keypoints, scores = person(times)
    points, confidence = sample_history(times, keypoints, scores, 30.0, 9)
    assert points.shape == (9, 17, 2)
    assert np.allclose(points[-1], keypoints[-1])
    assert np.allclose(points[-4], keypoints[-2])
    assert np.allclose(points[-2], (2 * keypoints[-1] + keypoints[-2]) / 3)
    assert (confidence == 1).all()


def test_a_joint_is_never_interpolated_from_one_that_was_not_seen() -> None:
    times = np.arange(4) / 10
    keypoints, scores = person(times)
    keypoints[2, 5], scores[2, 5] = np.nan, 0
    points, confidence = sample_history(times, keypoints, scores, 20.0, 7)
    assert np.isnan(points[:, 5, 0]).tolist() == [False, False, False, True, True, True, False]
    assert (confidence[:, 5] == 0).tolist() == [False, False, False, True, True, True, False]
    assert np.isfinite(np.delete(points, 5, axis=1)).all()


def test_a_short_loss_is_bridged_and_a_long_one_begins_anew(weights: Weights) -> None:
    times = np.concatenate((np.arange(20), np.arange(32, 40), np.arange(70, 72))) / 30
    keypoints, scores = person(times)
    live = live_lifter(weights)
    poses = pushed(live, keypoints, scores, times)
    assert np.isfinite(poses).all()
    fresh = pushed(live_lifter(weights), keypoints[20:], scores[20:], times[20:])
    assert np.abs(poses[20] - fresh[0]).max() > 1e-4  # 0.4 s: what was before still counts
    assert (
        np.abs(poses[28:] - pushed(live_lifter(weights), keypoints[28:], scores[28:], times[28:])).max()
        < 1e-6
    )


def test_scores_across_a_gap_are_halved() -> None:
    times = np.array([0.0, 0.1, 0.2, 0.5])
    keypoints, scores = person(times)
    confidence = sample_history(times, keypoints, scores, 10.0, 6, gap_s=0.175)[1]
    assert confidence[:, 0].tolist() == [1, 1, 1, 0.5, 0.5, 1]


def test_nobody_is_nan_and_does_not_disturb_what_comes_after(weights: Weights) -> None:
    times = np.arange(40) / 30
    keypoints, scores = person(times)
    scores[[0, 15, 16]] = 0
    scores[22, 3:] = 0
    poses = pushed(live_lifter(weights), keypoints, scores, times)
    gone = np.isnan(poses).all(axis=(1, 2))
    assert np.flatnonzero(gone).tolist() == [0, 15, 16, 22]
    assert np.isfinite(poses[~gone]).all()
    offline = Lifter(weights, "cpu").lift(keypoints[31:], scores[31:], image_size=SIZE, fps=30)
    assert np.abs(poses[-1] - offline[-1]).max() < 1e-5


def test_reset_forgets_everything(weights: Weights) -> None:
    times = np.arange(15) / 30
    keypoints, scores = person(times)
    live = live_lifter(weights)
    first = pushed(live, keypoints, scores, times)
    live.reset()
    assert np.array_equal(pushed(live, keypoints, scores, times), first)


def test_published_weights_are_fed_at_their_own_rate_without_holes() -> None:
    torch.manual_seed(3)
    model = STCFormer(width=32, depth=1, input_channels=2)
    published = Weights(model, PUBLISHED_FEEDING, "test", "0" * 64, "made in a test")
    times = np.arange(60) * 3 / 50
    keypoints, scores = person(times)
    keypoints[50, 4], scores[50, 4] = np.nan, 0
    live = LiveLifter(published, "cpu", image_size=SIZE, window=9)
    pose = pushed(live, keypoints, scores, times)[-1]
    offline = Lifter(published, "cpu", window=9)
    expected = offline.lift(keypoints[-9:], scores[-9:], image_size=SIZE, fps=50 / 3)[-1]
    assert np.abs(pose - expected).max() < 1e-5


@pytest.mark.parametrize("time", [np.nan, np.inf, -np.inf])
def test_a_time_that_is_no_number_is_refused(weights: Weights, time: float) -> None:
    with pytest.raises(LifterError, match="seconds since the start"):
        live_lifter(weights).push(*(part[0] for part in person(np.zeros(1))), time)


@pytest.mark.parametrize("time", [1.0, 0.5, -3.0])
def test_time_that_stands_or_runs_back_is_refused_and_a_reset_helps(weights: Weights, time: float) -> None:
    keypoints, scores = (part[0] for part in person(np.zeros(1)))
    live = live_lifter(weights)
    live.push(keypoints, scores, 1.0)
    with pytest.raises(LifterError, match="reset before time begins anew"):
        live.push(keypoints, scores, time)
    live.reset()
    assert np.isfinite(live.push(keypoints, scores, time)).all()


def test_wrong_shapes_and_sizes_are_refused_in_a_sentence(weights: Weights) -> None:
    live = live_lifter(weights)
    for keypoints, scores in ((np.zeros((33, 2)), np.ones(33)), (np.zeros((1, 17, 2)), np.ones((1, 17)))):
        with pytest.raises(LifterError, match=r"keypoints \(17, 2\) and scores \(17,\) of one frame"):
            live.push(keypoints, scores, 0.0)
    for size in ((0.0, 480.0), (640.0, np.nan)):
        with pytest.raises(LifterError, match="cannot be lifted"):
            LiveLifter(weights, "cpu", image_size=size)


def test_whatever_a_detector_says_the_pose_is_numbers_or_nan(weights: Weights) -> None:
    live = live_lifter(weights)
    keypoints, scores = (part[0] for part in person(np.zeros(1)))
    hostile = [
        (np.full((17, 2), np.inf), scores),
        (keypoints, np.full(17, np.nan)),
        (keypoints, np.full(17, -1.0)),
        (np.zeros((17, 2)), scores),
        (np.full((17, 2), 1e9), 7 * scores),
    ]
    for number, (places, confidence) in enumerate(hostile):
        pose = live.push(places, confidence, number / 30)
        assert np.isnan(pose).all() == (number < 3)
        assert np.isfinite(pose).all() == (number >= 3)


def test_frames_that_come_absurdly_fast_take_no_more_memory_and_are_lifted(weights: Weights) -> None:
    live = LiveLifter(weights, "cpu", image_size=SIZE, window=2)
    keypoints, scores = (part[0] for part in person(np.zeros(1)))
    for number in range(60):
        assert np.isfinite(live.push(keypoints, scores, number * 5e-324)).all()
    assert len(live.history._samples) <= 32
