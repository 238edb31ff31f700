"""Blender meshes from numpy arrays: tubes through rings, clumps of ellipsoids, and their smooth union."""

import bpy
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
    """A row of balls from `start` to `end`: a finger, once its union is smoothed."""
    steps = np.linspace(start, end, 7)
    return joined([ellipsoid(tuple(step), (radius,) * 3) for step in steps])


def joined(meshes: list[Mesh]) -> Mesh:
    """One mesh of several."""
    vertices = np.concatenate([mesh[0] for mesh in meshes])
    faces: list[tuple[int, ...]] = []
    offset = 0
    for points, polygons in meshes:
        faces += [tuple(index + offset for index in polygon) for polygon in polygons]
        offset += len(points)
    return vertices, faces


def mesh_object(
    name: str, mesh: Mesh, material: bpy.types.Material, voxel: float = 0.0, smoothing: int = 0
) -> bpy.types.Object:
    """A new object. With `voxel` (metres) its parts melt into one skin, smoothed `smoothing` times."""
    data = bpy.data.meshes.new(name)
    data.from_pydata(mesh[0].tolist(), [], mesh[1])
    data.materials.append(material)
    data.polygons.foreach_set("use_smooth", np.ones(len(data.polygons), dtype=bool))
    made = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(made)
    if voxel:
        melt = made.modifiers.new("melt", "REMESH")
        melt.mode, melt.voxel_size, melt.use_smooth_shade = "VOXEL", voxel, True
        melt.adaptivity = 0
    if smoothing:
        smooth = made.modifiers.new("smooth", "SMOOTH")
        smooth.factor, smooth.iterations = 0.5, smoothing
    return made


def move_vertices(target: bpy.types.Object, vertices: np.ndarray) -> None:
    """Give the object's mesh new vertex positions (V, 3)."""
    target.data.vertices.foreach_set("co", np.ascontiguousarray(vertices, dtype=np.float32).ravel())
    target.data.update()


def vertices_of(target: bpy.types.Object) -> np.ndarray:
    """(V, 3) the mesh's own vertices, in its own axes."""
    values = np.empty(len(target.data.vertices) * 3, dtype=np.float32)
    target.data.vertices.foreach_get("co", values)
    return values.reshape(-1, 3)
