"""How far a lifter is from the truth on motion capture that it has not seen."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch import Generator

from stcformer.augmentation import (
    DetectorErrors,
    TrainingWindows,
    ViewRange,
    random_bodies,
    random_views,
    with_detector_errors,
)
from stcformer.corpus import Corpus
from stcformer.lens import field_of_view
from stcformer.lifter import Lifter
from stcformer.metrics import acceleration_error, aligned_joint_error, mean_joint_error
from stcformer.windows import WindowSampler

SEGMENTS = 32
SECONDS = 4.0
RATES = (15.0, 24.0, 25.0, 30.0, 50.0, 60.0)


@dataclass(frozen=True)
class EvaluationRow:
    """Errors over all segments seen one way."""

    name: str
    p1_mm: float
    """Mean joint error, hips put together."""
    p2_mm: float
    """The same after each pose's Procrustes alignment."""
    acceleration_m_s2: float
    """Mean error of the joints' accelerations: jitter."""


def evaluate(
    lifter: Lifter, held_out: Corpus, segments: int = SEGMENTS, seed: int = 0
) -> Iterator[EvaluationRow]:
    """Rows for exact 2D and 2D with a detector's errors, at 30 frames a second and at others.

    The same segments of 4 s, bodies and cameras each time; the whole `Lifter.lift` runs as for a user's video.
    """
    yield _row(lifter, held_out, "exact 2D, 30 fps", 30.0, segments, seed, exact=True)
    for rate in sorted(RATES, key=lambda rate: abs(rate - 30.0)):
        yield _row(lifter, held_out, f"detected 2D, {rate:g} fps", rate, segments, seed, exact=False)
    for low, high in ((-20, 0), (0, 25), (25, 50)):
        name = f"detected 2D, camera pitch {low} to {high} degrees"
        ranges = ViewRange(pitch=(low, high))
        yield _row(lifter, held_out, name, 30.0, segments, seed, exact=False, ranges=ranges)


def _row(
    lifter: Lifter,
    held_out: Corpus,
    name: str,
    rate: float,
    segments: int,
    seed: int,
    *,
    exact: bool,
    ranges: ViewRange | None = None,
) -> EvaluationRow:
    seen = held_out_views(held_out, rate, segments, seed, exact=exact, ranges=ranges)
    p1, p2, acceleration = [], [], []
    for index in range(segments):
        size = seen.image_size[index].numpy()
        pose = lifter.lift(
            seen.keypoints[index].numpy(),
            seen.scores[index].numpy(),
            image_size=(float(size[0]), float(size[1])),
            fps=rate,
            field_of_view=field_of_view((float(size[0]), float(size[1])), float(seen.focal[index])),
        )
        truth = seen.pose[index].double().numpy()
        there = np.isfinite(pose).all(axis=(1, 2))
        p1.append(mean_joint_error(pose[there], truth[there]))
        p2.append(aligned_joint_error(pose[there], truth[there]))
        if there.all():
            acceleration.append(acceleration_error(pose, truth, rate))
    return EvaluationRow(
        name,
        1000 * float(np.concatenate(p1).mean()),
        1000 * float(np.concatenate(p2).mean()),
        float(np.mean(acceleration)),
    )


def held_out_views(
    held_out: Corpus, rate: float, segments: int, seed: int, *, exact: bool, ranges: ViewRange | None = None
) -> TrainingWindows:
    """Segments of held-out motion, each body and camera drawn once from the seed."""
    generator = Generator().manual_seed(seed)
    sampler = WindowSampler(held_out, (rate, rate))
    joints = random_bodies(sampler.draw(segments, round(SECONDS * rate), generator), generator)
    seen = random_views(joints, ranges or ViewRange(), generator)
    return (
        seen
        if exact
        else with_detector_errors(seen, DetectorErrors(drift_frames=8.0 * rate / 30.0), generator)
    )
