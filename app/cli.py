"""The command line: `stcstudio` and `python -m app`."""

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import click
import typer

from app.errors import STATED_ERRORS, describe

app = typer.Typer(
    name="stcstudio",
    help="A video in, a person's motion in 3D out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DONE, FAILED, WRONG_USAGE, CANCELLED = 0, 1, 2, 130
DEFAULT_FORMATS = "csv,bvh,npz,overlay"

OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Folder for the results; made if need be.")
]


@app.command()
def run(
    video: Annotated[Path, typer.Argument(help="The video file.")],
    output: OutputOption = None,
    formats: Annotated[
        str, typer.Option("--format", help="What to write, with commas between; a JSON sidecar always is.")
    ] = DEFAULT_FORMATS,
    detector: Annotated[str, typer.Option(help="What finds the 2D joints.")] = "auto",
    lifter: Annotated[
        str, typer.Option(help="Name of shipped weights, or a .safetensors or published .pth file.")
    ] = "wild-27",
    height: Annotated[
        float | None, typer.Option(help="The person's height in metres; sets the scale.")
    ] = None,
    fov: Annotated[
        float | None,
        typer.Option(help="The camera's field of view in degrees, over the longer side of the picture."),
    ] = None,
    smooth: Annotated[
        str, typer.Option(help="Smoothing over time: auto, none, butterworth, savitzky-golay or gaussian.")
    ] = "auto",
    device: Annotated[str, typer.Option(help="Where the lifter computes: auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Process a video and write the motion as files."""
    from app.commands.run import run_video  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    settings = Settings(detector, lifter, device, height, fov, smooth)
    run_video(video, output or Path(f"{video.stem}-3d"), formats.split(","), settings)


@app.command()
def demo(output: OutputOption = None) -> None:
    """Process the demo clip that ships with the program and compare the result with its known truth."""
    from app.commands.demo import run_demo  # noqa: PLC0415

    run_demo(output or Path("demo-output"))


@app.command()
def doctor() -> None:
    """Say what is installed and what this machine can do; a line for every part."""
    from app.commands.doctor import examine  # noqa: PLC0415

    raise typer.Exit(DONE if examine() else FAILED)


@app.command()
def train(
    mocap: Annotated[Path, typer.Argument(help="Folder of BVH files, searched with its subfolders.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the training run.")],
    stages: Annotated[
        str, typer.Option(help="Ladder of window lengths, FRAMESxWINDOWSxSTEPS with commas between.")
    ] = "9x20x9000,27x7x4000",
    width: Annotated[int, typer.Option(help="Width of the network.")] = 256,
    hold_out: Annotated[
        str, typer.Option(help="Subjects kept for validation, with commas between; else drawn by name.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Train a lifter on motion capture; run again with the same options to go on after a stop."""
    from app.commands.train import run_training  # noqa: PLC0415

    run_training(mocap, output, stages, width, hold_out, seed, device)


@app.command(name="eval")
def evaluate(
    mocap: Annotated[
        Path | None, typer.Argument(help="Folder of BVH files, searched with its subfolders.")
    ] = None,
    lifter: Annotated[str, typer.Option(help="Name of shipped weights, or a file.")] = "wild-27",
    hold_out: Annotated[
        str, typer.Option(help="Subjects to measure on, with commas between; else drawn by name.")
    ] = "",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    rendered: Annotated[
        bool, typer.Option("--rendered", help="From pixels, on the rendered clips that come with the program.")
    ] = False,
) -> None:
    """Measure a lifter on motion capture that it has not seen, or from pixels on rendered clips."""
    if rendered:
        if mocap or hold_out:
            raise click.UsageError(
                "--rendered measures on the clips that come with the program: leave out the folder and --hold-out."
            )
        from app.commands.evaluate_rendered import run_rendered_evaluation  # noqa: PLC0415

        run_rendered_evaluation(lifter, device)
        return
    if mocap is None:
        raise click.UsageError("Name a folder of BVH files to measure on, or give --rendered.")
    from app.commands.evaluate import run_evaluation  # noqa: PLC0415

    run_evaluation(mocap, lifter, hold_out, device)


def main() -> None:
    """Entry point: exit codes 0 done, 1 a stated failure, 2 wrong usage, 130 cancelled."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a path may hold what the terminal's encoding does not
            stream.reconfigure(errors="backslashreplace")
    code = invoke(sys.argv[1:])
    if code == CANCELLED:  # everything is put away; threads that still load or lift are not waited for
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def invoke(arguments: list[str]) -> int:
    """Run one command line and return its exit code; what failed goes to stderr in one line."""
    try:
        code = app(arguments, prog_name="stcstudio", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return WRONG_USAGE if isinstance(error, click.UsageError) else FAILED
    except KeyboardInterrupt:
        code = CANCELLED
    except STATED_ERRORS as error:
        print(f"stcstudio: {describe(error)}", file=sys.stderr)
        return FAILED
    if code == CANCELLED:  # Typer, too, turns Ctrl-C into this code
        print("Cancelled; nothing half-written is left.", file=sys.stderr)
    return code if isinstance(code, int) else DONE
