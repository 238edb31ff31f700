"""What a user should know of a Take: what to be wary of, and what was found where nothing was told. Sentences.

They are read from the provenance, which may come from a file of unknown origin: what is not as expected is left out.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from app.edits import person_names
from app.motion.contact import UNKNOWN
from app.take import Take

_MOST_WARNINGS = 20
EARLIER_MOTION = (
    "The motion of this project was made by an earlier version of the program, without a level floor and without feet "
    "that stay; the next change makes it anew."
)


def notes_of(take: Take) -> tuple[str, ...]:
    """What to be wary of: the video's warnings, a camera that moves, an up or feet that nothing in the clip tells."""
    return tuple(dict.fromkeys((*_video_warnings(take), *_motion_warnings(take))))


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
    names = person_names(take.edits, take.person_count())
    for person, name in enumerate(names):
        seen = take.seen(person)
        if seen.any() and (take.contacts[person, seen] == UNKNOWN).all():
            yield (
                f"Where the feet of {name if len(names) > 1 else 'the person'} stand is not known in any frame, as they "
                "are not seen well: nothing holds them to the floor, and its height is a guess. In the timeline you can "
                "tell it."
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
