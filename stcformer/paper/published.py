"""The published figures that a run is shown beside, from `published.csv`."""

import csv
import importlib.resources
from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedRow:
    """A method's figures on one data set, with where they are from."""

    dataset: str
    method: str
    frames: int
    keypoints: str
    figures: dict[str, float]
    """By column: p1 and p2 (mm), pck and auc (per cent); only those that are published."""
    source: str


def published_rows(dataset: str) -> list[PublishedRow]:
    """The rows of `human36m` or `mpi_inf_3dhp`."""
    table = importlib.resources.files("stcformer.paper").joinpath("published.csv").read_text("utf-8")
    return [
        PublishedRow(
            row["dataset"],
            row["method"],
            int(row["frames"]),
            row["keypoints"],
            {name: float(row[name]) for name in ("p1", "p2", "pck", "auc") if row[name]},
            row["source"],
        )
        for row in csv.DictReader(table.splitlines())
        if row["dataset"] == dataset
    ]
