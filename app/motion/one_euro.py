"""The one-euro filter: a low-pass from the past alone, made to be late little where a point moves."""

import numpy as np

from app.motion.arrays import Array

STILL_CUTOFF_HZ = 1.5
"""Half-power frequency of the one-euro filter for a joint at rest."""
CUTOFF_HZ_A_SPEED = 10.0
"""And how many hertz more for every metre a second that the joint moves."""
SPEED_CUTOFF_HZ = 1.0
"""Of the speed that the cut-off follows (Casiez et al. 2012 use 1 Hz)."""


class OneEuro:
    """The one-euro filter (Casiez, Roussel, Vogel, CHI 2012, eq. 1 to 7) over points, at irregular times.

    The cut-off follows the speed of each point as a whole, the same for its coordinates, so that the axes do
    not matter: `still_hz + hz_a_speed * |velocity|`.
    """

    def __init__(self, still_hz: float = STILL_CUTOFF_HZ, hz_a_speed: float = CUTOFF_HZ_A_SPEED) -> None:
        self._still_hz, self._hz_a_speed = still_hz, hz_a_speed
        self.reset()

    def reset(self) -> None:
        """Begin anew with the next points."""
        self._time_s = -np.inf
        self._points: Array | None = None
        self._raw: Array | None = None
        self._velocity: Array | None = None

    def push(self, points: Array, time_s: float) -> Array:
        """(N, C) finite points of a moment to the filtered ones. Raises ValueError when time does not rise."""
        if self._points is None or self._raw is None or self._velocity is None:
            self._points, self._raw, self._velocity = points.copy(), points.copy(), np.zeros_like(points)
        else:
            interval = time_s - self._time_s
            if not interval > 0:
                raise ValueError(f"points at {time_s} s came after points at {self._time_s} s")
            velocity = (points - self._raw) / interval
            self._raw = points.copy()
            self._velocity = self._velocity + _share(SPEED_CUTOFF_HZ, interval) * (velocity - self._velocity)
            speed = np.linalg.norm(self._velocity, axis=-1, keepdims=True)
            share = _share(self._still_hz + self._hz_a_speed * speed, interval)
            self._points = self._points + share * (points - self._points)
        self._time_s = time_s
        return np.array(self._points)


def _share(cutoff_hz: float | Array, interval_s: float) -> Array:
    """How much of the way to the new value a first-order low-pass goes in an interval (Casiez et al., eq. 5, 6)."""
    ratio = 2 * np.pi * np.asarray(cutoff_hz) * interval_s
    return np.asarray(ratio / (1 + ratio))
