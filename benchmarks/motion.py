"""How far the motion stage is from the truth: root, floor, feet and jitter of held-out motion before known cameras.

    python benchmarks/motion.py MOCAP [--quick] [--cache FILE] [--set foot_lock=never] [--only lifted] [--json FILE]

MOCAP is a folder of BVH files, or the corpus.npz of a training run; of its subjects those are taken that the lifter
was trained without (`--hold-out` names others). `--quick` takes a few short stretches. Making the cases (the lifter runs
over all of them) takes far longer than measuring: `--cache FILE` keeps them, and only the first run with the same corpus,
weights and sizes makes them. `--set` changes a field of `app.settings.Settings` for all runs,
so that two ways can be compared: run it twice. `--only` keeps the ways whose name holds a word.

Each stretch is seen by a static camera from every pitch (20 degrees up to 40 down), 3 to 8 m away, lens of 40 to 80
degrees, a little rolled. Ways: the pose is the true one or a lifter's; the keypoints are exact or a detector's; the
field of view is told, or neither lifter nor motion stage knows it. The motion stage is told the body's height (else
its scale would be in every figure); the scale's own error is a column.

    root mm      distance of the hip from where it is, seen from the camera; along the line of sight in brackets
    drift %      mean distance from the true path on the floor when both begin at one place, of the way walked (> 2 m)
    tilt deg     angle between the floor found and the true one
    slide mm/s   sideways speed of an ankle while its foot stands in the truth, before the foot lock and after it; in
                 brackets that of the capture itself
    float, sink  mm, how far an ankle whose foot stands is above or below where it should be (means)
    accel        m/s2, mean error of the joints' acceleration in camera space
    P1 mm        joint error of the root-relative pose, before and after the motion stage
    scale %      standard deviation and mean of the error of the body height that the pose itself has
    bones mm     how much any bone's length changes over a clip (must be 0)
    fov deg      mean error of the field of view that was used
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from motion_cases import (
    DETECTED,
    EXACT,
    FPS,
    PITCHES,
    MotionCase,
    case_parser,
    held_out_part,
    make_cases,
)
from rich.console import Console
from rich.table import Table

from app.motion import MotionResult, reconstruct_motion
from app.motion.arrays import spans
from app.motion.bones import ANKLE_HEIGHT_FRACTION, body_height, bone_lengths
from app.settings import Settings
from stcformer.metrics import acceleration_error, bone_length_deviation, mean_joint_error

SHORTEST_WAY_M = 2.0
"""Somebody who walks less has no drift in per cent."""
STANDING_SPEED = 0.1
"""Metres a second: an ankle of the capture that is slower, for `STANDING_SECONDS` and low, stands."""
STANDING_HEIGHT = 0.13
"""Metres above the floor; ankles stand at 0.08."""
STANDING_SECONDS = 0.1
ANKLES = (6, 3)
"""Left, right."""


@dataclass(frozen=True)
class Way:
    """What the motion stage is given."""

    name: str
    pose: str
    """true, or an array of `MotionCase`."""
    keypoints: str
    lens_told: bool = True


WAYS = (
    Way("true pose, exact 2D", "true", EXACT),
    Way("true pose, detected 2D", "true", DETECTED),
    Way("lifted, exact 2D", "lifted_exact", EXACT),
    Way("lifted, detected 2D", "lifted_detected", DETECTED),
    Way("lifted, detected 2D, lens unknown", "lifted_lens_untold", DETECTED, lens_told=False),
)

COLUMNS = {
    "root mm": "{root:.0f} ({depth:.0f})",
    "drift %": "{drift:.1f}",
    "tilt deg": "{tilt:.1f}",
    "most": "{tilt_most:.1f}",
    "slide mm/s": "{slide_before:.0f} > {slide:.0f} ({slide_truth:.0f})",
    "float, sink mm": "{floating:.0f}, {sinking:.0f}",
    "accel": "{acceleration:.1f}",
    "P1 mm": "{p1_before:.1f} > {p1:.1f}",
    "scale %": "{scale_spread:.1f} ({scale:+.1f})",
    "bones mm": "{bones:.0f}",
    "fov deg": "{fov:.1f}",
}


def main() -> None:
    """Measure and print the table."""
    parser = case_parser(__doc__)
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", dest="changes")
    parser.add_argument("--only", default="", help="ways whose name holds this")
    parser.add_argument("--cases", action="store_true", help="print every case, not only the means")
    parser.add_argument("--json", type=Path, help="file for the figures of every case")
    arguments = parser.parse_args()
    console = Console(highlight=False, width=200)
    corpus, subjects = held_out_part(arguments)
    motions, seconds = (6, 5.0) if arguments.quick else (24, 8.0)
    cases = make_cases(
        corpus,
        arguments.lifter,
        motions,
        seconds,
        arguments.seed,
        arguments.cache,
        lambda text: print(text, end="\r", file=sys.stderr),
    )
    settings = replace(Settings(), **dict(_field(change) for change in arguments.changes))
    began = time.perf_counter()
    rows = [measure(case, way, settings) for way in WAYS if arguments.only in way.name for case in cases]
    seconds = time.perf_counter() - began
    frames = sum(len(case.world) for case in cases)
    console.print(
        f"{motions} stretches of {', '.join(subjects)}; {len(cases)} clips, {frames} frames at {FPS:g} a second; "
        f"lifter {arguments.lifter}; {settings}; {seconds:.0f} s"
    )
    console.print(table_of(rows, by_case=arguments.cases))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


def measure(case: MotionCase, way: Way, settings: Settings) -> dict[str, Any]:
    """The figures of one case seen one way."""
    keypoints, scores = case.keypoints(way.keypoints)
    pose = case.camera - case.camera[:, :1] if way.pose == "true" else getattr(case, way.pose)
    height = body_height(case.world, bone_lengths(case.world))
    settings = replace(settings, height_m=height, fov_degrees=case.fov if way.lens_told else None)
    seen_as = pose, keypoints, scores, (case.width, case.height), FPS
    found = reconstruct_motion(*seen_as, settings)
    unlocked = reconstruct_motion(*seen_as, replace(settings, foot_lock="never"))
    seen = np.isfinite(found.world).all(axis=(1, 2))
    figures = {"way": way.name, "name": case.name, "pitch": case.pitch, "lost": float(1 - seen.mean())}
    figures["scale"] = 100 * (1 / found.report["body"]["scale"] - 1)
    figures["fov"] = abs(found.report["camera"]["fov_degrees_longer_side"] - case.fov)
    before = pose * found.report["body"]["scale"]
    relative = case.camera - case.camera[:, :1]
    figures["p1_before"] = 1000 * float(mean_joint_error(before, relative)[seen].mean())
    figures["p1"] = 1000 * float(mean_joint_error(found.camera, relative)[seen].mean())
    figures["bones"] = 1000 * float(bone_length_deviation(found.camera).max())
    first, last = spans(seen)[0]
    part = slice(first, last)
    absolute = found.camera + found.root_camera[:, None]
    figures["acceleration"] = acceleration_error(absolute[part], case.camera[part], FPS)
    figures["slide_before"] = _floor_figures(case, unlocked, seen)["slide"]
    return {**figures, **_root_figures(case, found, seen), **_floor_figures(case, found, seen)}


def _root_figures(case: MotionCase, found: MotionResult, seen: np.ndarray) -> dict[str, float]:
    """Root and drift."""
    truth = case.camera[:, 0]
    error = (found.root_camera - truth)[seen]
    sight = truth[seen] / np.linalg.norm(truth[seen], axis=1, keepdims=True)
    figures = {
        "root": 1000 * float(np.linalg.norm(error, axis=1).mean()),
        "depth": 1000 * float(np.abs((error * sight).sum(axis=1)).mean()),
        "drift": np.nan,
    }
    path, true_path = found.world[seen, 0, :2], case.world[seen, 0, :2]
    step = max(1, round(FPS / 5))  # so that the body's sway is not counted as a way
    way = float(np.linalg.norm(np.diff(true_path[::step], axis=0), axis=1).sum())
    if way > SHORTEST_WAY_M:
        apart = (path - path[0]) - (true_path - true_path[0])
        figures["drift"] = 100 * float(np.linalg.norm(apart, axis=1).mean()) / way
    return figures


def _floor_figures(case: MotionCase, found: MotionResult, seen: np.ndarray) -> dict[str, float]:
    """Tilt, sliding, floating and sinking."""
    rotation = rotation_between(found.camera[seen], found.world[seen] - found.world[seen, :1])
    cosine = float(np.clip(rotation[2] @ case.up, -1, 1))
    figures = {"tilt": float(np.degrees(np.arccos(cosine)))}
    speeds, true_speeds, rises, heights = [], [], [], []
    for ankle in ANKLES:
        truth, ours = case.world[:, ankle], found.world[:, ankle]
        standing = truth_standing(truth)
        for start, stop in spans(standing & seen):
            if stop - start > 1:
                speeds.append(_speed(ours[start:stop, :2]))
                true_speeds.append(_speed(truth[start:stop, :2]))
                rises.append((ours - truth)[start:stop, 2])
                heights.append(truth[start:stop, 2])
    if not speeds:
        return {**figures, **dict.fromkeys(("slide", "slide_truth", "floating", "sinking"), np.nan)}
    # The capture's floor is known by its standing ankles alone: they are where the motion stage would have them.
    ankle = ANKLE_HEIGHT_FRACTION * body_height(case.world, bone_lengths(case.world))
    rise = 1000 * (np.concatenate(rises) + np.median(np.concatenate(heights)) - ankle)
    return {
        **figures,
        "slide": 1000 * float(np.concatenate(speeds).mean()),
        "slide_truth": 1000 * float(np.concatenate(true_speeds).mean()),
        "floating": float(np.maximum(rise, 0).mean()),
        "sinking": float(np.maximum(-rise, 0).mean()),
    }


def truth_standing(ankle: np.ndarray) -> np.ndarray:
    """(F,) whether a foot of the capture stands: its ankle (F, 3; metres, floor at 0) is low and slow for a while."""
    speed = np.linalg.norm(np.gradient(ankle, axis=0), axis=1) * FPS
    still = (speed < STANDING_SPEED) & (ankle[:, 2] < STANDING_HEIGHT)
    for start, stop in spans(still):
        if stop - start < STANDING_SECONDS * FPS:
            still[start:stop] = False
    return still


def rotation_between(points: np.ndarray, turned: np.ndarray) -> np.ndarray:
    """(3, 3) the rotation that turns `(..., 3)` points into others (Kabsch 1976)."""
    u, _, vt = np.linalg.svd(turned.reshape(-1, 3).T @ points.reshape(-1, 3))
    return np.asarray(u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt)


def table_of(rows: Sequence[dict[str, Any]], *, by_case: bool) -> Table:
    """A row for every way and pitch, and one for all pitches of a way."""
    table = Table("pose and keypoints", "pitch", "clips", *COLUMNS)
    for way in dict.fromkeys(row["way"] for row in rows):
        of_way = [row for row in rows if row["way"] == way]
        if by_case:
            for row in of_way:
                table.add_row(row["name"], f"{row['pitch']:+.0f}", "", *_cells([row]))
        for pitch in PITCHES:
            chosen = [row for row in of_way if row["pitch"] == pitch]
            table.add_row(way, f"{pitch:+.0f}", str(len(chosen)), *_cells(chosen))
        table.add_row(way, "all", str(len(of_way)), *_cells(of_way), style="bold", end_section=True)
    return table


def _cells(rows: Sequence[dict[str, Any]]) -> list[str]:
    def values(name: str) -> np.ndarray:
        numbers = np.array([row[name] for row in rows], dtype=float)
        return numbers[np.isfinite(numbers)]

    names = [name for name, value in rows[0].items() if isinstance(value, float)]
    means = {name: float(values(name).mean()) if len(values(name)) else np.nan for name in names}
    means["tilt_most"] = float(values("tilt").max())
    means["scale_spread"] = float(values("scale").std())
    means["bones"] = float(values("bones").max())
    return [text.format(**means) for text in COLUMNS.values()]


def _speed(positions: np.ndarray) -> np.ndarray:
    """Metres a second from each frame to the next."""
    return np.linalg.norm(np.diff(positions, axis=0), axis=1) * FPS


def _field(change: str) -> tuple[str, Any]:
    """`name=value`, the value as the field's default is: a number, or a text."""
    name, _, text = change.partition("=")
    if not hasattr(Settings(), name):
        raise SystemExit(f"There is no setting '{name}'.")
    try:
        return name, float(text)
    except ValueError:
        return name, text


if __name__ == "__main__":
    main()
