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
from stcformer.live import LiveHistory
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
    """Empty for the first rows."""
    name: str
    seconds: float
    """Of motion that it was measured on."""
    exact: Figures | None
    detected: Figures | None


def ways_to_see(brief: bool = False) -> tuple[Way, ...]:
    """All that is measured; `brief`: at the usual rate, through any camera."""
    ways = [Way("any", "a third missing")]
    for keypoints in ("exact", "detected"):
        ways += [Way("any", keypoints, rate) for rate in RATES if rate == USUAL_RATE or not brief]
        ways += [Way(camera, keypoints) for camera in CAMERAS if camera != "any" and not brief]
        ways.append(Way("any", keypoints, live=True))
    return tuple(ways)


def evaluate(
    lifter: Lifter,
    held_out: Corpus,
    count: int = SEGMENTS,
    seed: int = 0,
    *,
    errors: DetectorErrors | None = None,
    brief: bool = False,
    progress: Callable[[float], None] = lambda share: None,
) -> list[EvaluationRow]:
    """The table: `count` segments of held-out motion, every row by the same segments, bodies and cameras.

    `brief` leaves out the other frame rates and the level and steep cameras.

    The whole `Lifter.lift` runs as for a user's video, at the video's own rate. `progress` is told the share that
    is done.
    """
    segments = draw_segments(held_out, count, seed)
    ways = ways_to_see(brief)
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
    return frame_errors(*lift_segments(lifter, seen, segments, way), way)


def frame_errors(poses: Array, truth: Array, way: Way) -> FrameErrors:
    """Errors of what `lift_segments` gives."""
    there = np.isfinite(poses).all(axis=(2, 3))
    p1, p2, acceleration = (np.full(there.shape, np.nan) for _ in range(3))
    p1[there] = mean_joint_error(poses[there], truth[there])
    p2[there] = aligned_joint_error(poses[there], truth[there])
    for index in range(len(poses)):
        acceleration[index, 1:-1] = acceleration_errors(poses[index], truth[index], way.rate)
    real = np.isfinite(truth).all(axis=(2, 3))
    return FrameErrors(p1, p2, acceleration, real & ~there & (not way.live))


def lift_segments(lifter: Lifter, seen: SeenSegments, segments: Segments, way: Way) -> tuple[Array, Array]:
    """(N, F, 17, 3) poses and truth of segments seen one way, metres in camera space, the hip at 0.

    Both are NaN after the end of a segment, poses also where nobody is seen and, live, where it is not measured.
    """
    video = seen.video(way.camera, way.keypoints, way.rate)
    poses, truth = (np.full(video.pose.shape, np.nan) for _ in range(2))
    for index, frames in enumerate(segments.frames(way.rate)):
        keypoints, scores, truth[index, :frames] = (
            values[index, :frames].double().numpy() for values in (video.keypoints, video.scores, video.pose)
        )
        size = (float(video.image_size[index, 0]), float(video.image_size[index, 1]))
        fov = field_of_view(size, float(video.focal[index]))
        if way.live:
            poses[index, :frames] = _live_poses(lifter, keypoints, scores, way.rate, size, fov)
        else:
            poses[index, :frames] = lifter.lift(
                keypoints, scores, image_size=size, fps=way.rate, field_of_view=fov
            )
    return poses, truth


def _live_poses(
    lifter: Lifter, keypoints: Array, scores: Array, rate: float, size: tuple[float, float], fov: float
) -> Array:
    """(F, 17, 3): what `stcformer.live.LiveLifter` gives at some frames, NaN at all others."""
    frames = len(keypoints)
    pose = np.full((*keypoints.shape[:2], 3), np.nan)
    last = np.array([round(place * (frames - 1)) for place in _LIVE_PLACES])
    newest = set(np.clip(last[:, None] - np.arange(3), 0, frames - 1).ravel().tolist())
    history = LiveHistory(lifter.weights.feeding, lifter.window)
    windows: dict[int, list[tuple[int, Array, Array]]] = {}
    for frame in range(frames):
        window = history.add(keypoints[frame], scores[frame], frame / rate)
        if frame in newest and window is not None:
            windows.setdefault(len(window[0]), []).append((frame, *window))
    for same_length in windows.values():  # they go through the network together
        ends, points, confidence = (np.array(values) for values in zip(*same_length, strict=True))
        pose[ends] = lifter.lift_windows(points, confidence, image_size=size, field_of_view=fov)[:, -1]
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
        row("", "30 fps", of()),
        EvaluationRow("", "a third of the joints missing", _seconds(missing), figures(missing), None),
    ]
    others = [rate for rate in RATES if rate != USUAL_RATE and Way("any", "exact", rate) in measured]
    rows += [row("frame rate (ratio to 30 fps)", f"{rate} fps", of(rate=rate), of()) for rate in others]
    rows.append(row("live (ratio to offline)", "the newest frame, no look-ahead", live, offline_there))
    if Way("steep", "exact") in measured:
        section = "camera pitch (ratio to level)"
        rows += [
            row(section, "-5 to 5 degrees", of("level")),
            row(section, "35 to 45 degrees", of("steep"), of("level")),
        ]
    for low, high in PITCH_BANDS:
        rows += group(
            "camera pitch, bands", f"{low} to {high} degrees", ((pitch >= low) & (pitch < high))[:, None]
        )
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
