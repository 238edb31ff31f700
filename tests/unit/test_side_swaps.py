"""Left and right taken for each other: undone where a detector did so, and nowhere else."""

import numpy as np
import pytest
from synthetic_body import Stance, body, seen_by_camera, turn_around, walk

from app.rendered_evaluation import rendered_clips
from detectors.people.side_swaps import PARTS, SideSwap, exchange_feet, exchange_sides, undo_side_swaps
from stcformer.skeleton import MIRROR

FPS = 30.0
RNG_SEED = 5


def seen(world: np.ndarray, noise_px: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints and scores of a motion through a camera, with a detector's trembling."""
    rng = np.random.default_rng(RNG_SEED)
    keypoints = seen_by_camera(world)[1]
    return keypoints + rng.normal(0, noise_px, keypoints.shape), rng.uniform(0.7, 1, keypoints.shape[:2])


def across(frames: int) -> np.ndarray:
    """A walk across the picture: legs and arms pass each other all the time."""
    steps = walk(frames, FPS, heading=-90)
    return steps - steps[:, :1].mean(axis=0) + [0, 5, 0.95]


MOTIONS = {
    "turning round": turn_around(90),
    "walking across": across(120),
    "walking up": walk(60, FPS),
    "standing": body(Stance(heading=150, hip=(0, 4, 0.93)), 40),
}


@pytest.mark.parametrize("name", MOTIONS)
def test_who_truly_turns_and_walks_is_left_alone(name: str) -> None:
    keypoints, scores = seen(MOTIONS[name])
    found, found_scores, swaps = undo_side_swaps(keypoints, scores, FPS)
    assert swaps == ()
    np.testing.assert_array_equal(found, keypoints)
    np.testing.assert_array_equal(found_scores, scores)


@pytest.mark.parametrize("clip", rendered_clips(), ids=lambda clip: clip.name)
def test_the_truth_of_real_motion_is_left_alone(clip) -> None:  # type: ignore[no-untyped-def]
    truth = clip.truth["keypoints"]
    assert undo_side_swaps(truth, np.ones(truth.shape[:2]), 30.0)[2] == ()


@pytest.mark.parametrize("parts", [("legs",), ("arms",), PARTS], ids="+".join)
@pytest.mark.parametrize(("start", "stop"), [(20, 21), (30, 36), (40, 50)])
def test_a_swap_is_undone_to_the_frame(start: int, stop: int, parts: tuple[str, ...]) -> None:
    keypoints, scores = seen(body(Stance(heading=170, hip=(0, 4, 0.93)), 70))
    swapped, swapped_scores = keypoints.copy(), scores.copy()
    made = tuple(SideSwap(part, start, stop) for part in sorted(parts))
    for swap in made:
        exchange_sides(swapped, swapped_scores, swap)
    assert not np.array_equal(swapped, keypoints)
    found, found_scores, swaps = undo_side_swaps(swapped, swapped_scores, FPS)
    assert swaps == made
    np.testing.assert_array_equal(found, keypoints)
    np.testing.assert_array_equal(found_scores, scores)


def test_swaps_in_a_walk_are_undone_wherever_the_sides_are_apart() -> None:
    keypoints, scores = seen(walk(90, FPS))
    swapped, swapped_scores = keypoints.copy(), scores.copy()
    for start in (15, 40, 65):
        for part in PARTS:
            exchange_sides(swapped, swapped_scores, SideSwap(part, start, start + 4))
    found, _, _ = undo_side_swaps(swapped, swapped_scores, FPS)
    assert np.abs(swapped - keypoints).max() > 60
    assert np.abs(found - keypoints).max() < 10


def test_both_parts_together_are_all_of_left_and_right() -> None:
    keypoints, scores = seen(walk(10, FPS))
    swapped, swapped_scores = keypoints.copy(), scores.copy()
    for part in PARTS:
        exchange_sides(swapped, swapped_scores, SideSwap(part, 0, 10))
    np.testing.assert_array_equal(swapped, keypoints[:, list(MIRROR)])
    np.testing.assert_array_equal(swapped_scores, scores[:, list(MIRROR)])


def test_a_long_stretch_is_left_alone_for_either_may_be_the_error() -> None:
    keypoints, scores = seen(body(Stance(heading=170, hip=(0, 4, 0.93)), 200))
    swapped, swapped_scores = keypoints.copy(), scores.copy()
    for part in PARTS:
        exchange_sides(swapped, swapped_scores, SideSwap(part, 50, 140))
    assert undo_side_swaps(swapped, swapped_scores, FPS)[2] == ()


@pytest.mark.parametrize(("start", "stop"), [(0, 4), (36, 40), (39, 40)])
def test_a_swap_that_does_not_begin_and_end_in_view_is_left_alone(start: int, stop: int) -> None:
    keypoints, scores = seen(body(Stance(heading=170, hip=(0, 4, 0.93)), 40))
    for part in PARTS:
        exchange_sides(keypoints, scores, SideSwap(part, start, stop))
    assert undo_side_swaps(keypoints, scores, FPS)[2] == ()


def test_nothing_is_concluded_across_frames_in_which_nobody_was_seen() -> None:
    facing, away = (
        seen(body(Stance(heading=180, hip=(0, 4, 0.93)), 20)),
        seen(body(Stance(hip=(0, 4, 0.93)), 20)),
    )
    keypoints, scores = (
        np.concatenate([a, np.full_like(a[:3], fill), b])
        for a, b, fill in zip(facing, away, (np.nan, 0), strict=True)
    )
    found, _, swaps = undo_side_swaps(keypoints, scores, FPS)
    assert swaps == ()
    np.testing.assert_array_equal(found, keypoints)


@pytest.mark.parametrize("frames", [0, 1, 2, 3])
def test_a_few_frames_and_unseen_joints_are_no_trouble(frames: int) -> None:
    keypoints, scores = seen(walk(60, FPS)[:frames])
    keypoints[:, 5], scores[:, 5] = np.nan, 0
    assert undo_side_swaps(keypoints, scores, FPS)[2] == ()
    assert undo_side_swaps(np.full((4, 17, 2), np.nan), np.zeros((4, 17)), FPS)[2] == ()


def test_feet_change_sides_with_their_legs_and_not_with_the_arms() -> None:
    feet, scores = np.arange(80.0).reshape(10, 2, 2, 2), np.arange(40.0).reshape(10, 2, 2)
    found, found_scores = exchange_feet(feet, scores, [SideSwap("legs", 3, 5), SideSwap("arms", 7, 9)])
    np.testing.assert_array_equal(found[3:5], feet[3:5, ::-1])
    np.testing.assert_array_equal(found_scores[3:5], scores[3:5, ::-1])
    others = [0, 1, 2, 5, 6, 7, 8, 9]
    np.testing.assert_array_equal(found[others], feet[others])
    assert feet[3, 0, 0, 0] == 24, "what was given is not changed"
