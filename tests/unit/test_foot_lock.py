"""Foot lock: feet stand, the rest hardly changes, bones keep their lengths, nothing snaps."""

import numpy as np
import pytest
from stepping_body import LEGS, stepping
from synthetic_body import ANKLE_HEIGHT, Stance, arms_overhead, body

from app.errors import StudioError
from app.motion.contact import UNKNOWN, find_contacts, slide_speed
from app.motion.foot_lock import FULL_STRETCH, MODES, check_mode, lock_feet
from stcformer.skeleton import PARENTS

CAMERA = np.array([0.0, 0.0, 1.4])
FPS = 30.0
LEFT, RIGHT = 0, 1
LEFT_ANKLE, RIGHT_ANKLE = 6, 3


def drifting(world: np.ndarray, fps: float, metres: float = 0.08) -> np.ndarray:
    """The motion with a root that wanders slowly, most of all in depth, as one camera sees it."""
    time = np.arange(len(world)) / fps
    wander = metres * np.sin(2 * np.pi * 0.7 * time + 1.0)
    return np.asarray(world + wander[:, None, None] * [0.15, 1.0, 0.1])


def stands(truth: np.ndarray) -> np.ndarray:
    return truth.astype(np.int8)


def bones(world: np.ndarray) -> np.ndarray:
    return np.linalg.norm(world[:, 1:] - world[:, list(PARENTS[1:])], axis=-1)


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
@pytest.mark.parametrize("mode", ["auto", "always"])
def test_standing_feet_slide_less_than_20_mm_a_second(fps: float, mode: str) -> None:
    world, truth = stepping(5.0, fps)
    seen = drifting(world, fps)
    lock = lock_feet(seen, stands(truth), fps, mode=mode, camera=CAMERA)
    before, after = slide_speed(seen, stands(truth), fps), slide_speed(lock.world, stands(truth), fps)
    assert before is not None
    assert after is not None
    assert before > 0.15
    assert after < 0.02
    assert lock.report["slide_after_mm_s"] == pytest.approx(1000 * after, abs=0.1)


def test_each_contact_is_at_one_place_and_height() -> None:
    world, truth = stepping(5.0, FPS)
    lock = lock_feet(drifting(world, FPS), stands(truth), FPS, camera=CAMERA)
    for foot, (_, _, ankle) in enumerate(LEGS):
        for start, stop in lock.report["intervals"]["left" if foot == LEFT else "right"]:
            assert np.ptp(lock.world[start:stop, ankle, :2], axis=0).max() < 0.015
            assert np.abs(lock.world[start:stop, ankle, 2] - ANKLE_HEIGHT).max() < 0.015


def test_the_joints_come_nearer_to_the_truth() -> None:
    world, truth = stepping(5.0, FPS)
    seen = drifting(world, FPS)
    lock = lock_feet(seen, stands(truth), FPS, camera=CAMERA)

    def error(joints: np.ndarray) -> float:
        off = joints - world
        return float(np.linalg.norm(off - off.mean(axis=(0, 1)), axis=-1).mean())

    assert error(lock.world) < 0.75 * error(seen)


def test_bones_keep_their_lengths() -> None:
    world, truth = stepping(5.0, FPS)
    seen = drifting(world, FPS)
    lock = lock_feet(seen, stands(truth), FPS, camera=CAMERA)
    np.testing.assert_allclose(bones(lock.world), bones(seen), atol=1e-6)


def test_nothing_snaps_where_a_contact_begins_or_ends() -> None:
    world, truth = stepping(5.0, FPS)
    seen = drifting(world, FPS)
    lock = lock_feet(seen, stands(truth), FPS, camera=CAMERA)
    moved = lock.world - seen
    jumps = np.linalg.norm(np.diff(moved, axis=0), axis=-1) * FPS
    fastest = np.linalg.norm(np.diff(seen, axis=0), axis=-1).max() * FPS
    assert jumps.max() < 0.25 * fastest
    assert np.linalg.norm(np.diff(moved[:, 0], 2, axis=0), axis=-1).max() * FPS**2 < 5.0


def test_knees_do_not_bend_the_other_way() -> None:
    world, truth = stepping(5.0, FPS)
    lock = lock_feet(drifting(world, FPS), stands(truth), FPS, camera=CAMERA)
    for hip, knee, ankle in LEGS:
        middle = (lock.world[:, hip] + lock.world[:, ankle]) / 2
        assert (lock.world[:, knee, 1] > middle[:, 1]).all()  # the person walks towards +y


def test_no_leg_is_stretched_beyond_its_length() -> None:
    world, truth = stepping(5.0, FPS)
    seen = drifting(world, FPS)
    seen[:, :, 2] += 0.1 * np.sin(np.arange(len(seen)) / 9)[:, None]  # bobs by more than straight legs allow
    lock = lock_feet(seen, stands(truth), FPS, mode="always", camera=CAMERA)
    for hip, knee, ankle in LEGS:
        length = np.linalg.norm(seen[:, knee] - seen[:, hip], axis=1) + np.linalg.norm(
            seen[:, ankle] - seen[:, knee], axis=1
        )
        reach = np.linalg.norm(lock.world[:, ankle] - lock.world[:, hip], axis=1)
        was = np.linalg.norm(seen[:, ankle] - seen[:, hip], axis=1)
        assert (reach <= np.maximum(FULL_STRETCH * length, was) + 2e-3).all()


def test_a_jump_is_kept() -> None:
    height = np.zeros(90)
    height[40:58] = 0.4 * np.sin(np.linspace(0, np.pi, 18))
    world = body(Stance(heading=180, left_knee=20, right_knee=20), 90)
    world[..., 2] += height[:, None]
    contacts = find_contacts(world, FPS, camera=CAMERA)
    lock = lock_feet(world, contacts, FPS, camera=CAMERA)
    assert np.ptp(lock.world[:, LEFT_ANKLE, 2]) == pytest.approx(0.4, abs=0.03)
    assert np.abs(lock.world[:, 0] - world[:, 0]).max() < 0.03


def test_stairs_stay_stairs() -> None:
    world, truth = stepping(6.0, FPS, step_m=0.08)
    lock = lock_feet(drifting(world, FPS), stands(truth), FPS, camera=CAMERA)
    climbed = lock.world[-1, 0, 2] - lock.world[0, 0, 2]
    assert climbed == pytest.approx(world[-1, 0, 2] - world[0, 0, 2], abs=0.06)


def test_never_changes_nothing_and_says_what_slides() -> None:
    world, truth = stepping(2.0, FPS)
    seen = drifting(world, FPS)
    lock = lock_feet(seen, stands(truth), FPS, mode="never")
    np.testing.assert_array_equal(lock.world, seen)
    assert not lock.held.any()
    assert lock.report["slide_after_mm_s"] == lock.report["slide_before_mm_s"] > 100
    assert lock.report["largest_move_mm"] == 0


def test_automatic_does_not_believe_a_contact_that_would_tear_the_leg_out() -> None:
    world = arms_overhead(90)
    world[:, :, 0] += np.linspace(0, 4, 90)[:, None]  # 1.3 m/s on skates
    contacts = np.ones((90, 2), dtype=np.int8)
    kept = lock_feet(world, contacts, FPS, mode="auto", camera=CAMERA)
    np.testing.assert_array_equal(kept.world, world)
    assert kept.report["not_believed"] == 2
    forced = lock_feet(world, contacts, FPS, mode="auto", camera=CAMERA, chosen=contacts)
    assert forced.held.all()


def test_a_foot_that_is_not_known_for_a_moment_stands_on() -> None:
    world, truth = stepping(3.0, FPS)
    contacts = stands(truth)
    start, stop = 32, 36
    assert contacts[start - 2 : stop + 2, LEFT].all()
    contacts[start:stop, LEFT] = UNKNOWN
    assert lock_feet(world, contacts, FPS, camera=CAMERA).held[start:stop, LEFT].all()
    contacts[start - 1 : stop + 12, LEFT] = UNKNOWN
    assert not lock_feet(world, contacts, FPS, camera=CAMERA).held[start:stop, LEFT].any()


def test_frames_without_anybody_stay_empty_and_disturb_no_others() -> None:
    world, truth = stepping(4.0, FPS)
    seen = drifting(world, FPS)
    seen[50:60] = np.nan
    lock = lock_feet(seen, stands(truth), FPS, camera=CAMERA)
    np.testing.assert_array_equal(np.isnan(lock.world), np.isnan(seen))
    assert not lock.held[50:60].any()
    changed = seen.copy()
    changed[60:] += [0.05, 0.0, 0.0]
    np.testing.assert_allclose(
        lock_feet(changed, stands(truth), FPS, camera=CAMERA).world[:50], lock.world[:50], atol=1e-9
    )


@pytest.mark.parametrize("frames", [0, 1, 2, 3])
@pytest.mark.parametrize("mode", MODES)
def test_very_short_clips_are_fine(frames: int, mode: str) -> None:
    world = arms_overhead(3)[:frames]
    lock = lock_feet(world, np.ones((frames, 2), dtype=np.int8), FPS, mode=mode, camera=CAMERA)
    assert lock.world.shape == (frames, 17, 3)
    assert np.isfinite(lock.world).all()


def test_an_unknown_mode_names_the_known_ones() -> None:
    with pytest.raises(StudioError, match="auto, always, never"):
        check_mode("glue")
