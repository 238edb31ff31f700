"""How far a lifter is from the truth on motion capture that it has not seen, and how sure the figures are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.activities import clip_activities
from stcformer.augmentation import DetectorErrors
from stcformer.corpus import Corpus
from stcformer.figures import Figures, FrameErrors, figures, joined
from stcformer.held_out import (
    CAMERAS,
    RATES,
    SECONDS,
    USUAL_RATE,
    SeenSegments,
    Segments,
    draw_segments,
    frames_of_segments,
    see_segments,
)
from stcformer.lens import field_of_view
from stcformer.lifter import Lifter
from stcformer.metrics import acceleration_errors, aligned_joint_error, mean_joint_error
from stcformer.posture import POSTURES, frame_postures

Array = NDArray[np.floating[Any]]

SEGMENTS = 64
PITCH_BANDS = ((-20, 0), (0, 25), (25, 50))
_SEGMENTS_AT_ONCE = 8
_LIVE_PLACES = (0.7, 0.8, 0.9, 1.0)
"""Where in a segment live lifting is measured, three frames in a row at each: the windows are full by then."""


@dataclass(frozen=True)
class Way:
    """One way of seeing the segments."""

    camera: str
    """One of `stcformer.held_out.CAMERAS`."""
    keypoints: str
    """exact, detected or a third missing."""
    rate: int = USUAL_RATE
    live: bool = False
    """Only the newest frame of a window that ends at it, as `stcformer.live` gives it."""


@dataclass(frozen=True)
class EvaluationRow:
    """One row of the table; `exact` and `detected` say how the keypoints were made, None is not measured."""

    section: str
    name: str
    seconds: float
    """Of motion that it was measured on."""
    exact: Figures | None
    detected: Figures | None


def ways_to_see() -> tuple[Way, ...]:
    """All that is measured."""
    ways = [Way("any", "a third missing")]
    for keypoints in ("exact", "detected"):
        ways += [Way("any", keypoints, rate) for rate in RATES]
        ways += [Way(camera, keypoints) for camera in CAMERAS if camera != "any"]
        ways.append(Way("any", keypoints, live=True))
    return tuple(ways)


def evaluate(
    lifter: Lifter,
    held_out: Corpus,
    count: int = SEGMENTS,
    seed: int = 0,
    *,
    errors: DetectorErrors | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> list[EvaluationRow]:
    """The table: `count` segments of held-out motion, every row by the same segments, bodies and cameras.

    The whole `Lifter.lift` runs as for a user's video, at the video's own rate. `progress` is told the share that
    is done.
    """
    segments = draw_segments(held_out, count, seed)
    ways = ways_to_see()
    parts: dict[Way, list[FrameErrors]] = {way: [] for way in ways}
    pitches = []
    for first in range(0, count, _SEGMENTS_AT_ONCE):
        part = segments.part(first, _SEGMENTS_AT_ONCE)
        seen = see_segments(held_out, part, seed * 1_000_003 + first, errors)
        pitches.append(seen.exact["any"].pitch.numpy())
        for number, way in enumerate(ways):
            parts[way].append(measure(lifter, seen, part, way))
            progress((first + len(part.clips) * (number + 1) / len(ways)) / count)
    measured = {way: joined(errors) for way, errors in parts.items()}
    return _rows(measured, held_out, segments, np.concatenate(pitches))


def measure(lifter: Lifter, seen: SeenSegments, segments: Segments, way: Way) -> FrameErrors:
    """A lifter's errors on segments seen one way."""
    video = seen.video(way.camera, way.keypoints, way.rate)
    shape = video.scores.shape[:2]
    p1, p2, acceleration = (np.full(shape, np.nan) for _ in range(3))
    unseen = np.zeros(shape, dtype=bool)
    for index, frames in enumerate(segments.frames(way.rate)):
        keypoints, scores, truth = (
            values[index, :frames].double().numpy() for values in (video.keypoints, video.scores, video.pose)
        )
        size = (float(video.image_size[index, 0]), float(video.image_size[index, 1]))
        fov = field_of_view(size, float(video.focal[index]))
        if way.live:
            pose = _live_poses(lifter, keypoints, scores, size, fov)
        else:
            pose = lifter.lift(keypoints, scores, image_size=size, fps=way.rate, field_of_view=fov)
        there = np.isfinite(pose).all(axis=(1, 2))
        rows = np.flatnonzero(there)
        p1[index, rows] = mean_joint_error(pose[rows], truth[rows])
        p2[index, rows] = aligned_joint_error(pose[rows], truth[rows])
        if frames > 2:
            acceleration[index, 1 : frames - 1] = acceleration_errors(pose, truth, way.rate)
        if not way.live:
            unseen[index, :frames] = ~there
    return FrameErrors(p1, p2, acceleration, unseen)


def _live_poses(
    lifter: Lifter, keypoints: Array, scores: Array, size: tuple[float, float], fov: float
) -> Array:
    """(F, 17, 3): the newest frame's pose of windows that end at some frames, NaN at all others."""
    frames = len(keypoints)
    pose = np.full((*keypoints.shape[:2], 3), np.nan)
    last = np.array([round(place * (frames - 1)) for place in _LIVE_PLACES])
    newest = np.unique(np.clip(last[:, None] - np.arange(3), 0, frames - 1))
    lengths = np.minimum(newest + 1, lifter.window)
    for length in np.unique(lengths):
        ends = newest[lengths == length]
        rows = ends[:, None] + np.arange(1 - length, 1)
        lifted = lifter.lift_windows(keypoints[rows], scores[rows], image_size=size, field_of_view=fov)
        pose[ends] = lifted[:, -1]
    return pose


def _rows(
    measured: dict[Way, FrameErrors], held_out: Corpus, segments: Segments, pitch: Array
) -> list[EvaluationRow]:
    def row(
        section: str,
        name: str,
        way: Callable[[str], FrameErrors],
        against: Callable[[str], FrameErrors] | None = None,
    ) -> EvaluationRow:
        exact, detected = (
            figures(way(keypoints), against and against(keypoints)) for keypoints in ("exact", "detected")
        )
        return EvaluationRow(section, name, _seconds(way("exact")), exact, detected)

    def of(camera: str = "any", rate: int = USUAL_RATE) -> Callable[[str], FrameErrors]:
        return lambda keypoints: measured[Way(camera, keypoints, rate)]

    def live(keypoints: str) -> FrameErrors:
        return measured[Way("any", keypoints, live=True)]

    def offline_there(keypoints: str) -> FrameErrors:
        return of()(keypoints).only(live(keypoints).measured())

    def group(section: str, name: str, chosen: NDArray[np.bool_]) -> list[EvaluationRow]:
        found = row(section, name, lambda keypoints: of()(keypoints).only(chosen))
        return [found] if found.seconds else []

    missing = measured[Way("any", "a third missing")]
    rows = [
        row("all", "30 fps", of()),
        EvaluationRow(
            "all", "30 fps, a third of the joints missing", _seconds(missing), figures(missing), None
        ),
    ]
    others = [rate for rate in RATES if rate != USUAL_RATE]
    rows += [row("frame rate, against 30 fps", f"{rate} fps", of(rate=rate), of()) for rate in others]
    rows.append(row("live, against offline", "the newest frame, no look-ahead", live, offline_there))
    section = "camera pitch, against level"
    rows += [
        row(section, "-5 to 5 degrees, level", of("level")),
        row(section, "35 to 45 degrees, the same segments", of("steep"), of("level")),
    ]
    for low, high in PITCH_BANDS:
        rows += group("camera pitch", f"{low} to {high} degrees", ((pitch >= low) & (pitch < high))[:, None])
    activities = np.array(clip_activities(held_out.names))[segments.clips]
    for activity in sorted(set(activities)):
        rows += group("activity", activity, (activities == activity)[:, None])
    postures = frames_of_segments(
        [frame_postures(held_out.clip(index).joints) for index in range(len(held_out.names))],
        held_out,
        segments,
        USUAL_RATE,
    )
    for index, posture in enumerate(POSTURES):
        rows += group("posture", posture, postures == index)
    return rows


def _seconds(errors: FrameErrors) -> float:
    """How much motion has a part in some errors."""
    frames = errors.p1.shape[1]
    return float(errors.measured().sum() * SECONDS / frames)
