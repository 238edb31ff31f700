"""The commands that say what there is and what this machine can do."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import DEFAULT_LIFTER, DetectorOption, DeviceOption, LifterOption

commands = typer.Typer()


@commands.command()
def formats(
    markdown: Annotated[bool, typer.Option("--markdown", help="As the table of docs/formats.md.")] = False,
) -> None:
    """List every format that can be written: a sentence each, axes, units, and whether each person has a file."""
    from app.commands.formats import list_formats  # noqa: PLC0415

    list_formats(markdown)


@commands.command()
def lifters() -> None:
    """List the weights that can be named, the shipped ones and your own, with what each is fed."""
    from app.commands.lifters import list_lifters  # noqa: PLC0415

    list_lifters()


@commands.command()
def doctor() -> None:
    """Say what is installed and what this machine can do; a line for every part."""
    from app.commands.doctor import examine  # noqa: PLC0415

    raise typer.Exit(0 if examine() else 1)


@commands.command()
def bench(
    video: Annotated[Path | None, typer.Argument(help="A video; by default the demo clip.")] = None,
    detector: DetectorOption = "auto",
    lifter: LifterOption = DEFAULT_LIFTER,
    device: DeviceOption = "auto",
) -> None:
    """Measure how fast this machine finds joints, lifts them, and does the whole."""
    from app.commands.bench import run_bench  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    run_bench(video, Settings(detector, lifter, device))
