"""Small networks, and files of weights made of them."""

from pathlib import Path
from typing import Any

import pytest
import torch

from stcformer.errors import LifterError
from stcformer.model import STCFormer
from stcformer.weights import Feeding, load_weights

OURS = Feeding("person", 30.0, (20.0, 45.0), 81)
"""As weights of our own are fed."""


def small_model(variant: str = "h36m", channels: int = 2, seed: int = 0) -> STCFormer:
    """A network with random parameters, of the right form and next to no size."""
    torch.manual_seed(seed)
    return STCFormer(width=32, depth=2, input_channels=channels, variant=variant).eval()


def published(folder: Path, state: Any, name: str = "no_refine_27_4269.pth") -> Path:
    """The file of a checkpoint as its authors would have saved it."""
    torch.save(state, folder / name)
    return folder / name


def refused(path: Path | str) -> str:
    """What is said of a file that is refused: one line that names it."""
    with pytest.raises(LifterError) as raised:
        load_weights(path)
    text = str(raised.value)
    assert len(text.splitlines()) == 1
    assert str(path) in text
    return text
