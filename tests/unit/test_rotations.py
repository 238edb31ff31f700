"""Joint rotations and Euler angles: exact directions, hinges at elbow and knee, no jumps."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_body import Stance, arms_overhead, body, lying_down, turn_around, walk

from app.motion.euler import (
    GOOD_ENOUGH_DEGREES,
    ORDERS,
    USUAL_ORDER,
    choose_order,
    largest_straying,
    matrices_to_euler,
)
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
        np.testing.assert_allclose(found[:, 1], np.linspace(-60, 60, 25), atol=1.5)


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


def test_a_motion_that_passes_close_by_gimbal_lock_gets_another_order_for_all_its_joints() -> None:
    opened = np.stack((np.linspace(-40, 45, 5), np.full(5, 87.0), np.zeros(5)), axis=-1)
    sitting = Rotation.from_euler("YXZ", opened, degrees=True).as_matrix()
    still = np.broadcast_to(np.eye(3), sitting.shape)
    both = np.stack((still, sitting), axis=1)
    assert largest_straying(both, USUAL_ORDER) > GOOD_ENOUGH_DEGREES
    order = choose_order(both)
    assert order != USUAL_ORDER
    assert largest_straying(both, order) < 1
    assert choose_order(both[:1]) == USUAL_ORDER
    assert choose_order(both[:1]) == USUAL_ORDER


def test_straying_is_none_where_the_angles_themselves_are_straight_lines() -> None:
    angles = np.linspace((170, 0, -10), (400, 40, 30), 40)
    rotations = Rotation.from_euler("ZXY", angles, degrees=True).as_matrix()[:, None]
    assert largest_straying(rotations, "ZXY") < 0.1


def test_a_knee_that_measures_bent_the_wrong_way_does_not_flip_the_thigh() -> None:
    knee = np.concatenate(
        (np.full(20, 40.0), np.linspace(40, -8, 12), np.full(20, -8.0), np.linspace(-8, 40, 12))
    )
    world = body(Stance(left_knee=knee), len(knee))
    thigh = global_rotations(world, make_rig(world), 30.0)[:, node_index("LeftUpLeg")]
    between = Rotation.from_matrix(np.swapaxes(thigh[:-1], -1, -2) @ thigh[1:]).magnitude()
    assert np.degrees(between).max() < 45


def steps(rotations: np.ndarray) -> np.ndarray:
    """Degrees from frame to frame."""
    between = np.swapaxes(rotations[:-1], -1, -2) @ rotations[1:]
    return np.degrees(Rotation.from_matrix(between).magnitude())


def test_a_straight_arm_that_sweeps_past_the_far_side_of_its_rest_direction_does_not_spin() -> None:
    # The left arm rests to the left; here it points to the right and passes by that direction within 3 degrees.
    sweep = np.deg2rad(np.linspace(-30, 30, 60))
    direction = np.stack((-np.cos(sweep) * np.cos(0.05), np.sin(sweep), np.full(60, np.sin(0.05))), axis=-1)
    world = body(Stance(heading=180), 60)
    for joint, length in ((12, 0.29), (13, 0.54)):
        world[:, joint] = world[:, 11] + length * direction
    upper = global_rotations(world, make_rig(world), 30.0)[:, node_index("LeftArm")]
    assert steps(upper).max() < 1.5, "the arm itself turns by 1 degree a frame"


def test_a_straight_arm_in_noise_keeps_its_twist() -> None:
    raised = np.linspace(20, 160, 90)
    world = body(Stance(heading=180, left_arm_raise=raised, left_elbow=4.0), 90)
    world += np.random.default_rng(0).normal(0, 0.004, world.shape)
    rotations = global_rotations(world, make_rig(world), 30.0)
    arm = np.swapaxes(rotations[:, node_index("Chest")], -1, -2) @ rotations[:, node_index("LeftArm")]
    along = Rotation.from_matrix(arm).as_rotvec(degrees=True)[:, 0]
    assert np.ptp(along) < 25


def test_an_elbow_folded_shut_does_not_flip_the_forearm() -> None:
    elbow = np.concatenate((np.linspace(120, 178, 30), np.linspace(178, 120, 30)))
    world = body(Stance(heading=180, left_elbow=elbow, left_arm_raise=40), 60)
    world += np.random.default_rng(0).normal(0, 0.003, world.shape)
    forearm = global_rotations(world, make_rig(world), 30.0)[:, node_index("LeftForeArm")]
    assert steps(forearm).max() < 12


def test_a_head_seen_from_the_side_of_its_plane_does_not_spin_in_noise() -> None:
    world = body(Stance(heading=180), 120)
    world[:, 9] = world[:, 8] + 0.5 * (world[:, 10] - world[:, 8])  # the nose on the line: no side to be seen
    world += np.random.default_rng(0).normal(0, 0.005, world.shape)
    rotations = global_rotations(world, make_rig(world), 30.0)
    head = np.swapaxes(rotations[:, node_index("Chest")], -1, -2) @ rotations[:, node_index("Neck")]
    assert steps(head).max() < 30
    assert Rotation.from_matrix(head).as_rotvec(degrees=True)[:, 1].max() < 60


def y_up(world: np.ndarray) -> np.ndarray:
    return np.stack((world[..., 0], world[..., 2], -world[..., 1]), axis=-1)


def toes(world: np.ndarray, floor: float | None) -> np.ndarray:
    """(F, 2) height of the tips of both feet's toes, metres."""
    rig = make_rig(y_up(world))
    rotations = global_rotations(y_up(world), rig, 30.0, floor)
    places = rig_positions(y_up(world)[:, 0], solve_rotations(y_up(world), rig, 30.0, floor), rig)
    tips = [
        places[:, node_index(name)] + np.einsum("fij,j->fi", rotations[:, node_index(name)], rig.ends[name])
        for name in ("LeftToeBase", "RightToeBase")
    ]
    return np.stack(tips, axis=1)[..., 1]


def squat(frames: int) -> np.ndarray:
    """Down and up with both feet on the floor, the shins 35 degrees forward at the lowest."""
    shin = np.deg2rad(35 * np.sin(np.linspace(0, np.pi, frames)))
    thigh = np.deg2rad(90 * np.sin(np.linspace(0, np.pi, frames)))
    hip = 0.08 + 0.43 * np.cos(shin) + 0.42 * np.cos(thigh)
    back = 0.43 * np.sin(shin) - 0.42 * np.sin(thigh)
    return body(
        Stance(
            hip=np.stack((0 * hip, 4 + back, hip), axis=-1),
            left_thigh=np.rad2deg(thigh),
            right_thigh=np.rad2deg(thigh),
            left_knee=np.rad2deg(thigh + shin),
            right_knee=np.rad2deg(thigh + shin),
        ),
        frames,
    )


def test_feet_stay_flat_on_the_floor_through_a_squat_and_their_toes_out_of_it() -> None:
    world = squat(60)
    np.testing.assert_allclose(world[:, [3, 6], 2], 0.08, atol=1e-9)
    assert toes(world, None).min() < -0.10, "kept at right angles to the shin they would go through the floor"
    assert np.abs(toes(world, 0.0)).max() < 0.01


@pytest.mark.parametrize("name", list(MOTIONS))
def test_the_floor_changes_nothing_but_the_feet(name: str) -> None:
    world = y_up(MOTIONS[name])
    rig = make_rig(world)
    free, minded = (global_rotations(world, rig, 30.0, floor) for floor in (None, 0.0))
    feet = [node_index(f"{side}{part}") for side in ("Left", "Right") for part in ("Foot", "ToeBase")]
    others = [node for node in range(len(NODES)) if node not in feet]
    np.testing.assert_array_equal(free[:, others], minded[:, others])
    assert steps(minded[:, feet[0]]).max(initial=0) < 30


def test_a_floor_far_above_the_feet_is_not_believed() -> None:
    world = y_up(walk(30, 30.0))
    rig = make_rig(world)
    np.testing.assert_allclose(
        global_rotations(world, rig, 30.0, 1.0), global_rotations(world, rig, 30.0, None), atol=1e-12
    )
