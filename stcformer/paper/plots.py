"""Pictures of a test: the error joint by joint, and how it is distributed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.atomic import atomic_path

Array = NDArray[np.floating[Any]]

_BINS = 60


def plot_joints(errors: Array, names: Sequence[str], path: Path) -> None:
    """(M, J) joint errors in millimetres as bars: the mean, and the quartiles of each joint. PNG, atomic."""
    figure, axes = _figure()
    low, high = np.percentile(errors, (25, 75), axis=0)
    mean = errors.mean(axis=0)
    places = np.arange(len(names))
    axes.bar(places, mean, color="tab:blue", label="mean")
    axes.vlines(places, low, high, color="black", label="middle half of the frames")
    axes.set_xticks(places, names, rotation=60, ha="right")
    axes.set_ylabel("error (mm)")
    axes.legend()
    _save(figure, path)


def plot_distribution(errors: Array, path: Path) -> None:
    """(M, J) joint errors in millimetres as a histogram of the poses' means with its cumulative curve. PNG, atomic."""
    figure, axes = _figure()
    poses = np.sort(errors.mean(axis=1))
    axes.hist(poses, bins=_BINS, color="tab:blue")
    axes.set_xlabel("mean error of a pose (mm)")
    axes.set_ylabel("frames")
    share = axes.twinx()
    share.plot(poses, 100 * np.arange(1, len(poses) + 1) / len(poses), color="tab:orange")
    share.set_ylabel("frames with at most this error (%)", color="tab:orange")
    share.set_ylim(0, 100)
    _save(figure, path)


def _figure() -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _save(figure: Any, path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary)
