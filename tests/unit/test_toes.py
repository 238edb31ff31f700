"""The tips of the toes: of people whose feet are seen, and of those whose feet are not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_takes import exact_take
from scipy.spatial.transform import Rotation
from synthetic_body import IMAGE_SIZE, Stance, body, walk

from app.edits import HideJoint, SwapSides, apply_edits
from app.export.solved_motion import solve_person, to_y_up
from app.export.video_camera import camera_of, focal_px
from app.motion.rig import make_rig, node_index, toe_tip
from app.motion.rotations import foot_guesses, solve_rotations, to_global
from app.pipeline import assemble_take
from app.take import Take

ANKLES = (6, 3)
STANDING = body(Stance(heading=150.0), 30)


def with_feet(take: Take, outward: float) -> Take:
    """The Take made again, with heels and toes seen of feet that lie level, turned outward from the way to the front."""
    assert take.evidence is not None
    place = camera_of(take, 0)
    ahead = np.cross(take.world[0, :, 4] - take.world[0, :, 1], [0.0, 0.0, 1.0])
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    feet = np.empty((1, take.frame_count(), 2, 2, 2))
    for foot, (ankle, turn) in enumerate(zip(ANKLES, (outward, -outward), strict=True)):
        way = Rotation.from_euler("z", turn, degrees=True).apply(ahead)
        for end, reach in enumerate((-0.05, 0.19)):
            point = take.world[0, :, ankle] - [0, 0, 0.07] + reach * way
            seen = (point - place.position) @ place.rotation
            feet[0, :, foot, end] = seen[:, :2] / seen[:, 2:] * focal_px(take) + np.divide(IMAGE_SIZE, 2)
    evidence = replace(take.evidence, feet=feet, foot_scores=np.full((1, take.frame_count(), 2, 2), 0.9))
    return made_again(replace(take, evidence=evidence))


def made_again(take: Take) -> Take:
    assert take.evidence is not None
    edited = apply_edits(take.evidence.keypoints, take.evidence.scores, take.edits)
    return assemble_take(take.source, take.time_s, edited, take.evidence, take.settings, take.edits, {})


def outward(take: Take) -> np.ndarray:
    """(F, 2) degrees by which left and right toes point outward from the way to the front, seen from above."""
    ahead = np.cross(take.world[0, :, 4] - take.world[0, :, 1], [0.0, 0.0, 1.0])[:, None]
    way = take.toes[0] - take.world[0][:, ANKLES]
    turn = np.arctan2(way[..., 1], way[..., 0]) - np.arctan2(ahead[..., 1], ahead[..., 0])
    return np.degrees((turn + np.pi) % (2 * np.pi) - np.pi) * [1, -1]


@pytest.mark.parametrize("turn", [40.0, -25.0])
def test_toes_point_where_the_picture_shows_them(turn: float) -> None:
    take = exact_take(STANDING)
    np.testing.assert_allclose(outward(take), 0, atol=3)
    shares = outward(with_feet(take, turn)) / turn
    assert (shares > 0.45).all(), "the guess has a say, and more of it in a foot that points at the camera"
    assert (shares < 1.1).all()


def test_toes_that_were_never_seen_are_those_of_the_rig_and_turn_nothing() -> None:
    take = exact_take(walk(40, 30.0))
    positions = to_y_up(take.world[0])
    rig = make_rig(positions)
    feet = foot_guesses(positions, rig, 30.0, 0.0)
    for foot, (ankle, side) in enumerate(zip(ANKLES, ("Left", "Right"), strict=True)):
        tips = positions[:, ankle] + feet[:, foot] @ toe_tip(rig, side)
        np.testing.assert_allclose(to_y_up(take.toes[0])[:, foot], tips, atol=1e-9)
    plain = solve_rotations(positions, rig, 30.0, 0.0)
    with_toes = solve_rotations(positions, rig, 30.0, 0.0, to_y_up(take.toes[0]))
    np.testing.assert_allclose(with_toes, plain, atol=1e-7)


def test_the_formats_bones_point_to_the_toes_and_nothing_else_turns() -> None:
    take = with_feet(exact_take(STANDING), 40.0)
    motion, unseen = (
        solve_person(made, 0, take.time_s, Path("a.bvh"))
        for made in (take, replace(take, toes=np.full_like(take.toes, np.nan)))
    )
    turned = to_global(motion.rotations)
    for foot, (ankle, side) in enumerate(zip(ANKLES, ("Left", "Right"), strict=True)):
        ahead = turned[:, node_index(f"{side}Foot")] @ toe_tip(motion.rig, side)
        np.testing.assert_allclose(ahead, to_y_up(take.toes[0, :, foot] - take.world[0, :, ankle]), atol=1e-6)
    feet = [node_index(f"{side}Foot") for side in ("Left", "Right")]
    others = [node for node in range(turned.shape[1]) if node not in feet]
    np.testing.assert_allclose(motion.rotations[:, others], unseen.rotations[:, others], atol=1e-12)
    assert not np.allclose(motion.rotations[:, feet], unseen.rotations[:, feet], atol=0.1)


def test_toes_do_not_go_through_the_floor() -> None:
    take = exact_take(STANDING)
    assert take.evidence is not None
    seen = with_feet(take, 0.0)
    assert seen.evidence is not None
    deeper = seen.evidence.feet.copy()
    deeper[:, :, :, 1, 1] += 40
    lower = made_again(replace(seen, evidence=replace(seen.evidence, feet=deeper)))
    assert np.abs(lower.toes - seen.toes).max() > 0.01, "the picture has them lower, or nearer"
    assert lower.toes[..., 2].min() > min(-0.005, take.toes[..., 2].min() - 1e-9)


def test_there_are_no_toes_where_there_is_no_pose() -> None:
    take = exact_take(STANDING)
    assert take.evidence is not None
    keypoints, lifted = take.evidence.keypoints.copy(), take.evidence.lifted.copy()
    keypoints[:, 20:], lifted[:, 20:] = np.nan, np.nan
    scores = take.evidence.scores.copy()
    scores[:, 20:] = 0
    gone = replace(take.evidence, keypoints=keypoints, scores=scores, lifted=lifted)
    toes = made_again(replace(take, evidence=gone)).toes
    assert np.isfinite(toes[:, :20]).all()
    assert np.isnan(toes[:, 20:]).all()


def test_feet_follow_their_sides_and_a_hidden_ankle_loses_its_own() -> None:
    take = with_feet(exact_take(STANDING), 40.0)
    np.testing.assert_allclose(
        made_again(replace(take, edits=(SwapSides(0, 10, 20),))).feet[:, 10:20], take.feet[:, 10:20, ::-1]
    )
    hidden = made_again(replace(take, edits=(HideJoint(0, 0, 30, ANKLES[0]),)))
    assert np.isnan(hidden.feet[:, :, 0]).all()
    np.testing.assert_array_equal(hidden.feet[:, :, 1], take.feet[:, :, 1])
    turns = outward(hidden)
    assert np.abs(turns[:, 0]).max() < 15
    assert turns[:, 1].min() > 18
