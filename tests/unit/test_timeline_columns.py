"""Frames as columns of pixels: nothing short is lost, and every frame is where it belongs."""

import numpy as np
import pytest

from app.quality import Suspicion
from app.timeline.axis import TimeView, frame_edges
from app.timeline.columns import (
    Columns,
    LaneSums,
    TimelineLanes,
    column_frames,
    next_suspicion,
    previous_suspicion,
    suspicions_near,
)


def lanes(frames: int, **changes: object) -> TimelineLanes:
    """A person who was seen throughout, with a score of 0.8, and never stands."""
    values: dict[str, object] = {
        "scores": np.full(frames, 0.8),
        "seen": np.ones(frames, dtype=bool),
        "contacts": np.zeros((frames, 2), dtype=bool),
        "suspicions": (),
        "edited": np.zeros(frames, dtype=bool),
    }
    return TimelineLanes(**(values | changes))  # type: ignore[arg-type]


def columns_of(shown: TimelineLanes, columns: int) -> Columns:
    """All of a clip of 30 frames a second in so many columns."""
    edges = frame_edges(np.arange(len(shown.scores)) / 30)
    view = TimeView(float(edges[0]), float(edges[-1]), 0.0, columns)
    return LaneSums(shown).columns(*column_frames(edges, view, columns))


def suspicion(start: int, stop: int, kind: str = "speed") -> Suspicion:
    return Suspicion(start, stop, kind, 1.0, "Look here.")


@pytest.mark.parametrize(("frames", "columns"), [(1, 7), (10, 10), (10, 37), (1000, 64), (12_345, 1000)])
def test_columns_show_every_frame_in_order_and_none_is_empty(frames: int, columns: int) -> None:
    edges = frame_edges(np.arange(frames) / 30)
    first, stop = column_frames(edges, TimeView(0.0, float(edges[-1]), 0.0, columns), columns)
    assert first[0] == 0
    assert stop[-1] == frames
    assert (stop > first).all()
    shown = np.zeros(frames, dtype=bool)
    for start, end in zip(first, stop, strict=True):
        shown[start:end] = True
    assert shown.all()


def test_a_zoomed_view_shows_only_its_own_frames() -> None:
    edges = frame_edges(np.arange(100) / 10)
    first, stop = column_frames(edges, TimeView(2.0, 3.0, 0.0, 20), 20)
    assert (first.min(), stop.max()) == (20, 30)


def test_frames_of_uneven_length_take_as_many_columns_as_they_last() -> None:
    edges = frame_edges(np.array([0.0, 0.1, 0.9]))
    first, _ = column_frames(edges, TimeView(0.0, 1.3, 0.0, 13), 13)
    assert np.bincount(first).tolist() == [1, 8, 4]


def test_scores_are_means_of_what_is_known() -> None:
    scores = np.array([0.2, 0.4, np.nan, 0.8, np.nan, np.nan])
    np.testing.assert_allclose(columns_of(lanes(6, scores=scores), 3).scores, [0.3, 0.8, np.nan])


@pytest.mark.parametrize("frame", [0, 4321, 99_999])
def test_one_frame_of_a_long_clip_is_not_lost(frame: int) -> None:
    seen = np.ones(100_000, dtype=bool)
    seen[frame] = False
    edited = ~seen
    found = columns_of(
        lanes(100_000, seen=seen, edited=edited, suspicions=[suspicion(frame, frame + 1)]), 500
    )
    column = frame * 500 // 100_000
    for flags in (found.unseen, found.edited, found.suspicious["speed"]):
        assert np.flatnonzero(flags).tolist() == [column]


def test_contacts_are_the_share_of_a_column_for_each_foot() -> None:
    contacts = np.array([[1, 0], [1, 0], [0, 0], [1, 1]], dtype=bool)
    np.testing.assert_allclose(columns_of(lanes(4, contacts=contacts), 2).contacts, [[1.0, 0.0], [0.5, 0.5]])


def test_kinds_of_suspicions_are_kept_apart_and_runs_beyond_the_clip_are_cut() -> None:
    found = columns_of(lanes(4, suspicions=[suspicion(-2, 1), suspicion(3, 9, "unseen")]), 4)
    assert found.suspicious["speed"].tolist() == [True, False, False, False]
    assert found.suspicious["unseen"].tolist() == [False, False, False, True]


@pytest.mark.parametrize("lane", ["seen", "contacts", "edited"])
def test_lanes_of_another_length_are_refused_by_name(lane: str) -> None:
    with pytest.raises(ValueError, match=f"lane {lane} has shape"):
        lanes(5, **{lane: np.zeros((4, 2) if lane == "contacts" else 4, dtype=bool)})


def test_the_nearest_and_then_the_shortest_suspicion_comes_first() -> None:
    wide, narrow, far = suspicion(0, 100), suspicion(40, 42, "unseen"), suspicion(110, 120)
    assert suspicions_near([wide, narrow, far], 41, 0) == [narrow, wide]
    assert suspicions_near([wide, narrow, far], 105, 6) == [far, wide]
    assert suspicions_near([wide, narrow, far], 41, 0, "speed") == [wide]
    assert suspicions_near([wide, narrow, far], 130, 5) == []


def test_going_from_one_suspicion_to_the_next_ends_at_the_last() -> None:
    found = [suspicion(10, 20), suspicion(15, 16), suspicion(40, 41)]
    assert [next_suspicion(found, frame) for frame in (0, 10, 15, 40)] == [10, 15, 40, None]
    assert [previous_suspicion(found, frame) for frame in (99, 40, 15, 10)] == [40, 15, 10, None]
    assert next_suspicion([], 3) is None
