"""The log: what went wrong, kept in a file for whoever is asked; and nothing that goes wrong is swallowed."""

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PyQt6.QtCore import QStandardPaths

_LOGGER = logging.getLogger("stcstudio")
_LISTENED = (_LOGGER, logging.getLogger("detectors"))
"""What the program writes, and what the detectors warn of, such as a device that could not be started."""
_LARGEST_BYTES = 2**20


def start_log(folder: Path | None = None) -> Path | None:
    """Write to `stcstudio.log` in the folder (None: the program's own); None where that cannot be written."""
    if folder is None:
        place = QStandardPaths.StandardLocation.AppLocalDataLocation
        folder = Path(QStandardPaths.writableLocation(place))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / "stcstudio.log", maxBytes=_LARGEST_BYTES, backupCount=1, encoding="utf-8"
        )
    except OSError as error:
        print(f"stcstudio: no log is kept: {error}", file=sys.stderr)
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    stop_log()
    for logger in _LISTENED:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    return log_file()


def stop_log() -> None:
    """Close the log's file."""
    for logger in _LISTENED:
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()


def log_file() -> Path | None:
    """Where the log is, if it is kept."""
    for handler in _LOGGER.handlers:
        if isinstance(handler, RotatingFileHandler):
            return Path(handler.baseFilename)
    return None


def log(sentence: str) -> None:
    """Write a line."""
    _LOGGER.info(sentence)


def catch_everything(show: Callable[[str], object]) -> None:
    """From now on every exception that nobody caught, in any thread, is logged, printed, and given to `show` as text.

    `show` may be called from any thread.
    """

    def on_exception(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None, thread: str = ""
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        _LOGGER.error("%s%s", f"In thread {thread}: " if thread else "", text)
        print(text, file=sys.stderr)
        show(text)

    def on_thread_exception(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            name = arguments.thread.name if arguments.thread else "?"
            on_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback, name)

    sys.excepthook = on_exception
    threading.excepthook = on_thread_exception
