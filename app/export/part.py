"""A part of a Take, for export: some of its persons, some of its frames."""

from collections.abc import Sequence
from dataclasses import replace

from app.errors import StudioError
from app.take import Take


def part_of(take: Take, persons: Sequence[int], start: int, stop: int) -> Take:
    """The Take with only `persons`, in that order, and the frames from `start` up to but without `stop`.

    Positions and times stay those of the whole: nothing is moved to another origin. The provenance says what was
    taken. Raises StudioError when nobody or no frame is left.
    """
    start, stop = max(0, start), min(stop, take.frame_count())
    persons = [person for person in persons if 0 <= person < take.person_count()]
    if start >= stop:
        raise StudioError("The range holds no frame of the video; choose a later end or an earlier start.")
    if not persons and take.person_count():
        raise StudioError("Nobody is chosen to be exported; choose at least one person.")
    if (start, stop) == (0, take.frame_count()) and persons == list(range(take.person_count())):
        return take
    rows = slice(start, stop)
    return replace(
        take,
        source=replace(take.source, first_frame=take.source.first_frame + start),
        time_s=take.time_s[rows],
        keypoints=take.keypoints[persons, rows],
        scores=take.scores[persons, rows],
        camera=take.camera[persons, rows],
        root_camera=take.root_camera[persons, rows],
        world=take.world[persons, rows],
        contacts=take.contacts[persons, rows],
        feet=take.feet[persons, rows],
        foot_scores=take.foot_scores[persons, rows],
        toes=take.toes[persons, rows],
        provenance=take.provenance
        | {"part": {"persons": [person + 1 for person in persons], "frames": [start, stop]}},
        evidence=None,
    )
