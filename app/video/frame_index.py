"""Which frames a video has, and when each is shown: found without decoding where the container tells."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.errors import StudioError
from app.video.container import DamagedPictureError, Source, is_cut_short, open_source, packets, pictures

FALLBACK_RATE = 30.0
"""Frames a second, where a file gives no hint of its rate."""

_PROBED_PICTURES = 4
_NO_PTS = np.iinfo(np.int64).min

_CODECS_WITH_HIDDEN_FRAMES = frozenset({"vp8", "mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4v3"})
"""Their packets may hold a frame that is never shown, or none: only decoding tells."""


@dataclass(frozen=True)
class FrameIndex:
    """The F frames of a video in display order."""

    time_s: NDArray[np.float64]
    """(F,) seconds from the first frame, strictly increasing."""
    start_time_s: float
    """The container's time of the first frame, seconds."""
    ticks: NDArray[np.int64] | None
    """(F,) the container's own presentation times, which name each decoded picture; None where they
    do not (absent, repeated or out of order): frame k is then the k-th picture from the beginning."""
    key_ticks: NDArray[np.int64]
    """(K,) presentation times of the key frames, sorted: where decoding may start."""
    fps: float
    is_variable_rate: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Packets:
    ticks: NDArray[np.int64]
    key_ticks: NDArray[np.int64]
    count: int
    is_damaged: bool


def read_index(path: Path) -> FrameIndex:
    """The index of a video file. Raises StudioError when no picture of it can be decoded."""
    with open_source(path) as source:
        coded = _read_packets(source)
        time_base = Fraction(source.stream.time_base or Fraction(1, 90_000))
        hints = (source.stream.guessed_rate, source.stream.average_rate, source.stream.base_rate)
        rate = next((float(hint) for hint in hints if hint), 0.0)
        promised = source.stream.frames if "mp4" in source.container.format.name else 0
        codec = source.stream.codec_context.name
    ticks, in_step = coded.ticks, True
    if codec in _CODECS_WITH_HIDDEN_FRAMES or not _tell_the_frames(path, ticks):
        shown = _decode_ticks(path)
        ticks, in_step = np.sort(shown), bool((np.diff(shown) > 0).all() and (shown != _NO_PTS).all())
        if not in_step and not (_strictly_increasing(ticks) and ticks[0] != _NO_PTS):
            ticks = shown
    count = len(ticks)
    if count == 0:
        raise StudioError(f"'{path}' holds no picture that can be decoded; record or copy it again.")
    warnings = []
    if coded.is_damaged or is_cut_short(path):
        missing = max(promised - coded.count, 0)
        of_all = f"{count} of {count + missing}" if missing else f"only its first {count}"
        warnings.append(f"'{path.name}' is damaged: {of_all} frames could be read.")
    time_s, start_time_s, sentence = _times(ticks, time_base, rate)
    fps, is_variable = _rate(time_s, float(time_base), rate)
    if sentence:
        warnings.append(f"'{path.name}' {sentence}")
    if count == 1 and not rate:
        warnings.append(f"'{path.name}' has one frame and no frame rate; {FALLBACK_RATE:g} is assumed.")
    return FrameIndex(
        time_s, start_time_s, ticks if in_step else None, coded.key_ticks, fps, is_variable, tuple(warnings)
    )


def _read_packets(source: Source) -> _Packets:
    ticks, key_ticks = array("q"), array("q")
    count, last_is_cut, last_is_shown = 0, False, False
    for packet in packets(source):
        count += 1
        at = _NO_PTS if packet.pts is None else packet.pts
        last_is_cut, last_is_shown = packet.is_corrupt, not packet.is_discard
        if last_is_shown:  # an edit list hides frames that others still need for their decoding
            ticks.append(at)
        if packet.is_keyframe and packet.pts is not None:
            key_ticks.append(at)
    if last_is_cut and last_is_shown:  # the file ends inside this picture
        ticks.pop()
        count -= 1
    return _Packets(np.sort(_int64(ticks)), np.sort(_int64(key_ticks)), count, last_is_cut)


def _int64(values: Iterable[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _strictly_increasing(ticks: NDArray[np.int64]) -> bool:
    return bool((np.diff(ticks) > 0).all())


def _tell_the_frames(path: Path, ticks: NDArray[np.int64]) -> bool:
    """Whether the packets' times name the frames: each its own, and the first ones decode to them."""
    if len(ticks) == 0 or ticks[0] == _NO_PTS or not _strictly_increasing(ticks):
        return False
    with open_source(path, threaded=False) as source:
        first = [picture.pts for picture in islice(pictures(source), _PROBED_PICTURES)]
    return first == ticks[:_PROBED_PICTURES].tolist()


def _decode_ticks(path: Path) -> NDArray[np.int64]:
    """(F,) presentation times as decoded, in display order; `_NO_PTS` where a picture has none."""
    for threaded in (True, False):
        try:
            with open_source(path, threaded) as source:
                shown = (picture.pts for picture in pictures(source))
                return _int64(array("q", (_NO_PTS if at is None else at for at in shown)))
        except DamagedPictureError:
            continue
    raise AssertionError("a source without threads passes over damage")


def _times(
    ticks: NDArray[np.int64], time_base: Fraction, rate: float
) -> tuple[NDArray[np.float64], float, str | None]:
    """Seconds from the first frame, the container's time of it, and what had to be made up."""
    known = ticks != _NO_PTS
    if known.any():  # those that advance beyond all before them
        before = np.maximum.accumulate(ticks)
        known[1:] &= ticks[1:] > before[:-1]
    count = len(ticks)
    if known.sum() < max(2, count / 2) and count > 1:
        rate = rate or FALLBACK_RATE
        return (
            np.arange(count) / rate,
            0.0,
            f"gives its frames no usable times; {rate:g} frames a second are assumed.",
        )
    first = int(ticks[known][0]) if known.any() else 0
    # Differences in whole ticks, so that hours of video keep the container's full precision.
    seconds = (ticks[known] - first) * time_base.numerator / time_base.denominator
    if known.all() or count == 1:
        return np.zeros(1) if count == 1 else seconds, float(first * time_base), None
    at = np.flatnonzero(known)
    step = float(seconds[-1] / (at[-1] - at[0]))
    time_s = np.interp(np.arange(count), at, seconds)
    tail = np.arange(at[-1] + 1, count)
    time_s[tail] = seconds[-1] + step * (tail - at[-1])
    time_s[: at[0]] = step * (np.arange(at[0]) - at[0])
    unknown = count - int(known.sum())
    sentence = (
        f"repeats or lacks the times of {unknown} frames; they were set evenly between their neighbours."
    )
    return time_s - time_s[0], float(first * time_base) + float(time_s[0]), sentence


def _rate(time_s: NDArray[np.float64], tick_s: float, rate: float) -> tuple[float, bool]:
    """Average frames a second, and whether the frames are unevenly spaced.

    Where the timestamps are those of the container's own rate, rounded to its ticks, that rate is returned
    to its last digit (30000/1001, say), since BVH files state one frame time for all.
    """
    if len(time_s) == 1:
        return rate or FALLBACK_RATE, False
    tick_s = max(tick_s, 0.001)  # what was once in a Matroska file stays rounded to its milliseconds
    average = (len(time_s) - 1) / float(time_s[-1])
    steps = np.arange(len(time_s))
    if rate and bool((np.abs(time_s - steps / rate) <= min(1.5 * tick_s, 0.5 / rate)).all()):
        return rate, False
    intervals = np.diff(time_s)
    typical = float(np.median(intervals))
    uneven = np.abs(intervals - typical) > max(min(2.0 * tick_s, 0.5 * typical), 0.02 * typical)
    return average, bool(uneven.any())
