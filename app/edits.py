"""What a person corrects by hand: edits of keypoints, applied in order to what the detector saw.

Edits are plain data: they are kept in the project file, undone by leaving the last one out, and applied again
when the video is processed again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import StudioError
from app.records import record_from_json, record_to_json
from stcformer.skeleton import JOINT_COUNT, JOINTS, MIRROR

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


@dataclass(frozen=True)
class SetContact:
    """A foot stands, or does not, in the frames from `start` up to but without `stop`."""

    person: int
    foot: int
    """0 the left one, 1 the right one."""
    start: int
    stop: int
    value: str
    """One of `CONTACT_VALUES`."""


CONTACT_VALUES = {"floor": 1, "air": 0, "automatic": -1}
"""What a foot may be set to, and how contacts say it; `automatic` takes back what was set before."""

Edit = MoveJoint | HideJoint | SwapSides | SwapPeople | NamePerson | SetContact

_KINDS: dict[str, type[Edit]] = {
    "move_joint": MoveJoint,
    "hide_joint": HideJoint,
    "swap_sides": SwapSides,
    "swap_people": SwapPeople,
    "name_person": NamePerson,
    "set_contact": SetContact,
}
_ANKLES = (JOINTS.index("lankle"), JOINTS.index("rankle"))
_LARGEST_NUMBER = 2**31 - 1
_LONGEST_NAME = 200


def apply_edits(
    keypoints: Array, scores: Array, edits: Iterable[Edit], *, first_frame: int = 0
) -> tuple[Array, Array]:
    """(P, F, 17, 2) pixels and (P, F, 17) scores with the edits made, in new arrays.

    `first_frame` is the frame of the video that the arrays begin with. An edit of a person or a frame that is not
    there changes nothing: a video processed again may have fewer.
    """
    keypoints, scores = keypoints.copy(), scores.copy()
    people, frames = scores.shape[:2]

    def rows(start: int, stop: int) -> slice:
        return slice(max(0, start - first_frame), max(0, stop - first_frame))

    for edit in edits:
        match edit:
            case MoveJoint(person, frame, joint, x, y):
                if person < people and 0 <= frame - first_frame < frames:
                    keypoints[person, frame - first_frame, joint] = x, y
                    scores[person, frame - first_frame, joint] = 1.0
            case HideJoint(person, start, stop, joint):
                if person < people:
                    keypoints[person, rows(start, stop), joint] = np.nan
                    scores[person, rows(start, stop), joint] = 0.0
            case SwapSides(person, start, stop):
                if person < people:
                    part = rows(start, stop)
                    keypoints[person, part] = keypoints[person, part][:, list(MIRROR)]
                    scores[person, part] = scores[person, part][:, list(MIRROR)]
            case SwapPeople(first, second, start):
                if max(first, second) < people:
                    pair, changed, part = [first, second], [second, first], rows(start, first_frame + frames)
                    keypoints[pair, part] = keypoints[changed, part]
                    scores[pair, part] = scores[changed, part]
            case NamePerson() | SetContact():
                pass
    return keypoints, scores


def apply_edits_to_feet(feet: Array, foot_scores: Array, edits: Iterable[Edit]) -> tuple[Array, Array]:
    """(P, F, 2, 2, 2) pixels and (P, F, 2, 2) scores of heels and toes with the edits made, in new arrays.

    Sides and people that change places take their feet with them. Whoever hides or moves an ankle says that the detector
    was wrong about that foot: its heel and toe are then not observed in these frames.
    """
    feet, foot_scores = feet.copy(), foot_scores.copy()
    people = len(feet)
    for edit in edits:
        match edit:
            case MoveJoint(person, frame, joint) if person < people and joint in _ANKLES:
                _unobserve(feet, foot_scores, person, slice(frame, frame + 1), _ANKLES.index(joint))
            case HideJoint(person, start, stop, joint) if person < people and joint in _ANKLES:
                _unobserve(feet, foot_scores, person, slice(start, stop), _ANKLES.index(joint))
            case SwapSides(person, start, stop) if person < people:
                for array in (feet, foot_scores):
                    array[person, start:stop] = array[person, start:stop, ::-1].copy()
            case SwapPeople(first, second, start) if max(first, second) < people:
                for array in (feet, foot_scores):
                    array[[first, second], start:] = array[[second, first], start:]
            case _:
                pass
    return feet, foot_scores


def _unobserve(feet: Array, foot_scores: Array, person: int, frames: slice, foot: int) -> None:
    feet[person, frames, foot], foot_scores[person, frames, foot] = np.nan, 0.0


def chosen_contacts(edits: Iterable[Edit], people: int, frames: int) -> NDArray[np.int8]:
    """(P, F, 2) how the left and the right foot were set by hand: 1 on the floor, 0 in the air, -1 not set.

    People and sides that change places later take their contacts with them.
    """
    chosen = np.full((people, frames, 2), CONTACT_VALUES["automatic"], dtype=np.int8)
    for edit in edits:
        match edit:
            case SetContact(person, foot, start, stop, value) if person < people:
                chosen[person, start:stop, foot] = CONTACT_VALUES[value]
            case SwapSides(person, start, stop) if person < people:
                chosen[person, start:stop] = chosen[person, start:stop, ::-1]
            case SwapPeople(first, second, start) if max(first, second) < people:
                chosen[[first, second], start:] = chosen[[second, first], start:]
            case _:
                pass
    return chosen


def edits_to_json(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    """Edits as JSON's own types, in their order: each a table of its kind (`edit`) and its fields."""
    names = {kind: name for name, kind in _KINDS.items()}
    return [{"edit": names[type(edit)], **record_to_json(edit)} for edit in edits]


def edits_from_json(values: object) -> tuple[Edit, ...]:
    """The edits that `edits_to_json` wrote. Raises StudioError for anything else, with the number of the edit."""
    if not isinstance(values, list):
        raise StudioError("The edits are not a list; the file was not written by this program.")
    return tuple(_edit_from_json(value, f"Edit {number}") for number, value in enumerate(values, start=1))


def _edit_from_json(value: object, where: str) -> Edit:
    if not isinstance(value, dict) or not isinstance(value.get("edit"), str):
        raise StudioError(f"{where} is not a table that names its kind; the file is damaged.")
    name = value["edit"]
    if name not in _KINDS:
        raise StudioError(
            f"{where} is of the unknown kind '{name[:40]}'; the file is damaged or of a newer version."
        )
    edit = record_from_json(_KINDS[name], {key: item for key, item in value.items() if key != "edit"}, where)
    for field, number in vars(edit).items():
        if isinstance(number, int) and not 0 <= number <= _LARGEST_NUMBER:
            raise StudioError(f"{where} has an impossible {field}; the file is damaged.")
    if isinstance(edit, MoveJoint | HideJoint) and edit.joint >= JOINT_COUNT:
        raise StudioError(
            f"{where} is of joint {edit.joint}, but there are only {JOINT_COUNT}; the file is damaged."
        )
    if isinstance(edit, SetContact) and (edit.foot > 1 or edit.value not in CONTACT_VALUES):
        raise StudioError(f"{where} sets a contact that is not possible; the file is damaged.")
    if isinstance(edit, NamePerson) and len(edit.name) > _LONGEST_NAME:
        raise StudioError(f"{where} has a name of more than {_LONGEST_NAME} characters; the file is damaged.")
    return edit


def person_names(edits: Iterable[Edit], people: int) -> tuple[str, ...]:
    """The name of each of the people: the last one given, else "Person 1", "Person 2", ..."""
    names = [f"Person {number}" for number in range(1, people + 1)]
    for edit in edits:
        if isinstance(edit, NamePerson) and edit.person < people:
            names[edit.person] = edit.name
    return tuple(names)
