"""Joint angles of real motion capture: against the rotations in its own files, and over time."""

from pathlib import Path

import numpy as np
import pytest

from app.motion.joint_angles import ANGLES, angle_index, joint_angles
from stcformer.bvh import forward_kinematics, read_bvh
from stcformer.mocap import human36m_joints, read_clip


def clip(shared: Path, name: str) -> Path:
    path = shared / "mocap" / f"{name}.bvh"
    if not path.is_file():
        pytest.skip(f"needs {path.name} in ../shared/mocap")
    return path


@pytest.mark.parametrize("name", ["cmu/02__02_01", "cmu/05__05_06", "cmu/08__08_01"])
@pytest.mark.parametrize("side", ["Left", "Right"])
def test_knee_and_elbow_flexion_are_the_rotations_of_the_hinges_in_the_file(
    shared: Path, name: str, side: str
) -> None:
    motion = read_bvh(clip(shared, name))
    angles = joint_angles(human36m_joints(motion))
    _, rotations = forward_kinematics(motion)
    for hinge, upper, lower in (("knee", "UpLeg", "Leg"), ("elbow", "Arm", "ForeArm")):
        first, second = (rotations[:, motion.names.index(f"{side}{node}")] for node in (upper, lower))
        turn = np.swapaxes(first, -1, -2) @ second
        truth = np.degrees(np.arccos(np.clip((np.trace(turn, axis1=1, axis2=2) - 1) / 2, -1, 1)))
        found = angles[:, angle_index(f"{side.lower()}_{hinge}_flexion")]
        assert np.abs(found - truth).max() < 0.1
        assert np.ptp(truth) > 20, "a clip in which it moves"


@pytest.mark.parametrize(
    "name", ["cmu/02__02_01", "cmu_dance/salsa__12", "animated_drawings/8yr_old__twirling", "cmu/01__01_11"]
)
def test_no_angle_jumps_by_a_turn_and_all_stay_where_bodies_are(shared: Path, name: str) -> None:
    joints = read_clip(clip(shared, name)).joints
    angles = joint_angles(joints)
    steps = np.abs(np.diff(angles, axis=0))
    for column, angle in enumerate(ANGLES):
        values = angles[:, column]
        assert np.nanmax(steps[:, column]) < 100, angle.name
        if angle.middle is not None:
            assert np.nanmin(values) > angle.middle - 180, angle.name
            assert np.nanmax(values) < angle.middle + 180, angle.name
        if not angle.name.endswith(("hip_rotation", "shoulder_plane")):
            assert np.isnan(values).mean() < 0.02, angle.name
