"""Runs in an interpreter that has Blender's module `bpy`: imports files with Blender's own defaults, says what it sees.

    python blender_import.py JOBS.json ANSWERS.json

JOBS: [{"path": ..., "frames": [scene frames, may be fractions]}, ...]. ANSWERS: a list with, for each job, the scene's
rate, the range of keys, and `heads` and `tails` in world space: {bone: [[x, y, z] a frame]}; `rest` likewise without
animation; for a mesh `lowest` and `highest` vertex of each frame.
"""

import json
import sys
from pathlib import Path

import bpy


def emptied() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


def imported(path: Path, **settings: bool) -> "bpy.types.Object":
    emptied()
    if path.suffix == ".glb":
        bpy.ops.import_scene.gltf(filepath=str(path))
    else:
        bpy.ops.import_anim.bvh(filepath=str(path), **settings)
    return next(found for found in bpy.context.scene.objects if found.type == "ARMATURE")


def rate() -> float:
    return bpy.context.scene.render.fps / bpy.context.scene.render.fps_base


def places(armature: "bpy.types.Object") -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    turn = armature.matrix_world
    bones = armature.pose.bones
    return (
        {bone.name: list(turn @ bone.head) for bone in bones},
        {bone.name: list(turn @ bone.tail) for bone in bones},
    )


def mesh_range(mesh: "bpy.types.Object") -> tuple[list[float], list[float]]:
    seen = mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    corners = [seen.matrix_world @ vertex.co for vertex in seen.to_mesh().vertices]
    return [min(axis) for axis in zip(*corners)], [max(axis) for axis in zip(*corners)]  # noqa: B905


def answer(job: dict) -> dict:
    path = Path(job["path"])
    updated = None
    if path.suffix == ".bvh":
        imported(path, update_scene_fps=True)
        updated = rate()
    armature = imported(path)
    scene = bpy.context.scene
    start, end = armature.animation_data.action.frame_range
    found: dict = {
        "blender": bpy.app.version_string,
        "fps": rate(),
        "fps_updated": updated,
        "first_key": start,
        "last_key": end,
        "rotation_modes": sorted({bone.rotation_mode for bone in armature.pose.bones}),
        "heads": {},
        "tails": {},
        "lowest": [],
        "highest": [],
    }
    meshes = [item for item in scene.objects if item.type == "MESH" and item.parent == armature]
    for frame in job["frames"]:
        scene.frame_set(int(frame), subframe=frame - int(frame))
        heads, tails = places(armature)
        for name in heads:
            found["heads"].setdefault(name, []).append(heads[name])
            found["tails"].setdefault(name, []).append(tails[name])
        for mesh in meshes:
            lowest, highest = mesh_range(mesh)
            found["lowest"].append(lowest)
            found["highest"].append(highest)
    armature.data.pose_position = "REST"
    scene.frame_set(1)
    found["rest"] = places(armature)[0]
    return found


if __name__ == "__main__":
    jobs = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(json.dumps([answer(job) for job in jobs]), encoding="utf-8")
