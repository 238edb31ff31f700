"""Keypoint formats and the way to the 17 joints that the lifter reads."""

import numpy as np
import pytest

from detectors.errors import DetectorError
from detectors.keypoints import FORMATS, H36M17, feet_of, keypoint_format, to_h36m17
from detectors.mediapipe.library import import_mediapipe
from stcformer.skeleton import JOINTS, MIRROR

# A person who faces the camera, arms hanging: pixels, y down; the person's left is at the picture's right.
FACING = {
    "nose": (500, 118),
    "left_eye": (512, 102),
    "right_eye": (488, 102),
    "left_ear": (528, 110),
    "right_ear": (472, 110),
    "left_shoulder": (570, 200),
    "right_shoulder": (430, 200),
    "left_elbow": (590, 300),
    "right_elbow": (410, 300),
    "left_wrist": (600, 390),
    "right_wrist": (400, 390),
    "left_hip": (540, 400),
    "right_hip": (460, 400),
    "left_knee": (545, 560),
    "right_knee": (455, 560),
    "left_ankle": (550, 720),
    "right_ankle": (450, 720),
    "head": (500, 50),
    "left_heel": (548, 735),
    "right_heel": (452, 735),
    "left_big_toe": (560, 750),
    "right_big_toe": (440, 750),
    "left_foot_index": (560, 750),
    "right_foot_index": (440, 750),
}
DETECTED = ("blazepose33", "coco17", "halpe26", "coco_wholebody133")


def facing(name: str) -> tuple[np.ndarray, np.ndarray]:
    names = FORMATS[name].keypoints
    return np.array([FACING.get(keypoint, (0, 0)) for keypoint in names], float), np.full(len(names), 0.9)


def joint(joints: np.ndarray, name: str) -> np.ndarray:
    return joints[..., JOINTS.index(name), :]


def test_the_target_format_has_the_joints_of_the_lifter_in_its_order() -> None:
    assert H36M17.keypoints == JOINTS
    assert H36M17.mirror() == MIRROR


@pytest.mark.parametrize(
    ("name", "count", "pairs"),
    [
        ("blazepose33", 33, 16),
        ("coco17", 17, 8),
        ("halpe26", 26, 11),
        ("coco_wholebody133", 133, 61),
        ("h36m17", 17, 6),
    ],
)
def test_every_format_names_each_keypoint_once_and_pairs_both_sides(
    name: str, count: int, pairs: int
) -> None:
    keypoints = keypoint_format(name)
    assert len(set(keypoints.keypoints)) == len(keypoints.keypoints) == count
    assert len(keypoints.pairs) == pairs
    assert sorted(keypoints.mirror()) == list(range(count))
    assert np.array_equal(np.array(keypoints.mirror())[list(keypoints.mirror())], np.arange(count))
    drawn = {index for line in keypoints.skeleton for index in line}
    assert drawn == set(range(count)), "every keypoint is on a line"
    assert len(set(keypoints.skeleton)) == len(keypoints.skeleton)


def test_blazepose_is_in_the_order_of_mediapipe() -> None:
    pose = import_mediapipe("solutions").solutions.pose
    assert FORMATS["blazepose33"].keypoints == tuple(landmark.name.lower() for landmark in pose.PoseLandmark)


@pytest.mark.parametrize("name", ["halpe26", "coco_wholebody133"])
def test_formats_of_more_keypoints_begin_with_those_of_coco(name: str) -> None:
    assert FORMATS[name].keypoints[:17] == FORMATS["coco17"].keypoints
    assert set(FORMATS["coco17"].pairs) < set(FORMATS[name].pairs)


def test_halpe_and_the_whole_body_are_in_the_order_of_mmpose() -> None:
    # mmpose 1.3, configs/_base_/datasets/halpe26.py and coco_wholebody.py
    halpe = FORMATS["halpe26"].keypoints
    assert halpe[17:20] == ("head", "neck", "hip")
    assert halpe[20:24] == ("left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe")
    assert halpe[24:] == ("left_heel", "right_heel")
    body = FORMATS["coco_wholebody133"].keypoints
    assert body[17:20] == ("left_big_toe", "left_small_toe", "left_heel")
    assert body[20:23] == ("right_big_toe", "right_small_toe", "right_heel")
    numbers = {name: body.index(name) for name in ("face-0", "face-67", "left_hand_root", "right_hand_root")}
    assert numbers == {"face-0": 23, "face-67": 90, "left_hand_root": 91, "right_hand_root": 112}
    assert body[96] == "left_forefinger1"
    assert body[132] == "right_pinky_finger4"


def test_the_face_is_mirrored_as_mmpose_has_it() -> None:
    # the `swap` of each point in mmpose's coco_wholebody.py
    swaps = [*range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31]
    swaps += [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    swaps += [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65]
    mirror = FORMATS["coco_wholebody133"].mirror()
    assert [index - 23 for index in mirror[23:91]] == swaps


def test_halpes_own_neck_and_hip_are_not_the_lifters_thorax_and_hip() -> None:
    keypoints, scores = facing("halpe26")
    keypoints[FORMATS["halpe26"].index("neck")] = 500, 160
    keypoints[FORMATS["halpe26"].index("hip")] = 505, 420
    joints, _ = to_h36m17(keypoints, scores, "halpe26")
    assert joint(joints, "thorax").tolist() == [500, 200]
    assert joint(joints, "hip").tolist() == [500, 400]
    assert joint(joints, "head").tolist() == list(FACING["head"]), "its head is the top of the head"


TOES = {
    "blazepose33": "right_foot_index",
    "halpe26": "right_big_toe",
    "coco_wholebody133": "right_big_toe",
}


@pytest.mark.parametrize("name", TOES)
def test_heels_and_big_toes_are_given_by_side(name: str) -> None:
    keypoints, scores = facing(name)
    feet, _ = feet_of(keypoints, scores, name)
    assert feet.tolist() == [[[548, 735], [560, 750]], [[452, 735], [440, 750]]]
    scores[FORMATS[name].index("right_heel")] = 0.1
    scores[FORMATS[name].index("left_heel")] = 0.0
    keypoints[FORMATS[name].index(TOES[name])] = np.nan
    many, many_scores = feet_of(np.tile(keypoints, (2, 5, 1, 1)), np.tile(scores, (2, 5, 1)), name)
    assert many.shape == (2, 5, 2, 2, 2)
    assert np.isnan(many[..., 0, 0, :]).all(), "a score of 0 was not observed"
    assert np.isnan(many[..., 1, 1, :]).all()
    assert np.isfinite(many[..., 0, 1, :]).all()
    assert many_scores[0, 0].tolist() == [[0, scores[FORMATS[name].index("left_ankle")]], [0.1, 0]]


def test_a_format_without_feet_gives_none_of_them() -> None:
    feet, scores = feet_of(np.zeros((4, 17, 2)), np.ones((4, 17)), "coco17")
    assert feet.shape == (4, 2, 2, 2)
    assert np.isnan(feet).all()
    assert scores.shape == (4, 2, 2)
    assert not scores.any()
    with pytest.raises(DetectorError, match=r"not 'halpe26'.*\(\.\.\., 26, 2\)"):
        feet_of(np.zeros((4, 17, 2)), np.ones((4, 17)), "halpe26")


@pytest.mark.parametrize("name", DETECTED)
def test_limbs_are_taken_over_with_their_sides(name: str) -> None:
    joints, scores = to_h36m17(*facing(name), name)
    for limb in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist"):
        assert joint(joints, f"l{limb}").tolist() == list(FACING[f"left_{limb}"])
        assert joint(joints, f"r{limb}").tolist() == list(FACING[f"right_{limb}"])
    assert joint(joints, "neck").tolist() == list(FACING["nose"])
    assert np.allclose(scores, 0.9)


@pytest.mark.parametrize("name", DETECTED)
def test_trunk_is_made_of_midpoints(name: str) -> None:
    joints, _ = to_h36m17(*facing(name), name)
    assert joint(joints, "hip").tolist() == [500, 400]
    assert joint(joints, "thorax").tolist() == [500, 200]
    assert joint(joints, "spine").tolist() == [500, 300]


@pytest.mark.parametrize("name", DETECTED)
def test_head_is_the_top_of_the_head_and_turns_with_the_picture(name: str) -> None:
    keypoints, scores = facing(name)
    top = joint(to_h36m17(keypoints, scores, name)[0], "head")
    # mid-ear is 90 px above mid-shoulder, for 195 mm on a body: the top 130 mm higher is 60 px up, 50 as y
    assert top == pytest.approx([500, 50], abs=12)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    turned = joint(to_h36m17(keypoints @ turn.T * 2 + 7, scores, name)[0], "head")
    assert turned == pytest.approx(turn @ top * 2 + 7)


@pytest.mark.parametrize("name", [*DETECTED, "h36m17"])
def test_a_mirrored_picture_gives_the_mirrored_joints(name: str) -> None:
    generator = np.random.default_rng(3)
    keypoints = generator.uniform(0, 640, (5, len(FORMATS[name].keypoints), 2))
    scores = generator.uniform(0, 1, keypoints.shape[:-1])
    order = list(FORMATS[name].mirror())
    mirrored, mirrored_scores = to_h36m17((keypoints * [-1, 1] + [640, 0])[:, order], scores[:, order], name)
    joints, joint_scores = to_h36m17(keypoints, scores, name)
    assert np.allclose(mirrored, (joints * [-1, 1] + [640, 0])[:, list(MIRROR)])
    assert np.array_equal(mirrored_scores, joint_scores[:, list(MIRROR)])


@pytest.mark.parametrize("name", DETECTED)
def test_a_joint_that_was_not_observed_is_nan_with_score_0_and_so_is_what_is_made_of_it(name: str) -> None:
    keypoints, scores = facing(name)
    keypoints[FORMATS[name].index("left_hip")] = np.nan
    joints, joint_scores = to_h36m17(keypoints, scores, name)
    lost = {JOINTS[index] for index in np.flatnonzero(np.isnan(joints).any(axis=-1))}
    assert lost == {"hip", "lhip", "spine"}
    assert lost == {JOINTS[index] for index in np.flatnonzero(joint_scores == 0)}


def test_a_joint_made_of_several_has_the_lowest_score_of_them() -> None:
    keypoints, scores = facing("coco17")
    scores[FORMATS["coco17"].index("right_shoulder")] = 0.2
    _, joint_scores = to_h36m17(keypoints, scores, "coco17")
    low = {JOINTS[index] for index in np.flatnonzero(joint_scores == 0.2)}
    assert low == {"thorax", "spine", "head", "rshoulder"}


def test_leading_axes_are_persons_and_frames() -> None:
    keypoints, scores = facing("blazepose33")
    many = np.tile(keypoints, (2, 3, 1, 1)) + np.arange(6).reshape(2, 3, 1, 1)
    joints, joint_scores = to_h36m17(many, np.tile(scores, (2, 3, 1)), "blazepose33")
    assert joints.shape == (2, 3, 17, 2)
    assert joint_scores.shape == (2, 3, 17)
    alone, _ = to_h36m17(many[1, 2], scores, "blazepose33")
    assert np.allclose(joints[1, 2], alone)
    assert to_h36m17(np.empty((0, 33, 2)), np.empty((0, 33)), "blazepose33")[0].shape == (0, 17, 2)


def test_the_target_format_comes_back_as_it_was_and_the_input_is_left_alone() -> None:
    keypoints, scores = np.arange(34.0).reshape(17, 2), np.full(17, 0.5)
    keypoints[4] = np.nan
    before = keypoints.copy()
    joints, joint_scores = to_h36m17(keypoints, scores, "h36m17")
    assert np.array_equal(joints, before, equal_nan=True)
    assert np.array_equal(keypoints, before, equal_nan=True)
    assert joint_scores[4] == 0
    assert scores[4] == 0.5


def test_an_unknown_format_and_wrong_shapes_are_said_in_one_sentence() -> None:
    with pytest.raises(
        DetectorError,
        match="'body25' is no keypoint format; there are: blazepose33, coco17, halpe26, coco_whole",
    ):
        to_h36m17(np.zeros((25, 2)), np.zeros(25), "body25")
    with pytest.raises(DetectorError, match=r"\(33, 2\).*not 'coco17'.*\(\.\.\., 17, 2\)"):
        to_h36m17(np.zeros((33, 2)), np.zeros(33), "coco17")
    with pytest.raises(DetectorError, match="scores of shape"):
        to_h36m17(np.zeros((17, 2)), np.zeros((2, 17)), "coco17")
