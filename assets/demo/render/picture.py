"""One frame's picture: the person and their shadow, rendered alone and laid over a picture of the empty room.

Only what changes is rendered, which makes a frame several times cheaper and keeps the room free of flicker.
"""

from pathlib import Path

import bpy
import numpy as np
from camera import Camera

MARGIN_PIXELS = 28
FEATHER_PIXELS = 12
"""Width over which the edge of what was rendered fades into the empty room: bounced light ends softly."""


def render_to(path: Path) -> None:
    """Render the scene to a PNG that is whole or absent."""
    unfinished = path.with_name(f"unfinished_{path.name}")
    bpy.context.scene.render.filepath = str(unfinished)
    bpy.ops.render.render(write_still=True)
    unfinished.replace(path)


def render_frame(path: Path, room: np.ndarray, box: tuple[int, int, int, int]) -> None:
    """Render the `box` (left, top, right, bottom pixels) of the scene over `room` (rows, columns, 3)."""
    height, width = room.shape[:2]
    left, top, right, bottom = box
    render = bpy.context.scene.render
    render.use_border = render.use_crop_to_border = True
    render.border_min_x, render.border_max_x = (left + 0.01) / width, (right + 0.01) / width
    render.border_min_y, render.border_max_y = (
        (height - bottom + 0.01) / height,
        (height - top + 0.01) / height,
    )
    part = path.with_name(f"part_{path.name}")
    render_to(part)
    rendered = read_png(part)
    part.unlink()
    if rendered.shape != (bottom - top, right - left, 3):
        raise RuntimeError(
            f"Blender rendered {rendered.shape[:2]} pixels, not {(bottom - top, right - left)}."
        )
    whole = room.copy()
    opacity = _opacity(box, (width, height))[..., None]
    whole[top:bottom, left:right] = rendered * opacity + whole[top:bottom, left:right] * (1 - opacity)
    unfinished = path.with_name(f"unfinished_{path.name}")
    write_png(unfinished, whole)
    unfinished.replace(path)


def _opacity(box: tuple[int, int, int, int], size: tuple[int, int]) -> np.ndarray:
    """(rows, columns) 1 inside, falling to 0 towards the edges of the box that are not the picture's."""
    slopes = []
    for low, high, end in ((box[0], box[2], size[0]), (box[1], box[3], size[1])):
        places = np.arange(high - low) + 0.5
        slope = np.ones(high - low)
        if low > 0:
            slope = np.minimum(slope, places / FEATHER_PIXELS)
        if high < end:
            slope = np.minimum(slope, places[::-1] / FEATHER_PIXELS)
        slopes.append(slope)
    return np.minimum(slopes[0][None], slopes[1][:, None])


def changed_box(
    vertices: np.ndarray, sunlight: np.ndarray, wall: float, camera: Camera
) -> tuple[int, int, int, int]:
    """The pixels (left, top, right, bottom) where the person (V, 3) or the shadow may be."""
    to_floor = -vertices[:, 2] / sunlight[2]
    to_wall = (wall - vertices[:, 1]) / sunlight[1]
    shadow = vertices + np.maximum(np.minimum(to_floor, to_wall), 0)[:, None] * sunlight
    pixels = camera.project(camera.see(np.concatenate([vertices, shadow])))
    low = np.floor(pixels.min(axis=0)).astype(int) - MARGIN_PIXELS
    high = np.ceil(pixels.max(axis=0)).astype(int) + MARGIN_PIXELS
    low, high = np.maximum(low, 0), np.minimum(high, camera.image_size)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def read_png(path: Path) -> np.ndarray:
    """(height, width, 3) values 0 to 1 as the file has them, first row on top."""
    image = bpy.data.images.load(str(path))
    width, height = image.size
    values = np.empty(width * height * image.channels, dtype=np.float32)
    image.pixels.foreach_get(values)
    picture = values.reshape(height, width, -1)[::-1, :, :3].copy()
    bpy.data.images.remove(image)
    return picture


def write_png(path: Path, picture: np.ndarray) -> None:
    """Write (height, width, 3) values 0 to 1."""
    height, width = picture.shape[:2]
    image = bpy.data.images.new("written", width, height, alpha=False)
    values = np.ones((height, width, 4), dtype=np.float32)
    values[..., :3] = picture[::-1]
    image.pixels.foreach_set(values.ravel())
    image.filepath_raw, image.file_format = str(path), "PNG"
    image.save()
    bpy.data.images.remove(image)
