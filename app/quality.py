"""Where to look: stretches of a Take in which detector, lifter or motion are probably wrong."""

from dataclasses import dataclass

import numpy as np

from app.motion.arrays import Array, Mask, grown, short_gaps_filled, spans
from app.motion.bones import body_height, bone_lengths
from app.motion.root import LOWEST_SCORE, pinhole, project
from app.take import Take
from stcformer.skeleton import JOINTS, PARENTS

KINDS = ("unseen", "low score", "flip disagreement", "bone length", "reprojection", "speed")

# Every measure has two thresholds: a stretch must pass the first somewhere, and lasts while it is beyond the second.
# They were set by what ten clips show (the rendered ones and real footage): what is said of "good" is the 95th
# percentile of the clips that look right.
LOW_SCORE = (0.6, 0.7)
"""Mean score of the 17 joints: 0.75 to 0.95 while most of a person is in view; below this half of them are guesses."""
FLIP_DISAGREEMENT_M = (0.08, 0.06)
"""Metres between the two answers of flip averaging: good poses have 0.02 to 0.05, swapped sides and small or
half-hidden persons 0.1."""
BONE_STRETCH = (0.2, 0.12)
"""Mean over the bones of how much longer or shorter than usual the lifter makes them, as a part: good 0.02 to 0.1."""
REPROJECTION = (0.14, 0.1)
"""Distance between the placed pose and the keypoints, as a part of the person's height in the picture: the mean of the
three joints that are worst, so that one arm or leg is enough; good 0.04 to 0.07. At the first threshold they are off
by the length of a forearm."""
ACCELERATION = (200.0, 100.0)
"""Metres a second squared of the fastest joint: a boxer's fist reaches 110 here and a runner's foot 90, a joint that
jumps by 20 cm for one frame of 30 a second 180 to 360."""
SPEED_CHANGE = 3.0
"""Metres a second from one frame to the next: less than this is no spike, however fast the camera (its noise would
be, at 240 frames a second)."""
_WORST_JOINTS = 3
MERGE_SECONDS = 0.2
"""Stretches that lie closer are one to look at."""


@dataclass(frozen=True)
class Suspicion:
    """Frames from `start` up to but without `stop` that deserve a look."""

    start: int
    stop: int
    kind: str
    """One of `KINDS`."""
    value: float
    """The worst of the stretch in the measure's own unit: frames, score, metres, parts, metres a second squared."""
    text: str
    """A sentence for a person."""


def suspicious_frames(take: Take, person: int) -> list[Suspicion]:
    """All stretches of one person's frames that deserve a look, by their first frame.

    What the lifter said by itself (disagreement, bone lengths) is only judged where the Take has its evidence.
    Raises IndexError when there is no such person.
    """
    seen, bridged = take.seen(person), take.bridged(person)
    found = [
        Suspicion(start, stop, "unseen", stop - start, f"Nobody was seen for {_frames(stop - start)}.")
        for start, stop in spans(~seen)
    ] + [
        Suspicion(
            start,
            stop,
            "unseen",
            stop - start,
            f"Nobody was seen for {_frames(stop - start)}; the pose is bridged from before and after.",
        )
        for start, stop in spans(bridged)
    ]
    if seen.any():
        for judge in (_low_score, _flip_disagreement, _bone_length, _reprojection, _speed):
            found += judge(take, person)
    return sorted(found, key=lambda suspicion: (suspicion.start, KINDS.index(suspicion.kind)))


def _low_score(take: Take, person: int) -> list[Suspicion]:
    score = take.scores[person].mean(axis=1)
    score = np.where(take.seen(person), score, np.nan)
    sure, possible = LOW_SCORE
    return [
        Suspicion(
            start,
            stop,
            "low score",
            value := float(np.nanmin(score[start:stop])),
            f"The detector is unsure of this person: a mean score of {value:.2f}.",
        )
        for start, stop in _stretches(score < sure, score < possible, take.source.fps)
    ]


def _flip_disagreement(take: Take, person: int) -> list[Suspicion]:
    if take.evidence is None:
        return []
    apart = take.evidence.disagreement[person]
    return [
        Suspicion(
            start,
            stop,
            "flip disagreement",
            value := float(np.nanmax(apart[start:stop])),
            f"The lifter is unsure of the pose: its answers for the picture and for its mirror image "
            f"lie {1000 * value:.0f} mm apart.",
        )
        for start, stop in _above(apart, FLIP_DISAGREEMENT_M, take.source.fps)
    ]


def _bone_length(take: Take, person: int) -> list[Suspicion]:
    if take.evidence is None:
        return []
    pose = take.evidence.lifted[person]
    bones = np.linalg.norm(pose[:, 1:] - pose[:, list(PARENTS[1:])], axis=-1)
    usual = np.maximum(np.nanmedian(bones, axis=0), 1e-6)
    stretch = np.abs(np.log(np.maximum(bones, 1e-6) / usual)).mean(axis=1)
    return [
        Suspicion(
            start,
            stop,
            "bone length",
            value := float(np.nanmax(stretch[start:stop])),
            f"The lifter makes the bones {100 * value:.0f} % longer or shorter than in the rest of the clip.",
        )
        for start, stop in _above(stretch, BONE_STRETCH, take.source.fps)
    ]


def _reprojection(take: Take, person: int) -> list[Suspicion]:
    camera = pinhole((take.source.width, take.source.height), take.known_fov())
    root = take.root_camera[person]
    with np.errstate(divide="ignore", invalid="ignore"):
        placed = project(take.camera[person] + root[:, None], camera)
        distance = np.linalg.norm(placed - take.keypoints[person], axis=-1)
    usable = np.isfinite(distance) & (take.scores[person] >= LOWEST_SCORE)
    worst = np.partition(np.where(usable, distance, 0.0), -_WORST_JOINTS, axis=1)[:, -_WORST_JOINTS:]
    height = body_height(take.world[person], bone_lengths(take.camera[person]))
    error = worst.mean(axis=1) * root[:, 2] / (camera.focal * height)
    return [
        Suspicion(
            start,
            stop,
            "reprojection",
            value := float(np.nanmax(error[start:stop])),
            f"The pose does not lie on the picture: some joints are off by {100 * value:.0f} % of the height.",
        )
        for start, stop in _above(error, REPROJECTION, take.source.fps)
    ]


def _speed(take: Take, person: int) -> list[Suspicion]:
    # The lifter's own poses tell more than the smoothed ones, in which a spike is a hill.
    pose = take.world[person] if take.evidence is None else take.evidence.lifted[person]
    if len(pose) < 3:
        return []
    change = np.full(pose.shape[:2], np.nan)
    change[1:-1] = np.linalg.norm(np.diff(pose, 2, axis=0), axis=-1) * take.source.fps
    change[change < SPEED_CHANGE] = 0.0
    fastest = np.where(np.isnan(change), 0.0, change).argmax(axis=1)
    change = change[np.arange(len(change)), fastest]
    result = []
    for start, stop in _above(change * take.source.fps, ACCELERATION, take.source.fps):
        worst = start + int(np.nanargmax(change[start:stop]))
        text = (
            f"A jump of {JOINTS[fastest[worst]]}: "
            f"its speed changes by {change[worst]:.0f} m/s from one frame to the next."
        )
        result.append(Suspicion(start, stop, "speed", float(change[worst] * take.source.fps), text))
    return result


def _above(measure: Array, thresholds: tuple[float, float], fps: float) -> list[tuple[int, int]]:
    """Stretches of a (F,) measure beyond its thresholds; NaN is beyond neither."""
    return _stretches(measure > thresholds[0], measure > thresholds[1], fps)


def _stretches(sure: Mask, possible: Mask, fps: float) -> list[tuple[int, int]]:
    return spans(short_gaps_filled(grown(sure, possible), round(MERGE_SECONDS * fps)))


def _frames(count: int) -> str:
    return "1 frame" if count == 1 else f"{count} frames"
