"""Blender's objects from meshes of numpy arrays, melted into one skin where wanted."""

import bpy
import numpy as np
from shapes import Mesh


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
