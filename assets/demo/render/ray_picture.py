"""Pictures of the mannequin in its room by one ray a sample: a dozen a second, for training, where looks do not count.

The same person, room, light and camera as Blender's pictures have, without what takes time: parts that
intersect are not melted into one skin, shadows are sharp, and no light is reflected from one thing to another.
"""

import numpy as np
from camera import Camera
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from mannequin import Mannequin
from palette import GAP_SHADE, PLANK_SHADES, PLANK_SIZE_M, Palette
from sunlight import SKY_COLOUR, SKY_STRENGTH, SUN_STRENGTH

_SAMPLES = 2
"""Along each side of a pixel, where the person is."""
_MARGIN_PIXELS = 2
_SKIRTING_M = 0.12
_WALL_HEIGHT_M = 6.0
_CLEARANCE_M = 0.004
"""Shadow rays begin so far off the skin: coarse triangles would darken themselves."""


class RayPictures:
    """One person before one camera; `picture` renders a frame of the motion."""

    def __init__(
        self, person: Mannequin, palette: Palette, sunlight: np.ndarray, wall: float, camera: Camera
    ) -> None:
        """`sunlight` (3,) is the direction in which light travels, `wall` the wall's y in metres."""
        self._person, self._camera, self._sunlight = person, camera, sunlight
        meshes = [(part.colour, part.shape(0)) for part in person.soft]
        meshes += [(part.colour, part.mesh) for part in person.rigid]
        colours, triangles, count = [], [], 0
        for colour, (vertices, faces) in meshes:
            cut = _triangles(faces)
            triangles.append(cut + count)
            colours.append(np.tile(getattr(palette, colour), (len(cut), 1)))
            count += len(vertices)
        self._triangles, self._colours = np.concatenate(triangles), np.concatenate(colours)
        self._room = _Room(palette, sunlight, wall, camera)

    def picture(self, frame: int) -> np.ndarray:
        """(height, width, 3) uint8 sRGB."""
        vertices = self._vertices(frame)
        scene = EmbreeScene()
        TriangleMesh(scene, vertices.astype(np.float32), self._triangles.astype(np.int32))
        light = self._room.lit(scene)
        left, top, right, bottom = self._box(vertices)
        across = np.arange(left * _SAMPLES, right * _SAMPLES) / _SAMPLES + 0.5 / _SAMPLES
        down = np.arange(top * _SAMPLES, bottom * _SAMPLES) / _SAMPLES + 0.5 / _SAMPLES
        pixels = np.stack(np.meshgrid(across, down), axis=-1)
        rays = self._camera.rays(pixels.reshape(-1, 2))
        seen, colour = self._shaded(scene, vertices, rays)
        behind = light[top:bottom, left:right].repeat(_SAMPLES, axis=0).repeat(_SAMPLES, axis=1)
        samples = behind.reshape(-1, 3)
        samples[seen] = colour
        shape = (bottom - top, _SAMPLES, right - left, _SAMPLES, 3)
        light[top:bottom, left:right] = samples.reshape(shape).mean(axis=(1, 3))
        return _to_srgb(light)

    def _vertices(self, frame: int) -> np.ndarray:
        points = [part.shape(frame)[0] for part in self._person.soft]
        for part in self._person.rigid:
            place = self._person.place(part, frame)
            points.append(part.mesh[0] @ place[:3, :3].T + place[:3, 3])
        return np.concatenate(points)

    def _box(self, vertices: np.ndarray) -> tuple[int, int, int, int]:
        pixels = self._camera.project(self._camera.see(vertices))
        low = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - _MARGIN_PIXELS, 0)
        high = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + _MARGIN_PIXELS, self._camera.image_size)
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])

    def _shaded(
        self, scene: EmbreeScene, vertices: np.ndarray, rays: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Which of the rays (N, 3) meet the person, and the light (M, 3) that comes from there."""
        origins = np.broadcast_to(self._camera.position, rays.shape).astype(np.float32)
        hit = scene.run(origins, rays.astype(np.float32), output=True)
        seen = np.flatnonzero(hit["primID"] >= 0)
        corner = self._triangles[hit["primID"][seen]]
        u, v = hit["u"][seen, None], hit["v"][seen, None]
        parts = np.stack((1 - u - v, u, v), axis=1)
        normal = (self._normals(vertices)[corner] * parts).sum(axis=1)
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        normal[(normal * rays[seen]).sum(axis=1) > 0] *= -1
        place = (vertices[corner] * parts).sum(axis=1) + _CLEARANCE_M * normal
        lit = ~_in_shadow(scene, place, self._sunlight)
        return seen, self._colours[hit["primID"][seen]] * _irradiance(normal, lit, self._sunlight)

    def _normals(self, vertices: np.ndarray) -> np.ndarray:
        """(V, 3) the mean direction of the triangles about each vertex, larger ones counting more."""
        a, b, c = (vertices[self._triangles[:, corner]] for corner in range(3))
        face = np.cross(b - a, c - a)
        return np.stack(
            [
                sum(
                    np.bincount(self._triangles[:, corner], face[:, axis], len(vertices))
                    for corner in range(3)
                )
                for axis in range(3)
            ],
            axis=-1,
        )


class _Room:
    """Floor, wall, skirting board and sky, of which only the person's shadow changes."""

    def __init__(self, palette: Palette, sunlight: np.ndarray, wall: float, camera: Camera) -> None:
        width, height = camera.image_size
        pixels = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5), axis=-1)
        rays = camera.rays(pixels.reshape(-1, 2))
        with np.errstate(divide="ignore", invalid="ignore"):
            to_floor = np.where(rays[:, 2] < 0, -camera.position[2] / rays[:, 2], np.inf)
            to_wall = np.where(rays[:, 1] > 0, (wall - camera.position[1]) / rays[:, 1], np.inf)
            reach = np.minimum(to_floor, to_wall)
            self._places = camera.position + np.where(np.isfinite(reach), reach, 0)[:, None] * rays
        on_floor, high = to_floor < to_wall, self._places[:, 2]
        self._solid = np.isfinite(reach) & (on_floor | (high < _WALL_HEIGHT_M))
        colour = np.where(
            on_floor[:, None],
            _planks(self._places, palette.floor),
            np.where((high < _SKIRTING_M)[:, None], palette.skirting, palette.wall),
        )
        normal = np.where(on_floor[:, None], [0.0, 0, 1], [0.0, -1, 0])
        sky = np.array(SKY_COLOUR) * SKY_STRENGTH
        bright, dark = (_irradiance(normal, np.full(len(rays), lit), sunlight) for lit in (True, False))
        self._bright = np.where(self._solid[:, None], colour * bright, sky)
        self._dark = np.where(self._solid[:, None], colour * dark, sky)
        self._places += _CLEARANCE_M * normal
        self._sunlight, self._shape = sunlight, (height, width, 3)

    def lit(self, scene: EmbreeScene) -> np.ndarray:
        """(height, width, 3) linear light of the room with the shadow of what is in the scene."""
        light = self._bright.copy()
        solid = np.flatnonzero(self._solid)
        shadow = solid[_in_shadow(scene, self._places[solid], self._sunlight)]
        light[shadow] = self._dark[shadow]
        return light.reshape(self._shape)


def _triangles(faces: list[tuple[int, ...]]) -> np.ndarray:
    """(N, 3) the polygons cut into fans."""
    return np.array(
        [(face[0], face[i], face[i + 1]) for face in faces for i in range(1, len(face) - 1)], dtype=np.int64
    )


def _in_shadow(scene: EmbreeScene, places: np.ndarray, sunlight: np.ndarray) -> np.ndarray:
    """(N,) whether something stands between the places (N, 3) and the sun."""
    directions = np.broadcast_to(-sunlight, places.shape).astype(np.float32)
    return np.asarray(scene.run(places.astype(np.float32), directions, query="INTERSECT")) >= 0


def _irradiance(normal: np.ndarray, lit: np.ndarray, sunlight: np.ndarray) -> np.ndarray:
    """(N, 3) what a white matt surface returns: the sun's part by Lambert's law, the sky's by how much of it is seen."""
    sun = SUN_STRENGTH / np.pi * np.maximum(-(normal @ sunlight), 0) * lit
    sky = SKY_STRENGTH * np.array(SKY_COLOUR) * (0.35 + 0.65 * (0.5 + 0.5 * normal[:, 2:]))
    return sun[:, None] + sky


def _planks(places: np.ndarray, colour: tuple[float, float, float]) -> np.ndarray:
    """(N, 3) colours of floorboards, every other row shifted by half a board."""
    long, wide = PLANK_SIZE_M
    row = np.floor(places[:, 1] / wide)
    board = np.floor(places[:, 0] / long + 0.5 * (row % 2))
    shade = np.where((row * 7 + board * 13) % 5 < 2, PLANK_SHADES[0], PLANK_SHADES[1])
    gap = places[:, 1] / wide - row < 0.04
    return np.where(gap, GAP_SHADE, shade)[:, None] * np.array(colour)


def _to_srgb(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.rint(255 * encoded).astype(np.uint8)


