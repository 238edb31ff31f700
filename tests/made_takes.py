"""Takes made of numbers: synthetic people seen by a level camera, lifted by the shipped weights where asked."""

from pathlib import Path

import numpy as np
from synthetic_body import IMAGE_SIZE, seen_by_camera

from app.lifting import describe_lifter
from app.pipeline import assemble_take
from app.settings import Settings
from app.take import Evidence, Source, Take
from stcformer import Lifter

FPS = 30.0
OF_PEOPLE = (
    "keypoints", "scores", "camera", "root_camera", "world", "contacts", "feet", "foot_scores", "toes",
)  # fmt: skip
"""The arrays of a Take whose first axis is its people."""


def short_lifter(window: int = 9) -> Lifter:
    """The shipped weights with short windows, so that a short clip has many."""
    import torch

    return Lifter.from_pretrained(device="cpu", window=window, precision=torch.float32)


def lifted_take(lifter: Lifter, *worlds: np.ndarray, fps: float = FPS, noise_px: float = 1.0) -> Take:
    """A Take of persons with (F, 17, 3) world-space joints, as the pipeline makes it of what was detected."""
    seen = [seen_by_camera(world) for world in worlds]
    rng = np.random.default_rng(0)
    keypoints = np.stack([points for _, points, _, _ in seen])
    keypoints += rng.normal(0, noise_px, keypoints.shape)
    scores = np.stack([confidence for _, _, confidence, _ in seen])
    answers = [
        lifter.lift_with_disagreement(*person, image_size=IMAGE_SIZE, fps=fps)
        for person in zip(keypoints, scores, strict=True)
    ]
    evidence = Evidence(
        keypoints, scores, np.stack([pose for pose, _ in answers]), np.stack([apart for _, apart in answers])
    )
    return _take(evidence, fps, {"lifter": describe_lifter(lifter)})


def exact_take(*worlds: np.ndarray, fps: float = FPS) -> Take:
    """A Take of persons who were seen and lifted without any error."""
    poses, keypoints, scores, _ = zip(*(seen_by_camera(world) for world in worlds), strict=True)
    apart = np.full((len(worlds), len(worlds[0])), 0.02)
    return _take(Evidence(np.stack(keypoints), np.stack(scores), np.stack(poses), apart), fps, {})


def _take(evidence: Evidence, fps: float, provenance: dict[str, object]) -> Take:
    return assemble_take(
        Source(Path("walk.mp4"), *IMAGE_SIZE, fps),
        np.arange(evidence.scores.shape[1]) / fps,
        (evidence.keypoints.copy(), evidence.scores.copy()),
        evidence,
        Settings(),
        (),
        provenance,
    )
