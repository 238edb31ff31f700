"""Foot contact of motions whose contacts are known."""

import numpy as np
import pytest
from stepping_body import stepping
from synthetic_body import ANKLE_HEIGHT, Stance, arms_overhead, body

from app.motion.arrays import grown
from app.motion.contact import (
    IN_CONTACT,
    IN_THE_AIR,
    UNKNOWN,
    contact_intervals,
    find_contacts,
    slide_speed,
    visible_feet,
    with_chosen,
)
from app.motion.foot_speeds import foot_speeds

LEFT, RIGHT = 0, 1
LEFT_ANKLE, RIGHT_ANKLE = 6, 3


def steps(fps: float, *, slope: float = 0.0, noise: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """A body whose feet take turns: 0.6 s on the floor, 0.4 s through the air by 0.8 m; and who stands, (F, 2)."""
    frames = round(4 * fps)
    time = np.arange(frames) / fps
    world, truth = np.repeat(arms_overhead(1), frames, axis=0), np.zeros((frames, 2), dtype=bool)
    for foot, (ankle, shift) in enumerate(((LEFT_ANKLE, 0.0), (RIGHT_ANKLE, 0.5))):
        cycle = (time + shift) % 1.0
        swing = np.clip((cycle - 0.6) / 0.4, 0, 1)
        forward = 0.8 * (np.floor(time + shift) + (1 - np.cos(np.pi * swing)) / 2)
        lift = 0.2 * np.sin(np.pi * swing)
        world[:, ankle] = np.stack(
            (np.full(frames, 0.1 - 0.2 * foot), forward, ANKLE_HEIGHT + lift + slope * forward), axis=-1
        )
        truth[:, foot] = swing == 0
    return world + np.random.default_rng(0).normal(0, noise, world.shape), truth


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0, 120.0])
def test_steps_are_found_at_any_frame_rate(fps: float) -> None:
    world, truth = steps(fps)
    assert (find_contacts(world, fps) == truth).mean() > 0.88


def test_left_is_left() -> None:
    world, truth = steps(30.0)
    contacts = find_contacts(world, 30.0)
    assert (contacts[:, LEFT] == truth[:, LEFT]).mean() > (contacts[:, LEFT] == truth[:, RIGHT]).mean() + 0.3


def test_a_floor_that_is_not_level_and_some_noise_change_little() -> None:
    world, truth = steps(30.0, slope=0.1, noise=0.004)
    assert (find_contacts(world, 30.0) == truth).mean() > 0.85


def test_standing_still_is_contact_all_the_time_and_a_jump_is_none() -> None:
    height = np.zeros(90)
    height[40:55] = 0.4 * np.sin(np.linspace(0, np.pi, 15))
    world = arms_overhead(90)
    world[..., 2] += height[:, None]
    contacts = find_contacts(world, 30.0)
    assert (contacts[:37] == IN_CONTACT).all()
    assert (contacts[58:] == IN_CONTACT).all()
    assert (contacts[42:53] == IN_THE_AIR).all()


def test_a_foot_held_up_does_not_stand() -> None:
    world = body(Stance(heading=180, left_thigh=60, left_knee=90), 60)
    contacts = find_contacts(world, 30.0)
    assert (contacts[:, RIGHT] == IN_CONTACT).all()
    assert (contacts[:, LEFT] == IN_THE_AIR).all()


def test_a_foot_that_slides_fast_over_the_floor_does_not_stand() -> None:
    world = arms_overhead(60)
    world[..., 1] += np.linspace(0, 4, 60)[:, None]  # 2 m/s on skates
    assert not find_contacts(world, 30.0).any()


def test_frames_in_which_nobody_was_seen_are_unknown_and_disturb_no_others() -> None:
    world = arms_overhead(60)
    world[20:30] = np.nan
    world[:2] = np.nan
    contacts = find_contacts(world, 30.0)
    seen = np.isfinite(world).all(axis=(1, 2))
    assert (contacts[seen] == IN_CONTACT).all()
    assert (contacts[~seen] == UNKNOWN).all()
    assert contacts.dtype == np.int8
    assert (find_contacts(np.full((9, 17, 3), np.nan), 30.0) == UNKNOWN).all()
    assert find_contacts(np.zeros((0, 17, 3)), 30.0).shape == (0, 2)
    assert find_contacts(arms_overhead(1), 30.0).shape == (1, 2)


def test_a_foot_that_is_not_seen_is_unknown_and_the_other_is_not() -> None:
    keypoints, scores = np.full((10, 17, 2), 100.0), np.ones((10, 17))
    scores[2, LEFT_ANKLE] = 0.1  # a guess
    keypoints[3, LEFT_ANKLE] = 100, 481  # below the picture
    keypoints[4, LEFT_ANKLE] = np.nan
    bridged = np.arange(10) == 7
    visible = visible_feet(keypoints, scores, (640, 480), bridged)
    np.testing.assert_array_equal(np.flatnonzero(~visible[:, LEFT]), [2, 3, 4, 7])
    np.testing.assert_array_equal(np.flatnonzero(~visible[:, RIGHT]), [7])
    contacts = find_contacts(arms_overhead(10), 30.0, visible=visible)
    np.testing.assert_array_equal(contacts == IN_CONTACT, visible)
    np.testing.assert_array_equal(contacts == UNKNOWN, ~visible)


def test_stairs_are_stood_on() -> None:
    world, stands = stepping(6.0, 30.0, step_m=0.08)
    assert (find_contacts(world, 30.0) == stands).mean() > 0.9


def test_depth_that_wanders_is_no_step_when_the_camera_is_known() -> None:
    world = arms_overhead(120)  # stands 4 m away, straight ahead
    world[..., 1] += 0.2 * np.sin(np.arange(120) / 30 * 2 * np.pi * 0.6)[:, None]
    assert (find_contacts(world, 30.0, camera=np.array([0.0, 0.0, 1.4])) == IN_CONTACT).all()
    assert not (find_contacts(world, 30.0) == IN_CONTACT).all()


def test_what_was_chosen_by_hand_goes_before_what_was_found() -> None:
    found = np.array([[1, 0], [1, -1], [0, 1]], dtype=np.int8)
    chosen = np.array([[-1, 1], [0, 1], [-1, -1]], dtype=np.int8)
    np.testing.assert_array_equal(with_chosen(found, chosen), [[1, 1], [0, 1], [0, 1]])
    assert contact_intervals(with_chosen(found, None)) == [[(0, 2)], [(2, 3)]]


def test_the_slide_is_the_mean_sideways_speed_while_a_foot_stands() -> None:
    world = arms_overhead(31)
    world[:, LEFT_ANKLE, 0] += 0.3 * np.arange(31) / 30
    world[:, LEFT_ANKLE, 2] += 0.1 * np.arange(31) / 30  # upwards is no slide
    both = np.ones((31, 2), dtype=np.int8)
    assert slide_speed(world, both, 30.0) == pytest.approx(0.15)
    assert slide_speed(world, both * [1, 0], 30.0) == pytest.approx(0.3)
    assert slide_speed(world, 0 * both, 30.0) is None


def test_hysteresis_keeps_the_runs_that_hold_a_sure_frame() -> None:
    possible = np.array([1, 1, 0, 1, 1, 1, 0, 0], dtype=bool)
    sure = np.array([0, 0, 0, 0, 1, 0, 0, 1], dtype=bool)
    assert grown(sure, possible).astype(int).tolist() == [0, 0, 0, 1, 1, 1, 0, 1]


def test_a_foot_that_stays_in_the_picture_stands_though_its_ankle_trembles_in_depth() -> None:
    world = arms_overhead(60)
    world[:, LEFT_ANKLE, 1] += 0.05 * (np.arange(60) % 4 < 2)
    assert not (find_contacts(world, 30.0)[:, LEFT] == IN_CONTACT).all()
    still = np.full((60, 2), 0.05)
    assert (find_contacts(world, 30.0, feet_speed=still) == IN_CONTACT).all()
    still[30:, LEFT] = np.nan  # not seen: the ankle tells
    np.testing.assert_array_equal(
        find_contacts(world, 30.0, feet_speed=still)[40:], find_contacts(world, 30.0)[40:]
    )


def test_a_foot_that_moves_in_the_picture_stands_where_its_ankle_does_and_a_lifted_one_never() -> None:
    world = arms_overhead(60)
    assert (find_contacts(world, 30.0, feet_speed=np.full((60, 2), 2.0)) == IN_CONTACT).all()
    world[20:40, LEFT_ANKLE, 2] += 0.3
    lifted = find_contacts(world, 30.0, feet_speed=np.zeros((60, 2)))
    assert (lifted[20:40, LEFT] == IN_THE_AIR).all()


@pytest.mark.parametrize("fps", [25.0, 60.0])
def test_the_speed_of_feet_in_the_picture_is_in_metres_a_second(fps: float) -> None:
    frames = round(fps)
    feet = np.full((frames, 2, 2, 2), 300.0)
    feet[:, LEFT, :, 0] += 100 * np.arange(frames)[:, None] / fps
    feet[:, RIGHT, 0, 1] += 100 * np.arange(frames) / fps  # the heel alone
    depth = np.tile([4.0, 8.0], (frames, 1))
    speeds = foot_speeds(feet, np.ones((frames, 2, 2)), depth, 400.0, fps)
    np.testing.assert_allclose(speeds, np.tile([1.0, 1.0], (frames, 1)), atol=1e-9)


def test_a_foot_that_is_guessed_has_no_speed() -> None:
    scores = np.ones((10, 2, 2))
    scores[5, LEFT, 1] = 0.2
    feet = np.full((10, 2, 2, 2), 300.0)
    feet[2, RIGHT] = np.nan
    speeds = foot_speeds(feet, scores, np.full((10, 2), 4.0), 400.0, 30.0)
    assert np.flatnonzero(np.isnan(speeds[:, LEFT])).tolist() == [3, 7]
    assert np.flatnonzero(np.isnan(speeds[:, RIGHT])).tolist() == [0, 4]
    for frames in (0, 1):
        speeds = foot_speeds(feet[:frames], scores[:frames], np.full((frames, 2), 4.0), 400.0, 30.0)
        assert np.isnan(speeds).all()
        assert speeds.shape == (frames, 2)
