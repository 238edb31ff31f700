"""The way from the command line to the window: nothing here imports Qt before it is known to be of use."""

from pathlib import Path
from typing import TYPE_CHECKING

from app.gui.display import check_display, import_qt
from app.settings import Settings

if TYPE_CHECKING:
    from app.live import LiveSource


def open_window(
    video: Path | None = None, *, live: "LiveSource | None" = None, settings: Settings | None = None
) -> int:
    """Open the window (with a video or a project, or on a live source) and return the exit code when it is closed.

    `settings` take the place of those used last. Raises StudioError where no window can be shown.
    """
    check_display()
    import_qt()
    from app.gui.application import run_window  # noqa: PLC0415

    return run_window(video, live=live, settings=settings)
