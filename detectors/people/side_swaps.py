"""Left and right taken for each other by a detector for a moment: found over time, and undone.

For legs and arms, separately or together, every frame is either kept or swapped: the sequence of least cost is
found by dynamic programming (Viterbi, 1967) over the states of two frames. It costs how far the joints are from
where the two frames before lead them at constant velocity, in spreads of what people and detectors do to them, each
joint counting by its score and only so much; and it costs to begin or end a swap, and every second of it. The last
makes a stretch of more than about a second (two, when legs and arms are swapped together) stay as it is: after so
long it cannot be told which of the two was the error. A person who turns round has no jump to speak of.

Measured on motion capture seen through a camera (27,000 frames at 30, 15 and 10 a second, plain and with a detector's
trembling): nothing was swapped without cause, and of swaps made by hand all were undone at 30 and 15 frames a
second, 6 of 7 at 10. MediaPipe on the rendered clips: 5 side errors in 639 frames, of which 1 was undone and none
added; of swaps made by hand 96 % were undone. On ../shared/videos/walk_outdoors.mp4, against the sun, MediaPipe
takes the man's left and right for each other in some 30 of 162 frames, and those are undone; on boxing_fast.mp4 two
single frames of the arms are swapped where no swap can be seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.keypoints import H36M17
from detectors.people.oks import person_size
from detectors.protocol import Array

PARTS = ("legs", "arms")
_JOINTS = (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
_LEFT, _RIGHT = (
    tuple(tuple(H36M17.index(side + joint) for joint in joints) for joints in _JOINTS) for side in "lr"
)

_JITTER = 0.05
"""Body sizes that a detector's joints tremble about where constant velocity leads. A size is a bit less than a metre."""
_ACCELERATION = np.array([12.0, 16.0, 25.0])
"""Body sizes a second squared that hips and shoulders, knees and elbows, ankles and wrists speed up or slow down by."""
_MOST = 4.0
"""Cost of a joint that is nowhere near."""
_TURN_COST = 4.0
"""Of beginning a swap, and of ending one."""
_COST_A_SECOND = 60.0
_SIZES_LOOKED_AT = 300


@dataclass(frozen=True)
class SideSwap:
    """Left and right of some limbs were taken for each other in the frames from `start` up to but without `stop`."""

    part: str
    """One of `PARTS`."""
    start: int
    stop: int


def undo_side_swaps(keypoints: Array, scores: Array, fps: float) -> tuple[Array, Array, tuple[SideSwap, ...]]:
    """(F, 17, 2) pixels and (F, 17) scores of one person with the swaps undone, in new arrays, and what was undone.

    Frames in which the person was not seen are left alone; nothing is concluded across them.
    """
    keypoints, scores = keypoints.copy(), scores.copy()
    undone = []
    for start, stop in _runs((scores > 0).any(axis=1)):
        states = _states(keypoints[start:stop], scores[start:stop], fps)
        for number, part in enumerate(PARTS):
            for first, last in _runs(states[:, number]):
                if first == 0 or last == stop - start:  # what came before, or comes after, is not known
                    continue
                swap = SideSwap(part, start + first, start + last)
                exchange_sides(keypoints, scores, swap)
                undone.append(swap)
    return keypoints, scores, tuple(sorted(undone, key=lambda swap: (swap.start, swap.part)))


def exchange_sides(keypoints: Array, scores: Array, swap: SideSwap) -> None:
    """Swap left and right of a part in place; twice is nothing."""
    number = PARTS.index(swap.part)
    joints, others = [*_LEFT[number], *_RIGHT[number]], [*_RIGHT[number], *_LEFT[number]]
    frames = slice(swap.start, swap.stop)
    keypoints[frames, joints] = keypoints[frames, others]
    scores[frames, joints] = scores[frames, others]


def exchange_feet(feet: Array, foot_scores: Array, swaps: Iterable[SideSwap]) -> tuple[Array, Array]:
    """Heels and toes (F, 2, 2, 2) pixels and their scores (F, 2, 2), left and right, in new arrays: a foot changes
    sides with its leg."""
    feet, foot_scores = feet.copy(), foot_scores.copy()
    for swap in swaps:
        if swap.part == "legs":
            frames = slice(swap.start, swap.stop)
            feet[frames], foot_scores[frames] = feet[frames, ::-1].copy(), foot_scores[frames, ::-1].copy()
    return feet, foot_scores


def _states(keypoints: Array, scores: Array, fps: float) -> NDArray[np.bool_]:
    """(F, 2) whether legs and arms of a person who is seen all the time are swapped."""
    frames = len(keypoints)
    some = slice(None, None, max(1, frames // _SIZES_LOOKED_AT))
    sizes = [person_size(*frame) for frame in zip(keypoints[some], scores[some], strict=True)]
    if frames < 3 or not np.isfinite(sizes).any():
        return np.zeros((frames, len(PARTS)), dtype=bool)
    spread = np.tile(np.hypot(_JITTER, _ACCELERATION / fps**2), 2) * float(np.nanmedian(sizes))
    cost = np.zeros((frames, 4, 4, 4))
    for number in range(len(PARTS)):
        bit = np.arange(4) >> number & 1
        part = _part_cost(keypoints, scores, number, spread)
        cost += part[:, bit[:, None, None], bit[None, :, None], bit[None, None, :]]
    state = np.arange(4)
    cost += _TURN_COST * (state[:, None] != state[None, :])[None, None]
    cost += _COST_A_SECOND / fps * (state > 0)
    return _cheapest(cost)[:, None] >> np.arange(len(PARTS)) & 1 == 1


def _part_cost(keypoints: Array, scores: Array, number: int, spread: Array) -> Array:
    """(F, 2, 2, 2) how badly a part's joints go on, by whether it is swapped two frames ago, a frame ago and now."""
    left, right = list(_LEFT[number]), list(_RIGHT[number])
    places = np.stack([keypoints[:, left + right], keypoints[:, right + left]])
    weights = np.stack([scores[:, left + right], scores[:, right + left]])
    before, last, now = places[:, :-2], places[:, 1:-1], places[:, 2:]
    led = 2 * last[None, :] - before[:, None]
    apart = np.square(now[None, None] - led[:, :, None]).sum(axis=-1) / (2 * spread**2)
    weight = np.minimum(
        weights[None, None, :, 2:], np.minimum(weights[None, :, None, 1:-1], weights[:, None, None, :-2])
    )
    joint_cost = np.where(np.isfinite(apart), weight * np.minimum(apart, _MOST), 0.0)
    cost = np.zeros((len(keypoints), 2, 2, 2))
    cost[2:] = np.moveaxis(joint_cost.sum(axis=-1), -1, 0)
    return cost


def _cheapest(cost: Array) -> NDArray[np.intp]:
    """(F,) the states of least cost, of (F, S, S, S) by the states two frames ago, a frame ago and now."""
    frames = len(cost)
    # Of the first two frames only what it costs to be in their states is known: nothing leads to them yet.
    total = cost[1, 0] + cost[0, 0, 0][:, None]
    came_from = np.zeros((frames, *total.shape), dtype=np.intp)
    for frame in range(2, frames):
        options = total[:, :, None] + cost[frame]
        came_from[frame] = options.argmin(axis=0)
        total = options.min(axis=0)
    states = np.zeros(frames, dtype=np.intp)
    states[-2], states[-1] = np.unravel_index(total.argmin(), total.shape)
    for frame in range(frames - 1, 1, -1):
        states[frame - 2] = came_from[frame, states[frame - 1], states[frame]]
    return states


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(start, stop) of the runs of True in (F,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
