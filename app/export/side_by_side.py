"""Side-by-side MP4: the video with its keypoints and the 3D view, each as large as the video, for showing to others."""

from pathlib import Path
from typing import Any

from app.export.format import ExportFormat, Progress
from app.export.overlay import SMALLEST_HEIGHT, Layout, read_overlay, write_film
from app.take import Take

LARGEST_SIDE = 1920
"""Pixels of either half, in width and in height."""
SMALLEST_PANEL_SHAPE = 0.56
"""Width of the 3D view, of its height: a standing person fits into it."""
TRAIL_SECONDS = 2.0


def make_layout(width: int, height: int) -> Layout:
    """The video at its own size and a 3D view of the same; scaled down to `LARGEST_SIDE`, up to `SMALLEST_HEIGHT`."""
    scale = min(LARGEST_SIDE / width, LARGEST_SIDE / height, max(1.0, SMALLEST_HEIGHT / height))
    picture = (_even(width * scale), _even(height * scale))
    tall = max(picture[1], SMALLEST_HEIGHT)
    panel = (max(picture[0], _even(tall * SMALLEST_PANEL_SHAPE)), tall)
    return Layout(picture, panel, (picture[0] + panel[0], tall))


def write_side_by_side(
    take: Take, person: int, path: Path, progress: Progress | None = None
) -> dict[str, Any]:
    """Write the film of all persons; `person` is not looked at. Reads the video again, a frame at a time.

    Raises StudioError when the video is gone or cannot be read, or the MP4 cannot be encoded, and what `progress`
    raises.
    """
    del person
    layout = make_layout(take.source.width, take.source.height)
    notes = write_film(take, path, layout, progress, TRAIL_SECONDS)
    return notes | {"trail": f"the way of the hip on the floor over the last {TRAIL_SECONDS:g} s"}


def _even(size: float) -> int:
    return max(2, 2 * round(size / 2))


FORMAT = ExportFormat(
    "side-by-side",
    ".side-by-side.mp4",
    "a film for showing: the video with its keypoints and the 3D view, each as large as the video",
    "a picture: image space, and a view into world space",
    write_side_by_side,
    read_overlay,
    per_person=False,
    needs_video=True,
)
