"""Who is who: people who cross, hide, leave, return and flicker keep their tracks."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pytest
from synthetic_body import IMAGE_SIZE, Stance, body, seen_by_camera, walk

from detectors import Person
from detectors.people.matching import MOST_PEOPLE
from detectors.people.tracking import MOST_TRACKS, Track, Tracker

FPS = 30.0
WIDTH, HEIGHT = IMAGE_SIZE
CLOTHES = {"red": (200, 40, 40), "green": (30, 150, 60), "blue": (40, 60, 190), "grey": (120, 120, 120)}

Detections = list[list[Person]]
"""Of each frame."""


def walker(start_m: float, end_m: float, depth_m: float, frames: int) -> np.ndarray:
    """(F, 17, 2) pixels of somebody who walks across the picture."""
    steps = walk(frames, FPS)
    steps = steps - steps[:, :1] * [1, 1, 0]
    steps = (
        steps
        + np.stack(
            [np.linspace(start_m, end_m, frames), np.full(frames, depth_m), np.zeros(frames)], axis=-1
        )[:, None]
    )
    return seen_by_camera(steps)[1]


def standing(x_m: float, depth_m: float, frames: int) -> np.ndarray:
    """(F, 17, 2) pixels of somebody who stands."""
    return seen_by_camera(body(Stance(hip=(x_m, depth_m, 0.93)), frames))[1]


def person(keypoints: np.ndarray, score: float = 0.9) -> Person:
    """What a detector makes of (17, 2) pixels: joints outside the picture keep their place with a low score."""
    inside = ((keypoints >= 0) & (keypoints < IMAGE_SIZE)).all(axis=1)
    box = np.concatenate([keypoints.min(axis=0), keypoints.max(axis=0)]).clip(0, [WIDTH, HEIGHT] * 2)
    return Person(keypoints, np.where(inside, score, 0.05), "h36m17", box)


def detections(*people: np.ndarray, noise_px: float = 2.0, shuffled: bool = True) -> Detections:
    """Persons of every frame, in an order that changes; a person whose joints are NaN was not found."""
    rng = np.random.default_rng(7)
    frames: Detections = []
    for places in zip(*people, strict=True):
        found = [
            person(keypoints + rng.normal(0, noise_px, keypoints.shape))
            for keypoints in places
            if np.isfinite(keypoints).all()
        ]
        if shuffled:
            rng.shuffle(found)  # type: ignore[arg-type]
        frames.append(found)
    return frames


def hidden(keypoints: np.ndarray, start: int, stop: int) -> np.ndarray:
    """The same, not found from `start` up to `stop`."""
    keypoints = keypoints.copy()
    keypoints[start:stop] = np.nan
    return keypoints


def track(frames: Detections, images: Iterable[np.ndarray] | None = None, fps: float = FPS) -> list[Track]:
    """The tracks of a video."""
    tracker = Tracker(IMAGE_SIZE)
    pictures = itertools.repeat(None) if images is None else images
    for index, (persons, picture) in enumerate(zip(frames, pictures, strict=False)):
        tracker.update(index, index / fps, persons, picture)
    return tracker.tracks()


def off_by(found: Track, truth: np.ndarray) -> float:
    """The largest distance of the hip from the truth, pixels, over the track's frames."""
    hips = np.array(found.keypoints)[:, 0]
    return float(np.linalg.norm(hips - truth[found.frames, 0], axis=1).max())


def owner(found: Track, *truths: np.ndarray) -> int:
    """Whose track it is; fails the test when it is not the same person's all along."""
    errors = [off_by(found, np.nan_to_num(truth, nan=1e6)) for truth in truths]
    assert min(errors) < 30, errors
    return int(np.argmin(errors))


def painted(people: Sequence[tuple[np.ndarray, str]], frames: int) -> Iterator[np.ndarray]:
    """Pictures of blocks in each one's colour."""
    for index in range(frames):
        image = np.full((HEIGHT, WIDTH, 3), 235, np.uint8)
        for keypoints, cloth in people:
            if np.isfinite(keypoints[index]).all():
                (left, top), (right, bottom) = keypoints[index].min(axis=0), keypoints[index].max(axis=0)
                image[max(0, int(top)) : max(0, int(bottom)), max(0, int(left)) : max(0, int(right))] = (
                    CLOTHES[cloth]
                )
        yield image


def test_one_person_is_one_track_of_all_frames() -> None:
    truth = walker(-2, 2, 5, 90)
    tracks = track(detections(truth))
    assert [found.frames for found in tracks] == [list(range(90))]
    keypoints, scores = tracks[0].dense(100)
    assert np.abs(keypoints[:90] - truth).max() < 15
    assert np.isnan(keypoints[90:]).all()
    assert (scores[90:] == 0).all()


@pytest.mark.parametrize("fps", [30.0, 10.0, 5.0])
def test_people_who_cross_side_by_side_keep_their_tracks_at_any_rate(fps: float) -> None:
    step = int(FPS / fps)
    people = [walker(-2, 2, 5, 120)[::step], walker(2, -2, 6, 120)[::step]]
    tracks = track(detections(*people), fps=fps)
    assert [len(found.frames) for found in tracks] == [120 // step] * 2
    assert {owner(found, *people) for found in tracks} == {0, 1}


@pytest.mark.parametrize("frames_hidden", [1, 8, 25])
def test_somebody_hidden_behind_another_comes_out_as_themselves(frames_hidden: int) -> None:
    first = 60 - frames_hidden // 2
    near, far = walker(-2, 2, 4, 120), walker(2, -2, 6, 120)
    far = hidden(far, first, first + frames_hidden)
    tracks = track(detections(near, far))
    assert sorted(len(found.frames) for found in tracks) == [120 - frames_hidden, 120]
    assert {owner(found, near, far) for found in tracks} == {0, 1}


def test_three_people_who_stand_close_are_not_mixed_up() -> None:
    people = [standing(x, 4, 60) for x in (-0.6, 0.0, 0.6)]
    tracks = track(detections(*people, noise_px=5))
    assert [len(found.frames) for found in tracks] == [60] * 3
    assert {owner(found, *people) for found in tracks} == {0, 1, 2}


def test_a_detector_that_jumps_from_one_person_to_another_makes_two_tracks() -> None:
    one, other = standing(-1.5, 5, 60), standing(1.5, 5, 60)
    tracks = track(detections(np.concatenate([one[:40], other[40:]])))
    assert sorted(found.frames for found in tracks) == [list(range(40)), list(range(40, 60))]


def test_the_same_person_found_twice_is_one_track() -> None:
    truth = walker(-2, 2, 5, 60)
    frames = [[*persons, person(persons[0].keypoints + 4, 0.6)] for persons in detections(truth)]
    tracks = track(frames)
    assert [len(found.frames) for found in tracks] == [60]
    assert np.mean(tracks[0].scores[0]) == pytest.approx(0.9)


def test_a_detector_that_misses_every_third_frame_does_not_break_a_track() -> None:
    truth = walker(-2, 2, 5, 90)
    truth[::3] = np.nan
    assert [len(found.frames) for found in track(detections(truth))] == [60]


def test_a_phantom_of_a_few_frames_is_dropped() -> None:
    truth, phantom = walker(-2, 0, 5, 90), standing(2, 5, 90)
    phantom = hidden(hidden(phantom, 0, 40), 43, 90)
    tracks = track(detections(truth, phantom))
    assert len(tracks) == 1
    assert owner(tracks[0], truth) == 0


def test_a_video_of_a_single_frame_has_its_person() -> None:
    assert [found.frames for found in track(detections(standing(0, 5, 1)))] == [[0]]


def test_the_largest_and_longest_in_view_comes_first() -> None:
    near, far, brief = standing(-1.5, 3, 90), standing(0, 8, 90), hidden(standing(1.5, 3, 90), 20, 90)
    tracks = track(detections(far, brief, near))
    assert [owner(found, near, far, brief) for found in tracks] == [0, 1, 2]
    top, bottom = near[0, :, 1].min(), near[0, :, 1].max()
    assert tracks[0].height_share == pytest.approx((min(bottom, HEIGHT) - max(top, 0)) / HEIGHT, abs=0.02)


def test_a_person_whom_the_picture_cuts_off_is_followed_to_the_edge() -> None:
    truth = walker(0, 4.2, 4, 90)
    assert truth[-1, 0, 0] > WIDTH, "the hip is outside at last"
    tracks = track(detections(truth))
    assert len(tracks) == 1
    assert len(tracks[0].frames) >= 80


@pytest.mark.parametrize(("cloth", "count"), [("red", 1), ("blue", 2)])
def test_who_returns_after_long_is_known_by_clothes_and_by_nothing_else(cloth: str, count: int) -> None:
    before, after = hidden(walker(-1, 4, 4, 300), 90, 300), hidden(walker(3, -3, 5, 300), 0, 200)
    images = painted([(before, "red"), (after, cloth)], 300)
    tracks = track(detections(before, after, noise_px=1), images)
    assert len(tracks) == count
    assert sum(len(found.frames) for found in tracks) == np.isfinite(before[:, 0, 0]).sum() + 100


def test_without_pictures_nobody_is_recognised_after_long() -> None:
    before, after = hidden(standing(-1, 4, 300), 90, 300), hidden(standing(-1, 4, 300), 0, 200)
    assert len(track(detections(before, after))) == 2


def test_somebody_dressed_as_two_others_who_left_is_nobody_of_them() -> None:
    people = [
        hidden(standing(-1, 4, 300), 90, 300),
        hidden(standing(1, 4, 300), 90, 300),
        hidden(standing(0, 4, 300), 0, 200),
    ]
    images = painted([(keypoints, "green") for keypoints in people], 300)
    assert len(track(detections(*people), images)) == 3


def test_clothes_tell_who_is_who_after_two_people_met_and_turned_back() -> None:
    there = np.concatenate([walker(-2, -0.1, 5, 60), walker(-0.1, -2, 5, 60)])
    back = np.concatenate([walker(2, 0.1, 5.5, 60), walker(0.1, 2, 5.5, 60)])
    hidden_back = hidden(back, 45, 75)
    images = painted([(hidden_back, "red"), (there, "blue")], 120)
    tracks = track(detections(there, hidden_back), images)
    assert sorted(len(found.frames) for found in tracks) == [90, 120]
    assert {owner(found, there, hidden_back) for found in tracks} == {0, 1}


def test_a_crowd_and_passers_by_without_end_take_no_more_memory() -> None:
    rng = np.random.default_rng(3)
    tracker = Tracker(IMAGE_SIZE)
    shape = standing(0, 5, 1)[0]
    shape = (shape - shape.mean(axis=0)) / 8
    places = rng.uniform(60, [WIDTH - 60, HEIGHT - 60], (30, 2))
    for index in range(100):
        if index % 10 == 0:
            places = rng.uniform(60, [WIDTH - 60, HEIGHT - 60], (30, 2))
        tracker.update(index, index / FPS, [person(shape + place) for place in places])
        assert len(tracker.tracks()) <= MOST_TRACKS
        newest = [found for found in tracker.tracks() if found.frames[-1] == index]
        assert len(newest) <= MOST_PEOPLE


def test_nobody_makes_no_track() -> None:
    assert track([[]] * 30) == []
    unseen = Person(np.full((17, 2), np.nan), np.zeros(17), "h36m17", np.zeros(4))
    assert track([[unseen]] * 30) == []
