"""`reconstruct_motion`: bones, scale, root trajectory and world space of motions whose truth is known."""

import json
from dataclasses import replace

import numpy as np
import pytest
from synthetic_body import (
    ANKLE_HEIGHT,
    CAMERA_HEIGHT,
    IMAGE_SIZE,
    arms_overhead,
    lying_down,
    seen_by_camera,
    turn_around,
    walk,
)

from app.errors import StudioError
from app.motion import SMOOTHING_METHODS, MotionResult, reconstruct_motion
from app.motion.bones import body_height, bone_lengths, with_constant_bones
from app.motion.root import pinhole, root_trajectory
from app.settings import Settings
from stcformer.skeleton import PARENTS

FPS = 30.0


@pytest.mark.parametrize(
    "world",
    [walk(90, FPS), walk(90, FPS, 90.0), turn_around(90), arms_overhead(90), lying_down(60)],
    ids=["walk towards", "walk across", "turn", "arms overhead", "lying down"],
)
@pytest.mark.parametrize("fov_degrees", [None, 40.0])
def test_the_root_is_found_from_exact_keypoints_within_1_percent(
    world: np.ndarray, fov_degrees: float | None
) -> None:
    pose, keypoints, scores, root = seen_by_camera(world, fov_degrees)
    settings = Settings(fov_degrees=fov_degrees, foot_lock="never")
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS, settings)
    error = np.linalg.norm(result.root_camera - root, axis=1) / np.linalg.norm(root, axis=1)
    assert error.max() < 0.01


def test_the_root_stands_noise_and_wild_keypoints() -> None:
    random = np.random.default_rng(0)
    pose, keypoints, scores, root = seen_by_camera(walk(120, FPS))
    pose = pose + random.normal(0, 0.015, pose.shape)
    pose -= pose[:, :1]
    keypoints = keypoints + random.normal(0, 2, keypoints.shape)
    keypoints[random.random(scores.shape) < 0.04] += 150
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    assert np.abs(result.root_camera - root)[:, 2].mean() < 0.06
    assert np.abs(result.root_camera - root)[:, :2].mean() < 0.02


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
def test_a_walk_keeps_its_speed_at_any_frame_rate(fps: float) -> None:
    pose, keypoints, scores, _ = seen_by_camera(walk(int(3 * fps), fps))
    world = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, fps).world
    assert (world[-1, 0, 1] - world[0, 0, 1]) / ((len(world) - 1) / fps) == pytest.approx(-1.2, rel=0.01)


def test_the_world_is_upright_on_the_floor_under_the_first_hip() -> None:
    pose, keypoints, scores, _ = seen_by_camera(walk(90, FPS))
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    world = result.world
    assert (world[:, 10, 2] > world[:, 0, 2] + 0.5).all()
    assert (world[:, 0, 2] > world[:, [3, 6], 2].max(axis=1)).all()
    np.testing.assert_allclose(world[0, 0, :2], 0, atol=1e-9)
    assert np.percentile(world[:, [3, 6], 2].min(axis=1), 5) == pytest.approx(ANKLE_HEIGHT, abs=0.03)
    # The body made of numbers does not lean forward as people do: 2.5 degrees, 5 m away.
    assert result.report["floor"]["below_camera_m"] == pytest.approx(CAMERA_HEIGHT, abs=0.25)


def test_someone_who_faces_the_camera_has_his_left_hand_on_the_right_of_picture_and_world() -> None:
    pose, keypoints, scores, _ = seen_by_camera(arms_overhead(60))
    world = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS).world
    assert (keypoints[20:40, 13, 0] > keypoints[20:40, 16, 0] + 20).all()
    assert (world[20:40, 13, 0] > world[20:40, 16, 0] + 0.3).all()
    assert (world[:, 9, 1] < world[:, 8, 1]).all(), "the nose is on the camera's side"


def test_lying_down_ends_level() -> None:
    fall = lying_down(60)
    pose, keypoints, scores, _ = seen_by_camera(np.concatenate((np.repeat(fall[:1], 60, axis=0), fall)))
    world = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS).world
    assert world[0, 10, 2] - world[0, 0, 2] > 0.7
    assert abs(world[-1, 10, 2] - world[-1, 0, 2]) < 0.08


def test_the_given_height_sets_the_scale_of_everything() -> None:
    pose, keypoints, scores, root = seen_by_camera(walk(60, FPS))
    settings = Settings(foot_lock="never")  # which feet stand is judged in metres
    kept = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS, settings)
    settings = replace(settings, height_m=1.9)
    given = reconstruct_motion(0.8 * pose, keypoints, scores, IMAGE_SIZE, FPS, settings)
    ratio = 1.9 / kept.report["body"]["height_m"]
    assert kept.report["body"]["scale"] == 1.0
    assert given.report["body"]["height_m"] == pytest.approx(1.9)
    assert given.report["body"]["scale"] == pytest.approx(ratio / 0.8)
    np.testing.assert_allclose(given.camera, kept.camera * ratio, atol=1e-6)
    np.testing.assert_allclose(given.root_camera, root * ratio, rtol=0.01, atol=0.01)


def test_body_height_is_that_of_a_standing_person() -> None:
    world = arms_overhead(30)
    standing = np.median(world[:, 10, 2])
    assert body_height(world, bone_lengths(world)) == pytest.approx(standing, abs=0.02)


def test_bones_are_constant_equal_on_both_sides_and_the_pelvis_is_straight() -> None:
    noisy = walk(60, FPS) + np.random.default_rng(0).normal(0, 0.02, (60, 17, 3))
    lengths = bone_lengths(noisy)
    fixed = with_constant_bones(noisy, lengths)
    measured = np.linalg.norm(fixed[:, 1:] - fixed[:, PARENTS[1:]], axis=-1)
    np.testing.assert_allclose(measured, np.broadcast_to(lengths[1:], measured.shape), atol=1e-12)
    np.testing.assert_array_equal(lengths[[4, 5, 6, 11, 12, 13]], lengths[[1, 2, 3, 14, 15, 16]])
    np.testing.assert_allclose((fixed[:, 1] + fixed[:, 4]) / 2, fixed[:, 0], atol=1e-12)
    np.testing.assert_array_equal(fixed[:, 0], noisy[:, 0])


@pytest.mark.parametrize("smoothing", SMOOTHING_METHODS)
def test_bones_stay_constant_through_the_filter(smoothing: str) -> None:
    pose, keypoints, scores, _ = seen_by_camera(walk(60, FPS))
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS, Settings(smoothing=smoothing))
    measured = np.linalg.norm(result.world[:, 1:] - result.world[:, PARENTS[1:]], axis=-1)
    assert np.ptp(measured, axis=0).max() < 1e-9


def test_frames_in_which_nobody_was_seen_stay_nan_and_disturb_no_others() -> None:
    pose, keypoints, scores, root = seen_by_camera(walk(90, FPS))
    unseen = np.zeros(90, dtype=bool)
    unseen[:7] = unseen[30:60] = unseen[85:] = True
    pose[unseen], keypoints[unseen], scores[unseen] = np.nan, np.nan, 0
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    for array in (result.camera, result.world, result.root_camera):
        np.testing.assert_array_equal(np.isnan(array.reshape(90, -1)).any(axis=1), unseen)
        np.testing.assert_array_equal(np.isnan(array.reshape(90, -1)).all(axis=1), unseen)
    error = np.linalg.norm(result.root_camera - root, axis=1)[~unseen]
    assert error.max() < 0.01 * np.linalg.norm(root, axis=1).max()
    assert result.report["frames_seen"] == int((~unseen).sum())


def test_a_short_loss_of_keypoints_is_bridged_and_a_long_one_is_not() -> None:
    pose, keypoints, scores, root = seen_by_camera(walk(120, FPS))
    scores[20:30] = 0
    scores[60:90] = 0
    found = root_trajectory(pose, keypoints, scores, pinhole(IMAGE_SIZE), FPS)
    assert np.abs(found[20:30] - root[20:30]).max() < 0.05
    assert np.isnan(found[60:90]).all()
    assert np.isfinite(found[30:60]).all()


def test_half_hidden_persons_are_placed_by_the_joints_that_show() -> None:
    pose, keypoints, scores, root = seen_by_camera(walk(60, FPS))
    hidden = [1, 2, 3, 4, 5, 6]
    keypoints[:, hidden], scores[:, hidden] = np.nan, 0
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    assert (np.linalg.norm(result.root_camera - root, axis=1) < 0.01 * root[:, 2]).all()


def test_a_single_frame_is_enough() -> None:
    pose, keypoints, scores, root = seen_by_camera(walk(1, FPS))
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    np.testing.assert_allclose(result.root_camera, root, atol=0.01)
    assert np.isfinite(result.world).all()


@pytest.mark.parametrize("frames", [0, 1, 20])
def test_nobody_seen_at_all_gives_nan_and_says_so(frames: int) -> None:
    nothing = np.full((frames, 17, 3), np.nan)
    result = reconstruct_motion(nothing, nothing[..., :2], np.zeros((frames, 17)), IMAGE_SIZE, FPS)
    assert result.world.shape == (frames, 17, 3)
    assert np.isnan(result.world).all()
    assert np.isnan(result.root_camera).all()
    assert "nobody" in result.report["note"]


def test_a_pose_without_keypoints_keeps_its_shape_but_has_no_place() -> None:
    pose, keypoints, scores, _ = seen_by_camera(walk(20, FPS))
    result = reconstruct_motion(pose, np.full_like(keypoints, np.nan), 0.0 * scores, IMAGE_SIZE, FPS)
    assert np.isfinite(result.camera).all()
    assert np.isnan(result.world).all()
    assert "keypoints" in result.report["note"]


def test_two_persons_stand_where_they_stood_to_each_other() -> None:
    first, second = walk(60, FPS), walk(60, FPS) + np.array([1.0, 0.7, 0.0])
    results: list[MotionResult] = []
    for world in (first, second):
        pose, keypoints, scores, _ = seen_by_camera(world)
        beside = results[0] if results else None
        results.append(reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS, beside=beside))
    np.testing.assert_allclose(
        results[1].world[:, 0] - results[0].world[:, 0], np.tile([1.0, 0.7, 0.0], (60, 1)), atol=0.05
    )


def test_the_report_is_plain_json() -> None:
    pose, keypoints, scores, _ = seen_by_camera(walk(20, FPS))
    report = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS).report
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["camera"]["fov_from"] == "assumed"
    assert report["root"]["median_reprojection_error_px"] < 1


def test_the_inputs_are_not_changed() -> None:
    inputs = seen_by_camera(walk(20, FPS))[:3]
    copies = [array.copy() for array in inputs]
    reconstruct_motion(inputs[0], inputs[1], inputs[2], IMAGE_SIZE, FPS, Settings(height_m=1.8))
    for array, copy in zip(inputs, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"height_m": 175.0}, "metres"),
        ({"fov_degrees": 0.0}, "field of view"),
        ({"smoothing": "magic"}, "magic"),
        ({"camera_pitch_degrees": 100.0}, "pitch"),
        ({"floor_offset_m": float("nan")}, "floor"),
        ({"fps": 0.0}, "frame rate"),
    ],
)
def test_values_out_of_range_are_refused_in_one_sentence(changes: dict, word: str) -> None:
    pose, keypoints, scores, _ = seen_by_camera(walk(5, FPS))
    fps = changes.pop("fps", FPS)
    with pytest.raises(StudioError, match=word):
        reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, fps, Settings(**changes))
