"""Zoom and pan as numbers: what lies where, without a window."""

import numpy as np
import pytest

from app.gui.viewport import KEPT_IN_VIEW, LARGEST_SCALE, fitted


def test_a_fitted_picture_lies_in_the_middle_as_large_as_it_goes() -> None:
    wide = fitted((1920, 1080), (960, 800))
    assert (wide.scale, wide.left, wide.top) == (0.5, 0.0, 130.0)
    tall = fitted((720, 1280), (960, 640))
    assert (tall.scale, tall.left, tall.top) == (0.5, 300.0, 0.0)


def test_points_go_to_the_widget_and_back() -> None:
    viewport = fitted((1920, 1080), (811, 457)).zoomed(3.3, 100, 80).panned(-31, 12)
    points = np.array([[0.0, 0.0], [1919.5, 1079.5], [np.nan, np.nan]])
    shown = viewport.to_widget(points)
    np.testing.assert_allclose([viewport.to_image(*point) for point in shown[:2]], points[:2], atol=1e-9)
    assert np.isnan(shown[2]).all()


def test_zoom_keeps_the_point_under_the_cursor() -> None:
    viewport = fitted((1920, 1080), (960, 540))
    before = viewport.to_image(300, 200)
    for factor in (1.2, 5.0, 0.5):
        viewport = viewport.zoomed(factor, 300, 200)
        assert viewport.to_image(300, 200) == pytest.approx(before)
    assert viewport.scale == pytest.approx(0.5 * 1.2 * 5.0 * 0.5)


def test_zoom_ends_where_there_is_nothing_more_to_see() -> None:
    viewport = fitted((1920, 1080), (960, 540))
    assert viewport.zoomed(1e9, 0, 0).scale == LARGEST_SCALE
    assert viewport.zoomed(1e-9, 0, 0).scale == pytest.approx(0.25)
    tiny = fitted((4, 3), (800, 600))
    assert tiny.zoomed(1.2, 0, 0).scale <= tiny.scale


@pytest.mark.parametrize(("right", "down"), [(1e6, 1e6), (-1e6, -1e6), (1e6, -1e6)])
def test_a_picture_cannot_be_panned_out_of_the_widget(right: float, down: float) -> None:
    viewport = fitted((1920, 1080), (960, 540)).zoomed(2, 0, 0).panned(right, down)
    assert viewport.left <= 960 - KEPT_IN_VIEW
    assert viewport.left + 1920 * viewport.scale >= KEPT_IN_VIEW
    assert viewport.top <= 540 - KEPT_IN_VIEW
    assert viewport.top + 1080 * viewport.scale >= KEPT_IN_VIEW


def test_a_fitted_picture_stays_fitted_when_the_widget_changes_its_size() -> None:
    assert fitted((1920, 1080), (960, 540)).resized(480, 600) == fitted((1920, 1080), (480, 600))


def test_a_zoomed_picture_keeps_its_middle_when_the_widget_changes_its_size() -> None:
    viewport = fitted((1920, 1080), (960, 540)).zoomed(4, 480, 270)
    middle = viewport.to_image(480, 270)
    resized = viewport.resized(600, 400)
    assert resized.scale == viewport.scale
    assert resized.to_image(300, 200) == pytest.approx(middle)


def test_a_widget_of_no_size_is_no_error() -> None:
    viewport = fitted((1920, 1080), (0, 0))
    assert viewport.scale > 0
    assert viewport.zoomed(2, 0, 0).resized(0, 10).scale > 0


def test_the_nearest_point_of_the_picture() -> None:
    viewport = fitted((100, 50), (200, 100))
    assert viewport.inside(-3, 60) == (0, 50)
    assert viewport.inside(40, 20) == (40, 20)
