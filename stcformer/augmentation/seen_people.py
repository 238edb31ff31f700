"""People whose joints are known as a real detector saw them: windows to train on, and errors to make again on others.

What a formula for errors leaves out is in them as it is: which joints err together and which way, how the errors go
with the pose and the view, what score each has.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from stcformer.augmentation.bodies import STATURE_M
from stcformer.augmentation.cameras import TrainingWindows, told_focal
from stcformer.augmentation.seen_clips import FRAME_RATE, SeenClip, read_seen_clips
from stcformer.errors import LifterError
from stcformer.skeleton import JOINTS, MIRROR

_CANDIDATES = 64
"""Of so many moments the errors of the one are taken that shows the most similar pose."""
_UPRIGHT_OVER_S = 0.5
"""The trunk's direction is averaged over so long: in a single frame it may point at the camera."""
_FARTHEST_OFF = 0.3
"""Mean distance, in body sizes, of the found joints from the true ones: beyond it the detector saw somebody else
altogether, upside down or not there, and nobody can tell the pose from that."""
_STATURE_BONES = (("rhip", "rknee"), ("rknee", "rankle"), ("hip", "thorax"), ("thorax", "head"))


@dataclass(frozen=True)
class SeenPeople:
    """N frames at `FRAME_RATE`, clip after clip."""

    keypoints: Tensor
    """(N, 17, 2) pixels, as found; of no meaning where the score is 0."""
    scores: Tensor
    """(N, 17), 0 where the detector gave nothing."""
    pose: Tensor
    """(N, 17, 3) camera space, the hip at 0, the body of the size of all training bodies (`STATURE_M`)."""
    displacement: Tensor
    """(N, 17, 2) found less true place in body sizes (RMS radius of the joints), turned as `upright` says."""
    focal: Tensor
    """(N,) pixels."""
    image_size: Tensor
    """(N, 2) pixels."""
    first: Tensor
    """(N,) the first frame of each frame's clip."""
    last: Tensor
    """(N,) its last frame."""
    usable: Tensor
    """(M,) the frames about which windows may lie: somebody was found there, and more or less in place."""

    def to(self, device: torch.device) -> "SeenPeople":
        """The same on a device."""
        return SeenPeople(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})

    def windows(
        self,
        count: int,
        frames: int,
        rates: tuple[float, float],
        known_lens: float,
        generator: Generator,
    ) -> TrainingWindows:
        """B windows of T frames at a rate from the range `rates`, half of them mirrored, as the detector saw them.

        A window longer than its clip goes through it there and back. `known_lens` is the share of windows whose field
        of view is told. The camera's pitch is not on record: NaN.
        """
        device = self.pose.device
        middle = self._usable((count,), generator)
        moment = self._moments(middle, frames, rates, generator)
        keypoints, scores = self._at(self.keypoints, moment), self._scores_at(moment)
        pose = self._at(self.pose, moment)
        focal, size = self.focal[middle], self.image_size[middle]
        mirrored = torch.rand(count, generator=generator, device=device) < 0.5
        order = list(MIRROR)
        other = torch.stack((size[:, None, None, 0] - keypoints[..., 0], keypoints[..., 1]), dim=-1)
        keypoints = torch.where(mirrored[:, None, None, None], other[:, :, order], keypoints)
        other = pose[:, :, order] * torch.tensor([-1.0, 1.0, 1.0], device=device)
        pose = torch.where(mirrored[:, None, None, None], other, pose)
        scores = torch.where(mirrored[:, None, None], scores[:, :, order], scores)
        focal = told_focal(focal, size, known_lens, generator)
        return TrainingWindows(keypoints, scores, pose, focal, size, torch.full_like(focal, torch.nan))

    def errors(
        self, pose: Tensor, keypoints: Tensor, rates: tuple[float, float], generator: Generator
    ) -> tuple[Tensor, Tensor]:
        """The errors made on people in similar poses, for B windows of T frames: displacements (B, T, 17, 2) in body
        sizes along the picture's axes, and scores (B, T, 17).

        pose (B, T, 17, 3) in camera space and keypoints (B, T, 17, 2) are those of the windows. A window longer than the
        clip that its errors are from goes through it there and back.
        """
        batch, frames = keypoints.shape[:2]
        device = keypoints.device
        order = list(MIRROR)
        shape = (batch, _CANDIDATES)
        middle = self._usable(shape, generator)
        mirrored = torch.rand(shape, generator=generator, device=device) < 0.5
        wanted = pose[:, frames // 2]
        # To be like somebody's mirror image is to be like them mirrored.
        flipped = wanted[:, order] * torch.tensor([-1.0, 1.0, 1.0], device=device)
        wanted = torch.where(mirrored[:, :, None, None], flipped[:, None], wanted[:, None])
        apart = torch.linalg.vector_norm(self.pose[middle] - wanted, dim=-1).sum(dim=-1)
        best = apart.argmin(dim=1, keepdim=True)
        middle, chosen = middle.gather(1, best)[:, 0], mirrored.gather(1, best)[:, 0]
        moment = self._moments(middle, frames, rates, generator)
        shift, scores = self._at(self.displacement, moment), self._scores_at(moment)
        other = shift[:, :, order] * torch.tensor([-1.0, 1.0], device=device)
        shift = torch.where(chosen[:, None, None, None], other, shift)
        scores = torch.where(chosen[:, None, None], scores[:, :, order], scores)
        return torch.einsum("bji,btkj->btki", upright(keypoints), shift), scores

    def _usable(self, shape: tuple[int, ...], generator: Generator) -> Tensor:
        """Frames about which windows may lie, drawn at random."""
        device = self.usable.device
        return self.usable[torch.randint(len(self.usable), shape, generator=generator, device=device)]

    def _moments(
        self, middle: Tensor, frames: int, rates: tuple[float, float], generator: Generator
    ) -> Tensor:
        """(B, T) fractional frames about the frames `middle` (B,), each window at its own rate."""
        device = middle.device
        low, high = (math.log(rate) for rate in rates)
        rate = torch.exp(low + (high - low) * torch.rand(len(middle), generator=generator, device=device))
        clock = (torch.arange(frames, device=device) - frames // 2) * (FRAME_RATE / rate)[:, None]
        first, last = self.first[middle][:, None], self.last[middle][:, None]
        return first + _there_and_back((middle[:, None] - first) + clock, (last - first).float())

    def _neighbours(self, moment: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        before = moment.floor().long()
        after = torch.minimum(before + 1, self.last[before])
        return before, after, moment - before

    def _at(self, values: Tensor, moment: Tensor) -> Tensor:
        """(B, T, ...) values between two frames."""
        before, after, part = self._neighbours(moment)
        return torch.lerp(values[before], values[after], part[..., None, None])

    def _scores_at(self, moment: Tensor) -> Tensor:
        """(B, T, 17), 0 where a joint was not found on either side."""
        before, after, part = self._neighbours(moment)
        low, high, part = self.scores[before], self.scores[after], part[..., None]
        return torch.lerp(low, high, part) * ((low > 0) & ((high > 0) | (part == 0)))


def upright(keypoints: Tensor) -> Tensor:
    """(B, 2, 2) rotations of the picture that make the trunk of windows (B, T, 17, 2) point down, on average."""
    return _turns_down(
        (keypoints[:, :, JOINTS.index("hip")] - keypoints[:, :, JOINTS.index("thorax")]).mean(dim=1)
    )


def _turns_down(trunk: Tensor) -> Tensor:
    """(B, 2, 2) rotations that make vectors (B, 2) point down the picture."""
    x, y = torch.nn.functional.normalize(trunk, dim=-1).unbind(dim=-1)
    return torch.stack((torch.stack((y, -x), dim=-1), torch.stack((x, y), dim=-1)), dim=-2)


def read_seen_people(path: Path | None = None, without: Collection[str] = ()) -> SeenPeople:
    """The people of a file, by default those that ship with the program, but for the subjects `without`.

    Raises LifterError.
    """
    name = f"'{path}'" if path else "the file that ships with the program"
    clips = [clip for clip in read_seen_clips(path) if clip.subject not in without]
    if not clips:
        raise LifterError(f"All people in {name} are held out; hold out fewer, or name another file.")
    lengths = np.array([len(clip.joints) for clip in clips])
    ends = np.cumsum(lengths)

    def every_frame(values: list[float] | list[tuple[int, int]]) -> Tensor:
        return torch.from_numpy(np.repeat(np.array(values, dtype=np.float32), lengths, axis=0))

    def joined(parts: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.concatenate(parts).astype(np.float32))

    displacement = joined([upright_errors(clip) for clip in clips])
    scores = joined([clip.scores for clip in clips])
    found = scores > 0
    off = (displacement.norm(dim=-1) * found).sum(dim=1) / found.sum(dim=1).clamp_min(1)
    usable = torch.nonzero(found.any(dim=1) & (off < _FARTHEST_OFF))[:, 0]
    if not len(usable):
        raise LifterError(f"In {name} the detector found nobody where they are; try another detector.")
    return SeenPeople(
        keypoints=joined([clip.keypoints for clip in clips]),
        scores=scores,
        pose=joined([_pose_of_usual_size(clip.joints) for clip in clips]),
        displacement=displacement,
        focal=every_frame([clip.focal for clip in clips]),
        image_size=every_frame([clip.image_size for clip in clips]),
        first=torch.from_numpy(np.repeat(ends - lengths, lengths)),
        last=torch.from_numpy(np.repeat(ends - 1, lengths)),
        usable=usable,
    )


def _pose_of_usual_size(joints: np.ndarray) -> np.ndarray:
    pose = joints - joints[:, :1]
    stature = sum(
        np.linalg.norm(joints[:, JOINTS.index(end)] - joints[:, JOINTS.index(start)], axis=-1).mean()
        for start, end in _STATURE_BONES
    )
    return np.asarray(pose * (STATURE_M / stature))


def upright_errors(clip: SeenClip) -> np.ndarray:
    """(F, 17, 2) found less true place in body sizes, turned so that the trunk points down; 0 where nothing was found."""
    true = clip.true_keypoints
    radius = np.square(true - true.mean(axis=1, keepdims=True)).sum(axis=-1).mean(axis=1)
    shift = (clip.keypoints - true) / np.sqrt(radius.mean())
    half = round(_UPRIGHT_OVER_S * FRAME_RATE / 2)
    trunk = true[:, JOINTS.index("hip")] - true[:, JOINTS.index("thorax")]
    sums = np.concatenate((np.zeros((1, 2)), np.cumsum(trunk, axis=0)))
    frames = np.arange(len(trunk))
    about = sums[np.minimum(frames + half + 1, len(trunk))] - sums[np.maximum(frames - half, 0)]
    turns = _turns_down(torch.from_numpy(about)).numpy()
    return np.where(clip.scores[..., None] > 0, np.einsum("fij,fkj->fki", turns, shift), 0.0)


def _there_and_back(place: Tensor, last: Tensor) -> Tensor:
    """Places folded into 0..last, turning round at either end."""
    period = (2 * last).clamp_min(1)
    place = place % period
    return torch.minimum(torch.where(place > last, period - place, place), last)
