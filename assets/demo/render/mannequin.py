"""A clothed mannequin on the joints of the truth: clothes and skin re-made every frame, rigid parts moved."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from motion import BodyMotion, frame_of, unit
from rigid_parts import RigidPart, hand, head_parts, shoe
from shapes import Mesh, joined, tube

# Rings: place along the limb (whole numbers are joints), half width, half depth, shift to the front; metres.
_TORSO = np.array([
    (0.12, 0.140, 0.096, -0.002), (0.20, 0.148, 0.103, 0.000), (0.27, 0.151, 0.105, 0.001),
    (0.38, 0.149, 0.104, 0.002), (0.55, 0.155, 0.109, 0.004), (0.74, 0.166, 0.114, 0.003),
    (0.88, 0.170, 0.106, -0.002), (0.98, 0.176, 0.092, -0.008), (1.04, 0.160, 0.074, -0.010),
    (1.08, 0.132, 0.064, -0.010), (1.12, 0.095, 0.058, -0.005), (1.15, 0.072, 0.055, -0.002),
    (1.18, 0.058, 0.053, 0.0),
])  # fmt: skip
_PELVIS = np.array([
    (0.25, 0.150, 0.104, 0.000), (0.14, 0.160, 0.112, -0.006), (0.02, 0.166, 0.118, -0.012),
    (-0.08, 0.164, 0.120, -0.014), (-0.15, 0.130, 0.105, -0.012), (-0.18, 0.09, 0.09, -0.010),
])  # fmt: skip
_BELT = np.array([
    (0.215, 0.149, 0.103, 0.0), (0.22, 0.158, 0.110, 0.0), (0.285, 0.156, 0.109, 0.001),
    (0.29, 0.147, 0.102, 0.001),
])  # fmt: skip
_LEG = np.array([
    (-0.06, 0.070, 0.085, -0.012), (0.06, 0.086, 0.100, -0.010), (0.3, 0.085, 0.094, 0.003),
    (0.6, 0.075, 0.082, 0.005), (0.85, 0.067, 0.072, 0.004), (0.95, 0.064, 0.069, 0.004),
    (1.05, 0.063, 0.068, 0.002), (1.15, 0.062, 0.067, -0.004), (1.35, 0.062, 0.068, -0.012),
    (1.6, 0.057, 0.063, -0.010), (1.8, 0.054, 0.060, -0.006), (1.96, 0.055, 0.063, -0.002),
])  # fmt: skip
_SLEEVE = np.array([
    (-0.11, 0.028, 0.028, 0), (-0.08, 0.042, 0.042, 0), (-0.01, 0.055, 0.055, 0),
    (0.1, 0.062, 0.062, 0), (0.3, 0.060, 0.060, 0), (0.6, 0.056, 0.056, 0),
    (0.8, 0.055, 0.055, 0),
])  # fmt: skip
_ARM = np.array([
    (0.6, 0.040, 0.040, 0), (0.85, 0.040, 0.040, 0), (0.95, 0.039, 0.039, 0),
    (1.05, 0.040, 0.040, 0), (1.2, 0.042, 0.042, 0), (1.5, 0.037, 0.037, 0),
    (1.8, 0.029, 0.029, 0), (1.97, 0.027, 0.027, 0), (2.05, 0.024, 0.024, 0),
])  # fmt: skip
_CUFF = np.array([
    (0.72, 0.052, 0.052, 0), (0.74, 0.058, 0.058, 0), (0.80, 0.058, 0.058, 0),
    (0.82, 0.052, 0.052, 0),
])  # fmt: skip
_COLLAR = np.array([
    (1.11, 0.088, 0.064, -0.004), (1.14, 0.082, 0.066, -0.002), (1.19, 0.064, 0.062, 0.002),
    (1.20, 0.058, 0.057, 0.002),
])  # fmt: skip


@dataclass(frozen=True)
class SoftPart:
    """Something whose shape is made anew for every frame, of the same vertices and faces."""

    name: str
    colour: str
    """A field of `Palette`."""
    shape: Callable[[int], Mesh]
    """The mesh of a frame, world metres."""
    voxel: float = 0.0
    """Metres: so finely its pieces are melted into one skin; 0 leaves them as they are."""
    smoothing: int = 0
    """How often that skin is smoothed."""


class Mannequin:
    """The parts of one person, and where they are in a frame of the motion."""

    def __init__(self, motion: BodyMotion, long_hair: bool) -> None:
        self._motion = motion
        body = motion.body
        voxel = 0.012 * body.scale
        self.soft = [
            SoftPart("shirt", "shirt", self._shirt, voxel, 8),
            SoftPart("trousers", "trousers", self._trousers, voxel, 6),
            SoftPart("arms", "skin", self._arms, 0.008 * body.scale, 5),
            SoftPart("neck", "skin", self._neck),
            SoftPart("collar", "trim", lambda frame: self._torso_tube(frame, _COLLAR)),
            SoftPart("belt", "dark", lambda frame: self._torso_tube(frame, _BELT)),
            SoftPart("cuffs", "trim", self._cuffs),
        ]
        self.rigid = head_parts(body, long_hair)
        for side in "lr":
            self.rigid += [hand(body, side), *shoe(body, side)]

    def place(self, part: RigidPart, frame: int) -> np.ndarray:
        """(4, 4) from the part's own axes to the world."""
        matrix = np.eye(4)
        matrix[:3, :3] = self._turn(part.moves_with, frame)
        if part.moves_with == "head":
            matrix[:3, 3] = self._motion.head_pivot[frame]
        else:
            side, end = part.moves_with[0], "wrist" if part.moves_with[1:] == "hand" else "ankle"
            matrix[:3, 3] = self._at(side + end, frame)
        return matrix

    def _at(self, name: str, frame: int) -> np.ndarray:
        return self._motion.joint(name)[frame]

    def _turn(self, name: str, frame: int) -> np.ndarray:
        return self._motion.turns[name][frame]

    def _torso_tube(self, frame: int, rings: np.ndarray) -> Mesh:
        """Along the spine from the middle of the hips (0) to that of the shoulders (1) and beyond."""
        body = self._motion.body
        pelvis, chest = self._turn("pelvis", frame), self._turn("chest", frame)
        hip, thorax = self._at("hip", frame), self._at("thorax", frame)
        place = rings[:, :1]
        bend = np.clip(place, 0, 1)
        low, high = hip + 0.3 * body.torso * pelvis[:, 1], thorax - 0.3 * body.torso * chest[:, 1]
        curve = (
            hip * (1 - bend) ** 3
            + 3 * low * bend * (1 - bend) ** 2
            + 3 * high * bend**2 * (1 - bend)
            + thorax * bend**3
        )
        curve = curve + body.torso * (
            np.minimum(place, 0) * pelvis[:, 1] + np.maximum(place - 1, 0) * chest[:, 1]
        )
        turn = bend**2 * (3 - 2 * bend)
        axes = frame_of(
            pelvis[:, 0] * (1 - turn) + chest[:, 0] * turn, pelvis[:, 1] * (1 - turn) + chest[:, 1] * turn
        )
        broad = body.hips * (1 - bend[:, 0]) + body.shoulders * bend[:, 0]
        return self._tube(curve, axes[..., 0], axes[..., 2], rings, broad)

    def _limb_tube(
        self, points: np.ndarray, sides: np.ndarray, rings: np.ndarray, girth: float = 1.0
    ) -> Mesh:
        """Along three joints (3, 3); `sides` (3, 3) are the directions of the rings' widths at each."""
        place = np.clip(rings[:, 0], 0, 1.999)
        bone = place.astype(int)
        part = (rings[:, 0] - bone)[:, None]
        centres = points[bone] * (1 - part) + points[bone + 1] * part
        bones = unit(np.diff(points, axis=0))
        # Rings near the middle joint lie across its bisector, so that a bend is a fold and not a step.
        mix = np.clip((rings[:, :1] - 1) / 0.3 * 0.5 + 0.5, 0, 1)
        downward = unit(bones[0] * (1 - mix) + bones[1] * mix + 1e-6)
        mix = np.clip(part, 0, 1)
        axes = frame_of(sides[bone] * (1 - mix) + sides[bone + 1] * mix, -downward)
        return self._tube(centres, axes[..., 0], axes[..., 2], rings, np.full(len(rings), girth))

    def _tube(
        self, centres: np.ndarray, sides: np.ndarray, fronts: np.ndarray, rings: np.ndarray, broad: np.ndarray
    ) -> Mesh:
        body = self._motion.body
        centres = centres + body.scale * rings[:, 3:] * fronts
        return tube(
            centres,
            sides,
            fronts,
            rings[:, 1] * body.scale * body.girth * broad,
            rings[:, 2] * body.scale * body.girth,
        )

    def _arm_tube(self, frame: int, side: str, rings: np.ndarray) -> Mesh:
        points = np.stack([self._at(f"{side}{joint}", frame) for joint in ("shoulder", "elbow", "wrist")])
        upper, fore = np.diff(points, axis=0)
        # Round limbs: any direction across both bones serves, steady or not.
        across = np.cross(upper, fore)
        if np.linalg.norm(across) < 0.2 * np.linalg.norm(upper) * np.linalg.norm(fore):
            across = np.cross(upper, np.eye(3)[np.abs(upper).argmin()])
        return self._limb_tube(points, np.tile(unit(across), (3, 1)), rings)

    def _leg_tube(self, frame: int, side: str) -> Mesh:
        points = np.stack([self._at(f"{side}{joint}", frame) for joint in ("hip", "knee", "ankle")])
        hip, foot = self._turn("pelvis", frame)[:, 0], self._turn(f"{side}foot", frame)[:, 0]
        return self._limb_tube(points, np.stack([hip, unit(hip + foot), foot]), _LEG)

    def _shirt(self, frame: int) -> Mesh:
        return joined(
            [self._torso_tube(frame, _TORSO), *(self._arm_tube(frame, side, _SLEEVE) for side in "lr")]
        )

    def _trousers(self, frame: int) -> Mesh:
        return joined([self._torso_tube(frame, _PELVIS), *(self._leg_tube(frame, side) for side in "lr")])

    def _arms(self, frame: int) -> Mesh:
        return joined([self._arm_tube(frame, side, _ARM) for side in "lr"])

    def _cuffs(self, frame: int) -> Mesh:
        return joined([self._arm_tube(frame, side, _CUFF) for side in "lr"])

    def _neck(self, frame: int) -> Mesh:
        scale = self._motion.body.scale
        chest, head = self._turn("chest", frame), self._turn("head", frame)
        start = self._at("thorax", frame)
        end = self._motion.head_pivot[frame] + scale * (0.01 * head[:, 1] - 0.012 * head[:, 2])
        part = np.linspace(0, 1, 8)[:, None]
        middle = (start + end) / 2 + 0.01 * scale * chest[:, 1]
        curve = start * (1 - part) ** 2 + 2 * middle * part * (1 - part) + end * part**2
        axes = frame_of(chest[:, 0] * (1 - part) + head[:, 0] * part, np.tile(end - start, (8, 1)))
        return tube(curve, axes[..., 0], axes[..., 2], np.full(8, 0.054 * scale), np.full(8, 0.056 * scale))
