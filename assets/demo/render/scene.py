"""The room, the light, the camera and Cycles."""

import bpy
import mathutils
import numpy as np
from camera import Camera
from palette import Palette
from shapes import mesh_object

_BLENDER_FROM_CAMERA = np.diag([1.0, -1, -1, 1])  # Blender's cameras look along -z, y up
WALL_BEHIND = 2.6


def empty_scene() -> bpy.types.Scene:
    """A new file with nothing in it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


def random_sunlight(seed: int) -> np.ndarray:
    """(3,) direction in which the light travels: down, away from the camera, and to one side or the other."""
    rng = np.random.default_rng(seed)
    steep, aside = np.radians(rng.uniform(25, 42)), np.radians(rng.uniform(-50, 50))
    return np.array([np.sin(steep) * np.sin(aside), np.sin(steep) * np.cos(aside), -np.cos(steep)])


def build_room(wall: float, palette: Palette, sunlight: np.ndarray) -> None:
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

    plane("floor", [(-wide, -wide, 0), (wide, -wide, 0), (wide, wall, 0), (-wide, wall, 0)], palette.floor)
    plane("wall", [(-wide, wall, 0), (wide, wall, 0), (wide, wall, 6), (-wide, wall, 6)], palette.wall)
    box("skirting", (-wide, wall - 0.02, 0), (wide, wall + 0.01, 0.12), palette.skirting)
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = 2.6, np.radians(6)
    lamp = bpy.data.objects.new("sun", sun)
    lamp.rotation_mode = "QUATERNION"
    lamp.rotation_quaternion = mathutils.Vector(sunlight.tolist()).to_track_quat("-Z", "Y")
    bpy.context.scene.collection.objects.link(lamp)
    sky = bpy.data.worlds.new("sky")
    sky.use_nodes = True
    sky.node_tree.nodes["Background"].inputs["Color"].default_value = (0.85, 0.92, 1.0, 1)
    sky.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.6
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
