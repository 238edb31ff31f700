"""Joint angles of made poses whose angles are known, of their mirror images, and near the poses where they end."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_body import Stance, body, turn_around, walk

from app.motion.joint_angles import ANGLES, LEAST_FROM_POLE, angle_index, joint_angles
from stcformer.skeleton import JOINTS, mirror

SIDES = ("left", "right")
R = {name: index for index, name in enumerate(JOINTS)}


def angles_of(world: np.ndarray) -> dict[str, np.ndarray]:
    values = joint_angles(world)
    assert values.shape == (len(world), len(ANGLES))
    return {angle.name: values[:, column] for column, angle in enumerate(ANGLES)}


def of_stance(**choices: object) -> dict[str, float]:
    """Angles of one frame of a body that faces the camera, with straight limbs unless told."""
    straight = dict.fromkeys(("left_elbow", "right_elbow", "left_knee", "right_knee"), 0.0)
    world = body(Stance(**{"heading": 180.0, **straight, **choices}), 1)  # type: ignore[arg-type]
    return {name: float(value[0]) for name, value in angles_of(world).items()}


def turned(
    world: np.ndarray, joints: tuple[str, ...], about: str, axis: np.ndarray, degrees: float
) -> np.ndarray:
    """The pose with some joints turned about an axis (right-hand rule) through a joint."""
    moved = world.copy()
    rotation = Rotation.from_rotvec(np.radians(degrees) * axis / np.linalg.norm(axis))
    for name in joints:
        moved[:, R[name]] = world[:, R[about]] + rotation.apply(world[:, R[name]] - world[:, R[about]])
    return moved


UPPER_BODY = tuple(JOINTS[7:])
STANDING = body(Stance(heading=180.0, left_knee=0, right_knee=0, left_elbow=0, right_elbow=0), 1)
FORWARD, RIGHT, UP = np.array([0.0, -1.0, 0.0]), np.array([-1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])


def test_standing_straight_before_the_camera_is_zero_everywhere() -> None:
    for name, value in of_stance().items():
        if name.endswith(("_hip_rotation", "_shoulder_plane")):
            assert np.isnan(value), name
        else:
            assert value == pytest.approx(0, abs=1e-6), name


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 135.0])
def test_knee_and_elbow_flexion_are_what_they_were_bent_by(side: str, degrees: float) -> None:
    found = of_stance(**{f"{side}_knee": degrees, f"{side}_elbow": degrees})
    assert found[f"{side}_knee_flexion"] == pytest.approx(degrees, abs=1e-6)
    assert found[f"{side}_elbow_flexion"] == pytest.approx(degrees, abs=1e-6)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("degrees", [-30.0, 45.0, 90.0, 120.0])
def test_hip_flexion_is_positive_forward_and_without_abduction(side: str, degrees: float) -> None:
    found = of_stance(**{f"{side}_thigh": degrees})
    assert found[f"{side}_hip_flexion"] == pytest.approx(degrees)
    assert found[f"{side}_hip_abduction"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("side", "outward"), [("right", RIGHT), ("left", -RIGHT)])
def test_a_leg_led_sideways_is_abduction_and_bent_inward_is_internal_rotation(
    side: str, outward: np.ndarray
) -> None:
    letter = side[0]
    leg = (f"{letter}knee", f"{letter}ankle")
    # The rotation that takes the downward leg outward.
    out = turned(STANDING, leg, f"{letter}hip", np.cross(-UP, outward), 40)
    found = {name: value[0] for name, value in angles_of(out).items()}
    assert found[f"{side}_hip_abduction"] == pytest.approx(40)
    assert found[f"{side}_hip_flexion"] == pytest.approx(0, abs=1e-6)

    world = body(Stance(heading=180.0, left_knee=90, right_knee=90), 1)
    # Seen from above, an internal rotation takes the front of the thigh inward, and so the shank behind it outward.
    inner = turned(world, (f"{letter}ankle",), f"{letter}knee", np.cross(FORWARD, -outward), 25)
    found = {name: value[0] for name, value in angles_of(inner).items()}
    assert found[f"{side}_hip_rotation"] == pytest.approx(25)
    assert inner[0, R[f"{letter}ankle"]] @ outward > world[0, R[f"{letter}ankle"]] @ outward
    other = "left" if side == "right" else "right"
    assert found[f"{other}_hip_rotation"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("flexion", "abduction", "rotation"), [(50, 25, 15), (-20, 10, -30), (95, 40, 20)])
def test_the_three_angles_of_the_hip_are_those_of_flexion_then_abduction_then_rotation(
    flexion: float, abduction: float, rotation: float
) -> None:
    # Grood and Suntay: flexion about the pelvis, rotation about the thigh, abduction about what is across both.
    # ISB axes x forward, y up, z right: flexion +z, adduction +x, internal rotation +y of the right leg.
    thigh = Rotation.from_euler("ZXY", [flexion, -abduction, rotation], degrees=True)
    shank = thigh * Rotation.from_euler("Z", -60, degrees=True)
    to_world = np.stack((FORWARD, UP, RIGHT), axis=1)
    world = STANDING.copy()
    world[0, R["rknee"]] = world[0, R["rhip"]] + 0.42 * to_world @ thigh.apply([0, -1, 0])
    world[0, R["rankle"]] = world[0, R["rknee"]] + 0.43 * to_world @ shank.apply([0, -1, 0])
    for pose, side in ((world, "right"), (mirror(world), "left")):
        found = angles_of(pose)
        assert found[f"{side}_hip_flexion"][0] == pytest.approx(flexion)
        assert found[f"{side}_hip_abduction"][0] == pytest.approx(abduction)
        assert found[f"{side}_hip_rotation"][0] == pytest.approx(rotation)
        assert found[f"{side}_knee_flexion"][0] == pytest.approx(60)


@pytest.mark.parametrize("side", SIDES)
def test_an_arm_raised_sideways_is_in_plane_0_and_forward_in_plane_90(side: str) -> None:
    for degrees in (30, 90, 150):
        sideways = of_stance(**{f"{side}_arm_raise": degrees})
        assert sideways[f"{side}_shoulder_elevation"] == pytest.approx(degrees)
        assert sideways[f"{side}_shoulder_plane"] == pytest.approx(0, abs=1e-6)
        forward = of_stance(**{f"{side}_arm_swing": degrees})
        assert forward[f"{side}_shoulder_elevation"] == pytest.approx(degrees)
        assert forward[f"{side}_shoulder_plane"] == pytest.approx(90)
    back = of_stance(**{f"{side}_arm_swing": -40})
    assert back[f"{side}_shoulder_plane"] == pytest.approx(-90)
    assert np.isnan(of_stance(**{f"{side}_arm_raise": 10})[f"{side}_shoulder_plane"]), "hanging"
    assert np.isnan(of_stance(**{f"{side}_arm_raise": 170})[f"{side}_shoulder_plane"]), "overhead"


def test_shoulder_angles_are_the_isb_s_first_two() -> None:
    # Wu 2005: y (plane), x (elevation, negative), y (axial); x forward, y up, z right.
    humerus = Rotation.from_euler("YXY", [65, -110, 20], degrees=True)
    world = STANDING.copy()
    world[0, R["relbow"]] = world[0, R["rshoulder"]] + 0.29 * np.stack(
        (FORWARD, UP, RIGHT), axis=1
    ) @ humerus.apply([0, -1, 0])
    found = angles_of(world)
    assert found["right_shoulder_plane"][0] == pytest.approx(65)
    assert found["right_shoulder_elevation"][0] == pytest.approx(110)


def test_a_trunk_bent_forward_flexes_trunk_and_hips_alike() -> None:
    bent = turned(STANDING, UPPER_BODY, "hip", RIGHT, -50)
    assert bent[0, R["head"]] @ FORWARD > STANDING[0, R["head"]] @ FORWARD + 0.3
    found = {name: value[0] for name, value in angles_of(bent).items()}
    assert found["trunk_lean"] == pytest.approx(50)
    assert found["trunk_side_lean"] == pytest.approx(0, abs=1e-6)
    assert found["left_hip_flexion"] == pytest.approx(50)
    assert found["right_hip_flexion"] == pytest.approx(50)
    assert found["head_flexion"] == pytest.approx(0, abs=1e-6)


def test_a_trunk_bent_to_the_right_leans_and_bends_to_the_right() -> None:
    found = angles_of(turned(STANDING, UPPER_BODY, "hip", np.cross(UP, RIGHT), 20))
    assert found["trunk_side_lean"][0] == pytest.approx(20)
    assert found["trunk_side_bend"][0] == pytest.approx(20)
    assert found["trunk_lean"][0] == pytest.approx(0, abs=1e-6)
    # The whole body tilted: the trunk leans to the vertical, but is not bent.
    whole = angles_of(turned(STANDING, JOINTS, "rankle", np.cross(UP, RIGHT), 20))
    assert whole["trunk_side_lean"][0] == pytest.approx(20)
    assert whole["trunk_side_bend"][0] == pytest.approx(0, abs=1e-6)
    assert whole["pelvis_obliquity"][0] == pytest.approx(-20), "the right hip is the lower one"


def test_shoulders_turned_to_the_left_are_a_positive_trunk_rotation_and_the_head_stays_ahead_of_them() -> (
    None
):
    found = angles_of(turned(STANDING, UPPER_BODY, "hip", UP, 35))
    assert found["trunk_rotation"][0] == pytest.approx(35)
    assert found["head_rotation"][0] == pytest.approx(0, abs=1e-6)
    assert found["pelvis_rotation"][0] == pytest.approx(0, abs=1e-6)


def test_the_head_turns_nods_and_tilts() -> None:
    assert of_stance(head_turn=40)["head_rotation"] == pytest.approx(40)
    nod = angles_of(turned(STANDING, ("neck", "head"), "thorax", RIGHT, -25))
    assert nod["head_flexion"][0] == pytest.approx(25)
    tilt = angles_of(turned(STANDING, ("neck", "head"), "thorax", np.cross(UP, RIGHT), 15))
    assert tilt["head_side_bend"][0] == pytest.approx(15)
    assert tilt["head_rotation"][0] == pytest.approx(0, abs=1e-6)


def test_the_mirror_image_gives_the_same_for_the_other_side() -> None:
    world = np.concatenate((walk(40, 30.0), walk(40, 30.0, heading=70.0)))
    world += np.random.default_rng(3).normal(0, 0.02, world.shape)
    found, mirrored = angles_of(world), angles_of(mirror(world))
    for angle in ANGLES:
        if angle.name.startswith(SIDES):
            side, rest = angle.name.split("_", 1)
            other = f"{'left' if side == 'right' else 'right'}_{rest}"
            np.testing.assert_allclose(mirrored[other], found[angle.name], atol=1e-9, err_msg=angle.name)
        else:
            sign = 1 if angle.name in ("trunk_lean", "head_flexion") else -1
            np.testing.assert_allclose(
                mirrored[angle.name], sign * found[angle.name], atol=1e-9, err_msg=angle.name
            )


@pytest.mark.parametrize("direction", [1, -1])
def test_turning_on_the_spot_counts_the_turns_and_leaves_the_body_s_own_angles_alone(direction: int) -> None:
    world = turn_around(120)[::direction]
    found = angles_of(np.concatenate((world, world[1:])))
    steps = np.diff(found["pelvis_rotation"])
    assert np.abs(steps).max() < 10
    assert np.ptp(found["pelvis_rotation"]) == pytest.approx(720, abs=0.1)
    for name in ("left_hip_flexion", "right_shoulder_elevation", "trunk_lean"):
        assert np.ptp(found[name]) < 1e-6, name


def test_an_arm_swung_through_the_back_does_not_jump_by_a_turn() -> None:
    # From straight back over the cut of the circle to across the back.
    planes = np.radians(np.linspace(-90, -250, 40))
    directions = (
        np.sin(0.7) * (np.sin(planes)[:, None] * FORWARD + np.cos(planes)[:, None] * RIGHT) - np.cos(0.7) * UP
    )
    world = np.repeat(STANDING, 40, axis=0)
    world[:, R["relbow"]] = world[:, R["rshoulder"]] + 0.29 * directions
    plane = angles_of(world)["right_shoulder_plane"]
    assert np.abs(np.diff(plane)).max() < 5
    assert np.ptp(plane) == pytest.approx(160)


def test_poses_without_an_answer_are_empty_and_only_there() -> None:
    on_the_side = turned(STANDING, JOINTS, "rankle", np.cross(UP, RIGHT), 90)
    found = {name: value[0] for name, value in angles_of(on_the_side).items()}
    empty = {name for name, value in found.items() if np.isnan(value)}
    assert {"pelvis_rotation", "trunk_lean", "trunk_side_lean"} <= empty
    assert found["pelvis_obliquity"] == pytest.approx(-90, abs=1e-3)
    assert found["left_hip_flexion"] == pytest.approx(0, abs=1e-6)
    for abduction, there in ((90 - LEAST_FROM_POLE - 1, True), (90 - LEAST_FROM_POLE + 1, False)):
        out = turned(STANDING, ("rknee", "rankle"), "rhip", np.cross(-UP, RIGHT), abduction)
        assert np.isfinite(angles_of(out)["right_hip_flexion"][0]) == there
        assert angles_of(out)["right_hip_abduction"][0] == pytest.approx(abduction)


def test_frames_and_joints_that_are_missing_empty_only_what_needs_them() -> None:
    world = walk(9, 30.0)
    full = angles_of(world)
    world[2] = np.nan
    world[5, R["lwrist"]] = np.nan
    found = angles_of(world)
    for name, values in found.items():
        assert np.isnan(values[2]), name
        if name == "left_elbow_flexion":
            assert np.isnan(values[5])
        else:
            np.testing.assert_allclose(values[[0, 1, 3, 5]], full[name][[0, 1, 3, 5]], atol=1e-9)
    assert np.isnan(joint_angles(np.full((3, 17, 3), np.nan))).all()
    assert joint_angles(np.zeros((0, 17, 3))).shape == (0, len(ANGLES))


def test_every_angle_says_its_sign_and_zero_and_has_a_name_of_its_own() -> None:
    names = [angle.name for angle in ANGLES]
    assert len(set(names)) == len(names)
    assert angle_index("right_knee_flexion") == names.index("right_knee_flexion")
    for angle in ANGLES:
        assert angle.positive
        assert angle.zero
        assert len(angle.definition) > 20
