"""What a plot shows of curves with many frames."""

import numpy as np
import pytest

from app.timeline.axis import TimeView
from app.timeline.curve_range import curve_points, nearest_frame, value_range


def test_a_few_frames_are_drawn_as_they_are_with_one_neighbour_on_each_side() -> None:
    times = np.arange(100) / 10
    shown, values = curve_points(times, times * 2, TimeView(3.02, 4.98, 0.0, 200))
    np.testing.assert_allclose(shown, np.arange(30, 51) / 10)
    np.testing.assert_allclose(values, shown * 2)


def test_many_frames_become_lowest_and_highest_of_every_column() -> None:
    times = np.arange(100_000) / 30
    values = np.sin(times)
    shown, drawn = curve_points(times, values, TimeView(0.0, float(times[-1]), 0.0, 400))
    assert len(shown) == 800
    assert (np.diff(shown) >= 0).all()
    assert (drawn[1::2] >= drawn[0::2]).all()
    assert drawn.max() == values.max()
    assert drawn.min() == values.min()


@pytest.mark.parametrize("frame", [0, 31_415, 99_999])
def test_the_peak_of_a_single_frame_is_drawn_where_it_is(frame: int) -> None:
    times = np.arange(100_000) / 30
    values = np.zeros(100_000)
    values[frame] = 7.0
    shown, drawn = curve_points(times, values, TimeView(0.0, float(times[-1]), 0.0, 400))
    assert drawn.max() == 7.0
    assert shown[drawn.argmax()] == pytest.approx(times[frame], abs=float(times[-1]) / 400)


def test_a_column_is_empty_only_if_all_of_its_frames_are() -> None:
    times = np.arange(10_000) / 30
    values = np.full(10_000, np.nan)
    values[5000] = 1.0
    _, drawn = curve_points(times, values, TimeView(0.0, float(times[-1]), 0.0, 100))
    assert np.isfinite(drawn).sum() == 2
    assert np.nanmax(drawn) == 1.0


def test_the_range_leaves_out_what_is_not_known() -> None:
    assert value_range([np.array([1.0, np.nan, 3.0]), np.array([-2.0])], 0.0) == (-2.0, 3.0)
    assert value_range([np.array([np.nan])], 1.0) is None
    assert value_range([], 1.0) is None


def test_the_noise_of_what_stands_still_does_not_fill_the_plot() -> None:
    low, high = value_range([np.array([90.0, 90.2])], 5.0) or (0.0, 0.0)
    assert (low, high) == (pytest.approx(87.6), pytest.approx(92.6))


@pytest.mark.parametrize(
    ("moment", "frame"), [(-5.0, 0), (0.04, 0), (0.06, 1), (0.29, 1), (0.31, 2), (7.0, 2)]
)
def test_the_nearest_frame_is_the_nearest_in_time(moment: float, frame: int) -> None:
    assert nearest_frame(np.array([0.0, 0.1, 0.5]), moment) == frame
