"""BVH: the skeleton as animators open it: y up, T-pose at rest, constant bones, names that retarget."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from app.errors import StudioError
from app.export.bvh_presets import CENTIMETRES, PRESETS, BvhPreset
from app.export.format import ExportFormat
from app.export.resampling import between_seen, even_times, is_even
from app.take import Array, Take
from stcformer.atomic import atomic_path
from stcformer.bvh import BvhMotion, read_bvh
from stcformer.skeleton import JOINT_COUNT, JOINTS

if TYPE_CHECKING:
    from app.export.solved_motion import SolvedMotion

SPACE = "y up, z toward the viewer, x right"


def to_bvh_space(world: Array) -> Array:
    """`(..., 3)` world-space metres in BVH space: x right, y up, z toward the viewer, centimetres."""
    from app.export.solved_motion import to_y_up  # noqa: PLC0415

    return np.asarray(to_y_up(world) * CENTIMETRES)


def write_bvh(take: Take, person: int, path: Path, preset: BvhPreset = PRESETS[0]) -> dict[str, Any]:
    """Write one person's motion with constant bones, then read it back and measure it against the poses.

    Row k is at the first frame's time + k/fps. A BVH has no holes and one rate: frames without a pose are
    interpolated (or held, at the ends), a video of variable rate is resampled; the notes say which.
    Raises StudioError when the person has no pose in any frame or the frame rate is not known.
    """
    from app.export.solved_motion import solve_person  # noqa: PLC0415

    fps = take.source.fps
    if not (np.isfinite(fps) and fps > 0):
        raise StudioError(
            f"The frame rate of '{take.source.path}' is not known, so '{path}' cannot be written."
        )
    even = is_even(take.time_s, fps)
    times = take.time_s if even else even_times(take.time_s, fps)
    motion = solve_person(take, person, times, path, preset.spine_lift_m)

    text, order = _bvh_text(motion, preset, 1 / fps)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    seen = take.seen(person)
    compared = between_seen(seen, take.time_s, times) if not even else seen
    return {
        "space": SPACE,
        "unit": preset.unit,
        "frames": len(times),
        "frame_time_s": 1 / fps,
        "first_row_at_s": float(take.time_s[0]),
        "times": "one row a frame" if even else f"variable frame rate, resampled to {fps:g} rows a second",
        "unseen": motion.unseen,
        "rotation_order": order,
        "rest_pose": "T-pose on the floor" if preset.rest_on_floor else "T-pose with the hip at the origin",
        "nodes_of_joints": nodes_of_joints(preset),
        "not_observed": "feet follow shin and floor, hands the forearm, the skull base the nose: "
        "the 17 joints say nothing of them",
        "read_back": _read_back(path, motion.poses, compared, preset),
    }


def nodes_of_joints(preset: BvhPreset = PRESETS[0]) -> dict[str, str]:
    """The file's node, or end site (`..._end`), of each of the 17 joints."""
    from app.motion.rig import JOINT_NODES  # noqa: PLC0415

    return {JOINTS[joint]: preset.name_of(JOINT_NODES[joint]) for joint in range(JOINT_COUNT)}


def joints_of(motion: BvhMotion, preset: BvhPreset = PRESETS[0]) -> Array:
    """(F, 17, 3) the Human3.6M joints, in the file's unit, of a file that `write_bvh` wrote."""
    names = nodes_of_joints(preset)
    try:
        columns = [motion.names.index(names[joint]) for joint in JOINTS]
    except ValueError as error:
        raise StudioError(f"The BVH file was not written by this program: {error}.") from error
    return motion.positions()[:, columns]


def _read_back(path: Path, expected: Array, compared: np.ndarray, preset: BvhPreset) -> dict[str, Any]:
    """How far the file's own forward kinematics lies from the poses, in millimetres, where there are any."""
    from app.export.solved_motion import read_back_notes  # noqa: PLC0415

    return read_back_notes(joints_of(read_bvh(path), preset) / preset.units_per_metre, expected, compared)


def _bvh_text(motion: "SolvedMotion", preset: BvhPreset, frame_time: float) -> tuple[str, str]:
    """The file, and its rotation order."""
    from app.motion.euler import choose_order, matrices_to_euler  # noqa: PLC0415
    from app.motion.rig import node_index  # noqa: PLC0415
    from app.motion.rotations import to_global  # noqa: PLC0415

    turned = to_global(motion.rotations)
    sources = {row.name: turned[:, node_index(row.node)] for row in preset.rows}
    local = [
        np.swapaxes(sources[row.parent], -1, -2) @ sources[row.name] if row.parent else sources[row.name]
        for row in preset.rows
    ]
    order = preset.order or choose_order(np.stack(local, axis=1))
    lines = ["HIERARCHY"]
    written: list[int] = []
    _write_node(_rest(motion, preset), preset, 0, order, 0, lines, written)
    columns = [motion.root * preset.units_per_metre]
    columns += [matrices_to_euler(local[row], order) for row in written]
    values = np.concatenate(columns, axis=1)
    lines += ["MOTION", f"Frames: {len(values)}", f"Frame Time: {frame_time!r}"]
    lines += [" ".join(f"{value:.6f}" for value in row) for row in values.tolist()]
    return "\n".join(lines) + "\n", order


def _rest(motion: "SolvedMotion", preset: BvhPreset) -> dict[str, Array]:
    """Offsets by the file's names (end sites: `..._end`), in the file's unit."""
    from app.motion.rig import node_index  # noqa: PLC0415

    rig = motion.rig
    places = rig.rest_positions()
    places[:, 1] += rig.standing_hip() if preset.rest_on_floor else 0.0
    rest = {"": np.zeros(3)}
    offsets: dict[str, Array] = {}
    for row in preset.rows:
        place = places[node_index(row.node)]
        if row.towards:
            place = (place + places[node_index(row.towards)]) / 2
        rest[row.name] = place
        offsets[row.name] = place - rest[row.parent]
        if row.node in rig.ends:
            offsets[f"{row.name}_end"] = rig.ends[row.node]
    return {name: offset * preset.units_per_metre for name, offset in offsets.items()}


def _write_node(
    offsets: dict[str, Array],
    preset: BvhPreset,
    index: int,
    order: str,
    depth: int,
    lines: list[str],
    written: list[int],
) -> None:
    indent, inner = "\t" * depth, "\t" * (depth + 1)
    name = preset.rows[index].name
    written.append(index)
    channels = [f"{axis}rotation" for axis in order]
    if not depth:
        channels = ["Xposition", "Yposition", "Zposition", *channels]
    lines += [f"{indent}{'JOINT' if depth else 'ROOT'} {name}", indent + "{"]
    lines += [inner + _offset(offsets[name]), f"{inner}CHANNELS {len(channels)} {' '.join(channels)}"]
    for child, row in enumerate(preset.rows):
        if row.parent == name:
            _write_node(offsets, preset, child, order, depth + 1, lines, written)
    if f"{name}_end" in offsets:
        end = _offset(offsets[f"{name}_end"])
        lines += [inner + "End Site", inner + "{", f"{inner}\t{end}", inner + "}"]
    lines.append(indent + "}")


def _offset(vector: Array) -> str:
    return "OFFSET " + " ".join(f"{value:.6f}" for value in (vector + 0.0).tolist())


FORMATS: tuple[ExportFormat, ...] = tuple(
    ExportFormat(
        preset.name,
        preset.suffix,
        preset.description,
        f"{SPACE}, in {preset.unit}s",
        partial(write_bvh, preset=preset),
        read_bvh,
        needs_pose=True,
    )
    for preset in PRESETS
)
