"""Reading BVH motion capture and its forward kinematics."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.errors import LifterError

Array = NDArray[np.floating[Any]]

LARGEST_FILE_BYTES = 512 * 2**20
_MOTION = re.compile(r"(?<=[}\s])MOTION(?=\s)")
_MOTION_HEADER = re.compile(r"\s*Frames\s*:\s*(\S+)\s+Frame\s+Time\s*:\s*(\S+)")
_CHANNELS = frozenset(f"{axis}{kind}" for axis in "XYZ" for kind in ("position", "rotation"))


@dataclass(frozen=True)
class BvhMotion:
    """A BVH file: N nodes (joints and end sites, parents first) and F frames, in the file's own units and axes."""

    names: tuple[str, ...]
    """Node names; the end site of joint `Head` is `Head_end`."""
    parents: tuple[int, ...]
    """Index of each node's parent; -1 for the root."""
    offsets: Array
    """(N, 3) each node's place in its parent's axes."""
    channels: tuple[tuple[str, ...], ...]
    """Channel names a node, in file order: `Xposition`, `Zrotation`, ...; empty for end sites."""
    values: Array
    """(F, C) every channel of every frame, rotations in degrees."""
    frame_time: float
    """Seconds from one frame to the next."""

    def positions(self) -> Array:
        """(F, N, 3) node positions by forward kinematics."""
        return forward_kinematics(self)[0]


def read_bvh(path: str | os.PathLike[str]) -> BvhMotion:
    """Read a BVH file. Raises LifterError with the reason when it is not one, OSError when it cannot be read."""
    path = Path(path)
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise LifterError(
            f"'{path}' is larger than {LARGEST_FILE_BYTES // 2**20} MiB, too large for a BVH file."
        )
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    try:
        motion = _MOTION.search(text)
        hierarchy = text[: motion.start()] if motion else text
        # Some writers put no space between a name and its brace.
        words = hierarchy.replace("{", " { ").replace("}", " } ").split()
        names, parents, offsets, channels = _read_hierarchy(words)
        if motion is None:
            raise ValueError("it has no MOTION part")
        values, frame_time = _read_frames(text, motion.end(), sum(map(len, channels)))
    except ValueError as error:
        raise LifterError(f"'{path}' is not a readable BVH file: {error}; export it again.") from error
    return BvhMotion(tuple(names), tuple(parents), np.array(offsets), tuple(channels), values, frame_time)


def _read_hierarchy(
    words: list[str],
) -> tuple[list[str], list[int], list[list[float]], list[tuple[str, ...]]]:
    if not words or words[0] != "HIERARCHY":
        raise ValueError("it does not begin with HIERARCHY")
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[tuple[str, ...]] = []
    open_nodes: list[int] = []
    position = 1
    while position < len(words):
        word = words[position]
        if word in ("ROOT", "JOINT", "End"):
            if "{" not in words[position:]:
                raise ValueError(f"a {word} is not followed by a brace")
            if word != "ROOT" and not open_nodes:
                raise ValueError(f"a {word} stands outside of any joint")
            brace = words.index("{", position)
            name = " ".join(words[position + 1 : brace])
            parent = open_nodes[-1] if open_nodes else -1
            names.append(f"{names[parent]}_end" if word == "End" else name)
            parents.append(parent)
            offsets.append([0.0, 0.0, 0.0])
            channels.append(())
            open_nodes.append(len(names) - 1)
            position = brace + 1
        elif word not in ("OFFSET", "CHANNELS", "}"):
            raise ValueError(f"unexpected word '{word[:40]}' in the hierarchy")
        elif not open_nodes:
            raise ValueError(f"a {word} stands outside of any joint")
        elif word == "OFFSET":
            offsets[open_nodes[-1]] = _read_offset(words[position + 1 : position + 4])
            position += 4
        elif word == "CHANNELS":
            channels[open_nodes[-1]] = _read_channels(words[position + 1 : position + 8])
            position += 2 + len(channels[open_nodes[-1]])
        else:
            open_nodes.pop()
            position += 1
    if not names:
        raise ValueError("the hierarchy is empty")
    if open_nodes:
        raise ValueError(f"the brace of '{names[open_nodes[-1]]}' is never closed")
    return names, parents, offsets, channels


def _read_offset(words: list[str]) -> list[float]:
    offset = [float(word) for word in words]
    if len(offset) < 3 or not np.isfinite(offset).all():
        raise ValueError("an OFFSET is not three numbers")
    return offset


def _read_channels(words: list[str]) -> tuple[str, ...]:
    """A count and at most six names: more than that a joint cannot have."""
    if not words or not words[0].isdecimal() or not int(words[0]) < len(words):
        raise ValueError("a CHANNELS line does not have as many channels as it says, or more than six")
    found = tuple(words[1 : 1 + int(words[0])])
    if unknown := set(found) - _CHANNELS:
        raise ValueError(f"unknown channel {sorted(unknown)[0][:40]}")
    return found


def _read_frames(text: str, start: int, channel_count: int) -> tuple[Array, float]:
    header = _MOTION_HEADER.match(text, start)
    if header is None:
        raise ValueError("the MOTION part does not give Frames and Frame Time")
    frame_count, frame_time = int(header[1]), float(header[2])
    if frame_count < 0 or not 0 < frame_time < np.inf:
        raise ValueError("the frame time or the number of frames is not positive")
    if channel_count == 0:
        raise ValueError("no joint has a channel that could move it")
    numbers = text[header.end() :].split()
    if len(numbers) != frame_count * channel_count:
        raise ValueError(
            f"{frame_count} frames of {channel_count} channels do not make {len(numbers)} numbers"
        )
    values = np.array(numbers, dtype=np.float64).reshape(frame_count, channel_count)
    if not np.isfinite(values).all():
        raise ValueError(
            f"frame {int(np.argmin(np.isfinite(values).all(axis=1)))} holds a value that is no number"
        )
    return values, frame_time


def forward_kinematics(motion: BvhMotion) -> tuple[Array, Array]:
    """(F, N, 3) positions and (F, N, 3, 3) global rotations of every node.

    Rotations apply in the order in which the channels stand, each about the axes turned by those before
    it. Position channels move the root only: below it writers disagree (some repeat the offset, some
    write places in the world), and bones of constant length need none.
    """
    frame_count, node_count = motion.values.shape[0], len(motion.names)
    positions = np.zeros((frame_count, node_count, 3))
    rotations = np.zeros((frame_count, node_count, 3, 3))
    column = 0
    for node, (parent, channels) in enumerate(zip(motion.parents, motion.channels, strict=True)):
        place = np.repeat(motion.offsets[node][None], frame_count, axis=0)
        turn = np.broadcast_to(np.eye(3), (frame_count, 3, 3))
        for channel in channels:
            axis = "XYZ".index(channel[0])
            value = motion.values[:, column]
            column += 1
            if channel.endswith("position"):
                if parent < 0:
                    place[:, axis] = value
            else:
                turn = turn @ axis_rotation(axis, np.radians(value))
        if parent < 0:
            positions[:, node], rotations[:, node] = place, turn
        else:
            positions[:, node] = positions[:, parent] + np.einsum("fij,fj->fi", rotations[:, parent], place)
            rotations[:, node] = rotations[:, parent] @ turn
    return positions, rotations


def axis_rotation(axis: int, angle: Array) -> Array:
    """(..., 3, 3) right-handed rotations about coordinate axis 0, 1 or 2 by `angle` (...) radians."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.zeros((*np.shape(angle), 3, 3))
    matrix[..., axis, axis] = 1
    matrix[..., first, first] = matrix[..., second, second] = np.cos(angle)
    matrix[..., first, second] = -np.sin(angle)
    matrix[..., second, first] = np.sin(angle)
    return matrix
