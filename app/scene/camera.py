"""From where a scene is looked at: the person's front, what fits the picture, the video's own camera. No Qt.

World space: metres, z up, x right, y away from the video's camera. A look stands at `distance` from `centre`, in
the direction that azimuth (about z, from the x axis) and elevation (above the floor) give, and looks at it.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from app.motion.arrays import Array
from app.motion.world import camera_in_world
from stcformer.skeleton import JOINTS

VIEWS = ("front", "back", "side", "left", "top", "camera", "free")

USUAL_FIELD = 34.0
"""Degrees over the picture's shorter side: a mild lens, so that a body is not stretched at the edges."""

FREE_ELEVATION = 14.0
FREE_TURN = 32.0
"""Degrees beside the front, toward the person's right: both arms, both legs and the face show."""

PICTURE_SHARE = 0.96
"""Of the view that the video's picture takes when it is looked at through the video's camera."""

BODY_MARGIN = 0.16
"""Metres round the joints: head, hands, feet and flesh."""

FOLLOW_SECONDS = 0.4
"""Standard deviation of the Gaussian by which a following view goes after the hip: calm, and without lag."""

_FRONT_SECONDS = 0.5
_STRAY = 1.0
_DEFAULT_FRONT = (0.0, -1.0, 0.0)
_HIP = JOINTS.index("hip")
_PAIRS = tuple((JOINTS.index("l" + name), JOINTS.index("r" + name)) for name in ("hip", "shoulder"))


@dataclass(frozen=True)
class Look:
    """A camera on a sphere about a point."""

    centre: tuple[float, float, float] = (0.0, 0.0, 0.9)
    """World-space point in the middle of the picture, metres."""
    distance: float = 4.5
    """Metres from the centre."""
    azimuth: float = -90.0
    """Degrees; -90 is the side of the video's camera."""
    elevation: float = FREE_ELEVATION
    """Degrees above the floor."""
    field: float = USUAL_FIELD
    """Field of view in degrees over the shorter side of the picture."""
    roll: float = 0.0
    """Degrees by which it is turned about its line of sight; positive: its right side is up."""

    def backward(self) -> Array:
        """(3,) unit vector from the centre to the eye."""
        azimuth, elevation = math.radians(self.azimuth), math.radians(self.elevation)
        flat = math.cos(elevation)
        return np.array([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)])

    def eye(self) -> Array:
        """(3,) where it is looked from, metres."""
        return np.asarray(self.centre) + self.distance * self.backward()

    def level_axes(self) -> Array:
        """(3, 3) rows: right, up and backward in world space of the same look without its roll."""
        azimuth = math.radians(self.azimuth)
        right = np.array([-math.sin(azimuth), math.cos(azimuth), 0.0])
        backward = self.backward()
        return np.stack((right, np.cross(backward, right), backward))

    def axes(self) -> Array:
        """(3, 3) rows: right, up and backward in world space."""
        right, up, backward = self.level_axes()
        cosine, sine = math.cos(math.radians(self.roll)), math.sin(math.radians(self.roll))
        return np.stack((cosine * right + sine * up, cosine * up - sine * right, backward))

    def tangents(self, size: tuple[float, float]) -> tuple[float, float]:
        """Tangents of half the field of view, across and up, in a picture of (width, height)."""
        width, height = max(size[0], 1.0), max(size[1], 1.0)
        tangent = math.tan(math.radians(self.field) / 2) / min(width, height)
        return tangent * width, tangent * height

    def reach(self, size: tuple[float, float]) -> float:
        """Tangent of half the field of view from corner to corner, in a picture of (width, height)."""
        return math.hypot(*self.tangents(size))

    def horizon(self, size: tuple[float, float]) -> float:
        """Where the horizon is above the middle of the picture, square to it, as a share of the `reach`: -1 where all
        of the picture is above it, 1 where all is below."""
        _, up, backward = self.level_axes()
        rise = self.reach(size) * up[2]
        return float(np.clip(backward[2] / rise, -1, 1)) if rise > 1e-9 else math.copysign(1.0, backward[2])

    def project(self, points: Array, size: tuple[float, float]) -> Array:
        """`(..., 3)` world-space points to `(..., 2)` pixels (x right, y down); NaN behind the eye."""
        local = (np.asarray(points, dtype=np.float64) - self.eye()) @ self.axes().T
        depth = np.where(local[..., 2] < 0, -local[..., 2], np.nan)
        across, up = self.tangents(size)
        x = local[..., 0] / (depth * across)
        y = local[..., 1] / (depth * up)
        return np.stack(((1 + x) * size[0] / 2, (1 - y) * size[1] / 2), axis=-1)


@dataclass(frozen=True)
class VideoCamera:
    """The camera that filmed, in world space."""

    position: tuple[float, float, float]
    """Metres."""
    forward: tuple[float, float, float]
    """Its line of sight."""
    fov_degrees: float
    """Over the longer side of the picture."""
    image_size: tuple[int, int]
    """(width, height) of the picture, pixels."""
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)
    """Where the top of its picture is; any direction between its line of sight and there will do."""

    def axes(self) -> Array:
        """(3, 3) rows: right, up and backward in world space."""
        forward = np.asarray(self.forward, dtype=float) / np.linalg.norm(self.forward)
        right = np.cross(forward, self.up)
        right /= np.linalg.norm(right)
        return np.stack((right, np.cross(right, forward), -forward))

    def tangents(self) -> tuple[float, float]:
        """Tangents of half the field of view, across and up."""
        width, height = self.image_size
        tangent = math.tan(math.radians(self.fov_degrees) / 2) / max(width, height)
        return tangent * width, tangent * height

    def picture(self, size: tuple[float, float]) -> tuple[float, float, float, float]:
        """(left, top, width, height) in pixels where its picture lies in a view of `size`."""
        scale = PICTURE_SHARE * min(size[0] / self.image_size[0], size[1] / self.image_size[1])
        width, height = scale * self.image_size[0], scale * self.image_size[1]
        return (size[0] - width) / 2, (size[1] - height) / 2, width, height

    def look(self, size: tuple[float, float], distance: float) -> Look:
        """Through it, in a view of (width, height) that its whole picture fits."""
        right, _, backward = self.axes()
        across, up = self.tangents()
        width, height = max(size[0], 1.0), max(size[1], 1.0)
        pixel = max(2 * across / width, 2 * up / height) / PICTURE_SHARE  # tangent a pixel
        x, y, z = (float(value) for value in np.asarray(self.position) - distance * backward)
        level = Look(
            (x, y, z),
            distance,
            math.degrees(math.atan2(backward[1], backward[0])),
            math.degrees(math.asin(np.clip(backward[2], -1, 1))),
            math.degrees(2 * math.atan(pixel * min(width, height) / 2)),
        )
        level_right, level_up, _ = level.level_axes()
        return replace(level, roll=math.degrees(math.atan2(right @ level_up, right @ level_right)))


def facing(world: Array, fps: float = 30.0) -> Array:
    """(3,) level unit vector to where a person `(F, 17, 3)` looks at the start of the clip.

    Across the line from the right to the left hip and shoulder, over the first half second that was seen; toward
    the video's camera when that is not known.
    """
    seen = np.flatnonzero(np.isfinite(world).all(axis=(1, 2)))[: max(1, round(_FRONT_SECONDS * fps))]
    if not len(seen):
        return np.array(_DEFAULT_FRONT)
    leftward = sum(
        ((world[seen, left] - world[seen, right]).mean(axis=0) for left, right in _PAIRS), np.zeros(3)
    )
    ahead = np.array([leftward[1], -leftward[0], 0.0])  # leftward x up
    length = float(np.linalg.norm(ahead))
    return ahead / length if length > 1e-6 else np.array(_DEFAULT_FRONT)


def turned_to(look: Look, view: str, front: Array) -> Look:
    """The look from the named side of a person who faces `front` (3,), with its own centre and distance.

    `side` stands on the person's right, so that the person faces right in the picture, `left` opposite; `top` has
    the world's x to the right and y up. Raises ValueError for "camera", which is no direction, and other names.
    """
    ahead = math.degrees(math.atan2(front[1], front[0]))
    directions = {
        "front": (ahead, 0.0),
        "back": (ahead + 180, 0.0),
        "side": (ahead - 90, 0.0),
        "left": (ahead + 90, 0.0),
        "top": (-90.0, 90.0),
        "free": (ahead - FREE_TURN, FREE_ELEVATION),
    }
    if view not in directions:
        raise ValueError(f"no view is called {view!r}; there are {', '.join(directions)}")
    azimuth, elevation = directions[view]
    return replace(look, azimuth=azimuth, elevation=elevation, field=USUAL_FIELD, roll=0.0)


def fitted(
    look: Look, points: Array, size: tuple[float, float], margin: float = BODY_MARGIN, covered: float = 0.0
) -> Look:
    """The look moved so that `(N, 3)` points, and `margin` metres round them, just fill a picture of (width,
    height), but for the `covered` share of its height at the top. Its direction stays. Unchanged when no point is known.

    Exact: a point is inside when x <= across * depth for the right edge and likewise for the other three; each
    pair of edges gives one distance, and the larger one holds.
    """
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return look
    local = points @ look.axes().T
    across, up = look.tangents(size)
    eye = np.zeros(3)
    distances = []
    edges = ((across, across), (up * (1 - 2 * covered), up))  # tangents of right and left, top and bottom
    for axis, (high_tangent, low_tangent) in enumerate(edges):
        high = float((local[:, axis] + high_tangent * local[:, 2]).max()) + margin * math.hypot(
            1.0, high_tangent
        )
        low = float((-local[:, axis] + low_tangent * local[:, 2]).max()) + margin * math.hypot(
            1.0, low_tangent
        )
        distances.append((high + low) / (high_tangent + low_tangent))
        eye[axis] = (high - low) / 2
    eye[2] = max(distances)
    eye[1] += (edges[1][1] - edges[1][0]) / 2 * eye[2]
    middle = float(local[:, 2].max() + local[:, 2].min()) / 2
    distance = max(float(eye[2]) - middle, 0.3)
    centre = (eye - [0.0, 0.0, float(eye[2]) - middle]) @ look.axes()
    return replace(look, centre=(float(centre[0]), float(centre[1]), float(centre[2])), distance=distance)


def all_inside(look: Look, points: Array, size: tuple[float, float], covered: float = 0.0) -> bool:
    """Whether every known one of `(N, 3)` points lies in a picture of (width, height), below its `covered` top."""
    points = points[np.isfinite(points).all(axis=1)]
    pixels = look.project(points, size)
    # behind the eye: NaN, so False
    return bool(((pixels >= (0, covered * size[1])) & (pixels <= np.asarray(size))).all())


def between(start: Look, end: Look, share: float) -> Look:
    """From one look (share 0) to another (1), the short way round."""

    def mixed(first: float, second: float) -> float:
        return first + (second - first) * share

    turn, roll = (
        (last - first + 180) % 360 - 180
        for first, last in ((start.azimuth, end.azimuth), (start.roll, end.roll))
    )
    x, y, z = (mixed(a, b) for a, b in zip(start.centre, end.centre, strict=True))
    return Look(
        (x, y, z),
        math.exp(mixed(math.log(start.distance), math.log(end.distance))),
        start.azimuth + share * turn,
        mixed(start.elevation, end.elevation),
        mixed(start.field, end.field),
        start.roll + share * roll,
    )


def follow_path(world: Array, fps: float) -> Array:
    """(F, 2) where on the floor a following view looks: the hip of `(F, 17, 3)`, smoothed, gaps bridged."""
    from scipy.ndimage import gaussian_filter1d  # noqa: PLC0415

    hip = world[:, _HIP, :2]
    known = np.flatnonzero(np.isfinite(hip).all(axis=1))
    if not len(known):
        return np.zeros((len(world), 2))
    frames = np.arange(len(world))
    bridged = np.stack([np.interp(frames, known, hip[known, axis]) for axis in range(2)], axis=-1)
    return np.asarray(gaussian_filter1d(bridged, max(FOLLOW_SECONDS * fps, 1e-3), axis=0, mode="nearest"))


def framing_points(world: Array, most: int = 1000) -> Array:
    """(N, 3) joints of `(P, F, 17, 3)` that tell where the motion is, from at most about `most` poses.

    A pose whose hip lies more than `_STRAY` metres outside of where all but a hundredth of the hips are is left
    out: one bad fit should not make everything small.
    """
    step = max(1, world.shape[0] * world.shape[1] // most)
    poses = world[:, ::step].reshape(-1, *world.shape[2:])
    poses = poses[np.isfinite(poses).all(axis=(1, 2))]
    if not len(poses):
        return np.zeros((0, 3))
    hips = poses[:, _HIP]
    low, high = np.percentile(hips, (1, 99), axis=0)
    near = ((hips > low - _STRAY) & (hips < high + _STRAY)).all(axis=1)
    return np.asarray(poses[near].reshape(-1, 3))


def video_camera(world: Array, camera: Array, root_camera: Array) -> tuple[Array, Array, Array] | None:
    """(3,) position in metres, (3,) forward and (3,) up of the camera that filmed one person, world space.

    The arguments are those of `app.motion.world.camera_in_world`. None when no frame has all.
    """
    found = camera_in_world(world, camera, root_camera)
    if found is None:
        return None
    rotation, position = found
    return position, rotation[:, 2], -rotation[:, 1]
