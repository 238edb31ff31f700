"""Other bodies for captured motion: bones of new lengths, mirror images, arms of somebody else."""

import pytest
import torch
from torch import Tensor

from stcformer.augmentation import STATURE_M, borrowed_arms, mirrored, random_bodies
from stcformer.skeleton import JOINTS, MIRROR, bones
from tests.training_people import HIP, SPINE, THORAX, captured, seed


def lengths(joints: Tensor) -> dict[tuple[str, str], Tensor]:
    """(B, T) length of every bone that a body has in `random_bodies`."""
    pairs = [(parent, child) for parent, child in bones() if SPINE not in (parent, child)]
    pairs += [(HIP, THORAX), (THORAX, JOINTS.index("head"))]
    return {
        (JOINTS[parent], JOINTS[child]): (joints[:, :, child] - joints[:, :, parent]).norm(dim=-1)
        for parent, child in pairs
        if (JOINTS[parent], JOINTS[child]) != ("neck", "head")
    }


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


def test_unusual_bodies_vary_twice_as_much() -> None:
    joints = captured(800, 1)

    def spread(unusual: float) -> float:
        found = lengths(random_bodies(joints, seed(1), unusual))
        return float(found["rshoulder", "relbow"].log().std())

    assert spread(1.0) / spread(0.0) == pytest.approx(2.0, rel=0.15)
    assert 1.15 < spread(0.3) / spread(0.0) < 1.6


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
