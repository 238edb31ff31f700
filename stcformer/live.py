"""Lifting while the pictures come in: the newest frame of a window that ends at it, no look-ahead."""

from collections import deque
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from stcformer.errors import LifterError
from stcformer.lifter import Lifter
from stcformer.sampling import LONGEST_BRIDGE_S, plan_rate, seen_frames
from stcformer.skeleton import JOINT_COUNT
from stcformer.weights import Feeding, Weights

Array = NDArray[np.floating[Any]]

_SAMPLES_A_FRAME = 16
"""Samples that are kept for each frame of the window at most: a camera of 480 frames a second fills it."""
_SAME_MOMENT = 0.1
"""Of the time between two frames of the window: a sample so near to one stands for it, nothing is interpolated."""
_GAP = 1.75
"""Samples further apart than this many usual intervals have a gap between them."""
_RATE_ERROR = 0.01
"""A measured rate may be so far outside of the weights' range: clocks differ."""
_SHORTEST_INTERVAL = 1e-4
"""Seconds: no camera is faster."""


class LiveLifter:
    """2D keypoints of one person, frame by frame, to the pose of the newest frame.

    Lifts one window that ends at the newest frame, at a rate that the weights learnt. The times of the frames may be
    irregular, as a webcam's are: the window is sampled from them by time (`LiveHistory`). From the first frame on
    there is an answer, at first from windows shorter than `window` frames (default: the weights'). `image_size`,
    `field_of_view`, `flip` and `precision` are as for `Lifter`. Not for use by two threads at once.
    """

    def __init__(
        self,
        weights: Weights,
        device: str = "auto",
        *,
        image_size: tuple[float, float],
        window: int | None = None,
        field_of_view: float | None = None,
        flip: bool = True,
        precision: torch.dtype | None = None,
    ) -> None:
        if not (np.isfinite(image_size).all() and min(image_size) > 0):
            raise LifterError(f"A picture of {image_size[0]} by {image_size[1]} pixels cannot be lifted.")
        self.lifter = Lifter(weights, device, window=window, flip=flip, precision=precision)
        self.history = LiveHistory(weights.feeding, self.lifter.window)
        self.image_size, self.field_of_view = image_size, field_of_view

    def reset(self) -> None:
        """Forget what was seen: for another person, or when time begins anew."""
        self.history.reset()

    def push(self, keypoints: Array, scores: Array, time_s: float) -> Array:
        """(17, 2) pixels and (17,) scores of the frame at `time_s` seconds to its (17, 3) pose.

        Metres in camera space, the hip at 0; NaN when nobody is seen (fewer than four joints with a score).
        Whoever was lost for longer than `LONGEST_BRIDGE_S` begins a new history. Raises LifterError when the
        arrays do not have these shapes, or when the time is no number or not later than the frame before.
        """
        window = self.history.add(keypoints, scores, time_s)
        if window is None:
            return np.full((JOINT_COUNT, 3), np.nan)
        points, confidence = window
        pose = self.lifter.lift_windows(
            points[None], confidence[None], image_size=self.image_size, field_of_view=self.field_of_view
        )
        return np.asarray(pose[0, -1])


class LiveHistory:
    """What was seen of one person up to now, and the window that a lifter reads of it.

    `window` is its number of frames at most, `feeding` says at which rates.
    """

    def __init__(self, feeding: Feeding, window: int) -> None:
        self.feeding, self.window = feeding, window
        self._newest = -np.inf
        self._samples: deque[tuple[float, Array, Array]] = deque(maxlen=window * _SAMPLES_A_FRAME)

    def reset(self) -> None:
        """Forget everything."""
        self._newest = -np.inf
        self._samples.clear()

    def add(self, keypoints: Array, scores: Array, time_s: float) -> tuple[Array, Array] | None:
        """A frame, as `LiveLifter.push` takes it, to (F, 17, 2) and (F, 17): the window that ends at it.

        None when nobody is seen in it.
        """
        keypoints, scores = _checked(keypoints, scores)
        if not np.isfinite(time_s):
            raise LifterError(
                f"A frame at {time_s} seconds cannot be lifted; give the seconds since the start."
            )
        if time_s <= self._newest:
            raise LifterError(
                f"A frame at {time_s:g} s came after one at {self._newest:g} s; reset before time begins anew."
            )
        self._newest = time_s
        if not seen_frames(keypoints[None], scores[None])[0]:
            return None
        if self._samples and time_s - self._samples[-1][0] > LONGEST_BRIDGE_S:
            self._samples.clear()
        self._samples.append((time_s, keypoints, scores))
        while time_s - self._samples[0][0] > self.window / self.feeding.rate_range[0]:
            self._samples.popleft()
        times, points, confidence = (np.array(values) for values in zip(*self._samples, strict=True))
        rate, gap = self.feeding.frame_rate, np.inf
        if len(times) > 1:
            interval = _usual_interval(times)
            low, high = self.feeding.rate_range
            around = (low * (1 - _RATE_ERROR), high * (1 + _RATE_ERROR))
            plan = plan_rate(1 / interval, self.feeding.frame_rate, around)
            rate, gap = plan.insert / interval / plan.stride, _GAP * interval
        return sample_history(times, points, confidence, rate, self.window, gap)


def sample_history(
    times: Array, keypoints: Array, scores: Array, rate: float, window: int, gap_s: float = np.inf
) -> tuple[Array, Array]:
    """The last frames, at most `window`, of a regular clock of `rate` a second that ends at the newest sample.

    times (S,) rising seconds, keypoints (S, 17, 2), scores (S, 17) to (F, 17, 2) and (F, 17). Between samples
    it is interpolated; a joint that one of the two lacks is NaN with score 0. Between samples that are `gap_s` or
    more apart nothing was seen, and scores are halved as `stcformer.sampling.fill_short_gaps` does.
    """
    first = times[0] - _SAME_MOMENT / rate
    moments = times[-1] - np.arange(window - 1, -1, -1) / rate
    moments = moments[moments >= first]
    if len(times) == 1:
        return keypoints[-1:], scores[-1:]
    before = np.clip(np.searchsorted(times, moments, side="right") - 1, 0, len(times) - 2)
    spans = times[before + 1] - times[before]
    part = np.clip((moments - times[before]) / spans, 0.0, 1.0)
    weight = part[:, None]
    points = keypoints[before] * (1 - weight[..., None]) + keypoints[before + 1] * weight[..., None]
    confidence = np.minimum(scores[before], scores[before + 1])
    confidence = np.where((spans >= gap_s)[:, None], 0.5 * confidence, confidence)
    nearest = before + (part > 0.5)
    same = np.abs(times[nearest] - moments) <= _SAME_MOMENT / rate
    points[same], confidence[same] = keypoints[nearest[same]], scores[nearest[same]]
    return points, np.where(np.isfinite(points).all(axis=-1), confidence, 0.0)


def _usual_interval(times: Array) -> float:
    """Seconds from one frame to the next: the mean, without the gaps in which nobody was seen."""
    intervals = np.diff(times)
    return max(float(intervals[intervals <= _GAP * np.median(intervals)].mean()), _SHORTEST_INTERVAL)


def _checked(keypoints: Array, scores: Array) -> tuple[Array, Array]:
    keypoints, scores = np.asarray(keypoints, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if keypoints.shape != (JOINT_COUNT, 2) or scores.shape != (JOINT_COUNT,):
        raise LifterError(
            f"The live lifter takes the keypoints ({JOINT_COUNT}, 2) and scores ({JOINT_COUNT},) of one frame, "
            f"not {keypoints.shape} and {scores.shape}."
        )
    observed = np.isfinite(keypoints).all(axis=-1) & (np.nan_to_num(scores) > 0)
    return np.where(observed[:, None], keypoints, np.nan), np.where(observed, np.minimum(scores, 1.0), 0.0)
