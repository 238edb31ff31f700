"""Foot contact of motions whose contacts are known."""

import numpy as np
import pytest
from synthetic_body import ANKLE_HEIGHT, Stance, arms_overhead, body

from app.motion.arrays import grown
from app.motion.contact import foot_contacts

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
    assert (foot_contacts(world, fps) == truth).mean() > 0.88


def test_left_is_left() -> None:
    world, truth = steps(30.0)
    contacts = foot_contacts(world, 30.0)
    assert (contacts[:, LEFT] == truth[:, LEFT]).mean() > (contacts[:, LEFT] == truth[:, RIGHT]).mean() + 0.3


def test_a_floor_that_is_not_level_and_some_noise_change_little() -> None:
    world, truth = steps(30.0, slope=0.1, noise=0.004)
    assert (foot_contacts(world, 30.0) == truth).mean() > 0.85


def test_standing_still_is_contact_all_the_time_and_a_jump_is_none() -> None:
    height = np.zeros(90)
    height[40:55] = 0.4 * np.sin(np.linspace(0, np.pi, 15))
    world = arms_overhead(90)
    world[..., 2] += height[:, None]
    contacts = foot_contacts(world, 30.0)
    assert contacts[:37].all()
    assert contacts[58:].all()
    assert not contacts[42:53].any()


def test_a_foot_held_up_does_not_stand() -> None:
    world = body(Stance(heading=180, left_thigh=60, left_knee=90), 60)
    contacts = foot_contacts(world, 30.0)
    assert contacts[:, RIGHT].all()
    assert not contacts[:, LEFT].any()


def test_a_foot_that_slides_fast_over_the_floor_does_not_stand() -> None:
    world = arms_overhead(60)
    world[..., 1] += np.linspace(0, 4, 60)[:, None]  # 2 m/s on skates
    assert not foot_contacts(world, 30.0).any()


def test_frames_in_which_nobody_was_seen_have_no_contact_and_disturb_no_others() -> None:
    world = arms_overhead(60)
    world[20:30] = np.nan
    world[:2] = np.nan
    contacts = foot_contacts(world, 30.0)
    seen = np.isfinite(world).all(axis=(1, 2))
    np.testing.assert_array_equal(contacts, np.stack((seen, seen), axis=1))
    assert not foot_contacts(np.full((9, 17, 3), np.nan), 30.0).any()
    assert foot_contacts(np.zeros((0, 17, 3)), 30.0).shape == (0, 2)


def test_hysteresis_keeps_the_runs_that_hold_a_sure_frame() -> None:
    possible = np.array([1, 1, 0, 1, 1, 1, 0, 0], dtype=bool)
    sure = np.array([0, 0, 0, 0, 1, 0, 0, 1], dtype=bool)
    assert grown(sure, possible).astype(int).tolist() == [0, 0, 0, 1, 1, 1, 0, 1]
