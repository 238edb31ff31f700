"""From a video's frames to windows and back: rates, gaps, interpolation, windows and their blending."""

import numpy as np
import pytest

from stcformer.sampling import (
    blend_weights,
    fill_short_gaps,
    insert_frames,
    merge_phases,
    plan_rate,
    seen_frames,
    seen_spans,
    window_starts,
)

OURS = (30.0, (20.0, 45.0))
PUBLISHED = (50 / 3, (15.0, 18.5))
USUAL_RATES = (
    5,
    8,
    10,
    12,
    12.5,
    14.985,
    15,
    20,
    23.976,
    24,
    25,
    29.97,
    30,
    48,
    50,
    59.94,
    60,
    90,
    100,
    120,
    240,
)


@pytest.mark.parametrize("fps", [*USUAL_RATES, 1, 2, 3, 480, 960, 1000])
@pytest.mark.parametrize("feeding", [OURS, PUBLISHED], ids=["ours", "published"])
def test_every_usual_rate_is_brought_into_the_weights_range(
    fps: float, feeding: tuple[float, tuple[float, float]]
) -> None:
    plan = plan_rate(fps, *feeding)
    low, high = feeding[1]
    assert low <= fps * plan.insert / plan.stride <= high


@pytest.mark.parametrize("fps", USUAL_RATES)
def test_no_plan_that_puts_in_fewer_frames_would_do(fps: float) -> None:
    frame_rate, (low, high) = PUBLISHED
    plan = plan_rate(fps, frame_rate, (low, high))
    for insert in range(1, plan.insert):
        stride = max(round(insert * fps / frame_rate), 1)
        assert not low <= fps * insert / stride <= high


@pytest.mark.parametrize("fps", [20, 25, 30, 44])
def test_a_rate_in_range_is_taken_as_it_is(fps: float) -> None:
    plan = plan_rate(fps, *OURS)
    assert (plan.insert, plan.stride) == (1, 1)


def test_published_weights_read_50_hertz_as_their_authors_did() -> None:
    plan = plan_rate(50, *PUBLISHED)
    assert (plan.insert, plan.stride) == (1, 3)


def test_a_rate_out_of_reach_comes_as_near_as_it_can() -> None:
    slow = plan_rate(0.1, *OURS)
    assert slow.stride == 1
    assert slow.insert == 32
    fast = plan_rate(1e6, *OURS)
    assert fast.insert == 1
    assert fast.stride >= 1000


@pytest.mark.parametrize("fps", [0, -25, float("nan"), float("inf")])
def test_what_is_no_rate_is_refused(fps: float) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        plan_rate(fps, *OURS)


def test_four_joints_make_a_person() -> None:
    keypoints, scores = np.zeros((5, 17, 2)), np.zeros((5, 17))
    scores[0, :4], scores[1, :3], scores[2, :] = 0.1, 0.9, 1
    scores[3, :4], keypoints[3, 0, 1] = 1, np.nan
    assert seen_frames(keypoints, scores).tolist() == [True, False, True, False, False]


@pytest.mark.parametrize(
    ("seen", "longest", "expected"),
    [
        ("", 2, []),
        ("....", 2, []),
        ("x", 2, [(0, 1)]),
        ("xxxx", 0, [(0, 4)]),
        ("..xx..", 2, [(2, 4)]),
        ("xx..xx", 2, [(0, 6)]),
        ("xx...xx", 2, [(0, 2), (5, 7)]),
        ("x.x", 0, [(0, 1), (2, 3)]),
        ("x.x..x...x", 2, [(0, 6), (9, 10)]),
    ],
)
def test_spans_bridge_gaps_up_to_the_longest(
    seen: str, longest: int, expected: list[tuple[int, int]]
) -> None:
    mask = np.array([mark == "x" for mark in seen], dtype=bool)
    assert [(span.start, span.stop) for span in seen_spans(mask, longest)] == expected


def test_spans_hold_every_seen_frame_once_and_begin_and_end_with_one() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        mask = rng.random(60) < 0.3
        spans = seen_spans(mask, 3)
        count = np.zeros(60, dtype=int)
        for span in spans:
            count[span] += 1
            assert mask[span.start]
            assert mask[span.stop - 1]
        assert (count <= 1).all()
        assert (count[mask] == 1).all()


def moving(frames: int) -> tuple[np.ndarray, np.ndarray]:
    place = np.arange(frames, dtype=float)[:, None, None] * (3.0, -2.0) + np.arange(17)[:, None]
    return place, np.linspace(0.3, 0.9, frames * 17).reshape(frames, 17)


def test_inserted_frames_lie_evenly_between_and_the_videos_own_are_untouched() -> None:
    keypoints, scores = moving(6)
    between, confidence = insert_frames(keypoints, scores, 4)
    assert between.shape == (21, 17, 2)
    assert confidence.shape == (21, 17)
    assert np.array_equal(between[::4], keypoints)
    assert np.array_equal(confidence[::4], scores)
    assert np.allclose(np.diff(between[:, 0], axis=0), (0.75, -0.5))
    assert np.allclose(confidence[1:4], np.minimum(scores[0], scores[1]))


def test_a_joint_beside_an_unobserved_one_stays_unobserved_and_spoils_nothing_seen() -> None:
    keypoints, scores = moving(4)
    keypoints[1, 5], scores[1, 5] = np.nan, 0
    between, confidence = insert_frames(keypoints, scores, 2)
    assert np.isnan(between[1:4, 5]).all()
    assert (confidence[1:4, 5] == 0).all()
    assert np.array_equal(between[[0, 4, 6], 5], keypoints[[0, 2, 3], 5])
    assert np.isfinite(np.delete(between, 5, axis=1)).all()


def test_nothing_is_inserted_into_one_frame_or_by_a_factor_of_one() -> None:
    keypoints, scores = moving(1)
    assert insert_frames(keypoints, scores, 8)[0].shape == (1, 17, 2)
    keypoints, scores = moving(5)
    assert insert_frames(keypoints, scores, 1)[0] is keypoints


def test_gaps_are_filled_along_a_straight_line_with_half_the_score() -> None:
    truth, scores = moving(9)
    keypoints, seen = truth.copy(), np.ones(9, dtype=bool)
    seen[[2, 3, 6]] = False
    keypoints[~seen], scores[~seen] = np.nan, 0
    before = keypoints.copy()
    filled, confidence = fill_short_gaps(keypoints, scores, seen)
    assert np.allclose(filled, truth)
    assert np.allclose(confidence[2], np.minimum(scores[1], scores[4]) / 2)
    assert np.array_equal(confidence[seen], scores[seen])
    assert np.array_equal(keypoints, before, equal_nan=True)


def test_a_joint_unobserved_beside_a_gap_stays_unobserved_in_it() -> None:
    keypoints, scores = moving(4)
    seen = np.array([True, False, True, True])
    keypoints[1], scores[1] = np.nan, 0
    keypoints[2, 7], scores[2, 7] = np.nan, 0
    filled, confidence = fill_short_gaps(keypoints, scores, seen)
    assert np.isnan(filled[1, 7]).all()
    assert confidence[1, 7] == 0
    assert np.isfinite(np.delete(filled[1], 7, axis=0)).all()


@pytest.mark.parametrize("window", [1, 2, 9, 27])
def test_windows_cover_every_frame_stay_inside_and_none_comes_twice(window: int) -> None:
    for frames in (1, 2, 26, 27, 28, 45, 100):
        for hop in {1, max(1, window // 3), max(1, round(window * 2 / 3)), window}:
            starts = window_starts(frames, window, hop)
            length = min(window, frames)
            covered = np.zeros(frames, dtype=int)
            for start in starts:
                assert 0 <= start <= frames - length
                covered[start : start + length] += 1
            assert (covered > 0).all(), (frames, window, hop)
            assert len(set(starts.tolist())) == len(starts)
            assert (np.diff(starts) <= hop).all()


@pytest.mark.parametrize(("window", "hop"), [(1, 1), (2, 1), (27, 27), (27, 18), (27, 1), (81, 54), (9, 8)])
def test_blend_weights_are_positive_even_and_highest_in_the_middle(window: int, hop: int) -> None:
    weights = blend_weights(window, hop)
    assert weights.shape == (window,)
    assert (weights > 0).all()
    assert weights.max() <= 1
    assert np.allclose(weights, weights[::-1])
    assert (np.diff(weights[: (window + 1) // 2]) >= 0).all()
    assert weights[window // 2] == weights.max()


def test_merged_phases_give_back_a_path_on_which_they_agree() -> None:
    path = np.arange(31, dtype=float)[:, None, None] * np.ones((17, 3)) * (1.0, -0.5, 2.0)
    for stride in (1, 2, 3, 8):
        merged = merge_phases([path[phase::stride] for phase in range(stride)], 31)
        assert np.allclose(merged, path)


def test_merged_phases_do_not_shake_where_they_disagree() -> None:
    flicker = np.zeros((40, 17, 3))
    flicker[1::2] = 1
    merged = merge_phases([flicker[0::2], flicker[1::2]], 40)
    assert np.allclose(merged[1:-1], 0.5)


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5])
def test_phases_of_a_single_frame_merge_too(frames: int) -> None:
    path = np.random.default_rng(0).normal(size=(frames, 17, 3))
    stride = min(3, frames)
    merged = merge_phases([path[phase::stride] for phase in range(stride)], frames)
    assert merged.shape == path.shape
    assert np.isfinite(merged).all()
