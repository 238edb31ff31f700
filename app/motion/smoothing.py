"""Low-pass filters over time, for each contiguous span by itself, in seconds and hertz.

All have zero phase (no lag) but one-euro, which is causal: it looks back only, as live mode does, and is late.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from app.errors import StudioError
from app.motion.arrays import Array, spans
from app.motion.one_euro import CUTOFF_HZ_A_SPEED, STILL_CUTOFF_HZ, OneEuro

CUTOFF_HZ = 8.0
"""Half-power frequency of the Butterworth filter: 3 Hz passes at 99 %, 5 Hz at 94 %, 15 Hz at 7 %. Gait work
uses 6 Hz (Winter 2009); punches, kicks and jumps need more; a 2D detector's jitter lies mostly above."""

LOWEST_RATE_RATIO = 2.5
"""Frames a second must be at least this many times the cut-off; else too little lies above it to remove."""

SHORTEST_SPAN = 4
"""A span of fewer frames is left as it is: there is nothing to tell noise from motion by."""

SAVITZKY_GOLAY_SECONDS = 0.16
SAVITZKY_GOLAY_ORDER = 3
GAUSSIAN_SECONDS = 0.02


def _butterworth(values: Array, fps: float) -> Array:
    from scipy import signal  # noqa: PLC0415

    # Both ways is two passes: the single pass is set wider by (sqrt(2) - 1) ** (1/4), so that the pair is
    # 3 dB down at the cut-off (Winter 2009, eq. 3.9), in the bilinear transform's warped frequency.
    warped = np.tan(np.pi * CUTOFF_HZ / fps) / (np.sqrt(2) - 1) ** 0.25
    sections = signal.butter(2, 2 * np.arctan(warped) / np.pi, output="sos")
    padding = min(len(values) - 1, int(np.ceil(3 * fps / CUTOFF_HZ)))
    return np.asarray(signal.sosfiltfilt(sections, values, axis=0, padtype="odd", padlen=padding))


def _savitzky_golay(values: Array, fps: float) -> Array:
    from scipy import signal  # noqa: PLC0415

    window = 2 * round(SAVITZKY_GOLAY_SECONDS * fps / 2) + 1
    longest = len(values) - (1 - len(values) % 2)
    window = min(window, longest)
    if window <= SAVITZKY_GOLAY_ORDER:
        return values
    return np.asarray(signal.savgol_filter(values, window, SAVITZKY_GOLAY_ORDER, axis=0, mode="interp"))


def _gaussian(values: Array, fps: float) -> Array:
    from scipy import ndimage  # noqa: PLC0415

    # Continued oddly at both ends, so that a span keeps its first and last position.
    reach = min(len(values) - 1, int(np.ceil(4 * GAUSSIAN_SECONDS * fps)))
    extended = _odd_extension(values, reach)
    smooth = ndimage.gaussian_filter1d(extended, GAUSSIAN_SECONDS * fps, axis=0, mode="nearest")
    return np.asarray(smooth[reach : reach + len(values)])


def _odd_extension(values: Array, reach: int) -> Array:
    before = 2 * values[:1] - values[reach:0:-1]
    after = 2 * values[-1:] - values[-2 : -reach - 2 : -1]
    return np.concatenate((before, values, after))


def _one_euro(values: Array, fps: float) -> Array:
    # Its cut-off follows the speed of points, not of single coordinates.
    dimensions = 3 if values.shape[1] % 3 == 0 else 1
    points = values.reshape(len(values), -1, dimensions)
    smoother = OneEuro()
    return np.stack([smoother.push(row, frame / fps) for frame, row in enumerate(points)]).reshape(
        values.shape
    )


FILTERS: dict[str, tuple[Callable[[Array, float], Array], dict[str, Any]]] = {
    "butterworth": (_butterworth, {"order": 2, "passes": 2, "cutoff_hz": CUTOFF_HZ}),
    "savitzky-golay": (
        _savitzky_golay,
        {"window_s": SAVITZKY_GOLAY_SECONDS, "polynomial_order": SAVITZKY_GOLAY_ORDER},
    ),
    "gaussian": (_gaussian, {"sigma_s": GAUSSIAN_SECONDS}),
    "one-euro": (
        _one_euro,
        {
            "phase": "causal: it looks back only, and is late",
            "still_cutoff_hz": STILL_CUTOFF_HZ,
            "cutoff_hz_a_m_s": CUTOFF_HZ_A_SPEED,
        },
    ),
}

METHODS: tuple[str, ...] = ("auto", *FILTERS, "none")
"""What `smoothing` may be; "auto" is the Butterworth filter."""

CAUSAL_METHODS = ("one-euro",)
"""Those that look back only; all others have zero phase."""


def check_method(method: str) -> None:
    """Raises StudioError for an unknown method, with the known ones."""
    if method not in METHODS:
        raise StudioError(f"There is no smoothing called '{method}'; choose one of {', '.join(METHODS)}.")


def filter_report(method: str, fps: float) -> dict[str, Any]:
    """What `smooth` does at this rate, in words and numbers. Raises StudioError for an unknown method."""
    check_method(method)
    name = "butterworth" if method == "auto" else method
    if name == "none":
        return {"name": "none", "asked": method}
    report = {"name": name, "asked": method, "phase": "zero", **FILTERS[name][1]}
    if name == "butterworth" and fps < LOWEST_RATE_RATIO * CUTOFF_HZ:
        reason = f"{fps:g} frames a second hold nothing above {CUTOFF_HZ:g} Hz that could be told from motion"
        return {"name": "none", "asked": method, "reason": reason}
    return report


def smooth(values: Array, fps: float, method: str = "auto") -> Array:
    """`(F, ...)` values filtered along time, each contiguous span of frames without NaN by itself.

    NaN frames stay NaN and nothing leaks across them. Raises StudioError for an unknown method.
    """
    name = filter_report(method, fps)["name"]
    result = np.array(values, dtype=np.float64)
    if name == "none":
        return result
    function = FILTERS[name][0]
    flat = result.reshape(len(result), -1)
    for start, stop in spans(np.isfinite(flat).all(axis=1)):
        if stop - start >= SHORTEST_SPAN:
            flat[start:stop] = function(flat[start:stop], fps)
    return flat.reshape(values.shape)
