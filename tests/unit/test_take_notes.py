"""What a Take says of itself: what to be wary of, and what was found where nothing was told."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_takes import exact_take
from synthetic_body import walk

from app.edits import NamePerson
from app.take import Take
from app.take_notes import EARLIER_MOTION, found_in, is_of_earlier_motion, notes_of

FRAMES = 60


@pytest.fixture(scope="module")
def take() -> Take:
    return exact_take(walk(FRAMES, 30.0))


def with_provenance(take: Take, **parts: Any) -> Take:
    return replace(take, provenance=take.provenance | parts)


def test_a_person_who_walks_before_a_still_camera_gives_no_note(take: Take) -> None:
    assert notes_of(take) == ()


def test_what_was_found_is_said_with_its_uncertainty(take: Take) -> None:
    found = found_in(take)
    assert set(found) == {"camera_pitch_degrees", "floor_offset_m", "height_m"}
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
    both = exact_take(walk(FRAMES, 30.0), walk(FRAMES, 30.0))
    contacts = both.contacts.copy()
    contacts[1] = -1
    named = replace(both, contacts=contacts, edits=(NamePerson(1, "Ada"),))
    (note,) = notes_of(named)
    assert "the feet of Ada stand is not known in any frame" in note
    one = exact_take(walk(FRAMES, 30.0))
    (note,) = notes_of(replace(one, contacts=np.full_like(one.contacts, -1)))
    assert "the feet of the person stand" in note


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
    strange = with_provenance(take, motion=nonsense, video=nonsense, motion_of_others=nonsense)
    assert all(isinstance(note, str) for note in notes_of(strange))
    assert found_in(strange) == {}
    infinite = {
        "gravity": {"pitch_degrees": float("nan"), "roll_degrees": 1.0, "pitch_deviation_degrees": True}
    }
    assert found_in(with_provenance(take, motion=infinite)) == {}
