"""Other bodies for captured motion: bones of new lengths, mirror images, arms of somebody else."""

import torch
from torch import Generator, Tensor

from stcformer.skeleton import JOINTS, MIRROR

# Bone lengths in metres of an adult of 1.75 m (Winter's segment table; nose and head top from the middle
# of the shoulders), and how much their share of the stature varies between people, as the standard deviation of
# the logarithm. The spread is that of the nearest lengths of 29 men of ANSUR II (US Army, 2012), rounded up, for
# shoulders and hips by over half, since men and women differ there (the nose has no such length). A body whose
# forearm is a fifth too long for it is rarely met, and what the lifter may take for granted about bones is what
# tells it how far a limb points at the camera.
# (parent, child, length, spread); joints are listed parents first and the spine is put in at the end.
_BODY = (
    ("hip", "rhip", 0.095, 0.08),
    ("rhip", "rknee", 0.430, 0.042),
    ("rknee", "rankle", 0.415, 0.036),
    ("hip", "thorax", 0.480, 0.050),
    ("thorax", "neck", 0.200, 0.08),
    ("thorax", "head", 0.310, 0.050),
    ("thorax", "rshoulder", 0.175, 0.06),
    ("rshoulder", "relbow", 0.285, 0.036),
    ("relbow", "rwrist", 0.250, 0.042),
)
_STATURE_BONES = ("rknee", "rankle", "thorax", "head")
STATURE_M = 0.430 + 0.415 + 0.480 + 0.310
"""Thigh, shank, trunk and head of every training body add up to this: one camera cannot tell a child nearby
from an adult far away, so the lifter answers for a body of this size and the motion stage scales it."""


_ARM = ("elbow", "wrist")


def random_bodies(joints: Tensor, generator: Generator, unusual: float = 0.0) -> Tensor:
    """(B, T, 17, 3) with each window's bones given new lengths along their own directions.

    Left and right are equal, and all bodies have the same `STATURE_M`. Of the share `unusual` of the windows
    proportions vary twice as much: children, and the skeletons of some motion capture.
    """
    batch = joints.shape[0]
    device = joints.device
    # No draw where none is asked for: what `eval` measures on stays what it was.
    far = torch.rand(batch, generator=generator, device=device) < unusual if unusual else None
    lengths = {}
    for _, child, length, spread in _BODY:
        noise = torch.randn(batch, generator=generator, device=device)
        if far is not None:
            noise = torch.where(far, 2 * noise, noise)
        lengths[child] = length * torch.exp(spread * noise)
    stature = torch.stack([lengths[child] for child in _STATURE_BONES]).sum(dim=0)
    result = torch.zeros_like(joints)
    hip = JOINTS.index("hip")
    result[:, :, hip] = joints[:, :, hip]
    for parent_name, child_name, _, _ in _BODY:
        bone = lengths[child_name] * (STATURE_M / stature)
        sides = [(parent_name, child_name)]
        if child_name[0] == "r":
            left_parent = "l" + parent_name[1:] if parent_name[0] == "r" else parent_name
            sides.append((left_parent, "l" + child_name[1:]))
        for side_parent, side_child in sides:
            start, end = JOINTS.index(side_parent), JOINTS.index(side_child)
            direction = torch.nn.functional.normalize(joints[:, :, end] - joints[:, :, start], dim=-1)
            result[:, :, end] = result[:, :, start] + direction * bone[:, None, None]
    result[:, :, JOINTS.index("spine")] = (result[:, :, hip] + result[:, :, JOINTS.index("thorax")]) / 2
    return result


def borrowed_arms(joints: Tensor, share: float, generator: Generator) -> Tensor:
    """(B, T, 17, 3) with the arms of a `share` of the windows moving as those of another of the windows do.

    What is borrowed are the directions of upper arm and forearm about the trunk, so that one takes its arms along
    where it turns. An hour of motion capture has every kind of arm and every kind of leg, but few of their pairs.
    """
    batch, device = joints.shape[0], joints.device
    lender = torch.randperm(batch, generator=generator, device=device)
    chosen = torch.rand(batch, generator=generator, device=device) < share
    trunk = _trunk_axes(joints)
    turn = trunk @ trunk[lender].transpose(-2, -1)
    result = joints.clone()
    for side in "rl":
        start = JOINTS.index(side + "shoulder")
        for name in _ARM:
            end = JOINTS.index(side + name)
            lent = torch.einsum("btij,btj->bti", turn, (joints[:, :, end] - joints[:, :, start])[lender])
            # Its own bone's length: the lender may be a child.
            own = torch.linalg.vector_norm(joints[:, :, end] - joints[:, :, start], dim=-1, keepdim=True)
            bone = torch.nn.functional.normalize(lent, dim=-1) * own
            parent = JOINTS.index(side + ("shoulder" if name == _ARM[0] else _ARM[0]))
            result[:, :, end] = result[:, :, parent] + bone
            start = end
    return torch.where(chosen[:, None, None, None], result, joints)


def _trunk_axes(joints: Tensor) -> Tensor:
    """(B, T, 3, 3) whose columns are the trunk's axes: to its front, to its left and up along it."""
    hip, thorax, left, right = (
        joints[:, :, JOINTS.index(name)] for name in ("hip", "thorax", "lshoulder", "rshoulder")
    )
    up = torch.nn.functional.normalize(thorax - hip, dim=-1)
    front = torch.nn.functional.normalize(torch.linalg.cross(left - right, up), dim=-1)
    return torch.stack((front, torch.linalg.cross(up, front), up), dim=-1)


def mirrored(joints: Tensor, chosen: Tensor) -> Tensor:
    """(B, T, 17, 3) with the chosen `(B,)` windows turned into their mirror image."""
    flipped = joints[:, :, list(MIRROR)] * torch.tensor([-1.0, 1.0, 1.0], device=joints.device)
    return torch.where(chosen[:, None, None, None], flipped, joints)
