"""The paper's training recipe as presets, one a published row, and what its ablations change."""

from dataclasses import dataclass, replace
from typing import Any

from stcformer.errors import LifterError
from stcformer.model import STCFormer


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out of a run, but for the data."""

    dataset: str = "human36m"
    frames: int = 27
    step: int = 3
    """Frames of the clip from one frame of a window to the next (`t_downsample`)."""
    stride: int = 1
    """A window about every so many frames of a training clip."""
    width: int = 256
    depth: int = 6
    variant: str = "h36m"
    attention: str = "both"
    position: str = "both"
    refine: bool = False
    """Also train the camera-aware refinement of the middle frame (`stcformer.paper.refinement`)."""
    batch: int = 128
    """Windows a step, over all processes."""
    epochs: int = 20
    learning_rate: float = 1e-3
    decay: float = 0.96
    """Of the learning rate after every epoch."""
    mirror: bool = True
    """Every window is seen as it is and mirrored, once each an epoch."""
    precision: str = "float32"
    """Of the products: float32 or bfloat16."""
    seed: int = 42

    def make_model(self) -> STCFormer:
        """The network, with PyTorch's own initial values. Raises LifterError for options that make none."""
        try:
            return STCFormer(
                self.width,
                self.depth,
                variant=self.variant,
                attention=self.attention,
                position=self.position,
            )
        except ValueError as error:
            raise LifterError(f"There is no such network: {error}.") from error


_H36M = Recipe()
_3DHP = Recipe(dataset="mpi_inf_3dhp", frames=81, step=1, variant="3dhp")

RECIPES: dict[str, Recipe] = {
    "h36m-9": replace(_H36M, frames=9),
    "h36m-27": _H36M,
    "h36m-81": replace(_H36M, frames=81),
    "h36m-243": replace(_H36M, frames=243, step=2),
    "h36m-243-large": replace(_H36M, frames=243, step=2, width=512),
    "3dhp-9": replace(_3DHP, frames=9),
    "3dhp-27": replace(_3DHP, frames=27),
    "3dhp-81": _3DHP,
}
"""Presets by name. `step` as the authors trained: 3, and 2 for 243 frames; 1 on MPI-INF-3DHP."""

ABLATIONS: dict[str, dict[str, Any]] = {
    "full": {},
    "space-only": {"attention": "space", "position": "none"},
    "time-only": {"attention": "time", "position": "none"},
    "no-position": {"position": "none"},
    "part-embedding": {"position": "part"},
    "convolution": {"position": "convolution"},
    "refined": {"refine": True},
    **{f"depth-{depth}": {"depth": depth} for depth in (2, 4, 6, 8)},
    **{f"width-{width}": {"width": width} for width in (64, 128, 256, 512)},
    **{f"frames-{frames}": {"frames": frames} for frames in (9, 27, 81, 243)},
}
"""What each of the paper's ablations changes of a recipe. As in its table 5, one axis alone and both alone
(`no-position`) go without position embedding; `part-embedding` is its SPE1, `convolution` its SPE2."""


def find_recipe(name: str, ablations: str = "full") -> Recipe:
    """The preset of that name with the changes of an ablation, or of several with commas between.

    Raises LifterError for an unknown name, with the known, and for two ablations that change the same.
    """
    if name not in RECIPES:
        raise LifterError(f"There is no recipe '{name}'; there are: {', '.join(RECIPES)}.")
    changes: dict[str, Any] = {}
    changed_by: dict[str, str] = {}
    for ablation in (word.strip() for word in ablations.split(",")):
        if ablation not in ABLATIONS:
            raise LifterError(f"There is no ablation '{ablation}'; there are: {', '.join(ABLATIONS)}.")
        for field, value in ABLATIONS[ablation].items():
            if field in changed_by:
                raise LifterError(
                    f"The ablations '{changed_by[field]}' and '{ablation}' both change the {field}; choose one."
                )
            changed_by[field] = ablation
            changes[field] = value
    return replace(RECIPES[name], **changes)
