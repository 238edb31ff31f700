"""Milliseconds from a correction to the new 3D, without the video: `app.rebuilding.rebuild`.

    python benchmarks/rebuilding.py [--weights wild-27] [--device auto] [--frames 900] [--rounds 10]

The keypoints are the demo clip's, forwards and backwards until the frames are full. Printed for each kind of change:
the median and the slowest of the rounds by the clock, and the median of the processor's time.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from app.commands.demo import demo_folder
from app.edits import HideJoint, MoveJoint, SwapSides
from app.lifting import describe_lifter, load_lifter
from app.pipeline import assemble_take
from app.project import open_project, save_project
from app.rebuilding import rebuild
from app.settings import Settings
from app.take import Evidence, Source, Take
from stcformer import Lifter
from stcformer.weights import DEFAULT_WEIGHTS


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--weights", default=DEFAULT_WEIGHTS)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--frames", type=int, default=900)
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    settings = Settings(lifter=arguments.weights, device=arguments.device)
    lifter = load_lifter(settings)
    take = long_take(lifter, settings, arguments.frames)
    middle = arguments.frames // 2
    move = MoveJoint(0, middle, 13, 300.0, 300.0)

    def rebuilt(edit: object, changed: Settings = settings) -> Callable[[], Take]:
        return lambda: rebuild(take, (edit,) if edit else (), changed, lifter)  # type: ignore[arg-type]

    folder = tempfile.TemporaryDirectory()
    project = Path(folder.name) / "take.stctake"
    work: dict[str, Callable[[], object]] = {
        "one joint moved": rebuilt(move),
        "a joint hidden in 100 frames": rebuilt(HideJoint(0, middle, middle + 100, 13)),
        "sides swapped in 30 frames": rebuilt(SwapSides(0, middle, middle + 30)),
        "another height": rebuilt(None, replace(settings, height_m=1.9)),
        "another field of view: everything lifted": rebuilt(None, replace(settings, fov_degrees=50.0)),
        "project saved": lambda: save_project(take, project),
        "project opened": lambda: open_project(project),
    }
    table = Table(f"{arguments.frames} frames", "ms, median", "slowest", "processor ms")
    for name, job in work.items():
        wall, processor = measured(job, arguments.rounds)
        table.add_row(name, f"{np.median(wall):.0f}", f"{wall.max():.0f}", f"{np.median(processor):.0f}")
    folder.cleanup()
    console = Console(highlight=False)
    precision = str(lifter.precision).removeprefix("torch.")
    console.print(
        f"{lifter.weights.name} on {lifter.device_name()}, {precision}, {torch.get_num_threads()} threads"
    )
    console.print(table)


def measured(job: Callable[[], object], rounds: int) -> tuple[np.ndarray, np.ndarray]:
    """(rounds,) milliseconds by the clock and of the processor, after one round that is not counted."""
    wall, processor = [], []
    for _ in range(rounds + 1):
        began, used = time.perf_counter(), time.process_time()
        job()
        wall.append(1000 * (time.perf_counter() - began))
        processor.append(1000 * (time.process_time() - used))
    return np.array(wall[1:]), np.array(processor[1:])


def long_take(lifter: Lifter, settings: Settings, frames: int) -> Take:
    """A Take of the demo clip's true keypoints, back and forth."""
    with np.load(demo_folder() / "demo_truth.npz", allow_pickle=False) as truth:
        clip, size, fps = truth["keypoints"], truth["image_size"], float(truth["fps"])
    there_and_back = np.concatenate((clip, clip[-2:0:-1]))
    keypoints = np.take(there_and_back, np.arange(frames), axis=0, mode="wrap")
    keypoints = keypoints + np.random.default_rng(0).normal(0, 2, keypoints.shape)
    scores = np.full(keypoints.shape[:2], 0.9)
    image_size = (int(size[0]), int(size[1]))
    pose, apart = lifter.lift_with_disagreement(keypoints, scores, image_size=image_size, fps=fps)
    evidence = Evidence(keypoints[None], scores[None], pose[None], apart[None])
    source = Source(demo_folder() / "demo.mp4", *image_size, fps)
    edited = (keypoints[None].copy(), scores[None].copy())
    provenance = {"lifter": describe_lifter(lifter)}
    return assemble_take(source, np.arange(frames) / fps, edited, evidence, settings, (), provenance)


if __name__ == "__main__":
    main()
