"""The file of people whose joints are known, and of what a detector found of them, clip by clip.

`assets/demo/render/seen_people.py` renders the people and looks at them. A file holds, for N frames of C clips at
`FRAME_RATE`:

| array | shape | what |
|---|---|---|
| `number` | (C,) | of the clip, among all that were tried |
| `subject` | (C,) | whose motion it is, as in `stcformer.mocap` |
| `lengths` | (C,) | frames |
| `focal`, `image_size` | (C,), (C, 2) | pixels |
| `joints` | (N, 17, 3) | `_STEP_M` from the camera: x right, y down, z away |
| `keypoints` | (N, 17, 2) | where the detector found the joints, in `_STEP_PIXELS` |
| `scores` | (N, 17) | in 255ths, 0 where it found nothing |

The last three are changes from each frame to the next, over all clips, modulo the range of their integers: a third
of the size.
"""

import importlib.resources
import zlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from stcformer.atomic import atomic_path
from stcformer.errors import LifterError
from stcformer.frame_tables import changes, summed, unpacked_bytes
from stcformer.skeleton import JOINT_COUNT

FRAME_RATE = 15.0
_STEP_M = 0.001
_STEP_PIXELS = 1 / 8
_LARGEST_FILE = 256 * 1024 * 1024
"""Bytes, unpacked."""
_ARRAYS = ("number", "subject", "lengths", "focal", "image_size", "joints", "keypoints", "scores")


@dataclass(frozen=True)
class SeenClip:
    """F frames of one person before one camera."""

    number: int
    subject: str
    """Whose motion it is."""
    joints: np.ndarray
    """(F, 17, 3) metres from the camera: x right, y down, z away."""
    keypoints: np.ndarray
    """(F, 17, 2) pixels, as found; of no meaning where the score is 0."""
    scores: np.ndarray
    """(F, 17)."""
    focal: float
    """Pixels; the principal point is the picture's middle."""
    image_size: tuple[int, int]

    @property
    def true_keypoints(self) -> np.ndarray:
        """(F, 17, 2) pixels where the joints are."""
        return self.focal * self.joints[..., :2] / self.joints[..., 2:] + np.array(self.image_size) / 2


def write_seen_clips(path: Path, clips: list[SeenClip]) -> None:
    """Write the file, whole or not at all."""
    scores = np.concatenate([clip.scores for clip in clips])
    joints = np.concatenate([clip.joints for clip in clips]) / _STEP_M
    keypoints = np.concatenate([clip.keypoints for clip in clips]) / _STEP_PIXELS
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            number=np.array([clip.number for clip in clips], dtype=np.int32),
            subject=np.array([clip.subject for clip in clips], dtype=np.str_),
            lengths=np.array([len(clip.joints) for clip in clips], dtype=np.int32),
            focal=np.array([clip.focal for clip in clips], dtype=np.float32),
            image_size=np.array([clip.image_size for clip in clips], dtype=np.int16),
            joints=changes(_rounded(joints, np.int16)),
            keypoints=changes(_rounded(np.where(scores[..., None] > 0, keypoints, 0), np.int16)),
            scores=changes(np.where(scores > 0, np.maximum(_rounded(255 * scores, np.uint8), 1), 0)),
        )


def _rounded(values: np.ndarray, kind: type[np.integer]) -> np.ndarray:
    limits = np.iinfo(kind)
    return np.rint(np.clip(values, limits.min, limits.max)).astype(kind)


def read_seen_clips(path: Path | None = None) -> list[SeenClip]:
    """The clips of a file, by default of the one that ships with the program. Raises LifterError."""
    path = path or Path(str(importlib.resources.files("stcformer.augmentation"))) / "seen_by_mediapipe.npz"
    try:
        if unpacked_bytes(path) > _LARGEST_FILE:
            raise LifterError(f"'{path}' is too large for a file of people seen by a detector.")
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            number, subject, lengths, focal, size, joints, keypoints, scores = (
                np.asarray(file[name]) for name in _ARRAYS
            )
    except (
        OSError, EOFError, ValueError, KeyError, NotImplementedError, RuntimeError, BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise LifterError(f"'{path}' holds no people seen by a detector: {error}") from error
    clips, frames = (values.shape[0] if values.ndim else 0 for values in (lengths, joints))
    wanted = {
        "number": (number, (clips,), np.int32), "subject": (subject, (clips,), np.str_),
        "lengths": (lengths, (clips,), np.int32),
        "focal": (focal, (clips,), np.float32), "image_size": (size, (clips, 2), np.int16),
        "joints": (joints, (frames, JOINT_COUNT, 3), np.int16),
        "keypoints": (keypoints, (frames, JOINT_COUNT, 2), np.int16),
        "scores": (scores, (frames, JOINT_COUNT), np.uint8),
    }  # fmt: skip
    wrong = [
        name
        for name, (values, shape, kind) in wanted.items()
        if values.shape != shape or not np.issubdtype(values.dtype, kind)
    ]
    if wrong or not clips or (lengths < 1).any() or lengths.sum(dtype=np.int64) != frames:
        raise LifterError(f"The arrays in '{path}' do not fit together ({', '.join(wrong) or 'lengths'}).")
    places = summed(joints) * _STEP_M
    if not (
        np.isfinite(focal).all() and (focal > 0).all() and (size > 0).all() and (places[..., 2] > 0).all()
    ):
        raise LifterError(f"'{path}' has cameras that see nothing, or people behind them.")
    cuts = np.cumsum(lengths)[:-1]
    parts = zip(
        np.split(places, cuts),
        np.split(summed(keypoints) * _STEP_PIXELS, cuts),
        np.split(summed(scores) / 255, cuts),
        strict=True,
    )
    return [
        SeenClip(
            int(number[clip]),
            str(subject[clip]),
            *part,
            float(focal[clip]),
            (int(size[clip, 0]), int(size[clip, 1])),
        )
        for clip, part in enumerate(parts)
    ]
