"""The joint tables fit each other."""

import numpy as np

from stcformer.skeleton import BODY_PARTS, JOINT_COUNT, JOINTS, LEFT, MIRROR, PARENTS, RIGHT, bones, mirror


def test_every_table_has_the_17_joints_of_the_design_in_order() -> None:
    order = (
        "hip rhip rknee rankle lhip lknee lankle spine thorax neck head "
        "lshoulder lelbow lwrist rshoulder relbow rwrist"
    )
    assert " ".join(JOINTS) == order
    assert JOINT_COUNT == len(PARENTS) == len(BODY_PARTS) == len(MIRROR) == 17


def test_left_and_right_are_what_their_names_say() -> None:
    for left, right in zip(LEFT, RIGHT, strict=True):
        assert JOINTS[left] == "l" + JOINTS[right][1:]
    assert {JOINTS[joint] for joint in LEFT} == {name for name in JOINTS if name[0] == "l"}
    assert {JOINTS[joint] for joint in RIGHT} == {name for name in JOINTS if name[0] == "r"}


def test_the_mirror_image_of_the_mirror_image_is_the_pose() -> None:
    pose = np.random.default_rng(0).normal(size=(4, 17, 3))
    assert np.array_equal(mirror(mirror(pose)), pose)
    assert not np.array_equal(mirror(pose), pose)


def test_the_mirror_swaps_sides_and_turns_x_alone() -> None:
    pose = np.random.default_rng(1).normal(size=(17, 2))
    before = pose.copy()
    flipped = mirror(pose)
    assert np.array_equal(pose, before)
    assert np.array_equal(flipped[JOINTS.index("lwrist")], pose[JOINTS.index("rwrist")] * (-1, 1))
    assert np.array_equal(flipped[JOINTS.index("neck")], pose[JOINTS.index("neck")] * (-1, 1))


def test_parents_stand_before_their_children_and_one_joint_is_the_root() -> None:
    assert PARENTS[0] == -1
    assert all(0 <= parent < child for parent, child in bones())
    assert len(bones()) == 16


def test_bones_stay_on_their_side() -> None:
    for parent, child in bones():
        if parent in LEFT:
            assert child in LEFT
        if parent in RIGHT:
            assert child in RIGHT
        assert (MIRROR[parent], MIRROR[child]) in bones()


def test_each_limb_is_a_body_part_of_its_own() -> None:
    parts = {name: BODY_PARTS[JOINTS.index(name)] for name in JOINTS}
    assert {parts[name] for name in ("rhip", "rknee", "rankle")} == {1}
    assert {parts[name] for name in ("lhip", "lknee", "lankle")} == {2}
    assert {parts[name] for name in ("lshoulder", "lelbow", "lwrist")} == {3}
    assert {parts[name] for name in ("rshoulder", "relbow", "rwrist")} == {4}
    assert {parts[name] for name in ("hip", "spine", "thorax", "neck", "head")} == {0}
