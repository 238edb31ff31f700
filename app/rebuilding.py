"""A Take with other edits or other settings, made from what was already detected: without the video."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.edits import Edit, apply_edits
from app.errors import StudioError
from app.lifting import describe_lifter
from app.motion import check_choices
from app.pipeline import assemble_take
from app.settings import Settings
from app.take import Array, Evidence, Take
from stcformer.sampling import near

if TYPE_CHECKING:
    from stcformer import Lifter

_FACTS_OF_A_POSE = ("sha256", "window", "hop", "flip_averaging", "frame_rate")
"""What makes a lifter another one. Device and precision change a pose by less than a millimetre: a project that was
made elsewhere is not lifted anew for them."""


def rebuild(take: Take, edits: Sequence[Edit], settings: Settings, lifter: "Lifter") -> Take:
    """The Take that processing the video again with `edits` and `settings` would give.

    Only frames whose windows see a changed keypoint are lifted again; then all is set in motion anew. Another
    lifter, or another field of view, lifts all frames again. `lifter` is that of `settings`
    (`app.lifting.load_lifter`), and is kept by the caller: loading it takes longer than this.

    Raises StudioError when the Take cannot be corrected, when another detector is asked for, and for wrong choices.
    """
    if take.evidence is None:
        raise StudioError(
            f"The result of '{take.source.path.name}' does not hold what was detected; process the video again."
        )
    if settings.detector != take.settings.detector:
        raise StudioError(
            f"Another detector has to see '{take.source.path.name}' anew; process the video again."
        )
    check_choices(settings.height_m, settings.fov_degrees, settings.smoothing)
    edits = tuple(edits)
    edited = apply_edits(take.evidence.keypoints, take.evidence.scores, edits)
    before, facts = take.provenance.get("lifter", {}), describe_lifter(lifter)
    sources = matching_person((take.keypoints, take.scores), edited)
    provenance = take.provenance
    if settings.fov_degrees != take.settings.fov_degrees or any(
        before.get(fact) != facts[fact] for fact in _FACTS_OF_A_POSE
    ):
        sources[:] = -1
        provenance = provenance | {"lifter": facts}
    evidence = _lifted_again(take, edited, sources, settings, lifter)
    return assemble_take(take.source, take.time_s, edited, evidence, settings, edits, provenance)


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


def _lifted_again(
    take: Take, edited: tuple[Array, Array], sources: NDArray[np.intp], settings: Settings, lifter: "Lifter"
) -> Evidence:
    """The evidence with the poses of the edited keypoints, most of them taken from the person in `sources` (P, F)."""
    assert take.evidence is not None
    lifted, disagreement = take.evidence.lifted.copy(), take.evidence.disagreement.copy()
    frames = np.arange(take.frame_count())
    for person, matches in enumerate(sources):
        if (matches == person).all():
            continue
        source = np.where(matches < 0, person, matches)
        # Where one person's frames meet another's, sequences begin and end that did not before.
        changed = (matches < 0) | near(_meetings(source), lifter.context_frames(take.source.fps))
        lifted[person], disagreement[person] = lifter.lift_again(
            take.evidence.lifted[source, frames],
            take.evidence.disagreement[source, frames],
            changed,
            edited[0][person],
            edited[1][person],
            image_size=(take.source.width, take.source.height),
            fps=take.source.fps,
            field_of_view=settings.fov_degrees,
        )
    return replace(take.evidence, lifted=lifted, disagreement=disagreement)


def _meetings(source: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(F,) the frames on either side of where the person changes."""
    meetings = np.zeros(len(source), dtype=bool)
    at = np.flatnonzero(np.diff(source))
    meetings[at] = meetings[at + 1] = True
    return meetings
