"""What a BVH file looks like to the program that opens it: names, hierarchy, unit, rest pose, rotation order.

Programs read the root's OFFSET in two ways: most put the root where its position channels say, some (three.js
among them, as in Biovision's own description) add the OFFSET to them. Only an OFFSET of 0 means the same
to all, so the preset `bvh` has that, and its T-pose has the hip at the origin. The other presets are for programs of
the first kind: their T-pose stands on the floor, which is what retargeting measures a body by.
"""

from dataclasses import dataclass

from app.motion.rig import NODES

CENTIMETRES = 100.0
METRES = 1.0

SPINE_LIFT_M = 0.005
"""Height of the lowest spine joint over the hip where a program refuses a bone of length 0 (Unity's avatar does)."""


@dataclass(frozen=True)
class Row:
    """One joint of the file."""

    name: str
    parent: str
    """Name of its parent in the file; empty for the root."""
    node: str
    """The node of `app.motion.rig` whose rotation it has, and in whose place it sits."""
    towards: str = ""
    """A node half way to which it sits instead."""


@dataclass(frozen=True)
class BvhPreset:
    """One way to write a BVH file."""

    name: str
    """What `--format` calls it."""
    suffix: str
    description: str
    unit: str
    units_per_metre: float
    rows: tuple[Row, ...]
    """Parents come before their children; a joint's children stand in the file in this order."""
    rest_on_floor: bool
    """Whether the T-pose stands on the floor (root OFFSET the hip's height) or has the hip at the origin."""
    spine_lift_m: float = 0.0
    order: str | None = None
    """The rotation order of every file; None: of each file, the one that its motion suits (`choose_order`)."""

    def name_of(self, node: str) -> str:
        """The file's name of a rig node or, `Nose_end`, of an end site."""
        base = node.removesuffix("_end")
        found = next(row.name for row in self.rows if row.node == base and not row.towards)
        return found + node[len(base) :]


def _rows(names: dict[str, str], order: tuple[str, ...], prefix: str = "") -> tuple[Row, ...]:
    """The rig's nodes in `order`, under other names."""
    parents = {node.name: NODES[node.parent].name if node.parent >= 0 else "" for node in NODES}
    written = {node: prefix + names.get(node, node) for node in parents} | {"": ""}
    return tuple(Row(written[node], written[parents[node]], node) for node in order)


def _sided(*names: str) -> tuple[str, ...]:
    return tuple(f"{side}{name}" for side in ("Left", "Right") for name in names)


_ARMS = _sided("Shoulder", "Arm", "ForeArm", "Hand")
_LEGS = _sided("UpLeg", "Leg", "Foot", "ToeBase")
_TRUNK = ("Hips", "Spine", "Chest", "Neck", "Head", "Nose")


def _mixamo_rows() -> tuple[Row, ...]:
    """Mixamo's hierarchy has one spine joint more, between the middle of the back and the neck."""
    prefix = "mixamorig:"
    plain = _rows({"Chest": "Spine1"}, (*_TRUNK, *_ARMS, *_LEGS), prefix)
    upper = Row(f"{prefix}Spine2", f"{prefix}Spine1", "Chest", towards="Neck")
    rows = [Row(row.name, upper.name, row.node) if row.parent == f"{prefix}Spine1" else row for row in plain]
    return (*rows[:3], upper, *rows[3:])


PRESETS: tuple[BvhPreset, ...] = (
    BvhPreset(
        "bvh",
        ".bvh",
        "skeleton with joint rotations, for animation programs",
        "centimetre",
        CENTIMETRES,
        _rows({}, tuple(node.name for node in NODES)),
        rest_on_floor=False,
    ),
    BvhPreset(
        "bvh-blender",
        ".blender.bvh",
        "skeleton for Blender: right size and upright with its default import settings",
        "metre",
        METRES,
        _rows({}, tuple(node.name for node in NODES)),
        rest_on_floor=True,
    ),
    BvhPreset(
        "bvh-mixamo",
        ".mixamo.bvh",
        "skeleton with Mixamo's names and hierarchy, for Unity and others that know them",
        "centimetre",
        CENTIMETRES,
        _mixamo_rows(),
        rest_on_floor=True,
        spine_lift_m=SPINE_LIFT_M,
    ),
    BvhPreset(
        "bvh-motionbuilder",
        ".motionbuilder.bvh",
        "skeleton with HumanIK's names, rotations in the order ZXY, for MotionBuilder and Maya",
        "centimetre",
        CENTIMETRES,
        _rows({"Chest": "Spine1"}, ("Hips", *_LEGS, "Spine", "Chest", *_ARMS, "Neck", "Head", "Nose")),
        rest_on_floor=True,
        spine_lift_m=SPINE_LIFT_M,
        order="ZXY",
    ),
)
"""Every preset; a new one is an entry here."""
