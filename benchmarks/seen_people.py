"""How wrong the detector was on the rendered people that training learns from.

    python benchmarks/seen_people.py [FILE.npz]

Without a file, those that ship with the program (`stcformer/augmentation/seen_by_mediapipe.npz`). Lengths are in
percent of the body's size in the picture (RMS distance of its joints from their middle), turned so that the trunk
points down.
"""

import argparse
from collections import Counter
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from stcformer.augmentation import SeenPeople, read_seen_people
from stcformer.augmentation.seen_clips import FRAME_RATE, read_seen_clips
from stcformer.skeleton import JOINTS


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


if __name__ == "__main__":
    main()
