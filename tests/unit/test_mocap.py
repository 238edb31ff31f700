"""Motion capture of every skeleton family becomes the same 17 joints."""

from pathlib import Path

import numpy as np
import pytest
from made_motion import FAMILIES, UP_TURNS, body_bvh

from stcformer.errors import LifterError
from stcformer.mocap import LEG_LENGTH_M, MocapClip, read_clip
from stcformer.skeleton import JOINTS, LEFT, RIGHT


def clip_of(folder: Path, text: str, name: str = "someone__walk.bvh") -> MocapClip:
    path = folder / name
    path.write_text(text)
    return read_clip(path)


def at(clip: MocapClip, joint: str, frame: int = 0) -> np.ndarray:
    return np.asarray(clip.joints[frame, JOINTS.index(joint)])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gives_the_same_body(tmp_path: Path, family: str) -> None:
    clip = clip_of(tmp_path, body_bvh(FAMILIES[family]))
    reference = clip_of(tmp_path, body_bvh())
    assert clip.joints.shape == (4, 17, 3)
    assert np.allclose(clip.joints, reference.joints, atol=1e-6)


@pytest.mark.parametrize("up", UP_TURNS)
def test_whatever_axis_is_up_in_the_file_z_is_up_in_the_clip(tmp_path: Path, up: str) -> None:
    clip = clip_of(tmp_path, body_bvh(up=up))
    assert at(clip, "head")[2] > at(clip, "thorax")[2] > at(clip, "hip")[2] > at(clip, "lankle")[2]
    assert at(clip, "lankle")[2] == pytest.approx(0.08)
    # The same body, at most turned about the vertical: never mirrored.
    left = at(clip, "lhip") - at(clip, "rhip")
    front = at(clip, "neck") - at(clip, "thorax")
    assert np.cross(front, left)[2] > 0.005


def test_facing_the_viewer_the_nose_is_in_front_and_left_is_left(tmp_path: Path) -> None:
    clip = clip_of(tmp_path, body_bvh())
    # BVH faces +z; with z up that is -y, and the left side stays at +x.
    assert at(clip, "neck")[1] < at(clip, "thorax")[1] - 0.1
    assert at(clip, "neck")[0] == pytest.approx(0)
    assert all(clip.joints[0, joint, 0] > 0.05 for joint in LEFT)
    assert all(clip.joints[0, joint, 0] < -0.05 for joint in RIGHT)
    assert at(clip, "head")[2] > at(clip, "neck")[2] > at(clip, "thorax")[2]


@pytest.mark.parametrize(
    ("degrees", "direction"), [(0, (0, -1)), (90, (1, 0)), (180, (0, 1)), (-90, (-1, 0))]
)
def test_the_nose_turns_with_the_body(tmp_path: Path, degrees: float, direction: tuple[int, int]) -> None:
    clip = clip_of(tmp_path, body_bvh(frames=({"hips": (0, 0, degrees)},) * 4))
    front = (at(clip, "neck") - at(clip, "thorax"))[:2]
    assert np.allclose(front / np.linalg.norm(front), direction, atol=1e-6)


def test_the_nose_turns_with_the_head_and_the_shoulders_stay(tmp_path: Path) -> None:
    ahead = clip_of(tmp_path, body_bvh())
    looking_left = clip_of(tmp_path, body_bvh(frames=({"head": (0, 0, 90)},) * 4))
    assert at(looking_left, "neck")[0] > 0.1
    assert np.allclose(at(looking_left, "lshoulder"), at(ahead, "lshoulder"))
    looking_down = clip_of(tmp_path, body_bvh(frames=({"head": (0, 60, 0)},) * 4))
    assert at(looking_down, "neck")[2] < at(ahead, "neck")[2] - 0.05


def test_the_left_arm_of_the_file_moves_the_left_arm_of_the_clip(tmp_path: Path) -> None:
    rest = clip_of(tmp_path, body_bvh())
    raised = clip_of(tmp_path, body_bvh(frames=({"lshoulder": (90, 0, 0)},) * 4))
    moved = np.linalg.norm(raised.joints[0] - rest.joints[0], axis=-1) > 1e-6
    assert {JOINTS[joint] for joint in np.flatnonzero(moved)} == {"lelbow", "lwrist"}
    assert at(raised, "lwrist")[2] > at(raised, "lshoulder")[2] + 0.4


def test_midpoints_are_where_the_detectors_keypoints_have_them(tmp_path: Path) -> None:
    clip = clip_of(tmp_path, body_bvh(frames=({"chest": (10, 20, 30), "hips": (5, 0, 40)},) * 4))
    assert np.allclose(at(clip, "hip"), (at(clip, "lhip") + at(clip, "rhip")) / 2)
    assert np.allclose(at(clip, "thorax"), (at(clip, "lshoulder") + at(clip, "rshoulder")) / 2)
    assert np.allclose(at(clip, "spine"), (at(clip, "hip") + at(clip, "thorax")) / 2)


@pytest.mark.parametrize("scale", [0.01, 1.0, 0.17, 1000.0])
def test_legs_have_the_stated_length_whatever_the_files_unit(tmp_path: Path, scale: float) -> None:
    clip = clip_of(tmp_path, body_bvh(scale=scale))
    for side in "lr":
        thigh = np.linalg.norm(at(clip, f"{side}hip") - at(clip, f"{side}knee"))
        shank = np.linalg.norm(at(clip, f"{side}knee") - at(clip, f"{side}ankle"))
        assert thigh + shank == pytest.approx(LEG_LENGTH_M, rel=1e-3)
    assert np.linalg.norm(at(clip, "head") - at(clip, "neck")) == pytest.approx(
        np.hypot(0.11, 0.145), rel=1e-3
    )


def test_the_first_hip_is_above_the_origin_and_paths_keep_their_shape(tmp_path: Path) -> None:
    frames = [{"place": (300.0 + 10 * k, 90.0, 50.0)} for k in range(6)]
    clip = clip_of(tmp_path, body_bvh(frames=frames))
    assert np.allclose(at(clip, "hip")[:2], 0)
    step = at(clip, "hip", 1) - at(clip, "hip", 0)
    assert np.allclose(step, (0.10 * LEG_LENGTH_M / 0.82, 0, 0), atol=1e-6)


def test_the_first_frame_is_left_out(tmp_path: Path) -> None:
    frames = [{}, *({"lshoulder": (90.0, 0.0, 0.0)},) * 3]
    clip = clip_of(tmp_path, body_bvh(frames=frames))
    assert len(clip.joints) == 3
    assert (clip.joints[:, JOINTS.index("lwrist"), 2] > clip.joints[:, JOINTS.index("lshoulder"), 2]).all()


def test_the_frame_rate_is_the_files(tmp_path: Path) -> None:
    assert clip_of(tmp_path, body_bvh(frame_time=0.04)).fps == pytest.approx(25)


@pytest.mark.parametrize(
    ("folder", "file", "subject"),
    [
        ("cmu", "05__05_09.bvh", "cmu/05"),
        ("cmu_daz", "05__05_20.bvh", "cmu/05"),
        ("cmu_dance", "salsa__01.bvh", "cmu_dance/salsa"),
        ("animated_drawings", "5yr_old__walking.bvh", "animated_drawings/5yr_old"),
    ],
)
def test_subjects_are_persons_not_files(tmp_path: Path, folder: str, file: str, subject: str) -> None:
    (tmp_path / folder).mkdir()
    clip = clip_of(tmp_path / folder, body_bvh(), file)
    assert clip.subject == subject
    assert clip.name == f"{folder}/{file[:-4]}"


def test_a_skeleton_with_other_names_is_refused_with_the_missing_joints(tmp_path: Path) -> None:
    names = {**FAMILIES["motionbuilder"], "lelbow": "Ellbogen_L", "rtoe": "Zehe_R"}
    with pytest.raises(
        LifterError, match=r"someone__walk\.bvh' has .* not found: (lelbow, rtoe|rtoe, lelbow)\."
    ):
        clip_of(tmp_path, body_bvh(names))


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_fewer_than_three_frames_are_refused(tmp_path: Path, frames: int) -> None:
    with pytest.raises(LifterError, match="fewer than three frames"):
        clip_of(tmp_path, body_bvh(frames=({},) * frames))


def test_legs_without_length_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LifterError, match=r"walk\.bvh' has a skeleton whose legs have no length"):
        clip_of(tmp_path, body_bvh(scale=0))


def test_toes_without_direction_are_refused(tmp_path: Path) -> None:
    text = body_bvh().replace("OFFSET 0.000000 -6.000000 14.000000", "OFFSET 0 -6 0")
    with pytest.raises(LifterError, match="show no direction"):
        clip_of(tmp_path, text)


def test_a_capture_whose_arms_changed_sides_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LifterError, match="shoulders face backward over its hips"):
        clip_of(tmp_path, body_bvh(frames=({"chest": (0, 0, 170)},) * 5))
    # A deep twist is none.
    clip_of(tmp_path, body_bvh(frames=({"chest": (0, 0, 80)},) * 5))


def test_a_capture_whose_head_hangs_upside_down_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LifterError, match=r"walk\.bvh' has the markers of the head mixed up"):
        clip_of(tmp_path, body_bvh(frames=({"head": (180, 0, 0)},) * 5))
    clip_of(tmp_path, body_bvh(frames=({"head": (0, 70, 0)},) * 5))  # the chin on the chest is none


def test_where_two_captures_were_joined_the_longest_is_kept(tmp_path: Path) -> None:
    # A T-pose of two frames, then a walk at 2 m/s that begins 3 m away.
    frames = [{"place": (0.0, 90.0, 0.0)}] * 2 + [{"place": (300.0, 90.0, 3.3 * k)} for k in range(7)]
    clip = clip_of(tmp_path, body_bvh(frames=frames))
    assert len(clip.joints) == 7
    assert np.allclose(at(clip, "hip")[:2], 0)
    speed = np.linalg.norm(np.diff(clip.joints[:, 0], axis=0), axis=-1) * clip.fps
    assert speed.max() < 2.2


def test_a_clip_that_leaps_in_every_frame_is_refused(tmp_path: Path) -> None:
    frames = [{"place": (300.0 * (k % 2), 90.0, 0.0)} for k in range(6)]
    with pytest.raises(LifterError, match="leaps from place to place in every frame"):
        clip_of(tmp_path, body_bvh(frames=frames))
