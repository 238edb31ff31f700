"""Who is who from picture to picture: the persons that a detector finds become tracks, one for each person.

Every picture's persons are given to the tracks by the assignment of least cost (Kuhn, "The Hungarian method",
1955; `scipy.optimize.linear_sum_assignment`). The cost is how badly a person's joints agree (`detectors.people.oks`) with
where the track's would be by now if it had moved on as it did, plus how differently the two are dressed
(`detectors.people.appearance`), plus a little for the time that the track has not been seen, so that whoever is in plain
view comes before somebody who may be hidden behind them. What agrees too badly is never the same person: a
detector of one person that jumps to another one begins another track.

A person who was away for long is recognised by clothes alone, and only when they agree well, with nobody else's
that were seen coming near: it takes half a second of looking, then the new track is joined to the old one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from detectors.keypoints import H36M17, feet_of, to_h36m17
from detectors.people import appearance
from detectors.people.oks import person_size, similarity
from detectors.protocol import Array, Image, Person

MOST_PEOPLE = 20
"""In one picture; of more, the ones that take up most of it are followed."""
MOST_TRACKS = 60
"""Kept of a video; of more, the least prominent ones who have gone are forgotten."""

SAME_SIMILARITY, DUPLICATE_SIMILARITY = 0.9, 0.7
"""Two persons of one picture that agree as well as the first are one, found twice. So are two that agree as well as
the second, unless both were followed before: people who cross agree for a moment.
"""
LEAST_SIMILARITY = 0.15
"""To where a track's joints were expected; two spreads away everywhere gives 0.14."""
PATIENCE_S = 1.5
"""How long a track that is not seen may go on where its motion leads; after that only clothes can tell."""
BRIEF_S = 0.3
"""A track no longer than this is a flicker of the detector, where others last four times as long."""

_GAP_COST, _CLOTHES_COST = 0.3, 0.5
_NEW_SPEED, _KNOWN_SPEED_CHANGE = 2.5, 1.0
"""Body sizes a second that people may move otherwise than expected: when nothing is known of their motion, and
when they were seen moving. A size is a bit less than a metre."""
_MOST_LOOSENESS = 1.0
_SPEED_MEMORY_S, _LONGEST_MOVE_S = 0.15, 0.7
_LOOKING_S = 0.5
_SAME_CLOTHES, _CLOTHES_MARGIN = 8.0, 4.0
_FEWEST_LOOKS = 5
_LOOK_EVERY_S = 0.08
"""At the clothes of somebody who is alone: it takes time, and they do not change."""
_HIDDEN_SHARE = 0.2
_IMPOSSIBLE = 1e3


@dataclass(eq=False)
class Track:
    """One person's frames, in the order of time."""

    number: int
    frames: list[int] = field(default_factory=list)
    keypoints: list[Array] = field(default_factory=list)
    """(17, 2) pixels of each frame, Human3.6M's joints."""
    scores: list[Array] = field(default_factory=list)
    """(17,) of each frame."""
    feet: list[Array] = field(default_factory=list)
    """(2, 2, 2) pixels of each frame: left and right, heel and toe."""
    foot_scores: list[Array] = field(default_factory=list)
    """(2, 2) of each frame."""
    prominence: float = 0.0
    """Body sizes over all frames, in pixels: the largest and longest in view comes first."""
    height_share: float = 0.0
    """Mean height of the person's box, as a part of the picture's."""

    def dense(self, frames: int) -> tuple[Array, Array]:
        """(F, 17, 2) pixels and (F, 17) scores over a video's frames; NaN and 0 where the person was not seen."""
        keypoints = np.full((frames, len(H36M17.keypoints), 2), np.nan)
        scores = np.zeros(keypoints.shape[:2])
        if self.frames:
            keypoints[self.frames], scores[self.frames] = self.keypoints, self.scores
        return keypoints, scores

    def dense_feet(self, frames: int) -> tuple[Array, Array]:
        """(F, 2, 2, 2) pixels and (F, 2, 2) scores of heels and toes over a video's frames; NaN and 0 likewise."""
        feet, foot_scores = np.full((frames, 2, 2, 2), np.nan), np.zeros((frames, 2, 2))
        if self.frames:
            feet[self.frames], foot_scores[self.frames] = self.feet, self.foot_scores
        return feet, foot_scores


@dataclass(frozen=True, eq=False)
class _Seen:
    """A person of the newest picture."""

    keypoints: Array
    scores: Array
    feet: Array
    foot_scores: Array
    box: Array
    size: float
    colours: Array | None = None


class _Follower:
    """What is remembered of a track to find it in the next picture."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.wardrobe = appearance.Wardrobe()
        self.looks = 0
        self.seen_for_s = 0.0
        self.last_s = 0.0
        self.size = 1.0
        self.was_compared = False
        self._velocity: Array | None = None
        self._keypoints = np.zeros(0)
        self._scores = np.zeros(0)

    def expected(self, time_s: float) -> tuple[Array, Array, float]:
        """(17, 2) pixels and (17,) scores at a time, and how loosely that is to be taken, in body sizes."""
        gap = time_s - self.last_s
        speed = _NEW_SPEED if self._velocity is None else _KNOWN_SPEED_CHANGE
        moved = 0.0 if self._velocity is None else self._velocity * min(gap, _LONGEST_MOVE_S)
        return self._keypoints + moved, self._scores, min(speed * gap, _MOST_LOOSENESS)

    def add(self, frame: int, time_s: float, seen: _Seen, picture_height: float) -> None:
        """The person of this picture is this track's."""
        if self.track.frames:
            self._learn_motion(time_s - self.last_s, seen)
            known = np.isfinite(seen.keypoints).all(axis=1)
            self.size += 0.2 * (seen.size - self.size)
            self._keypoints = np.where(known[:, None], seen.keypoints, self._keypoints)
            self._scores = np.where(known, seen.scores, 0.5 * self._scores)
        else:
            self.size, self._keypoints, self._scores = seen.size, seen.keypoints, seen.scores
        if seen.colours is not None:
            self.wardrobe.add(seen.colours)
            self.looks += 1
        self.last_s = time_s
        _add_frame(self.track, frame, seen, picture_height)

    def clothes_apart(self, colours: Array) -> float:
        """Distance to what this track wears; NaN where that is not known well."""
        if self.looks < _FEWEST_LOOKS:
            return float("nan")
        return appearance.distance(colours, self.wardrobe.mean())

    def _learn_motion(self, gap: float, seen: _Seen) -> None:
        self.seen_for_s += min(gap, PATIENCE_S)
        moved = seen.keypoints - self._keypoints
        both = np.isfinite(moved).all(axis=1) & (np.minimum(seen.scores, self._scores) > 0)
        if gap <= 0 or not both.any():
            return
        newest = np.median(moved[both], axis=0) / gap
        if self._velocity is None:
            self._velocity = newest
        else:
            self._velocity = self._velocity + (1 - np.exp(-gap / _SPEED_MEMORY_S)) * (newest - self._velocity)


class Tracker:
    """Follows the people of one video, picture by picture in order; memory does not grow with those who come and go.

    `image_size`: (width, height) pixels.
    """

    def __init__(self, image_size: tuple[int, int]) -> None:
        self._height = image_size[1]
        self._followers: list[_Follower] = []
        self._count = 0
        self._looked_s = -np.inf

    def update(
        self, frame: int, time_s: float, persons: Sequence[Person], image: Image | None = None
    ) -> None:
        """The persons of the next picture; with the picture itself, clothes count. Raises DetectorError."""
        found = _without_duplicates(_seen(person) for person in persons)
        waiting = [follower for follower in self._followers if time_s - follower.last_s <= PATIENCE_S]
        is_plain = len(found) <= 1 and len(waiting) <= 1
        if image is not None and not (is_plain and time_s - self._looked_s < _LOOK_EVERY_S):
            found = [_dressed(person, found, image) for person in found]
            self._looked_s = time_s
        mine = _assignment(waiting, found, time_s)
        kept = [person for index, person in enumerate(found) if index in mine]
        for index, follower in mine.items():
            waiting[follower].add(frame, time_s, found[index], self._height)
        for index, person in enumerate(found):
            if index not in mine and not _is_among(person, kept, DUPLICATE_SIMILARITY):
                kept.append(person)
                self._new_follower().add(frame, time_s, person, self._height)
        self._recognise(time_s)
        self._forget(time_s)

    def tracks(self) -> list[Track]:
        """The tracks so far, the most prominent first, without those that are mere flickers."""
        if not self._followers:
            return []
        longest = max(len(follower.track.frames) for follower in self._followers)
        lasting = [follower for follower in self._followers if not _is_flicker(follower, longest)]
        return sorted(
            (follower.track for follower in lasting), key=lambda track: (-track.prominence, track.number)
        )

    def _new_follower(self) -> _Follower:
        self._followers.append(_Follower(Track(self._count)))
        self._count += 1
        return self._followers[-1]

    def _recognise(self, time_s: float) -> None:
        """Join a track that has been looked at for long enough to the one of the same person who had gone before."""
        for new in list(self._followers):
            if new.was_compared or new.seen_for_s < _LOOKING_S or new.looks < _FEWEST_LOOKS:
                continue
            new.was_compared = True
            begun = new.track.frames[0]
            gone = [other for other in self._followers if other.track.frames[-1] < begun]
            clothes = new.wardrobe.mean()
            apart = np.array([other.clothes_apart(clothes) for other in gone])
            order = np.argsort(apart)  # NaN last
            if not len(order) or not apart[order[0]] <= _SAME_CLOTHES:
                continue
            if len(order) > 1 and apart[order[1]] - apart[order[0]] < _CLOTHES_MARGIN:
                continue
            old = gone[order[0]]
            _join(old.track, new.track)
            new.track = old.track
            new.wardrobe.join(old.wardrobe)
            new.looks += old.looks
            new.seen_for_s += old.seen_for_s
            self._followers.remove(old)

    def _forget(self, time_s: float) -> None:
        """Drop flickers that are over, and the least prominent of too many."""
        longest = max((len(follower.track.frames) for follower in self._followers), default=0)
        kept = [
            follower
            for follower in self._followers
            if time_s - follower.last_s <= PATIENCE_S or not _is_flicker(follower, longest)
        ]
        while len(kept) > MOST_TRACKS:
            gone = [follower for follower in kept if follower.last_s < time_s]
            kept.remove(min(gone, key=lambda follower: follower.track.prominence))
        self._followers = kept


def _seen(person: Person) -> _Seen:
    keypoints, scores = to_h36m17(person.keypoints, person.scores, person.format)
    feet = feet_of(person.keypoints, person.scores, person.format)
    return _Seen(keypoints, scores, *feet, person.box, person_size(keypoints, scores))


def _without_duplicates(persons: Iterable[_Seen]) -> list[_Seen]:
    """The people of a picture, the most surely seen first, each once, and not more than `MOST_PEOPLE`."""
    usable = [person for person in persons if np.isfinite(person.size)]
    usable = sorted(usable, key=lambda person: -person.size)[: 2 * MOST_PEOPLE]
    usable.sort(key=lambda person: -float(person.scores.sum()))
    kept: list[_Seen] = []
    for person in usable:
        if not _is_among(person, kept, SAME_SIMILARITY):
            kept.append(person)
    return sorted(kept, key=lambda person: -person.size)[:MOST_PEOPLE]


def _is_among(person: _Seen, others: Sequence[_Seen], least: float) -> bool:
    """Whether one of the others agrees with the person so well."""
    near = [other for other in others if _overlap(person.box, other.box) > 0]
    if not near:
        return False
    there = np.stack([other.keypoints for other in near]), np.stack([other.scores for other in near])
    sizes = np.array([max(person.size, other.size) for other in near])
    return bool((similarity((person.keypoints, person.scores), there, sizes) >= least).any())


def _dressed(person: _Seen, others: Sequence[_Seen], image: Image) -> _Seen:
    """The person with the colours seen, unless somebody else may stand before them."""
    if any(other is not person and _overlap(person.box, other.box) > _HIDDEN_SHARE for other in others):
        return person
    return replace(person, colours=appearance.colours(image, person.keypoints, person.scores))


def _overlap(box: Array, other: Array) -> float:
    """The part of `box` that `other` covers."""
    sides = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
    area = max(float(np.prod(box[2:] - box[:2])), 1.0)
    return float(np.prod(sides.clip(0))) / area


def _assignment(followers: Sequence[_Follower], found: Sequence[_Seen], time_s: float) -> dict[int, int]:
    """Which follower each person belongs to: index in `found` -> index in `followers`."""
    if not (followers and found):
        return {}
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    expected = [follower.expected(time_s) for follower in followers]
    keypoints, scores, looseness = (
        np.stack([np.asarray(part) for part in parts]) for parts in zip(*expected, strict=True)
    )
    here = np.stack([person.keypoints for person in found]), np.stack([person.scores for person in found])
    sizes = np.array([[max(follower.size, person.size) for person in found] for follower in followers])
    agreement = similarity(
        (keypoints[:, None], scores[:, None]),
        (here[0][None], here[1][None]),
        sizes,
        looseness[:, None] + 0 * sizes,
    )
    gap = np.array([[(time_s - follower.last_s) / PATIENCE_S] for follower in followers])
    clothes = np.array([[_clothes_cost(follower, person) for person in found] for follower in followers])
    cost = 1 - agreement + _GAP_COST * gap + _CLOTHES_COST * clothes
    impossible = agreement < LEAST_SIMILARITY
    rows, columns = linear_sum_assignment(np.where(impossible, _IMPOSSIBLE, cost))
    return {
        int(column): int(row)
        for row, column in zip(rows, columns, strict=True)
        if not impossible[row, column]
    }


def _clothes_cost(follower: _Follower, person: _Seen) -> float:
    """0 for the same clothes, or where they are not known, to 1."""
    if person.colours is None:
        return 0.0
    apart = follower.clothes_apart(person.colours)
    return min(apart / appearance.DIFFERENT, 1.0) if np.isfinite(apart) else 0.0


def _add_frame(track: Track, frame: int, seen: _Seen, picture_height: float) -> None:
    track.frames.append(frame)
    track.keypoints.append(seen.keypoints)
    track.scores.append(seen.scores)
    track.feet.append(seen.feet)
    track.foot_scores.append(seen.foot_scores)
    track.prominence += seen.size * float(seen.scores.mean())
    share = float(seen.box[3] - seen.box[1]) / picture_height
    track.height_share += (share - track.height_share) / len(track.frames)


def _join(old: Track, new: Track) -> None:
    """All frames of `new`, which come later, are `old`'s."""
    total = len(old.frames) + len(new.frames)
    old.height_share = (old.height_share * len(old.frames) + new.height_share * len(new.frames)) / total
    old.prominence += new.prominence
    old.frames += new.frames
    old.keypoints += new.keypoints
    old.scores += new.scores
    old.feet += new.feet
    old.foot_scores += new.foot_scores


def _is_flicker(follower: _Follower, longest: int) -> bool:
    return follower.seen_for_s < BRIEF_S and longest >= 4 * len(follower.track.frames)
