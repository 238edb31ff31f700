"""The rig: named nodes in a T-pose that carry the 17 joints, for formats that store rotations.

Rest axes: x to the person's left, y up, z forward (a person in BVH space who looks at the viewer).
A node's rotation turns the bone that begins in it. `Spine` sits in the hip and `LeftShoulder`,
`RightShoulder` and `Neck` in the thorax, so every bone between two of the 17 joints has a node to turn it.
`Head` sits in the skull base, where a head turns, which is none of the 17 joints; `Nose` hangs beside it
and carries the nose and the top of the head to where they were seen.
"""

from dataclasses import dataclass

import numpy as np

from app.motion.arrays import Array
from app.motion.bones import ANKLE_HEIGHT_FRACTION, HEAD, THORAX, body_height, bone_lengths

NOSE = 9


@dataclass(frozen=True)
class Node:
    """One node of the rig."""

    name: str
    parent: int
    joint: int
    """Index of the Human3.6M joint at which the node sits; -1 for toe and skull base, which are none of the 17."""


_TABLE: tuple[tuple[str, str, int], ...] = (
    ("Hips", "", 0),
    ("Spine", "Hips", 0),
    ("Chest", "Spine", 7),
    ("Neck", "Chest", 8),
    ("Head", "Neck", -1),
    ("Nose", "Neck", NOSE),
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
JOINT_NODES |= {0: "Hips", THORAX: "Neck", HEAD: "Nose_end"}

# Of body height (Drillis and Contini 1966, in Winter): what the 17 joints do not say is drawn at these sizes.
_HAND, _FOOT, _TOES, _TOE_DROP = 0.108, 0.11, 0.04, 0.03
_SKULL_BASE_UNDER_NOSE, _SKULL_BASE_BEHIND_NOSE = 0.02 / 1.75, 0.11 / 1.75
"""Of body height, as `stcformer.mocap` places the nose."""


@dataclass(frozen=True)
class Rig:
    """Rest offsets of a person's rig, in the unit of the positions it was measured from."""

    offsets: Array
    """(N, 3) each node's place in its parent's axes, in the T-pose."""
    ends: dict[str, Array]
    """Offset of the end site of each node that has no children."""
    lengths: Array
    """(17,) the bone lengths, by the joint that a bone ends in."""
    height: float
    """Standing height."""

    def nose_direction(self) -> Array:
        """(3,) unit direction thorax to nose at rest."""
        return _direction(self.offsets[_INDEX["Nose"]], (0.0, 1.0, 0.0))

    def crown_direction(self) -> Array:
        """(3,) unit direction nose to head top at rest."""
        return _direction(self.ends["Nose"], (0.0, 1.0, 0.0))

    def standing_hip(self) -> float:
        """Height of the hip above the floor in the T-pose: the tips of the toes touch it."""
        ankle = self.lengths[2] + self.lengths[3]
        return float(ankle + ANKLE_HEIGHT_FRACTION * self.height)

    def rest_positions(self) -> Array:
        """(N, 3) the nodes in the T-pose, the hip at 0."""
        places = np.zeros_like(self.offsets)
        for index, node in enumerate(NODES):
            if node.parent >= 0:
                places[index] = places[node.parent] + self.offsets[index]
        return places


def node_index(name: str) -> int:
    """Place of a node in `NODES`."""
    return _INDEX[name]


def toe_tip(rig: Rig, side: str) -> Array:
    """(3,) from the ankle to the tip of the toes at rest; `side` is Left or Right."""
    toe = f"{side}ToeBase"
    return np.asarray(rig.offsets[_INDEX[toe]] + rig.ends[toe])


def make_rig(positions: Array, spine_lift: float = 0.0) -> Rig:
    """The rig of a person from `(F, 17, 3)` positions in any right-handed space, at least one frame seen.

    `spine_lift` puts the node `Spine` that far above the hip, for programs that refuse two joints in one
    place. A pelvis that tilts sideways by an angle a under the spine then moves the joints above by
    `spine_lift (1 - cos a)`.
    """
    seen = positions[np.isfinite(positions).all(axis=(1, 2))]
    lengths = bone_lengths(seen)
    height = body_height(seen, lengths)
    nose, crown = _head_triangle(seen, lengths)
    offsets = np.zeros((len(NODES), 3))
    directions = {
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
    offsets[_INDEX["Spine"], 1] = spine_lift
    offsets[_INDEX["Chest"], 1] = lengths[7] - spine_lift
    skull_base = _skull_base(nose, crown, height)
    offsets[_INDEX["Nose"]], offsets[_INDEX["Head"]] = nose, skull_base
    toe_base = np.array([0.0, -_TOE_DROP, _FOOT]) * height
    toe_tip = np.array([0.0, _TOE_DROP - ANKLE_HEIGHT_FRACTION, _TOES]) * height
    for side in ("Left", "Right"):
        offsets[_INDEX[f"{side}ToeBase"]] = toe_base
    ends = {
        "Head": nose + crown - skull_base,
        "Nose": crown,
        "LeftHand": np.array([_HAND * height, 0.0, 0.0]),
        "RightHand": np.array([-_HAND * height, 0.0, 0.0]),
        "LeftToeBase": toe_tip,
        "RightToeBase": toe_tip,
    }
    return Rig(offsets, ends, lengths, height)


def _skull_base(nose: Array, crown: Array, height: float) -> Array:
    """Rest offset thorax to skull base: under and behind the nose, and between thorax and head top."""
    top = nose[1] + crown[1]
    up = np.clip(nose[1] - _SKULL_BASE_UNDER_NOSE * height, 0.25 * top, 0.75 * top)
    return np.array([0.0, up, nose[2] - _SKULL_BASE_BEHIND_NOSE * height])


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
