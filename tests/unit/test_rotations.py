"""Joint rotations and Euler angles: exact directions, hinges at elbow and knee, no jumps."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_body import Stance, arms_overhead, body, lying_down, turn_around, walk

from app.motion.euler import ORDERS, USUAL_ORDER, choose_order, matrices_to_euler
from app.motion.rig import NODES, make_rig, node_index
from app.motion.rotations import global_rotations, rig_positions, solve_rotations

MOTIONS = {
    "walk": walk(90, 30.0),
    "turn": turn_around(90),
    "arms": arms_overhead(90),
    "lying": lying_down(60),
    "one frame": walk(1, 30.0),
}


@pytest.fixture(params=list(MOTIONS))
def motion(request: pytest.FixtureRequest) -> np.ndarray:
    return MOTIONS[request.param]


def test_forward_kinematics_give_the_joints_back(motion: np.ndarray) -> None:
    rig = make_rig(motion)
    positions = rig_positions(motion[:, 0], solve_rotations(motion, rig, 30.0), rig)
    for index, node in enumerate(NODES):
        if node.joint >= 0:
            np.testing.assert_allclose(
                positions[:, index], motion[:, node.joint], atol=1e-9, err_msg=node.name
            )


def test_rotations_are_rotations(motion: np.ndarray) -> None:
    local = solve_rotations(motion, make_rig(motion), 30.0)
    product = local @ np.swapaxes(local, -1, -2)
    np.testing.assert_allclose(product, np.broadcast_to(np.eye(3), product.shape), atol=1e-9)
    np.testing.assert_allclose(np.linalg.det(local), 1, atol=1e-9)


def test_rotations_do_not_jump_in_smooth_motion(motion: np.ndarray) -> None:
    rotations = global_rotations(motion, make_rig(motion), 30.0)
    between = np.swapaxes(rotations[:-1], -1, -2) @ rotations[1:]
    angle = np.degrees(np.arccos(np.clip((np.trace(between, axis1=-2, axis2=-1) - 1) / 2, -1, 1)))
    assert angle.max(initial=0) < 20


def test_elbow_and_knee_are_hinges_in_the_sense_in_which_they_bend() -> None:
    world = body(Stance(heading=180, left_elbow=70, right_elbow=50, left_knee=60, right_knee=40), 5)
    local = solve_rotations(world, make_rig(world), 30.0)
    expected = {
        "LeftForeArm": (0, -70, 0),
        "RightForeArm": (0, 50, 0),
        "LeftLeg": (60, 0, 0),
        "RightLeg": (40, 0, 0),
    }
    for name, angles in expected.items():
        found = Rotation.from_matrix(local[:, node_index(name)]).as_rotvec(degrees=True)
        np.testing.assert_allclose(found, np.tile(angles, (5, 1)), atol=0.5, err_msg=name)


def test_the_twist_of_a_bent_arm_is_carried_through_the_frames_in_which_it_is_straight() -> None:
    elbow = np.concatenate((np.full(15, 60.0), np.linspace(60, 0, 15), np.zeros(30), np.linspace(0, 60, 15)))
    world = body(Stance(heading=180, left_elbow=elbow, left_arm_raise=80), len(elbow))
    world += np.random.default_rng(0).normal(0, 0.0015, world.shape)
    upper = global_rotations(world, make_rig(world), 30.0)[:, node_index("LeftArm")]
    turned = Rotation.from_matrix(upper[0].T @ upper).magnitude()
    assert np.degrees(turned).max() < 15


def test_an_arm_that_is_never_bent_keeps_the_natural_twist() -> None:
    world = body(Stance(left_elbow=0.0, right_elbow=0.0, left_arm_raise=90, right_arm_raise=90), 4)
    local = solve_rotations(world, make_rig(world), 30.0)
    for name in ("LeftArm", "RightArm", "LeftForeArm", "RightForeArm"):
        found = Rotation.from_matrix(local[:, node_index(name)]).magnitude()
        np.testing.assert_allclose(found, 0, atol=1e-3, err_msg=name)


def test_the_head_turns_with_the_nose() -> None:
    world = body(Stance(heading=180, head_turn=np.linspace(-60, 60, 25)), 25)
    rotations = global_rotations(world, make_rig(world), 30.0)
    for name in ("Neck", "Head"):
        relative = np.swapaxes(rotations[:, node_index("Chest")], -1, -2) @ rotations[:, node_index(name)]
        found = Rotation.from_matrix(relative).as_rotvec(degrees=True)
        # Left is a turn about the rig's up axis; the rest pose looks ahead.
        np.testing.assert_allclose(found[:, 1], np.linspace(-60, 60, 25), atol=1.0)


@pytest.mark.parametrize("order", ORDERS)
def test_euler_angles_mean_the_same_rotation_even_at_gimbal_lock(order: str) -> None:
    random = np.random.default_rng(0)
    angles = random.uniform(-180, 180, (200, 3))
    angles[::3, 1] = random.choice([-90, 90], len(angles[::3]))
    matrices = Rotation.from_euler(order, angles, degrees=True).as_matrix()
    again = Rotation.from_euler(order, matrices_to_euler(matrices, order), degrees=True).as_matrix()
    np.testing.assert_allclose(again, matrices, atol=1e-6)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("column", [0, 1, 2])
def test_two_whole_turns_about_any_axis_go_on_counting(order: str, column: int) -> None:
    angles = np.zeros((121, 3))
    angles[:, column] = np.linspace(0, 720, 121)
    matrices = Rotation.from_euler(order, angles, degrees=True).as_matrix()
    np.testing.assert_allclose(matrices_to_euler(matrices, order), angles, atol=1e-4)


def test_a_joint_that_passes_the_usual_gimbal_lock_gets_another_order() -> None:
    lean = np.linspace(0, 100, 50)
    sitting = Rotation.from_euler("X", lean, degrees=True).as_matrix()
    assert choose_order(sitting) != USUAL_ORDER
    assert choose_order(sitting[:30]) == USUAL_ORDER


def test_a_knee_that_measures_bent_the_wrong_way_does_not_flip_the_thigh() -> None:
    knee = np.concatenate(
        (np.full(20, 40.0), np.linspace(40, -8, 12), np.full(20, -8.0), np.linspace(-8, 40, 12))
    )
    world = body(Stance(left_knee=knee), len(knee))
    thigh = global_rotations(world, make_rig(world), 30.0)[:, node_index("LeftUpLeg")]
    between = Rotation.from_matrix(np.swapaxes(thigh[:-1], -1, -2) @ thigh[1:]).magnitude()
    assert np.degrees(between).max() < 45
