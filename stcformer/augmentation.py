"""Motion capture as a user's video shows it: other bodies, any camera, and a detector's mistakes.

Everything works on batches of windows with torch, on the CPU or a GPU, from one random generator.
"""

import math
from dataclasses import dataclass, fields

import torch
from torch import Generator, Tensor

from stcformer.camera import project
from stcformer.lens import ASSUMED_FIELD_OF_VIEW
from stcformer.skeleton import JOINTS, MIRROR

# Bone lengths in metres of an adult of 1.75 m (Winter's segment table; nose and head top from the middle
# of the shoulders), and how much they vary between people, as the standard deviation of the logarithm.
# (parent, child, length, spread); joints are listed parents first and the spine is put in at the end.
_BODY = (
    ("hip", "rhip", 0.095, 0.12),
    ("rhip", "rknee", 0.430, 0.05),
    ("rknee", "rankle", 0.415, 0.05),
    ("hip", "thorax", 0.480, 0.06),
    ("thorax", "neck", 0.200, 0.10),
    ("thorax", "head", 0.310, 0.08),
    ("thorax", "rshoulder", 0.175, 0.10),
    ("rshoulder", "relbow", 0.285, 0.06),
    ("relbow", "rwrist", 0.250, 0.07),
)
_STATURE_BONES = ("rknee", "rankle", "thorax", "head")
STATURE_M = 0.430 + 0.415 + 0.480 + 0.310
"""Thigh, shank, trunk and head of every training body add up to this: one camera cannot tell a child nearby
from an adult far away, so the lifter answers for a body of this size and the motion stage scales it."""


@dataclass(frozen=True)
class ViewRange:
    """Where cameras may stand; angles in degrees, distances in metres."""

    pitch: tuple[float, float] = (-20.0, 50.0)
    """Positive looks down at the person."""
    roll: float = 4.0
    """Standard deviation."""
    any_turn: float = 0.0
    """Share of windows seen from any pitch up to 80 degrees and any roll: somebody who lies or stands on the hands,
    seen upright, looks like somebody upright seen so, and motion capture has little of the former."""
    distance: tuple[float, float] = (1.5, 10.0)
    field_of_view: tuple[float, float] = (35.0, 90.0)
    known_lens: float = 0.5
    """Share of windows whose field of view the lifter is told; the others assume the usual one."""


@dataclass(frozen=True)
class DetectorErrors:
    """How wrong keypoints are, as fractions of the body's size in the picture (RMS radius of its joints).

    The sizes are those of MediaPipe's errors on rendered people whose joints are known (`benchmarks/detector_errors.py`):
    a trunk that drifts slowly and hardly trembles, limbs that leap away for a frame or two, and sides confused.
    """

    exact: float = 0.15
    """Share of windows without any error."""
    severity: tuple[float, float] = (0.3, 1.8)
    """Each window's errors are all multiplied by one number from this range."""
    jitter: float = 0.008
    drift: float = 0.035
    drift_frames: float = 10.0
    """Frames over which the drifting part forgets itself."""
    leap: float = 0.2
    leap_share: float = 0.03
    """Share of frames in which a knee, ankle, elbow or wrist leaps away, often for a second frame too."""
    bias: float = 0.04
    """Of each joint, over the whole window."""
    joint_spread: float = 0.5
    """How differently well the joints of one window are found: standard deviation of the logarithm."""
    hidden_factor: float = 2.0
    """Errors of a joint that the detector can only guess, against those of one that it sees; a guess adds to them:"""
    guess: float = 0.15
    """How far off a guessed joint is for as long as it is hidden, in the middle of its distribution."""
    guess_spread: float = 0.9
    """Standard deviation of that distance's logarithm: one guess in ten is three times as far off."""
    guess_other_side: float = 0.25
    """Share of windows in which hidden joints are guessed where those of the other side are."""
    limb_hidden: float = 0.4
    """Share of windows in which an arm, a leg or the head is hidden for a while."""
    joint_lost: float = 0.02
    """Share of joints for which the detector gives nothing at all."""
    many_lost: float = 0.0
    """Share of windows in which every joint is lost now and then, a tenth to a half of the time."""
    many_lost_frames: float = 10.0
    """Frames over which being lost or not is forgotten."""
    swapped: float = 0.08
    """Share of windows in which left and right (of the legs, the arms or the whole body) change places for a while."""
    merged: float = 0.04
    """Share of windows in which one leg or arm is found in the other's place for a while."""


_JOINT_FACTORS = dict.fromkeys(JOINTS, 1.0) | {
    "hip": 0.7, "rhip": 0.8, "lhip": 0.8, "spine": 0.6, "thorax": 0.6, "neck": 0.6, "head": 0.9,
    "rshoulder": 0.7, "lshoulder": 0.7, "rknee": 0.9, "lknee": 0.9, "rwrist": 1.4, "lwrist": 1.4,
}  # fmt: skip
"""How much harder than others a joint is to find."""

_ARM = ("elbow", "wrist")
_LEG = ("knee", "ankle")
_WHOLE_LEG = ("hip", "knee", "ankle")
_WHOLE_ARM = ("shoulder", "elbow", "wrist")


_LIMBS = tuple(
    tuple(JOINTS.index(name) for name in limb)
    for limb in (
        ("rknee", "rankle"),
        ("lknee", "lankle"),
        ("relbow", "rwrist"),
        ("lelbow", "lwrist"),
        ("relbow", "rwrist"),  # twice: an arm is hidden by the body more often than a leg by the other
        ("lelbow", "lwrist"),
        ("rhip", "rknee", "rankle", "lhip", "lknee", "lankle"),
        ("neck", "head"),
        ("rshoulder", "relbow", "rwrist"),
        ("lshoulder", "lelbow", "lwrist"),
        ("rankle", "lankle"),
    )
)


@dataclass(frozen=True)
class TrainingWindows:
    """B windows of T frames as the lifter will be fed them, with the answers."""

    keypoints: Tensor
    """(B, T, 17, 2) pixels."""
    scores: Tensor
    """(B, T, 17), 0 where nothing was detected."""
    pose: Tensor
    """(B, T, 17, 3) metres in camera space, the hip at 0."""
    focal: Tensor
    """(B,) pixels, as the lifter is told."""
    image_size: Tensor
    """(B, 2) pixels."""
    pitch: Tensor
    """(B,) degrees, of the camera that saw the window."""

    def split(self, count: int) -> "list[TrainingWindows]":
        """The same windows, `count` at a time."""
        parts = zip(*(getattr(self, field.name).split(count) for field in fields(self)), strict=True)
        return [TrainingWindows(*part) for part in parts]


def _uniform(
    shape: tuple[int, ...], low: float, high: float, generator: Generator, device: torch.device
) -> Tensor:
    return low + (high - low) * torch.rand(shape, generator=generator, device=device)


def random_bodies(joints: Tensor, generator: Generator) -> Tensor:
    """(B, T, 17, 3) with each window's bones given new lengths along their own directions.

    Left and right are equal, and all bodies have the same `STATURE_M`.
    """
    batch = joints.shape[0]
    device = joints.device
    lengths = {}
    for _, child, length, spread in _BODY:
        noise = torch.randn(batch, generator=generator, device=device)
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


def mirrored(joints: Tensor, chosen: Tensor) -> Tensor:
    """(B, T, 17, 3) with the chosen `(B,)` windows turned into their mirror image."""
    flipped = joints[:, :, list(MIRROR)] * torch.tensor([-1.0, 1.0, 1.0], device=joints.device)
    return torch.where(chosen[:, None, None, None], flipped, joints)


def _turn(axis: int, angle: Tensor) -> Tensor:
    """(B, 3, 3) rotations about a coordinate axis by radians (B,)."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = torch.zeros(len(angle), 3, 3, device=angle.device)
    matrix[:, axis, axis] = 1
    matrix[:, first, first] = matrix[:, second, second] = angle.cos()
    matrix[:, first, second] = -angle.sin()
    matrix[:, second, first] = angle.sin()
    return matrix


def random_views(joints: Tensor, ranges: ViewRange, generator: Generator) -> TrainingWindows:
    """World windows (B, T, 17, 3; metres, z up) seen exactly by one random camera each."""
    batch, device = joints.shape[0], joints.device

    def draw(low: float, high: float) -> Tensor:
        return _uniform((batch,), low, high, generator, device)

    landscape = draw(0, 1) < 0.6
    aspect = draw(0.5, 1.0)
    width = torch.where(landscape, 1000.0, 1000.0 * aspect)
    height = torch.where(landscape, 1000.0 * aspect, 1000.0)
    image_size = torch.stack((width, height), dim=-1)
    field_of_view = torch.deg2rad(draw(*ranges.field_of_view))
    focal = 500 / torch.tan(field_of_view / 2)
    turned = draw(0, 1) < ranges.any_turn
    pitch = torch.where(turned, draw(-80, 80), draw(*ranges.pitch))
    roll = ranges.roll * torch.randn(batch, generator=generator, device=device)
    roll = torch.deg2rad(torch.where(turned, draw(-180, 180), roll))
    level = torch.tensor([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]], device=device)
    camera = _turn(2, roll) @ _turn(0, torch.deg2rad(pitch)) @ level @ _turn(2, draw(0, 2 * math.pi))

    hip = joints[:, :, :1]
    pose = torch.einsum("bij,btkj->btki", camera, joints - hip)
    path = torch.einsum("bij,btkj->btki", camera, hip - hip.mean(dim=1, keepdim=True))
    distance = torch.exp(draw(math.log(ranges.distance[0]), math.log(ranges.distance[1])))
    aim = torch.stack((draw(-0.8, 0.8) * width / 2, draw(-0.5, 0.5) * height / 2), dim=-1) / focal[:, None]
    # Whoever is near fills the picture, so only those far away stand well off its centre.
    aim = aim * (distance / 4).clamp(max=1.0)[:, None]
    place = torch.cat((aim, torch.ones(batch, 1, device=device)), dim=-1)
    place = torch.nn.functional.normalize(place, dim=-1) * distance[:, None]
    points = pose + path + place[:, None, None]
    points = torch.cat((points[..., :2], points[..., 2:].clamp_min(0.3)), dim=-1)
    keypoints = project(points, focal, image_size / 2)

    assumed = 500 / math.tan(math.radians(ASSUMED_FIELD_OF_VIEW) / 2)
    told = torch.where(draw(0, 1) < ranges.known_lens, focal, torch.full_like(focal, assumed))
    scores = torch.ones(keypoints.shape[:-1], device=device)
    return TrainingWindows(keypoints, scores, pose, told, image_size, pitch)


def with_detector_errors(
    windows: TrainingWindows, errors: DetectorErrors, generator: Generator
) -> TrainingWindows:
    """The same windows as a real detector would report them: displaced, hidden, lost or swapped, scored to match."""
    keypoints = windows.keypoints
    batch, frames, joints, _ = keypoints.shape
    device = keypoints.device

    def draw(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator, device=device)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, device=device)

    erring = draw(batch) >= errors.exact
    visible = 1 - 0.4 * draw(batch, 1, joints) ** 6 - 0.03 * draw(batch, frames, joints)
    hidden = _hidden_limbs(batch, frames, joints, errors, generator, device)
    outside = ((keypoints < 0) | (keypoints > windows.image_size[:, None, None])).any(dim=-1)
    guessed = hidden | outside
    unsure = 0.02 + 0.5 * draw(batch, 1, 1) ** 2 * draw(batch, frames, joints)
    visible = torch.where(guessed, unsure, visible)

    middle = keypoints.mean(dim=2, keepdim=True)
    size = (keypoints - middle).square().sum(dim=-1).mean(dim=(1, 2)).sqrt()
    low, high = errors.severity
    severity = (low + (high - low) * draw(batch)) * size * erring
    usual = torch.tensor([_JOINT_FACTORS[name] for name in JOINTS], device=device)
    spread = usual * torch.exp(errors.joint_spread * normal(batch, joints))
    error = (
        errors.jitter * normal(batch, frames, joints, 2)
        + errors.drift * _wandering((batch, frames, joints, 2), errors.drift_frames, generator, device)
        + errors.bias * normal(batch, 1, joints, 2)
    )
    leaping = (draw(batch, frames, joints) < errors.leap_share)[..., None] * normal(batch, frames, joints, 2)
    leaping[:, 1:] = leaping[:, 1:] + 0.6 * leaping[:, :-1]
    limbs = torch.tensor([name[1:] in (*_ARM, *_LEG) for name in JOINTS], device=device)
    error = error + errors.leap * leaping * limbs[:, None]
    factor = (1 + (errors.hidden_factor - 1) * (1 - visible)) * spread[:, None]
    copied = guessed & (draw(batch, 1, 1) < errors.guess_other_side) & erring[:, None, None]
    keypoints = torch.where(copied[..., None], keypoints[:, :, list(MIRROR)], keypoints)
    keypoints = keypoints + error * (factor * severity[:, None, None])[..., None]
    far = (
        errors.guess
        * torch.exp(errors.guess_spread * normal(batch, 1, joints, 1))
        * (size * erring)[:, None, None, None]
    )
    wandering = _wandering((batch, frames, joints, 2), errors.drift_frames, generator, device)
    offset = far * (normal(batch, 1, joints, 2) + 0.5 * wandering)
    keypoints = torch.where(guessed[..., None], keypoints + offset, keypoints)

    keypoints = _confused(keypoints, draw(batch) < errors.swapped * erring, _SWAPS, generator)
    keypoints = _confused(keypoints, draw(batch) < errors.merged * erring, _MERGERS, generator)
    lost = (draw(batch, frames, joints) < errors.joint_lost) | (outside & (draw(batch, 1, 1) < 0.5))
    often = torch.where(
        draw(batch) < errors.many_lost, 0.1 + 0.4 * draw(batch), torch.zeros(batch, device=device)
    )
    wandering = _wandering((batch, frames, joints), errors.many_lost_frames, generator, device)
    lost = lost | (torch.special.ndtr(wandering) < often[:, None, None])
    # Some detectors report a hidden joint as absent, most guess it.
    lost = (lost | (hidden & (draw(batch, 1, 1) < 0.3))) & erring[:, None, None]
    scores = torch.where(erring[:, None, None], visible.clamp(0.02, 1.0), torch.ones_like(visible))
    return TrainingWindows(
        keypoints,
        torch.where(lost, torch.zeros_like(scores), scores),
        windows.pose,
        windows.focal,
        windows.image_size,
        windows.pitch,
    )


def _wandering(shape: tuple[int, ...], memory: float, generator: Generator, device: torch.device) -> Tensor:
    """(B, T, ...) standard normal numbers that forget themselves over `memory` frames (a first-order process)."""
    keep = math.exp(-1 / memory)
    new = torch.randn(shape, generator=generator, device=device)
    values = [new[:, 0]]
    for frame in range(1, shape[1]):
        values.append(keep * values[-1] + math.sqrt(1 - keep**2) * new[:, frame])
    return torch.stack(values, dim=1)


def _hidden_limbs(
    batch: int,
    frames: int,
    joints: int,
    errors: DetectorErrors,
    generator: Generator,
    device: torch.device,
) -> Tensor:
    """(B, T, 17) which joints stand behind something: one limb a window at most, for a stretch of frames."""
    limbs = torch.zeros(len(_LIMBS) + 1, joints, dtype=torch.bool, device=device)
    for row, limb in enumerate(_LIMBS):
        limbs[row, list(limb)] = True
    chosen = torch.randint(len(_LIMBS), (batch,), generator=generator, device=device)
    any_hidden = torch.rand(batch, generator=generator, device=device) < errors.limb_hidden
    chosen = torch.where(any_hidden, chosen, len(_LIMBS))
    begin, end = (
        torch.rand(2, batch, generator=generator, device=device) * torch.tensor([[1.0], [1.5]], device=device)
    ).unbind()
    clock = torch.arange(frames, device=device) / frames
    during = (clock >= begin[:, None] - 0.3) & (clock < begin[:, None] + end[:, None])
    return limbs[chosen][:, None, :] & during[..., None]


def _confused(keypoints: Tensor, chosen: Tensor, sources: Tensor, generator: Generator) -> Tensor:
    """The chosen windows with joints found in others' places over a stretch of frames.

    `sources` (K, 17) are K ways to be wrong: where each joint is taken from. One is drawn for each window.
    """
    batch, frames = keypoints.shape[:2]
    device = keypoints.device
    begin, length = torch.rand(2, batch, generator=generator, device=device).unbind()
    clock = torch.arange(frames, device=device)
    begin = begin * (frames + 4) - 4  # a stretch may have begun before the window does
    length = 1 + length.square() * 10
    during = (clock >= begin[:, None]) & (clock < (begin + length)[:, None]) & chosen[:, None]
    way = torch.randint(len(sources), (batch,), generator=generator, device=device)
    source = sources.to(device)[way][:, None, :, None].expand_as(keypoints)
    return torch.where(during[..., None, None], keypoints.gather(2, source), keypoints)


def _sources(pairs: dict[str, str]) -> list[int]:
    """Where each joint is taken from: itself, or the joint that `pairs` names."""
    return [JOINTS.index(pairs.get(name, name)) for name in JOINTS]


def _exchanged(limb: tuple[str, ...]) -> list[int]:
    return _sources({a + part: b + part for part in limb for a, b in (("r", "l"), ("l", "r"))})


def _moved(limb: tuple[str, ...], side: str, other: str) -> list[int]:
    return _sources({side + part: other + part for part in limb})


_SWAPS = torch.tensor([_exchanged(_WHOLE_LEG), _exchanged(_LEG), _exchanged(_WHOLE_ARM), list(MIRROR)])
_MERGERS = torch.tensor(
    [_moved(limb, side, other) for limb in (_LEG, _ARM) for side, other in (("r", "l"), ("l", "r"))]
)
