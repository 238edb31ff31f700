"""Our joints as Human3.6M's and back: lengths, places, and what is not observed."""

from pathlib import Path

import numpy as np
import pytest
import torch

from stcformer.conventions import (
    AVERAGE_MM,
    HUMAN36M_LENGTHS_MM,
    human36m_matrix,
    keypoints_for,
    pose_from,
)
from stcformer.errors import LifterError
from stcformer.lifter import Lifter
from stcformer.model import STCFormer
from stcformer.skeleton import JOINTS, MIRROR
from stcformer.weights import PUBLISHED_FEEDING, Feeding, Weights
from tests.conftest import REPO

CLIPS = sorted((REPO / "assets" / "clips").glob("*_truth.npz"))
LIMBS = [JOINTS.index(side + name) for side in "lr" for name in ("knee", "ankle", "elbow", "wrist")]
NUMBER = {name: number for number, name in enumerate(JOINTS)}


def average_body() -> np.ndarray:
    """(17, 3) the person that the weights were made for, millimetres; arms and shanks hang down."""
    body = np.zeros((17, 3))
    for name, place in AVERAGE_MM.items():
        body[NUMBER[name]] = place
        if name.startswith("r"):
            body[NUMBER["l" + name[1:]]] = np.array(place) * (-1, 1, 1)
    return body


def length(body: np.ndarray, start: str, end: str) -> np.ndarray:
    return np.linalg.norm(body[..., NUMBER[start], :] - body[..., NUMBER[end], :], axis=-1)


@pytest.mark.parametrize(("bone", "expected"), HUMAN36M_LENGTHS_MM.items())
def test_an_average_person_gets_the_lengths_of_human36ms_skeleton(
    bone: tuple[str, str], expected: float
) -> None:
    assert length(human36m_matrix() @ average_body(), *bone) == pytest.approx(expected, abs=0.5)


def test_the_spine_lies_near_where_the_published_demonstrations_mapping_puts_it() -> None:
    """That mapping, from COCO's face: eyes 38 mm over the nose and 32 mm behind it, ears 180 mm over the shoulders."""
    middle, nose = np.zeros(2), np.array(AVERAGE_MM["neck"][1:])
    eye, ear, hip = nose + np.array((-31.6, 38.0)), np.array((0.0, 180.0)), np.array(AVERAGE_MM["hip"][1:])
    thorax = middle + (nose - middle) / 3 - (0, 2 / 3 * (eye - nose)[1])
    spine = (middle + hip) / 2
    spine[0] += 2 * (spine[0] - (hip[0] + thorax[0]) / 2)
    demonstration = {
        "thorax": thorax,
        "spine": spine,
        "neck": nose + (middle - nose) / 4,
        "head": np.array([(eye[0] + ear[0]) / 2, 2 * eye[1] - nose[1]]),
    }
    ours = human36m_matrix() @ average_body()
    for name, place in demonstration.items():
        assert np.linalg.norm(ours[NUMBER[name], 1:] - place) < 30, name


def test_limbs_stay_and_a_mirrored_body_is_converted_to_the_mirror_image() -> None:
    matrix = human36m_matrix()
    np.testing.assert_array_equal(matrix[LIMBS], np.eye(17)[LIMBS])
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    np.testing.assert_allclose(matrix[list(MIRROR)][:, list(MIRROR)], matrix)


@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.stem)
def test_true_poses_of_the_rendered_clips_come_back_exactly(path: Path) -> None:
    with np.load(path) as truth:
        camera = truth["camera"]
    pose = camera - camera[:, :1]
    np.testing.assert_allclose(pose_from("h36m", human36m_matrix() @ pose), pose, atol=1e-9)


@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.stem)
def test_converting_pixels_is_projecting_the_converted_pose(path: Path) -> None:
    """Up to perspective, which bends the sums a little: 2.5 % of the person's height in pixels at most, 0.3 % usually."""
    with np.load(path) as truth:
        pixels, camera, matrix = truth["keypoints"], truth["camera"], truth["intrinsics"]
    converted, _ = keypoints_for("h36m", pixels, np.ones(pixels.shape[:2]))
    seen = (human36m_matrix() @ camera) @ matrix.T
    away = np.linalg.norm(converted - seen[..., :2] / seen[..., 2:], axis=-1)
    height = np.ptp(pixels[..., 1], axis=1)[:, None]
    assert (away / height).max() < 0.025
    assert np.median((away / height)[:, [0, 1, 4, 7, 8, 9, 10, 11, 14]]) < 0.003


@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.stem)
def test_the_proportions_of_every_rendered_person_come_nearer_to_human36ms(path: Path) -> None:
    with np.load(path) as truth:
        ours = truth["camera"]
    theirs = human36m_matrix() @ ours

    def off(body: np.ndarray) -> float:
        leg = length(body, "rhip", "rknee") + length(body, "rknee", "rankle")
        ratios = [(length(body, *bone) / leg).mean() for bone in HUMAN36M_LENGTHS_MM]
        wanted = [mm / (442.9 + 454.2) for mm in HUMAN36M_LENGTHS_MM.values()]
        return float(np.abs(np.log(np.array(ratios) / wanted)).mean())

    assert off(theirs) < 0.5 * off(ours)


def test_a_joint_that_is_made_of_an_unobserved_one_is_unobserved() -> None:
    points, scores = np.random.default_rng(1).uniform(0, 100, (3, 17, 2)), np.full((3, 17), 0.9)
    points[1, NUMBER["neck"]], scores[1, NUMBER["neck"]] = np.nan, 0.0
    scores[2, NUMBER["head"]] = 0.2
    converted, confidence = keypoints_for("h36m", points, scores)
    lost = {"spine", "thorax", "neck", "head"}
    assert {JOINTS[joint] for joint in np.flatnonzero(np.isnan(converted[1, :, 0]))} == lost
    assert {JOINTS[joint] for joint in np.flatnonzero(confidence[1] == 0)} == lost
    assert {JOINTS[joint] for joint in np.flatnonzero(confidence[2] == 0.2)} == lost
    assert np.isfinite(converted[0]).all()


def test_our_own_convention_changes_nothing_and_an_unknown_one_is_refused() -> None:
    points, scores = np.zeros((1, 17, 2)), np.ones((1, 17))
    assert keypoints_for("studio", points, scores) == (points, scores)
    for call in (lambda: keypoints_for("3dhp", points, scores), lambda: pose_from("3dhp", np.zeros((17, 3)))):
        with pytest.raises(LifterError, match="3dhp"):
            call()


def _lifter(feeding: Feeding) -> Lifter:
    torch.manual_seed(5)
    weights = Weights(STCFormer(32, 2), feeding, "random", "0" * 64, "made in a test")
    return Lifter(weights, "cpu", window=9, precision=torch.float32)


def test_the_lifter_converts_for_weights_that_say_so_and_for_no_others() -> None:
    """The network reads the same in both: once converted by the lifter, once by hand."""
    rng = np.random.default_rng(2)
    points = rng.uniform(100, 400, (1, 17, 2)) + rng.normal(0, 4, (30, 17, 2))
    scores, told = np.ones((30, 17)), {"image_size": (640, 480), "fps": 50 / 3}
    theirs = _lifter(PUBLISHED_FEEDING).lift(points, scores, **told)
    plain = Feeding("screen", 50 / 3, (15.0, 18.5), 27)
    by_hand = _lifter(plain).lift(*keypoints_for("h36m", points, scores), **told)
    np.testing.assert_allclose(theirs, pose_from("h36m", by_hand), atol=1e-6)
    assert np.abs(theirs - _lifter(plain).lift(points, scores, **told)).max() > 0.01
    np.testing.assert_allclose(theirs[:, 8], theirs[:, [11, 14]].mean(axis=1), atol=1e-9)
    np.testing.assert_allclose(theirs[:, 0], 0)


def test_every_way_into_the_lifter_converts_alike() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(100, 400, (1, 17, 2)) + rng.normal(0, 4, (9, 17, 2))
    scores, size = np.ones((9, 17)), (640, 480)
    lifter = _lifter(PUBLISHED_FEEDING)
    told = {"image_size": size, "fps": 50 / 3}
    pose, apart = lifter.lift_with_disagreement(points, scores, **told)
    windows = lifter.lift_windows(points[None], scores[None], image_size=size)[0]
    np.testing.assert_allclose(windows, pose, atol=1e-6)
    again, _ = lifter.lift_again(pose * 0, apart, np.ones(9, bool), points, scores, **told)
    np.testing.assert_allclose(again, pose, atol=1e-6)
    inputs, _ = lifter.window_about(points, scores, 4, **told)
    converted, _ = keypoints_for("h36m", points, scores)
    expected = converted * 2 / 640 - (1, 480 / 640)
    np.testing.assert_allclose(inputs[0].numpy(), expected, atol=1e-5)
