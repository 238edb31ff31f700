"""The published figures that a run is shown beside, from `published.csv` and, by actions, `published_actions.csv`."""

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
    return [
        PublishedRow(
            row["dataset"],
            row["method"],
            int(row["frames"]),
            row["keypoints"],
            {name: float(row[name]) for name in ("p1", "p2", "pck", "auc") if row[name]},
            row["source"],
        )
        for row in _rows("published.csv")
        if row["dataset"] == dataset
    ]


@dataclass(frozen=True)
class PublishedActions:
    """A method's errors on Human3.6M, action by action, as a published table has them."""

    method: str
    frames: int
    keypoints: str
    protocol: str
    """p1 or p2."""
    errors: dict[str, float]
    """mm, by action as VideoPose3D's files name them, and "Average"; only those that were found."""
    source: str


_OTHER_COLUMNS = ("method", "frames", "keypoints", "protocol", "source")


def published_actions(protocol: str, keypoints: str) -> list[PublishedActions]:
    """The rows of one protocol and one kind of 2D keypoints, the largest average first."""
    return [
        PublishedActions(
            row["method"],
            int(row["frames"]),
            row["keypoints"],
            row["protocol"],
            {name: float(value) for name, value in row.items() if name not in _OTHER_COLUMNS and value},
            row["source"],
        )
        for row in _rows("published_actions.csv")
        if (row["protocol"], row["keypoints"]) == (protocol, keypoints)
    ]


def _rows(file: str) -> list[dict[str, str]]:
    table = importlib.resources.files("stcformer.paper").joinpath(file).read_text("utf-8")
    return list(csv.DictReader(table.splitlines()))
