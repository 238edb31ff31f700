"""A clip's time along a row of pixels."""

import numpy as np
import pytest

from app.timeline.axis import (
    USUAL_FRAME_S,
    TimeView,
    frame_at,
    frame_edges,
    frame_marks,
    parse_moment,
    second_marks,
    time_label,
)

UNEVEN = np.array([0.0, 0.1, 0.5, 0.6, 0.7])


def test_every_frame_lasts_until_the_next_and_the_last_one_as_long_as_usual() -> None:
    np.testing.assert_allclose(frame_edges(UNEVEN), [0.0, 0.1, 0.5, 0.6, 0.7, 0.8])


def test_a_clip_of_one_frame_has_a_length() -> None:
    np.testing.assert_allclose(frame_edges(np.array([2.0])), [2.0, 2.0 + USUAL_FRAME_S])


def test_a_clip_without_frames_is_a_single_edge() -> None:
    assert frame_edges(np.zeros(0)).tolist() == [0.0]


@pytest.mark.parametrize(
    ("moment", "frame"),
    [(-1.0, 0), (0.0, 0), (0.0999, 0), (0.1, 1), (0.49, 1), (0.5, 2), (0.75, 4), (9.0, 4)],
)
def test_the_frame_at_a_moment_is_the_one_that_is_shown_then(moment: float, frame: int) -> None:
    assert frame_at(frame_edges(UNEVEN), moment) == frame


def test_pixels_and_moments_go_back_and_forth() -> None:
    view = TimeView(2.0, 6.0, 80.0, 400.0)
    assert view.x(2.0) == 80.0
    assert view.x(6.0) == 480.0
    assert view.moment(view.x(3.7)) == pytest.approx(3.7)


def test_zooming_keeps_the_moment_under_the_mouse() -> None:
    view = TimeView(2.0, 6.0, 80.0, 400.0)
    zoomed = view.zoomed(2.5, 3.0)
    assert zoomed.x(3.0) == pytest.approx(view.x(3.0))
    assert zoomed.span_s == pytest.approx(4.0 / 2.5)


def test_a_view_is_brought_inside_the_clip_without_changing_its_scale() -> None:
    view = TimeView(-3.0, 1.0, 0.0, 100.0).within(0.0, 10.0, 0.5)
    assert (view.start_s, view.stop_s) == (0.0, 4.0)
    view = TimeView(9.0, 13.0, 0.0, 100.0).within(0.0, 10.0, 0.5)
    assert (view.start_s, view.stop_s) == (6.0, 10.0)


def test_a_view_is_neither_wider_than_the_clip_nor_narrower_than_the_shortest() -> None:
    assert TimeView(-5.0, 50.0, 0.0, 100.0).within(0.0, 10.0, 0.5).span_s == 10.0
    assert TimeView(5.0, 5.01, 0.0, 100.0).within(0.0, 10.0, 0.5).span_s == pytest.approx(0.5)


def test_a_view_moves_no_further_than_it_must_to_show_a_frame() -> None:
    view = TimeView(2.0, 4.0, 0.0, 100.0)
    assert view.showing(3.0, 3.1, 0.1) == view
    later = view.showing(5.0, 5.1, 0.1)
    assert later.stop_s == pytest.approx(5.1 + 0.2)
    assert later.span_s == pytest.approx(2.0)
    assert view.showing(1.0, 1.1, 0.1).start_s == pytest.approx(1.0 - 0.2)


@pytest.mark.parametrize("span", [0.2, 1.0, 7.3, 55.0, 600.0, 7200.0, 90_000.0])
def test_the_rulers_marks_are_round_in_view_and_far_enough_apart(span: float) -> None:
    view = TimeView(1.23, 1.23 + span, 50.0, 1000.0)
    named, plain = second_marks(view, apart=76.0)
    moments = np.array([moment for moment, _ in named])
    assert len(moments) >= 3
    assert (moments >= view.start_s).all()
    assert (moments <= view.stop_s).all()
    assert (np.diff(moments) * view.pixels_per_second() >= 76.0 - 1e-6).all()
    assert len({text for _, text in named}) == len(named)
    assert all(view.start_s <= moment <= view.stop_s for moment in plain)


def test_the_rulers_texts_say_where_they_stand() -> None:
    named, _ = second_marks(TimeView(0.0, 10.0, 0.0, 1000.0), apart=76.0)
    assert named[:3] == [(0, "0:00"), (1, "0:01"), (2, "0:02")]


@pytest.mark.parametrize("frames", [3, 100, 1234, 100_000])
def test_frame_marks_are_round_and_far_enough_apart(frames: int) -> None:
    edges = frame_edges(np.arange(frames) / 30)
    view = TimeView(float(edges[0]), float(edges[-1]), 0.0, 1000.0)
    marks = frame_marks(edges, view, apart=52.0)
    assert marks[0] == 0
    assert all(view.x(b) - view.x(a) >= 52.0 for a, b in zip(edges[marks], edges[marks[1:]], strict=False))
    if frames > 50:
        assert 8 <= len(marks) <= 20
        step = marks[1]
        assert [mark / step for mark in marks] == list(range(len(marks)))


def test_frame_marks_do_not_overlap_where_frames_crowd() -> None:
    crowded = np.concatenate((np.arange(500) * 0.001, 1.0 + np.arange(10) * 1.0))
    edges = frame_edges(crowded)
    view = TimeView(float(edges[0]), float(edges[-1]), 0.0, 600.0)
    places = [view.x(float(edges[mark])) for mark in frame_marks(edges, view, apart=52.0)]
    assert (np.diff(places) >= 52.0).all()


@pytest.mark.parametrize(
    ("seconds", "places", "text"),
    [
        (0.0, 2, "0:00.00"),
        (7.25, 2, "0:07.25"),
        (59.999, 2, "1:00.00"),
        (3723.5, 1, "1:02:03.5"),
        (65.0, 0, "1:05"),
        (-0.04, 2, "-0:00.04"),
        (-0.001, 2, "0:00.00"),
    ],
)
def test_times_are_written_as_a_person_reads_them(seconds: float, places: int, text: str) -> None:
    assert time_label(seconds, places) == text


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("3.5", 3.5),
        ("3,5 s", 3.5),
        ("4s", 4.0),
        ("1:02.5", 62.5),
        ("1:00:01", 3601.0),
        ("", None),
        ("frame", None),
        ("-3", None),
        ("1:2:3:4", None),
        ("1e9", None),
    ],
)
def test_a_typed_frame_and_a_typed_time_are_told_apart(text: str, meaning: float | None) -> None:
    found = parse_moment(text)
    assert found == meaning
    assert isinstance(found, type(meaning))


def test_a_label_that_is_typed_again_means_its_own_frame() -> None:
    edges = frame_edges(np.arange(2000) / 59.94)
    for frame in range(2000):
        typed = parse_moment(time_label(float(edges[frame])))
        assert isinstance(typed, float)
        assert frame_at(edges, typed + 0.005) == frame
