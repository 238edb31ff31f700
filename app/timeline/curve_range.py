"""What a plot shows of curves with many frames: the extremes in each column of pixels, and how high and low they go."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.timeline.axis import TimeView, frame_edges
from app.timeline.columns import column_frames

Array = NDArray[np.floating[Any]]


def curve_points(time_s: Array, values: Array, view: TimeView) -> tuple[Array, Array]:
    """Times and values (N,) of the line that shows a curve (F,) in a view: one that a pixel cannot tell from all of it.

    Where there are many frames to a column of pixels they are its lowest and highest value, so that no peak is lost; a
    column is NaN only if all of its frames are. Else they are the frames in view, and one on either side of it.
    """
    start = max(0, int(np.searchsorted(time_s, view.start_s, side="right")) - 1)
    stop = min(len(time_s), int(np.searchsorted(time_s, view.stop_s, side="left")) + 1)
    columns = max(1, round(view.width))
    if stop - start <= 3 * columns:
        return time_s[start:stop], values[start:stop]
    first, _ = column_frames(frame_edges(time_s[start:stop]), view, columns)
    part = values[start:stop]
    pairs = np.stack([np.fmin.reduceat(part, first), np.fmax.reduceat(part, first)], axis=1)
    middles = view.start_s + (np.arange(columns) + 0.5) * view.span_s / columns
    return np.repeat(middles, 2), pairs.reshape(-1)


def value_range(curves: Iterable[Array], least: float) -> tuple[float, float] | None:
    """Lowest and highest of the values in curves (N,), leaving out NaN; None: no values.

    At least `least` from each other, about their middle: a standing joint's noise shall not fill the plot.
    """
    low, high = np.inf, -np.inf
    for values in curves:
        finite = values[np.isfinite(values)]
        if len(finite):
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        return None
    missing = max(0.0, least - (high - low)) / 2
    return low - missing, high + missing


def nearest_frame(time_s: Array, moment: float) -> int:
    """The frame whose time is nearest to a moment; `time_s` (F,) seconds, rising, F > 0."""
    after = int(np.searchsorted(time_s, moment))
    if after <= 0:
        return 0
    if after >= len(time_s) or moment - time_s[after - 1] <= time_s[after] - moment:
        return after - 1
    return after
