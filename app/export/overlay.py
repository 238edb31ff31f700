"""Overlay MP4: the video with its keypoints, beside the 3D skeleton on a floor, frame by frame in step."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.export.colours import (
    LEFT_COLOUR,
    MIDDLE_COLOUR,
    RIGHT_COLOUR,
    Colour,
    joint_colour,
    person_colour,
    person_joint_colour,
)
from app.export.drawing import Trail, View, draw_scene
from app.export.format import ExportFormat, Progress
from app.export.keypoint_drawing import draw_keypoints
from app.take import Array, Take
from detectors.opencv import import_cv2

Image = NDArray[np.uint8]

LARGEST_HEIGHT, LARGEST_PICTURE_WIDTH, SMALLEST_HEIGHT = 720, 1280, 480
PANEL_SHAPE = 0.85
"""Width of the 3D panel, of its height."""

FOLLOW_SECONDS = 0.5
"""Standard deviation of the Gaussian by which the view follows the hip: calm, and without lag."""

LOOK_HEIGHT = 0.92
SMALLEST_REACH = 1.3
"""Metres above and below the point looked at that always fit."""

_TEXT = (198, 204, 216)


@dataclass(frozen=True)
class Layout:
    """Sizes in pixels: the video's picture, the 3D panel beside it, and the two together."""

    picture: tuple[int, int]
    panel: tuple[int, int]
    size: tuple[int, int]


def make_layout(width: int, height: int) -> Layout:
    """At most `LARGEST_HEIGHT` high; a small video is enlarged, so that the panel beside it can be seen."""
    scale = min(LARGEST_HEIGHT / height, LARGEST_PICTURE_WIDTH / width, max(1.0, SMALLEST_HEIGHT / height))
    picture = (_even(width * scale), _even(height * scale))
    tall = max(picture[1], SMALLEST_HEIGHT)
    panel = (_even(tall * PANEL_SHAPE), tall)
    return Layout(picture, panel, (picture[0] + panel[0], tall))


def write_overlay(take: Take, person: int, path: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Write the overlay of all persons; `person` is not looked at. Reads the video again, a frame at a time.

    Raises StudioError when the video is gone or cannot be read, or the MP4 cannot be encoded, and what `progress`
    raises.
    """
    del person
    return write_film(take, path, make_layout(take.source.width, take.source.height), progress)


def write_film(
    take: Take, path: Path, layout: Layout, progress: Progress | None = None, trail_s: float = 0.0
) -> dict[str, Any]:
    """Write `overlay_frames` as an MP4; returns its notes."""
    from app.video.writing import write_video  # noqa: PLC0415

    with closing(overlay_frames(take, layout, trail_s)) as frames:
        written = write_video(path, _counted(frames, take.frame_count(), progress), layout.size)
    several = take.person_count() > 1
    colours: dict[str, Any] = {"left": list(LEFT_COLOUR), "right": list(RIGHT_COLOUR)}
    if several:
        colours = {str(person + 1): list(person_colour(person)) for person in range(take.person_count())}
    return {
        "frames": written,
        "size_px": list(layout.size),
        "left": "the video with its keypoints, score as opacity",
        "right": "world space seen from 30 degrees beside the camera, one grid step is 0.5 m",
        "colours": "a person each, lighter on the left" if several else "a side each",
        "colours_rgb": colours,
        "sound": "none",
    }


def _counted(
    frames: Iterable[tuple[float, Image]], total: int, progress: Progress | None
) -> Iterator[tuple[float, Image]]:
    for done, frame in enumerate(frames, start=1):
        yield frame
        if progress is not None:
            progress(done, total)


def overlay_frames(
    take: Take, layout: Layout, trail_s: float = 0.0
) -> Generator[tuple[float, Image], None, None]:
    """(time in seconds, picture) of every frame of the Take's video.

    `trail_s`: how many seconds of the hips' way up to each frame are drawn on the floor.
    """
    from app.video import open_video  # noqa: PLC0415

    cv2 = import_cv2()
    targets, distance = camera_path(take, layout.panel[0] / layout.panel[1])
    scale = np.array(layout.picture) / [take.source.width, take.source.height]
    top = (layout.size[1] - layout.picture[1]) // 2
    colours = colours_of(take.person_count())
    with open_video(take.source.path) as video:
        first = take.source.first_frame
        for frame in video.frames(first, min(first + take.frame_count(), video.frame_count)):
            k = frame.index - first
            shrinks = layout.picture[0] < frame.image.shape[1]
            filter_kind = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
            picture = cv2.resize(frame.image, layout.picture, interpolation=filter_kind)
            for person, colour in enumerate(colours):
                # Pixel centres: the middle of the first pixel is at 0.5, in both pictures.
                draw_keypoints(picture, take.keypoints[person, k] * scale, take.scores[person, k], colour)
            canvas = np.zeros((layout.size[1], layout.size[0], 3), dtype=np.uint8)
            canvas[top : top + layout.picture[1], : layout.picture[0]] = picture
            view = View(
                *layout.panel, (float(targets[k, 0]), float(targets[k, 1]), LOOK_HEIGHT), distance=distance
            )
            panel = draw_scene(
                list(take.world[:, k]), view, colours, _trails(take, k, trail_s), list(take.toes[:, k])
            )
            _caption(
                panel,
                f"{frame.index:d}   {take.time_s[k]:.2f} s",
                bool(np.isfinite(take.world[:, k]).all((1, 2)).any()),
                take.person_count(),
            )
            canvas[:, layout.picture[0] :] = panel
            yield frame.time_s, canvas


def colours_of(persons: int) -> list[Callable[[int], Colour]]:
    """Each person's colour of a joint: of the sides for one, of the person among several."""
    if persons == 1:
        return [joint_colour]
    return [partial(person_joint_colour, person) for person in range(persons)]


def _trails(take: Take, frame: int, seconds: float) -> list[Trail]:
    if seconds <= 0:
        return []
    start = int(np.searchsorted(take.time_s, take.time_s[frame] - seconds))
    hips = take.world[:, start : frame + 1, 0, :2]
    colours = [person_colour(person) for person in range(len(hips))] if len(hips) > 1 else [MIDDLE_COLOUR]
    return [Trail(path, colour) for path, colour in zip(hips, colours, strict=False)]


def camera_path(take: Take, shape: float = PANEL_SHAPE) -> tuple[Array, float]:
    """(F, 2) the floor point that the view follows, and the distance from which everybody stays in it.

    `shape` is the panel's width, of its height.
    """
    frames = take.frame_count()
    hips = take.world[:, :, 0, :2]
    seen = np.isfinite(take.world).all(axis=(2, 3))
    count = seen.sum(axis=0)
    if not count.any():
        return np.zeros((frames, 2)), _distance(SMALLEST_REACH, shape)
    middle = np.where(seen[..., None], hips, 0.0).sum(axis=0) / np.maximum(count, 1)[:, None]
    known = np.flatnonzero(count)
    middle = np.stack(
        [np.interp(np.arange(frames), known, middle[known, axis]) for axis in range(2)], axis=-1
    )
    path = np.stack([_gaussian(column, FOLLOW_SECONDS * take.source.fps) for column in middle.T], axis=-1)
    looked_at = np.concatenate((path, np.full((frames, 1), LOOK_HEIGHT)), axis=1)
    away = np.linalg.norm(take.world - looked_at[:, None], axis=-1).max(axis=2)[seen]
    return path, _distance(max(SMALLEST_REACH, 1.1 * float(np.percentile(away, 98))), shape)


def _distance(reach: float, shape: float) -> float:
    """From where `reach` metres fit into the view's height; a body is slim, so only a narrow panel asks for more."""
    view = View(1, 1, (0.0, 0.0, 0.0))
    return float(reach * max(1.0, PANEL_SHAPE / shape) / np.sin(np.radians(view.fov_degrees) / 2))


def _gaussian(values: Array, sigma: float) -> Array:
    from scipy.ndimage import gaussian_filter1d  # noqa: PLC0415

    return np.asarray(gaussian_filter1d(values, max(sigma, 1e-3), mode="nearest"))


def _caption(panel: Image, text: str, seen: bool, persons: int) -> None:
    cv2 = import_cv2()
    font, size = cv2.FONT_HERSHEY_SIMPLEX, panel.shape[0] / 1500
    thickness = max(1, round(panel.shape[0] / 1000))
    step = size / 0.48
    low, left = panel.shape[0] - round(26 * step), round(20 * step)
    cv2.putText(panel, text, (left, low), font, size, _TEXT, thickness, cv2.LINE_AA)
    words = [("left", LEFT_COLOUR, 0), ("right", RIGHT_COLOUR, 52)]
    if persons > 1:
        words = [(str(person + 1), person_colour(person), 22 * person) for person in range(persons)]
    x = panel.shape[1] - round((78 + words[-1][2]) * step)
    for word, colour, shift in words:
        where = (x + round(shift * step), low)
        cv2.putText(panel, word, where, font, size, colour, thickness, cv2.LINE_AA)
    if not seen:
        where = (left, round(40 * step))
        cv2.putText(panel, "nobody seen", where, font, size, _TEXT, thickness, cv2.LINE_AA)


def _even(size: float) -> int:
    return max(2, 2 * round(size / 2))


def read_overlay(path: Path) -> dict[str, Any]:
    """`frames`, `size_px` and `time_s` of an overlay. Raises StudioError when it is not a readable video."""
    from app.video import open_video  # noqa: PLC0415

    with open_video(path) as video:
        return {"frames": video.frame_count, "size_px": [video.width, video.height], "time_s": video.time_s}


FORMAT = ExportFormat(
    "overlay",
    ".overlay.mp4",
    "a small film for a look: the video with its keypoints beside the 3D skeleton, at most 720 pixels high",
    "a picture: image space, and a view into world space",
    write_overlay,
    read_overlay,
    per_person=False,
    needs_video=True,
)
