"""The user's own weights files: those in one folder can be named like the shipped ones.

`h36m-27.pth` in that folder is the lifter `h36m-27`. Nothing is ever fetched.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

FOLDER_VARIABLE = "STCSTUDIO_WEIGHTS"
SUFFIXES = (".safetensors", ".pth", ".pt")
LARGEST_FILE_BYTES = 2 * 2**30

AUTHORS_REPOSITORY = "https://github.com/zhenhuat/STCFormer"
"""Its README has the link to the checkpoints, and says their errors."""


@dataclass(frozen=True)
class PublishedFile:
    """A checkpoint that the authors have published on Human3.6M."""

    file: str
    """Where it lies in their folder of checkpoints."""
    window: int


PUBLISHED_FILES = {
    "h36m-27": PublishedFile("model_27_STCFormer/no_refine_6_4406.pth", 27),
    "h36m-81": PublishedFile("model_81_STCFormer/no_refine_6_4172.pth", 81),
}
"""By the names that they have here, as the README of the authors' repository lists them; that of 243 frames was never
released."""


@dataclass(frozen=True)
class LifterState:
    """How weights that can be named stand on this machine, for a list of them."""

    name: str
    is_here: bool
    words: str
    """What they are, or where to get them; a sentence, or a part of one."""


def own_weights_folder() -> Path:
    """Where they lie; it need not be there. `STCSTUDIO_WEIGHTS` names another one."""
    if chosen := os.environ.get(FOLDER_VARIABLE):
        return Path(chosen).expanduser().absolute()
    import platformdirs  # noqa: PLC0415 - `stcstudio --help` does not need it

    return platformdirs.user_data_path("stcformer-studio", appauthor=False) / "weights"


def own_weights() -> dict[str, Path]:
    """The files in the folder by their names without suffix, in the order of the alphabet; none is read.

    Of two files with one name the first of `SUFFIXES` counts.
    """
    folder = own_weights_folder()
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    found: dict[str, Path] = {}
    for path in sorted(files, key=lambda path: (path.stem, SUFFIXES.index(path.suffix))):
        found.setdefault(path.stem, path)
    return found


def missing_published() -> tuple[str, ...]:
    """The names of the published checkpoints that do not lie in the folder."""
    here = own_weights()
    return tuple(name for name in PUBLISHED_FILES if name not in here)


def where_to_get(name: str) -> str:
    """One sentence for a published checkpoint that is not here: what it is, where it is to be had, where it goes."""
    return (
        f"The weights '{name}' are not here: they are the authors' own, for you to download; {AUTHORS_REPOSITORY} has "
        f"the link (there '{PUBLISHED_FILES[name].file}'). Put the file as {name}.pth in '{own_weights_folder()}'."
    )


def describe_own_file(path: Path) -> str:
    """What a file of the user's is known by: its name and its SHA-256. Reads all of it."""
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            return f"Your file '{path}', larger than 2 GiB: too large for an STCFormer checkpoint."
        return f"Your file '{path}', SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError as error:
        return f"Your file '{path}' cannot be read: {error.strerror}."
