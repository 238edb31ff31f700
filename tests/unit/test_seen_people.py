"""People as a real detector saw them: their file, windows of them, and their errors made again on others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stcformer.augmentation import (
    STATURE_M,
    DetectorErrors,
    SeenPeople,
    ViewRange,
    read_seen_people,
    seen_clips,
    with_detector_errors,
)
from stcformer.augmentation.seen_clips import SeenClip, read_seen_clips, write_seen_clips
from stcformer.augmentation.seen_people import upright
from stcformer.errors import LifterError
from stcformer.skeleton import JOINTS, MIRROR
from tests.training_people import HIP, LEVEL, seed, standing, windows

RATES = (30.0, 30.0)
RIGHT_WRIST, LEFT_WRIST = JOINTS.index("rwrist"), JOINTS.index("lwrist")
CAMERA_FROM_WORLD = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


def walker(number: int, frames: int = 12, arm_up: float = 0.0) -> SeenClip:
    """Somebody of 1.2 times the usual size who walks to the right, 4 m away, and looks at the camera; the right wrist
    was found ever farther to the right and with ever less certainty."""
    joints = 1.2 * standing(1, frames)[0].double().numpy() @ CAMERA_FROM_WORLD.T
    joints[:, RIGHT_WRIST, 1] -= arm_up
    joints += np.array([0.0, 1.0, 4.0]) + np.linspace(0, 0.5, frames)[:, None, None] * np.array([1.0, 0, 0])
    clip = SeenClip(
        number, "cmu/01", joints, np.zeros((frames, 17, 2)), np.ones((frames, 17)), 500.0, (640, 480)
    )
    keypoints, scores = clip.true_keypoints.copy(), np.ones((frames, 17))
    keypoints[:, RIGHT_WRIST, 0] += np.linspace(4, 26, frames)
    scores[:, RIGHT_WRIST] = np.linspace(1.0, 0.34, frames)
    return replace(clip, keypoints=keypoints, scores=scores)


def people(tmp_path: Path, *clips: SeenClip) -> SeenPeople:
    write_seen_clips(tmp_path / "people.npz", list(clips))
    return read_seen_people(tmp_path / "people.npz")


def test_what_is_written_is_read_to_a_millimetre_and_a_tenth_of_a_pixel(tmp_path: Path) -> None:
    lost = walker(7, 5)
    lost.scores[2, 4] = 0
    lost.scores[3, 4] = 0.0001  # found after all
    clips = [walker(3), lost]
    write_seen_clips(tmp_path / "people.npz", clips)
    read = read_seen_clips(tmp_path / "people.npz")
    assert [(clip.number, clip.subject, len(clip.joints), clip.focal, clip.image_size) for clip in read] == [
        (3, "cmu/01", 12, 500.0, (640, 480)),
        (7, "cmu/01", 5, 500.0, (640, 480)),
    ]
    for before, after in zip(clips, read, strict=True):
        assert np.abs(after.joints - before.joints).max() <= 0.000501
        found = before.scores > 0
        assert np.abs(after.keypoints - before.keypoints)[found].max() <= 0.0626
        assert np.abs(after.scores - before.scores).max() <= 0.004
        assert ((after.scores > 0) == found).all()


def test_true_keypoints_are_the_projection_of_the_joints() -> None:
    clip = walker(0)
    x, y, z = clip.joints[5, 3]
    assert clip.true_keypoints[5, 3] == pytest.approx([500 * x / z + 320, 500 * y / z + 240])


def test_windows_have_bodies_of_the_usual_size_where_the_detector_saw_them(tmp_path: Path) -> None:
    seen = people(tmp_path, walker(0))
    made = seen.windows(40, 5, RATES, 1.0, seed(1))
    assert made.keypoints.shape == (40, 5, 17, 2)
    assert (made.pose[:, :, HIP] == 0).all()
    bones = (("rhip", "rknee"), ("rknee", "rankle"), ("hip", "thorax"), ("thorax", "head"))
    stature = sum(
        (made.pose[:, :, JOINTS.index(end)] - made.pose[:, :, JOINTS.index(start)]).norm(dim=-1)
        for start, end in bones
    )
    assert torch.allclose(torch.as_tensor(stature), torch.tensor(STATURE_M), atol=2e-3)
    assert torch.equal(made.focal, torch.full((40,), 500.0))
    # Seen from in front, the person's right is at the picture's left: in mirror images too.
    right, left = (made.pose[:, :, JOINTS.index(name), 0] for name in ("rshoulder", "lshoulder"))
    assert (right < left).all()
    assert (
        made.keypoints[:, :, JOINTS.index("rhip"), 0] < made.keypoints[:, :, JOINTS.index("lhip"), 0]
    ).all()


def test_half_of_the_windows_are_mirror_images_with_the_other_wrist_wrong(tmp_path: Path) -> None:
    made = people(tmp_path, walker(0)).windows(300, 3, RATES, 1.0, seed(1))
    mirrored = made.scores[:, 0, LEFT_WRIST] < 0.99
    assert ((made.scores[:, 0, RIGHT_WRIST] < 0.99) | mirrored).float().mean() > 0.8
    assert 0.35 < float(mirrored.float().mean()) < 0.6
    moving = made.keypoints[:, :, HIP, 0].diff(dim=1)
    assert float(moving[mirrored].median()) < 0 < float(moving[~mirrored].median())


def test_people_who_are_held_out_are_left_out(tmp_path: Path) -> None:
    write_seen_clips(tmp_path / "people.npz", [walker(0), replace(walker(1, 5), subject="cmu/02")])
    assert len(read_seen_people(tmp_path / "people.npz").pose) == 17
    assert len(read_seen_people(tmp_path / "people.npz", {"cmu/02", "cmu/09"}).pose) == 12
    with pytest.raises(LifterError, match="held out"):
        read_seen_people(tmp_path / "people.npz", {"cmu/01", "cmu/02"})


def test_frames_in_which_nobody_was_found_in_place_have_no_window_about_them(tmp_path: Path) -> None:
    clip = walker(0)
    clip.keypoints[3] += 90.0
    clip.scores[7] = 0
    assert people(tmp_path, clip).usable.tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10, 11]
    with pytest.raises(LifterError, match="nobody where they are"):
        people(tmp_path, replace(clip, keypoints=clip.keypoints + 200.0))


def test_an_unknown_lens_is_told_as_the_usual_one(tmp_path: Path) -> None:
    focal = people(tmp_path, walker(0)).windows(400, 3, RATES, 0.5, seed(1)).focal
    usual = focal[focal != 500.0]
    assert 0.4 < len(usual) / 400 < 0.6
    assert (usual == usual[0]).all()


def test_a_window_goes_through_a_short_clip_there_and_back_at_its_rate(tmp_path: Path) -> None:
    made = people(tmp_path, walker(0, frames=10)).windows(50, 60, RATES, 1.0, seed(2))
    scores = made.scores.amin(dim=2)
    steps = scores.diff(dim=1).abs()
    # Twice as many frames a second as the clip has: half of its step from frame to frame.
    assert float(steps.max()) == pytest.approx(0.66 / 9 / 2, abs=0.003)
    assert float(scores.min()) == pytest.approx(0.34, abs=0.01)
    assert float(scores.max()) == pytest.approx(1.0, abs=0.01)


def test_more_than_a_file_may_hold_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_seen_clips(tmp_path / "people.npz", [walker(0, 200)])
    packed = (tmp_path / "people.npz").stat().st_size
    monkeypatch.setattr(seen_clips, "_LARGEST_FILE", packed + 1000)
    with pytest.raises(LifterError, match="too large"):
        read_seen_clips(tmp_path / "people.npz")


def test_a_joint_that_was_not_found_is_not_found_between_frames_either(tmp_path: Path) -> None:
    clip = walker(0, frames=11)
    clip.scores[5, 4] = 0
    made = people(tmp_path, clip).windows(200, 3, RATES, 1.0, seed(2))
    other = MIRROR[4]
    lost = (made.scores[:, :, 4] == 0) | (made.scores[:, :, other] == 0)
    assert 0.05 < float(lost.float().mean()) < 0.5


def test_errors_are_made_again_on_people_in_similar_poses(tmp_path: Path) -> None:
    """Of two clips only one has errors, and the arm up; whoever has the arm up gets the errors."""
    perfect = walker(0)
    perfect = replace(perfect, keypoints=perfect.true_keypoints, scores=np.ones((12, 17)))
    seen = people(tmp_path, perfect, walker(1, arm_up=0.6))
    view = windows(60, 6, ranges=LEVEL)
    facing_camera = standing(60, 6) @ torch.tensor(CAMERA_FROM_WORLD.T).float()
    pose = facing_camera - facing_camera[:, :, :1]
    pose[:30, :, RIGHT_WRIST, 1] -= 0.5
    shift, scores = seen.errors(pose, view.keypoints, RATES, seed(3))
    assert (shift[:30, :, RIGHT_WRIST, 0] > 0.01).all()
    assert (scores[:30].amin(dim=2).amin(dim=1) < 1).all()
    assert (shift[30:].abs() < 2e-3).all()
    assert (scores[30:] == 1).all()
    raised_left = pose[:30, :, list(MIRROR)] * torch.tensor([-1.0, 1, 1])
    shift, _ = seen.errors(raised_left, view.keypoints[:30], RATES, seed(3))
    assert (shift[:, :, LEFT_WRIST, 0] < -0.01).all()
    assert (shift[:, :, RIGHT_WRIST].abs() < 2e-3).all()


def test_errors_turn_with_the_trunk() -> None:
    keypoints = torch.zeros(1, 2, 17, 2)
    keypoints[:, :, HIP] = torch.tensor([3.0, 0.0])  # lies, the head at the picture's left
    assert torch.allclose(upright(keypoints)[0] @ torch.tensor([1.0, 0]), torch.tensor([0.0, 1]), atol=1e-6)
    keypoints[:, :, HIP] = torch.tensor([0.0, 2.0])
    assert torch.allclose(upright(keypoints)[0], torch.eye(2), atol=1e-6)


def test_windows_with_measured_errors_are_as_many_as_stated_and_as_wrong_as_measured(tmp_path: Path) -> None:
    view = windows(800, 3, ranges=ViewRange(distance=(8.0, 10.0), pitch=(0.0, 0.0), roll=0.0))
    nothing_else = DetectorErrors(
        exact=0.0, severity=(0.0, 0.0), guess=0.0, guess_other_side=0.0, limb_hidden=0.0, joint_lost=0.0,
        swapped=0.0, merged=0.0,
    )  # fmt: skip
    errors = replace(nothing_else, measured=0.5, measured_severity=(1.0, 1.0))
    seen = people(tmp_path, walker(0))
    after = with_detector_errors(view, errors, seed(5), seen)
    moved = (after.keypoints - view.keypoints).norm(dim=-1)
    middle = view.keypoints.mean(dim=2, keepdim=True)
    size = (view.keypoints - middle).square().sum(dim=-1).mean(dim=(1, 2)).sqrt()
    moved = (moved / size[:, None, None])[..., [LEFT_WRIST, RIGHT_WRIST]].amax(dim=2)
    largest = float(seen.displacement.norm(dim=-1).max())
    wrong = moved[:, 0] > 0.15 * largest
    assert 0.42 < float(wrong.float().mean()) < 0.58
    assert float(moved[wrong].max()) == pytest.approx(largest, rel=0.02)
    assert float(moved[~wrong].max()) < 0.02


def test_the_shipped_people_are_whole_and_the_errors_of_a_likely_size() -> None:
    shipped = read_seen_people()
    assert len(shipped.pose) > 10_000
    displacement, scores = shipped.displacement[shipped.usable], shipped.scores[shipped.usable]
    assert 0.02 < float(displacement[scores > 0.5].norm(dim=-1).mean()) < 0.12
    assert len(shipped.usable) > 0.6 * len(shipped.pose)
    assert torch.isfinite(shipped.displacement).all()
    assert torch.isfinite(shipped.pose).all()
    assert float(shipped.scores.max()) <= 1


def test_a_file_that_holds_no_people_is_named(tmp_path: Path) -> None:
    path = tmp_path / "people.npz"
    for content in (b"", b"PK\x03\x04 not an archive"):
        path.write_bytes(content)
        with pytest.raises(LifterError, match=r"people\.npz"):
            read_seen_clips(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(LifterError, match=r"people\.npz"):
        read_seen_clips(path)
    write_seen_clips(path, [walker(0), walker(1)])
    with np.load(path) as file:
        whole = dict(file)
    for name, changed in (
        ("lengths", np.array([12, 11], np.int32)),
        ("lengths", np.array([25, -1], np.int32)),
        ("joints", whole["joints"].astype(np.int32)),
        ("scores", whole["scores"][:5]),
        ("lengths", np.array(24, np.int32)),
    ):
        np.savez(path, **(whole | {name: changed}))
        with pytest.raises(LifterError, match="do not fit together"):
            read_seen_clips(path)
    np.savez(path, **(whole | {"focal": np.zeros(2, np.float32)}))
    with pytest.raises(LifterError, match="see nothing"):
        read_seen_clips(path)
