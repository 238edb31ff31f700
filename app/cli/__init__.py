"""The command line: `stcstudio` and `python -m app`."""

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import click
import typer

from app.cli import about, live, processing, training
from app.cli.models import models
from app.cli.paper import paper
from app.errors import STATED_ERRORS, describe

app = typer.Typer(
    name="stcstudio",
    help="A video in, a person's motion in 3D out.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

DONE, FAILED, WRONG_USAGE, CANCELLED = 0, 1, 2, 130


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


for part in (processing, live, about, training):
    app.add_typer(part.commands)
app.add_typer(models, name="models")
app.add_typer(paper, name="paper")


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
