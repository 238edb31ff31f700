"""A person who walks on feet that stand: each ankle stays where it is, then swings to its next place."""

import numpy as np
from synthetic_body import ANKLE_HEIGHT, HIP_HALF, SHIN, STANDING_HIP, THIGH, arms_overhead

STRIDE_S, STRIDE_M = 1.0, 1.0
STANCE = 0.6
"""Share of a stride in which a foot stands."""
SWING_HEIGHT = 0.14
LEGS = ((4, 5, 6), (1, 2, 3))
"""Hip, knee and ankle, left and right."""


def stepping(
    seconds: float, fps: float, *, step_m: float = 0.0, away_m: float = 4.0
) -> tuple[np.ndarray, np.ndarray]:
    """(F, 17, 3) metres, world space, away from the camera at the origin's place; (F, 2) whether each foot stands.

    Every step is `step_m` higher than the one before (stairs).
    """
    time = np.arange(round(seconds * fps)) / fps
    world = np.repeat(arms_overhead(1), len(time), axis=0)
    world -= world[:, :1] - [0.0, 0.0, STANDING_HIP]
    forward = STRIDE_M * time / STRIDE_S
    rise = 2 * step_m * time / STRIDE_S
    world += np.stack((np.zeros_like(time), forward + away_m, rise - 0.14), axis=1)[:, None]
    stands = np.zeros((len(time), 2), dtype=bool)
    for foot, (hip, knee, ankle) in enumerate(LEGS):
        stride = time / STRIDE_S + foot / 2 + STANCE / 2
        swing = np.clip((stride % 1 - STANCE) / (1 - STANCE), 0, 1)
        done = np.floor(stride) + (1 - np.cos(np.pi * swing)) / 2 - foot / 2
        lift = ANKLE_HEIGHT + SWING_HEIGHT * np.sin(np.pi * swing) + 2 * step_m * done
        side = (-1 if foot == 0 else 1) * HIP_HALF
        world[:, hip] = world[:, 0] + [side, 0.0, 0.0]
        world[:, ankle] = np.stack((np.full_like(time, side), STRIDE_M * done + away_m, lift), axis=1)
        world[:, knee] = _knees(world[:, hip], world[:, ankle])
        stands[:, foot] = swing == 0
    return world, stands


def _knees(hips: np.ndarray, ankles: np.ndarray) -> np.ndarray:
    """Knees that point away (+y) of legs in planes of constant x."""
    leg = ankles - hips
    length = np.linalg.norm(leg, axis=1)
    assert (length < THIGH + SHIN).all()
    at_hip = np.arccos((THIGH**2 + length**2 - SHIN**2) / (2 * THIGH * length))
    direction = np.arctan2(leg[:, 1], -leg[:, 2]) + at_hip
    thigh = np.stack((np.zeros_like(length), np.sin(direction), -np.cos(direction)), axis=1)
    return hips + THIGH * thigh
