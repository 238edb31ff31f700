"""Collect a detector's errors on rendered people, for training to make again (`stcformer.augmentation.measured_errors`).

    python benchmarks/collect_errors.py FOLDER [--detector mediapipe] [-o stcformer/augmentation/mediapipe_errors.npz]

FOLDER holds clips that `assets/demo/render/render.py` made, NAME.mp4 beside NAME_truth.npz, in subfolders too. They must
show nobody whom `stcstudio eval` measures on: none of the held-out subjects, none of the clips in `assets/`.

Errors are brought to 30 frames a second (`--fps 10` renders three times as many people in the same time), turned
so that the trunk points down, and divided by the size of the body in the picture.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from detector_errors import detected
from error_statistics import body_size, upright
from rich.console import Console
from rich.table import Table
from scipy.ndimage import uniform_filter1d

from app.rendered_evaluation import read_truth
from stcformer.atomic import atomic_path
from stcformer.augmentation.measured_errors import FRAME_RATE, facing
from stcformer.skeleton import JOINTS

_UPRIGHT_OVER_S = 0.5
"""The trunk's direction is averaged over so long: in a single frame it may point at the camera."""
_SEEN_SHARE = 0.8
"""Clips in which the detector finds somebody in fewer of the frames are left out."""


def main() -> None:
    """Collect, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path, help="rendered clips with their truth")
    parser.add_argument("--detector", default="mediapipe")
    parser.add_argument("-o", "--out", type=Path, default=Path("stcformer/augmentation/mediapipe_errors.npz"))
    arguments = parser.parse_args()
    videos = sorted(arguments.folder.rglob("*.mp4"))
    clips = [clip for video in videos if (clip := clip_errors(video, arguments.detector)) is not None]
    if not clips:
        parser.error(f"in '{arguments.folder}' no rendered clip was found in which somebody is seen")
    displacement, scores, faces = (np.concatenate(parts) for parts in zip(*clips, strict=True))
    lengths = np.array([len(clip[0]) for clip in clips])
    with atomic_path(arguments.out) as path, path.open("wb") as file:
        np.savez_compressed(
            file,
            displacement=displacement.astype(np.float16),
            scores=scores.astype(np.float16),
            facing=faces.astype(np.float16),
            lengths=lengths.astype(np.int32),
        )
    console = Console(highlight=False)
    console.print(f"{len(clips)} of {len(videos)} clips, {lengths.sum()} frames, into '{arguments.out}'")
    console.print(bias_table(displacement, scores))


def clip_errors(video: Path, detector: str) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """(F, 17, 2) displacements, (F, 17) scores and (F,) facing of a clip, at `FRAME_RATE`; None where too little is
    seen."""
    truth = read_truth(video)
    found = detected(video, detector)
    if found.seen.mean() < _SEEN_SHARE or found.seen.sum() < 2:
        return None
    shift = (found.keypoints - truth["keypoints"]) / body_size(truth["keypoints"]).mean()
    over = max(1, round(_UPRIGHT_OVER_S * found.fps))
    shift = upright(shift, uniform_filter1d(truth["keypoints"], over, axis=0, mode="nearest"))
    frames = np.arange(len(shift))
    seen = frames[found.seen]
    moments = np.arange(frames[-1] * FRAME_RATE / found.fps + 1) * found.fps / FRAME_RATE
    at = np.clip(np.searchsorted(seen, moments, side="right"), 1, len(seen) - 1)
    before, after = seen[at - 1], seen[at]
    part = np.clip((moments - before) / (after - before), 0, 1)
    nearest = np.rint(moments).astype(int)
    faces = facing(torch.from_numpy(truth["camera"][None].astype(np.float32)))[0].numpy()
    return (
        _between(shift, before, after, part),
        _between(found.scores, before, after, part) * found.seen[nearest, None],
        faces[nearest],
    )


def _between(values: np.ndarray, before: np.ndarray, after: np.ndarray, part: np.ndarray) -> np.ndarray:
    part = part.reshape(-1, *[1] * (values.ndim - 1))
    return values[before] * (1 - part) + values[after] * part


def bias_table(displacement: np.ndarray, scores: np.ndarray) -> Table:
    """What all clips have in common, joint by joint, of the joints that the detector is sure of."""
    table = Table("joint", "right, %", "down, %", "spread, %", "sure, %")
    for joint, name in enumerate(JOINTS):
        sure = scores[:, joint] >= 0.5
        chosen = displacement[sure, joint]
        mean, spread = chosen.mean(axis=0), chosen.std(axis=0).mean()
        table.add_row(name, *(f"{100 * value:.1f}" for value in (*mean, spread)), f"{100 * sure.mean():.0f}")
    return table


if __name__ == "__main__":
    main()
