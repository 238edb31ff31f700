"""Errors that a real detector made on rendered people, to be made again on others.

What a formula for errors leaves out is in them as it is: which joints err together and which way, how the errors
go with where the person faces, what score each has. `benchmarks/collect_errors.py` measures them.
"""

import importlib.resources
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Generator, Tensor

from stcformer.errors import LifterError
from stcformer.skeleton import JOINT_COUNT, JOINTS, MIRROR

FRAME_RATE = 30.0
"""Of the errors' frames."""
_CANDIDATES = 12
"""Of so many stretches of errors the one is taken whose person faces most nearly the same way."""
_LARGEST_FILE = 64 * 1024 * 1024

_HIP, _THORAX, _LEFT, _RIGHT = (JOINTS.index(name) for name in ("hip", "thorax", "lshoulder", "rshoulder"))


@dataclass(frozen=True)
class MeasuredErrors:
    """N frames of errors, clip after clip."""

    displacement: Tensor
    """(N, 17, 2) detected less true place, in body sizes (RMS radius of the joints), turned as `upright` says."""
    scores: Tensor
    """(N, 17), 0 where the detector gave nothing."""
    facing: Tensor
    """(N,) radians, see `facing`."""
    first: Tensor
    """(N,) the first frame of each frame's clip."""
    last: Tensor
    """(N,) its last frame."""

    def to(self, device: torch.device) -> "MeasuredErrors":
        """The same on a device."""
        return replace(self, **{name: value.to(device) for name, value in vars(self).items()})

    def draw(self, pose: Tensor, keypoints: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:
        """Errors for B windows of T frames: displacements (B, T, 17, 2) in body sizes along the picture's axes, and
        scores (B, T, 17).

        pose (B, T, 17, 3) in camera space and keypoints (B, T, 17, 2) say how the person stands. A window longer than
        the clip that its errors are from goes through it there and back.
        """
        batch, frames = keypoints.shape[:2]
        device = keypoints.device
        shape = (batch, _CANDIDATES)
        middle = torch.randint(len(self.facing), shape, generator=generator, device=device)
        mirrored = torch.rand(shape, generator=generator, device=device) < 0.5
        offered = torch.where(mirrored, -1.0, 1.0) * self.facing[middle]
        apart = torch.cos(facing(pose)[:, frames // 2, None] - offered)
        best = apart.argmax(dim=1, keepdim=True)
        middle, mirrored = middle.gather(1, best), mirrored.gather(1, best)[:, 0]
        clock = torch.arange(frames, device=device) - frames // 2
        first, last = self.first[middle], self.last[middle]
        row = _there_and_back(middle - first + clock, last - first) + first
        shift, scores = self.displacement[row], self.scores[row]
        order = list(MIRROR)
        other = shift[:, :, order] * torch.tensor([-1.0, 1.0], device=device)
        shift = torch.where(mirrored[:, None, None, None], other, shift)
        scores = torch.where(mirrored[:, None, None], scores[:, :, order], scores)
        turn = upright(keypoints)
        return torch.einsum("bji,btkj->btki", turn, shift), scores


def facing(pose: Tensor) -> Tensor:
    """(B, T) which way people face, radians: 0 towards the camera, positive where the left shoulder is farther away.

    pose: (B, T, 17, 3) in camera space (x right, y down, z away).
    """
    across = pose[:, :, _LEFT] - pose[:, :, _RIGHT]
    return torch.atan2(across[..., 2], across[..., 0])


def upright(keypoints: Tensor) -> Tensor:
    """(B, 2, 2) rotations of the picture that make the trunk of windows (B, T, 17, 2) point down, on average."""
    trunk = (keypoints[:, :, _HIP] - keypoints[:, :, _THORAX]).mean(dim=1)
    x, y = torch.nn.functional.normalize(trunk, dim=-1).unbind(dim=-1)
    return torch.stack((torch.stack((y, -x), dim=-1), torch.stack((x, y), dim=-1)), dim=-2)


def read_measured_errors(path: Path | None = None) -> MeasuredErrors:
    """The errors in an NPZ, by default those that ship with the program. Raises LifterError."""
    path = path or Path(str(importlib.resources.files("stcformer.augmentation"))) / "mediapipe_errors.npz"
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise LifterError(f"'{path}' is too large for a file of measured errors.")
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            displacement, scores, facing, lengths = (
                np.asarray(file[name]) for name in ("displacement", "scores", "facing", "lengths")
            )
    except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
        raise LifterError(f"'{path}' holds no measured errors: {error}") from error
    count = len(facing)
    if (
        displacement.shape != (count, JOINT_COUNT, 2)
        or scores.shape != (count, JOINT_COUNT)
        or not count
        or (lengths < 1).any()
        or lengths.sum() != count
        or not np.isfinite(displacement.astype(np.float32)).all()
    ):
        raise LifterError(
            f"The arrays in '{path}' do not fit together; make it again (benchmarks/collect_errors.py)."
        )
    ends = np.cumsum(lengths)
    first, last = np.repeat(ends - lengths, lengths), np.repeat(ends - 1, lengths)
    values = (torch.from_numpy(value.astype(np.float32)) for value in (displacement, scores, facing))
    places = (torch.from_numpy(place.astype(np.int64)) for place in (first, last))
    return MeasuredErrors(*values, *places)


def _there_and_back(place: Tensor, last: Tensor) -> Tensor:
    """Places folded into 0..last, turning round at either end."""
    period = (2 * last).clamp_min(1)
    place = place % period
    return torch.where(place > last, period - place, place)
