"""What a person corrects by hand: edits of keypoints, applied in order to what the detector saw.

Edits are plain data: they are kept in the project file, undone by leaving the last one out, and applied again
when the video is processed again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.skeleton import MIRROR

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class MoveJoint:
    """A joint is put somewhere else in one frame; it counts as seen for certain there."""

    person: int
    frame: int
    joint: int
    x: float
    """Pixels of the upright picture."""
    y: float


@dataclass(frozen=True)
class HideJoint:
    """A joint is taken as not observed in the frames from `start` up to but without `stop`."""

    person: int
    start: int
    stop: int
    joint: int


@dataclass(frozen=True)
class SwapSides:
    """Left and right change places in the frames from `start` up to but without `stop`."""

    person: int
    start: int
    stop: int


@dataclass(frozen=True)
class SwapPeople:
    """Two people change places from frame `start` on."""

    first: int
    second: int
    start: int


@dataclass(frozen=True)
class NamePerson:
    """A person gets a name."""

    person: int
    name: str


Edit = MoveJoint | HideJoint | SwapSides | SwapPeople | NamePerson


def apply_edits(keypoints: Array, scores: Array, edits: Iterable[Edit]) -> tuple[Array, Array]:
    """(P, F, 17, 2) pixels and (P, F, 17) scores with the edits made, in new arrays.

    An edit of a person or a frame that is not there changes nothing: a video processed again may have fewer.
    """
    keypoints, scores = keypoints.copy(), scores.copy()
    people, frames = scores.shape[:2]
    for edit in edits:
        match edit:
            case MoveJoint(person, frame, joint, x, y):
                if person < people and frame < frames:
                    keypoints[person, frame, joint] = x, y
                    scores[person, frame, joint] = 1.0
            case HideJoint(person, start, stop, joint):
                if person < people:
                    keypoints[person, start:stop, joint] = np.nan
                    scores[person, start:stop, joint] = 0.0
            case SwapSides(person, start, stop):
                if person < people:
                    keypoints[person, start:stop] = keypoints[person, start:stop][:, list(MIRROR)]
                    scores[person, start:stop] = scores[person, start:stop][:, list(MIRROR)]
            case SwapPeople(first, second, start):
                if max(first, second) < people:
                    pair, changed = [first, second], [second, first]
                    keypoints[pair, start:] = keypoints[changed, start:]
                    scores[pair, start:] = scores[changed, start:]
            case NamePerson():
                pass
    return keypoints, scores


def person_names(edits: Iterable[Edit], people: int) -> tuple[str, ...]:
    """The name of each of the people: the last one given, else "Person 1", "Person 2", ..."""
    names = [f"Person {number}" for number in range(1, people + 1)]
    for edit in edits:
        if isinstance(edit, NamePerson) and edit.person < people:
            names[edit.person] = edit.name
    return tuple(names)


def changed_frames(before: tuple[Array, Array], after: tuple[Array, Array]) -> list[tuple[int, int] | None]:
    """For each person, the frames [start, stop) outside of which two (keypoints, scores) are the same; None: nothing."""
    spans: list[tuple[int, int] | None] = []
    for old_points, old_scores, new_points, new_scores in zip(*before, *after, strict=True):
        same = np.isclose(old_points, new_points, rtol=0, atol=0, equal_nan=True).all(axis=(1, 2))
        rows = np.flatnonzero(~same | (old_scores != new_scores).any(axis=1))
        spans.append((int(rows[0]), int(rows[-1]) + 1) if len(rows) else None)
    return spans
