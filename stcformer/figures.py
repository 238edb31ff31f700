"""Errors of many frames as means with their standard errors, and as ratios on the same motion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class FrameErrors:
    """Errors of N segments of F frames seen one way; NaN where there is no such frame or no pose."""

    p1: Array
    """(N, F) metres, hips put together."""
    p2: Array
    """(N, F) metres, after each pose's Procrustes alignment."""
    acceleration: Array
    """(N, F) m/s2: jitter."""
    unseen: NDArray[np.bool_]
    """(N, F) frames that should have a pose and have none."""

    def only(self, chosen: NDArray[np.bool_]) -> "FrameErrors":
        """Those of the chosen (N, F) or (N, 1) frames."""
        p1, p2, acceleration = (
            np.where(chosen, values, np.nan) for values in (self.p1, self.p2, self.acceleration)
        )
        return FrameErrors(p1, p2, acceleration, self.unseen & chosen)

    def measured(self) -> NDArray[np.bool_]:
        """(N, F) the frames that have a figure."""
        return np.isfinite(self.p1)


@dataclass(frozen=True)
class Figure:
    """A mean, and its standard error over the segments (NaN when fewer than two have a part in it)."""

    value: float
    standard_error: float


@dataclass(frozen=True)
class Figures:
    """Means over all frames of all segments."""

    p1_mm: Figure
    p2_mm: Figure
    acceleration_m_s2: Figure
    ratio: Figure | None
    """P1 against what its section compares with."""
    unseen_share: float
    """Of the frames: no pose, because too few joints were given."""


def joined(parts: Sequence[FrameErrors]) -> FrameErrors:
    """The errors of several lots of segments as one."""
    names = ("p1", "p2", "acceleration", "unseen")
    return FrameErrors(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def figures(errors: FrameErrors, against: FrameErrors | None = None) -> Figures:
    """Means with their standard errors; `ratio` is P1 over that of `against`, on the same segments.

    Frames of one segment share their motion, body and camera, so it is the segments that count as independent:
    means and ratios are ratio estimators over them (Cochran, "Sampling Techniques", 1977, equation 6.13).
    """
    p1, p2, acceleration = (_mean(values) for values in (errors.p1, errors.p2, errors.acceleration))
    ratio = None
    if against is not None:
        other = _mean(against.p1)
        value = p1.value / other.value
        pulls = p1.pulls / p1.value - other.pulls / other.value
        ratio = Figure(value, value * _standard_error(pulls, min(p1.segments, other.segments)))
    given, unseen = int(errors.measured().sum()), int(errors.unseen.sum())
    return Figures(
        p1.figure(1000), p2.figure(1000), acceleration.figure(1), ratio, unseen / max(1, unseen + given)
    )


class _Mean(NamedTuple):
    value: float
    pulls: Array
    """(N,) how far each segment pulls it."""
    segments: int
    """How many have a part in it."""

    def figure(self, unit: float) -> Figure:
        return Figure(unit * self.value, unit * _standard_error(self.pulls, self.segments))


def _mean(values: Array) -> _Mean:
    """Of the finite of (N, F) values."""
    counted = np.isfinite(values)
    number = counted.sum(axis=1)
    if not number.sum():
        return _Mean(float("nan"), np.zeros(len(values)), 0)
    total = np.where(counted, values, 0.0).sum(axis=1)
    mean = float(total.sum() / number.sum())
    return _Mean(mean, (total - mean * number) / number.sum(), int((number > 0).sum()))


def _standard_error(pulls: Array, segments: int) -> float:
    """NaN when fewer than two segments can differ."""
    if segments < 2:
        return float("nan")
    return float(np.sqrt(np.square(pulls).sum() * segments / (segments - 1)))
