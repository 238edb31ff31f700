"""A rendered 3D skeleton on a floor grid: a pure function of joints and a view, drawn with OpenCV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from app.export.colours import Colour, joint_colour, mix
from app.scene.figure import foot_ends
from app.take import Array
from detectors.opencv import import_cv2
from stcformer.skeleton import bones

Image = NDArray[np.uint8]

SKY: Colour = (38, 42, 51)
GROUND: Colour = (24, 26, 32)
GRID: Colour = (92, 100, 118)
DARK: Colour = (12, 13, 16)

GRID_STEP = 0.5
GRID_REACH = 4.0
NEAREST = 0.2
_opencv = cache(import_cv2)  # asked for some hundred times a picture

_FADES = 16
_SHIFT = 4  # bits of a pixel that OpenCV draws with

# Radii in metres at the two ends of the bone that ends in each joint; the head is drawn by itself.
_RADII: dict[int, tuple[float, float]] = {
    **dict.fromkeys((1, 4), (0.055, 0.065)),
    **dict.fromkeys((2, 5), (0.068, 0.048)),
    **dict.fromkeys((3, 6), (0.05, 0.033)),
    7: (0.075, 0.07),
    8: (0.07, 0.06),
    **dict.fromkeys((11, 14), (0.05, 0.05)),
    **dict.fromkeys((12, 15), (0.048, 0.036)),
    **dict.fromkeys((13, 16), (0.037, 0.026)),
}


@dataclass(frozen=True)
class View:
    """A perspective camera that looks at a point of world space."""

    width: int
    height: int
    target: tuple[float, float, float]
    """World-space point in the middle of the picture, metres."""
    azimuth_degrees: float = 30.0
    """How far to the right of the filming camera it stands, seen from the person."""
    elevation_degrees: float = 14.0
    distance: float = 4.4
    """Metres from the target."""
    fov_degrees: float = 35.0
    """Along the picture's height."""

    def axes(self) -> Array:
        """(3, 3) rows: the view's right, down and forward in world space."""
        azimuth, elevation = np.radians(self.azimuth_degrees), np.radians(self.elevation_degrees)
        forward = np.array(
            [-np.sin(azimuth) * np.cos(elevation), np.cos(azimuth) * np.cos(elevation), -np.sin(elevation)]
        )
        right = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
        return np.stack((right, np.cross(forward, right), forward))

    def focal(self) -> float:
        """Focal length in pixels."""
        return float(self.height / 2 / np.tan(np.radians(self.fov_degrees) / 2))

    def project(self, points: Array) -> tuple[Array, Array]:
        """`(..., 3)` world-space points as `(..., 2)` pixels and depth in metres (NaN when too near)."""
        local = (points - np.asarray(self.target)) @ self.axes().T
        depth = local[..., 2] + self.distance
        depth = np.where(depth > NEAREST, depth, np.nan)
        pixels = local[..., :2] / depth[..., None] * self.focal()
        return pixels + np.array([self.width / 2, self.height / 2]), depth


@dataclass(frozen=True)
class Trail:
    """A path on the floor, drawn fainter towards its beginning."""

    path: Array
    """(N, 2) world-space x and y in metres, in order of time; NaN where it breaks off."""
    colour: Colour


def draw_scene(
    persons: Sequence[Array],
    view: View,
    colours: Sequence[Callable[[int], Colour]] = (),
    trails: Sequence[Trail] = (),
    toes: Sequence[Array] = (),
) -> Image:
    """An (H, W, 3) RGB picture of `(17, 3)` world-space persons on the floor z = 0, except those with NaN.

    `colours` gives each person's colour of a joint and of the bone that ends in it; without it, those of the sides.
    `toes` are each person's `(2, 3)` tips of the left and the right foot (`app.take.Take.toes`).
    """
    image = _backdrop(view.width, view.height, view.elevation_degrees, view.fov_degrees).copy()
    _draw_grid(image, view)
    seen = [number for number, person in enumerate(persons) if np.isfinite(person).all()]
    _draw_shadows(image, [persons[number] for number in seen], view)
    for trail in trails:
        _draw_trail(image, trail, view)
    pieces: list[_Piece] = []
    for number in seen:
        pieces += _pieces(
            persons[number],
            foot_ends(persons[number], toes[number] if toes else None),
            view,
            colours[number] if colours else joint_colour,
        )
    for piece in sorted(pieces, key=lambda piece: -piece.depth):
        _draw_piece(image, piece)
    return image


@lru_cache(maxsize=4)
def _backdrop(width: int, height: int, elevation_degrees: float, fov_degrees: float) -> Image:
    focal = height / 2 / np.tan(np.radians(fov_degrees) / 2)
    horizon = height / 2 - focal * np.tan(np.radians(elevation_degrees))
    below = np.clip((np.arange(height) - horizon) / (0.75 * height), 0.0, 1.0)[:, None]
    rows = np.asarray(SKY) * (1 - below) + np.asarray(GROUND) * below
    return np.repeat(rows[:, None], width, axis=1).round().astype(np.uint8)


def _draw_grid(image: Image, view: View) -> None:
    cv2 = _opencv()
    centre = np.round(np.asarray(view.target[:2]) / GRID_STEP) * GRID_STEP
    ticks = np.arange(-GRID_REACH, GRID_REACH + GRID_STEP / 2, GRID_STEP)
    along, across = np.meshgrid(ticks, ticks)
    nodes = np.stack((along + centre[0], across + centre[1], np.zeros_like(along)), axis=-1)
    pixels, _ = view.project(nodes)
    away = np.hypot(nodes[..., 0] - view.target[0], nodes[..., 1] - view.target[1])
    segments = np.concatenate(
        [
            np.stack((start, end), axis=-2).reshape(-1, 2, 2)
            for start, end in ((pixels[:, :-1], pixels[:, 1:]), (pixels[:-1], pixels[1:]))
        ]
    )
    distance = np.concatenate([(away[:, :-1] + away[:, 1:]).ravel(), (away[:-1] + away[1:]).ravel()]) / 2
    level = np.ceil(_FADES * np.clip(1 - distance / GRID_REACH, 0.0, 1.0) ** 1.3).astype(int)
    level[~np.isfinite(segments).all(axis=(1, 2))] = 0
    fixed = np.round(np.clip(np.nan_to_num(segments), -(2**20), 2**20) * (1 << _SHIFT)).astype(np.int32)
    for step in range(1, _FADES + 1):
        colour = mix(SKY, GRID, step / _FADES)
        cv2.polylines(image, list(fixed[level == step]), False, colour, 1, cv2.LINE_AA, _SHIFT)


def _draw_trail(image: Image, trail: Trail, view: View) -> None:
    """Nothing for somebody who stays in place, whose trail would be a blot."""
    there = trail.path[np.isfinite(trail.path).all(axis=1)]
    if not len(there):
        return
    extent = float(np.linalg.norm(np.ptp(there, axis=0)))
    strength = float(np.clip((extent - 0.15) / 0.35, 0.0, 1.0))
    cv2 = _opencv()
    pixels, _ = view.project(np.concatenate((trail.path, np.zeros((len(trail.path), 1))), axis=1))
    thickness = max(1, round(0.012 * view.focal() / view.distance))
    for step in range(len(pixels) - 1):
        ends = pixels[step : step + 2]
        if strength > 0 and np.isfinite(ends).all():
            colour = mix(GROUND, trail.colour, strength * (step + 1) / len(pixels))
            cv2.line(image, _fixed(ends[0]), _fixed(ends[1]), colour, thickness, cv2.LINE_AA, _SHIFT)


def _draw_shadows(image: Image, persons: list[Array], view: View) -> None:
    if not persons:
        return
    cv2 = _opencv()
    mask = np.zeros((image.shape[0] // 2, image.shape[1] // 2), dtype=np.uint8)
    for person in persons:
        flat = person * np.array([1.0, 1.0, 0.0])
        pixels, depth = view.project(flat)
        scale = view.focal() / depth / 2
        for parent, child in bones():
            if np.isfinite(depth[[parent, child]]).all():
                thickness = max(1, round(0.13 * float(scale[child])))
                start, end = _fixed(pixels[parent] / 2), _fixed(pixels[child] / 2)
                cv2.line(mask, start, end, 255, thickness, cv2.LINE_AA, _SHIFT)
    sigma = 0.03 * view.focal() / view.distance / 2
    mask = cv2.GaussianBlur(mask, (0, 0), max(sigma, 0.5))
    shade = cv2.resize(mask, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
    rows, columns = np.flatnonzero(shade.any(axis=1)), np.flatnonzero(shade.any(axis=0))
    if rows.size:
        part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        keep = 1 - shade[part][..., None].astype(np.float32) * (0.62 / 255)
        image[part] = (image[part] * keep).astype(np.uint8)


@dataclass(frozen=True)
class _Piece:
    """A tapered limb, or a ball when both ends are one point: pixels, radii in pixels, depth, colour."""

    start: Array
    end: Array
    radii: tuple[float, float]
    depth: float
    colour: Colour


def _pieces(person: Array, feet: Array, view: View, colour_of: Callable[[int], Colour]) -> list[_Piece]:
    body = float(np.linalg.norm(person[10] - person[8]))
    skull = person[8] + 0.66 * (person[10] - person[8])
    points = np.concatenate((person, skull[None], feet))
    pixels, depth = view.project(points)
    if not np.isfinite(depth).all():
        return []
    scale = view.focal() / depth

    def piece(start: int, end: int, radii: tuple[float, float], colour: Colour, lift: float = 0.0) -> _Piece:
        ends = (radii[0] * float(scale[start]), radii[1] * float(scale[end]))
        return _Piece(pixels[start], pixels[end], ends, float((depth[start] + depth[end]) / 2) - lift, colour)

    pieces = [
        piece(parent, child, _RADII[child], colour_of(child)) for parent, child in bones() if child in _RADII
    ]
    pieces += [piece(ankle, toes, (0.036, 0.026), colour_of(ankle)) for ankle, toes in ((3, 18), (6, 19))]
    pieces.append(piece(8, 17, (0.05, 0.045), colour_of(8)))
    pieces.append(piece(17, 17, (0.34 * body, 0.34 * body), colour_of(10), lift=0.05))
    pieces.append(piece(9, 9, (0.02, 0.02), mix(colour_of(9), (255, 120, 120), 0.35)))
    return pieces


def _draw_piece(image: Image, piece: _Piece) -> None:
    """Outline, body and a lighter core set off towards the light, which makes a flat shape look round."""
    away = min(max((piece.depth - 3.0) / 8.0, 0.0), 0.45)
    colour = mix(piece.colour, GROUND, away)
    rim = 1.2
    _fill(image, piece, 1.0, rim, (0.0, 0.0), DARK)
    _fill(image, piece, 1.0, 0.0, (0.0, 0.0), mix(colour, DARK, 0.38))
    _fill(image, piece, 0.78, 0.0, (-0.14, -0.18), mix(colour, DARK, 0.12))
    _fill(image, piece, 0.42, 0.0, (-0.26, -0.32), mix(colour, (255, 255, 255), 0.16))


def _fill(
    image: Image, piece: _Piece, size: float, more: float, offset: tuple[float, float], colour: Colour
) -> None:
    cv2 = _opencv()
    radii = [radius * size + more for radius in piece.radii]
    ends = [
        point + np.asarray(offset) * radius
        for point, radius in zip((piece.start, piece.end), piece.radii, strict=True)
    ]
    outline = np.concatenate([end + radius * _CIRCLE for end, radius in zip(ends, radii, strict=True)])
    hull = cv2.convexHull(outline.astype(np.float32))[:, 0]
    fixed = np.round(hull * (1 << _SHIFT)).clip(-(2**28), 2**28).astype(np.int32)
    cv2.fillConvexPoly(image, fixed, colour, cv2.LINE_AA, _SHIFT)


_ANGLES = np.linspace(0, 2 * np.pi, 28, endpoint=False)
_CIRCLE = np.stack((np.cos(_ANGLES), np.sin(_ANGLES)), axis=-1)


def _fixed(point: Array) -> tuple[int, int]:
    x, y = np.round(np.clip(point, -(2**20), 2**20) * (1 << _SHIFT))
    return int(x), int(y)
