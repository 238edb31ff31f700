"""`stcstudio models ...`: the detectors' model files."""

from pathlib import Path
from typing import Annotated

import click
import typer

models = typer.Typer(
    help="The model files of the detectors: which are here, download, import.", no_args_is_help=True
)


@models.command(name="list")
def models_list() -> None:
    """Every model file: what it is, its size and licence, and whether it is here."""
    from app.commands.models import list_models  # noqa: PLC0415

    list_models()


@models.command(name="download")
def models_download(
    names: Annotated[list[str], typer.Argument(help="Names as `stcstudio models list` shows them.")],
) -> None:
    """Fetch model files. A stopped download goes on when it is run again."""
    from app.commands.models import download_models  # noqa: PLC0415

    download_models(names)


@models.command(name="import")
def models_import(
    files: Annotated[list[Path], typer.Argument(help="Files that were fetched in another way.")],
    name: Annotated[
        str | None, typer.Option("--as", help="Which model file it is; else recognised by hash or file name.")
    ] = None,
    sha256: Annotated[
        str | None, typer.Option(help="The SHA-256 that it must have, for a file whose hash is not known.")
    ] = None,
) -> None:
    """Take in model files that were fetched on another machine."""
    if len(files) > 1 and (name or sha256):
        raise click.UsageError("--as and --sha256 are for one file at a time.")
    from app.commands.models import import_models  # noqa: PLC0415

    import_models(files, name, sha256)


@models.command(name="where")
def models_where() -> None:
    """Print the folder of the model files."""
    from detectors.models.files import where  # noqa: PLC0415

    print(where())
