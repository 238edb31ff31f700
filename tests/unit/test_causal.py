"""The motion stage that looks back only: smooth at rest, hardly late in motion, close to the whole clip's answer."""

import numpy as np
import pytest
from synthetic_body import ANKLE_HEIGHT, IMAGE_SIZE, arms_overhead, seen_by_camera, walk

from app.motion import reconstruct_motion
from app.motion.causal import CausalMotion, CausalPose, OneEuro, RunningDepth, RunningFloor
from app.motion.root import pinhole, project
from app.settings import Settings
from stcformer.skeleton import PARENTS

FPS = 30.0


def pushed(
    motion: CausalMotion, pose: np.ndarray, keypoints: np.ndarray, scores: np.ndarray, fps: float = FPS
) -> list[CausalPose]:
    times = 50 + np.arange(len(pose)) / fps
    return [motion.push(*frame) for frame in zip(pose, keypoints, scores, times, strict=True)]


def bones(camera: np.ndarray) -> np.ndarray:
    parents = np.maximum(PARENTS, 0)
    return np.linalg.norm(camera - camera[:, parents], axis=-1)[:, 1:]


def filtered(smoother: OneEuro, points: np.ndarray, times: np.ndarray) -> np.ndarray:
    return np.array([smoother.push(*sample) for sample in zip(points, times, strict=True)])


def test_the_filter_takes_most_of_the_noise_from_what_stands_still() -> None:
    noise = np.random.default_rng(0).normal(0, 0.005, (300, 17, 3))
    smooth = filtered(OneEuro(), noise, np.arange(300) / FPS)
    assert smooth[30:].std() < 0.6 * noise.std()


@pytest.mark.parametrize(("speed", "latest_s"), [(0.3, 0.06), (1.0, 0.025), (3.0, 0.01)])
def test_the_faster_a_point_moves_the_less_the_filter_is_late(speed: float, latest_s: float) -> None:
    times = np.arange(90) / FPS
    points = times[:, None, None] * np.array([speed, 0.0, 0.0])
    behind = points - filtered(OneEuro(), points, times)
    assert behind[60:, 0, 0].min() >= 0
    assert behind[60:, 0, 0].max() / speed < latest_s


def test_the_filter_does_not_know_the_axes() -> None:
    random = np.random.default_rng(1)
    points, times = random.normal(0, 0.1, (40, 17, 3)).cumsum(axis=0), np.arange(40) / FPS
    turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
    turned = filtered(OneEuro(), points @ turn.T, times)
    assert np.allclose(turned, filtered(OneEuro(), points, times) @ turn.T)


def test_the_filter_follows_irregular_times() -> None:
    """A ramp sampled at odd moments is late by about as much as one that is sampled evenly."""
    times = np.cumsum(np.random.default_rng(2).uniform(0.01, 0.06, 120))
    points = times[:, None, None] * np.array([1.0, 0.0, 0.0])
    behind = (points - filtered(OneEuro(), points, times))[60:, 0, 0]
    assert behind.min() > 0
    assert behind.max() < 0.04


def test_the_filter_begins_anew_after_a_reset() -> None:
    smoother = OneEuro()
    smoother.push(np.zeros((1, 3)), 1.0)
    smoother.reset()
    assert (smoother.push(np.ones((1, 3)), 0.5) == 1).all()


def test_time_that_does_not_rise_is_refused() -> None:
    smoother = OneEuro()
    smoother.push(np.zeros((1, 3)), 1.0)
    with pytest.raises(ValueError, match="came after"):
        smoother.push(np.zeros((1, 3)), 1.0)


def test_depth_is_less_noisy_than_its_measurements_and_not_late() -> None:
    random = np.random.default_rng(3)
    times = np.arange(150) / FPS
    truth = 5 - 1.2 * times
    depth = RunningDepth()
    found = [
        depth.push(value, 0.15, time)
        for value, time in zip(truth + random.normal(0, 0.15, 150), times, strict=True)
    ]
    error = (np.array(found) - truth)[60:]
    assert np.sqrt((error**2).mean()) < 0.09
    assert abs(error.mean()) < 0.03


def test_one_wild_depth_hardly_moves_it() -> None:
    depth = RunningDepth()
    for frame in range(60):
        depth.push(4.0, 0.05, frame / FPS)
    assert depth.push(9.0, 0.05, 60 / FPS) == pytest.approx(4.0, abs=0.2)


def test_the_floor_goes_to_the_lower_ankle_without_a_jump() -> None:
    floor = RunningFloor()
    level = np.zeros((17, 3))
    assert floor.push(level, 0.08, 0.0) == pytest.approx(-0.08)
    level[3, 2] = -0.4
    heights = [floor.push(level, 0.08, frame / FPS) for frame in range(1, 300)]
    assert np.abs(np.diff([-0.08, *heights])).max() < 0.03
    assert heights[-1] == pytest.approx(-0.48, abs=0.01)


def test_bones_keep_their_lengths() -> None:
    random = np.random.default_rng(4)
    pose, keypoints, scores, _ = seen_by_camera(walk(150, FPS, 90.0))
    pose = pose + random.normal(0, 0.02, pose.shape)
    pose -= pose[:, :1]
    camera = np.array([moved.camera for moved in pushed(CausalMotion(IMAGE_SIZE), pose, keypoints, scores)])
    assert bones(camera)[90:].std(axis=0).max() < 0.002
    assert bones(pose)[90:].std(axis=0).max() > 0.01
    assert (camera[:, 0] == 0).all()


def test_an_exact_walk_is_placed_as_the_whole_clip_places_it() -> None:
    world = walk(150, FPS, 90.0)
    pose, keypoints, scores, root = seen_by_camera(world)
    found = pushed(CausalMotion(IMAGE_SIZE), pose, keypoints, scores)
    whole = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    placed = np.array([moved.root_camera for moved in found])
    assert np.linalg.norm(placed - root, axis=1)[15:].max() < 0.06  # a filter's lag at 1.2 m/s
    joints = np.array([moved.camera + moved.root_camera for moved in found])
    joints_of_whole = whole.camera + whole.root_camera[:, None]
    assert np.linalg.norm(joints - joints_of_whole, axis=-1)[15:].max() < 0.12
    joints = np.array([moved.world for moved in found])
    assert np.abs(joints[60:, [3, 6], 2].min(axis=1) - ANKLE_HEIGHT).max() < 0.06


def test_a_camera_that_looks_down_by_a_given_pitch_has_an_upright_world() -> None:
    pose, keypoints, scores, _ = seen_by_camera(walk(60, FPS, 90.0))
    pitch = np.radians(30)
    turn = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    turned = pose @ turn.T
    keypoints = project(turned + np.array([0, 0, 5.0]), pinhole(IMAGE_SIZE))
    found = pushed(CausalMotion(IMAGE_SIZE, Settings(camera_pitch_degrees=30.0)), turned, keypoints, scores)
    trunk = found[-1].world[8] - found[-1].world[0]
    assert trunk[2] > 0.99 * np.linalg.norm(trunk)


def test_smoothing_can_be_left_out() -> None:
    pose, keypoints, scores, _ = seen_by_camera(arms_overhead(60))
    found = pushed(CausalMotion(IMAGE_SIZE, Settings(smoothing="none")), pose, keypoints, scores)
    assert np.abs(np.array([moved.camera for moved in found]) - pose).max() < 0.01


def test_a_given_height_sets_the_scale() -> None:
    pose, keypoints, scores, _ = seen_by_camera(walk(60, FPS))
    small, tall = (
        pushed(CausalMotion(IMAGE_SIZE, Settings(height_m=height)), pose, keypoints, scores)[-1]
        for height in (1.2, 1.8)
    )
    assert np.allclose(bones(tall.camera[None]), 1.5 * bones(small.camera[None]))
    assert tall.root_camera[2] == pytest.approx(1.5 * small.root_camera[2], rel=0.01)


def test_nobody_is_nan_and_the_next_one_is_not_dragged_along() -> None:
    pose, keypoints, scores, root = seen_by_camera(walk(90, FPS))
    pose[30:60], keypoints[30:60], scores[30:60] = np.nan, np.nan, 0
    keypoints[60:, :, 0] += 100
    found = pushed(CausalMotion(IMAGE_SIZE), pose, keypoints, scores)
    assert all(np.isnan(moved.world).all() and np.isnan(moved.camera).all() for moved in found[30:60])
    alone = CausalMotion(IMAGE_SIZE, Settings(smoothing="none"))
    expected = pushed(alone, pose[60:], keypoints[60:], scores[60:])[0]
    assert np.abs(found[60].root_camera - expected.root_camera).max() < 0.05
    assert root[60, 0] + 0.1 < found[60].root_camera[0]


def test_too_few_keypoints_keep_the_place_for_half_a_second_and_lose_it_then() -> None:
    pose, keypoints, scores, _ = seen_by_camera(walk(60, FPS))
    keypoints[30:, 5:], scores[30:, 5:] = np.nan, 0
    found = pushed(CausalMotion(IMAGE_SIZE), pose, keypoints, scores)
    assert (found[40].root_camera == found[29].root_camera).all()
    assert np.isfinite(found[40].world).all()
    assert np.isnan(found[59].root_camera).all()
    assert np.isnan(found[59].world).all()
    assert np.isfinite(found[59].camera).all()
