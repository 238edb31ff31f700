"""Motion capture as a user's video shows it: bodies, cameras and a detector's mistakes."""

import math
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from stcformer.augmentation import (
    STATURE_M,
    DetectorErrors,
    TrainingWindows,
    ViewRange,
    borrowed_arms,
    mirrored,
    random_bodies,
    random_views,
    with_detector_errors,
)
from stcformer.augmentation.measured_errors import MeasuredErrors, facing, read_measured_errors, upright
from stcformer.errors import LifterError
from stcformer.lens import ASSUMED_FIELD_OF_VIEW, focal_length
from stcformer.skeleton import JOINTS, MIRROR, bones

HIP, THORAX, SPINE = (JOINTS.index(name) for name in ("hip", "thorax", "spine"))
DETECTED = [index for index, name in enumerate(JOINTS) if name not in ("hip", "thorax", "spine")]
"""The joints that a detector finds; the others are made of them."""
MADE = [HIP, THORAX, SPINE]
LEVEL = ViewRange(pitch=(0.0, 0.0), roll=0.0, known_lens=1.0)
NO_ERRORS = DetectorErrors(exact=1.0)
ALL_ERR = DetectorErrors(exact=0.0)


def seed(number: int) -> Generator:
    return Generator().manual_seed(number)


def captured(batch: int = 8, frames: int = 6) -> Tensor:
    """(B, T, 17, 3) bodies with limbs in random directions that move a little, z up."""
    rng = np.random.default_rng(0)
    still = rng.normal(0, (0.3, 0.3, 0.6), (batch, 1, 17, 3))
    return torch.from_numpy(still + 0.02 * rng.normal(size=(batch, frames, 17, 3))).float()


def standing(batch: int = 8, frames: int = 4) -> Tensor:
    """(B, T, 17, 3) people who stand upright, facing -y."""
    names = {
        "hip": (0, 0, 0.95), "rhip": (-0.1, 0, 0.95), "rknee": (-0.1, 0, 0.5), "rankle": (-0.1, 0, 0.08),
        "lhip": (0.1, 0, 0.95), "lknee": (0.1, 0, 0.5), "lankle": (0.1, 0, 0.08), "spine": (0, 0, 1.2),
        "thorax": (0, 0, 1.45), "neck": (0, -0.1, 1.6), "head": (0, 0, 1.75),
        "lshoulder": (0.17, 0, 1.45), "lelbow": (0.2, 0, 1.15), "lwrist": (0.2, -0.05, 0.9),
        "rshoulder": (-0.17, 0, 1.45), "relbow": (-0.2, 0, 1.15), "rwrist": (-0.2, -0.05, 0.9),
    }  # fmt: skip
    body = torch.tensor([names[name] for name in JOINTS])
    return body.expand(batch, frames, 17, 3).clone()


def lengths(joints: Tensor) -> dict[tuple[str, str], Tensor]:
    """(B, T) length of every bone that a body has in `random_bodies`."""
    pairs = [(parent, child) for parent, child in bones() if SPINE not in (parent, child)]
    pairs += [(HIP, THORAX), (THORAX, JOINTS.index("head"))]
    return {
        (JOINTS[parent], JOINTS[child]): (joints[:, :, child] - joints[:, :, parent]).norm(dim=-1)
        for parent, child in pairs
        if (JOINTS[parent], JOINTS[child]) != ("neck", "head")
    }


def equal(first: TrainingWindows, second: TrainingWindows) -> bool:
    return all(
        torch.equal(getattr(first, field.name), getattr(second, field.name)) for field in fields(first)
    )


def windows(
    batch: int = 64, frames: int = 12, number: int = 3, ranges: ViewRange | None = None
) -> TrainingWindows:
    generator = seed(number)
    joints = random_bodies(standing(batch, frames), generator)
    return random_views(joints, ranges or ViewRange(), generator)


def test_bones_keep_their_length_over_a_window_and_are_as_long_left_as_right() -> None:
    found = lengths(random_bodies(captured(), seed(1)))
    for (parent, child), length in found.items():
        assert torch.allclose(length, length[:, :1].expand_as(length), atol=1e-5), child
        if child[0] == "r":
            other = ("l" + parent[1:] if parent[0] == "r" else parent, "l" + child[1:])
            assert torch.allclose(length, found[other], atol=1e-5)


def test_all_bodies_have_the_same_stature_and_differ_otherwise() -> None:
    found = lengths(random_bodies(captured(64), seed(1)))
    stature = sum(
        found[pair]
        for pair in (("rhip", "rknee"), ("rknee", "rankle"), ("hip", "thorax"), ("thorax", "head"))
    )
    assert torch.allclose(torch.as_tensor(stature), torch.tensor(STATURE_M), atol=1e-5)
    for length in found.values():
        assert 0.02 < float(length[:, 0].std() / length[:, 0].mean()) < 0.2


def test_bones_keep_their_directions() -> None:
    joints = captured()
    bodies = random_bodies(joints, seed(1))
    for parent, child in bones():
        if SPINE in (parent, child) or (JOINTS[parent], JOINTS[child]) == ("neck", "head"):
            continue
        before, after = (
            torch.nn.functional.normalize(values[:, :, child] - values[:, :, parent], dim=-1)
            for values in (joints, bodies)
        )
        assert torch.allclose(before, after, atol=1e-4), JOINTS[child]
    assert torch.equal(bodies[:, :, HIP], joints[:, :, HIP])
    assert torch.allclose(bodies[:, :, SPINE], (bodies[:, :, HIP] + bodies[:, :, THORAX]) / 2)


def test_the_chosen_windows_are_mirrored_and_the_others_are_not() -> None:
    joints = captured(2)
    result = mirrored(joints, torch.tensor([True, False]))
    assert torch.equal(result[1], joints[1])
    assert torch.equal(result[0], joints[0][:, list(MIRROR)] * torch.tensor([-1.0, 1, 1]))
    assert torch.equal(mirrored(result, torch.tensor([True, False])), joints)


def test_keypoints_are_the_projection_of_the_pose_put_somewhere_before_the_camera() -> None:
    view = windows(ranges=ViewRange(known_lens=1.0))
    centred = (
        (view.keypoints - view.image_size[:, None, None] / 2) / view.focal[:, None, None, None]
    ).double()
    pose = view.pose.double()
    for window in range(len(pose)):
        for frame in (0, 7):
            x, y = centred[window, frame].T
            rows = torch.zeros(17, 2, 3, dtype=torch.float64)
            rows[:, 0, 0] = rows[:, 1, 1] = 1
            rows[:, 0, 2], rows[:, 1, 2] = -x, -y
            depth = pose[window, frame, :, 2]
            right = torch.stack((x * depth, y * depth), dim=-1) - pose[window, frame, :, :2]
            place = torch.linalg.lstsq(rows.view(34, 3), right.reshape(34, 1)).solution[:, 0]
            assert 1.0 < float(place[2]) < 10.1
            points = pose[window, frame] + place
            assert torch.allclose(points[:, :2] / points[:, 2:], centred[window, frame], atol=1e-4)
    assert (view.pose[:, :, HIP] == 0).all()


def test_a_camera_looks_down_by_its_pitch_and_x_stays_level() -> None:
    view = windows(200, 2, ranges=ViewRange(pitch=(-40.0, 60.0), roll=0.0))
    up = torch.nn.functional.normalize(view.pose[:, 0, THORAX], dim=-1)
    angle = torch.deg2rad(view.pitch)
    # Up is -y in camera space; seen from above, the head is nearer than the feet.
    expected = torch.stack((torch.zeros_like(angle), -angle.cos(), -angle.sin()), dim=-1)
    assert torch.allclose(up, expected, atol=1e-4)
    assert float(view.pitch.min()) < -30
    assert float(view.pitch.max()) > 50


def test_people_are_seen_from_every_side_and_never_mirrored() -> None:
    view = windows(400, 1, ranges=LEVEL)
    nose = view.pose[:, 0, JOINTS.index("neck")] - view.pose[:, 0, JOINTS.index("thorax")]
    heading = torch.atan2(nose[:, 0], nose[:, 2])
    counts = torch.histc(heading, 8, -math.pi, math.pi)
    assert float(counts.min()) > 20
    left = view.pose[:, 0, JOINTS.index("lhip")] - view.pose[:, 0, JOINTS.index("rhip")]
    up = torch.tensor([0.0, -1.0, 0.0]).expand_as(left)
    assert ((torch.linalg.cross(up, nose) * left).sum(dim=-1) > 0).all()


def test_cameras_keep_to_their_ranges() -> None:
    ranges = ViewRange(pitch=(5.0, 6.0), distance=(3.0, 4.0), field_of_view=(50.0, 55.0), known_lens=1.0)
    view = windows(300, 1, ranges=ranges)
    assert float(view.pitch.min()) >= 5
    assert float(view.pitch.max()) <= 6
    assert torch.equal(view.image_size.max(dim=1).values, torch.full((300,), 1000.0))
    assert float(view.image_size.min()) >= 500
    field = torch.rad2deg(2 * torch.atan(500 / view.focal))
    assert float(field.min()) >= 50 - 1e-3
    assert float(field.max()) <= 55 + 1e-3


def test_an_unknown_lens_is_told_as_the_usual_one() -> None:
    view = windows(50, 1, ranges=ViewRange(known_lens=0.0))
    assert torch.allclose(view.focal, torch.tensor(focal_length((1000, 700), ASSUMED_FIELD_OF_VIEW)).float())
    half = windows(400, 1).focal
    share = float((half == view.focal[0]).float().mean())
    assert 0.4 < share < 0.6


def test_the_same_seed_gives_the_same_windows_and_another_others() -> None:
    def made(number: int) -> TrainingWindows:
        return with_detector_errors(windows(16, 8, number), DetectorErrors(), seed(number))

    assert equal(made(1), made(1))
    assert not equal(made(1), made(2))


def test_exact_windows_have_no_error_and_full_scores() -> None:
    before = windows()
    after = with_detector_errors(before, NO_ERRORS, seed(5))
    assert equal(before, after)


def test_the_exact_share_is_as_large_as_stated() -> None:
    before = windows(1500, 3)
    after = with_detector_errors(before, DetectorErrors(exact=0.3), seed(6))
    exact = (after.keypoints == before.keypoints).flatten(1).all(dim=1)
    assert 0.26 < float(exact.float().mean()) < 0.34
    assert (after.scores[exact] == 1).all()
    assert not (after.scores[~exact] == 1).all(dim=(1, 2)).any()


def test_scores_are_0_exactly_where_a_joint_is_lost_and_else_a_share() -> None:
    whole = DetectorErrors(exact=0.0, joint_lost=0.0, limb_hidden=0.0)
    near = windows(200, 9, ranges=ViewRange(distance=(6.0, 10.0)))
    inside = ((near.keypoints >= 0) & (near.keypoints <= near.image_size[:, None, None])).all(dim=-1)
    complete = with_detector_errors(near, whole, seed(5))
    assert (complete.scores[inside] >= 0.02).all()
    assert (complete.scores <= 1).all()
    lossy = with_detector_errors(near, DetectorErrors(exact=0.0, joint_lost=0.3, limb_hidden=0.0), seed(5))
    lost = lossy.scores == 0
    assert 0.27 < float(lost[..., DETECTED][inside[..., DETECTED]].float().mean()) < 0.33
    # The same draw otherwise: what is not lost keeps its score.
    assert torch.equal(lossy.scores[~lost], complete.scores[~lost])


def test_joints_outside_the_picture_are_guessed_or_lost_never_sure() -> None:
    near = windows(300, 4, ranges=ViewRange(distance=(1.5, 2.0)))
    outside = ((near.keypoints < 0) | (near.keypoints > near.image_size[:, None, None])).any(dim=-1)
    assert int(outside.sum()) > 1000
    after = with_detector_errors(near, ALL_ERR, seed(5))
    assert float(after.scores[outside].max()) <= 0.65
    lost = float((after.scores[outside] == 0).float().mean())
    assert 0.35 < lost < 0.65


def test_errors_are_fractions_of_the_bodys_size_in_the_picture() -> None:
    sizes, errors = [], []
    for distance in (2.0, 8.0):
        before = windows(
            400, 8, ranges=ViewRange(distance=(distance, distance + 0.1), field_of_view=(80.0, 81.0))
        )
        after = with_detector_errors(before, DetectorErrors(exact=0.0, swapped=0.0, limb_hidden=0.0), seed(5))
        inside = ((before.keypoints >= 0) & (before.keypoints <= before.image_size[:, None, None])).all(
            dim=-1
        )
        middle = before.keypoints.mean(dim=2, keepdim=True)
        sizes.append(float((before.keypoints - middle).square().sum(dim=-1).mean().sqrt()))
        errors.append(float((after.keypoints - before.keypoints)[inside].square().sum(dim=-1).mean().sqrt()))
    assert sizes[0] > 3 * sizes[1]
    assert errors[0] / sizes[0] == pytest.approx(errors[1] / sizes[1], rel=0.25)
    assert 0.03 < errors[1] / sizes[1] < 0.2


NOTHING_WRONG = DetectorErrors(
    exact=0.0, severity=(0.0, 0.0), guess=0.0, guess_other_side=0.0, limb_hidden=0.0, joint_lost=0.0,
    swapped=0.0, merged=0.0,
)  # fmt: skip


def test_sides_are_swapped_in_as_many_windows_as_stated_and_only_for_a_while() -> None:
    before = windows(600, 20, ranges=LEVEL)
    after = with_detector_errors(before, replace(NOTHING_WRONG, swapped=0.5), seed(5))
    changed = (after.keypoints != before.keypoints).any(dim=-1)
    changed[..., MADE] = False
    mirrored = before.keypoints[:, :, list(MIRROR)]
    assert torch.equal(after.keypoints[changed], mirrored[changed])
    swapped = changed.any(dim=-1)
    assert 0.35 < float(swapped.any(dim=1).float().mean()) < 0.55  # some stretches begin after the window
    assert int(swapped.sum(dim=1).max()) <= 11
    whole = changed.sum(dim=-1)[swapped]
    assert {4, 6, 12} <= set(whole.tolist())  # knees and ankles; a whole limb on both sides; everything


def test_a_limb_is_found_in_the_other_ones_place_for_a_while() -> None:
    before = windows(600, 20, ranges=LEVEL)
    after = with_detector_errors(before, replace(NOTHING_WRONG, merged=0.5), seed(5))
    changed = (after.keypoints != before.keypoints).any(dim=-1)
    changed[..., MADE] = False
    rows = changed.any(dim=-1)
    assert torch.equal(after.keypoints[changed], before.keypoints[:, :, list(MIRROR)][changed])
    assert set(changed.sum(dim=-1)[rows].tolist()) == {2}  # one knee and ankle, or one elbow and wrist
    assert 0.35 < float(rows.any(dim=1).float().mean()) < 0.55


def test_every_joint_is_lost_in_stretches_where_many_are() -> None:
    quiet = {"exact": 0.0, "limb_hidden": 0.0, "joint_lost": 0.0}
    near = windows(300, 60, ranges=ViewRange(distance=(8.0, 10.0)))
    inside = ((near.keypoints >= 0) & (near.keypoints <= near.image_size[:, None, None])).all(dim=-1)
    after = with_detector_errors(near, DetectorErrors(**quiet, many_lost=0.5), seed(5))  # type: ignore[arg-type]
    lost = ((after.scores == 0) & inside)[..., DETECTED]
    share = lost.float().mean(dim=(1, 2))
    touched = share > 0
    assert 0.42 < float(touched.float().mean()) < 0.58
    assert 0.25 < float(share[touched].mean()) < 0.35
    both = (lost[:, 1:] & lost[:, :-1])[touched].float().sum() / lost[:, 1:][touched].float().sum()
    assert both > 0.6  # by itself each frame would follow a lost one in three of ten


def test_hip_thorax_and_spine_are_where_the_found_hips_and_shoulders_put_them() -> None:
    after = with_detector_errors(windows(60), ALL_ERR, seed(5))

    def middle(*names: str) -> tuple[Tensor, Tensor]:
        chosen = [JOINTS.index(name) for name in names]
        return after.keypoints[:, :, chosen].mean(dim=2), after.scores[:, :, chosen].amin(dim=2)

    hips, shoulders = ("lhip", "rhip"), ("lshoulder", "rshoulder")
    for joint, sources in ((HIP, hips), (THORAX, shoulders), (SPINE, hips + shoulders)):
        place, score = middle(*sources)
        assert torch.allclose(after.keypoints[:, :, joint], place, atol=1e-2)
        assert torch.equal(after.scores[:, :, joint], score)


def trunk_view(joints: Tensor, vector: Tensor) -> Tensor:
    """(B, T, 3) a vector (B, T, 3) along the trunk, across the shoulders and out of both."""
    up = torch.nn.functional.normalize(joints[:, :, THORAX] - joints[:, :, HIP], dim=-1)
    left = joints[:, :, JOINTS.index("lshoulder")] - joints[:, :, JOINTS.index("rshoulder")]
    left = torch.nn.functional.normalize(left - (left * up).sum(dim=-1, keepdim=True) * up, dim=-1)
    return torch.stack([(vector * axis).sum(dim=-1) for axis in (up, left, torch.linalg.cross(up, left))], -1)


def test_borrowed_arms_point_from_the_trunk_as_those_of_another_window_do() -> None:
    joints = captured(16)
    result = borrowed_arms(joints, 1.0, seed(4))
    assert not torch.equal(result, joints)
    arms = [JOINTS.index(side + name) for side in "lr" for name in ("elbow", "wrist")]
    others = [joint for joint in range(17) if joint not in arms]
    assert torch.equal(result[:, :, others], joints[:, :, others])
    for start, end in (("lshoulder", "lelbow"), ("lelbow", "lwrist"), ("relbow", "rwrist")):
        first, last = JOINTS.index(start), JOINTS.index(end)
        before, after = (values[:, :, last] - values[:, :, first] for values in (joints, result))
        assert torch.allclose(before.norm(dim=-1), after.norm(dim=-1), atol=1e-5)
        had, has = (
            torch.nn.functional.normalize(trunk_view(values, bone), dim=-1)
            for values, bone in ((joints, before), (result, after))
        )
        nearest = torch.cdist(has.flatten(1), had.flatten(1)).min(dim=1)
        assert float(nearest.values.max()) < 1e-3
        assert len(set(nearest.indices.tolist())) == 16  # everybody lends once


def test_arms_are_borrowed_in_as_many_windows_as_stated() -> None:
    joints = captured(400, 2)
    assert torch.equal(borrowed_arms(joints, 0.0, seed(1)), joints)
    borrowed = (borrowed_arms(joints, 0.3, seed(1)) != joints).flatten(1).any(dim=1)
    assert 0.22 < float(borrowed.float().mean()) < 0.38


def measured(faces: float = 0.5, frames: int = 10) -> MeasuredErrors:
    """One clip of somebody who faces one way, whose right wrist drifts to the right and is less and less sure."""
    displacement, scores = torch.zeros(frames, 17, 2), torch.ones(frames, 17)
    wrist = JOINTS.index("rwrist")
    displacement[:, wrist, 0] = torch.linspace(0.1, 0.4, frames)
    scores[:, wrist] = torch.linspace(1.0, 0.3, frames)
    places = torch.zeros(frames, dtype=torch.long)
    return MeasuredErrors(displacement, scores, torch.full((frames,), faces), places, places + frames - 1)


def test_measured_errors_are_made_again_on_people_who_face_the_same_way() -> None:
    view = windows(200, 6, ranges=LEVEL)
    shift, scores = measured(0.5).draw(view.pose, view.keypoints, seed(3))
    right, left = JOINTS.index("rwrist"), JOINTS.index("lwrist")
    same = torch.cos(facing(view.pose)[:, 3] - 0.5) > torch.cos(facing(view.pose)[:, 3] + 0.5) + 0.01
    other = torch.cos(facing(view.pose)[:, 3] - 0.5) < torch.cos(facing(view.pose)[:, 3] + 0.5) - 0.01
    for chosen, joint, sign in ((same, right, 1), (other, left, -1)):
        assert int(chosen.sum()) > 50
        assert (shift[chosen][:, :, joint, 0] * sign > 0.09).all()
        assert (scores[chosen][:, :, joint] < 1.0 + 1e-6).all()
        rest = [index for index in range(17) if index != joint]
        assert (shift[chosen][:, :, rest] == 0).all()
        assert (scores[chosen][:, :, rest] == 1).all()


def test_measured_errors_go_on_from_frame_to_frame_and_turn_round_at_the_end_of_their_clip() -> None:
    view = windows(50, 27, ranges=LEVEL)
    _, scores = measured(frames=10).draw(view.pose, view.keypoints, seed(3))
    steps = scores.amin(dim=2).diff(dim=1).abs()
    assert torch.allclose(steps, torch.tensor(0.7 / 9), atol=1e-4)
    assert float(scores.min()) == pytest.approx(0.3)
    assert float(scores.amin(dim=2).max()) == pytest.approx(1.0)


def test_errors_turn_with_the_trunk() -> None:
    keypoints = torch.zeros(1, 2, 17, 2)
    keypoints[:, :, HIP] = torch.tensor([3.0, 0.0])  # lies, the head at the picture's left
    assert torch.allclose(upright(keypoints)[0] @ torch.tensor([1.0, 0]), torch.tensor([0.0, 1]), atol=1e-6)
    keypoints[:, :, HIP] = torch.tensor([0.0, 2.0])
    assert torch.allclose(upright(keypoints)[0], torch.eye(2), atol=1e-6)


def test_windows_with_measured_errors_are_as_many_as_stated_and_as_wrong_as_measured() -> None:
    view = windows(800, 3, ranges=ViewRange(distance=(8.0, 10.0), pitch=(0.0, 0.0), roll=0.0))
    errors = replace(NOTHING_WRONG, measured=0.5, measured_severity=(1.0, 1.0))
    after = with_detector_errors(view, errors, seed(5), measured())
    moved = (after.keypoints - view.keypoints).norm(dim=-1)
    middle = view.keypoints.mean(dim=2, keepdim=True)
    size = (view.keypoints - middle).square().sum(dim=-1).mean(dim=(1, 2)).sqrt()
    moved = (moved / size[:, None, None])[..., [JOINTS.index("lwrist"), JOINTS.index("rwrist")]].amax(dim=2)
    wrong = moved[:, 0] > 0.05
    assert 0.42 < float(wrong.float().mean()) < 0.58
    assert float(moved[wrong].min()) > 0.09
    assert float(moved[wrong].max()) < 0.42
    assert float(moved[~wrong].max()) < 0.02


def test_the_shipped_errors_are_whole_and_of_a_likely_size() -> None:
    shipped = read_measured_errors()
    assert len(shipped.facing) > 1000
    assert 0.02 < float(shipped.displacement[shipped.scores > 0.5].norm(dim=-1).mean()) < 0.12
    assert torch.isfinite(shipped.displacement).all()
    assert float(shipped.scores.max()) <= 1


def test_measured_errors_that_are_asked_for_and_not_given_are_an_error() -> None:
    with pytest.raises(ValueError, match="measured"):
        with_detector_errors(windows(2), DetectorErrors(measured=0.5), seed(1))


def test_a_file_that_holds_no_errors_is_named(tmp_path: Path) -> None:
    path = tmp_path / "errors.npz"
    for content in (b"", b"PK\x03\x04 not an archive"):
        path.write_bytes(content)
        with pytest.raises(LifterError, match=r"errors\.npz"):
            read_measured_errors(path)
    arrays = {"displacement": np.zeros((4, 17, 2)), "scores": np.ones((4, 17)), "facing": np.zeros(4)}
    np.savez(path, **arrays, lengths=np.array([3]))
    with pytest.raises(LifterError, match="do not fit together"):
        read_measured_errors(path)


def test_errors_change_neither_the_answer_nor_the_camera() -> None:
    before = windows()
    after = with_detector_errors(before, ALL_ERR, seed(5))
    for name in ("pose", "focal", "image_size", "pitch"):
        assert torch.equal(getattr(after, name), getattr(before, name))
    assert torch.isfinite(after.keypoints).all()


def test_windows_are_split_in_order_and_without_loss() -> None:
    view = windows(7, 2)
    parts = view.split(3)
    assert [len(part.pose) for part in parts] == [3, 3, 1]
    assert torch.equal(torch.cat([part.keypoints for part in parts]), view.keypoints)
    assert torch.equal(parts[1].focal, view.focal[3:6])
