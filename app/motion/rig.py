"""The rig: named nodes in a T-pose that carry the 17 joints, for formats that store rotations.

Rest axes: x to the person's left, y up, z forward (a person in BVH space who looks at the viewer).
A node's rotation turns the bone that begins in it. `Spine` sits in the hip and `LeftShoulder`,
`RightShoulder` and `Neck` in the thorax, so every bone between two of the 17 joints has a node to turn it.
"""

from dataclasses import dataclass

import numpy as np

from app.motion.arrays import Array
from app.motion.bones import HEAD, THORAX, body_height, bone_lengths

NOSE = 9


@dataclass(frozen=True)
class Node:
    """One node of the rig."""

    name: str
    parent: int
    joint: int
    """Index of the Human3.6M joint at which the node sits; -1 for a toe, which the 17 joints do not have."""


_TABLE: tuple[tuple[str, str, int], ...] = (
    ("Hips", "", 0),
    ("Spine", "Hips", 0),
    ("Chest", "Spine", 7),
    ("Neck", "Chest", 8),
    ("Head", "Neck", 9),
    ("LeftShoulder", "Chest", 8),
    ("LeftArm", "LeftShoulder", 11),
    ("LeftForeArm", "LeftArm", 12),
    ("LeftHand", "LeftForeArm", 13),
    ("RightShoulder", "Chest", 8),
    ("RightArm", "RightShoulder", 14),
    ("RightForeArm", "RightArm", 15),
    ("RightHand", "RightForeArm", 16),
    ("LeftUpLeg", "Hips", 4),
    ("LeftLeg", "LeftUpLeg", 5),
    ("LeftFoot", "LeftLeg", 6),
    ("LeftToeBase", "LeftFoot", -1),
    ("RightUpLeg", "Hips", 1),
    ("RightLeg", "RightUpLeg", 2),
    ("RightFoot", "RightLeg", 3),
    ("RightToeBase", "RightFoot", -1),
)
_INDEX = {name: index for index, (name, _, _) in enumerate(_TABLE)}
NODES: tuple[Node, ...] = tuple(Node(name, _INDEX.get(parent, -1), joint) for name, parent, joint in _TABLE)
"""Parents come before their children."""

JOINT_NODES: dict[int, str] = {node.joint: node.name for node in NODES if node.joint >= 0 and node.joint != 8}
"""Node (or end site) at which each of the 17 joints is found."""
JOINT_NODES |= {0: "Hips", THORAX: "Neck", HEAD: "Head_end"}

# Of body height (Drillis and Contini 1966, in Winter): what the 17 joints do not say is drawn at these sizes.
_HAND, _FOOT, _TOES = 0.108, 0.11, 0.04


@dataclass(frozen=True)
class Rig:
    """Rest offsets of a person's rig, in the unit of the positions it was measured from."""

    offsets: Array
    """(N, 3) each node's place in its parent's axes, in the T-pose."""
    ends: dict[str, Array]
    """Offset of the end site of each node that has no children."""
    lengths: Array
    """(17,) the bone lengths, by the joint that a bone ends in."""

    def nose_direction(self) -> Array:
        """(3,) unit direction thorax to nose at rest."""
        return _direction(self.offsets[_INDEX["Head"]], (0.0, 1.0, 0.0))

    def crown_direction(self) -> Array:
        """(3,) unit direction nose to head top at rest."""
        return _direction(self.ends["Head"], (0.0, 1.0, 0.0))


def node_index(name: str) -> int:
    """Place of a node in `NODES`."""
    return _INDEX[name]


def make_rig(positions: Array) -> Rig:
    """The rig of a person from `(F, 17, 3)` positions in any right-handed space, at least one frame seen."""
    seen = positions[np.isfinite(positions).all(axis=(1, 2))]
    lengths = bone_lengths(seen)
    height = body_height(seen, lengths)
    nose, crown = _head_triangle(seen, lengths)
    offsets = np.zeros((len(NODES), 3))
    directions = {
        "Chest": (7, (0, 1, 0)),
        "Neck": (8, (0, 1, 0)),
        "LeftShoulder": (8, (0, 1, 0)),
        "RightShoulder": (8, (0, 1, 0)),
        **{f"Left{name}": (joint, (1, 0, 0)) for name, joint in (("Arm", 11), ("ForeArm", 12), ("Hand", 13))},
        **{
            f"Right{name}": (joint, (-1, 0, 0))
            for name, joint in (("Arm", 14), ("ForeArm", 15), ("Hand", 16))
        },
        "LeftUpLeg": (4, (1, 0, 0)),
        "RightUpLeg": (1, (-1, 0, 0)),
        **{f"Left{name}": (joint, (0, -1, 0)) for name, joint in (("Leg", 5), ("Foot", 6))},
        **{f"Right{name}": (joint, (0, -1, 0)) for name, joint in (("Leg", 2), ("Foot", 3))},
    }
    for name, (joint, direction) in directions.items():
        offsets[_INDEX[name]] = lengths[joint] * np.asarray(direction, dtype=np.float64)
    offsets[_INDEX["Head"]] = nose
    toe_base = np.array([0.0, -0.03, _FOOT]) * height
    for side in ("Left", "Right"):
        offsets[_INDEX[f"{side}ToeBase"]] = toe_base
    ends = {
        "Head": crown,
        "LeftHand": np.array([_HAND * height, 0.0, 0.0]),
        "RightHand": np.array([-_HAND * height, 0.0, 0.0]),
        "LeftToeBase": np.array([0.0, 0.0, _TOES * height]),
        "RightToeBase": np.array([0.0, 0.0, _TOES * height]),
    }
    return Rig(offsets, ends, lengths)


def _head_triangle(seen: Array, lengths: Array) -> tuple[Array, Array]:
    """Rest offsets thorax-nose and nose-head top: the head top straight above the thorax, the nose in front.

    The triangle's sides are the two bone lengths and the median distance thorax-head top of the clip.
    """
    to_nose, to_crown = lengths[NOSE], lengths[HEAD]
    across = float(np.median(np.linalg.norm(seen[:, HEAD] - seen[:, THORAX], axis=-1)))
    across = float(np.clip(across, abs(to_nose - to_crown), to_nose + to_crown))
    up = (to_nose**2 + across**2 - to_crown**2) / (2 * across) if across > 0 else 0.0
    forward = float(np.sqrt(max(to_nose**2 - up**2, 0.0)))
    return np.array([0.0, up, forward]), np.array([0.0, across - up, -forward])


def _direction(vector: Array, default: tuple[float, float, float]) -> Array:
    size = np.linalg.norm(vector)
    return np.asarray(vector / size if size > 0 else default, dtype=np.float64)
