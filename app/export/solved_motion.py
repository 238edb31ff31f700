"""One person's motion as rotations of a rig: what the formats that store rotations write."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import StudioError
from app.export.resampling import positions_at, rotations_at, unseen_spans
from app.motion.rig import Rig, make_rig
from app.motion.rotations import solve_rotations
from app.take import Array, Take


@dataclass(frozen=True)
class SolvedMotion:
    """T rows of a motion in metres, x right, y up, z toward the viewer, the floor at y = 0."""

    rig: Rig
    rotations: Array
    """(T, N, 3, 3) local rotations of `app.motion.rig.NODES`."""
    root: Array
    """(T, 3) the hip."""
    poses: Array
    """(T, 17, 3) the joints that were to be met; interpolated where nobody was seen."""
    unseen: list[dict[str, Any]]
    """The frames without a pose, and how their rows were made, for the notes."""


def to_y_up(world: Array) -> Array:
    """`(..., 3)` world space with y up: x right, y up, z toward the viewer, in the same unit."""
    return np.stack((world[..., 0], world[..., 2], -world[..., 1]), axis=-1)


def solve_person(
    take: Take, person: int, times: Array, path: Path, spine_lift_m: float = 0.0
) -> SolvedMotion:
    """One person's motion at `times (T,)`.

    Between frames with a pose the rotations go the shortest way, before the first and after the last they are held.
    Raises StudioError, naming `path`, when the person has no pose in any frame.
    """
    seen, fps = take.seen(person), take.source.fps
    if not seen.any():
        raise StudioError(
            f"Person {person + 1} has no pose in any frame, so there is no motion to write to '{path}'."
        )
    positions = to_y_up(take.world[person])
    keys = np.flatnonzero(seen)
    keys = keys[np.concatenate(([True], np.diff(take.time_s[keys]) > 0))]
    rig = make_rig(positions, spine_lift_m)
    rotations = solve_rotations(positions[keys], rig, fps, 0.0, to_y_up(take.toes[person])[keys])
    key_times = take.time_s[keys]
    if len(key_times) != len(times) or not np.array_equal(key_times, times):
        rotations = rotations_at(key_times, rotations, times)
    poses = positions_at(key_times, positions[keys], times)
    return SolvedMotion(rig, rotations, poses[:, 0], poses, unseen_spans(seen, take.time_s))


def read_back_notes(found: Array, expected: Array, compared: np.ndarray) -> dict[str, Any]:
    """For the sidecar: how far a file's joints (T, 17, 3) lie from the poses (T, 17, 3), both in metres, in the rows
    `compared` (T,)."""
    distance = np.linalg.norm(found - expected, axis=-1)[compared] * 1000
    if not distance.size:
        return {"frames_compared": 0}
    return {
        "frames_compared": int(compared.sum()),
        "largest_error_mm": round(float(distance.max()), 4),
        "mean_error_mm": round(float(distance.mean()), 4),
        "of": "forward kinematics of the file against the poses; bones are held constant in the file",
    }
