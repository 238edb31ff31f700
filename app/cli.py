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
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DONE, FAILED, WRONG_USAGE, CANCELLED = 0, 1, 2, 130
DEFAULT_FORMATS = "csv,bvh,npz,overlay"

OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Folder for the results; made if need be.")
]


@app.callback()
def start(context: typer.Context) -> None:
    """A video in, a person's motion in 3D out. Without a command, the window opens."""
    if context.invoked_subcommand is None:
        gui()


@app.command()
def gui(
    video: Annotated[Path | None, typer.Argument(help="A video or a project to open.")] = None,
) -> None:
    """Open the window."""
    from app.gui.start import open_window  # noqa: PLC0415

    raise typer.Exit(open_window(video))


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
    report_every: Annotated[
        int, typer.Option(min=1, help="Steps from one measurement, saved state and picture to the next.")
    ] = 500,
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
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
        seed,
        device,
    )
    run_training(mocap, output, options, report_every)


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
    segments: Annotated[int, typer.Option(min=2, help="Segments of motion to measure on.")] = 64,
    seed: Annotated[int, typer.Option(min=0, help="Of the segments, bodies, cameras and errors.")] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="File for every figure with its standard error.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as a card shows it.")] = False,
    rendered: Annotated[
        bool,
        typer.Option("--rendered", help="From pixels, on the rendered clips that come with the program."),
    ] = False,
) -> None:
    """Measure a lifter on motion capture that it has not seen, or from pixels on rendered clips."""
    if rendered:
        if mocap or hold_out or json_file or markdown:
            raise click.UsageError(
                "--rendered measures on the clips that come with the program: leave out the folder, --hold-out, "
                "--json and --markdown."
            )
        from app.commands.evaluate_rendered import run_rendered_evaluation  # noqa: PLC0415

        run_rendered_evaluation(lifter, device)
        return
    if mocap is None:
        raise click.UsageError("Name a folder of BVH files to measure on, or give --rendered.")
    from app.commands.evaluate import run_evaluation  # noqa: PLC0415

    run_evaluation(mocap, lifter, hold_out, device, segments, seed, json_file, markdown)


@app.command()
def live(
    camera: Annotated[int | None, typer.Option(min=0, help="Which camera, 0 the first.")] = None,
    source: Annotated[Path | None, typer.Option(help="A video file in a camera's place.")] = None,
    realtime: Annotated[
        bool,
        typer.Option(
            "--realtime", help="Play the file at its own rate, and drop pictures when there is no time."
        ),
    ] = False,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="End after so long.")] = None,
    record: Annotated[
        Path | None, typer.Option(help="Folder for the video of what was seen and for its motion as files.")
    ] = None,
    formats: Annotated[
        str, typer.Option("--format", help="What to write of a recording, with commas between.")
    ] = DEFAULT_FORMATS,
    no_window: Annotated[bool, typer.Option("--no-window", help="Print numbers instead.")] = False,
    detector: Annotated[str, typer.Option(help="What finds the 2D joints.")] = "auto",
    lifter: Annotated[
        str, typer.Option(help="Name of shipped weights, or a .safetensors or published .pth file.")
    ] = "wild-27",
    height: Annotated[float | None, typer.Option(help="The person's height in metres.")] = None,
    fov: Annotated[
        float | None, typer.Option(help="The camera's field of view in degrees, over the longer side.")
    ] = None,
    smooth: Annotated[str, typer.Option(help="none, or auto: the one-euro filter.")] = "auto",
    device: Annotated[str, typer.Option(help="Where the lifter computes: auto, cpu, cuda or mps.")] = "auto",
) -> None:
    """Follow a person before a camera in 3D, while it runs."""
    if source is not None and camera is not None:
        raise click.UsageError("Give either --camera or --source, not both.")
    if realtime and source is None:
        raise click.UsageError("--realtime is for a file: name it with --source.")
    if not no_window and (seconds is not None or record is not None):
        raise click.UsageError("--seconds and --record are for --no-window; the window has its own buttons.")
    from app.live import CameraSource, FileSource  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    chosen = CameraSource(camera or 0) if source is None else FileSource(source, realtime)
    settings = Settings(detector, lifter, device, height, fov, smooth)
    if no_window:
        from app.commands.live import run_live  # noqa: PLC0415

        run_live(chosen, settings, seconds=seconds, record=record, formats=formats.split(","))
        return
    from app.gui.start import open_window  # noqa: PLC0415

    raise typer.Exit(open_window(live=chosen, settings=settings))


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
