"""BVH: the skeleton as animators open it: y up, centimetres, T-pose at rest, names that retarget."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.errors import StudioError
from app.export.format import ExportFormat
from app.export.resampling import (
    between_seen,
    even_times,
    is_even,
    positions_at,
    rotations_at,
    unseen_spans,
)
from app.take import Array, Take
from stcformer.atomic import atomic_path
from stcformer.bvh import BvhMotion, read_bvh
from stcformer.skeleton import JOINT_COUNT, JOINTS

if TYPE_CHECKING:
    from app.motion.rig import Rig

CENTIMETRES = 100.0


def to_bvh_space(world: Array) -> Array:
    """`(..., 3)` world-space metres in BVH space: x right, y up, z toward the viewer, centimetres."""
    return np.asarray(np.stack((world[..., 0], world[..., 2], -world[..., 1]), axis=-1) * CENTIMETRES)


def write_bvh(take: Take, person: int, path: Path) -> dict[str, Any]:
    """Write one person's motion with constant bones, then read it back and measure it against the poses.

    Row k is at the first frame's time + k/fps. A BVH has no holes and one rate: frames without a pose are
    interpolated (or held, at the ends), a video of variable rate is resampled; the notes say which.
    Raises StudioError when the person has no pose in any frame or the frame rate is not known.
    """
    from app.motion.rig import make_rig  # noqa: PLC0415
    from app.motion.rotations import solve_rotations  # noqa: PLC0415

    seen, fps = take.seen(person), take.source.fps
    if not seen.any():
        raise StudioError(
            f"Person {person + 1} has no pose in any frame, so there is no motion to write to '{path}'."
        )
    if not (np.isfinite(fps) and fps > 0):
        raise StudioError(
            f"The frame rate of '{take.source.path}' is not known, so '{path}' cannot be written."
        )
    even = is_even(take.time_s, fps)
    times = take.time_s if even else even_times(take.time_s, fps)

    positions = to_bvh_space(take.world[person])
    rig = make_rig(positions)
    keys = np.flatnonzero(seen)
    keys = keys[np.concatenate(([True], np.diff(take.time_s[keys]) > 0))]
    rotations, root = solve_rotations(positions[keys], rig, fps), positions[keys, 0]
    if not even or not seen.all():
        rotations = rotations_at(take.time_s[keys], rotations, times)
        root = positions_at(take.time_s[keys], root, times)

    text, orders = _bvh_text(rig, rotations, root, 1 / fps)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    compared = between_seen(seen, take.time_s, times) if not even else seen
    expected = positions_at(take.time_s[keys], positions[keys], times)
    return {
        "space": "y up, z toward the viewer, x right",
        "unit": "centimetre",
        "frames": len(times),
        "frame_time_s": 1 / fps,
        "first_row_at_s": float(take.time_s[0]),
        "times": "one row a frame" if even else f"variable frame rate, resampled to {fps:g} rows a second",
        "unseen": unseen_spans(seen, take.time_s),
        "rotation_orders": orders,
        "nodes_of_joints": _nodes_of_joints(),
        "toes_and_hands": "drawn at rest: the 17 joints say nothing of them",
        "read_back": _read_back(path, expected, compared),
    }


def _nodes_of_joints() -> dict[str, str]:
    from app.motion.rig import JOINT_NODES  # noqa: PLC0415

    return {JOINTS[joint]: JOINT_NODES[joint] for joint in range(JOINT_COUNT)}


def joints_of(motion: BvhMotion) -> Array:
    """(F, 17, 3) the Human3.6M joints, in centimetres of BVH space, of a file that `write_bvh` wrote."""
    names = _nodes_of_joints()
    try:
        columns = [motion.names.index(names[joint]) for joint in JOINTS]
    except ValueError as error:
        raise StudioError(f"The BVH file was not written by this program: {error}.") from error
    return motion.positions()[:, columns]


def _read_back(path: Path, expected: Array, compared: np.ndarray) -> dict[str, Any]:
    """How far the file's own forward kinematics lies from the poses, in millimetres, where there are any."""
    distance = np.linalg.norm(joints_of(read_bvh(path)) - expected, axis=-1)[compared] / CENTIMETRES * 1000
    if not distance.size:
        return {"frames_compared": 0}
    return {
        "frames_compared": int(compared.sum()),
        "largest_error_mm": round(float(distance.max()), 4),
        "mean_error_mm": round(float(distance.mean()), 4),
        "of": "forward kinematics of the file against the poses; bones are held constant in the file",
    }


def _bvh_text(rig: "Rig", rotations: Array, root: Array, frame_time: float) -> tuple[str, dict[str, str]]:
    """The file, and the rotation order of every node that could not have the usual one."""
    from app.motion.euler import USUAL_ORDER, choose_order, matrices_to_euler  # noqa: PLC0415
    from app.motion.rig import NODES  # noqa: PLC0415

    orders = [choose_order(rotations[:, node]) for node in range(len(NODES))]
    lines = ["HIERARCHY"]
    written: list[int] = []
    _write_node(rig, 0, orders, 0, lines, written)
    columns = [root]
    columns += [matrices_to_euler(rotations[:, node], orders[node]) for node in written]
    values = np.concatenate(columns, axis=1)
    lines += ["MOTION", f"Frames: {len(values)}", f"Frame Time: {frame_time!r}"]
    lines += [" ".join(f"{value:.6f}" for value in row) for row in values.tolist()]
    unusual = {NODES[node].name: order for node, order in enumerate(orders) if order != USUAL_ORDER}
    return "\n".join(lines) + "\n", {"others": USUAL_ORDER, **unusual}


def _write_node(
    rig: "Rig", node: int, orders: list[str], depth: int, lines: list[str], written: list[int]
) -> None:
    from app.motion.rig import NODES  # noqa: PLC0415

    indent, inner = "\t" * depth, "\t" * (depth + 1)
    name = NODES[node].name
    written.append(node)
    rotation = " ".join(f"{axis}rotation" for axis in orders[node])
    lines += [
        f"{indent}{'JOINT' if depth else 'ROOT'} {name}",
        indent + "{",
        inner + _offset(rig.offsets[node]),
    ]
    lines.append(
        inner
        + (f"CHANNELS 3 {rotation}" if depth else f"CHANNELS 6 Xposition Yposition Zposition {rotation}")
    )
    for child, candidate in enumerate(NODES):
        if candidate.parent == node:
            _write_node(rig, child, orders, depth + 1, lines, written)
    if name in rig.ends:
        lines += [inner + "End Site", inner + "{", f"{inner}\t{_offset(rig.ends[name])}", inner + "}"]
    lines.append(indent + "}")


def _offset(vector: Array) -> str:
    return "OFFSET " + " ".join(f"{value:.6f}" for value in (vector + 0.0).tolist())


FORMAT = ExportFormat(
    "bvh",
    ".bvh",
    "skeleton with joint rotations, for animation programs",
    "y up, z toward the viewer, in centimetres",
    write_bvh,
    read_bvh,
    needs_pose=True,
)
