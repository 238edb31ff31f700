"""A stick figure as a mesh: a capsule a bone, each moved by the joint it begins in, left, right and middle apart."""

from dataclasses import dataclass

import numpy as np

from app.motion.rig import NODES, Rig, node_index
from app.take import Array

LEFT, RIGHT, MIDDLE = "left", "right", "middle"

_AROUND, _CAP = 12, 4
"""Sides of a capsule, and rings of each of its round ends."""

# Radius at either end of the capsules, of the body height, by the node in which they begin.
_RADII: dict[str, tuple[float, float]] = {
    "Hips": (0.045, 0.050),
    "Spine": (0.060, 0.065),
    "Chest": (0.065, 0.045),
    "Neck": (0.030, 0.030),
    "Head": (0.045, 0.055),
    "Shoulder": (0.030, 0.032),
    "Arm": (0.028, 0.022),
    "ForeArm": (0.022, 0.016),
    "Hand": (0.017, 0.010),
    "UpLeg": (0.046, 0.032),
    "Leg": (0.031, 0.022),
    "Foot": (0.022, 0.018),
    "ToeBase": (0.017, 0.010),
}
_NOSE_RADIUS = 0.012


@dataclass(frozen=True)
class FigureMesh:
    """Triangles of one colour, in the T-pose, in the space and unit of the rest positions."""

    side: str
    positions: Array
    """(V, 3)"""
    normals: Array
    """(V, 3) unit"""
    nodes: np.ndarray
    """(V,) index in `app.motion.rig.NODES` of the node that moves each vertex"""
    triangles: np.ndarray
    """(T, 3) indices, seen anticlockwise from outside"""


def figure_mesh(rig: Rig, places: Array) -> list[FigureMesh]:
    """The figure of a rig whose nodes are at `places (N, 3)` in the T-pose: one mesh a colour."""
    parts: dict[str, list[tuple[Array, Array, np.ndarray, int]]] = {LEFT: [], RIGHT: [], MIDDLE: []}
    for node, start, end, name in _bones(rig, places):
        first, last = (rig.height * radius for radius in _radii(NODES[node].name))
        # The top of the head is the top of its round end; the other sticks are round about their joints.
        inset = last / np.linalg.norm(end - start) if NODES[node].name == "Head" else 0.0
        centre = end - inset * (end - start)
        parts[_side(name)].append((*_capsule(start, centre, first, last), node))
    nose = node_index("Nose")
    ball = _capsule(places[nose], places[nose] + [0, 1e-4, 0], *(2 * [rig.height * _NOSE_RADIUS]))
    parts[MIDDLE].append((*ball, NODES[nose].parent))
    return [_joined(side, pieces) for side, pieces in parts.items()]


def _bones(rig: Rig, places: Array) -> list[tuple[int, Array, Array, str]]:
    """(node, start, end, name of what it leads to) of every bone that has a length and is not drawn yet."""
    found: list[tuple[int, Array, Array, str]] = []
    for child, node in enumerate(NODES):
        if node.parent >= 0 and node.name not in ("Nose", "Spine"):
            found.append((node.parent, places[node.parent], places[child], node.name))
        if node.name in rig.ends and node.name != "Nose":
            found.append((child, places[child], places[child] + rig.ends[node.name], node.name))
    chest, neck = node_index("Chest"), node_index("Neck")
    return [bone for bone in found if not (bone[0] == chest and bone[3] != NODES[neck].name)]


def _radii(name: str) -> tuple[float, float]:
    return _RADII[name.removeprefix("Left").removeprefix("Right")]


def _side(name: str) -> str:
    return LEFT if name.startswith("Left") else RIGHT if name.startswith("Right") else MIDDLE


def _capsule(start: Array, end: Array, first: float, last: float) -> tuple[Array, Array, np.ndarray]:
    """Positions, normals and triangles of a round-ended stick."""
    along = end - start
    length = np.linalg.norm(along)
    along = along / length if length > 0 else np.array([0.0, 1.0, 0.0])
    across = np.cross(along, np.eye(3)[np.argmin(np.abs(along))])
    across /= np.linalg.norm(across)
    around = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    rim = np.cos(around)[:, None] * across + np.sin(around)[:, None] * np.cross(along, across)

    latitudes = np.linspace(-np.pi / 2, 0, _CAP + 1)
    rings = [(start, first, angle) for angle in latitudes] + [
        (end, last, -angle) for angle in latitudes[::-1]
    ]
    normals = np.concatenate([np.cos(angle) * rim + np.sin(angle) * along for _, _, angle in rings])
    sizes = np.repeat([radius for _, radius, _ in rings], _AROUND)[:, None]
    positions = np.repeat(np.stack([centre for centre, _, _ in rings]), _AROUND, axis=0) + sizes * normals

    ring, side = np.meshgrid(np.arange(len(rings) - 1), np.arange(_AROUND), indexing="ij")
    corner = ring * _AROUND + side
    beside = ring * _AROUND + (side + 1) % _AROUND
    triangles = np.concatenate(
        [
            np.stack((corner, beside, beside + _AROUND), axis=-1).reshape(-1, 3),
            np.stack((corner, beside + _AROUND, corner + _AROUND), axis=-1).reshape(-1, 3),
        ]
    )
    # At the two poles the ring is one point: half of its triangles have no area.
    corners = positions[triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=-1)
    return positions, normals, triangles[area > 1e-12]


def _joined(side: str, pieces: list[tuple[Array, Array, np.ndarray, int]]) -> FigureMesh:
    starts = np.cumsum([0, *(len(piece[0]) for piece in pieces)])
    return FigureMesh(
        side,
        np.concatenate([piece[0] for piece in pieces]),
        np.concatenate([piece[1] for piece in pieces]),
        np.concatenate([np.full(len(piece[0]), piece[3]) for piece in pieces]),
        np.concatenate([piece[2] + start for piece, start in zip(pieces, starts[:-1], strict=True)]),
    )
