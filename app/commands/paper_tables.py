"""The paper's tables that need no data set: presets, sizes, speed."""

import platform

from rich.console import Console
from rich.table import Table

from app.errors import StudioError

_WIDTH = 100
"""Columns that the tables take, however narrow the terminal: names are to be copied."""


def _console() -> Console:
    return Console(highlight=False, width=max(Console().width, _WIDTH))


def print_recipes() -> None:
    """The presets with what they say, and the ablations with what they change."""
    from stcformer.paper.recipe import ABLATIONS, RECIPES  # noqa: PLC0415

    console = _console()
    table = Table("recipe", "data set", "frames", "step", "width", "depth", "epochs", "batch", "rate")
    for name, recipe in RECIPES.items():
        numbers = (recipe.frames, recipe.step, recipe.width, recipe.depth, recipe.epochs, recipe.batch)
        table.add_row(
            name, recipe.dataset, *map(str, numbers), f"{recipe.learning_rate:g} x {recipe.decay:g}"
        )
    console.print(table)
    changes = Table("ablation", "changes")
    for name, changed in ABLATIONS.items():
        changes.add_row(name, ", ".join(f"{field} {value}" for field, value in changed.items()) or "nothing")
    console.print(changes)


def print_sizes() -> None:
    """Parameters and operations of the models of the paper's tables, and of its ablations of 27 frames."""
    from stcformer.complexity import multiply_accumulates, published_multiply_accumulates  # noqa: PLC0415
    from stcformer.model import STCFormer, parameter_count  # noqa: PLC0415

    table = Table(
        "model", "frames", "parameters M", "operations M, as the paper counts", "multiply-accumulates M"
    )
    for name, frames, width in (
        ("STCFormer", 27, 256),
        ("STCFormer", 81, 256),
        ("STCFormer", 243, 256),
        ("STCFormer-L", 243, 512),
    ):
        model = STCFormer(width)
        table.add_row(
            name,
            str(frames),
            f"{parameter_count(model) / 1e6:.2f}",
            f"{published_multiply_accumulates(model, frames) / 1e6:.0f}",
            f"{multiply_accumulates(model, frames) / 1e6:.0f}",
        )
    console = _console()
    console.print(table)
    console.print("The paper counts linear layers and convolutions, neither attention nor normalisation.")
    console.print(_ablation_sizes())


def _ablation_sizes() -> Table:
    from stcformer.complexity import published_multiply_accumulates  # noqa: PLC0415
    from stcformer.model import parameter_count  # noqa: PLC0415
    from stcformer.paper.recipe import ABLATIONS, find_recipe  # noqa: PLC0415
    from stcformer.paper.refinement import Refinement  # noqa: PLC0415

    table = Table("ablation of h36m-27", "parameters", "operations M, as the paper counts")
    for name in ABLATIONS:
        recipe = find_recipe("h36m-27", name)
        model = recipe.make_model()
        parameters = parameter_count(model) + (parameter_count(Refinement()) if recipe.refine else 0)
        operations = published_multiply_accumulates(model, recipe.frames) / 1e6
        table.add_row(name, f"{parameters}", f"{operations:.1f}")
    return table


def print_speed(frames: str, width: int, precision: str, device: str) -> None:
    """Poses a second: windows kept whole, and one window a frame as the protocol asks.

    Raises StudioError and LifterError.
    """
    from stcformer.paper.speed import measure_speed  # noqa: PLC0415

    try:
        lengths = [int(text) for text in frames.split(",")]
        if min(lengths) < 1:
            raise ValueError("none may be less than 1")
    except ValueError as error:
        raise StudioError(f"'{frames}' is no list of window lengths; write 9,27,81.") from error
    speeds, where = measure_speed(lengths, width, device, precision)
    table = Table("frames", "windows at once", "poses/s, windows kept whole", "poses/s, one window a frame")
    for speed in speeds:
        figures = (f"{speed.poses_kept_whole():.0f}", f"{speed.windows_per_second:.1f}")
        table.add_row(str(speed.frames), str(speed.windows), *figures)
    console = _console()
    console.print(f"{platform.processor() or platform.machine()}, {where}, width {width}, no mirror average")
    console.print(table)
