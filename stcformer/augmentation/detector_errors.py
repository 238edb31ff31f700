"""A detector's mistakes: keypoints displaced, hidden, lost and confused, with the scores that such keypoints have."""

import math
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from stcformer.augmentation.cameras import TrainingWindows
from stcformer.augmentation.seen_people import SeenPeople
from stcformer.skeleton import JOINTS, MIRROR


@dataclass(frozen=True)
class DetectorErrors:
    """How wrong keypoints are, as fractions of the body's size in the picture (RMS radius of its joints).

    The sizes are those of MediaPipe's errors on rendered people whose joints are known (`benchmarks/detector_errors.py`):
    a trunk that drifts slowly and hardly trembles, limbs that leap away for a frame or two, and sides confused.
    """

    exact: float = 0.15
    """Share of windows without any error."""
    measured: float = 0.0
    """Share of windows whose errors are a real detector's (`SeenPeople.errors`); those of all others are made up."""
    measured_severity: tuple[float, float] = (0.4, 1.2)
    """What each such window's errors are multiplied by: rendered people are harder for a detector than most real ones."""
    severity: tuple[float, float] = (0.3, 1.8)
    """Each window's errors are all multiplied by one number from this range."""
    jitter: float = 0.008
    drift: float = 0.035
    drift_frames: float = 10.0
    """Frames over which the drifting part forgets itself."""
    leap: float = 0.2
    leap_share: float = 0.12
    """Share of frames in which a knee, ankle, elbow or wrist leaps away, often for a second frame too, where its score is
    0; it falls with the square root of what the score lacks to 1, so a limb that is quick and surely seen is believed."""
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
    "rhip": 0.8, "lhip": 0.8, "neck": 0.6, "head": 0.9,
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


def with_detector_errors(
    windows: TrainingWindows,
    errors: DetectorErrors,
    generator: Generator,
    seen: SeenPeople | None = None,
    rates: tuple[float, float] = (30.0, 30.0),
) -> TrainingWindows:
    """The same windows as a real detector would report them: displaced, hidden, lost or swapped, scored to match.

    `rates` is the range that the windows' frame rates are from: measured errors then last as long as they did.
    Raises ValueError when `DetectorErrors.measured` asks for errors that a detector made and there are none (`seen`).
    """
    if errors.measured > 0 and seen is None:
        raise ValueError("a share of measured errors is asked for, but none are given")
    keypoints = windows.keypoints
    batch, device = len(keypoints), keypoints.device
    erring = _draw(generator, device, batch) >= errors.exact
    middle = keypoints.mean(dim=2, keepdim=True)
    size = (keypoints - middle).square().sum(dim=-1).mean(dim=(1, 2)).sqrt()
    outside = ((keypoints < 0) | (keypoints > windows.image_size[:, None, None])).any(dim=-1)
    hidden = _hidden_limbs(keypoints.shape[:3], errors, generator, device)
    found, scores = _made_up(keypoints, size, hidden, outside, errors, generator)
    if seen is not None and errors.measured > 0:
        real = _draw(generator, device, batch) < errors.measured
        low, high = errors.measured_severity
        strength = (low + (high - low) * _draw(generator, device, batch)) * size
        shift, real_scores = seen.errors(windows.pose, keypoints, rates, generator)
        # No rendered person leaves the picture: what lies outside stays guessed as made up.
        taken = real[:, None, None] & ~outside
        found = torch.where(taken[..., None], keypoints + shift * strength[:, None, None, None], found)
        scores = torch.where(taken, real_scores, scores)
        hidden = hidden & ~real[:, None, None]
    lost = _lost(hidden, outside, errors, generator)
    found, scores = _with_middles(found, torch.where(lost, torch.zeros_like(scores), scores))
    return replace(
        windows,
        keypoints=torch.where(erring[:, None, None, None], found, keypoints),
        scores=torch.where(erring[:, None, None], scores, torch.ones_like(scores)),
    )


def _draw(generator: Generator, device: torch.device, *shape: int) -> Tensor:
    return torch.rand(shape, generator=generator, device=device)


def _normal(generator: Generator, device: torch.device, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, device=device)


def _made_up(
    keypoints: Tensor,
    size: Tensor,
    hidden: Tensor,
    outside: Tensor,
    errors: DetectorErrors,
    generator: Generator,
) -> tuple[Tensor, Tensor]:
    """(B, T, 17, 2) keypoints as the formulas of `errors` have them found, and their scores (B, T, 17)."""
    batch, frames, joints, _ = keypoints.shape
    device = keypoints.device

    def draw(*shape: int) -> Tensor:
        return _draw(generator, device, *shape)

    def normal(*shape: int) -> Tensor:
        return _normal(generator, device, *shape)

    guessed = hidden | outside
    visible = 1 - 0.4 * draw(batch, 1, joints) ** 6 - 0.03 * draw(batch, frames, joints)
    unsure = 0.02 + 0.5 * draw(batch, 1, 1) ** 2 * draw(batch, frames, joints)
    visible = torch.where(guessed, unsure, visible).clamp(0.02, 1.0)

    low, high = errors.severity
    severity = (low + (high - low) * draw(batch)) * size
    usual = torch.tensor([_JOINT_FACTORS[name] for name in JOINTS], device=device)
    spread = usual * torch.exp(errors.joint_spread * normal(batch, joints))
    error = (
        errors.jitter * normal(batch, frames, joints, 2)
        + errors.drift * _wandering((batch, frames, joints, 2), errors.drift_frames, generator, device)
        + errors.bias * normal(batch, 1, joints, 2)
    )
    leaps = draw(batch, frames, joints) < errors.leap_share * (1 - visible).sqrt()
    leaping = leaps[..., None] * normal(batch, frames, joints, 2)
    leaping[:, 1:] = leaping[:, 1:] + 0.6 * leaping[:, :-1]
    limbs = torch.tensor([name[1:] in (*_ARM, *_LEG) for name in JOINTS], device=device)
    error = error + errors.leap * leaping * limbs[:, None]
    factor = (1 + (errors.hidden_factor - 1) * (1 - visible)) * spread[:, None]
    copied = guessed & (draw(batch, 1, 1) < errors.guess_other_side)
    keypoints = torch.where(copied[..., None], keypoints[:, :, list(MIRROR)], keypoints)
    keypoints = keypoints + error * (factor * severity[:, None, None])[..., None]
    far = (
        errors.guess
        * torch.exp(errors.guess_spread * normal(batch, 1, joints, 1))
        * size[:, None, None, None]
    )
    wandering = _wandering((batch, frames, joints, 2), errors.drift_frames, generator, device)
    offset = far * (normal(batch, 1, joints, 2) + 0.5 * wandering)
    keypoints = torch.where(guessed[..., None], keypoints + offset, keypoints)
    keypoints = _confused(keypoints, draw(batch) < errors.swapped, _SWAPS, generator)
    keypoints = _confused(keypoints, draw(batch) < errors.merged, _MERGERS, generator)
    return keypoints, visible


def _lost(hidden: Tensor, outside: Tensor, errors: DetectorErrors, generator: Generator) -> Tensor:
    """(B, T, 17) for which joints the detector gives nothing; `hidden` and `outside` are its guesses."""
    batch, frames, joints = hidden.shape
    device = hidden.device

    def draw(*shape: int) -> Tensor:
        return _draw(generator, device, *shape)

    lost = (draw(batch, frames, joints) < errors.joint_lost) | (outside & (draw(batch, 1, 1) < 0.5))
    often = torch.where(
        draw(batch) < errors.many_lost, 0.1 + 0.4 * draw(batch), torch.zeros(batch, device=device)
    )
    wandering = _wandering((batch, frames, joints), errors.many_lost_frames, generator, device)
    lost = lost | (torch.special.ndtr(wandering) < often[:, None, None])
    # Some detectors report a hidden joint as absent, most guess it.
    return lost | (hidden & (draw(batch, 1, 1) < 0.3))


_HIPS, _SHOULDERS = ("lhip", "rhip"), ("lshoulder", "rshoulder")
_MIDDLES = {"hip": _HIPS, "thorax": _SHOULDERS, "spine": _HIPS + _SHOULDERS}
_MADE_OF = torch.zeros(len(JOINTS), len(JOINTS))
"""Row by row, what each joint is the mean of: itself, or hips and shoulders. So a detector's keypoints become the
lifter's joints (`detectors.keypoints`): hip, thorax and spine know nothing that those four do not."""
for _joint, _name in enumerate(JOINTS):
    for _source in _MIDDLES.get(_name, (_name,)):
        _MADE_OF[_joint, JOINTS.index(_source)] = 1 / len(_MIDDLES.get(_name, (_name,)))


def _with_middles(keypoints: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """(B, T, 17, 2) and (B, T, 17) with hip, thorax and spine where hips and shoulders put them, as sure as the least
    sure of these."""
    made_of = _MADE_OF.to(keypoints.device)
    keypoints = torch.einsum("jk,btkc->btjc", made_of, keypoints)
    others = torch.where(made_of > 0, 0.0, torch.inf)
    return keypoints, (scores[:, :, None] + others).amin(dim=-1)


def _wandering(shape: tuple[int, ...], memory: float, generator: Generator, device: torch.device) -> Tensor:
    """(B, T, ...) standard normal numbers that forget themselves over `memory` frames (a first-order process)."""
    keep = math.exp(-1 / memory)
    new = torch.randn(shape, generator=generator, device=device)
    values = [new[:, 0]]
    for frame in range(1, shape[1]):
        values.append(keep * values[-1] + math.sqrt(1 - keep**2) * new[:, frame])
    return torch.stack(values, dim=1)


def _hidden_limbs(
    shape: torch.Size, errors: DetectorErrors, generator: Generator, device: torch.device
) -> Tensor:
    """(B, T, 17) which joints stand behind something: one limb a window at most, for a stretch of frames."""
    batch, frames, joints = shape
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
