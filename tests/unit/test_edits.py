"""Edits: each changes what it says and nothing else, in order; their JSON gives them back and believes nothing."""

import json
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from app.edits import (
    Edit,
    HideJoint,
    MoveJoint,
    NamePerson,
    SetContact,
    SwapPeople,
    SwapSides,
    apply_edits,
    apply_edits_to_feet,
    chosen_contacts,
    edits_from_json,
    edits_to_json,
    person_names,
)
from app.errors import StudioError

EDITS: tuple[Edit, ...] = (
    MoveJoint(0, 3, 13, 10.5, -20.25),
    HideJoint(1, 2, 5, 6),
    SwapSides(0, 4, 9),
    SwapPeople(0, 1, 7),
    NamePerson(1, "Zoë 🎬"),
    SetContact(0, 1, 2, 6, "floor"),
)


def observed(people: int = 2, frames: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints that are all different, with one frame in which nobody was seen."""
    keypoints = np.arange(people * frames * 34, dtype=float).reshape(people, frames, 17, 2)
    scores = np.linspace(0.1, 0.9, people * frames * 17).reshape(people, frames, 17)
    keypoints[0, 8], scores[0, 8] = np.nan, 0
    return keypoints, scores


def changed(edits: tuple[Edit, ...]) -> set[tuple[int, int, int]]:
    """(person, frame, joint) of all that the edits change."""
    before = observed()
    after = apply_edits(*before, edits)
    same = ((before[0] == after[0]) | (np.isnan(before[0]) & np.isnan(after[0]))).all(axis=-1)
    return {tuple(map(int, row)) for row in np.argwhere(~same | (before[1] != after[1]))}


def test_a_moved_joint_lies_there_and_counts_as_seen() -> None:
    keypoints, scores = apply_edits(*observed(), [MoveJoint(0, 8, 13, 10.0, 20.0)])
    assert keypoints[0, 8, 13].tolist() == [10.0, 20.0]
    assert scores[0, 8, 13] == 1.0
    assert changed((MoveJoint(0, 8, 13, 10.0, 20.0),)) == {(0, 8, 13)}


def test_a_hidden_joint_is_nan_with_score_0_in_its_frames() -> None:
    keypoints, scores = apply_edits(*observed(), [HideJoint(1, 2, 5, 6)])
    assert np.isnan(keypoints[1, 2:5, 6]).all()
    assert (scores[1, 2:5, 6] == 0).all()
    assert changed((HideJoint(1, 2, 5, 6),)) == {(1, frame, 6) for frame in (2, 3, 4)}


def test_swapped_sides_exchange_left_and_right_and_leave_the_middle() -> None:
    before, after = observed(), apply_edits(*observed(), [SwapSides(1, 4, 6)])
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(new[1, 4:6, 13], old[1, 4:6, 16])
        np.testing.assert_array_equal(new[1, 4:6, 3], old[1, 4:6, 6])
    joints = {joint for _, _, joint in changed((SwapSides(1, 4, 6),))}
    assert joints == set(range(17)) - {0, 7, 8, 9, 10}
    assert {frame for _, frame, _ in changed((SwapSides(1, 4, 6),))} == {4, 5}
    assert changed((SwapSides(1, 4, 6), SwapSides(1, 4, 6))) == set()


def test_swapped_people_change_places_from_a_frame_on() -> None:
    before, after = observed(), apply_edits(*observed(), [SwapPeople(0, 1, 7)])
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(new[:, :7], old[:, :7])
        np.testing.assert_array_equal(new[:, 7:], old[::-1, 7:])


def test_edits_are_made_in_their_order() -> None:
    move, swap = MoveJoint(0, 8, 13, 10.0, 20.0), SwapPeople(0, 1, 5)
    moved_first, _ = apply_edits(*observed(), [move, swap])
    swapped_first, _ = apply_edits(*observed(), [swap, move])
    assert moved_first[1, 8, 13].tolist() == [10.0, 20.0]
    assert swapped_first[0, 8, 13].tolist() == [10.0, 20.0]
    assert swapped_first[1, 8, 13].tolist() != [10.0, 20.0]


def test_what_was_given_is_not_changed() -> None:
    keypoints, scores = observed()
    apply_edits(keypoints, scores, EDITS)
    np.testing.assert_array_equal(keypoints, observed()[0])
    np.testing.assert_array_equal(scores, observed()[1])


@pytest.mark.parametrize(
    "edit",
    [
        MoveJoint(2, 0, 0, 1.0, 1.0),
        MoveJoint(0, 10, 0, 1.0, 1.0),
        HideJoint(2, 0, 5, 0),
        HideJoint(0, 10, 20, 0),
        SwapSides(5, 0, 5),
        SwapPeople(0, 2, 0),
        SwapPeople(0, 1, 10),
        NamePerson(7, "nobody"),
    ],
)
def test_an_edit_of_what_is_not_there_changes_nothing(edit: Edit) -> None:
    assert changed((edit,)) == set()
    assert person_names([edit], 2) == ("Person 1", "Person 2")


@pytest.mark.parametrize("cuts", [[0, 10], [0, 1, 4, 5, 10], list(range(11))])
def test_edits_of_pieces_are_those_of_the_whole(cuts: list[int]) -> None:
    before, whole = observed(), apply_edits(*observed(), EDITS)
    pieces = [
        apply_edits(before[0][:, start:stop], before[1][:, start:stop], EDITS, first_frame=start)
        for start, stop in pairwise(cuts)
    ]
    for values, parts in zip(whole, zip(*pieces, strict=True), strict=True):
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), values)


def test_the_last_name_given_counts() -> None:
    assert person_names([NamePerson(1, "Ann"), NamePerson(1, "Bea")], 3) == ("Person 1", "Bea", "Person 3")


def test_json_gives_the_edits_back() -> None:
    text = json.dumps(edits_to_json(EDITS))
    assert edits_from_json(json.loads(text)) == EDITS
    assert edits_from_json([]) == ()


def test_a_whole_number_in_json_will_do_for_a_place() -> None:
    value = [{"edit": "move_joint", "person": 0, "frame": 1, "joint": 2, "x": 3, "y": 4}]
    (edit,) = edits_from_json(value)
    assert edit == MoveJoint(0, 1, 2, 3.0, 4.0)
    assert isinstance(edit, MoveJoint)
    assert type(edit.x) is float


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({}, "not a list"),
        (None, "not a list"),
        ([3], "Edit 1 is not a table"),
        ([{"edit": 3}], "Edit 1 is not a table"),
        ([{"edit": "rotate"}], "unknown kind 'rotate'"),
        ([{"edit": "name_person", "person": 0, "name": "a"}, {"edit": "name_person", "person": 0}], "Edit 2 .*'name'"),
        ([{"edit": "name_person", "person": 0, "name": "a", "colour": 1}], "'colour'"),
        ([{"edit": "name_person", "person": 0, "name": 5}], "'name' of Edit 1 is not a text"),
        ([{"edit": "name_person", "person": 0, "name": "a" * 201}], "more than 200"),
        ([{"edit": "name_person", "person": True, "name": "a"}], "'person' of Edit 1"),
        ([{"edit": "name_person", "person": 1.0, "name": "a"}], "'person' of Edit 1"),
        ([{"edit": "name_person", "person": -1, "name": "a"}], "impossible person"),
        ([{"edit": "swap_sides", "person": 0, "start": 0, "stop": 10**400}], "impossible stop"),
        ([{"edit": "hide_joint", "person": 0, "start": 0, "stop": 1, "joint": 17}], "joint 17"),
        ([{"edit": "move_joint", "person": 0, "frame": 0, "joint": 0, "x": float("nan"), "y": 0.0}], "'x' of Edit 1"),
        ([{"edit": "move_joint", "person": 0, "frame": 0, "joint": 0, "x": 10**400, "y": 0.0}], "'x' of Edit 1"),
        ([{"edit": "move_joint", "person": 0, "frame": 0, "joint": 0, "x": "1", "y": 0.0}], "'x' of Edit 1"),
    ],
)  # fmt: skip
def test_anything_else_in_json_is_refused_in_a_sentence(value: Any, said: str) -> None:
    with pytest.raises(StudioError, match=said) as caught:
        edits_from_json(value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_contact_is_set_for_its_foot_and_frames_until_it_is_automatic_again() -> None:
    edits = (
        SetContact(1, 0, 2, 8, "floor"),
        SetContact(1, 0, 4, 6, "air"),
        SetContact(1, 0, 7, 20, "automatic"),
    )
    chosen = chosen_contacts(edits, 2, 10)
    assert chosen.dtype == np.int8
    assert chosen[1, :, 0].tolist() == [-1, -1, 1, 1, 0, 0, 1, -1, -1, -1]
    assert (chosen[0] == -1).all()
    assert (chosen[1, :, 1] == -1).all()
    assert changed(edits) == set()


def test_a_contact_goes_with_the_side_and_the_person_that_change_places_after_it() -> None:
    edits: tuple[Edit, ...] = (SetContact(0, 0, 0, 4, "floor"), SwapSides(0, 2, 10), SwapPeople(0, 1, 3))
    chosen = chosen_contacts(edits, 2, 5)
    assert chosen[0].tolist() == [[1, -1], [1, -1], [-1, 1], [-1, -1], [-1, -1]]
    assert chosen[1].tolist() == [[-1, -1], [-1, -1], [-1, -1], [-1, 1], [-1, -1]]


def test_a_contact_of_a_person_or_frame_that_is_not_there_changes_nothing() -> None:
    assert (
        chosen_contacts([SetContact(5, 0, 0, 4, "floor"), SetContact(0, 1, 50, 60, "air")], 1, 10) == -1
    ).all()
    assert chosen_contacts([], 0, 10).shape == (0, 10, 2)


@pytest.mark.parametrize(("foot", "value"), [(2, "floor"), (0, "water"), (-1, "air")])
def test_a_contact_that_is_not_possible_is_refused(foot: int, value: str) -> None:
    table = [{"edit": "set_contact", "person": 0, "foot": foot, "start": 0, "stop": 3, "value": value}]
    with pytest.raises(StudioError, match="Edit 1"):
        edits_from_json(table)


def observed_feet() -> tuple[np.ndarray, np.ndarray]:
    """Heels and toes of 2 people in 10 frames, all different, and their scores."""
    return np.arange(160.0).reshape(2, 10, 2, 2, 2), np.linspace(0.1, 0.9, 80).reshape(2, 10, 2, 2)


@pytest.mark.parametrize(
    ("edit", "gone"),
    [
        (MoveJoint(0, 3, 6, 1.0, 2.0), {(0, 3, 0)}),
        (MoveJoint(1, 3, 3, 1.0, 2.0), {(1, 3, 1)}),
        (HideJoint(1, 8, 30, 3), {(1, 8, 1), (1, 9, 1)}),
        (HideJoint(0, 2, 5, 13), set()),
        (MoveJoint(0, 40, 6, 1.0, 2.0), set()),
        (HideJoint(2, 0, 5, 6), set()),
    ],
)
def test_a_foot_whose_ankle_was_moved_or_hidden_is_not_observed(
    edit: Edit, gone: set[tuple[int, int, int]]
) -> None:
    feet, scores = apply_edits_to_feet(*observed_feet(), [edit])
    assert {tuple(map(int, row)) for row in np.argwhere(np.isnan(feet).all(axis=(3, 4)))} == gone
    assert {tuple(map(int, row)) for row in np.argwhere((scores == 0).all(axis=3))} == gone
    assert np.isnan(feet).sum() == 4 * len(gone)


def test_feet_go_with_their_sides_and_their_people_in_the_order_of_the_edits() -> None:
    before = observed_feet()
    after = apply_edits_to_feet(*before, [SwapSides(0, 2, 5), SwapPeople(0, 1, 4), NamePerson(0, "Ada")])
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(new[0, 2:4], old[0, 2:4, ::-1])
        np.testing.assert_array_equal(new[1, 4], old[0, 4, ::-1])
        np.testing.assert_array_equal(new[0, 4:], old[1, 4:])
        np.testing.assert_array_equal(new[1, 5:], old[0, 5:])
    np.testing.assert_array_equal(before[0], observed_feet()[0])
