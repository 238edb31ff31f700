"""The persons of a picture and those of the pictures before: who is who, while they are in view.

Every picture's persons are given to the people followed by the assignment of least cost (Kuhn, "The Hungarian method",
1955; `scipy.optimize.linear_sum_assignment`). The cost is how badly a person's joints agree (`detectors.people.oks`) with
where the other's would be by now if they had moved on as they did, plus how differently the two are dressed
(`detectors.people.appearance`), plus a little for the time that somebody has not been seen, so that whoever is in plain
view comes before somebody who may be hidden behind them. What agrees too badly is never the same person: a
detector of one person that jumps to another one has found somebody new.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from detectors.keypoints import feet_of, to_h36m17
from detectors.people import appearance
from detectors.people.oks import person_size, similarity
from detectors.protocol import Array, Image, Person

MOST_PEOPLE = 20
"""In one picture; of more, the ones that take up most of it are followed."""

SAME_SIMILARITY, DUPLICATE_SIMILARITY = 0.9, 0.7
"""Two persons of one picture that agree as well as the first are one, found twice. So are two that agree as well as
the second, unless both were followed before: people who cross agree for a moment.
"""
LEAST_SIMILARITY = 0.15
"""To where somebody's joints were expected; two spreads away everywhere gives 0.14."""
PATIENCE_S = 1.5
"""How long somebody who is not seen may go on where their motion leads; after that only clothes can tell."""
BRIEF_S = 0.3
"""Who was seen for no longer may be a flicker of the detector."""
FEWEST_LOOKS = 5
"""At somebody's clothes, before they are believed."""

_GAP_COST, _CLOTHES_COST = 0.3, 0.5
_NEW_SPEED, _KNOWN_SPEED_CHANGE = 2.5, 1.0
"""Body sizes a second that people may move otherwise than expected: when nothing is known of their motion, and
when they were seen moving. A size is a bit less than a metre."""
_MOST_LOOSENESS = 1.0
_SPEED_MEMORY_S, _LONGEST_MOVE_S = 0.15, 0.7
_LOOK_EVERY_S = 0.08
"""At the clothes of somebody who is alone: it takes time, and they do not change."""
_HIDDEN_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class Seen:
    """A person of the newest picture."""

    keypoints: Array
    """(17, 2) pixels, Human3.6M's joints."""
    scores: Array
    """(17,)."""
    feet: Array
    """(2, 2, 2) pixels: left and right, heel and toe, x and y; NaN where not observed."""
    foot_scores: Array
    """(2, 2)."""
    box: Array
    """(4,) x0, y0, x1, y1 pixels."""
    size: float
    """`detectors.people.oks.person_size`."""
    colours: Array | None = None
    """What they wear (`appearance.colours`); None where nobody looked, or somebody may stand before them."""


class Follower:
    """What is remembered of a person to find them in the next picture: as much after an hour as after a second."""

    def __init__(self) -> None:
        self.wardrobe = appearance.Wardrobe()
        self.looks = 0
        self.seen_for_s = 0.0
        self.last_s = -np.inf
        """When the person was seen last, seconds."""
        self.size = 1.0
        self._velocity: Array | None = None
        self._keypoints = np.zeros(0)
        self._scores = np.zeros(0)

    def expected(self, time_s: float) -> tuple[Array, Array, float]:
        """(17, 2) pixels and (17,) scores at a time, and how loosely that is to be taken, in body sizes."""
        gap = time_s - self.last_s
        speed = _NEW_SPEED if self._velocity is None else _KNOWN_SPEED_CHANGE
        moved = 0.0 if self._velocity is None else self._velocity * min(gap, _LONGEST_MOVE_S)
        return self._keypoints + moved, self._scores, min(speed * gap, _MOST_LOOSENESS)

    def see(self, time_s: float, seen: Seen) -> None:
        """The person of this picture is this one."""
        if np.isfinite(self.last_s):
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

    def clothes_apart(self, colours: Array) -> float:
        """Distance to what this person wears; NaN where that is not known well."""
        if self.looks < FEWEST_LOOKS:
            return float("nan")
        return appearance.distance(colours, self.wardrobe.mean())

    def _learn_motion(self, gap: float, seen: Seen) -> None:
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


_Follower = TypeVar("_Follower", bound=Follower)


class Matcher:
    """Says who is who, picture by picture in order."""

    def __init__(self) -> None:
        self._looked_s = -np.inf

    def match(
        self,
        followers: Sequence[_Follower],
        time_s: float,
        persons: Iterable[Person],
        image: Image | None = None,
    ) -> list[tuple[Seen, _Follower | None]]:
        """The persons of a picture, each once, with who of those seen within `PATIENCE_S` they are; None: somebody new.

        At most `MOST_PEOPLE`. With the (H, W, 3) RGB picture itself, clothes count. `Follower.see` is the caller's to
        call. Raises DetectorError.
        """
        found = _without_duplicates(_seen(person) for person in persons)
        waiting = [follower for follower in followers if time_s - follower.last_s <= PATIENCE_S]
        is_plain = len(found) <= 1 and len(waiting) <= 1
        if image is not None and not (is_plain and time_s - self._looked_s < _LOOK_EVERY_S):
            found = [_dressed(person, found, image) for person in found]
            self._looked_s = time_s
        mine = _assignment(waiting, found, time_s)
        kept = [person for index, person in enumerate(found) if index in mine]
        matched: list[tuple[Seen, _Follower | None]] = [
            (found[index], waiting[place]) for index, place in mine.items()
        ]
        for index, person in enumerate(found):
            if index not in mine and not _is_among(person, kept, DUPLICATE_SIMILARITY):
                kept.append(person)
                matched.append((person, None))
        return matched


def _seen(person: Person) -> Seen:
    keypoints, scores = to_h36m17(person.keypoints, person.scores, person.format)
    feet = feet_of(person.keypoints, person.scores, person.format)
    return Seen(keypoints, scores, *feet, person.box, person_size(keypoints, scores))


def _without_duplicates(persons: Iterable[Seen]) -> list[Seen]:
    """The people of a picture, the most surely seen first, each once, and not more than `MOST_PEOPLE`."""
    usable = [person for person in persons if np.isfinite(person.size)]
    usable = sorted(usable, key=lambda person: -person.size)[: 2 * MOST_PEOPLE]
    usable.sort(key=lambda person: -float(person.scores.sum()))
    kept: list[Seen] = []
    for person in usable:
        if not _is_among(person, kept, SAME_SIMILARITY):
            kept.append(person)
    return sorted(kept, key=lambda person: -person.size)[:MOST_PEOPLE]


def _is_among(person: Seen, others: Sequence[Seen], least: float) -> bool:
    """Whether one of the others agrees with the person so well."""
    near = [other for other in others if _overlap(person.box, other.box) > 0]
    if not near:
        return False
    there = np.stack([other.keypoints for other in near]), np.stack([other.scores for other in near])
    sizes = np.array([max(person.size, other.size) for other in near])
    return bool((similarity((person.keypoints, person.scores), there, sizes) >= least).any())


def _dressed(person: Seen, others: Sequence[Seen], image: Image) -> Seen:
    """The person with the colours seen, unless somebody else may stand before them."""
    if any(other is not person and _overlap(person.box, other.box) > _HIDDEN_SHARE for other in others):
        return person
    return replace(person, colours=appearance.colours(image, person.keypoints, person.scores))


def _overlap(box: Array, other: Array) -> float:
    """The part of `box` that `other` covers."""
    sides = np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2])
    area = max(float(np.prod(box[2:] - box[:2])), 1.0)
    return float(np.prod(sides.clip(0))) / area


def _assignment(followers: Sequence[Follower], found: Sequence[Seen], time_s: float) -> dict[int, int]:
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
    rows, columns = linear_sum_assignment(
        cost
    )  # of the impossible too: no good pair is broken up to avoid one
    return {
        int(column): int(row)
        for row, column in zip(rows, columns, strict=True)
        if not impossible[row, column]
    }


def _clothes_cost(follower: Follower, person: Seen) -> float:
    """0 for the same clothes, or where they are not known, to 1."""
    if person.colours is None:
        return 0.0
    apart = follower.clothes_apart(person.colours)
    return min(apart / appearance.DIFFERENT, 1.0) if np.isfinite(apart) else 0.0
