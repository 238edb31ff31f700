"""What a Take says of itself: what to be wary of, and what was found where nothing was told."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_takes import exact_take
from synthetic_body import arms_overhead, walk

from app.edits import NamePerson
from app.take import Take
from app.take_notes import EARLIER_MOTION, found_in, is_of_earlier_motion, notes_of

FRAMES = 60
AWAY = 0.0
"""Heading: the feet stay in the picture."""


@pytest.fixture(scope="module")
def take() -> Take:
    return exact_take(walk(FRAMES, 30.0, AWAY))


def with_provenance(take: Take, **parts: Any) -> Take:
    return replace(take, provenance=take.provenance | parts)


def test_a_person_who_walks_before_a_still_camera_gives_no_note(take: Take) -> None:
    assert notes_of(take) == ()


def test_what_was_found_is_said_with_its_uncertainty(take: Take) -> None:
    found = found_in(take)
    assert set(found) == {"camera_pitch_degrees", "floor_offset_m", "height_m", "fov_degrees"}
    assert found["fov_degrees"] == "60° (assumed; distances from the camera give or take 25 %)"
    assert "give or take" in found["camera_pitch_degrees"]
    assert found["camera_pitch_degrees"].endswith("(found)")
    assert "m below the camera, from " in found["floor_offset_m"]
    assert "give or take 6 %" in found["height_m"]


def test_the_warnings_of_the_video_and_of_a_moving_camera_are_notes_each_once(take: Take) -> None:
    warned = with_provenance(
        take, video={"warnings": ["It is damaged.", "The camera moves.", "It is damaged."]}
    )
    assert notes_of(warned) == ("It is damaged.", "The camera moves.")


def test_an_assumed_tilt_is_said_until_the_pitch_is_given(take: Take) -> None:
    gravity = take.provenance["motion"]["gravity"] | {"bodies": "nobody stands or sits upright; …"}
    motion = take.provenance["motion"] | {"gravity": gravity}
    assumed = with_provenance(take, motion=motion)
    assert ["tilt of the camera is assumed" in note for note in notes_of(assumed)] == [True]
    assert found_in(assumed)["camera_pitch_degrees"].endswith("(assumed)")
    told = with_provenance(take, motion=motion | {"gravity": gravity | {"pitch_given_degrees": 12.0}})
    assert notes_of(told) == ()


def test_feet_that_are_never_known_to_stand_are_said_by_name() -> None:
    both = exact_take(walk(FRAMES, 30.0, AWAY), walk(FRAMES, 30.0, AWAY))
    contacts = both.contacts.copy()
    contacts[1] = -1
    named = replace(both, contacts=contacts, edits=(NamePerson(1, "Ada"),))
    (note,) = notes_of(named)
    assert "the feet of Ada stand is not known in any frame" in note
    one = exact_take(walk(FRAMES, 30.0, AWAY))
    (note,) = notes_of(replace(one, contacts=np.full_like(one.contacts, -1)))
    assert "the feet of the person stand" in note


def test_a_detector_that_sees_one_person_is_a_note_where_more_are_wanted(take: Take) -> None:
    seen = with_provenance(take, detector={"name": "mediapipe", "description": "..."})
    assert notes_of(seen) == ()
    for person in ("all", "2"):
        (note,) = notes_of(replace(seen, settings=replace(take.settings, person=person)))
        assert note.startswith("The detector mediapipe sees one person at a time; ")
    several = with_provenance(take, detector={"name": "mediapipe-people", "description": "..."})
    assert notes_of(replace(several, settings=replace(take.settings, person="all"))) == ()


@pytest.mark.parametrize("foot", [[0], [1], [0, 1]])
def test_feet_out_of_the_picture_for_long_are_said_with_the_share(take: Take, foot: list[int]) -> None:
    def notes(frames: int) -> tuple[str, ...]:
        contacts = take.contacts.copy()
        contacts[0, :frames, foot] = -1
        return notes_of(replace(take, contacts=contacts))

    assert notes(round(0.15 * FRAMES)) == ()
    (note,) = notes(round(0.25 * FRAMES))
    assert note.startswith(
        "In 25 % of the frames a foot of the person is not seen well, or is out of the picture"
    )
    (most,) = notes(FRAMES - 1)
    assert most.startswith("In 98 % of the frames")


def test_hands_that_may_hold_the_body_are_said_and_are_not_feet_that_are_not_seen() -> None:
    world = arms_overhead(2 * FRAMES)
    still = np.concatenate((world[:FRAMES], np.repeat(world[FRAMES - 1 : FRAMES], FRAMES, axis=0)))
    take = exact_take(still)
    (note,) = notes_of(take)
    share = (take.contacts[0] == -1).any(axis=1).mean()
    assert 0.4 < share < 0.7
    assert note.startswith(
        f"In {100 * share:.0f} % of the frames the hands of the person stay still above the head"
    )
    (note,) = notes_of(exact_take(still[FRAMES:]))
    assert note.startswith("In 100 % of the frames the hands of the person")


def test_motion_of_an_earlier_version_is_said_where_it_can_be_made_anew(take: Take) -> None:
    motion = {key: value for key, value in take.provenance["motion"].items() if key != "gravity"}
    earlier = with_provenance(take, motion=motion)
    assert is_of_earlier_motion(earlier)
    assert EARLIER_MOTION in notes_of(earlier)
    assert not is_of_earlier_motion(replace(earlier, evidence=None))


@pytest.mark.parametrize(
    "nonsense", [None, 7, "text", [1, {"camera": 3}], {"warnings": 4, "gravity": [], "body": "x"}]
)
def test_a_provenance_of_another_kind_is_not_believed(take: Take, nonsense: object) -> None:
    strange = with_provenance(
        take, motion=nonsense, video=nonsense, motion_of_others=nonsense, detector=nonsense
    )
    strange = replace(strange, settings=replace(take.settings, person="all"))
    assert all(isinstance(note, str) for note in notes_of(strange))
    assert found_in(strange) == {}
    assert found_in(with_provenance(take, motion={"camera": {"fov_degrees_longer_side": "wide"}})) == {}
    infinite = {
        "gravity": {"pitch_degrees": float("nan"), "roll_degrees": 1.0, "pitch_deviation_degrees": True}
    }
    assert found_in(with_provenance(take, motion=infinite)) == {}
