"""The two answers of flip averaging, and lifting again only what a change can reach."""

from typing import Any

import numpy as np
import pytest
from test_lifter import SIZE, person, small_lifter

from stcformer import Lifter
from stcformer.weights import Feeding

OURS, PUBLISHED = None, Feeding(window=9)


def lifter_of(feeding: Feeding | None, window: int = 9, **options: object) -> Lifter:
    return small_lifter(feeding, 2 if feeding else 3, window=window, **options)


def windows_run(lifter: Lifter, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Where the numbers of windows that go through the network are noted."""
    counts: list[int] = []
    forward = lifter._lift_windows

    def counted(keypoints: np.ndarray, *arguments: Any) -> np.ndarray:
        counts.append(len(keypoints))
        return forward(keypoints, *arguments)

    monkeypatch.setattr(lifter, "_lift_windows", counted)
    return counts


@pytest.mark.parametrize("feeding", [OURS, PUBLISHED], ids=["ours", "published"])
@pytest.mark.parametrize("fps", [10, 30, 60])
def test_the_pose_with_its_disagreement_is_the_pose(fps: float, feeding: Feeding | None) -> None:
    lifter = lifter_of(feeding)
    keypoints, scores = person(60, fps)
    scores[20:50] = 0
    pose, apart = lifter.lift_with_disagreement(keypoints, scores, image_size=SIZE, fps=fps)
    np.testing.assert_array_equal(pose, lifter.lift(keypoints, scores, image_size=SIZE, fps=fps))
    np.testing.assert_array_equal(np.isnan(apart), np.isnan(pose).all(axis=(1, 2)))
    assert (apart[np.isfinite(apart)] > 0).all()


def test_the_disagreement_is_the_distance_between_the_two_answers() -> None:
    lifter, single = lifter_of(OURS), lifter_of(OURS, flip=False)
    keypoints, scores = person(9)
    from stcformer.skeleton import MIRROR

    flipped = keypoints[:, MIRROR].copy()
    flipped[..., 0] = SIZE[0] - flipped[..., 0]
    one = single.lift(keypoints, scores, image_size=SIZE, fps=30)
    other = single.lift(flipped, scores, image_size=SIZE, fps=30)[:, MIRROR] * (-1, 1, 1)
    _, apart = lifter.lift_with_disagreement(keypoints, scores, image_size=SIZE, fps=30)
    np.testing.assert_allclose(apart, np.linalg.norm(one - other, axis=-1).mean(axis=1), rtol=1e-4)


def test_without_flip_averaging_there_is_a_pose_and_no_disagreement() -> None:
    lifter = lifter_of(OURS, flip=False)
    pose, apart = lifter.lift_with_disagreement(*person(20), image_size=SIZE, fps=30)
    assert np.isfinite(pose).all()
    assert np.isnan(apart).all()


@pytest.mark.parametrize("seed", range(40))
def test_lifting_again_gives_what_lifting_everything_gives(seed: int) -> None:
    """Any frame rate, length, gaps and changes: frames moved, lost, found and partly hidden."""
    random = np.random.default_rng(seed)
    lifter = lifter_of((OURS, PUBLISHED)[seed % 2], window=int(random.choice([1, 5, 9])))
    fps, frames = float(random.choice([5, 10, 24, 25, 30, 50, 60, 120])), int(random.integers(1, 160))
    keypoints, scores = person(frames, fps)
    for _ in range(random.integers(0, 4)):
        start = random.integers(0, frames)
        joints = slice(None) if random.random() < 0.6 else random.integers(0, 17)
        scores[start : start + random.integers(1, 30), joints] = 0
    new_keypoints, new_scores, changed = keypoints.copy(), scores.copy(), np.zeros(frames, dtype=bool)
    for _ in range(random.integers(1, 3)):
        start = random.integers(0, frames)
        part = slice(start, start + random.choice([1, 1, 5]))
        changed[part] = True
        match random.integers(0, 4):
            case 0 | 1:
                new_keypoints[part, 3] += 30
                new_scores[part, 3] = 1
            case 2:
                new_scores[part] = 1
            case _:
                new_scores[part] = 0
    options: dict[str, Any] = {"image_size": SIZE, "fps": fps}
    before = lifter.lift_with_disagreement(keypoints, scores, **options)
    expected = lifter.lift_with_disagreement(new_keypoints, new_scores, **options)
    again = lifter.lift_again(*before, changed, new_keypoints, new_scores, **options)
    for new, wanted in zip(again, expected, strict=True):
        np.testing.assert_allclose(new, wanted, atol=1e-5, equal_nan=True)


def test_a_change_beside_a_bridged_gap_reaches_over_it() -> None:
    lifter = lifter_of(OURS, window=3)
    keypoints, scores = person(60)
    scores[21:33] = 0  # 0.4 s: interpolated from the frames on either side
    before = lifter.lift_with_disagreement(keypoints, scores, image_size=SIZE, fps=30)
    moved = keypoints.copy()
    moved[20, 13] += 40
    again, _ = lifter.lift_again(*before, np.arange(60) == 20, moved, scores, image_size=SIZE, fps=30)
    expected = lifter.lift(moved, scores, image_size=SIZE, fps=30)
    assert (expected[33:] != before[0][33:]).any()
    np.testing.assert_allclose(again, expected, atol=1e-5, equal_nan=True)


def test_a_moved_joint_takes_only_the_windows_near_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lifter = lifter_of(OURS)
    keypoints, scores = person(900)
    before = lifter.lift_with_disagreement(keypoints, scores, image_size=SIZE, fps=30)
    counts = windows_run(lifter, monkeypatch)
    moved = keypoints.copy()
    moved[450, 13] += 40
    pose, _ = lifter.lift_again(*before, np.arange(900) == 450, moved, scores, image_size=SIZE, fps=30)
    assert 1 <= sum(counts) <= 4
    reached = np.flatnonzero((pose != before[0]).any(axis=(1, 2)))
    assert 450 in reached
    assert reached.min() > 450 - 9
    assert reached.max() < 450 + 9


def test_nothing_changed_lifts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lifter = lifter_of(OURS)
    keypoints, scores = person(60)
    before = lifter.lift_with_disagreement(keypoints, scores, image_size=SIZE, fps=30)
    counts = windows_run(lifter, monkeypatch)
    again = lifter.lift_again(*before, np.zeros(60, dtype=bool), keypoints, scores, image_size=SIZE, fps=30)
    assert counts == []
    np.testing.assert_array_equal(again[0], before[0])


@pytest.mark.parametrize("fps", [5, 25, 30, 60, 120])
@pytest.mark.parametrize("window", [9, 27])
def test_a_piece_cut_where_windows_may_begin_is_lifted_as_the_whole_is(window: int, fps: float) -> None:
    lifter = lifter_of(OURS, window=window)
    margin, step = lifter.context_frames(fps), lifter.step_frames(fps)
    assert margin % step == 0
    keypoints, scores = person(2 * margin + 8 * step, fps)
    rng = np.random.default_rng(0)
    for start in rng.integers(0, len(scores), 6):  # gaps that are bridged and such that are not
        scores[start : start + rng.integers(1, round(0.8 * fps))] = 0
    whole = lifter.lift(keypoints, scores, image_size=SIZE, fps=fps)
    for first in range(0, 6 * step, step):
        cut = slice(first, first + 2 * margin + step)
        piece = lifter.lift(keypoints[cut], scores[cut], image_size=SIZE, fps=fps)
        middle = slice(margin, margin + step)
        np.testing.assert_allclose(piece[middle], whole[cut][middle], atol=1e-5, equal_nan=True)
