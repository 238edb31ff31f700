"""What lies under the cursor."""

import numpy as np

from app.gui.joint_names import joint_label
from app.gui.picking import nearest_joint, nearest_person
from stcformer.skeleton import JOINTS

# A person 100 wide and 160 high, facing us: their right is on our left.
_PERSON = np.array(
    [
        [50, 80],
        [35, 80],
        [33, 120],
        [31, 160],
        [65, 80],
        [67, 120],
        [69, 160],
        [50, 55],
        [50, 30],
        [50, 15],
        [50, 0],
        [70, 30],
        [85, 55],
        [100, 80],
        [30, 30],
        [15, 55],
        [0, 80],
    ],
    dtype=float,
)


def test_the_nearest_joint_within_reach() -> None:
    assert nearest_joint(_PERSON, 98, 84, 10) == JOINTS.index("lwrist")
    assert nearest_joint(_PERSON, 98, 95, 10) is None


def test_joints_that_are_not_there_are_not_found() -> None:
    points = _PERSON.copy()
    points[13] = np.nan
    assert nearest_joint(points, 100, 80, 10) is None
    assert nearest_joint(np.full((17, 2), np.nan), 50, 50, 1e9) is None
    assert nearest_person(np.full((1, 17, 2), np.nan), 50, 50, 1e9) is None
    assert nearest_person(np.zeros((0, 17, 2)), 50, 50, 1e9) is None


def test_a_click_beside_a_bone_or_on_the_chest_is_on_the_person() -> None:
    people = np.stack((_PERSON, _PERSON + np.array((300, 0))))
    assert nearest_person(people, 92, 60, 6) == 0  # beside the left forearm
    assert nearest_person(people, 340, 70, 3) == 1  # between the arms
    assert nearest_person(people, 200, 80, 20) is None


def test_the_nearer_bone_wins_over_who_is_only_around_the_click() -> None:
    people = np.stack((_PERSON * 3, _PERSON * 0.5 + np.array((180, 60))))
    assert nearest_person(people, 205, 80, 4) == 1
    assert nearest_person(people[::-1], 205, 80, 4) == 0


def test_a_single_joint_without_bones_is_a_person_too() -> None:
    points = np.full((1, 17, 2), np.nan)
    points[0, 10] = 40, 40
    assert nearest_person(points, 44, 40, 5) == 0
    assert nearest_person(points, 60, 40, 5) is None


def test_every_joint_has_a_name_of_its_own() -> None:
    labels = [joint_label(joint) for joint in range(len(JOINTS))]
    assert len(set(labels)) == 17
    assert labels[JOINTS.index("lknee")] == "left knee"
    assert labels[JOINTS.index("rhip")] == "right hip"
    assert labels[JOINTS.index("hip")] == "pelvis"
    assert labels[JOINTS.index("neck")] == "nose"
