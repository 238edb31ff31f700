"""Lines of the 3D scene as flat quads in the picture: paths, the axes' letters, the video's camera. No Qt.

Lines are drawn as quads because OpenGL's own are one pixel thin on many machines.
"""

import math

import numpy as np

from app.scene.camera import Look, VideoCamera
from app.take import Array

CORNERS = 4
_NEAREST = 1e-3
_LETTERS: tuple[tuple[tuple[float, float, float, float], ...], ...] = (
    ((-1, -1, 1, 1), (-1, 1, 1, -1)),
    ((-1, 1, 0, 0), (1, 1, 0, 0), (0, 0, 0, -1)),
    ((-1, 1, 1, 1), (1, 1, -1, -1), (-1, -1, 1, -1)),
)
"""Strokes of X, Y and Z: from (x, y) to (x, y), in half letters, y up."""


def line_quads(
    segments: Array, colours: Array, widths: Array, mvp: Array, size: tuple[float, float]
) -> Array:
    """(N', 4, 12) corners of quads for lines: clip place 4, shape 4 (see `scene_shaders`), colour 4.

    segments: (N, 2, 3) ends in world space; colours: (N, 2, 4) RGBA 0..1; widths: (N,) pixels; mvp: (4, 4) world
    to clip space, for column vectors; size: (width, height) of the picture in pixels. A line that has its start on
    its end is a dot. What lies behind the eye is cut off, unknown (NaN) ends are left out.
    """
    homogeneous = np.concatenate((segments, np.ones((*segments.shape[:-1], 1))), axis=-1)
    clip = homogeneous @ mvp.T
    keep = np.isfinite(clip).all(axis=(1, 2)) & (clip[..., 3] > _NEAREST).any(axis=1)
    clip, colours, widths = clip[keep], colours[keep], widths[keep]
    weight = clip[..., 3]
    for near, far in ((0, 1), (1, 0)):
        behind = weight[:, near] <= _NEAREST
        share = (_NEAREST - weight[behind, near]) / (weight[behind, far] - weight[behind, near])
        clip[behind, near] += share[:, None] * (clip[behind, far] - clip[behind, near])
    ends = clip[..., :3] / clip[..., 3:]
    half = np.asarray(size) / 2
    return _quads(ends[..., :2] * half, ends[..., 2], colours, widths, half)


def picture_quads(segments: Array, colours: Array, widths: Array, size: tuple[float, float]) -> Array:
    """The same of `(N, 2, 2)` lines in pixels of the picture (x right, y down), in front of everything."""
    half = np.asarray(size) / 2
    pixels = (segments - half) * np.array([1.0, -1.0])
    return _quads(pixels, np.full(segments.shape[:2], -1.0), colours, widths, half)


def _quads(pixels: Array, depth: Array, colours: Array, widths: Array, half: Array) -> Array:
    """`pixels` (N, 2, 2) from the middle of the picture, y up."""
    along = pixels[:, 1] - pixels[:, 0]
    length = np.linalg.norm(along, axis=1)
    direction = np.where(length[:, None] > 1e-6, along / np.maximum(length, 1e-6)[:, None], [1.0, 0.0])
    across = np.stack((-direction[:, 1], direction[:, 0]), axis=1)
    reach = widths / 2 + 1.0
    quads = np.zeros((len(pixels), CORNERS, 12), dtype=np.float32)
    for corner, (end, way, side) in enumerate(((0, -1, -1), (0, -1, 1), (1, 1, -1), (1, 1, 1))):
        offset = reach[:, None] * (way * direction + side * across)
        quads[:, corner, :2] = (pixels[:, end] + offset) / half
        quads[:, corner, 2] = depth[:, end]
        quads[:, corner, 3] = 1.0
        quads[:, corner, 4] = way * reach + end * length
        quads[:, corner, 5] = side * reach
        quads[:, corner, 6] = length
        quads[:, corner, 7] = widths / 2
        quads[:, corner, 8:] = colours[:, end]
    return quads


def quad_indices(count: int) -> Array:
    """(6 N,) indices of the two triangles of each quad."""
    first = np.arange(count, dtype=np.uint32)[:, None] * CORNERS
    return np.asarray((first + np.array([0, 1, 2, 2, 1, 3], dtype=np.uint32)).ravel())


def trail_lines(
    path: Array, frame: int, frames: int, colour: Array, pixel_width: float
) -> tuple[Array, Array, Array]:
    """Segments, colours and widths of a joint's path `(F, 3)` about a frame: solid before it, faint after it.

    A dot stands at every frame, so that their distances show the speed.
    """
    start, stop = max(0, frame - frames), min(len(path), frame + frames + 1)
    if stop - start < 1 or not start <= frame < stop:
        return np.zeros((0, 2, 3)), np.zeros((0, 2, 4)), np.zeros(0)
    points = path[start:stop]
    age = (np.arange(start, stop) - frame) / max(frames, 1)
    opacity = np.where(age <= 0, 0.95 * (1 + age) ** 1.2 + 0.05, 0.38 * (1 - age) ** 1.2 + 0.02)
    rgba = np.concatenate((np.broadcast_to(colour, (len(points), 3)), opacity[:, None]), axis=1)
    lines = np.stack((points[:-1], points[1:]), axis=1)
    shades = np.stack((rgba[:-1], rgba[1:]), axis=1)
    thin = np.full(len(lines), pixel_width)
    dots = np.stack((points, points), axis=1)
    dot_shades = np.stack((rgba, rgba), axis=1)
    dot_sizes = np.full(len(dots), 2.1 * pixel_width)
    return (
        np.concatenate((lines, dots)),
        np.concatenate((shades, dot_shades)),
        np.concatenate((thin, dot_sizes)),
    )


def camera_lines(camera: VideoCamera, size_m: float) -> Array:
    """(9, 2, 3) a camera's wire pyramid, `size_m` metres deep, with a mark over its upper edge."""
    right, up, backward = camera.axes()
    forward = -backward
    across, high = camera.tangents()
    eye = np.asarray(camera.position)

    def at(x: float, y: float) -> Array:
        return np.asarray(eye + size_m * (forward + x * across * right + y * high * up))

    corners = [at(-1, 1), at(1, 1), at(1, -1), at(-1, -1)]
    lines = [(eye, corner) for corner in corners]
    lines += [(corners[k], corners[(k + 1) % 4]) for k in range(4)]
    lines.append((at(-0.3, 1.2), at(0.3, 1.2)))
    return np.asarray(lines)


def axes_sign(look: Look, middle: tuple[float, float], length: float, letter: float) -> tuple[Array, Array]:
    """(N, 2, 2) strokes in pixels and (N,) axis of each: the world's axes as they are turned, with their letters.

    middle: where the sign stands; length of an axis and half a letter's height, in pixels. The far axes come first.
    """
    axes = look.axes()  # rows right, up, backward; column k is world axis k in the picture
    strokes: list[tuple[float, float, float, float]] = []
    names: list[int] = []
    for axis in np.argsort(axes[2]):
        x, y = axes[0, axis], axes[1, axis]
        tip = (middle[0] + length * x, middle[1] - length * y)
        strokes.append((*middle, *tip))
        if math.hypot(x, y) > 0.25:
            centre = (tip[0] + 2 * letter * x, tip[1] - 2 * letter * y)
        elif axes[2, axis] > 0:  # toward the viewer: beside the middle
            centre = (middle[0] - 2 * letter, middle[1] + 2 * letter)
        else:
            names.append(int(axis))
            continue
        for x0, y0, x1, y1 in _LETTERS[axis]:
            half = 0.75 * letter
            strokes.append(
                (
                    centre[0] + half * x0,
                    centre[1] - letter * y0,
                    centre[0] + half * x1,
                    centre[1] - letter * y1,
                )
            )
        names += [int(axis)] * (1 + len(_LETTERS[axis]))
    return np.asarray(strokes).reshape(-1, 2, 2), np.asarray(names)
