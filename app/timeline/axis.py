"""A clip's time along a row of pixels: which frame lies where, what part is shown, where the ruler's marks are.

Frame k covers the time from its own moment to the next frame's; the last one lasts as long as a usual frame.
"""

import re
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

USUAL_FRAME_S = 1 / 25
"""How long the only frame of a clip is shown: nothing tells its rate."""

_SECOND_STEPS = (
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
)
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d*)?|[.,]\d+)\s*(s?)")


def frame_edges(time_s: Array) -> Array:
    """(F + 1,) seconds: frame k covers `edges[k]` up to `edges[k + 1]`. `time_s` (F,) seconds, rising.

    The last frame lasts as long as the median frame. No frames give a single edge at 0. ValueError when the times do
    not rise from frame to frame.
    """
    times = np.asarray(time_s, dtype=np.float64)
    if not len(times):
        return np.zeros(1)
    if not (np.isfinite(times).all() and (np.diff(times) > 0).all()):
        raise ValueError("The times of the frames do not rise from frame to frame.")
    usual = float(np.median(np.diff(times))) if len(times) > 1 else USUAL_FRAME_S
    return np.append(times, times[-1] + usual)


def frame_at(edges: Array, moment: float) -> int:
    """The frame shown at a moment, seconds; one outside the clip gives its first or last frame."""
    return max(0, min(len(edges) - 2, int(np.searchsorted(edges, moment, side="right")) - 1))


@dataclass(frozen=True)
class TimeView:
    """The part of a clip, `start_s` to `stop_s`, that lies on pixels `left` to `left + width`."""

    start_s: float
    stop_s: float
    left: float
    width: float

    @property
    def span_s(self) -> float:
        """Seconds shown."""
        return self.stop_s - self.start_s

    def x(self, moment: float) -> float:
        """The pixel of a moment."""
        return self.left + (moment - self.start_s) / self.span_s * self.width

    def moment(self, x: float) -> float:
        """The moment of a pixel, seconds; outside the view as well."""
        return self.start_s + (x - self.left) / self.width * self.span_s

    def pixels_per_second(self) -> float:
        """Scale."""
        return self.width / self.span_s

    def within(self, first_s: float, last_s: float, shortest_s: float) -> "TimeView":
        """The same view, brought inside a clip and to no less than `shortest_s` seconds."""
        span = min(max(self.span_s, shortest_s), last_s - first_s)
        start = min(max(self.start_s, first_s), last_s - span)
        return replace(self, start_s=start, stop_s=start + span)

    def zoomed(self, factor: float, about_s: float) -> "TimeView":
        """`factor` times as many pixels a second; the moment `about_s` stays on its pixel."""
        return replace(
            self,
            start_s=about_s - (about_s - self.start_s) / factor,
            stop_s=about_s + (self.stop_s - about_s) / factor,
        )

    def moved(self, seconds: float) -> "TimeView":
        """Later by some seconds."""
        return replace(self, start_s=self.start_s + seconds, stop_s=self.stop_s + seconds)

    def showing(self, first_s: float, last_s: float, margin: float) -> "TimeView":
        """Moved no further than it takes to show `first_s` to `last_s`, `margin` (0..0.5) of the width from its ends."""
        room = margin * self.span_s
        if first_s < self.start_s + room:
            return self.moved(first_s - room - self.start_s)
        if last_s > self.stop_s - room:
            return self.moved(last_s + room - self.stop_s)
        return self


def second_step(least: float) -> float:
    """The smallest round number of seconds (halves and fifths of tens; of minutes, quarters) that is at least this."""
    return next((step for step in _SECOND_STEPS if step >= least), 3600.0 * ceil(least / 3600))


def step_places(step: float) -> int:
    """How many decimal places tell the multiples of a step from each other."""
    return 0 if step >= 1 else 1 if step >= 0.1 else 2


def second_marks(view: TimeView, apart: float = 76.0) -> tuple[list[tuple[float, str]], list[float]]:
    """The ruler's marks: named ones (seconds, text) at least `apart` pixels from each other, and plain ones between."""
    step = second_step(apart / view.pixels_per_second())
    first, last = ceil(view.start_s / step), floor(view.stop_s / step)
    named = [
        (number * step, time_label(number * step, step_places(step))) for number in range(first, last + 1)
    ]
    parts = 5
    fine = step / parts
    plain = [
        number * fine
        for number in range(ceil(view.start_s / fine), floor(view.stop_s / fine) + 1)
        if number % parts
    ]
    return named, plain


def frame_marks(edges: Array, view: TimeView, apart: float = 52.0) -> list[int]:
    """Round frame numbers in view whose moments lie at least `apart` pixels from each other."""
    first, last = frame_at(edges, view.start_s), frame_at(edges, view.stop_s)
    wanted = max(1.0, (last - first + 1) * apart / view.width)
    tenfold = 10 ** floor(np.log10(wanted))
    step = next(tenfold * part for part in (1, 2, 5, 10) if tenfold * part >= wanted)
    marks: list[int] = []
    for frame in range(-(-first // step) * step, last + 1, step):
        if not marks or view.x(edges[frame]) - view.x(edges[marks[-1]]) >= apart:
            marks.append(frame)
    return marks


def time_label(seconds: float, places: int = 2) -> str:
    """`0:07.25`, `1:02:03.50`: hours only where there are some."""
    units = 10**places
    whole = round(abs(seconds) * units)
    sign = "-" if seconds < 0 and whole else ""
    minutes, rest = divmod(whole, 60 * units)
    hours, minutes = divmod(minutes, 60)
    second, fraction = divmod(rest, units)
    front = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    tail = f".{fraction:0{places}d}" if places else ""
    return f"{sign}{front}:{second:02d}{tail}"


def parse_moment(text: str) -> int | float | None:
    """What a person typed: `120` (int: a frame), `3.5 s`, `3.5` or `1:02.5` (float: seconds); None: neither."""
    text = text.strip()
    if text.isdecimal():
        return int(text)
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds, _ = found.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds.replace(",", "."))
