"""A Take with other edits or other settings, made from what was already detected: without the video."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from app.edits import Edit, apply_edits
from app.errors import StudioError
from app.lifting import describe_lifter
from app.motion import check_choices
from app.pipeline import assemble_take
from app.relifting import lifted_again, matching_person
from app.settings import Settings
from app.take import Take

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
    if settings.person != take.settings.person:
        raise StudioError(
            f"Other people of '{take.source.path.name}' have to be followed; process the video again."
        )
    check_choices(settings)
    edits = tuple(edits)
    edited = apply_edits(take.evidence.keypoints, take.evidence.scores, edits)
    before, facts = take.provenance.get("lifter", {}), describe_lifter(lifter)
    sources = matching_person((take.keypoints, take.scores), edited)
    provenance = take.provenance
    fov = take.source.known_fov(settings)
    if fov != take.known_fov() or any(before.get(fact) != facts[fact] for fact in _FACTS_OF_A_POSE):
        sources[:] = -1
        provenance = provenance | {"lifter": facts}
    pose, disagreement = lifted_again(
        (take.evidence.lifted, take.evidence.disagreement),
        *edited,
        sources,
        lifter,
        image_size=(take.source.width, take.source.height),
        fps=take.source.fps,
        field_of_view=fov,
    )
    evidence = replace(take.evidence, lifted=pose, disagreement=disagreement)
    return assemble_take(take.source, take.time_s, edited, evidence, settings, edits, provenance)
