"""A person as solid parts."""

import numpy as np
import pytest

from app.scene.figure import ALL_PARTS, CASTS_SHADOW, figure_parts, foot_ends, part_colours
from stcformer.skeleton import JOINTS
from tests.synthetic_body import Stance, body

STANDING = body(Stance(heading=180.0), 1)[0]


def test_the_limbs_end_in_the_joints() -> None:
    starts, ends = figure_parts(STANDING)
    points = np.concatenate((starts[:, :3], ends[:, :3]))
    for joint in ("lwrist", "rwrist", "lknee", "rankle", "lshoulder", "rhip", "neck"):
        away = np.linalg.norm(points - STANDING[JOINTS.index(joint)], axis=1)
        assert away.min() == pytest.approx(0, abs=1e-12), joint


def test_the_top_of_the_head_is_as_high_as_the_joint() -> None:
    _, ends = figure_parts(STANDING)
    assert (ends[:, 2] + ends[:, 3]).max() == pytest.approx(STANDING[JOINTS.index("head"), 2])


def test_toes_point_ahead_and_do_not_reach_far_below_the_ankle() -> None:
    starts, ends = figure_parts(STANDING)
    ankle = STANDING[JOINTS.index("lankle")]
    feet = [end - start for start, end in zip(starts, ends, strict=True) if np.allclose(start[:3], ankle)]
    foot = max(feet, key=lambda way: np.linalg.norm(way[:3]))
    assert foot[1] < -0.1  # the person faces -y
    assert abs(foot[0]) < 0.02
    assert -0.1 < foot[2] < 0


def test_a_smaller_body_has_thinner_limbs() -> None:
    child = figure_parts(STANDING * 0.6)
    adult = figure_parts(STANDING)
    np.testing.assert_allclose(child[0], adult[0] * 0.6)


def test_a_person_with_an_unknown_joint_is_refused() -> None:
    person = STANDING.copy()
    person[3] = np.nan
    with pytest.raises(ValueError, match="unknown joints"):
        figure_parts(person)


def test_every_part_has_the_colour_of_its_side() -> None:
    colours = part_colours(np.array([1, 0, 0]), np.array([0, 0, 1]), np.array([0, 1, 0]), joint_shade=0.5)
    starts, ends = figure_parts(STANDING)
    middle = ((starts + ends) / 2)[:, 0]
    limbs = np.abs(middle) > 0.1  # facing the camera, the left side is at +x
    torso = colours[:, 1] > 0
    assert (colours[limbs & ~torso & (middle > 0), 0] > 0).all()
    assert (colours[limbs & ~torso & (middle < 0), 2] > 0).all()
    assert (colours[limbs & ~torso].sum(axis=1) == 0.5).any(), "joints are darker"
    assert len(colours) == len(ALL_PARTS) == len(CASTS_SHADOW)


def test_feet_point_to_their_toes_where_these_are_known() -> None:
    left, right = STANDING[JOINTS.index("lankle")], STANDING[JOINTS.index("rankle")]
    toes = np.stack((left + np.array([0.27, 0, -0.05]), [np.nan, 0, 0]))
    ends = foot_ends(STANDING, toes)
    np.testing.assert_allclose(np.cross(ends[1] - left, [0.27, 0, -0.05]), 0, atol=1e-12)
    assert 0.1 < np.linalg.norm(ends[1] - left) < 0.2
    np.testing.assert_array_equal(ends[0], foot_ends(STANDING)[0])
    moved = figure_parts(STANDING, toes)[1] - figure_parts(STANDING)[1]
    assert np.count_nonzero(np.abs(moved).max(axis=1) > 1e-9) == 1, "one foot, and nothing else"
    assert np.linalg.norm(foot_ends(STANDING)[0] - right) > 0.1
