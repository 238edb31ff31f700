"""A detector's mistakes, made up: displaced, hidden, lost and confused keypoints and their scores."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from stcformer.augmentation import (
    DetectorErrors,
    ViewRange,
    with_detector_errors,
)
from stcformer.skeleton import JOINTS, MIRROR
from tests.training_people import HIP, LEVEL, SPINE, THORAX, equal, seed, windows

DETECTED = [index for index, name in enumerate(JOINTS) if name not in ("hip", "thorax", "spine")]


MADE = [HIP, THORAX, SPINE]
NO_ERRORS = DetectorErrors(exact=1.0)


ALL_ERR = DetectorErrors(exact=0.0)


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


def test_a_limb_leaps_the_oftener_the_less_surely_it_is_seen() -> None:
    leaping = replace(
        NOTHING_WRONG, severity=(1.0, 1.0), jitter=0.0, drift=0.0, bias=0.0, joint_spread=0.0, limb_hidden=1.0
    )
    before = windows(400, 30, ranges=ViewRange(distance=(6.0, 10.0)))
    after = with_detector_errors(before, leaping, seed(5))
    away = (after.keypoints - before.keypoints).norm(dim=-1) > 1e-3
    inside = ((before.keypoints >= 0) & (before.keypoints <= before.image_size[:, None, None])).all(dim=-1)
    limbs = torch.tensor([name[1:] in ("knee", "ankle", "elbow", "wrist") for name in JOINTS])
    middles = torch.tensor([joint in MADE for joint in range(len(JOINTS))])
    assert not away[..., ~limbs & ~middles][inside[..., ~limbs & ~middles]].any()

    def share(low: float, high: float) -> float:
        return float(away[inside & limbs & (after.scores >= low) & (after.scores < high)].float().mean())

    # A leap lasts two frames: at a score of 0 it is 1 - (1 - 0.12)^2 of all that are displaced.
    assert 0.18 < share(0.02, 0.2) < 0.24
    assert 0.06 < share(0.6, 0.9) < 0.16
    assert 0.01 < share(0.98, 1.0) < 0.04


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


def test_measured_errors_that_are_asked_for_and_not_given_are_an_error() -> None:
    with pytest.raises(ValueError, match="measured"):
        with_detector_errors(windows(2), DetectorErrors(measured=0.5), seed(1))


def test_errors_change_neither_the_answer_nor_the_camera() -> None:
    before = windows()
    after = with_detector_errors(before, ALL_ERR, seed(5))
    for name in ("pose", "focal", "image_size", "pitch"):
        assert torch.equal(getattr(after, name), getattr(before, name))
    assert torch.isfinite(after.keypoints).all()
