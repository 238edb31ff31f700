"""The paper's tables of results: the published rows, and this run's among them."""

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from stcformer.paper.protocols import Row

WIDTH = 152
"""Columns that the tables take, however narrow the terminal: names and figures are not cut."""
SHORT = {
    "Directions": "Dir.",
    "Discussion": "Disc.",
    "Eating": "Eat",
    "Greeting": "Greet",
    "Phoning": "Phone",
    "Photo": "Photo",
    "Posing": "Pose",
    "Purchases": "Purch.",
    "Sitting": "Sit",
    "SittingDown": "SitD.",
    "Smoking": "Smoke",
    "Waiting": "Wait",
    "WalkDog": "WalkD.",
    "Walking": "Walk",
    "WalkTogether": "WalkT.",
    "Average": "Avg",
}
"""The columns of the paper's table 1, by the actions' names in VideoPose3D's files."""
_FIGURES = {
    "human36m": (("p1", "P1 mm"), ("p2", "P2 mm")),
    "mpi_inf_3dhp": (("pck", "PCK %"), ("auc", "AUC %"), ("p1", "P1 mm")),
}


def print_published(
    console: Console, dataset: str, rows: "list[Row]", name: str, frames: int, keypoints: str
) -> None:
    """The published tables for the same kind of 2D keypoints, with this run's row; the last of `rows` is of all.

    On Human3.6M action by action for either protocol, then the averages, of which more are known.
    """
    console = Console(highlight=False, width=max(console.width, WIDTH))
    has_true_keypoints = dataset != "human36m" or keypoints == "gt"
    if dataset == "human36m":
        for protocol in ("p1", "p2"):
            table = _by_action(protocol, rows, name, frames, keypoints)
            if table is not None:
                console.print(table)
    console.print(_averages(dataset, rows[-1], name, frames, keypoints, has_true_keypoints))


def _by_action(protocol: str, rows: "list[Row]", name: str, frames: int, keypoints: str) -> Table | None:
    """None where nothing was published for such keypoints, by actions."""
    from stcformer.paper.published import published_actions  # noqa: PLC0415

    published = published_actions(protocol, keypoints)
    if not published:
        return None
    title = f"{protocol.upper()} mm of each action, 2D: {keypoints}"
    table = Table("method", "frames", title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for short in SHORT.values():
        table.add_column(short, justify="right", no_wrap=True)
    table.columns[0].no_wrap = True
    for row in published:
        table.add_row(row.method, str(row.frames), *_cells(row.errors))
    mine = {row.name: float(getattr(row, protocol)) for row in rows}
    table.add_row(name, str(frames), *_cells(mine), style="bold")
    # A row's source names the paper that it is of, and after a semicolon the table where it was read.
    read_in: dict[str, list[str]] = {}
    for row in published:
        read_in.setdefault(row.source.partition("; ")[2], []).append(row.method)
    table.caption = "\n".join(f"{', '.join(methods)}: {place}." for place, methods in read_in.items())
    table.caption_justify = "left"
    return table


def _cells(errors: dict[str, float]) -> list[str]:
    return [f"{errors[action]:.1f}" if action in errors else "" for action in SHORT]


def _averages(
    dataset: str, total: "Row", name: str, frames: int, keypoints: str, has_true_keypoints: bool
) -> Table:
    from stcformer.paper.published import published_rows  # noqa: PLC0415

    figures = _FIGURES[dataset]
    table = Table("method", "frames", "2D", *(title for _, title in figures), "source", title="Published")
    table.columns[0].no_wrap = True
    for row in published_rows(dataset):
        if (row.keypoints in ("gt", "true")) != has_true_keypoints:
            continue
        values = (
            f"{value:.1f}" if (value := row.figures.get(column)) is not None else "" for column, _ in figures
        )
        table.add_row(row.method, str(row.frames), row.keypoints, *values, row.source)
    mine = (f"{getattr(total, column):.1f}" for column, _ in figures)
    table.add_row(name, str(frames), keypoints, *mine, "this run", style="bold")
    return table
