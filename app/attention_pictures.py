"""Pictures of what the network attends to, and of how joints' paths go together. PNG, each written atomically."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.export.colours import joint_colour
from app.take import Array
from stcformer.atomic import atomic_path
from stcformer.skeleton import BODY_PARTS, JOINT_COUNT, JOINTS, PART_ORDER, bones

_COLUMNS = 3
_INCHES = 4.6
"""Side of one map."""
_THICKEST = 9.0
"""Points: the line to the joint that is attended to most."""
_CORRELATION_COLOURS, _ATTENTION_COLOURS = "coolwarm", "viridis"


def part_edges() -> list[int]:
    """Where in `PART_ORDER` each of the five body parts begins, and the end of the last."""
    parts = [BODY_PARTS[joint] for joint in PART_ORDER]
    return [place for place in range(JOINT_COUNT) if place == 0 or parts[place] != parts[place - 1]] + [
        JOINT_COUNT
    ]


def draw_space(maps: Array, title: str, path: Path) -> None:
    """(L, 17, 17) attention over joints, a panel a block: who attends down the side, to whom along the bottom."""
    _draw_blocks(maps[:, PART_ORDER][:, :, PART_ORDER], title, path, _mark_joints)


def draw_time(maps: Array, frames: Array, frame: int, title: str, path: Path) -> None:
    """(L, T, T) attention over the (T,) frames of a joint's path, a panel a block; a line marks `frame`."""

    def mark(axes: Any) -> None:
        row = int(np.abs(frames - frame).argmin())
        axes.axhline(row, color="white", linewidth=0.8, linestyle=":")
        places = np.unique(np.linspace(0, len(frames) - 1, min(5, len(frames))).round().astype(int))
        for set_ticks in (axes.set_xticks, axes.set_yticks):
            set_ticks(places, [f"{frames[place]:g}" for place in places], fontsize=7)
        axes.set_xlabel("frame that is attended to", fontsize=8)
        axes.set_ylabel("frame", fontsize=8)

    _draw_blocks(maps, title, path, mark)


def draw_correlation(correlation: Array, title: str, path: Path) -> None:
    """(17, 17) correlations of joints' paths in `JOINTS` order, shown part by part with a box about each part."""
    figure, panels = _figure(1, 5.8)
    axes = panels[0]
    shown = correlation[np.ix_(PART_ORDER, PART_ORDER)]
    image = axes.imshow(shown, cmap=_CORRELATION_COLOURS, vmin=-1, vmax=1)
    _mark_joints(axes, "black")
    figure.colorbar(image, ax=axes, shrink=0.7).ax.tick_params(labelsize=7)
    figure.suptitle(title, fontsize=9)
    _save(figure, path)


def draw_on_picture(
    image: NDArray[np.uint8],
    keypoints: Array,
    scores: Array,
    joint: int,
    weights: Array,
    title: str,
    path: Path,
) -> None:
    """An (H, W, 3) RGB picture with lines from a joint to the others, as thick as they are attended to.

    keypoints: (17, 2) pixels. scores, weights: (17,). Joints without a score have no line.
    """
    height, width = image.shape[:2]
    inches = 8.0
    figure, axes = _canvas((inches, inches * height / width + 0.5))
    axes.imshow(image)
    axes.set_axis_off()
    seen = np.isfinite(keypoints).all(axis=-1) & (scores > 0)
    for parent, child in bones():
        if seen[parent] and seen[child]:
            axes.plot(*keypoints[[parent, child]].T, color="white", linewidth=1.0, alpha=0.6)
    most = max(float(np.delete(weights, joint).max()), 1e-9)
    for other in np.flatnonzero(seen):
        colour = np.asarray(joint_colour(int(other))) / 255
        if other != joint and seen[joint]:
            thickness = _THICKEST * float(weights[other]) / most
            axes.plot(*keypoints[[joint, other]].T, color=colour, linewidth=thickness, alpha=0.75, zorder=2)
        axes.plot(*keypoints[other], "o", color=colour, markeredgecolor="black", markersize=5, zorder=3)
    most_attended = [f"{JOINTS[other]} {100 * weights[other]:.0f} %" for other in np.argsort(-weights)[:5]]
    note = axes.text(
        *(0.015, 0.985, "\n".join(most_attended)),
        transform=axes.transAxes,
        verticalalignment="top",
        fontsize=9,
        color="white",
        zorder=4,
    )
    note.set_bbox({"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "pad": 4})
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_title(title, fontsize=10)
    _save(figure, path)


def _draw_blocks(maps: Array, title: str, path: Path, mark: Callable[[Any], None]) -> None:
    figure, panels = _figure(len(maps))
    for block, (axes, values) in enumerate(zip(panels, maps, strict=False), start=1):
        image = axes.imshow(values, cmap=_ATTENTION_COLOURS, vmin=0)
        mark(axes)
        axes.set_title(f"block {block}", fontsize=9)
        figure.colorbar(image, ax=axes, shrink=0.7).ax.tick_params(labelsize=7)
    for axes in panels[len(maps) :]:
        axes.set_axis_off()
    figure.suptitle(title, fontsize=11)
    _save(figure, path)


def _mark_joints(axes: Any, box: str = "red") -> None:
    """Names on both axes, and a box about each of the five body parts."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    names = [JOINTS[joint] for joint in PART_ORDER]
    axes.set_xticks(range(JOINT_COUNT), names, rotation=90, fontsize=7)
    axes.set_yticks(range(JOINT_COUNT), names, fontsize=7)
    edges = part_edges()
    for first, last in pairwise(edges):
        side = last - first
        axes.add_patch(
            Rectangle((first - 0.5, first - 0.5), side, side, fill=False, edgecolor=box, linewidth=1.4)
        )


def _figure(panels: int, inches: float = _INCHES) -> tuple[Any, Sequence[Any]]:
    """A figure with square panels of that size, and the panels one after another."""
    columns = min(_COLUMNS, panels)
    rows = -(-panels // columns)
    figure, axes = _canvas((inches * columns, 0.92 * inches * rows + 0.4), rows, columns)
    return figure, np.atleast_1d(axes).ravel()


def _canvas(inches: tuple[float, float], rows: int = 1, columns: int = 1) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=inches, dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns)


def _save(figure: Any, path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary)
