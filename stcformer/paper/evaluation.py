"""From weights and a data set to the predicted poses of its test and their table."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from stcformer.atomic import atomic_path
from stcformer.conventions import HUMAN36M, MPI_INF_3DHP
from stcformer.device import choose_device, describe_device
from stcformer.errors import LifterError
from stcformer.paper.clips import PaperDataset
from stcformer.paper.human36m import FRAME_RATE
from stcformer.paper.prediction import predict_centres
from stcformer.paper.protocols import Row, human36m_rows, mpi_inf_3dhp_rows
from stcformer.paper.recipe import Recipe
from stcformer.paper.refinement import Refinement
from stcformer.paper.windows import window_centres
from stcformer.weights import Feeding, Weights

PRECISIONS = ("float32", "bfloat16")
REFINEMENT_FILE = "refinement.safetensors"


@dataclass(frozen=True)
class Feed:
    """How the windows of a test are made."""

    frames: int
    step: int
    """Frames of the clip from one frame of a window to the next."""
    flip: bool = True
    every: int = 1
    """Only every so many of the test's frames, for a quick look."""
    precision: str = "float32"


def check_weights(weights: Weights) -> str:
    """The name of the data set that weights belong to. Raises LifterError for weights that read no whole pictures."""
    if weights.feeding.view != "screen" or weights.model.input_channels != 2:
        raise LifterError(
            f"'{weights.name}' was not trained on a data set's whole pictures but on views about a person; "
            "`stcstudio eval` measures such weights."
        )
    return "mpi_inf_3dhp" if weights.model.variant == "3dhp" else "human36m"


def usual_feed(weights: Weights) -> Feed:
    """The window that the weights learnt, and its step in frames of the clip.

    Human3.6M has 50 frames a second. Weights of MPI-INF-3DHP, which has 25 and 50, count its frames as if it had 50 too.
    """
    check_weights(weights)
    return Feed(weights.feeding.window, max(1, round(FRAME_RATE / weights.feeding.frame_rate)))


def feeding_of(recipe: Recipe) -> Feeding:
    """What weights that a recipe trained say of their input; `usual_feed` reads it back."""
    rate = FRAME_RATE / recipe.step
    convention = HUMAN36M if recipe.dataset == "human36m" else MPI_INF_3DHP
    return Feeding("screen", rate, (0.9 * rate, 1.1 * rate), recipe.frames, convention)


def predict_test(
    weights: Weights,
    dataset: PaperDataset,
    feed: Feed,
    device: str,
    refinement_file: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float32], str]:
    """(M,) test rows, their (M, 17, 3) poses, and the device's name. `progress` is told how many of how many are done.

    Raises LifterError for an unknown precision or device, and for a refinement file that is none.
    """
    if feed.precision not in PRECISIONS:
        raise LifterError(f"There is no precision '{feed.precision}'; choose one of {', '.join(PRECISIONS)}.")
    place = choose_device(device)
    model = weights.model.to(place, getattr(torch, feed.precision))
    refinement = None
    if refinement_file is not None:
        refinement = _read_refinement(refinement_file).to(place)
    centres = window_centres(dataset.test, only_valid=True)[:: feed.every]
    if not len(centres):
        raise LifterError(f"There is no frame to test in {dataset.description}.")
    poses = predict_centres(
        model,
        dataset.test,
        centres,
        feed.frames,
        feed.step,
        dataset.joints,
        flip=feed.flip,
        refinement=refinement,
        progress=None if progress is None else lambda done: progress(done, len(centres)),
    )
    return centres, poses, describe_device(place)


def protocol_rows(dataset: PaperDataset, poses: NDArray[np.float32], centres: NDArray[np.int64]) -> list[Row]:
    """The data set's own table of (M, 17, 3) poses of (M,) rows of its test; the last row is of all."""
    rows_of = human36m_rows if dataset.name == "human36m" else mpi_inf_3dhp_rows
    truth = dataset.test.pose[centres].astype(np.float64)
    return rows_of(poses.astype(np.float64), truth, dataset.test, centres)


def save_refinement(refinement: Refinement, path: Path) -> None:
    """Write a refinement as float32 safetensors. Atomic."""
    with atomic_path(path) as temporary:
        save_file({name: value.cpu() for name, value in refinement.state_dict().items()}, temporary)


def _read_refinement(path: Path) -> Refinement:
    refinement = Refinement()
    try:
        refinement.load_state_dict(load_file(path))
    except (
        Exception
    ) as error:  # safetensors and PyTorch have errors of many kinds for a file that does not fit
        raise LifterError(
            f"'{path}' is no refinement of this program's; train again, or move it away."
        ) from error
    return refinement
