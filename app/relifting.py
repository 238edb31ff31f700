"""Poses of keypoints that were changed: only what sees a change is lifted again."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.take import Array
from stcformer.sampling import near

if TYPE_CHECKING:
    from stcformer import Lifter


def matching_person(before: tuple[Array, Array], after: tuple[Array, Array]) -> NDArray[np.intp]:
    """(P, F) which person had the same keypoints and scores in that frame before; -1: none.

    Oneself comes first, so that a frame that did not change is its own.
    """
    people, frames = after[1].shape[:2]
    result = np.full((people, frames), -1, dtype=np.intp)
    for person in range(people):
        for other in (person, *(index for index in range(people) if index != person)):
            open_frames = np.flatnonzero(result[person] < 0)
            if not len(open_frames):
                break
            same = np.ones(len(open_frames), dtype=bool)
            for old, new in zip(before, after, strict=True):
                a, b = old[other, open_frames], new[person, open_frames]
                same &= ((a == b) | (np.isnan(a) & np.isnan(b))).reshape(len(open_frames), -1).all(axis=1)
            result[person, open_frames[same]] = other
    return result


def lifted_again(
    lifted: tuple[Array, Array],
    keypoints: Array,
    scores: Array,
    sources: NDArray[np.intp],
    lifter: "Lifter",
    *,
    image_size: tuple[int, int],
    fps: float,
    field_of_view: float | None,
) -> tuple[Array, Array]:
    """Poses (P, F, 17, 3) and disagreement (P, F) of changed keypoints (P, F, 17, 2) and scores (P, F, 17).

    `lifted` is what they were before; most of it is taken over, from the person in `sources` (P, F) (see
    `matching_person`). Raises LifterError.
    """
    pose, disagreement = lifted[0].copy(), lifted[1].copy()
    frames = np.arange(scores.shape[1])
    for person, matches in enumerate(sources):
        if (matches == person).all():
            continue
        source = np.where(matches < 0, person, matches)
        # Where one person's frames meet another's, sequences begin and end that did not before.
        changed = (matches < 0) | near(_meetings(source), lifter.context_frames(fps))
        pose[person], disagreement[person] = lifter.lift_again(
            lifted[0][source, frames],
            lifted[1][source, frames],
            changed,
            keypoints[person],
            scores[person],
            image_size=image_size,
            fps=fps,
            field_of_view=field_of_view,
        )
    return pose, disagreement


def _meetings(source: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(F,) the frames on either side of where the person changes."""
    meetings = np.zeros(len(source), dtype=bool)
    at = np.flatnonzero(np.diff(source))
    meetings[at] = meetings[at + 1] = True
    return meetings
