"""People to train on, for tests: somebody who stands, bodies in random poses, and windows of them."""

from dataclasses import fields

import numpy as np
import torch
from torch import Generator, Tensor

from stcformer.augmentation import TrainingWindows, ViewRange, random_bodies, random_views
from stcformer.skeleton import JOINTS

HIP, THORAX, SPINE = (JOINTS.index(name) for name in ("hip", "thorax", "spine"))
LEVEL = ViewRange(pitch=(0.0, 0.0), roll=0.0, known_lens=1.0)


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
