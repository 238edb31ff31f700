"""Up, floor and scale of the world, from the motion itself, for cameras that do not stand level."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_body import (
    ANKLE_HEIGHT,
    FOREARM,
    IMAGE_SIZE,
    STANDING_HIP,
    TORSO,
    UPPER_ARM,
    Stance,
    arms_overhead,
    body,
    lying_down,
    to_camera,
    turn_around,
    walk,
)

from app.motion import reconstruct_motion, reconstruct_people
from app.motion.contact import IN_CONTACT
from app.motion.gravity import NOBODY_UPRIGHT, PRIOR_PITCH, up_vector
from app.motion.root import pinhole, project
from app.motion.world import camera_to_world, find_floor, level_axes
from app.settings import Settings

FPS = 30.0
UNLOCKED = Settings(foot_lock="never")


def tilted(
    world: np.ndarray, pitch: float, roll: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pose, keypoints, scores and the hip in camera space of a camera that is turned about the person's middle."""
    p, r = np.radians([pitch, roll])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    level = to_camera(world)
    middle = level.reshape(-1, 3).mean(axis=0)
    absolute = (level - middle) @ (about_z @ about_x).T + [0, 0, 5.0]
    root = absolute[:, 0]
    return absolute - root[:, None], project(absolute, pinhole(IMAGE_SIZE)), np.ones(world.shape[:2]), root


def tilt(up: np.ndarray, pitch: float, roll: float) -> float:
    return float(np.degrees(np.arccos(np.clip(up @ up_vector(pitch, roll), -1, 1))))


def sitting(frames: int) -> np.ndarray:
    """On a chair, facing the camera a little from the side."""
    return body(
        Stance(heading=150, hip=(0, 4, 0.55), left_thigh=88, right_thigh=88, left_knee=85, right_knee=85),
        frames,
    )


def climbing(steps: int, rise: float, tread: float = 0.28, frames: int = 18) -> np.ndarray:
    """Sideways to the camera up a flight of stairs, one foot planted at a time."""
    count = steps * frames
    time = np.arange(count) / frames
    hip = np.stack([-1.0 + tread * time, np.full(count, 5.0), STANDING_HIP - 0.06 + rise * time], axis=-1)
    motion = body(Stance(heading=-90, hip=hip), count)
    for foot, (knee, ankle) in enumerate(((5, 6), (2, 3))):
        step = 2 * np.floor((time + foot) / 2) - foot
        part = np.clip(((time + foot) % 2) - 1, 0, 1)  # stands for one step, swings for the next
        place = step + 2 * (3 * part**2 - 2 * part**3)
        target = np.stack(
            [-1.0 + tread * (place + 0.5), motion[:, ankle, 1], ANKLE_HEIGHT + rise * (place + 0.5)], axis=-1
        )
        motion[:, ankle] = target
        motion[:, knee] = (motion[:, knee - 1] + target) / 2 + [0.12, 0, 0]
    return motion


@pytest.mark.parametrize("pitch", [-20.0, 0.0, 20.0, 40.0])
@pytest.mark.parametrize("roll", [0.0, 4.0])
@pytest.mark.parametrize(
    "world", [walk(120, FPS, 90.0), walk(90, FPS, 150.0), turn_around(120), arms_overhead(90)],
    ids=["walk across", "walk towards", "turn", "stand"],
)  # fmt: skip
def test_the_world_stands_upright_however_the_camera_looks(
    world: np.ndarray, pitch: float, roll: float
) -> None:
    pose, keypoints, scores, _ = tilted(world, pitch, roll)
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    assert tilt(result.gravity.up, pitch, roll) < 4
    gravity = result.report["gravity"]
    assert abs(gravity["pitch_degrees"] - pitch) < 2 * gravity["pitch_deviation_degrees"]
    assert abs(gravity["roll_degrees"] - roll) < 3 * gravity["roll_deviation_degrees"]
    standing = result.world[:, 8] - result.world[:, [3, 6]].mean(axis=1)
    lean = np.degrees(np.arccos(standing[:, 2] / np.linalg.norm(standing, axis=1)))
    assert np.median(lean) < 8


def test_y_leads_away_from_a_camera_that_looks_down() -> None:
    world = walk(90, FPS, 0.0)  # away
    pose, keypoints, scores, _ = tilted(world, 40.0)
    moved = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS, UNLOCKED).world[:, 0]
    way = moved[-1] - moved[0]
    assert way[1] == pytest.approx(world[-1, 0, 1] - world[0, 0, 1], rel=0.03)
    assert abs(way[0]) < 0.05
    assert abs(way[2]) < 0.2


def test_a_given_pitch_is_believed() -> None:
    pose, keypoints, scores, _ = tilted(turn_around(60), 0.0)
    settings = Settings(camera_pitch_degrees=15.0)
    gravity = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS, settings).gravity
    assert gravity.pitch == pytest.approx(15.0, abs=1.0)
    assert gravity.report["pitch_given_degrees"] == 15.0


def test_of_somebody_who_lies_all_the_time_the_usual_pitch_is_assumed_and_said() -> None:
    lying = np.repeat(lying_down(30)[-1:], 60, axis=0)
    pose, keypoints, scores, _ = tilted(lying, 0.0)
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    assert result.report["gravity"]["bodies"] == NOBODY_UPRIGHT
    assert abs(result.gravity.pitch - PRIOR_PITCH) < 10
    assert result.gravity.pitch_deviation > 10
    assert np.isfinite(result.world).all()


def test_lying_at_the_end_does_not_turn_the_world() -> None:
    fall = lying_down(45)
    clip = np.concatenate((np.repeat(fall[:1], 45, axis=0), fall, np.repeat(fall[-1:], 60, axis=0)))
    pose, keypoints, scores, _ = tilted(clip, 20.0)
    assert tilt(reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS).gravity.up, 20.0, 0.0) < 6


def test_who_sits_all_the_time_is_upright_by_the_trunk_with_a_larger_uncertainty() -> None:
    pose, keypoints, scores, _ = tilted(sitting(60), 15.0)
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    assert "trunk" in result.report["gravity"]["bodies"][0]
    assert tilt(result.gravity.up, 15.0, 0.0) < 6
    assert result.gravity.pitch_deviation > 6
    assert result.world[:, 0, 2].mean() == pytest.approx(0.55, abs=0.12)


def test_stairs_do_not_tilt_the_world_and_are_climbed() -> None:
    world = climbing(steps=8, rise=0.17)
    pose, keypoints, scores, _ = tilted(world, 10.0)
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    assert tilt(result.gravity.up, 10.0, 0.0) < 6
    climbed = result.world[-1, 0, 2] - result.world[0, 0, 2]
    assert climbed == pytest.approx(world[-1, 0, 2] - world[0, 0, 2], abs=0.25)


def test_a_jump_keeps_its_height() -> None:
    frames, up = 90, np.zeros(90)
    flight = np.linspace(0, 1, 16)
    up[40:56] = 4 * 0.4 * flight * (1 - flight)
    hip = np.stack([np.zeros(frames), np.full(frames, 4.0), STANDING_HIP + up], axis=-1)
    pose, keypoints, scores, _ = tilted(
        body(Stance(heading=160, hip=hip, left_knee=2, right_knee=2), frames), 10.0
    )
    world = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS).world
    assert np.ptp(world[:, 0, 2]) == pytest.approx(0.4, abs=0.06)
    assert np.ptp(world[:30, 0, 2]) < 0.02


def test_who_never_stands_has_a_floor_and_it_is_said_that_no_foot_stood() -> None:
    frames = 60
    swing = np.sin(2 * np.pi * 1.1 * np.arange(frames) / FPS)
    hip = np.stack([1.2 * swing, np.full(frames, 5.0), np.full(frames, 2.0)], axis=-1)  # hanging from a rope
    pose, keypoints, scores, _ = tilted(body(Stance(hip=hip), frames), 0.0)
    scores[:, [3, 6]] = 0.0
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    assert "no foot" in result.report["floor"]["from"]
    assert result.report["floor"]["spread_m"] is None
    assert np.isfinite(result.world).all()


ARMS_UP = {"left_arm_raise": 175, "right_arm_raise": 175, "left_elbow": 5, "right_elbow": 5}
ARMS_DOWN: dict[str, float] = {}


def hanging(frames: int, swing_m: float, arms: dict[str, float]) -> np.ndarray:
    """(F, 17, 3) a body that hangs 0.8 m above the floor, feet in view, and swings about a bar above it."""
    reach = TORSO + UPPER_ARM + FOREARM
    angle = swing_m / reach * np.sin(2 * np.pi * 0.45 * np.arange(frames) / FPS)
    hip = np.stack(
        [reach * np.sin(angle), np.full(frames, 5.0), STANDING_HIP + 0.8 + reach * (1 - np.cos(angle))],
        axis=-1,
    )
    upright = body(Stance(heading=180, hip=(0.0, 0.0, 0.0), left_knee=3, right_knee=3, **arms), frames)
    turned = Rotation.from_euler("y", -angle).as_matrix()
    return np.einsum("fij,fkj->fki", turned, upright) + hip[:, None]


@pytest.mark.parametrize("swing_m", [0.0, 0.3])
def test_feet_in_view_of_who_hangs_by_the_hands_are_not_known_to_stand(swing_m: float) -> None:
    pose, keypoints, scores, _ = tilted(hanging(120, swing_m, ARMS_UP), 0.0)
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    assert not (result.contacts == IN_CONTACT).any()
    assert "no foot" in result.report["floor"]["from"]
    feet = result.report["feet"]
    assert feet["frames_hands_may_hold"] == 120
    assert feet["lock"]["largest_move_mm"] == 0


@pytest.mark.parametrize(("swing_m", "share"), [(0.0, 1.0), (0.3, 0.2)])
def test_who_hangs_by_something_else_than_the_hands_is_taken_to_stand(swing_m: float, share: float) -> None:
    """Joints alone do not tell a harness from a floor: what docs/motion.md says of it is what happens."""
    pose, keypoints, scores, _ = tilted(hanging(120, swing_m, ARMS_DOWN), 0.0)
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    assert (result.contacts == IN_CONTACT).mean() == pytest.approx(share, abs=0.1)
    assert "contacts, less" in result.report["floor"]["from"]
    assert result.report["feet"]["frames_hands_may_hold"] == 0


def test_one_frame_has_a_world_and_says_how_unsure_it_is() -> None:
    pose, keypoints, scores, _ = tilted(turn_around(60)[:1], 25.0)
    result = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    assert np.isfinite(result.world).all()
    assert tilt(result.gravity.up, 25.0, 0.0) < 8
    assert result.gravity.pitch_deviation > 5


def test_persons_of_one_video_share_up_and_origin() -> None:
    first, second = walk(90, FPS, 90.0), walk(90, FPS, 90.0) + np.array([0.4, 0.9, 0.0])
    both = [part for world in (first, second) for part in (world,)]
    pose, keypoints, scores, _ = (
        part.reshape(2, 90, *part.shape[1:]) for part in tilted(np.concatenate(both), 25.0)
    )
    results = reconstruct_people(pose, keypoints, scores, IMAGE_SIZE, FPS, UNLOCKED)
    np.testing.assert_array_equal(results[0].gravity.up, results[1].gravity.up)
    apart = results[1].world[:, 0] - results[0].world[:, 0]
    np.testing.assert_allclose(apart[:, :2], np.tile([0.4, 0.9], (90, 1)), atol=0.08)


@pytest.mark.parametrize("truth", [0.65, 0.9, 1.1])
def test_who_stands_on_the_same_floor_gets_the_size_from_it(truth: float) -> None:
    adult = turn_around(90)
    other = (turn_around(90) - [0, 4, 0]) * truth + [
        1.2,
        4.3,
        0,
    ]  # a child, or a taller one, on the same floor
    pose, keypoints, scores, _ = (
        part.reshape(2, 90, *part.shape[1:]) for part in tilted(np.concatenate((adult, other)), 15.0)
    )
    pose[1] /= truth  # the lifter answers for an adult of usual size
    results = reconstruct_people(pose, keypoints, scores, IMAGE_SIZE, FPS)
    heights = [result.report["body"]["height_m"] for result in results]
    assert heights[1] / heights[0] == pytest.approx(truth, abs=0.06)
    assert "floor" in results[1].report["body"]["scale_from"]
    apart = np.linalg.norm((results[1].world - results[0].world)[:, 0, :2], axis=1)
    assert np.median(apart) == pytest.approx(np.hypot(1.2, 0.3), abs=0.15)


def test_who_stands_elsewhere_keeps_the_lifters_size() -> None:
    on_stage = turn_around(90) + np.array([1.2, 0.5, 1.3])
    pose, keypoints, scores, _ = (
        part.reshape(2, 90, *part.shape[1:])
        for part in tilted(np.concatenate((turn_around(90), on_stage)), 15.0)
    )
    results = reconstruct_people(pose, keypoints, scores, IMAGE_SIZE, FPS)
    assert results[1].report["body"]["scale"] == 1.0


def test_the_floor_is_moved_by_hand() -> None:
    pose, keypoints, scores, _ = tilted(turn_around(60), 0.0)
    usual = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS, UNLOCKED)
    moved = reconstruct_motion(
        pose, keypoints, scores, IMAGE_SIZE, FPS, Settings(foot_lock="never", floor_offset_m=0.1)
    )
    np.testing.assert_allclose(moved.world, usual.world - [0, 0, 0.1], atol=1e-9)
    assert moved.report["floor"]["moved_by_hand_m"] == 0.1


@pytest.mark.parametrize(
    "lost", [[2, 3, 5, 6], [9, 10, 11, 12, 13, 14, 15, 16]], ids=["legs", "head and arms"]
)
def test_joints_that_drop_out_do_not_make_the_trajectory_jump(lost: list[int]) -> None:
    random = np.random.default_rng(3)
    pose, keypoints, scores, root = tilted(walk(120, FPS, 90.0), 10.0)
    pose = pose + np.repeat(
        random.normal(0, 0.04, (1, 17, 3)), 120, axis=0
    )  # a lifter's error stays for a while
    pose -= pose[:, :1]
    scores[45:75, lost] = 0.0
    found = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS, UNLOCKED).root_camera
    step = np.linalg.norm(np.diff(found - root, axis=0), axis=1)
    assert step.max() < 0.02
    drift = np.linalg.norm(found - root - (found - root).mean(axis=0), axis=1)
    assert drift.max() < 0.15


def test_how_sure_the_scale_is_depends_on_whether_the_height_is_known() -> None:
    pose, keypoints, scores, _ = tilted(turn_around(30), 0.0)
    guessed, told = (
        reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS, Settings(height_m=height)).report["body"]
        for height in (None, 1.8)
    )
    assert guessed["scale_uncertainty"] > 2 * told["scale_uncertainty"] > 0


@pytest.mark.parametrize("pitch", [-90.0, -60.0, 0.0, 45.0, 90.0])
def test_camera_to_world_is_a_rotation_that_puts_up_on_top(pitch: float) -> None:
    up = up_vector(pitch, 7.0)
    rotation = camera_to_world(up)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    np.testing.assert_allclose(rotation @ up, [0, 0, 1], atol=1e-12)


def test_a_level_camera_only_swaps_axes() -> None:
    np.testing.assert_allclose(level_axes(np.array([1.0, 2.0, 3.0])), [1.0, 3.0, -2.0], atol=1e-12)


def test_the_floor_is_the_lowest_level_that_feet_stand_on() -> None:
    joints = np.zeros((90, 17, 3))
    joints[:, [3, 6], 2] = 0.08
    joints[30:60, [3, 6], 2] = 0.55  # on a box
    contacts = np.ones((90, 2), dtype=np.int8)
    contacts[[29, 30, 59, 60]] = 0
    joints[70:72, 3, 2] = -0.3  # two bad frames
    assert find_floor(joints, contacts, 0.08).height == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("seconds", [0.1, 0.9])
def test_one_false_contact_below_the_floor_does_not_move_it(seconds: float) -> None:
    stop = 150 + round(seconds * 30)
    joints = np.zeros((200, 17, 3))
    joints[:, [3, 6], 2] = 0.08
    joints[150:stop, 3, 2] = -0.12
    contacts = np.zeros((200, 2), dtype=np.int8)
    contacts[10:120], contacts[150:stop, 1] = 1, 1
    assert find_floor(joints, contacts, 0.08).height == pytest.approx(0.0, abs=0.01)


def test_a_single_long_contact_is_the_floor() -> None:
    joints = np.zeros((60, 17, 3))
    joints[:, 3, 2], joints[:, 6, 2] = 0.08, 0.5  # the left foot is on a chair
    assert find_floor(joints, np.ones((60, 2), dtype=np.int8), 0.08).height == pytest.approx(0.0, abs=0.01)


def test_a_contact_by_hand_over_frames_in_which_nobody_is_seen_counts_where_somebody_is() -> None:
    joints = np.zeros((60, 17, 3))
    joints[:, [3, 6], 2] = 0.08
    joints[20:30] = np.nan
    contacts = np.zeros((60, 2), dtype=np.int8)
    contacts[10:40, 0] = 1
    floor = find_floor(joints, contacts, 0.08)
    assert floor.height == pytest.approx(0.0, abs=1e-9)
    assert floor.found_from == "2 of 2 contacts"
    contacts[:] = 0
    contacts[20:30] = 1
    assert find_floor(joints, contacts, 0.08).spread is None
