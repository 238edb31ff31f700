"""Whom a live session follows: the same person among several, another one only when they are lost or asked for."""

from collections.abc import Iterable

import numpy as np
import pytest
from live_parts import tiny_lifter
from synthetic_body import IMAGE_SIZE, seen_by_camera, walk
from test_tracking import FPS, Detections, detections, hidden, person, standing, walker

from app.commands.live import _Log
from app.live.engine import LiveEngine
from app.live.follower import LOST_AFTER_S, MOST_REMEMBERED, PersonFollower, View
from app.live.results import LiveResult
from app.live.sources import Picture
from app.settings import Settings
from detectors import Person
from detectors.people.matching import MOST_PEOPLE

BLANK = np.full((IMAGE_SIZE[1], IMAGE_SIZE[0], 3), 120, np.uint8)


def passing(start: tuple[float, float], end: tuple[float, float], frames: int) -> np.ndarray:
    """(F, 17, 2) pixels of somebody who walks from (x, depth) to (x, depth), metres."""
    steps = walk(frames, FPS)
    steps = steps - steps[:, :1] * [1, 1, 0]
    way = np.stack([*np.linspace(start, end, frames).T, np.zeros(frames)], axis=-1)
    return seen_by_camera(steps + way[:, None])[1]


def followed(frames: Detections, follower: PersonFollower | None = None) -> list[View]:
    """Whom the follower follows in each picture."""
    follower = follower or PersonFollower()
    return [follower.update(index / FPS, persons) for index, persons in enumerate(frames)]


def hip_error(view: View, truth: np.ndarray) -> float:
    """Pixels from the followed person's hip to the truth's."""
    assert view.person is not None
    return float(np.linalg.norm(view.person.keypoints[0] - truth[0]))


def test_two_who_cross_and_swap_in_size_are_not_taken_for_each_other() -> None:
    leaving, coming = passing((-1.2, 3.5), (1.2, 6.0), 120), passing((1.2, 8.0), (-1.2, 4.0), 120)
    height = np.ptp(np.stack([leaving, coming])[..., 1], axis=-1)
    assert (height[0, 0], height[1, -1]) > (height[1, 0], height[0, -1]), (
        "the largest is somebody else at last"
    )
    views = followed(detections(leaving, coming))
    assert {view.number for view in views} == {views[0].number}
    assert [view.has_changed for view in views] == [True, *[False] * 119]
    assert max(hip_error(view, truth) for view, truth in zip(views, leaving, strict=True)) < 30
    assert all(len(view.others) == 1 for view in views)


def test_somebody_hidden_for_a_second_is_waited_for() -> None:
    near, far = hidden(standing(-1, 3, 120), 40, 40 + int(FPS)), standing(1, 6, 120)
    views = followed(detections(near, far))
    assert sum(view.has_changed for view in views) == 1
    assert all(view.person is None and len(view.others) == 1 for view in views[40:70])
    assert all(hip_error(view, near[0]) < 30 for view in views[70:])


def test_after_a_person_is_lost_for_the_stated_time_the_largest_is_followed() -> None:
    gone, small, large = hidden(standing(-2, 3, 150), 60, 150), standing(0, 8, 150), standing(1.5, 4, 150)
    views = followed(detections(gone, small, large))
    changes = [index for index, view in enumerate(views) if view.has_changed]
    assert len(changes) == 2
    assert changes[1] == pytest.approx(59 + LOST_AFTER_S * FPS, abs=1.01)
    assert all(view.number == views[0].number and view.person is None for view in views[60 : changes[1]])
    assert all(hip_error(view, large[0]) < 30 for view in views[changes[1] :])


def test_the_only_person_who_comes_back_after_long_is_a_new_one() -> None:
    views = followed(detections(hidden(standing(0, 4, 120), 30, 30 + int(1.2 * LOST_AFTER_S * FPS))))
    assert [view.has_changed for view in views].count(True) == 2
    assert views[-1].person is not None
    assert views[-1].number != views[0].number


def test_a_flicker_is_not_waited_for() -> None:
    phantom, real = hidden(standing(-1, 2.5, 30), 2, 30), standing(1, 5, 30)
    views = followed(detections(phantom, real))
    assert all(hip_error(view, real[0]) < 30 for view in views[2:])


def test_who_is_asked_for_is_followed_and_after_the_last_comes_the_first() -> None:
    people = [standing(x, depth, 1)[0] for x, depth in ((-1.2, 3), (0, 4), (1.2, 5))]
    follower = PersonFollower()

    def hips(time_s: float) -> float:
        view = follower.update(time_s, [person(keypoints) for keypoints in people])
        assert view.person is not None
        assert len(view.others) == 2
        return float(view.person.keypoints[0, 0])

    seen = [hips(0)]
    for step in range(1, 4):
        follower.ask_for_next()
        seen.append(hips(step / FPS))
    assert seen == [people[index][0, 0] for index in (0, 1, 2, 0)]
    follower.ask_for(2)
    assert hips(5 / FPS) == people[2][0, 0]
    follower.ask_for(7)
    assert hips(6 / FPS) == people[2][0, 0], "nobody has that number"
    follower.ask_for_next()
    follower.ask_for_next()
    assert hips(7 / FPS) == people[1][0, 0], "each press counts"


def test_passers_by_without_end_take_no_more_memory_and_nobody_makes_it_forget() -> None:
    rng = np.random.default_rng(3)
    shape = standing(0, 5, 1)[0]
    shape = (shape - shape.mean(axis=0)) / 8
    follower, own = PersonFollower(), standing(0, 3, 1)[0]
    numbers = set()
    for index in range(60):
        crowd = [person(shape + place) for place in rng.uniform(60, np.array(IMAGE_SIZE) - 60, (30, 2))]
        view = follower.update(index / FPS, [person(own), *crowd])
        numbers.add(view.number)
        assert len(view.others) < MOST_PEOPLE
        assert len(follower._known) <= MOST_REMEMBERED
    assert follower._count > MOST_REMEMBERED
    assert len(numbers) == 1


class Told:
    """A detector that finds what it is told, and a lifter's work on it."""

    def __init__(self, frames: Iterable[list[Person]]) -> None:
        self._frames = iter(frames)

    def detect(self, image: np.ndarray) -> list[Person]:
        del image
        return next(self._frames)


def worked(frames: Detections, first: int = 0, next_at: int | None = None) -> list[LiveResult]:
    """The results of an engine for pictures from that index on; at `next_at` the next person is asked for."""
    told: object = Told(frames)
    follower, results = PersonFollower(), []
    engine = LiveEngine(told, tiny_lifter(), IMAGE_SIZE, Settings(device="cpu"), follower)  # type: ignore[arg-type]
    for index in range(first, first + len(frames)):
        if index == next_at:
            follower.ask_for_next()
        results.append(engine.work(Picture(index, index / FPS, 0.0, BLANK), 0))
    return results


@pytest.mark.parametrize(("gone_from", "next_at"), [(20, None), (75, 30)])
def test_another_person_begins_with_nothing_of_the_one_before(gone_from: int, next_at: int | None) -> None:
    """As if only they had been there: no window, no bone lengths and no floor of two bodies."""
    first, second = hidden(walker(-1, 0, 3, 75), gone_from, 75), walker(1, 0, 5, 75)
    results = worked(detections(first, second, shuffled=False), next_at=next_at)
    change = next(index for index, result in enumerate(results) if result.person == 1)
    assert change == next_at or 60 < change < 70
    assert all(np.isnan(result.keypoints).all() for result in results[gone_from:change])
    alone = worked([[result.persons[-1]] for result in results[change:]], first=change)
    for after, fresh in zip(results[change:], alone, strict=True):
        np.testing.assert_array_equal(after.keypoints, fresh.keypoints)
        np.testing.assert_allclose(after.camera, fresh.camera, atol=1e-6)
        np.testing.assert_allclose(after.world[:, 2], fresh.world[:, 2], atol=1e-6)


def test_the_rate_is_told_even_where_a_picture_takes_longer_than_two_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter(np.arange(10.0, 100.0, 4.0))
    monkeypatch.setattr("app.live.engine.time.monotonic", lambda: next(clock))
    rates = [result.rate for result in worked(detections(standing(0, 4, 3)))]
    assert rates == [0.0, 0.25, 0.25]


def test_the_summary_of_the_command_says_how_often_it_went_over_to_another_person() -> None:
    gone, stays = hidden(standing(-1, 3, 75), 5, 75), standing(1, 5, 75)
    log = _Log()
    for result in worked(detections(gone, stays)[::5]):
        log.add(result)
    (line,) = [line for line in log.summary() if "another person" in line]
    assert line.startswith("Went over to another person once: whoever is lost for 1.5 s")


def test_a_result_says_who_else_is_there() -> None:
    near, far = standing(-1, 3, 3), standing(1, 6, 3)
    result = worked(detections(far, near, noise_px=0))[-1]
    assert result.person is not None
    np.testing.assert_allclose(result.keypoints, near[-1])
    assert [other.number for other in result.others] == [1 - result.person]
    np.testing.assert_allclose(result.others[0].keypoints, far[-1])
