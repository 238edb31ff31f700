"""The mannequin as objects of Blender's scene."""

import bpy
import mathutils
import numpy as np
from blender_objects import mesh_object, move_vertices
from mannequin import Mannequin


class BlenderMannequin:
    """The objects of one person; `pose` moves them to a frame of the motion."""

    def __init__(self, person: Mannequin, materials: dict[str, bpy.types.Material]) -> None:
        self._person = person
        self._soft = [
            (part, mesh_object(part.name, part.shape(0), materials[part.colour], part.voxel, part.smoothing))
            for part in person.soft
        ]
        self._rigid = [
            (part, mesh_object(part.name, part.mesh, materials[part.colour], part.voxel, part.smoothing))
            for part in person.rigid
        ]

    def pose(self, frame: int) -> np.ndarray:
        """Move every part to the frame; (V, 3) world points of all of them, which bound the person."""
        points = []
        for soft, target in self._soft:
            points.append(soft.shape(frame)[0])
            move_vertices(target, points[-1])
        for rigid, target in self._rigid:
            matrix = self._person.place(rigid, frame)
            target.matrix_world = mathutils.Matrix(matrix.tolist())
            points.append(rigid.mesh[0] @ matrix[:3, :3].T + matrix[:3, 3])
        return np.concatenate(points)

    def show(self, visible: bool) -> None:
        """Put the person into the picture or leave the room empty."""
        for _, target in self._soft + self._rigid:
            target.hide_render = not visible
