"""The errors that papers report on the two data sets, from predicted poses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.metrics import acceleration_errors, aligned_joint_error, mean_joint_error
from stcformer.paper.clips import Clips
from stcformer.paper.human36m import FRAME_RATE

Array = NDArray[np.floating[Any]]

PCK_THRESHOLD_MM = 150.0
AUC_THRESHOLDS_MM = np.arange(0.0, 151.0, 5.0)
"""0 to 150 in steps of 5: 31 thresholds, of which the first counts nothing."""
PCK_JOINTS = tuple(range(14))
"""Of MPI-INF-3DHP's 17: without pelvis, spine and head, as its own evaluation does."""


@dataclass(frozen=True)
class Row:
    """Errors of one action or sequence, or on average; millimetres, shares in per cent, NaN where it is not asked."""

    name: str
    frames: int
    p1: float
    """Protocol 1: mean distance of the joints with the roots on each other."""
    p2: float = np.nan
    """Protocol 2: after each pose's own Procrustes alignment."""
    acceleration: float = np.nan
    """Mean error of the joints' accelerations, over the frames that follow each other: mm / s^2 on Human3.6M, mm a frame
    squared on MPI-INF-3DHP, whose files say no rate."""
    pck: float = np.nan
    """Per cent of joints closer than `PCK_THRESHOLD_MM`."""
    auc: float = np.nan
    """Per cent: mean of PCK over `AUC_THRESHOLDS_MM`."""


def correct_keypoints(errors: Array, threshold: float = PCK_THRESHOLD_MM) -> float:
    """Per cent of (..., J) joint errors below the threshold, strictly."""
    return float(100 * (errors < threshold).mean())


def area_under_curve(errors: Array) -> float:
    """Per cent: mean over `AUC_THRESHOLDS_MM` of `correct_keypoints` of (..., J) errors in millimetres."""
    return float(np.mean([correct_keypoints(errors, threshold) for threshold in AUC_THRESHOLDS_MM]))


def human36m_rows(poses: Array, truth: Array, clips: Clips, rows: NDArray[np.int64]) -> list[Row]:
    """Protocols 1 and 2, action by action and on average over actions, as published.

    poses, truth: (M, 17, 3) metres, of the (M,) `rows` of the clips. An action's error is the mean over its frames,
    the average that over the actions. The acceleration error is ours; it counts frames of a clip that follow each other.
    """
    p1 = 1000 * mean_joint_error(poses, truth)
    p2 = 1000 * aligned_joint_error(poses, truth)
    clip = clips.clip_of_frames(rows)
    action = np.array(clips.actions)[clip]
    table = []
    for name in dict.fromkeys(clips.actions):
        chosen = action == name
        if chosen.any():
            jitter = _acceleration(
                1000 * poses[chosen], 1000 * truth[chosen], rows[chosen], clip[chosen], FRAME_RATE
            )
            table.append(
                Row(name, int(chosen.sum()), float(p1[chosen].mean()), float(p2[chosen].mean()), jitter)
            )
    return [*table, average(table)]


def average(rows: Sequence[Row]) -> Row:
    """The mean of the rows, each with the same weight."""
    means = {
        name: float(np.mean([getattr(row, name) for row in rows]))
        for name in ("p1", "p2", "acceleration", "pck", "auc")
    }
    return Row("Average", sum(row.frames for row in rows), **means)


def mpi_inf_3dhp_rows(poses: Array, truth: Array, clips: Clips, rows: NDArray[np.int64]) -> list[Row]:
    """PCK, AUC and protocol 1, sequence by sequence and over all frames, as the data set's own evaluation does.

    The acceleration error is ours; it counts three frames that follow each other and are all valid.

    poses, truth: (M, 17, 3) millimetres relative to the pelvis, of the (M,) `rows`, the valid frames.
    """
    errors = np.linalg.norm(poses - truth, axis=-1)
    clip = clips.clip_of_frames(rows)
    sequence = np.array(clips.subjects)[clip]
    named = [(name, sequence == name) for name in dict.fromkeys(clips.subjects) if (sequence == name).any()]
    return [
        Row(
            name,
            int(chosen.sum()),
            float(errors[chosen].mean()),
            acceleration=_acceleration(poses[chosen], truth[chosen], rows[chosen], clip[chosen], 1.0),
            pck=correct_keypoints(errors[chosen][:, PCK_JOINTS]),
            auc=area_under_curve(errors[chosen][:, PCK_JOINTS]),
        )
        for name, chosen in [*named, ("All", np.ones(len(errors), bool))]
    ]


def joint_errors(poses: Array, truth: Array, millimetres: float) -> Array:
    """(M, 17) distances in millimetres; `millimetres` is the poses' unit."""
    return np.asarray(millimetres * np.linalg.norm(poses - truth, axis=-1))


def _acceleration(
    poses: Array, truth: Array, rows: NDArray[np.int64], clip: NDArray[np.int64], rate: float
) -> float:
    """Mean over the triples of frames that follow each other within a clip; NaN where there is none.

    rate: frames a second, or 1 for an error a frame squared.
    """
    if len(rows) < 3:
        return np.nan
    following = (np.diff(rows) == 1) & (np.diff(clip) == 0)
    triples = following[:-1] & following[1:]
    errors = acceleration_errors(poses, truth, rate)
    return float(errors[triples].mean()) if triples.any() else np.nan
