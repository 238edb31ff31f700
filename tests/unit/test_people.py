"""The people of a video: who is wanted, and poses that equal those of lifting everybody at the end."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from made_takes import FPS
from synthetic_body import IMAGE_SIZE, Stance, body, seen_by_camera, walk
from test_lifter import small_lifter

from app import lifting
from app.edits import Edit, HideJoint, MoveJoint, SwapPeople, SwapSides, apply_edits
from app.errors import StudioError
from app.lifting import LifterThread
from app.people import People, PeopleFinder, check_person, wanted
from app.settings import Settings
from app.take import Source
from app.video import Frame
from detectors import Person
from detectors.keypoints import FORMATS, H36M17
from detectors.people.matching import MOST_PEOPLE
from detectors.people.side_swaps import SideSwap, exchange_sides
from detectors.people.tracking import Track
from stcformer.errors import LifterError

FRAMES = 70
SOURCE = Source(Path("two.mp4"), *IMAGE_SIZE, FPS)
LEG_PARTS = ("hip", "knee", "ankle", "heel", "index")
PICTURE = np.zeros((*IMAGE_SIZE[::-1], 3), np.uint8)


@pytest.fixture(autouse=True)
def _short_lifter(monkeypatch: pytest.MonkeyPatch) -> None:
    lifter = small_lifter(window=9)
    monkeypatch.setattr(lifting, "load_lifter", lambda settings: lifter)


@pytest.fixture(scope="module")
def two_people() -> np.ndarray:
    """(2, F, 17, 2) pixels: one is far and leaves late, the other comes late and is near."""
    far = seen_by_camera(walk(FRAMES, FPS) + np.array([-1, 3, 0]))[1]
    near = seen_by_camera(body(Stance(heading=160, hip=(1.0, 3, 0.93)), FRAMES))[1]
    near[:30] = np.nan
    far[60:] = np.nan
    return np.stack([far, near])


def persons_of(keypoints: np.ndarray, frame: int, format: str = "h36m17") -> list[Person]:  # noqa: A002
    """Persons of (P, F, K, 2) in a frame; those who are NaN are not there."""
    found = []
    for person in keypoints[:, frame]:
        if np.isfinite(person).all():
            box = np.concatenate([person.min(axis=0), person.max(axis=0)]).clip(0, [*IMAGE_SIZE, *IMAGE_SIZE])
            found.append(Person(person, np.full(len(person), 0.9), format, box))
    return found


def find(
    keypoints: np.ndarray,
    person: str,
    edits: Sequence[Edit] = (),
    on_progress: Callable[[int], None] = lambda done: None,
    format: str = "h36m17",  # noqa: A002
) -> People:
    """What a video with these persons gives."""
    settings = Settings(person=person)
    with LifterThread(settings) as thread:
        thread.lifter()
        finder = PeopleFinder(SOURCE, FRAMES, settings, tuple(edits), thread, first_block=5)
        for index in range(FRAMES):
            finder.add(Frame(index, index / FPS, PICTURE), persons_of(keypoints, index, format))
            for follow in finder.followed:
                assert follow.lifter.frames_lifted <= index + 1
        return finder.finish(on_progress)


def assert_lifted_from(people: People) -> None:
    """The poses are those that the final keypoints give when they are lifted at once."""
    for person, (keypoints, scores) in enumerate(zip(*people.edited, strict=True)):
        pose, disagreement = small_lifter(window=9).lift_with_disagreement(
            keypoints, scores, image_size=IMAGE_SIZE, fps=FPS
        )
        np.testing.assert_allclose(people.lifted[person], pose, atol=2e-5, equal_nan=True)
        np.testing.assert_allclose(people.disagreement[person], disagreement, atol=2e-5, equal_nan=True)


def test_all_are_everybody_the_most_prominent_first(two_people: np.ndarray) -> None:
    people = find(two_people, "all")
    np.testing.assert_array_equal(people.keypoints, two_people[::-1])
    np.testing.assert_array_equal(people.scores > 0, np.isfinite(two_people[::-1, ..., 0]))
    assert_lifted_from(people)
    assert [person["chosen"] for person in people.report] == [True, True]
    assert [person["person"] for person in people.report] == [1, 2]
    assert [(person["first_frame"], person["last_frame"], person["frames"]) for person in people.report] == [
        (30, 69, 40),
        (0, 59, 60),
    ]


@pytest.mark.parametrize(("person", "expected"), [("main", 1), ("1", 1), ("2", 0)])
def test_the_main_person_and_the_second_are_those_of_the_whole_video(
    two_people: np.ndarray, person: str, expected: int
) -> None:
    people = find(two_people, person)
    np.testing.assert_array_equal(people.keypoints, two_people[[expected]])
    assert_lifted_from(people)
    assert [found["chosen"] for found in people.report] == [expected == 1, expected == 0]
    assert [found["person"] for found in people.report] == ([1, None] if expected else [None, 1])


@pytest.mark.parametrize("person", ["main", "all"])
@pytest.mark.parametrize(
    "edits",
    [
        (MoveJoint(0, 40, 13, 10.0, 10.0), HideJoint(1, 10, 50, 3)),
        (SwapSides(0, 35, 39),),
        (SwapPeople(0, 1, 45), MoveJoint(0, 50, 3, 9.0, 9.0)),
    ],
    ids=["joints", "sides", "people"],
)
def test_edits_are_of_the_people_as_they_are_in_the_end(
    two_people: np.ndarray, edits: tuple[Edit, ...], person: str
) -> None:
    people = find(two_people, person, edits)
    plain = find(two_people, person)
    np.testing.assert_array_equal(people.keypoints, plain.keypoints)
    expected = apply_edits(plain.keypoints, plain.scores, edits)
    np.testing.assert_array_equal(people.edited[0], expected[0])
    np.testing.assert_array_equal(people.edited[1], expected[1])
    assert_lifted_from(people)


def test_swapped_sides_are_undone_recorded_and_lifted_anew(two_people: np.ndarray) -> None:
    swapped, scores = two_people[1:].copy(), np.ones((FRAMES, 17))
    exchange_sides(swapped[0], scores, SideSwap("legs", 40, 43))
    people = find(swapped, "main")
    np.testing.assert_array_equal(people.keypoints, two_people[1:])
    assert people.side_swaps == [{"person": 1, "part": "legs", "start": 40, "stop": 43}]
    assert_lifted_from(people)


def test_heels_and_toes_come_along_and_change_sides_with_a_leg_that_was_taken_for_the_other(
    two_people: np.ndarray,
) -> None:
    blazepose = FORMATS["blazepose33"]
    body = np.repeat(two_people[1:, :, 9:10], 33, axis=2)
    for joint, name in enumerate(H36M17.keypoints):
        side = {"l": "left_", "r": "right_"}.get(name[0], "") + name[1:]
        if side in blazepose.keypoints:
            body[:, :, blazepose.index(side)] = two_people[1:, :, joint]
    feet = [[blazepose.index(f"{s}_{end}") for end in ("heel", "foot_index")] for s in ("left", "right")]
    body[0][:, feet] = np.arange(FRAMES * 8.0).reshape(FRAMES, 2, 2, 2)
    body[0, :30, feet] = np.nan
    legs = [i for i, name in enumerate(blazepose.keypoints) if name.split("_")[-1] in LEG_PARTS]
    others = np.array(blazepose.mirror())[legs]
    detected = body.copy()
    detected[0][40:43, legs] = body[0][40:43][:, others]
    people = find(detected, "main", format="blazepose33")
    assert [swap["part"] for swap in people.side_swaps] == ["legs"]
    np.testing.assert_array_equal(people.feet, body[:, :, feet])
    np.testing.assert_array_equal(people.foot_scores, np.isfinite(body[:, :, feet, 0]) * 0.9)


def test_a_detector_without_feet_gives_none(two_people: np.ndarray) -> None:
    people = find(two_people, "all")
    assert people.feet.shape == (2, FRAMES, 2, 2, 2)
    assert np.isnan(people.feet).all()
    assert not people.foot_scores.any()


def test_nobody_is_one_person_who_was_never_seen() -> None:
    for person in ("main", "all", "3"):
        people = find(np.full((1, FRAMES, 17, 2), np.nan), person)
        assert people.keypoints.shape == (1, FRAMES, 17, 2)
        assert np.isnan(people.lifted).all()
        assert (people.scores == 0).all()
        assert people.report == []


def test_a_number_that_is_not_there_is_said(two_people: np.ndarray) -> None:
    with pytest.raises(StudioError, match="2 people were found, but person 3 is wanted; choose another"):
        find(two_people, "3")


def test_those_who_are_wanted_are_lifted_while_frames_still_come(two_people: np.ndarray) -> None:
    settings = Settings(person="all")
    with LifterThread(settings) as thread:
        thread.lifter()
        finder = PeopleFinder(SOURCE, FRAMES, settings, (), thread, first_block=5)
        for index in range(60):
            finder.add(Frame(index, index / FPS, PICTURE), persons_of(two_people, index))
        thread.submit(lambda: None).result()
        assert len(finder.followed) == 2
        assert all(10 < follow.lifter.frames_lifted < 60 for follow in finder.followed)


def test_what_ends_the_waiting_ends_it(two_people: np.ndarray) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find(two_people, "main", on_progress=stop)


def test_progress_is_how_many_frames_of_everybody_are_lifted(two_people: np.ndarray) -> None:
    told: list[int] = []
    find(two_people, "all", on_progress=told.append)
    assert told == sorted(told)
    assert told[-1] == FRAMES


def test_weights_that_cannot_be_loaded_end_it_though_nobody_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(settings: Settings) -> None:
        raise LifterError("There are no such weights.")

    monkeypatch.setattr(lifting, "load_lifter", fail)
    with LifterThread(Settings()) as thread:
        finder = PeopleFinder(SOURCE, FRAMES, Settings(), (), thread)
        thread.submit(lambda: None).result()
        with pytest.raises(LifterError, match="no such weights"):
            finder.add(Frame(0, 0.0, PICTURE), [])


@pytest.mark.parametrize("person", ["main", "all", "1", "12"])
def test_choices_of_people(person: str) -> None:
    check_person(person)


@pytest.mark.parametrize("person", ["", "0", "-1", "1.5", "everybody", "²", "main "])
def test_other_choices_are_refused(person: str) -> None:
    with pytest.raises(StudioError, match="there are: main, all, or a number from 1 on"):
        check_person(person)


def tracks(*lengths: int) -> list[Track]:
    return [Track(number, frames=list(range(length))) for number, length in enumerate(lengths)]


def test_all_leaves_out_who_is_there_for_a_moment_only_and_more_people_than_memory_allows() -> None:
    def kept(lengths: Iterator[int] | list[int], frame_count: int = 300) -> list[int]:
        return [len(track.frames) for track in wanted(tracks(*lengths), "all", frame_count, 30.0)]

    assert kept([300, 40, 20, 31]) == [300, 40, 31]
    assert kept([20, 10, 3]) == [20, 10], "of a short video a quarter is enough"
    assert len(kept([300] * 50)) == MOST_PEOPLE
    assert len(kept([300] * 50, frame_count=200_000)) == 5
    assert len(kept([300] * 50, frame_count=10_000_000)) == 1
