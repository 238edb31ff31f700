"""From a video's frames to the windows that the lifter reads, and back to every frame.

Each weight learnt at one frame rate. A faster video is read as several interleaved sequences (every second
frame, and those between); a slower one has frames put in between by interpolation. Either way every
frame of the video is itself read once, so its pose is its own and at its own time.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

_LARGEST_FACTOR = 32
_FEWEST_JOINTS = 4
"""Fewer joints than this are no person to lift."""
LONGEST_BRIDGE_S = 0.5
"""A person who was lost for no longer than this is the same movement on both sides."""


@dataclass(frozen=True)
class RatePlan:
    """Put `insert - 1` frames between two of the video, then read every `stride`-th of all."""

    insert: int
    stride: int


def plan_rate(fps: float, frame_rate: float, rate_range: tuple[float, float]) -> RatePlan:
    """The cheapest plan whose rate lies in the weight's range, else the one nearest to it.

    Raises ValueError when `fps` is not a positive number.
    """
    if not (np.isfinite(fps) and fps > 0):
        raise ValueError(f"{fps} frames a second is not a rate")
    low, high = rate_range
    best: tuple[float, RatePlan] | None = None
    for insert in range(1, _LARGEST_FACTOR + 1):
        stride = int(min(max(round(insert * fps / frame_rate), 1), _LARGEST_FACTOR * _LARGEST_FACTOR))
        rate = insert * fps / stride
        if low <= rate <= high:
            return RatePlan(insert, stride)
        distance = abs(np.log(rate / frame_rate))
        if best is None or distance < best[0]:
            best = (distance, RatePlan(insert, stride))
    assert best is not None
    return best[1]


def seen_frames(keypoints: Array, scores: Array) -> NDArray[np.bool_]:
    """(F,) whether enough joints of a frame were observed to speak of a person."""
    observed = np.isfinite(keypoints).all(axis=-1) & (scores > 0)
    return np.asarray(observed.sum(axis=-1) >= _FEWEST_JOINTS)


def seen_spans(seen: NDArray[np.bool_], longest_gap: int) -> list[slice]:
    """Stretches from a seen frame to a seen frame without a gap of more than `longest_gap` frames."""
    at = np.flatnonzero(seen)
    if not len(at):
        return []
    breaks = np.flatnonzero(np.diff(at) > longest_gap + 1)
    firsts, lasts = at[np.concatenate(([0], breaks + 1))], at[np.concatenate((breaks, [len(at) - 1]))]
    return [slice(int(first), int(last) + 1) for first, last in zip(firsts, lasts, strict=True)]


def insert_frames(keypoints: Array, scores: Array, insert: int) -> tuple[Array, Array]:
    """(F, 17, 2) and (F, 17) with frames interpolated between every two: `(F - 1) * insert + 1` of them.

    A joint between an observed and an unobserved frame stays unobserved: NaN with score 0.
    """
    frames = len(keypoints)
    if insert == 1 or frames < 2:
        return keypoints, scores
    moments = np.arange((frames - 1) * insert + 1)
    before = np.minimum(moments // insert, frames - 2)
    part = ((moments - before * insert) / insert)[:, None]
    between = keypoints[before] * (1 - part[..., None]) + keypoints[before + 1] * part[..., None]
    # At the ends of the interval NaN * 0 would spoil what was seen.
    exact = moments % insert == 0
    between[exact] = keypoints[moments[exact] // insert]
    score = np.minimum(scores[before], scores[before + 1])
    score[exact] = scores[moments[exact] // insert]
    return between, np.where(np.isfinite(between).all(axis=-1), score, 0.0)


def fill_short_gaps(keypoints: Array, scores: Array, seen: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Frames of a span in which nobody was seen, interpolated from their neighbours as context for the others."""
    if seen.all():
        return keypoints, scores
    at, gaps = np.flatnonzero(seen), np.flatnonzero(~seen)
    after = np.searchsorted(at, gaps)
    left, right = at[after - 1], at[after]
    part = ((gaps - left) / (right - left))[:, None]
    keypoints, scores = keypoints.copy(), scores.copy()
    keypoints[gaps] = keypoints[left] * (1 - part[..., None]) + keypoints[right] * part[..., None]
    scores[gaps] = np.minimum(scores[left], scores[right]) * 0.5
    scores[gaps] = np.where(np.isfinite(keypoints[gaps]).all(axis=-1), scores[gaps], 0.0)
    return keypoints, scores


def changed_samples(changed: NDArray[np.bool_], seen: NDArray[np.bool_], insert: int) -> NDArray[np.bool_]:
    """((F - 1) * insert + 1,) which samples of a span differ when the frames `changed` (F,) do.

    Follows `fill_short_gaps` and `insert_frames`: what was put in between differs with its neighbours.
    """
    at, gaps = np.flatnonzero(seen), np.flatnonzero(~seen)
    after = np.searchsorted(at, gaps)
    changed = changed.copy()
    changed[gaps] = changed[at[after - 1]] | changed[at[after]]
    samples = np.repeat(changed, insert)[: (len(changed) - 1) * insert + 1]
    for frame in np.flatnonzero(changed):
        samples[max(0, (frame - 1) * insert + 1) : frame * insert] = True
    return samples


def near(mask: NDArray[np.bool_], reach: int) -> NDArray[np.bool_]:
    """(F,) within `reach` frames of a True."""
    steps = np.zeros(len(mask) + 1, dtype=np.int64)
    at = np.flatnonzero(mask)
    np.add.at(steps, np.maximum(at - reach, 0), 1)
    np.add.at(steps, np.minimum(at + reach + 1, len(mask)), -1)
    return np.asarray(np.cumsum(steps[:-1]) > 0)


def merge_phases(phases: list[Array], frames: int) -> Array:
    """One (F, J, 3) path of the poses of interleaved sequences: sequence p holds frames p, p + stride, ...

    Each sequence speaks of every frame between its first and last, by cubic interpolation (Keys, IEEE TASSP
    29, 1981, a = -1/2), and their mean is taken: sequences that were lifted apart err apart, and laid side by
    side as they are would shake at the frame rate.
    """
    stride = len(phases)
    if stride == 1:
        return phases[0]
    total, share = np.zeros((frames, *phases[0].shape[1:])), np.zeros((frames, 1, 1))
    for phase, poses in enumerate(phases):
        last = phase + (len(poses) - 1) * stride
        moments = np.arange(phase, last + 1)
        before = np.minimum((moments - phase) // stride, len(poses) - 1)
        part = ((moments - phase) / stride - before)[:, None, None]
        # Beyond its ends a sequence goes on as it began: straight.
        ends = np.concatenate((2 * poses[:1] - poses[1:2], poses, 2 * poses[-1:] - poses[-2:-1]))
        padded = ends if len(poses) > 1 else np.repeat(poses, 3, axis=0)
        padded = np.concatenate((padded, padded[-1:]))
        p0, p1, p2, p3 = (padded[before + offset] for offset in range(4))
        between = p1 + 0.5 * part * (
            p2 - p0 + part * (2 * p0 - 5 * p1 + 4 * p2 - p3 + part * (3 * (p1 - p2) + p3 - p0))
        )
        total[phase : last + 1] += between
        share[phase : last + 1] += 1
    return np.asarray(total / share)


def window_starts(frames: int, window: int, hop: int, offset: int = 0) -> NDArray[np.int64]:
    """First frames of windows that cover a sequence, one when it is no longer than a window.

    Windows begin at multiples of `hop` of a clock on which the sequence begins at `offset`, so that a piece
    of a video is cut into the same windows as the whole; the outermost are moved inside.
    """
    if frames <= window:
        return np.zeros(1, dtype=np.int64)
    starts = np.arange(-(offset % hop), frames - window + hop, hop)
    return np.unique(np.clip(starts, 0, frames - window))


def overlapping(starts: NDArray[np.int64], window: int, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(B,) which windows hold a frame of `mask` (F,)."""
    before = np.concatenate(([0], np.cumsum(mask)))
    return np.asarray(before[starts + window] > before[starts])


def covered(starts: NDArray[np.int64], window: int, frames: int) -> NDArray[np.bool_]:
    """(frames,) which frames lie in one of the windows."""
    mask = np.zeros(frames, dtype=bool)
    mask[starts[:, None] + np.arange(window)] = True
    return mask


def blend_weights(window: int, hop: int) -> Array:
    """(window,) how much each frame of a window counts where windows overlap: most in the middle.

    Rises and falls over the overlap and never reaches 0, so that the first and last frames of a clip,
    which one window alone sees, have a pose.
    """
    ramp = max(1, window - hop)
    distance = np.minimum(np.arange(window), np.arange(window)[::-1]) + 1
    return np.minimum(distance / ramp, 1.0)


def without_holes(keypoints: Array) -> Array:
    """(F, 17, 2) pixels with each joint, where it is NaN, between its nearest observed places.

    For weights that read no score and cannot know that a joint is missing; a joint never observed stays NaN.
    """
    filled = keypoints.copy()
    moments = np.arange(len(keypoints))
    for joint in range(keypoints.shape[1]):
        observed = np.isfinite(keypoints[:, joint]).all(axis=-1)
        if observed.any() and not observed.all():
            for axis in range(2):
                filled[:, joint, axis] = np.interp(
                    moments, moments[observed], keypoints[observed, joint, axis]
                )
    return filled
