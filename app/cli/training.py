"""The commands that train lifters and measure them."""

from pathlib import Path
from typing import Annotated

import click
import typer

from app.cli.options import DEFAULT_LIFTER, DeviceOption, LifterOption

commands = typer.Typer()


@commands.command()
def train(
    mocap: Annotated[Path, typer.Argument(help="Folder of BVH files, searched with its subfolders.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the training run.")],
    stages: Annotated[
        str,
        typer.Option(
            help="Ladder of window lengths, FRAMESxWINDOWSxSTEPS with commas between; 27+9 takes turns of 27 and 9."
        ),
    ] = "9x20x9000,27x7x4000",
    width: Annotated[
        int | None, typer.Option(min=8, help="Width of the network; by default 256, or that of --from.")
    ] = None,
    hold_out: Annotated[
        str, typer.Option(help="Subjects kept for validation, with commas between; else drawn by name.")
    ] = "",
    start_from: Annotated[
        str,
        typer.Option(
            "--from", help="Weights to start from (a shipped name or a file), to train them further."
        ),
    ] = "",
    rate_factor: Annotated[
        float,
        typer.Option(min=0.001, max=10, help="Of the learning rates; 0.3 suits a start --from good weights."),
    ] = 1.0,
    velocity_weight: Annotated[
        float, typer.Option(min=0, help="How much errors of the frame-to-frame movement count.")
    ] = 1.0,
    bone_weight: Annotated[
        float, typer.Option(min=0, help="How much bones that change their length count.")
    ] = 0.0,
    precision: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = "auto",
    seen_people: Annotated[
        str,
        typer.Option(
            "--seen",
            help="File of people as a detector saw them (docs/training.md); empty for the shipped one.",
        ),
    ] = "",
    keep_start: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of the weights of --from that is mixed into the written ones."
        ),
    ] = 0.0,
    report_every: Annotated[
        int, typer.Option(min=1, help="Steps from one measurement, saved state and picture to the next.")
    ] = 500,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 1,
    device: DeviceOption = "auto",
) -> None:
    """Train a lifter on motion capture; run again with the same options to go on after a stop."""
    from app.commands.train import TrainingOptions, run_training  # noqa: PLC0415

    options = TrainingOptions(
        stages,
        width,
        hold_out,
        start_from,
        rate_factor,
        velocity_weight,
        bone_weight,
        precision,
        seen_people,
        keep_start,
        seed,
        device,
    )
    run_training(mocap, output, options, report_every)


@commands.command(name="eval")
def evaluate(
    mocap: Annotated[
        Path | None, typer.Argument(help="Folder of BVH files, searched with its subfolders.")
    ] = None,
    lifter: LifterOption = DEFAULT_LIFTER,
    hold_out: Annotated[
        str,
        typer.Option(
            help="Subjects to measure on, with commas between; else those that shipped weights were trained "
            "without, or drawn by name."
        ),
    ] = "",
    device: DeviceOption = "auto",
    segments: Annotated[int, typer.Option(min=2, help="Segments of motion to measure on.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Of the segments, bodies, cameras and errors.")] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="File for every figure with its standard error.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as a card shows it.")] = False,
    brief: Annotated[
        bool,
        typer.Option("--brief", help="Without other frame rates and single pitches: about half the time."),
    ] = False,
    rendered: Annotated[
        bool,
        typer.Option("--rendered", help="From pixels, on the rendered clips that come with the program."),
    ] = False,
) -> None:
    """Measure a lifter on motion capture that it has not seen, or from pixels on rendered clips."""
    if rendered:
        if mocap or hold_out or json_file or markdown or brief:
            raise click.UsageError(
                "--rendered measures on the clips that come with the program: leave out the folder, --hold-out, "
                "--json, --markdown and --brief."
            )
        from app.commands.evaluate_rendered import run_rendered_evaluation  # noqa: PLC0415

        run_rendered_evaluation(lifter, device)
        return
    if mocap is None:
        raise click.UsageError("Name a folder of BVH files to measure on, or give --rendered.")
    from app.commands.evaluate import run_evaluation  # noqa: PLC0415

    run_evaluation(mocap, lifter, hold_out, device, segments, seed, json_file, markdown, brief)
