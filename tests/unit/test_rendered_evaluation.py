"""Measuring against the rendered clips: the 3D yardstick's joints, the errors and the table, by hand."""

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from app.cli import invoke
from app.commands.evaluate_rendered import result_table, summary
from app.errors import StudioError
from app.rendered_evaluation import (
    ClipResult,
    PoseError,
    RenderedClip,
    compare,
    mean_result,
    path_error,
    picture_heights,
    pose_error,
    world_joints,
)
from app.take import Source, Take
from detectors.keypoints import FORMATS
from stcformer.skeleton import JOINTS, PARENTS

BLAZEPOSE = FORMATS["blazepose33"]

# A person who stands turned, leans and looks to the side: metres, x right, y down, z away.
LANDMARKS = {
    "left_hip": (0.10, 0.02, -0.04), "right_hip": (-0.10, -0.02, 0.04),
    "left_knee": (0.12, 0.45, 0.00), "right_knee": (-0.12, 0.44, 0.08),
    "left_ankle": (0.13, 0.86, 0.10), "right_ankle": (-0.13, 0.85, 0.18),
    "left_shoulder": (0.16, -0.48, -0.10), "right_shoulder": (-0.20, -0.52, 0.02),
    "left_elbow": (0.25, -0.25, -0.10), "right_elbow": (-0.30, -0.25, 0.05),
    "left_wrist": (0.30, -0.10, -0.25), "right_wrist": (-0.35, -0.05, -0.10),
    "left_ear": (0.06, -0.64, -0.06), "right_ear": (-0.08, -0.64, 0.02),
    "left_eye": (0.03, -0.68, -0.13), "right_eye": (-0.03, -0.68, -0.11),
    "nose": (0.00, -0.64, -0.14),
}  # fmt: skip


def landmarks() -> np.ndarray:
    return np.array([LANDMARKS.get(name, (9.0, 9.0, 9.0)) for name in BLAZEPOSE.keypoints])


def result(name: str, ours: PoseError, yardstick: PoseError, **changes: float) -> ClipResult:
    numbers = {"frames": 10, "frames_seen": 10, "frames_compared": 10} | changes
    return ClipResult(
        name,
        int(numbers["frames"]),
        int(numbers["frames_seen"]),
        int(numbers["frames_compared"]),
        ours,
        yardstick,
        path_mm=numbers.get("path_mm", 20.0),
        keypoints_px=numbers.get("keypoints_px", 5.0),
        keypoints_of_height=numbers.get("keypoints_of_height", 0.02),
    )


@pytest.mark.parametrize(
    ("joint", "expected"),
    [
        ("hip", (0, 0, 0)),
        ("lhip", (0.10, 0.02, -0.04)),
        ("rwrist", (-0.35, -0.05, -0.10)),
        ("thorax", (-0.02, -0.50, -0.04)),
        ("spine", (-0.01, -0.25, -0.02)),
        ("neck", (0.00, -0.64, -0.14)),
        # ear + 1.2 (eye - nose) + 0.5 (ear - thorax) + 0.5 (ear - nose), with the middles of ears and of eyes:
        # ear (-0.01, -0.64, -0.02), eye (0, -0.68, -0.12)
        ("head", (-0.01 + 0 + 0.005 - 0.005, -0.64 - 0.048 - 0.07 + 0, -0.02 + 0.024 + 0.01 + 0.06)),
    ],
)
def test_landmarks_in_3d_become_the_joints_that_the_2d_rules_make(
    joint: str, expected: tuple[float, float, float]
) -> None:
    joints = world_joints(landmarks(), "blazepose33")
    assert joints.shape == (17, 3)
    assert joints[JOINTS.index(joint)] == pytest.approx(expected, abs=1e-12)


def test_the_hip_of_the_yardstick_is_brought_to_zero_in_every_frame() -> None:
    moved = landmarks() + np.array([[[0.0, 0.0, 0.0]], [[0.3, -0.2, 1.0]]])
    joints = world_joints(moved, "blazepose33")
    assert joints.shape == (2, 17, 3)
    assert np.allclose(joints[0], joints[1])


def test_pose_errors_are_millimetres_with_and_without_alignment() -> None:
    truth = world_joints(landmarks(), "blazepose33")[None]
    one_joint_wrong = truth.copy()
    one_joint_wrong[0, JOINTS.index("lwrist")] += (0.0, 0.03, 0.04)  # 50 mm of one joint in 17
    assert pose_error(one_joint_wrong, truth).p1 == pytest.approx(50 / 17)
    larger = 1.1 * truth
    error = pose_error(larger, truth)
    assert error.p1 == pytest.approx(100 * np.linalg.norm(truth, axis=-1).mean())
    assert error.p2 == pytest.approx(0, abs=1e-6)
    assert error.told == pytest.approx(0, abs=1e-6)
    assert pose_error(one_joint_wrong, truth).told == pytest.approx(
        50 / 17
    )  # the wrist is no part of the height


def test_a_path_counts_by_its_shape_and_not_by_where_it_lies() -> None:
    truth = np.array([[0.0, 0, 4], [0, 0, 6]])
    assert path_error(truth + np.array([1.0, -2.0, 3.0]), truth) == pytest.approx(0)
    # twice as far in depth: 1 m beyond the middle instead of half of it
    assert path_error(np.array([[0.0, 0, 8], [0, 0, 12]]), truth) == pytest.approx(1.0)


def standing(depth: float) -> np.ndarray:
    """(17, 3) thigh and shin 0.4 each, trunk 0.5, head top 0.3 above it: 1.6 m over the ankles; hips 0.2 apart."""
    places = {
        "rhip": (-0.1, 0, 0), "rknee": (-0.1, 0.4, 0), "rankle": (-0.1, 0.8, 0),
        "lhip": (0.1, 0, 0), "lknee": (0.1, 0.4, 0), "lankle": (0.1, 0.8, 0),
        "spine": (0, -0.25, 0), "thorax": (0, -0.5, 0), "neck": (0, -0.7, -0.1), "head": (0, -0.8, 0),
    }  # fmt: skip
    return np.array([places.get(name, (0.0, 0.0, 0.0)) for name in JOINTS]) + np.array([0, 0, depth])


def clip_of(camera: np.ndarray, focal: float = 480.0) -> RenderedClip:
    intrinsics = np.array([[focal, 0, 320], [0, focal, 240], [0, 0, 1]])
    seen = camera @ intrinsics.T
    truth = {"camera": camera, "intrinsics": intrinsics, "keypoints": seen[..., :2] / seen[..., 2:]}
    return RenderedClip("made", Path("made.mp4"), truth)


def take_of(clip: RenderedClip, camera: np.ndarray, keypoints: np.ndarray) -> Take:
    frames = len(camera)
    return Take(
        Source(clip.video, 640, 480, 30.0),
        np.arange(frames) / 30,
        keypoints[None],
        np.ones((1, frames, 17)),
        (camera - camera[:, :1])[None],
        camera[None, :, 0],
        camera[None],
    )


def test_the_height_in_the_picture_is_that_of_a_standing_person_at_the_hips_depth() -> None:
    assert PARENTS[JOINTS.index("rankle")] == JOINTS.index("rknee")
    camera = np.stack([standing(4), standing(8)])
    full_height = 1.6 / (1 - 0.08 / 1.75)  # the ankle's own height is 8 cm of 1.75 m
    assert picture_heights(clip_of(camera).truth) == pytest.approx(
        [480 * full_height / 4, 480 * full_height / 8]
    )


def test_only_frames_that_both_saw_are_compared() -> None:
    camera = np.stack([standing(4)] * 4)
    clip = clip_of(camera)
    found = camera.copy()
    found[:3, JOINTS.index("rknee"), 2] += 0.17  # 10 mm on average
    found[3] = np.nan  # nobody
    yardstick = camera - camera[:, :1]
    yardstick[0] = np.nan
    yardstick[1:, JOINTS.index("lknee"), 2] += 0.34
    shifted = clip.truth["keypoints"] + (3.0, 4.0)
    shifted[0] += 1000  # in a frame that does not count
    got = compare(clip, take_of(clip, found, shifted), yardstick)
    assert (got.frames, got.frames_seen, got.frames_compared) == (4, 3, 2)
    assert got.ours.p1 == pytest.approx(10)
    assert got.yardstick.p1 == pytest.approx(20)
    assert got.path_mm == pytest.approx(0, abs=1e-9)
    assert got.keypoints_px == pytest.approx(5)
    assert got.keypoints_of_height == pytest.approx(5 / picture_heights(clip.truth)[0])


def test_a_truth_of_another_length_and_a_clip_without_anybody_are_said() -> None:
    camera = np.stack([standing(4)] * 4)
    clip = clip_of(camera)
    take = take_of(clip, camera, clip.truth["keypoints"])
    with pytest.raises(StudioError, match=r"'made\.mp4' has 3 frames, but its truth has 4"):
        compare(clip, take_of(clip, camera[:3], clip.truth["keypoints"][:3]), np.zeros((4, 17, 3)))
    with pytest.raises(StudioError, match=r"In no frame of 'made\.mp4'"):
        compare(clip, take, np.full((4, 17, 3), np.nan))


def test_the_mean_row_counts_every_clip_the_same_and_adds_up_frames() -> None:
    first = result(
        "a", PoseError(40, 30, 20), PoseError(100, 60, 50), frames=120, frames_compared=118, path_mm=10
    )
    second = result("b", PoseError(80, 50, 60), PoseError(100, 70, 90), frames=20, keypoints_px=7)
    mean = mean_result([first, second])
    assert mean.ours == PoseError(60, 40, 40)
    assert mean.yardstick == PoseError(100, 65, 70)
    assert (mean.frames, mean.frames_seen, mean.frames_compared) == (140, 20, 128)
    assert (mean.path_mm, mean.keypoints_px, mean.keypoints_of_height) == (15, 6, 0.02)


@pytest.mark.parametrize(
    ("ours", "better"),
    [((70, 42), True), ((70.1, 42), False), ((70, 42.1), False), ((30, 60), False), ((10, 10), True)],
)
def test_a_clip_is_clearly_better_at_30_percent_below_in_both_errors(
    ours: tuple[float, float], better: bool
) -> None:
    assert result("a", PoseError(*ours, 60), PoseError(100, 60, 50)).clearly_better() is better


def test_the_table_has_a_row_a_clip_the_ratios_and_the_means_last() -> None:
    results = [
        result("first_clip", PoseError(40, 30, 20), PoseError(100, 60, 50), frames_seen=9, frames_compared=9),
        result("second_clip", PoseError(80, 50, 60), PoseError(100, 100, 70)),
    ]
    console = Console(width=100)
    with console.capture() as capture:
        console.print(result_table(results))
    rows = [line.split() for line in capture.get().splitlines() if line.split()]
    assert [
        "first_clip",
        "9/10",
        "40.0",
        "100.0",
        "0.40",
        "30.0",
        "60.0",
        "0.50",
        "20.0",
        "50.0",
        "20",
        "5.0",
        "2.0",
    ] in rows
    assert [
        "second_clip",
        "10/10",
        "80.0",
        "100.0",
        "0.80",
        "50.0",
        "100.0",
        "0.50",
        "60.0",
        "70.0",
        "20",
        "5.0",
        "2.0",
    ] in rows
    # the ratio of the means, not the mean of the ratios
    assert rows[-1] == [
        "mean",
        "19/20",
        "60.0",
        "100.0",
        "0.60",
        "40.0",
        "80.0",
        "0.50",
        "40.0",
        "60.0",
        "20",
        "5.0",
        "2.0",
    ]
    lines = summary(results)
    assert "30% below MediaPipe's own 3D in P1 and in P2: 1 of 2 clips." in lines[0]
    assert lines[-1].startswith("1 frames in which either saw nobody")


@pytest.mark.parametrize(
    "arguments", [["eval"], ["eval", "folder", "--rendered"], ["eval", "--rendered", "--hold-out", "cmu/02"]]
)
def test_wrong_combinations_are_one_sentence_and_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("Error: ") == 1
    assert "--rendered" in said
