"""What a user should know of a Take: what to be wary of, and what was found where nothing was told. Sentences.

They are read from the provenance, which may come from a file of unknown origin: what is not as expected is left out.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from app.edits import person_names
from app.motion.contact import UNKNOWN
from app.take import Take
from detectors import one_person_limit

_MOST_WARNINGS = 20
MUCH_UNKNOWN = 0.2
"""Share of the frames: so many in which a foot is not known to stand or not are said."""
EARLIER_MOTION = (
    "The motion of this project was made by an earlier version of the program, without a level floor and without feet "
    "that stay; the next change makes it anew."
)


def notes_of(take: Take) -> tuple[str, ...]:
    """What to be wary of: the video's warnings, a camera that moves, a detector that cannot see everybody who is wanted,
    an up or feet that nothing in the clip tells."""
    return tuple(dict.fromkeys((*_video_warnings(take), *_detector_warnings(take), *_motion_warnings(take))))


def found_in(take: Take) -> dict[str, str]:
    """What the motion stage found, by the name of the setting that would have told it (`app.settings.Settings`)."""
    motion = _mapping(take.provenance.get("motion"))
    gravity, floor, body = (_mapping(motion.get(part)) for part in ("gravity", "floor", "body"))
    found: dict[str, str] = {}
    pitch, roll = _number(gravity.get("pitch_degrees")), _number(gravity.get("roll_degrees"))
    pitch_error = _number(gravity.get("pitch_deviation_degrees"))
    if pitch is not None and roll is not None and pitch_error is not None:
        way = "down" if pitch >= 0 else "up"
        word = "assumed" if _is_tilt_assumed(motion) else "found"
        found["camera_pitch_degrees"] = (
            f"{abs(pitch):.1f}° {way}, give or take {pitch_error:.1f}°, rolled by {abs(roll):.1f}° ({word})"
        )
    camera = _mapping(motion.get("camera"))
    fov, lens_error = (
        _number(camera.get(name)) for name in ("fov_degrees_longer_side", "distance_uncertainty_of_the_lens")
    )
    if fov is not None and lens_error is not None and camera.get("fov_from") in ("metadata", "assumed"):
        word = "from the video's metadata" if camera["fov_from"] == "metadata" else "assumed"
        found["fov_degrees"] = (
            f"{fov:.0f}° ({word}; distances from the camera give or take {100 * lens_error:.0f} %)"
        )
    below = _number(floor.get("below_camera_m"))
    if below is not None:
        found["floor_offset_m"] = (
            f"{abs(below):.2f} m {'below' if below >= 0 else 'above'} the camera, from "
            f"{str(floor.get('from'))[:100].partition(', less')[0]}"
        )
    height, uncertainty = _number(body.get("height_m")), _number(body.get("scale_uncertainty"))
    if height is not None and uncertainty is not None:
        found["height_m"] = f"{height:.2f} m, give or take {100 * uncertainty:.0f} %"
    return found


def _video_warnings(take: Take) -> Iterator[str]:
    warnings = _mapping(take.provenance.get("video")).get("warnings")
    if isinstance(warnings, list):
        yield from (sentence for sentence in warnings[:_MOST_WARNINGS] if isinstance(sentence, str))


def _detector_warnings(take: Take) -> Iterator[str]:
    name = _mapping(take.provenance.get("detector")).get("name")
    limit = one_person_limit(name) if isinstance(name, str) and take.settings.wants_several() else ""
    if limit:
        yield f"{limit[0].upper()}{limit[1:]}."


def is_of_earlier_motion(take: Take) -> bool:
    """Whether the poses are those of a motion stage that knew nothing of gravity, and can be made anew."""
    motion = _mapping(take.provenance.get("motion"))
    return take.evidence is not None and bool(motion) and "gravity" not in motion


def _motion_warnings(take: Take) -> Iterator[str]:
    motion = _mapping(take.provenance.get("motion"))
    if is_of_earlier_motion(take):
        yield EARLIER_MOTION
    if _is_tilt_assumed(motion) and any(take.seen(person).any() for person in range(take.person_count())):
        yield (
            "Nobody stands or sits upright, so the tilt of the camera is assumed, not found, and the floor may lie "
            "aslant; give the camera's pitch if you know it."
        )
    others = take.provenance.get("motion_of_others")
    motions = [motion, *(map(_mapping, others) if isinstance(others, list) else ())]
    names = person_names(take.edits, take.person_count())
    for person, name in enumerate(names):
        known = motions[person] if person < len(motions) else {}
        if take.seen(person).any():
            yield from _foot_warnings(take, person, name if len(names) > 1 else "the person", known)


def _foot_warnings(take: Take, person: int, name: str, motion: Mapping[str, Any]) -> Iterator[str]:
    """Where the feet of somebody are not known to stand or not; `name` as sentences have it, `motion` the report."""
    seen = take.seen(person)
    unknown = (take.contacts[person, seen] == UNKNOWN).any(axis=1)
    held_frames = _number(_mapping(motion.get("feet")).get("frames_hands_may_hold")) or 0.0
    by_hands = min(max(held_frames, 0.0) / seen.sum(), float(unknown.mean()))
    not_seen = float(unknown.mean()) - by_hands
    if by_hands >= MUCH_UNKNOWN:
        yield (
            f"In {100 * by_hands:.0f} % of the frames the hands of {name} stay still above the head, as of somebody who "
            "hangs: whether the feet stand is not known there, and nothing holds them to the floor. In the timeline you "
            "can tell it."
        )
    if (take.contacts[person, seen] == UNKNOWN).all() and by_hands < MUCH_UNKNOWN:
        yield (
            f"Where the feet of {name} stand is not known in any frame, as they are not seen well: nothing holds them to "
            "the floor, and its height is a guess. In the timeline you can tell it."
        )
    elif not_seen >= MUCH_UNKNOWN:
        yield (
            f"In {100 * not_seen:.0f} % of the frames a foot of {name} is not seen well, or is out of the picture: "
            "whether it stands is not known there, and nothing holds it to the floor. In the timeline you can tell it."
        )


def _is_tilt_assumed(motion: Mapping[str, Any]) -> bool:
    """Whether no body told up (`app.motion.gravity` then has a sentence in place of the list of bodies)."""
    gravity = _mapping(motion.get("gravity"))
    return isinstance(gravity.get("bodies"), str) and gravity.get("pitch_given_degrees") is None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None
