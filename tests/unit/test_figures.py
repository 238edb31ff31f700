"""Means, ratios and their standard errors, against what simulation and arithmetic say."""

import numpy as np
import pytest

from stcformer.figures import FrameErrors, figures, joined


def errors(p1: np.ndarray) -> FrameErrors:
    return FrameErrors(p1, p1 / 2, 10 * p1, np.zeros(p1.shape, dtype=bool))


def test_means_are_over_frames_in_the_stated_units() -> None:
    found = figures(errors(np.array([[0.01, 0.02, 0.03], [0.06, np.nan, np.nan]])))
    assert found.p1_mm.value == pytest.approx(30)
    assert found.p2_mm.value == pytest.approx(15)
    assert found.acceleration_m_s2.value == pytest.approx(0.3)
    assert found.ratio is None
    assert found.unseen_share == 0


def test_equal_segments_have_the_textbook_standard_error() -> None:
    level = np.array([0.03, 0.05, 0.04, 0.07])
    found = figures(errors(np.repeat(level[:, None], 9, axis=1)))
    assert found.p1_mm.standard_error == pytest.approx(1000 * level.std(ddof=1) / 2)


def test_the_standard_error_is_how_far_means_scatter() -> None:
    rng = np.random.default_rng(0)
    means, stated = [], []
    for _ in range(400):
        lengths = rng.integers(20, 120, 24)
        level = rng.normal(0.06, 0.015, 24)
        p1 = np.full((24, 120), np.nan)
        for row, length in enumerate(lengths):
            p1[row, :length] = level[row] + rng.normal(0, 0.005, length)
        found = figures(errors(p1)).p1_mm
        means.append(found.value)
        stated.append(found.standard_error)
    assert np.mean(stated) == pytest.approx(np.std(means), rel=0.1)


def test_a_ratio_on_the_same_segments_is_surer_than_its_two_means() -> None:
    rng = np.random.default_rng(1)
    level = rng.normal(0.06, 0.02, (32, 1))
    base = level + rng.normal(0, 0.001, (32, 60))
    other = 1.1 * level + rng.normal(0, 0.001, (32, 30))
    found = figures(errors(other), errors(base))
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx(1.1, abs=0.01)
    assert found.ratio.standard_error < 0.002
    assert found.p1_mm.standard_error / found.p1_mm.value > 0.02


def test_one_segment_alone_has_no_standard_error() -> None:
    found = figures(errors(np.array([[0.03, 0.05], [np.nan, np.nan]])))
    assert found.p1_mm.value == pytest.approx(40)
    assert np.isnan(found.p1_mm.standard_error)


def test_a_choice_of_frames_counts_them_alone_and_none_is_no_number() -> None:
    every = errors(np.array([[0.01, 0.02], [0.03, 0.04]]))
    chosen = every.only(np.array([[True, False], [False, True]]))
    assert figures(chosen).p1_mm.value == pytest.approx(25)
    assert chosen.measured().sum() == 2
    assert np.isnan(figures(every.only(np.zeros((2, 1), dtype=bool))).p1_mm.value)


def test_frames_without_a_pose_are_counted_and_not_averaged() -> None:
    p1 = np.array([[0.01, np.nan, 0.03, np.nan]])
    found = figures(FrameErrors(p1, p1, p1, np.array([[False, True, False, False]])))
    assert found.p1_mm.value == pytest.approx(20)
    assert found.unseen_share == pytest.approx(1 / 3)


def test_lots_of_segments_are_put_together() -> None:
    both = joined([errors(np.full((2, 5), 0.01)), errors(np.full((3, 5), 0.02))])
    assert both.p1.shape == (5, 5)
    assert both.unseen.shape == (5, 5)
    assert figures(both).p1_mm.value == pytest.approx(16)
