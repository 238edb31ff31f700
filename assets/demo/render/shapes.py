"""Meshes as numpy arrays: tubes through rings, rods and clumps of ellipsoids."""

import numpy as np

SEGMENTS = 24
_AROUND = np.linspace(0, 2 * np.pi, SEGMENTS, endpoint=False)
_CIRCLE = np.stack([np.cos(_AROUND), np.sin(_AROUND)], axis=-1)

Mesh = tuple[np.ndarray, list[tuple[int, ...]]]
"""Vertices (V, 3) in metres and faces as vertex indices."""


def tube(
    centres: np.ndarray, sides: np.ndarray, fronts: np.ndarray, widths: np.ndarray, depths: np.ndarray
) -> Mesh:
    """A closed tube through R elliptical rings: `centres`, unit `sides` and `fronts` (R, 3), radii (R,)."""
    rings = (
        centres[:, None]
        + widths[:, None, None] * _CIRCLE[None, :, :1] * sides[:, None]
        + depths[:, None, None] * _CIRCLE[None, :, 1:] * fronts[:, None]
    )
    count = len(centres)
    faces: list[tuple[int, ...]] = []
    for ring in range(count - 1):
        for segment in range(SEGMENTS):
            following = (segment + 1) % SEGMENTS
            low, high = ring * SEGMENTS, (ring + 1) * SEGMENTS
            faces.append((low + segment, low + following, high + following, high + segment))
    faces.append(tuple(range(SEGMENTS))[::-1])
    faces.append(tuple(range((count - 1) * SEGMENTS, count * SEGMENTS)))
    return rings.reshape(-1, 3), faces


def ellipsoid(centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Mesh:
    """An ellipsoid along the axes."""
    heights = np.linspace(-1, 1, 17)[1:-1] * np.pi / 2
    wide, high = np.cos(heights), np.sin(heights)
    around = (
        np.outer(wide, _CIRCLE[:, 0]),
        np.outer(high, np.ones(SEGMENTS)),
        np.outer(wide, -_CIRCLE[:, 1]),
    )
    points = np.stack(around, axis=-1)
    vertices = np.concatenate([points.reshape(-1, 3), [[0, -1, 0], [0, 1, 0]]]) * radii + centre
    faces: list[tuple[int, ...]] = []
    last = (len(heights) - 1) * SEGMENTS
    bottom, top = len(vertices) - 2, len(vertices) - 1
    for segment in range(SEGMENTS):
        following = (segment + 1) % SEGMENTS
        for ring in range(len(heights) - 1):
            low, high = ring * SEGMENTS, (ring + 1) * SEGMENTS
            faces.append((low + segment, low + following, high + following, high + segment))
        faces.append((bottom, following, segment))
        faces.append((top, last + segment, last + following))
    return vertices, faces


def rod(start: tuple[float, float, float], end: tuple[float, float, float], radius: float) -> Mesh:
    """A straight rod with round ends about `start` and `end`: a finger."""
    begin, along = np.array(start), np.subtract(end, start)
    direction = along / np.linalg.norm(along)
    side = np.cross(direction, np.eye(3)[np.abs(direction).argmin()])
    side /= np.linalg.norm(side)
    front = np.cross(side, direction)
    rounded = np.linspace(0.1, np.pi / 2, 4)
    before, after = -radius * np.cos(rounded), np.linalg.norm(along) + radius * np.cos(rounded[::-1])
    places = np.concatenate([before, after])
    radii = radius * np.concatenate([np.sin(rounded), np.sin(rounded[::-1])])
    centres = begin + places[:, None] * direction
    return tube(centres, np.tile(side, (8, 1)), np.tile(front, (8, 1)), radii, radii)


def joined(meshes: list[Mesh]) -> Mesh:
    """One mesh of several."""
    vertices = np.concatenate([mesh[0] for mesh in meshes])
    faces: list[tuple[int, ...]] = []
    offset = 0
    for points, polygons in meshes:
        faces += [tuple(index + offset for index in polygon) for polygon in polygons]
        offset += len(points)
    return vertices, faces
