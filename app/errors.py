"""The failures that a person can do something about, and how each is said in one sentence."""

import errno
from pathlib import Path

from detectors.errors import DetectorError
from stcformer.errors import LifterError


class StudioError(Exception):
    """One sentence for the user: what failed, on which file or frame, and what to do."""


class CancelledError(Exception):
    """The user stopped the work; nothing was written."""


STATED_ERRORS: tuple[type[Exception], ...] = (StudioError, LifterError, DetectorError, OSError)
"""What ends a command with exit code 1 and one line; anything else is a bug and shows its traceback."""

_OS_ADVICE = {
    errno.ENOENT: "does not exist; check the path",
    errno.EACCES: "may not be read or written; check its permissions or choose another folder",
    errno.EPERM: "may not be changed; check its permissions or choose another folder",
    errno.EROFS: "is on a read-only disk; choose another folder",
    errno.ENOSPC: "cannot be written because the disk is full; free some space or choose another folder",
    errno.EFBIG: "cannot be written because files may not grow that large here; choose another folder",
    errno.ENAMETOOLONG: "has a name that is too long; give the video a shorter name",
    errno.EEXIST: "is already there and no folder; choose another folder",
    errno.EISDIR: "is a folder; name a file",
    errno.ENOTDIR: "has a file where a folder is needed; choose another folder",
}


def describe(error: Exception) -> str:
    """The sentence for a stated error (see `STATED_ERRORS`), on one line."""
    if not isinstance(error, OSError):
        return " ".join(str(error).split())
    where = f"'{Path(error.filename)}'" if error.filename else "A file"
    advice = _OS_ADVICE.get(error.errno or 0, f"could not be used ({error.strerror or error})")
    return f"{where} {advice}."
