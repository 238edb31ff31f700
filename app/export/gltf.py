"""GLB (glTF 2.0 binary): a skinned stick figure that moves, for any viewer, game engine or web page.

Metres, y up, a person who looks at the viewer faces +z. Every frame has its keys at its own time.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.errors import StudioError
from app.export.colours import LEFT_COLOUR, MIDDLE_COLOUR, RIGHT_COLOUR
from app.export.figure_mesh import LEFT, MIDDLE, RIGHT, figure_mesh
from app.export.format import ExportFormat
from app.export.glb_container import INDICES, VERTICES, Blocks, read_glb, write_glb
from app.take import Array, Take
from stcformer.skeleton import JOINT_COUNT, JOINTS

if TYPE_CHECKING:
    from app.export.solved_motion import SolvedMotion
    from app.motion.rig import Rig

_COLOURS = {LEFT: LEFT_COLOUR, RIGHT: RIGHT_COLOUR, MIDDLE: MIDDLE_COLOUR}


@dataclass(frozen=True)
class GlbMotion:
    """What a GLB file of this program holds: N nodes with the ends of bones, T keys."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    time_s: Array
    """(T,) seconds from the first frame."""
    positions: Array
    """(T, N, 3) metres, by forward kinematics."""
    rest: Array
    """(N, 3) metres, the nodes without the animation: a T-pose on the floor."""
    triangles: int


def write_gltf(take: Take, person: int, path: Path) -> dict[str, Any]:
    """Write one person as a skinned figure with an animation, then read it back and measure it against the poses.

    One key a frame, at its time after the first frame's; frames without a pose are interpolated (or held, at
    the ends). Raises StudioError when the person has no pose in any frame.
    """
    from app.export.solved_motion import solve_person  # noqa: PLC0415

    # glTF wants times that grow; a container may give two frames one time.
    frames = np.flatnonzero(np.concatenate(([True], np.diff(take.time_s.astype(np.float32)) > 0)))
    motion = solve_person(take, person, take.time_s[frames], path)
    time_s = take.time_s[frames] - take.time_s[0]

    blocks = Blocks()
    content = _content(motion, time_s, Path(take.source.path).stem, blocks)
    write_glb(path, content, blocks)
    return {
        "space": "y up, z toward the viewer, x right",
        "unit": "metre",
        "keys": len(time_s),
        "first_key_at_s": float(take.time_s[0]),
        "times": "one key a frame, at its own time after the first",
        "unseen": motion.unseen,
        "rest_pose": "T-pose on the floor",
        "nodes_of_joints": _nodes_of_joints(),
        "read_back": _read_back(path, motion.poses, take.seen(person)[frames]),
    }


def _nodes_of_joints() -> dict[str, str]:
    from app.motion.rig import JOINT_NODES  # noqa: PLC0415

    return {JOINTS[joint]: JOINT_NODES[joint] for joint in range(JOINT_COUNT)}


def _content(motion: "SolvedMotion", time_s: Array, name: str, blocks: Blocks) -> dict[str, Any]:
    """Everything of the glTF but its numbers, which go into `blocks`."""
    nodes, places = _nodes(motion.rig)
    joints = len(nodes)
    nodes.append({"name": "Figure", "mesh": 0, "skin": 0})
    inverse_bind = np.tile(np.eye(4, dtype="<f4"), (joints, 1, 1))
    inverse_bind[:, :3, 3] = -places
    columns = np.swapaxes(inverse_bind, 1, 2).reshape(joints, 16)
    return {
        "asset": {"version": "2.0", "generator": "STCFormer Studio"},
        "scene": 0,
        "scenes": [{"name": name, "nodes": [joints, 0]}],
        "nodes": nodes,
        "skins": [{"joints": list(range(joints)), "skeleton": 0, "inverseBindMatrices": blocks.add(columns)}],
        "materials": [_material(side) for side in _COLOURS],
        "meshes": [{"name": "Figure", "primitives": _primitives(motion.rig, places, blocks)}],
        "animations": [_animation(motion, time_s, name, blocks)],
    }


def _nodes(rig: "Rig") -> tuple[list[dict[str, Any]], Array]:
    """The nodes of the rig and, after them, the ends of its bones, and (N, 3) their places at rest."""
    from app.motion.rig import NODES, node_index  # noqa: PLC0415

    offsets = rig.offsets.copy()
    offsets[0, 1] = rig.standing_hip()
    nodes: list[dict[str, Any]] = [{"name": node.name} for node in NODES]
    parents = [node.parent for node in NODES]
    for name, end in rig.ends.items():
        nodes.append({"name": f"{name}_end"})
        parents.append(node_index(name))
        offsets = np.concatenate((offsets, end[None]))
    places = np.zeros_like(offsets)
    for index, parent in enumerate(parents):
        nodes[index]["translation"] = offsets[index].tolist()
        places[index] = offsets[index] + (places[parent] if parent >= 0 else 0)
        if parent >= 0:
            nodes[parent].setdefault("children", []).append(index)
    return nodes, places


def _material(side: str) -> dict[str, Any]:
    colour = np.asarray(_COLOURS[side]) / 255
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)  # IEC 61966-2-1
    return {
        "name": side,
        "pbrMetallicRoughness": {
            "baseColorFactor": [*linear.round(5).tolist(), 1.0],
            "metallicFactor": 0.0,
            "roughnessFactor": 0.7,
        },
    }


def _primitives(rig: "Rig", places: Array, blocks: Blocks) -> list[dict[str, Any]]:
    primitives = []
    order = list(_COLOURS)
    for mesh in figure_mesh(rig, places):
        joints = np.zeros((len(mesh.nodes), 4), dtype=np.uint8)
        joints[:, 0] = mesh.nodes
        weights = np.zeros((len(mesh.nodes), 4), dtype="<f4")
        weights[:, 0] = 1
        primitives.append(
            {
                "attributes": {
                    "POSITION": blocks.add(mesh.positions.astype("<f4"), target=VERTICES, bounds=True),
                    "NORMAL": blocks.add(mesh.normals.astype("<f4"), target=VERTICES),
                    "JOINTS_0": blocks.add(joints, target=VERTICES),
                    "WEIGHTS_0": blocks.add(weights, target=VERTICES),
                },
                "indices": blocks.add(mesh.triangles.astype("<u2").reshape(-1), target=INDICES),
                "material": order.index(mesh.side),
            }
        )
    return primitives


def _animation(motion: "SolvedMotion", time_s: Array, name: str, blocks: Blocks) -> dict[str, Any]:
    times = blocks.add(time_s.astype("<f4"), bounds=True)
    channels: list[dict[str, Any]] = []
    samplers: list[dict[str, Any]] = []
    outputs = [(0, "translation", motion.root.astype("<f4"))]
    outputs += [
        (node, "rotation", quaternions(motion.rotations[:, node]).astype("<f4"))
        for node in range(motion.rotations.shape[1])
    ]
    for node, path, values in outputs:
        channels.append({"sampler": len(samplers), "target": {"node": node, "path": path}})
        samplers.append({"input": times, "output": blocks.add(values), "interpolation": "LINEAR"})
    return {"name": name, "channels": channels, "samplers": samplers}


def quaternions(rotations: Array) -> Array:
    """(T, 4) unit quaternions x, y, z, w of `(T, 3, 3)` rotations, each on the side of the one before it."""
    from scipy.spatial.transform import Rotation  # noqa: PLC0415

    values = Rotation.from_matrix(rotations).as_quat()
    turned = np.einsum("ij,ij->i", values[1:], values[:-1]) < 0
    sides = np.cumprod(np.concatenate(([1.0], np.where(turned, -1.0, 1.0))))
    return np.asarray(values * (sides * np.sign(values[0, 3] or 1.0))[:, None])


def read_gltf(path: Path) -> GlbMotion:
    """Read back what `write_gltf` wrote. Raises StudioError for another file."""
    from scipy.spatial.transform import Rotation  # noqa: PLC0415

    content, values = read_glb(path)
    try:
        joints = content["skins"][0]["joints"]
        nodes = [content["nodes"][joint] for joint in joints]
        parents = [-1] * len(nodes)
        for index, node in enumerate(nodes):
            for child in node.get("children", ()):
                parents[child] = index
        animation = content["animations"][0]
        tracks = {
            (channel["target"]["node"], channel["target"]["path"]): values[
                animation["samplers"][channel["sampler"]]["output"]
            ].astype(np.float64)
            for channel in animation["channels"]
        }
        time_s = values[animation["samplers"][0]["input"]].astype(np.float64)
        offsets = np.array([node["translation"] for node in nodes])
        positions = np.zeros((len(time_s), len(nodes), 3))
        turned = [Rotation.identity(len(time_s))] * len(nodes)
        rest = np.zeros((len(nodes), 3))
        for index, parent in enumerate(parents):
            own = tracks.get((index, "rotation"))
            here = Rotation.identity(len(time_s)) if own is None else Rotation.from_quat(own)
            offset = tracks.get((index, "translation"), np.tile(offsets[index], (len(time_s), 1)))
            positions[:, index], rest[index], turned[index] = offset, offsets[index], here
            if parent >= 0:
                positions[:, index] = positions[:, parent] + turned[parent].apply(offset)
                rest[index] += rest[parent]
                turned[index] = turned[parent] * here
        counts = [
            content["accessors"][part["indices"]]["count"] for part in content["meshes"][0]["primitives"]
        ]
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise StudioError(f"'{path}' was not written by this program: {error!r}.") from error
    names = tuple(node["name"] for node in nodes)
    return GlbMotion(names, tuple(parents), time_s, positions, rest, sum(counts) // 3)


def _read_back(path: Path, expected: Array, compared: np.ndarray) -> dict[str, Any]:
    """How far the file's own forward kinematics lies from the poses, in millimetres, where there are any."""
    from app.export.solved_motion import read_back_notes  # noqa: PLC0415

    found = read_gltf(path)
    names = _nodes_of_joints()
    columns = [found.names.index(names[joint]) for joint in JOINTS]
    return read_back_notes(found.positions[:, columns], expected, compared)


FORMAT = ExportFormat(
    "glb",
    ".glb",
    "moving figure for any 3D viewer, game engine or web page (glTF 2.0)",
    "y up, z toward the viewer, in metres",
    write_gltf,
    read_gltf,
    needs_pose=True,
)
