"""Writing a file so that a stop at any moment leaves the old file or the new one, never half of it."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_path(target: str | os.PathLike[str]) -> Iterator[Path]:
    """A temporary path beside `target`, with its suffix, renamed over it when the block ends well.

    The folder is made if need be. When the block raises (Ctrl-C included), the temporary file is
    removed and `target` is as it was. Raises OSError as the file system does, naming `target`; what the
    block raises about other files, or in words of its own, passes as it is.
    """
    target = Path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{target.stem[:40]}.", suffix=target.suffix, dir=target.parent
        )
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes private files; results are ordinary ones
        temporary.replace(target)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        if error.errno is None or not _names(error, temporary):
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _names(error: OSError, temporary: Path) -> bool:
    """Whether an error speaks of the temporary file, or of no file at all."""
    if error.filename is None:
        return True
    return not isinstance(error.filename, int) and (
        Path(os.fsdecode(error.filename)).absolute() == temporary.absolute()
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
