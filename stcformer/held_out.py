"""Held-out motion as lifters are measured on it: one set of motions, bodies and cameras for every way of seeing.

Everything is drawn once, on a clock that all measured frame rates divide. What a video of some rate shows is
every n-th tick: the same movement through the same camera, and faults of the detector that are equal in time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from stcformer.augmentation import (
    DetectorErrors,
    TrainingWindows,
    ViewRange,
    random_bodies,
    random_views,
    with_detector_errors,
)
from stcformer.corpus import Corpus

Array = NDArray[np.floating[Any]]

SECONDS = 4.0
"""Of a segment; a clip that is shorter is measured as long as it lasts."""
CLOCK = 600
"""Ticks a second."""
RATES = (15, 24, 25, 30, 50, 60)
USUAL_RATE = 30
"""The frame rate that the others are compared with."""
_MISSING_SHARE = 1 / 3
_MISSING_S = 0.5
"""How long a joint that is lost stays lost on average."""

CAMERAS: dict[str, ViewRange] = {
    "any": ViewRange(any_turn=0.0),
    "level": ViewRange(pitch=(-5.0, 5.0), any_turn=0.0),
    "steep": ViewRange(pitch=(35.0, 45.0), any_turn=0.0),
}
"""Where the cameras stand; but for the pitch, those of the same segment are the same camera."""


@dataclass(frozen=True)
class Segments:
    """N stretches of held-out motion."""

    clips: NDArray[np.int64]
    """(N,) places in the corpus."""
    begin_s: Array
    """(N,) where in its clip each begins."""
    seconds: Array
    """(N,) how long it lasts: `SECONDS`, or the whole clip."""

    def part(self, first: int, count: int) -> "Segments":
        """`count` of them from the `first` on."""
        return Segments(*(getattr(self, field.name)[first : first + count] for field in fields(self)))

    def frames(self, rate: float) -> NDArray[np.int64]:
        """(N,) how many frames of a video of that rate show each segment."""
        whole = round(SECONDS * rate)
        return np.minimum(np.floor(self.seconds * rate + 1e-6).astype(np.int64) + 1, whole)


def draw_segments(corpus: Corpus, count: int, seed: int) -> Segments:
    """Segments spread evenly over the corpus: a subject with much footage counts more, but only by the square root."""
    durations = (corpus.lengths - 1) / corpus.rates
    total = dict.fromkeys(corpus.subjects, 0.0)
    for subject, duration in zip(corpus.subjects, durations, strict=True):
        total[subject] += float(duration)
    roots = np.sqrt([total[subject] for subject in corpus.subjects])
    edges = np.concatenate(([0.0], np.cumsum(durations / roots)))
    # Evenly spaced marks with one random offset: less left to chance than as many draws.
    marks = (np.arange(count) + np.random.default_rng(seed).random()) / count * edges[-1]
    clips = np.clip(np.searchsorted(edges, marks, side="right") - 1, 0, len(durations) - 1)
    within = (marks - edges[clips]) / (edges[clips + 1] - edges[clips])
    seconds = np.minimum(SECONDS, durations[clips])
    return Segments(clips, within * (durations[clips] - seconds), seconds)


def segment_joints(corpus: Corpus, segments: Segments, rate: float) -> Tensor:
    """(N, F, 17, 3) metres, z up: all segments at a frame rate, `SECONDS` long; those that end before stand still.

    Cubic between captured frames (Keys, IEEE TASSP 29, 1981, a = -1/2): straight lines would put jerks into the
    truth at rates above the capture's.
    """
    times = np.arange(round(SECONDS * rate)) / rate
    joints = []
    for clip, begin, seconds in zip(segments.clips, segments.begin_s, segments.seconds, strict=True):
        captured = corpus.clip(int(clip))
        last = len(captured.joints) - 1
        moments = np.clip((begin + np.minimum(times, seconds)) * captured.fps, 0, last)
        before = np.minimum(moments.astype(np.int64), max(last - 1, 0))
        part = (moments - before)[:, None, None]
        p0, p1, p2, p3 = (captured.joints[np.clip(before + offset, 0, last)] for offset in (-1, 0, 1, 2))
        joints.append(
            p1
            + 0.5
            * part
            * (p2 - p0 + part * (2 * p0 - 5 * p1 + 4 * p2 - p3 + part * (3 * (p1 - p2) + p3 - p0)))
        )
    return torch.from_numpy(np.stack(joints).astype(np.float32))


@dataclass(frozen=True)
class SeenSegments:
    """What cameras show of segments, and what a detector makes of it."""

    exact: dict[str, TrainingWindows]
    """By camera (`CAMERAS`): the keypoints as they are, at every tick of the `CLOCK`."""
    faulty: dict[tuple[str, str], TrainingWindows]
    """By camera and kind of fault, at `USUAL_RATE`."""

    def video(self, camera: str, keypoints: str, rate: int) -> TrainingWindows:
        """The segments as videos of a frame rate that divides the `CLOCK`; `keypoints` is exact or a kind of fault.

        A fault is the same in time at every rate: each frame is displaced, scored and lost as the nearest frame at
        `USUAL_RATE` is. So every rate has the same share of every fault, and each lasts as long.
        """
        if CLOCK % rate:
            raise ValueError(f"{rate} frames a second do not divide {CLOCK}")
        video = _every(self.exact[camera], CLOCK // rate)
        if keypoints == "exact":
            return video
        faulty = self.faulty[camera, keypoints]
        displacement = faulty.keypoints - _every(self.exact[camera], CLOCK // USUAL_RATE).keypoints
        times = torch.arange(video.scores.shape[1]) / rate
        # Half way between two the earlier: at twice the rate every fault then stays for two frames.
        nearest = torch.ceil(times * USUAL_RATE - 0.5 - 1e-4).long().clamp(0, displacement.shape[1] - 1)
        return replace(
            video, keypoints=video.keypoints + displacement[:, nearest], scores=faulty.scores[:, nearest]
        )


def see_segments(
    corpus: Corpus, segments: Segments, seed: int, errors: DetectorErrors | None = None
) -> SeenSegments:
    """Segments with a new body each, seen by every kind of camera, the faults drawn.

    Faults: `detected`, for every camera (displaced, hidden, lost and confused as `errors` say, in every segment), and
    for any camera `a third missing` (each joint by itself is lost for half a second at a time on average, a third of
    all; the others are exact).
    """

    def generator(purpose: int) -> Generator:
        return Generator().manual_seed(4 * seed + purpose)

    joints = random_bodies(segment_joints(corpus, segments, CLOCK), generator(0))
    errors = replace(errors or DetectorErrors(), exact=0.0)
    exact = {name: random_views(joints, ranges, generator(1)) for name, ranges in CAMERAS.items()}
    usual = {name: _every(seen, CLOCK // USUAL_RATE) for name, seen in exact.items()}
    faulty = {
        (name, "detected"): with_detector_errors(seen, errors, generator(2)) for name, seen in usual.items()
    }
    faulty["any", "a third missing"] = _with_joints_missing(usual["any"], generator(3))
    return SeenSegments(exact, faulty)


def frames_of_segments(
    per_clip: Sequence[NDArray[Any]], corpus: Corpus, segments: Segments, rate: float
) -> NDArray[Any]:
    """(N, F) what was found for every captured frame of every clip, at the frames of the segments (the nearest)."""
    times = np.arange(round(SECONDS * rate)) / rate
    rows = []
    for clip, begin in zip(segments.clips, segments.begin_s, strict=True):
        values = per_clip[int(clip)]
        rows.append(
            values[np.minimum(np.rint((begin + times) * corpus.rates[clip]), len(values) - 1).astype(int)]
        )
    return np.stack(rows)


def _every(seen: TrainingWindows, step: int) -> TrainingWindows:
    """Every `step`-th frame."""
    frames = slice(None, None, step)
    return replace(
        seen, keypoints=seen.keypoints[:, frames], scores=seen.scores[:, frames], pose=seen.pose[:, frames]
    )


def _with_joints_missing(seen: TrainingWindows, generator: Generator) -> TrainingWindows:
    """Each joint is lost and found again by itself, as a chain of two states (Markov) with the given mean times."""
    batch, frames, joints = seen.scores.shape
    find = 1 - math.exp(-1 / (USUAL_RATE * _MISSING_S))
    lose = find * _MISSING_SHARE / (1 - _MISSING_SHARE)
    chance = torch.rand(frames, batch, joints, generator=generator)
    missing = [chance[0] < _MISSING_SHARE]
    for coin in chance[1:]:
        missing.append(torch.where(missing[-1], coin >= find, coin < lose))
    return replace(seen, scores=torch.where(torch.stack(missing, dim=1), 0.0, seen.scores))
