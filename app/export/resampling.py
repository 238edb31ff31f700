"""Rows at an even rate for formats that have no times: resampling, and gaps that must be bridged."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.errors import StudioError
from app.take import Array, Take

LARGEST_STEP_ERROR = 0.25
"""Of a frame: how much an interval may differ from 1/fps before the video counts as one of variable rate."""

LARGEST_DRIFT = 0.5
"""Of a frame: how far a frame may lie from its place at an even rate."""


def is_even(time_s: Array, fps: float) -> bool:
    """Whether `(F,)` times are one frame each at `fps`, but for the rounding of a container's clock."""
    ideal = time_s[0] + np.arange(len(time_s)) / fps
    steps = np.diff(time_s) * fps
    drift = np.abs(time_s - ideal) * fps
    return bool((np.abs(steps - 1) <= LARGEST_STEP_ERROR).all() and (drift <= LARGEST_DRIFT).all())


def even_times(time_s: Array, fps: float) -> Array:
    """Times from the first to the last of `time_s`, 1/fps apart."""
    count = int(np.floor((time_s[-1] - time_s[0]) * fps + 0.5)) + 1
    return np.asarray(time_s[0] + np.arange(count) / fps)


def rotations_at(time_s: Array, rotations: Array, times: Array) -> Array:
    """`(K, N, 3, 3)` rotations at increasing `time_s (K,)`, at `times (T,)` by the shortest arc.

    Before the first and after the last they are held.
    """
    from scipy.spatial.transform import Rotation, Slerp  # noqa: PLC0415

    if len(time_s) == 1:
        return np.repeat(rotations, len(times), axis=0)
    clipped = np.clip(times, time_s[0], time_s[-1])
    result = np.empty((len(times), *rotations.shape[1:]))
    for node in range(rotations.shape[1]):
        result[:, node] = Slerp(time_s, Rotation.from_matrix(rotations[:, node]))(clipped).as_matrix()
    return result


def positions_at(time_s: Array, positions: Array, times: Array) -> Array:
    """`(K, ...)` positions at increasing `time_s (K,)`, at `times (T,)` on straight lines, held outside."""
    flat = positions.reshape(len(positions), -1)
    columns = [np.interp(times, time_s, column) for column in flat.T]
    return np.stack(columns, axis=-1).reshape(len(times), *positions.shape[1:])


def unseen_spans(seen: np.ndarray, time_s: Array) -> list[dict[str, Any]]:
    """Every run of frames without a pose: its first and last frame and time, and how its rows were made."""
    edges = np.flatnonzero(np.diff(np.concatenate(([True], seen, [True])).astype(np.int8))).reshape(-1, 2)
    return [
        {
            "first_frame": int(start),
            "last_frame": int(stop - 1),
            "from_s": float(time_s[start]),
            "to_s": float(time_s[stop - 1]),
            "rows": "held" if start == 0 or stop == len(seen) else "interpolated",
        }
        for start, stop in edges
    ]


def between_seen(seen: np.ndarray, time_s: Array, times: Array) -> np.ndarray:
    """(T,) whether each of `times` lies at or between neighbouring frames that both have a pose."""
    after = np.searchsorted(time_s, times - 1e-9).clip(0, len(time_s) - 1)
    exact = np.abs(time_s[after] - times) < 1e-6
    before = np.where(exact, after, (after - 1).clip(0))
    return np.asarray(seen[before] & seen[after])


@dataclass(frozen=True)
class EvenJoints:
    """One person's joints at rows 1/fps apart."""

    time_s: Array
    """(T,) seconds of the video: those of its frames, or of even rows where its rate varies."""
    positions: Array
    """(T, 17, 3) world-space metres; NaN where the joint was not observed, or between frames of which one lacks it."""
    notes: dict[str, Any]
    """How the rows were made, for the sidecar."""


def joints_at_even_rate(take: Take, person: int) -> EvenJoints:
    """One person's joints for a format that has one rate but may have holes.

    A video of variable rate is resampled on straight lines between neighbouring frames; the notes say so. Raises
    StudioError when the frame rate is not known.
    """
    fps, time_s, world = take.source.fps, take.time_s, take.world[person]
    if not (np.isfinite(fps) and fps > 0):
        raise StudioError(
            f"The frame rate of '{take.source.path}' is not known, so formats with one rate cannot be written."
        )
    even = is_even(time_s, fps)
    if even:
        times, positions = time_s, world
    else:
        times = even_times(time_s, fps)
        positions = np.full((len(times), *world.shape[1:]), np.nan)
        for joint in range(world.shape[1]):
            known = np.isfinite(world[:, joint]).all(axis=-1)
            keys = np.flatnonzero(known)
            keys = keys[np.concatenate(([True], np.diff(time_s[keys]) > 0))[: len(keys)]]
            if len(keys):
                between = between_seen(known, time_s, times)
                positions[between, joint] = positions_at(time_s[keys], world[keys, joint], times[between])
    return EvenJoints(
        times,
        positions,
        {
            "rows": len(times),
            "rows_per_second": fps,
            "rows_empty": int((~np.isfinite(positions).all(axis=-1).any(axis=1)).sum()),
            "first_row_at_s": float(time_s[0]),
            "times": "one row a frame"
            if even
            else f"variable frame rate, resampled to {fps:g} rows a second",
        },
    )
