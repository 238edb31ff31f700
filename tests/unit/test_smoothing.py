"""Filters: no lag, fast motion kept, jitter removed, gaps respected."""

import numpy as np
import pytest

from app.errors import StudioError
from app.motion.smoothing import CAUSAL_METHODS, METHODS, filter_report, smooth

FILTERED = [method for method in METHODS if method not in ("none", *CAUSAL_METHODS)]
"""Those that filter and have zero phase."""


def gain_and_lag(method: str, hertz: float, fps: float) -> tuple[float, float]:
    """Amplitude ratio and delay in milliseconds of a sine, away from the ends."""
    time = np.arange(int(8 * fps)) / fps
    smoothed = smooth(np.sin(2 * np.pi * hertz * time)[:, None], fps, method)[:, 0]
    middle = slice(len(time) // 4, 3 * len(time) // 4)
    basis = np.stack((np.sin(2 * np.pi * hertz * time), np.cos(2 * np.pi * hertz * time)), axis=-1)[middle]
    sine, cosine = np.linalg.lstsq(basis, smoothed[middle], rcond=None)[0]
    return float(np.hypot(sine, cosine)), float(np.arctan2(-cosine, sine) / (2 * np.pi * hertz) * 1000)


@pytest.mark.parametrize("method", FILTERED)
@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0, 120.0])
def test_motion_of_3_and_5_hertz_passes_without_lag(method: str, fps: float) -> None:
    slow, slow_lag = gain_and_lag(method, 3.0, fps)
    fast, fast_lag = gain_and_lag(method, 5.0, fps)
    assert 0.9 < slow <= 1.01
    assert 0.75 < fast <= 1.01
    assert abs(slow_lag) < 0.1
    assert abs(fast_lag) < 0.1


@pytest.mark.parametrize("fps", [25.0, 30.0, 60.0, 120.0])
def test_the_automatic_choice_keeps_99_percent_at_3_hertz_and_93_at_5(fps: float) -> None:
    assert gain_and_lag("auto", 3.0, fps)[0] > 0.985
    assert gain_and_lag("auto", 5.0, fps)[0] > 0.93
    assert gain_and_lag("auto", 8.0, fps)[0] == pytest.approx(np.sqrt(0.5), abs=0.01)


@pytest.mark.parametrize("method", FILTERED)
def test_jitter_is_reduced(method: str) -> None:
    noise = np.random.default_rng(0).normal(size=(600, 3))
    assert smooth(noise, 60.0, method).std() < 0.8 * noise.std()


@pytest.mark.parametrize("method", ["none", *FILTERED])
def test_a_straight_movement_is_not_changed_even_at_its_ends(method: str) -> None:
    line = np.linspace(0, 3, 40)[:, None] * [1.0, -2.0, 0.5]
    np.testing.assert_allclose(smooth(line, 30.0, method), line, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 7])
def test_short_spans_between_gaps_stay_finite_and_gaps_stay_gaps(method: str, length: int) -> None:
    values = np.random.default_rng(1).normal(size=(30, 17, 3))
    values[:5] = np.nan
    values[5 + length :] = np.nan
    smoothed = smooth(values, 30.0, method)
    np.testing.assert_array_equal(np.isnan(smoothed), np.isnan(values))


@pytest.mark.parametrize("method", METHODS)
def test_nothing_leaks_across_a_gap(method: str) -> None:
    values = np.random.default_rng(2).normal(size=(60, 2))
    values[30] = np.nan
    changed = values.copy()
    changed[31:] += 100
    np.testing.assert_array_equal(smooth(values, 30.0, method)[:30], smooth(changed, 30.0, method)[:30])


@pytest.mark.parametrize("hertz", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("method", FILTERED)
def test_a_sine_keeps_its_phase(method: str, hertz: float) -> None:
    _, lag = gain_and_lag(method, hertz, 50.0)
    assert abs(lag) < 0.05
    assert filter_report(method, 50.0)["phase"] == "zero"


@pytest.mark.parametrize("method", CAUSAL_METHODS)
def test_a_causal_filter_is_late_knows_nothing_of_the_future_and_says_so(method: str) -> None:
    assert gain_and_lag(method, 1.0, 50.0)[1] > 1.0
    values = np.random.default_rng(4).normal(0, 0.01, size=(60, 17, 3))
    changed = values.copy()
    changed[40:] += 1.0
    np.testing.assert_array_equal(smooth(values, 30.0, method)[:40], smooth(changed, 30.0, method)[:40])
    assert smooth(values, 30.0, method).std() < 0.8 * values.std()
    assert "causal" in filter_report(method, 30.0)["phase"]


def test_a_rate_too_low_to_filter_is_left_alone_and_said() -> None:
    values = np.random.default_rng(3).normal(size=(50, 3))
    np.testing.assert_array_equal(smooth(values, 10.0), values)
    assert filter_report("auto", 10.0)["name"] == "none"
    assert "10 frames a second" in filter_report("auto", 10.0)["reason"]


def test_an_unknown_filter_names_the_known_ones() -> None:
    with pytest.raises(StudioError, match="butterworth"):
        smooth(np.zeros((5, 3)), 30.0, "kalman")
