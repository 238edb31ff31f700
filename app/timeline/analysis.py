"""What a window shows of one person's motion besides the poses: timeline lanes, curves, the video's camera."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from app.edits import Edit, HideJoint, MoveJoint, NamePerson, SetContact, SwapPeople, SwapSides
from app.motion.contact import UNKNOWN
from app.quality import suspicious_frames
from app.scene.camera import VideoCamera, video_camera
from app.take import Array, Take
from app.timeline.columns import Flags, TimelineLanes
from app.timeline.curves import joint_angles, joint_positions, joint_speed
from stcformer.lens import ASSUMED_FIELD_OF_VIEW

UNITS = {"Angles": "°", "Positions": "m", "Speed": "m/s"}
"""Unit of each group of curves."""


@dataclass(frozen=True)
class Analysis:
    """One person of a Take, looked at."""

    person: int
    lanes: TimelineLanes
    curves: dict[str, dict[str, Array]]
    """For each group of `UNITS`, (F,) values by name."""
    camera: VideoCamera | None
    """The video's camera in world space; None when nobody was placed before it."""


def analyse(take: Take, person: int) -> Analysis:
    """Look at one person. Raises IndexError when there is no such person."""
    world = take.world[person]
    curves = {
        "Angles": joint_angles(world),
        "Positions": joint_positions(world),
        "Speed": joint_speed(world, take.time_s),
    }
    return Analysis(person, _lanes(take, person), curves, _camera(take, person))


def edited_frames(edits: Iterable[Edit], person: int, frames: int) -> Flags:
    """(F,) where a person was corrected by hand."""
    edited = np.zeros(frames, dtype=bool)
    for edit in edits:
        match edit:
            case MoveJoint(corrected, frame) if corrected == person and frame < frames:
                edited[frame] = True
            case HideJoint(corrected, start, stop) | SwapSides(corrected, start, stop) if corrected == person:
                edited[start:stop] = True
            case SwapPeople(first, second, start) if person in (first, second):
                edited[start : start + 1] = True
            case SetContact(corrected, _, start, stop, value) if corrected == person and value != "automatic":
                edited[start:stop] = True
            case NamePerson() | _:
                pass
    return edited


def partial_lanes(scores: Array, lifted: int) -> TimelineLanes:
    """Lanes while a video is processed: (F, 17) scores so far, poses of the first `lifted` frames."""
    frames = len(scores)
    known = scores.any(axis=1)
    seen = known.copy()
    seen[lifted:] = True  # not known yet is not unseen
    return TimelineLanes(
        np.where(known, scores.mean(axis=1), np.nan),
        seen,
        np.full((frames, 2), UNKNOWN, dtype=np.int8),
        (),
        np.zeros(frames, dtype=bool),
    )


def _lanes(take: Take, person: int) -> TimelineLanes:
    seen = take.seen(person) & ~take.bridged(person)
    return TimelineLanes(
        np.where(seen, take.scores[person].mean(axis=1), np.nan),
        seen,
        take.contacts[person],
        suspicious_frames(take, person),
        edited_frames(take.edits, person, take.frame_count()),
    )


def _camera(take: Take, person: int) -> VideoCamera | None:
    found = video_camera(take.world[person], take.camera[person], take.root_camera[person])
    if found is None:
        return None
    position, forward, up = (tuple(float(value) for value in vector) for vector in found)
    fov = take.known_fov() or ASSUMED_FIELD_OF_VIEW
    return VideoCamera(position, forward, fov, (take.source.width, take.source.height), up)  # type: ignore[arg-type]
