"""Keeping the log of a C++ library out of the terminal without losing what others write there."""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

# absl's and TensorFlow Lite's own lines, by severity; Matplotlib, which MediaPipe imports, speaks the first
# time
_CHATTER = re.compile(
    r"[IW]\d{4} \d\d:\d\d:|INFO: Created TensorFlow|WARNING: (All log messages|Logging) before "
    r"|WARNING: Read-only tensor "
    r"|Matplotlib (is building|created)"
)
_ERROR = re.compile(r"[EF]\d{4} \d\d:\d\d:|ERROR: ")

_LOCK = threading.RLock()


@contextmanager
def captured_native_log(errors: list[str]) -> Iterator[None]:
    """Within the block, the process's standard error goes to a file, which is sorted when the block ends.

    MediaPipe logs from threads of its own straight to file descriptor 2, and has no switch for it. Its
    information and warnings are dropped. Its error lines are appended to `errors` when the block raises,
    for the sentence that is then raised, and written to standard error when it does not. All other lines,
    such as another thread's, are written there too: nothing is lost, it is only late. One block runs at a
    time, a second thread waits. Where the process has no standard error (a windowed program), there is
    nothing to keep clean.
    """
    with _LOCK, tempfile.TemporaryFile() as file:
        try:
            terminal = os.dup(2)
        except OSError:
            yield
            return
        failed = True
        try:
            _flush()
            os.dup2(file.fileno(), 2)
            yield
            failed = False
        finally:
            _flush()
            os.dup2(terminal, 2)
            os.close(terminal)
            _sort(file, errors if failed else None)


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()


def _sort(file: BinaryIO, errors: list[str] | None) -> None:
    file.seek(0)
    for line in file.read().splitlines(keepends=True):
        text = line.decode(errors="replace")
        if errors is not None and _ERROR.match(text):
            errors.append(text.strip())
        elif not _CHATTER.match(text):
            os.write(2, line)
