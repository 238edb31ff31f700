"""The room, the light, the camera and Cycles."""

import bpy
import mathutils
import numpy as np
from blender_objects import mesh_object
from camera import Camera
from sunlight import SKY_COLOUR, SKY_STRENGTH, SUN_STRENGTH

_BLENDER_FROM_CAMERA = np.diag([1.0, -1, -1, 1])  # Blender's cameras look along -z, y up


def empty_scene() -> bpy.types.Scene:
    """A new file with nothing in it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


def build_room(wall: float, materials: dict[str, bpy.types.Material], sunlight: np.ndarray) -> None:
    """A floor at z = 0, a wall with a skirting board at y = `wall`, sky, and a sun along `sunlight` (3,)."""
    wide = 30.0

    def plane(name: str, corners: list[tuple[float, float, float]], material: bpy.types.Material) -> None:
        mesh_object(name, (np.array(corners), [(0, 1, 2, 3)]), material)

    def box(
        name: str,
        low: tuple[float, float, float],
        high: tuple[float, float, float],
        material: bpy.types.Material,
    ) -> None:
        corners = [(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
        faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
        data = mesh_object(name, (np.array(corners), faces), material).data
        data.polygons.foreach_set("use_smooth", np.zeros(len(data.polygons), dtype=bool))

    plane("floor", [(-wide, -wide, 0), (wide, -wide, 0), (wide, wall, 0), (-wide, wall, 0)], materials["floor"])
    plane("wall", [(-wide, wall, 0), (wide, wall, 0), (wide, wall, 6), (-wide, wall, 6)], materials["wall"])
    box("skirting", (-wide, wall - 0.02, 0), (wide, wall + 0.01, 0.12), materials["skirting"])
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = SUN_STRENGTH, np.radians(6)
    lamp = bpy.data.objects.new("sun", sun)
    lamp.rotation_mode = "QUATERNION"
    lamp.rotation_quaternion = mathutils.Vector(sunlight.tolist()).to_track_quat("-Z", "Y")
    bpy.context.scene.collection.objects.link(lamp)
    sky = bpy.data.worlds.new("sky")
    sky.use_nodes = True
    sky.node_tree.nodes["Background"].inputs["Color"].default_value = (*SKY_COLOUR, 1)
    sky.node_tree.nodes["Background"].inputs["Strength"].default_value = SKY_STRENGTH
    bpy.context.scene.world = sky


def place_camera(camera: Camera) -> None:
    """The picture's camera, so that Blender's pixels are `Camera.project`'s."""
    data = bpy.data.cameras.new("camera")
    data.sensor_fit, data.lens_unit = "HORIZONTAL", "FOV"
    data.angle = np.radians(camera.fov_degrees)
    made = bpy.data.objects.new("camera", data)
    made.matrix_world = mathutils.Matrix(
        (np.linalg.inv(camera.camera_from_world) @ _BLENDER_FROM_CAMERA).tolist()
    )
    bpy.context.scene.collection.objects.link(made)
    bpy.context.scene.camera = made


def set_up_cycles(scene: bpy.types.Scene, image_size: tuple[int, int], samples: int, threads: int) -> None:
    """Path tracing on the CPU with denoising, PNG pictures."""
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_denoising = True
    scene.cycles.denoiser = "OPENIMAGEDENOISE"
    scene.cycles.max_bounces = 2
    scene.cycles.seed = 0
    scene.render.use_persistent_data = True
    scene.render.resolution_x, scene.render.resolution_y = image_size
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.view_settings.view_transform = "Standard"
