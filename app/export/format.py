"""What an export format is: one entry in the registry of `app.export`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Progress = Callable[[int, int], None]
"""progress(done, total): told the frames written so far; what it raises stops the writing, and no file is left."""


@dataclass(frozen=True)
class ExportFormat:
    """One file format that a Take can be written as."""

    name: str
    """What `--format` calls it."""
    suffix: str
    """What is put after the stem, with its dot."""
    description: str
    """One line for a person who chooses."""
    space: str
    """Space and units of what it holds, for the same person."""
    write: Callable[..., dict[str, Any]]
    """write(take, person, path): writes the file atomically; returns notes for the sidecar, JSON values."""
    read: Callable[[Path], Any]
    """read(path): what the file holds, in the format's own terms; for tests and for looking back."""
    per_person: bool = True
    """Whether each person has a file; else one file holds everybody and `person` is not looked at."""
    needs_pose: bool = False
    """Whether it cannot be written for a person who has no pose in any frame."""
    needs_video: bool = False
    """Whether it shows the video, which must then be there. It takes long: `write` has a fourth argument, a `Progress`
    or None."""
