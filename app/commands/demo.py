"""`stcstudio demo`: the shipped clip through the whole pipeline, measured against its truth."""

import importlib.resources
from pathlib import Path

import numpy as np
from rich.console import Console

from app.commands.run import run_video
from app.rendered_evaluation import path_error
from app.settings import Settings
from app.take import Take
from stcformer.metrics import aligned_joint_error, mean_joint_error

FORMATS = ("csv", "bvh", "npz", "overlay")


def demo_folder() -> Path:
    """Where the demo clip and its truth lie."""
    return Path(str(importlib.resources.files("assets"))) / "demo"


def run_demo(output: Path) -> None:
    """Process the demo clip into `output` and print how far the result is from the truth."""
    take, _ = run_video(demo_folder() / "demo.mp4", output, FORMATS, Settings())
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        "Against the clip's known truth (a rendered figure, so every joint is known):", markup=False
    )
    for line in error_lines(take):
        console.print(f"  {line}", markup=False)


def error_lines(take: Take) -> list[str]:
    """The demo Take's errors, one sentence a measure."""
    with np.load(demo_folder() / "demo_truth.npz", allow_pickle=False) as stored:
        keypoints, camera = stored["keypoints"], stored["camera"]
    seen = take.seen(0)
    pixels = np.linalg.norm(take.keypoints[0] - keypoints, axis=-1)[seen]
    truth = camera - camera[:, :1]
    pose = take.camera[0][seen]
    p1 = 1000 * mean_joint_error(pose, truth[seen]).mean()
    p2 = 1000 * aligned_joint_error(pose, truth[seen]).mean()
    error = path_error(take.root_camera[0][seen], camera[seen, 0])
    path = np.linalg.norm(np.diff(camera[seen, 0], axis=0), axis=-1).sum()
    return [
        f"seen in {int(seen.sum())} of {len(seen)} frames",
        f"2D joints: {np.median(pixels):.1f} pixels off (median)",
        f"pose: {p1:.0f} mm mean joint error, {p2:.0f} mm after alignment",
        f"path of the hip: {1000 * error:.0f} mm off on average, over {path:.2f} m walked",
    ]
