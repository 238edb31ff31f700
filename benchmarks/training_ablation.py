"""What each part of the training loss brings: four short runs that differ in nothing else, measured on held-out people.

    python benchmarks/training_ablation.py MOCAP --hold-out SUBJECTS [-o ablation] [--width 64] [--steps 2400]

About 25 minutes on one core. Stop it at any moment and give the same command to go on. The losses: mean joint
distance alone; with the error of the frame-to-frame movement; with the bones' change of length within a window;
with both. The rows are those of a card. P1 and P2 in mm and the acceleration error in m/s2 are as `stcstudio eval`
has them at 30 frames a second, bones mm is the standard deviation over time of a bone's length, and the ratio is of P1,
detected, to the first row's on the same segments. Standard errors are over the segments: two runs of
different seeds differ too, so a few per cent between rows mean little.
"""

import argparse
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from app.commands.train import chosen_subjects
from stcformer import Lifter
from stcformer.atomic import atomic_path
from stcformer.corpus import Corpus, read_corpus
from stcformer.device import choose_device, choose_precision
from stcformer.evaluation import Way, frame_errors, lift_segments
from stcformer.figures import Figure, FrameErrors, figures, joined
from stcformer.held_out import draw_segments, see_segments
from stcformer.metrics import bone_length_deviation
from stcformer.skeleton import JOINTS, bones
from stcformer.training import Stage, Trainer, TrainingConfig
from stcformer.weights import Feeding, Weights

LOSSES = {
    "joints alone": (0.0, 0.0),
    "joints, movement": (1.0, 0.0),
    "joints, bones": (0.0, 1.0),
    "joints, movement, bones": (1.0, 1.0),
}
"""Name to the weights of the movement and of the bones."""
KEYPOINTS = ("exact", "detected")
_SEGMENTS_AT_ONCE = 8
_RIGID = [number for number, (_, child) in enumerate(bones()) if JOINTS[child] != "head"]
"""Bones of constant length in the truth: from the nose to the top of the head there is none."""


@dataclass(frozen=True)
class Measured:
    """One run's errors, seen one way, and how much its bones change."""

    errors: FrameErrors
    bones_mm: float


def main() -> None:
    """Train what is not trained yet, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("mocap", type=Path)
    parser.add_argument("--hold-out", default="", help="subjects, with commas between; else drawn by name")
    parser.add_argument("-o", "--output", type=Path, default=Path("ablation"))
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--frames", type=int, default=9, help="of a window")
    parser.add_argument("--windows", type=int, default=16, help="a step")
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--segments", type=int, default=48, help="to measure on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    console = Console(highlight=False, soft_wrap=True)
    corpus = read_corpus(
        arguments.mocap, lambda reason: console.print(reason, markup=False), arguments.output / "corpus.npz"
    )
    subjects = chosen_subjects(corpus, arguments.hold_out, arguments.mocap)
    training, held_out = corpus.of_subjects(subjects, without=True), corpus.of_subjects(subjects)
    stage = Stage(arguments.frames, arguments.windows, arguments.steps)
    device = choose_device(arguments.device)
    console.print(
        f"width {arguments.width}, {arguments.steps} steps of {arguments.windows} windows of {arguments.frames} "
        f"frames, {arguments.segments} segments of {', '.join(subjects)}"
    )
    found = {}
    for name, (velocity, bone) in LOSSES.items():
        config = TrainingConfig(
            (stage,),
            width=arguments.width,
            seed=arguments.seed,
            precision=str(choose_precision(device)).removeprefix("torch."),
            velocity_weight=velocity,
            bone_weight=bone,
        )
        folder = arguments.output / name.replace(", ", "-").replace(" ", "-")
        found[name] = run(config, training, held_out, folder, device, arguments.segments, console)
    Console(highlight=False, width=170).print(table(found))


def run(
    config: TrainingConfig,
    training: Corpus,
    held_out: Corpus,
    folder: Path,
    device: torch.device,
    segments: int,
    console: Console,
) -> dict[str, Measured]:
    """One run from where it stands to its figures."""
    trainer = Trainer(config, training, held_out, folder, device)
    for _ in trainer.run(
        lambda line: console.print(
            f"{folder.name} {line.step}/{line.steps}: loss {line.loss:.4f}, exact P1 {line.exact_p1_mm:.1f} mm"
        ),
        report_every=200,
    ):
        pass
    file = folder / f"errors-{config.steps()}-{segments}.npz"
    kept = read_measured(file)
    if kept is None:
        feeding = Feeding(config.view, config.frame_rate, config.rate_range, config.stages[-1].frames)
        weights = Weights(trainer.average, feeding, folder.name, "", "")
        kept = dict(measured(Lifter(weights, device.type), held_out, segments))
        write_measured(file, kept)
    return kept


def measured(lifter: Lifter, held_out: Corpus, count: int) -> Iterator[tuple[str, Measured]]:
    """Errors and bones for exact and for detected keypoints."""
    segments = draw_segments(held_out, count, 0)
    errors: dict[str, list[FrameErrors]] = {keypoints: [] for keypoints in KEYPOINTS}
    deviations: dict[str, list[float]] = {keypoints: [] for keypoints in KEYPOINTS}
    for first in range(0, count, _SEGMENTS_AT_ONCE):
        part = segments.part(first, _SEGMENTS_AT_ONCE)
        seen = see_segments(held_out, part, first)
        for keypoints in KEYPOINTS:
            way = Way("any", keypoints)
            poses, truth = lift_segments(lifter, seen, part, way)
            errors[keypoints].append(frame_errors(poses, truth, way))
            deviations[keypoints] += [
                float(bone_length_deviation(pose)[_RIGID].mean()) for pose in poses if np.isfinite(pose).any()
            ]
    for keypoints in KEYPOINTS:
        yield keypoints, Measured(joined(errors[keypoints]), 1000 * float(np.mean(deviations[keypoints])))


def write_measured(file: Path, found: dict[str, Measured]) -> None:
    """Keep a run's errors. Atomic."""
    arrays = {}
    for keypoints, one in found.items():
        arrays |= {f"{keypoints}_{name}": values for name, values in vars(one.errors).items()}
        arrays[f"{keypoints}_bones_mm"] = np.array(one.bones_mm)
    with atomic_path(file) as path, path.open("wb") as handle:
        np.savez(handle, **arrays)


def read_measured(file: Path) -> dict[str, Measured] | None:
    """A run's errors where they were kept."""
    if not file.is_file():
        return None
    try:
        with np.load(file, allow_pickle=False) as stored:
            return {
                keypoints: Measured(
                    FrameErrors(
                        *(stored[f"{keypoints}_{name}"] for name in ("p1", "p2", "acceleration", "unseen"))
                    ),
                    float(stored[f"{keypoints}_bones_mm"]),
                )
                for keypoints in KEYPOINTS
            }
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise SystemExit(
            f"'{file}' cannot be read ({error}); delete it to have it measured again."
        ) from error


def table(found: dict[str, dict[str, Measured]]) -> Table:
    """Rows as a card shows them."""
    first = next(iter(found.values()))["detected"].errors
    headings = [f"{keypoints} {name}" for keypoints in KEYPOINTS for name in ("P1", "P2", "m/s2", "bones mm")]
    result = Table("loss of", *headings, "ratio", box=MARKDOWN)
    for name, ways in found.items():
        cells = []
        for one in ways.values():
            row = figures(one.errors)
            cells += [
                _cell(row.p1_mm),
                _cell(row.p2_mm),
                f"{row.acceleration_m_s2.value:.1f}",
                f"{one.bones_mm:.1f}",
            ]
        ratio = figures(ways["detected"].errors, first).ratio
        result.add_row(name, *cells, f"{ratio.value:.2f} ±{ratio.standard_error:.2f}" if ratio else "")
    return result


def _cell(figure: Figure) -> str:
    return f"{figure.value:.1f} ±{figure.standard_error:.1f}"


if __name__ == "__main__":
    main()
