"""The commands that turn videos and projects into files."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.options import (
    DEFAULT_FORMATS,
    DEFAULT_LIFTER,
    CameraPitchOption,
    DetectorOption,
    DeviceOption,
    FootLockOption,
    FormatOption,
    FovOption,
    HeightOption,
    LifterOption,
    LongestGapOption,
    OutputOption,
    PersonOption,
    SmoothOption,
)

commands = typer.Typer()


@commands.command()
def run(
    video: Annotated[Path, typer.Argument(help="The video file.")],
    output: OutputOption = None,
    formats: FormatOption = DEFAULT_FORMATS,
    detector: DetectorOption = "auto",
    lifter: LifterOption = DEFAULT_LIFTER,
    height: HeightOption = None,
    fov: FovOption = None,
    camera_pitch: CameraPitchOption = None,
    smooth: SmoothOption = "auto",
    foot_lock: FootLockOption = "auto",
    longest_gap: LongestGapOption = 0.5,
    person: PersonOption = "main",
    device: DeviceOption = "auto",
) -> None:
    """Process a video and write the motion as files."""
    from app.commands.run import run_video  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    settings = Settings(
        detector,
        lifter,
        device,
        height,
        fov,
        smooth,
        camera_pitch_degrees=camera_pitch,
        foot_lock=foot_lock,
        longest_gap_s=longest_gap,
        person=person,
    )
    run_video(video, output or Path(f"{video.stem}-3d"), formats.split(","), settings)


@commands.command()
def batch(
    videos: Annotated[list[Path], typer.Argument(help="Video files, and folders to search for them.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the results, a folder a video in it.")
    ],
    formats: FormatOption = DEFAULT_FORMATS,
    detector: DetectorOption = "auto",
    lifter: LifterOption = DEFAULT_LIFTER,
    height: HeightOption = None,
    fov: FovOption = None,
    camera_pitch: CameraPitchOption = None,
    smooth: SmoothOption = "auto",
    foot_lock: FootLockOption = "auto",
    longest_gap: LongestGapOption = 0.5,
    person: PersonOption = "main",
    device: DeviceOption = "auto",
    again: Annotated[bool, typer.Option("--again", help="Also those that are done already.")] = False,
) -> None:
    """Process many videos; one that fails does not stop the others, and what is done is not done twice."""
    from app.commands.batch import run_batch  # noqa: PLC0415
    from app.settings import Settings  # noqa: PLC0415

    settings = Settings(
        detector,
        lifter,
        device,
        height,
        fov,
        smooth,
        camera_pitch_degrees=camera_pitch,
        foot_lock=foot_lock,
        longest_gap_s=longest_gap,
        person=person,
    )
    well = run_batch(videos, output, formats.split(","), settings, again=again)
    raise typer.Exit(0 if well else 1)


@commands.command()
def export(
    project: Annotated[Path, typer.Argument(help="A project file (.stctake), saved in the window.")],
    output: OutputOption = None,
    formats: FormatOption = DEFAULT_FORMATS,
    person: Annotated[str, typer.Option(help="Whom to write: all, or a number from 1.")] = "all",
    frames: Annotated[
        str, typer.Option(help="First and last frame to write, such as 30-120; else all.")
    ] = "",
    video: Annotated[
        Path | None, typer.Option(help="Where the video is now, for the films, when it was moved.")
    ] = None,
) -> None:
    """Write a project's motion as files, without processing its video again."""
    from app.commands.export import export_project  # noqa: PLC0415

    folder = output or Path(f"{project.stem}-3d")
    export_project(project, folder, formats.split(","), person=person, frames=frames, video=video)


@commands.command()
def attention(
    source: Annotated[Path, typer.Argument(help="A video, or a project file (.stctake).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the pictures and the numbers.")],
    frame: Annotated[
        int | None,
        typer.Option(min=0, help="Frame of the video; by default the middle one that shows the person."),
    ] = None,
    joint: Annotated[
        str, typer.Option(help="Joint whose attention is shown, by its name in the files.")
    ] = "rwrist",
    block: Annotated[
        int | None,
        typer.Option(min=1, help="Block for the lines on the picture; by default the mean over all."),
    ] = None,
    person: Annotated[
        int | None, typer.Option(min=1, help="Number of the person; by default the main one.")
    ] = None,
    detector: Annotated[
        str | None,
        typer.Option(
            help="What finds a video's 2D joints, as for `run`; by default auto. A project has its joints."
        ),
    ] = None,
    lifter: Annotated[
        str | None, typer.Option(help="Name of weights, or a file; by default wild-27, or the project's.")
    ] = None,
    fov: Annotated[
        float | None,
        typer.Option(
            help="The camera's field of view in degrees, over the longer side of the picture, as for `run`; by default "
            "the project's."
        ),
    ] = None,
    device: DeviceOption = "auto",
    video: Annotated[
        Path | None, typer.Option(help="Where a project's video is now, when it was moved.")
    ] = None,
) -> None:
    """Look inside the lifter: what it attends to in a frame, and how the joints' paths go together."""
    from app.commands.attention import AttentionOptions, look_inside  # noqa: PLC0415

    options = AttentionOptions(frame, joint, block, person, detector, lifter, fov, device, video)
    look_inside(source, output, options)


@commands.command()
def demo(output: OutputOption = None) -> None:
    """Process the demo clip that ships with the program and compare the result with its known truth."""
    from app.commands.demo import run_demo  # noqa: PLC0415

    run_demo(output or Path("demo-output"))
