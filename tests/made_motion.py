"""Tiny BVH files that tests write themselves: one body under the joint names of each skeleton family."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

# Landmark, parent, offset in centimetres: y up, facing +z, so that the left side is at +x.
_BODY: tuple[tuple[str, str, tuple[float, float, float]], ...] = (
    ("hips", "", (0, 90, 0)),
    ("lhip", "hips", (9, 0, 0)),
    ("lknee", "lhip", (0, -42, 0)),
    ("lankle", "lknee", (0, -40, 0)),
    ("ltoe", "lankle", (0, -6, 14)),
    ("rhip", "hips", (-9, 0, 0)),
    ("rknee", "rhip", (0, -42, 0)),
    ("rankle", "rknee", (0, -40, 0)),
    ("rtoe", "rankle", (0, -6, 14)),
    ("chest", "hips", (0, 30, 0)),
    ("head", "chest", (0, 28, 0)),
    ("lshoulder", "chest", (17, 18, 0)),
    ("lelbow", "lshoulder", (28, 0, 0)),
    ("lwrist", "lelbow", (25, 0, 0)),
    ("rshoulder", "chest", (-17, 18, 0)),
    ("relbow", "rshoulder", (-28, 0, 0)),
    ("rwrist", "relbow", (-25, 0, 0)),
)
LANDMARKS = tuple(name for name, _, _ in _BODY)

FAMILIES: dict[str, dict[str, str]] = {
    "motionbuilder": {
        "hips": "Hips", "chest": "Spine", "head": "Head",
        "lhip": "LeftUpLeg", "lknee": "LeftLeg", "lankle": "LeftFoot", "ltoe": "LeftToeBase",
        "lshoulder": "LeftArm", "lelbow": "LeftForeArm", "lwrist": "LeftHand",
        "rhip": "RightUpLeg", "rknee": "RightLeg", "rankle": "RightFoot", "rtoe": "RightToeBase",
        "rshoulder": "RightArm", "relbow": "RightForeArm", "rwrist": "RightHand",
    },
    "daz": {
        "hips": "hip", "chest": "chest", "head": "head",
        "lhip": "lThigh", "lknee": "lShin", "lankle": "lFoot", "ltoe": "End",
        "lshoulder": "lShldr", "lelbow": "lForeArm", "lwrist": "lHand",
        "rhip": "rThigh", "rknee": "rShin", "rankle": "rFoot", "rtoe": "End",
        "rshoulder": "rShldr", "relbow": "rForeArm", "rwrist": "rHand",
    },
    "asf": {
        "hips": "root", "chest": "thorax", "head": "head",
        "lhip": "lfemur", "lknee": "ltibia", "lankle": "lfoot", "ltoe": "ltoes",
        "lshoulder": "lhumerus", "lelbow": "lradius", "lwrist": "lwrist",
        "rhip": "rfemur", "rknee": "rtibia", "rankle": "rfoot", "rtoe": "rtoes",
        "rshoulder": "rhumerus", "relbow": "rradius", "rwrist": "rwrist",
    },
    "neck as head": {},
}  # fmt: skip
FAMILIES["neck as head"] = {**FAMILIES["motionbuilder"], "head": "Neck"}
FAMILIES["mixamo"] = {joint: f"mixamorig:{name}" for joint, name in FAMILIES["motionbuilder"].items()}

UP_TURNS = {
    "y": np.eye(3),
    "z": np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]),
    "x": np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]]),
    "-y": np.diag([1.0, -1, -1]),
}
"""From the body's own axes (y up) to a file's."""


def body_bvh(
    names: dict[str, str] | None = None,
    *,
    up: str = "y",
    scale: float = 1.0,
    frames: Sequence[Mapping[str, Sequence[float]]] = ({},) * 5,
    frame_time: float = 1 / 60,
) -> str:
    """A BVH file's text. A frame gives landmarks their Z, X and Y rotations in degrees about the file's axes, and
    `place` the root's position in the body's own axes; a landmark left out is at rest."""
    names = FAMILIES["motionbuilder"] if names is None else names
    lines = ["HIERARCHY"]
    order: list[str] = []

    def node(name: str, offset: tuple[float, float, float], parent: str) -> None:
        kind = "ROOT" if not parent else "JOINT"
        end = names[name] == "End"
        lines.append("End Site" if end else f"{kind} {names[name]}")
        values = scale * UP_TURNS[up] @ np.array(offset)
        lines.append("{ OFFSET " + " ".join(f"{value:.6f}" for value in values))
        if not end:
            order.append(name)
            places = "6 Xposition Yposition Zposition" if not parent else "3"
            lines.append(f"CHANNELS {places} Zrotation Xrotation Yrotation")
        for child, its_parent, child_offset in _BODY:
            if its_parent == name:
                node(child, child_offset, name)
        lines.append("}")

    node(*_BODY[0][::2], "")
    lines += ["MOTION", f"Frames: {len(frames)}", f"Frame Time: {frame_time:.8f}"]
    for frame in frames:
        place = scale * UP_TURNS[up] @ np.array(frame.get("place", _BODY[0][2]))
        row = [*place, *(angle for name in order for angle in frame.get(name, (0, 0, 0)))]
        lines.append(" ".join(f"{value:.6f}" for value in row))
    return "\n".join(lines) + "\n"


def write_body(path: Path, frame_count: int = 5, *, seed: int = 0) -> Path:
    """A file in which the body walks and swings its limbs a little, as `seed` says."""
    rng = np.random.default_rng(seed)
    swings = {
        name: rng.uniform(-30, 30, 3)
        for name in ("lhip", "rhip", "lknee", "rknee", "lshoulder", "rshoulder", "lelbow", "relbow", "chest")
    }
    frames: list[dict[str, Sequence[float]]] = []
    for moment in np.arange(frame_count) / 60:
        frame: dict[str, Sequence[float]] = {
            name: tuple(swing * np.sin(3 * moment)) for name, swing in swings.items()
        }
        frames.append({**frame, "place": (0.0, 90.0, 100.0 * moment)})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body_bvh(frames=frames))
    return path
