"""`stcstudio paper eval`: the protocols of the two data sets, beside the published rows."""

import csv
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from app.commands.paper_data import open_dataset
from app.commands.paper_published import print_published

if TYPE_CHECKING:
    from stcformer.paper.clips import PaperDataset
    from stcformer.paper.protocols import Row

_COLUMNS = {
    "human36m": (("p1", "P1 mm"), ("p2", "P2 mm"), ("acceleration", "acceleration mm/s²")),
    "mpi_inf_3dhp": (
        ("pck", "PCK %"),
        ("auc", "AUC %"),
        ("p1", "P1 mm"),
        ("acceleration", "acceleration mm/frame²"),
    ),
}


@dataclass(frozen=True)
class PaperEvaluationOptions:
    """The choices of the command line; None leaves what the weights learnt."""

    weights: str
    keypoints: str
    frames: int | None
    step: int | None
    flip: bool
    every: int
    precision: str
    device: str


def run_paper_evaluation(
    data: Path, options: PaperEvaluationOptions, output: Path | None, cache: Path | None
) -> None:
    """Predict every test frame, print the tables, and write them with plots. Raises StudioError and LifterError."""
    from stcformer.paper.evaluation import (  # noqa: PLC0415
        REFINEMENT_FILE,
        check_weights,
        predict_test,
        protocol_rows,
        usual_feed,
    )
    from stcformer.weights import load_weights  # noqa: PLC0415

    weights = load_weights(options.weights)
    name, usual = check_weights(weights), usual_feed(weights)
    feed = replace(
        usual,
        frames=options.frames or usual.frames,
        step=options.step or usual.step,
        flip=options.flip,
        every=options.every,
        precision=options.precision,
    )
    dataset = open_dataset(name, data, options.keypoints, cache)
    # Beside a file; weights that are named have none.
    refinement = Path(options.weights).with_name(REFINEMENT_FILE)
    is_refined = Path(options.weights).is_file() and refinement.is_file()
    console = Console(highlight=False)
    columns = (TextColumn("Lifting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        centres, poses, place = predict_test(
            weights,
            dataset,
            feed,
            options.device,
            refinement if is_refined else None,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    console.print(
        f"{weights.name} (SHA-256 {weights.sha256[:12]}), {feed.frames} frames every {feed.step}, "
        f"{'with' if feed.flip else 'without'} mirror average{', refined' if is_refined else ''}, "
        f"{feed.precision}; {dataset.description}, {len(centres)} test frames; {place}",
        markup=False,
    )
    rows = protocol_rows(dataset, poses, centres)
    _print(console, rows, name)
    keypoints = options.keypoints if name == "human36m" else "true"
    print_published(console, name, rows, weights.name, feed.frames, keypoints)
    if output is not None:
        for path in write_results(output, dataset, poses, centres, rows):
            console.print(f"Written: {path}", markup=False)


def _print(console: Console, rows: "list[Row]", dataset: str) -> None:
    table = Table("", "frames", *(title for _, title in _COLUMNS[dataset]))
    for row in rows:
        values = (f"{getattr(row, name):.2f}" for name, _ in _COLUMNS[dataset])
        table.add_row(row.name, str(row.frames), *values, style="bold" if row is rows[-1] else "")
    console.print(table)


def write_results(
    output: Path, dataset: "PaperDataset", poses: np.ndarray, centres: np.ndarray, rows: "list[Row]"
) -> list[Path]:
    """The table as CSV, the error of every joint as CSV, and both with the distribution as pictures. Atomic."""
    from stcformer.atomic import atomic_path  # noqa: PLC0415
    from stcformer.paper.plots import plot_distribution, plot_joints  # noqa: PLC0415
    from stcformer.paper.protocols import joint_errors  # noqa: PLC0415

    errors = joint_errors(poses, dataset.test.pose[centres], 1000 * dataset.metres)
    with atomic_path(output / "table.csv") as path, path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(asdict(rows[0])))
        table.writeheader()
        table.writerows(asdict(row) for row in rows)
    with atomic_path(output / "joints.csv") as path, path.open("w", newline="") as file:
        joints = csv.writer(file)
        joints.writerow(["joint", "mean_mm", "median_mm", "p95_mm"])
        for name, values in zip(dataset.joints.names, errors.T, strict=True):
            joints.writerow([name, values.mean(), np.median(values), np.percentile(values, 95)])
    plot_joints(errors, dataset.joints.names, output / "joints.png")
    plot_distribution(errors, output / "distribution.png")
    return [output / name for name in ("table.csv", "joints.csv", "joints.png", "distribution.png")]
