"""`stcstudio models`: the model files of the detectors; the only command that uses the network."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from detectors.models import files as model_files
from detectors.models.files import Transfer
from detectors.models.table import ModelFile, model_entry, model_table


def list_models() -> None:
    """Print the table of model files: name, what it is, size, licence, and whether it is here."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("name", no_wrap=True)
    table.add_column("what")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("licence", no_wrap=True)
    table.add_column("here")
    for entry in model_table().values():
        table.add_row(entry.name, entry.what, size_text(entry.size), entry.licence, _state(entry))
    console = Console(highlight=False, emoji=False, markup=False)
    console.print(table)
    console.print(f"Folder: {model_files.where()}", soft_wrap=True)


def download_models(names: Sequence[str]) -> None:
    """Fetch the named files that are not here yet, one after the other. Raises DetectorError, OSError."""
    for name in names:
        model_entry(name)  # a wrong name is said before anything is fetched
    console, errors = _console(), _console(stderr=True)
    for name in dict.fromkeys(names):
        if model_files.is_present(name):
            installed = model_files.verify(name)
            console.print(f"{name} is here already ({installed.verified}).")
            continue
        with _shown(errors, name) as progress:
            installed = model_files.download(name, progress, errors.print)
        console.print(f"{name}: {installed.verified}.")
        console.print(f"  {installed.path}")


def import_models(files: Sequence[Path], name: str | None, sha256: str | None) -> None:
    """Take in files that were fetched in another way. Raises DetectorError, OSError."""
    console = _console()
    for file in files:
        installed = model_files.import_file(file, name, sha256)
        console.print(f"{installed.name}: {installed.verified}.")
        console.print(f"  {installed.path}")


def size_text(size: int | None) -> str:
    """Bytes as megabytes; '?' for a size that is not known."""
    return "?" if size is None else f"{size / 1e6:.1f} MB"


def _console(stderr: bool = False) -> Console:
    return Console(stderr=stderr, highlight=False, soft_wrap=True, emoji=False, markup=False)


def _state(entry: ModelFile) -> str:
    if not model_files.is_present(entry.name):
        return "no"
    receipt = model_files.receipt_of(entry.name)
    return f"yes, {receipt.verified}" if receipt else "yes, not verified yet"


@contextmanager
def _shown(console: Console, name: str) -> Iterator[Callable[[Transfer], None] | None]:
    """A progress bar on a terminal; nothing where the output goes elsewhere."""
    if not console.is_terminal:
        yield None
        return
    text = TextColumn("{task.description}")
    columns = (text, BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=None)
        yield lambda step: progress.update(task, completed=step.done, total=step.total)
