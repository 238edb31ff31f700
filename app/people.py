"""The people of a video while it is being processed: who is who, who is wanted, and their poses so far.

Who is wanted is known for certain only after the last frame. Until then those who would be wanted if the video
ended now are lifted in the background; whatever turns out otherwise is lifted again at the end, and only that.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from app.edits import Edit, SwapPeople, apply_edits
from app.errors import StudioError
from app.lifting import BackgroundLifter, LifterThread
from app.relifting import lifted_again, matching_person
from app.settings import Settings
from app.take import Array, Source, Take
from app.video import Frame
from detectors import Person
from detectors.people.matching import MOST_PEOPLE
from detectors.people.side_swaps import exchange_feet, undo_side_swaps
from detectors.people.tracking import Track, Tracker
from stcformer.skeleton import JOINT_COUNT

LASTING_S = 1.0
"""`all` keeps everybody who is seen for so long altogether, or for a quarter of the longest time of anybody."""

_MOST_PERSON_FRAMES = 1_000_000
"""Of all people together: a Take takes about 2 kB for each."""
_MOST_SPARE = 4
"""People whose poses are kept for a while although others are wanted now."""


@dataclass(frozen=True)
class People:
    """P people of F frames, the most prominent first; nobody at all is one person who was never seen."""

    keypoints: Array
    """(P, F, 17, 2) pixels as detected, with side swaps undone, without edits."""
    scores: Array
    """(P, F, 17) of them."""
    feet: Array
    """(P, F, 2, 2, 2) pixels of heels and toes as detected, with side swaps undone, without edits."""
    foot_scores: Array
    """(P, F, 2, 2) of them."""
    edited: tuple[Array, Array]
    """The same two with the edits."""
    lifted: Array
    """(P, F, 17, 3) camera space, metres, the hip at 0: of the edited keypoints."""
    disagreement: Array
    """(P, F) metres."""
    side_swaps: list[dict[str, Any]]
    """What was undone of left and right taken for each other, for the provenance: person (from 1), part, frames."""
    report: list[dict[str, Any]]
    """Of everybody who was found, for the provenance: frames seen, share of the picture's height, wanted or not."""


def check_person(person: str) -> None:
    """Raise StudioError unless `person` is `main`, `all` or a number from 1 on."""
    if person not in ("main", "all") and not (person.isascii() and person.isdecimal() and int(person) > 0):
        raise StudioError(f"'{person}' is no choice of people; there are: main, all, or a number from 1 on.")


def left_out_count(take: Take) -> int:
    """How many more people were found than a Take holds, as its provenance says; 0 where it does not."""
    found = take.provenance.get("people")
    people = found if isinstance(found, list) else []
    return sum(isinstance(person, dict) and person.get("chosen") is False for person in people)


def wanted(tracks: Sequence[Track], person: str, frame_count: int, fps: float) -> list[Track]:
    """Whom a choice (see `check_person`) means among tracks in the order of prominence; may be empty."""
    if person == "main":
        return list(tracks[:1])
    if person != "all":
        return list(tracks[int(person) - 1 : int(person)])
    longest = max((len(track.frames) for track in tracks), default=0)
    least = min(LASTING_S * fps, longest / 4)
    most = max(1, min(MOST_PEOPLE, _MOST_PERSON_FRAMES // max(1, frame_count)))
    return [track for track in tracks if len(track.frames) >= least][:most]


class Followed:
    """One person's growing keypoints, with the edits, and the poses that follow behind."""

    def __init__(
        self,
        track: Track,
        source: Source,
        frame_count: int,
        settings: Settings,
        thread: LifterThread,
        first_block: int | None,
    ) -> None:
        self.track = track
        self.keypoints = np.full((frame_count, JOINT_COUNT, 2), np.nan)
        """(F, 17, 2) pixels."""
        self.scores = np.zeros((frame_count, JOINT_COUNT))
        """(F, 17)."""
        self.lifter = BackgroundLifter(
            thread,
            self.keypoints,
            self.scores,
            settings,
            (source.width, source.height),
            source.fps,
            first_block=first_block,
        )
        self._frames = 0

    def fill(self, frames: int, edits: Sequence[Edit]) -> None:
        """All is known of the first `frames` frames. What was filled before stays: it may have been lifted."""
        first, track = self._frames, self.track
        since = bisect_left(track.frames, first)
        rows = np.array(track.frames[since:], dtype=np.intp)
        part = slice(first, frames)
        if len(rows):
            self.keypoints[rows], self.scores[rows] = track.keypoints[since:], track.scores[since:]
        if edits:
            keypoints, scores = apply_edits(
                self.keypoints[None, part], self.scores[None, part], edits, first_frame=first
            )
            self.keypoints[part], self.scores[part] = keypoints[0], scores[0]
        self._frames = frames

    def settle(self, keypoints: Array, scores: Array, pose: Array) -> None:
        """What it all came to, for those who still look."""
        self.keypoints[:], self.scores[:], self.lifter.pose[:] = keypoints, scores, pose


class PeopleFinder:
    """Takes the persons of one frame after the other, and ends as the people of the video.

    `first_block`: frames of the first block that is lifted, see `BackgroundLifter`. `limit`: why the detector may not
    have seen everybody, see `detectors.registry.one_person_limit`.
    """

    def __init__(
        self,
        source: Source,
        frame_count: int,
        settings: Settings,
        edits: tuple[Edit, ...],
        thread: LifterThread,
        *,
        first_block: int | None = None,
        limit: str = "",
    ) -> None:
        self._limit = limit
        self._source, self._frame_count, self._settings, self._edits = source, frame_count, settings, edits
        self._thread, self._first_block = thread, first_block
        self._tracker = Tracker((source.width, source.height))
        self._all: dict[int, Followed] = {}
        self.frames = 0
        """How many frames are known."""
        self.followed: list[Followed] = []
        """Those who are wanted as far as is known, in the order of the Take to be."""

    def add(self, frame: Frame, persons: Sequence[Person]) -> None:
        """The persons of the next frame. Raises LifterError when lifting has failed."""
        self._tracker.update(frame.index, frame.time_s, persons, frame.image)
        self.frames = frame.index + 1
        self._thread.is_loaded()  # raises when it never will be
        self._follow(self._wanted(self._tracker.tracks()))
        for follow in self.followed:
            follow.lifter.advance(self.frames)

    def finish(self, on_progress: Callable[[int], None]) -> People:
        """All frames are there: lift what is left. `on_progress` is told how many frames are lifted, and what it
        raises ends the waiting. Raises StudioError where the person wanted is not there, and LifterError.
        """
        self.frames = self._frame_count
        tracks = self._tracker.tracks()
        chosen = self._wanted(tracks)
        if not chosen and tracks:
            raise StudioError(
                f"In '{self._source.path.name}' {_people(len(tracks))} found, but person {self._settings.person} is "
                f"wanted; choose another{f', or another detector: {self._limit}' if self._limit else ''}."
            )
        self._follow(chosen or [Track(-1)])
        self._lift_all(on_progress)
        people = [
            undo_side_swaps(*follow.track.dense(self._frame_count), self._source.fps)
            for follow in self.followed
        ]
        keypoints, scores = (
            np.stack([person[0] for person in people]),
            np.stack([person[1] for person in people]),
        )
        feet, foot_scores = (
            np.stack(arrays)
            for arrays in zip(
                *(
                    exchange_feet(*follow.track.dense_feet(self._frame_count), person[2])
                    for follow, person in zip(self.followed, people, strict=True)
                ),
                strict=True,
            )
        )
        edited = apply_edits(keypoints, scores, self._edits)
        lifted, disagreement = self._lifted(edited)
        for follow, *final in zip(self.followed, *edited, lifted, strict=True):
            follow.settle(*final)
        swaps = [
            {"person": number, **asdict(swap)}
            for number, person in enumerate(people, start=1)
            for swap in person[2]
        ]
        numbers = {track.number: number for number, track in enumerate(chosen, start=1)}
        report = [describe_track(track, numbers.get(track.number)) for track in tracks]
        return People(keypoints, scores, feet, foot_scores, edited, lifted, disagreement, swaps, report)

    def _wanted(self, tracks: Sequence[Track]) -> list[Track]:
        return wanted(tracks, self._settings.person, self._frame_count, self._source.fps)

    def _follow(self, tracks: Sequence[Track]) -> None:
        """These are wanted now; their arrays reach up to the newest frame."""
        self.followed = []
        for place, track in enumerate(tracks):
            if track.number not in self._all:
                self._all[track.number] = Followed(
                    track, self._source, self._frame_count, self._settings, self._thread, self._first_block
                )
            self._all[track.number].fill(self.frames, _edits_of(self._edits, place))
            self.followed.append(self._all[track.number])
        spare = [follow for follow in self._all.values() if follow not in self.followed]
        for follow in sorted(spare, key=lambda follow: follow.track.prominence)[:-_MOST_SPARE]:
            del self._all[follow.track.number]

    def _lift_all(self, on_progress: Callable[[int], None]) -> None:
        for follow in self.followed:

            def tell(_: int) -> None:
                on_progress(sum(other.lifter.frames_lifted for other in self.followed) // len(self.followed))

            follow.lifter.finish(tell)

    def _lifted(self, edited: tuple[Array, Array]) -> tuple[Array, Array]:
        """Poses and disagreement of the final keypoints, from those that were lifted on the way."""
        keypoints, scores, pose, disagreement = (
            np.stack(arrays)
            for arrays in zip(
                *(
                    (follow.keypoints, follow.scores, follow.lifter.pose, follow.lifter.disagreement)
                    for follow in self.followed
                ),
                strict=True,
            )
        )
        return lifted_again(
            (pose, disagreement),
            *edited,
            matching_person((keypoints, scores), edited),
            self._thread.lifter(),
            image_size=(self._source.width, self._source.height),
            fps=self._source.fps,
            field_of_view=self._settings.fov_degrees,
        )


def _edits_of(edits: Sequence[Edit], place: int) -> list[Edit]:
    """The edits of the person at a place of the Take, as those of the only one; swapped people come at the end."""
    return [
        replace(edit, person=0) for edit in edits if not isinstance(edit, SwapPeople) and edit.person == place
    ]


def _people(count: int) -> str:
    return "1 person was" if count == 1 else f"{count} people were"


def describe_track(track: Track, number: int | None) -> dict[str, Any]:
    """Of one track, for the provenance; `number` is that of the person in the files, from 1."""
    return {
        "person": number,
        "frames": len(track.frames),
        "first_frame": track.frames[0],
        "last_frame": track.frames[-1],
        "share_of_height": round(track.height_share, 3),
        "chosen": number is not None,
    }
