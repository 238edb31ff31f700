"""Following a person before a camera while it runs."""

from pathlib import Path
from typing import Annotated

import click
import typer

from app.cli.options import (
    DEFAULT_FORMATS,
    DEFAULT_LIFTER,
    DetectorOption,
    DeviceOption,
    HeightOption,
    LifterOption,
)

commands = typer.Typer()


@commands.command()
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
    detector: DetectorOption = "auto",
    lifter: LifterOption = DEFAULT_LIFTER,
    height: HeightOption = None,
    fov: Annotated[
        float | None,
        typer.Option(
            help="The camera's field of view in degrees, over the longer side of the picture; else 60."
        ),
    ] = None,
    camera_pitch: Annotated[
        float | None,
        typer.Option(help="How far the camera looks down, in degrees; else it is taken to stand level."),
    ] = None,
    smooth: Annotated[str, typer.Option(help="none, or auto: the one-euro filter.")] = "auto",
    device: DeviceOption = "auto",
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
    settings = Settings(detector, lifter, device, height, fov, smooth, camera_pitch_degrees=camera_pitch)
    if no_window:
        from app.commands.live import run_live  # noqa: PLC0415

        run_live(chosen, settings, seconds=seconds, record=record, formats=formats.split(","))
        return
    from app.gui.start import open_window  # noqa: PLC0415

    raise typer.Exit(open_window(live=chosen, settings=settings))
