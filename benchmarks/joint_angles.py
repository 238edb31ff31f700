"""How wrong joint angles are, in degrees: those of a lifter's poses on people that it never saw, and the definitions.

    python benchmarks/joint_angles.py MOCAP [--lifter wild-27] [--segments 64] [--hold-out SUBJECTS] [--markdown]

The first table compares the angles of the lifter's poses with those of the true joints, on the same held-out segments,
bodies, cameras and detector errors as `stcstudio eval`: any camera for angles within the body, a level one for
those to the vertical, which is taken as known (what the motion stage finds of it comes on top). The poses are the
lifter's own, before the motion stage. Mean absolute error and its standard error over the segments; bias (found less
true); the mean absolute error when each segment's own mean difference is taken off, which is what matters for ranges of
motion; and the share of frames without a value although there is a true one.

The second table compares knee and elbow flexion from the true joints with the rotation that the motion capture itself
gives that joint, a hinge in its skeleton: what the definitions differ by, without any lifter. Where a skeleton is not
quite straight at its own zero, all its angles differ by that bend, which the table gives by itself.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.box import MARKDOWN, SIMPLE_HEAD, Box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.commands.evaluate import subjects_to_measure
from app.motion.joint_angles import ANGLES, joint_angles
from stcformer import Lifter
from stcformer.bvh import forward_kinematics, read_bvh
from stcformer.corpus import Corpus, read_corpus
from stcformer.errors import LifterError
from stcformer.evaluation import Way, lift_segments
from stcformer.held_out import draw_segments, see_segments
from stcformer.mocap import human36m_joints

Array = NDArray[np.floating]

TO_THE_VERTICAL = ("pelvis_obliquity", "pelvis_rotation", "trunk_lean", "trunk_side_lean")
AT_ONCE = 8
HINGES = {
    "knee": (("LeftUpLeg", "LeftLeg"), ("lThigh", "lShin")),
    "elbow": (("LeftArm", "LeftForeArm"), ("lShldr", "lForeArm")),
}
"""Parent and child nodes of the left side, by the names of the two CMU skeletons."""


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("mocap", type=Path, help="folder of BVH files")
    parser.add_argument("--lifter", default="wild-27")
    parser.add_argument("--segments", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--hold-out", default="", help="subjects; default: those that the lifter was trained without"
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--markdown", action="store_true")
    arguments = parser.parse_args()
    console = Console(highlight=False, width=140)
    lifter = Lifter.from_pretrained(arguments.lifter, arguments.device)
    corpus = read_corpus(arguments.mocap, lambda reason: None)
    subjects, reason = subjects_to_measure(corpus, arguments.hold_out, arguments.mocap, arguments.lifter)
    if reason:
        console.print(reason)
    box = MARKDOWN if arguments.markdown else SIMPLE_HEAD
    console.print(f"{lifter.weights.name}, {arguments.segments} segments of {', '.join(subjects)}")
    found = angle_pairs(lifter, corpus.of_subjects(subjects), arguments.segments, arguments.seed)
    console.print(error_table(found, box))
    console.print(hinge_table(arguments.mocap, box))


def angle_pairs(
    lifter: Lifter, corpus: Corpus, count: int, seed: int
) -> dict[tuple[str, str], tuple[Array, Array]]:
    """Angles found and true, (N, F, A), by camera (any, level) and keypoints (exact, detected)."""
    segments = draw_segments(corpus, count, seed)
    ways = [Way(camera, keypoints) for camera in ("any", "level") for keypoints in ("exact", "detected")]
    parts: dict[Way, list[tuple[Array, Array]]] = {way: [] for way in ways}
    for first in track(range(0, count, AT_ONCE), "Lifting", transient=True):
        part = segments.part(first, AT_ONCE)
        seen = see_segments(corpus, part, seed * 1_000_003 + first)
        for way in ways:
            poses, truth = lift_segments(lifter, seen, part, way)
            parts[way].append((_angles(poses), _angles(truth)))
    return {
        (way.camera, way.keypoints): (
            np.concatenate([found for found, _ in pairs]),
            np.concatenate([true for _, true in pairs]),
        )
        for way, pairs in parts.items()
    }


def _angles(camera: Array) -> Array:
    """Angles of (N, F, 17, 3) joints in camera space (x right, y down, z away), whose y axis is taken as the vertical."""
    upright = np.stack((camera[..., 0], camera[..., 2], -camera[..., 1]), axis=-1)
    return np.stack([joint_angles(segment) for segment in upright])


def error_table(pairs: dict[tuple[str, str], tuple[Array, Array]], box: Box) -> Table:
    """A row an angle, both sides together."""
    headings = [
        name
        for keypoints in ("exact 2D", "detected 2D")
        for name in (keypoints, "bias", "less offset", "empty")
    ]
    table = Table("degrees", *headings, box=box)
    names = dict.fromkeys(angle.name.removeprefix("right_").removeprefix("left_") for angle in ANGLES)
    for name in names:
        columns = [index for index, angle in enumerate(ANGLES) if angle.name.endswith(name)]
        camera = "level" if name in TO_THE_VERTICAL else "any"
        cells: list[str] = []
        for keypoints in ("exact", "detected"):
            found, true = (values[..., columns] for values in pairs[camera, keypoints])
            cells += error_cells(found, true)
        table.add_row(name.replace("_", " "), *cells)
    return table


def error_cells(found: Array, true: Array) -> list[str]:
    """Of (N, F, S) angles of N segments and S sides."""
    difference = (found - true + 180) % 360 - 180
    there = np.isfinite(difference)
    by_segment = [
        np.abs(part[mask]).mean() for part, mask in zip(difference, there, strict=True) if mask.any()
    ]
    error = np.abs(difference[there]).mean()
    spread = np.std(by_segment, ddof=1) / np.sqrt(len(by_segment))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a segment may have no value at all
        offset = np.nanmean(difference, axis=1, keepdims=True)
    empty = 1 - there.sum() / np.isfinite(true).sum()
    return [
        f"{error:.1f} ±{spread:.1f}",
        f"{difference[there].mean():+.1f}",
        f"{np.nanmean(np.abs(difference - offset)):.1f}",
        f"{empty:.1%}",
    ]


def hinge_table(mocap: Path, box: Box) -> Table:
    """Flexion from the joints against the rotation in the file, of every CMU clip that has such hinges."""
    table = Table("hinge", "clips", "frames", "rest bend", "difference less rest bend", "95 % below", box=box)
    for name in HINGES:
        for folder in ("cmu", "cmu_daz", "cmu_dance"):
            differences = [
                difference
                for path in sorted((mocap / folder).glob("*.bvh"))
                if (difference := hinge_difference(path, name)) is not None
            ]
            if differences:
                rest = [float(np.median(difference)) for difference in differences]
                moved = np.abs(
                    np.concatenate([each - bend for each, bend in zip(differences, rest, strict=True)])
                )
                table.add_row(
                    f"{name}, {folder}",
                    str(len(differences)),
                    str(len(moved)),
                    f"{np.mean(rest):.2f}",
                    f"{moved.mean():.3f}",
                    f"{np.percentile(moved, 95):.3f}",
                )
    return table


def hinge_difference(path: Path, hinge: str) -> Array | None:
    """(F * 2,) degrees: flexion from the joints less the angle of the file's own rotation; None without such nodes."""
    motion = read_bvh(path)
    nodes = next((pair for pair in HINGES[hinge] if pair[1] in motion.names), None)
    if nodes is None:
        return None
    try:
        found = joint_angles(human36m_joints(motion))
    except LifterError:
        return None
    _, rotations = forward_kinematics(motion)
    differences = []
    for side, pair in (("left", nodes), ("right", tuple(map(_on_the_right, nodes)))):
        upper, lower = (rotations[:, motion.names.index(name)] for name in pair)
        turn = np.swapaxes(upper, -1, -2) @ lower
        cosine = np.clip((np.trace(turn, axis1=1, axis2=2) - 1) / 2, -1, 1)
        column = [angle.name for angle in ANGLES].index(f"{side}_{hinge}_flexion")
        differences.append(found[:, column] - np.degrees(np.arccos(cosine)))
    return np.concatenate(differences)


def _on_the_right(name: str) -> str:
    return name.replace("Left", "Right") if name.startswith("Left") else f"r{name[1:]}"


if __name__ == "__main__":
    main()
