"""Curves: angles of poses whose angles are known by hand, positions and speeds."""

import numpy as np
import pytest
from synthetic_body import Stance, body

from app.timeline.curves import joint_angles, joint_positions, joint_speed
from stcformer.skeleton import JOINTS

NAMES = [
    "left knee flexion", "left hip flexion", "right knee flexion", "right hip flexion",
    "left elbow flexion", "left shoulder elevation", "right elbow flexion", "right shoulder elevation", "trunk lean",
]  # fmt: skip


def angle(name: str, **stance: float) -> float:
    """One angle of a stance that is straight but for what is given."""
    straight = {f"{side}_{joint}": 0.0 for side in ("left", "right") for joint in ("knee", "elbow")}
    return float(joint_angles(body(Stance(**(straight | stance)), 1))[name][0])


def test_there_are_nine_angles_and_a_straight_body_has_none() -> None:
    assert sorted(joint_angles(body(Stance(), 1))) == sorted(NAMES)
    for name in NAMES:
        assert angle(name) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("heading", [0.0, 37.0, 180.0, 250.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_angles_are_those_of_the_stance_whichever_way_it_faces(side: str, heading: float) -> None:
    assert angle(f"{side} knee flexion", heading=heading, **{f"{side}_knee": 75}) == pytest.approx(75)
    assert angle(f"{side} elbow flexion", heading=heading, **{f"{side}_elbow": 110}) == pytest.approx(110)
    for thigh in (-25, 40, 90, 120):
        found = angle(f"{side} hip flexion", heading=heading, **{f"{side}_thigh": thigh, f"{side}_knee": 30})
        assert found == pytest.approx(thigh)
    for raised in (0, 45, 90, 175):
        sideways = angle(f"{side} shoulder elevation", heading=heading, **{f"{side}_arm_raise": raised})
        forward = angle(f"{side} shoulder elevation", heading=heading, **{f"{side}_arm_swing": raised})
        assert sideways == pytest.approx(raised, abs=1e-5)
        assert forward == pytest.approx(raised, abs=1e-5)
    assert angle("trunk lean", heading=heading, pitch=35) == pytest.approx(35)


def test_one_side_moves_one_side() -> None:
    assert angle("right knee flexion", left_knee=80) == pytest.approx(0, abs=1e-5)
    assert angle("left hip flexion", right_thigh=50) == pytest.approx(0, abs=1e-5)


def test_bending_the_whole_body_forward_changes_no_angle_but_the_lean() -> None:
    upright, bent = (
        joint_angles(body(Stance(pitch=pitch, left_thigh=30, left_knee=50, right_arm_raise=70), 1))
        for pitch in (0.0, 60.0)
    )
    for name in NAMES:
        if name != "trunk lean":
            assert bent[name][0] == pytest.approx(upright[name][0], abs=1e-5)
    assert bent["trunk lean"][0] == pytest.approx(60)


def test_a_hand_computed_pose() -> None:
    """Sitting upright on a chair, forearms level to the front."""
    world = np.zeros((1, 17, 3))
    places = {
        "hip": (0, 0, 0.5), "spine": (0, 0, 0.75), "thorax": (0, 0, 1.0), "neck": (0, 0.1, 1.2), "head": (0, 0, 1.3),
        "lhip": (-0.1, 0, 0.5), "lknee": (-0.1, 0.4, 0.5), "lankle": (-0.1, 0.4, 0.1),
        "rhip": (0.1, 0, 0.5), "rknee": (0.1, 0.4, 0.5), "rankle": (0.1, 0.8, 0.5),
        "lshoulder": (-0.2, 0, 1.0), "lelbow": (-0.2, 0, 0.7), "lwrist": (-0.2, 0.25, 0.7),
        "rshoulder": (0.2, 0, 1.0), "relbow": (0.5, 0, 1.0), "rwrist": (0.5 + 0.3, 0, 1.3),
    }  # fmt: skip
    for name, place in places.items():
        world[0, JOINTS.index(name)] = place
    found = {name: float(values[0]) for name, values in joint_angles(world).items()}
    expected = {
        "left knee flexion": 90, "right knee flexion": 0, "left hip flexion": 90, "right hip flexion": 90,
        "left elbow flexion": 90, "right elbow flexion": 45, "left shoulder elevation": 0,
        "right shoulder elevation": 90, "trunk lean": 0,
    }  # fmt: skip
    assert found == pytest.approx(expected, abs=1e-6)


def test_a_thigh_that_points_sideways_has_no_flexion() -> None:
    world = body(Stance(), 1)
    world[0, JOINTS.index("lknee")] = world[0, JOINTS.index("lhip")] + [-0.42, 0, 0]
    angles = joint_angles(world)
    assert np.isnan(angles["left hip flexion"]).all()
    assert np.isfinite(angles["right hip flexion"]).all()


def test_nan_joints_leave_nan_only_where_they_are_needed() -> None:
    world = body(Stance(), 3)
    world[1, JOINTS.index("lwrist")] = np.nan
    world[2] = np.nan
    angles = joint_angles(world)
    assert np.isnan(angles["left elbow flexion"]).tolist() == [False, True, True]
    assert np.isnan(angles["right elbow flexion"]).tolist() == [False, False, True]


def test_positions_have_a_name_each() -> None:
    world = np.random.default_rng(0).normal(size=(4, 17, 3))
    curves = joint_positions(world)
    assert len(curves) == 51
    np.testing.assert_array_equal(curves["lwrist y"], world[:, JOINTS.index("lwrist"), 1])
    np.testing.assert_array_equal(curves["hip z"], world[:, 0, 2])


def test_speed_goes_by_the_frames_own_times() -> None:
    time = np.cumsum(np.array([0.0, 0.03, 0.05, 0.02, 0.04, 0.03]))
    world = np.zeros((6, 17, 3))
    world[:, 13, 0] = 3.0 * time
    world[:, 13, 2] = 4.0 * time
    speed = joint_speed(world, time)
    np.testing.assert_allclose(speed["lwrist"], 5.0)
    np.testing.assert_array_equal(speed["rwrist"], 0.0)
    assert list(speed) == list(JOINTS)


def test_speed_beside_frames_without_a_pose_is_one_sided_and_a_lonely_frame_has_none() -> None:
    time = np.arange(7) / 10
    world = np.zeros((7, 17, 3))
    world[..., 1] = (2.0 * time)[:, None]
    world[[3, 5]] = np.nan
    speed = joint_speed(world, time)["hip"]
    np.testing.assert_allclose(speed[:3], 2.0)
    assert np.isnan(speed[3:]).all()
