"""The user's own weights files: those in one folder can be named like the shipped ones.

`h36m-27.pth` in that folder is the lifter `h36m-27`. Nothing is ever fetched.
"""

import os
from pathlib import Path

FOLDER_VARIABLE = "STCSTUDIO_WEIGHTS"
SUFFIXES = (".safetensors", ".pth", ".pt")


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
