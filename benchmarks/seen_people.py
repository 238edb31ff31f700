"""How wrong the detector was on the rendered people that training learns from, and how often a limb leaps away.

    python benchmarks/seen_people.py [FILE.npz]

Without a file, those that ship with the program (`stcformer/augmentation/seen_by_mediapipe.npz`). Lengths are in
percent of the body's size in the picture (RMS distance of its joints from their middle), turned so that the trunk
points down.
"""

import argparse
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from stcformer.augmentation import SeenPeople, read_seen_people
from stcformer.augmentation.seen_clips import FRAME_RATE, SeenClip, read_seen_clips
from stcformer.skeleton import JOINTS

LIMBS = [place for place, name in enumerate(JOINTS) if name[1:] in ("knee", "ankle", "elbow", "wrist")]
LEAP = 0.2
"""A leap, in body sizes: how far an error is from its median over five frames."""
SCORE_BINS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98, 1.0)


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("file", type=Path, nargs="?")
    file = parser.parse_args().file
    console = Console(highlight=False, width=110)
    clips, seen = read_seen_clips(file), read_seen_people(file)
    frames = len(seen.pose)
    lost = float((seen.scores == 0).all(dim=1).float().mean())
    console.print(
        f"{len(clips)} clips, {frames} frames, {frames / FRAME_RATE / 60:.0f} minutes; nobody was found in {lost:.1%} "
        f"of the frames, somebody in another place or pose in {1 - lost - len(seen.usable) / frames:.1%}"
    )
    subjects = Counter(clip.subject for clip in clips)
    console.print(
        "clips by subject: " + ", ".join(f"{name} {count}" for name, count in sorted(subjects.items()))
    )
    console.print(error_table(seen))
    console.print(leap_table(clips))


def error_table(seen: SeenPeople) -> Table:
    """Joint by joint, in the usable frames: the mean error and its spread where the detector is sure of the joint, the
    median distance where it is not."""
    table = Table("joint", "right, %", "down, %", "spread, %", "sure, %", "median when unsure, %")
    displacement, scores = seen.displacement[seen.usable], seen.scores[seen.usable]
    for joint, name in enumerate(JOINTS):
        sure, found = scores[:, joint] >= 0.5, scores[:, joint] > 0
        chosen = displacement[sure, joint]
        mean, spread = chosen.mean(dim=0), chosen.std(dim=0).mean()
        unsure = displacement[found & ~sure, joint].norm(dim=-1)
        table.add_row(
            name,
            *(f"{100 * float(value):.1f}" for value in (*mean, spread)),
            f"{100 * float(sure.float().mean()):.0f}",
            f"{100 * float(torch.nanmedian(unsure)):.0f}" if len(unsure) else "-",
        )
    return table


def leap_table(clips: list[SeenClip]) -> Table:
    """How often knees, ankles, elbows and wrists leap for a frame or two, by their score in that frame."""
    table = Table("score", "share of frames, %", "leaping, %", "12 x sqrt(1 - score)")
    scores, leaps = (np.concatenate(parts) for parts in zip(*map(leaps_of, clips), strict=True))
    for low, high in pairwise(SCORE_BINS):
        within = (scores >= low) & ((scores < high) | (high == 1.0))
        expected = 12 * np.sqrt(1 - scores[within]).mean()
        table.add_row(
            f"{low:g} to {high:g}",
            *(f"{value:.1f}" for value in (100 * within.mean(), 100 * leaps[within].mean(), expected)),
        )
    return table


def leaps_of(clip: SeenClip) -> tuple[np.ndarray, np.ndarray]:
    """Scores and whether it leaps, of every limb's joint and frame but the two at each end; joints that were lost in the
    clip are left out."""
    middle = clip.true_keypoints.mean(axis=1, keepdims=True)
    size = np.sqrt(np.square(clip.true_keypoints - middle).sum(axis=-1).mean())
    found = [joint for joint in LIMBS if (clip.scores[:, joint] > 0).all()]
    if len(clip.joints) < 5 or not found:
        return np.zeros(0), np.zeros(0, dtype=bool)
    error = (clip.keypoints - clip.true_keypoints)[:, found] / size
    usual = np.median(np.lib.stride_tricks.sliding_window_view(error, 5, axis=0), axis=-1)
    leaping = np.linalg.norm(error[2:-2] - usual, axis=-1) > LEAP
    return clip.scores[2:-2, found].ravel(), leaping.ravel()


if __name__ == "__main__":
    main()
