"""Whether the lens could be found from the clip: the field of view under which a person fits the keypoints best.

    python benchmarks/lens_estimation.py MOCAP [--quick] [--cache FILE]

Cases, subjects and `--cache` are those of `benchmarks/motion.py`. Every case is placed before cameras of `TRIED` fields
of view, as the motion stage places it, and the one that leaves the smallest distance between pose and keypoints is
taken. Beside it stands what the program does instead: 60 degrees, whatever the clip. Errors are those of the logarithm
of the focal length (0.1: all distances are off by 10 % together), root mean square over the cases; once for all, and
once for the third whose fit is sharpest (the distance at 60 degrees in shares of the smallest). With the true pose and
exact keypoints the answer is in the picture, which shows that the search works; poses are lifted without a told lens.
"""

import sys
from pathlib import Path

import numpy as np
from motion_cases import DETECTED, EXACT, FPS, MotionCase, case_parser, held_out_part, make_cases
from rich.console import Console
from rich.table import Table

from app.motion.bones import bone_lengths, with_constant_bones
from app.motion.root import pinhole, reprojection_error, root_trajectory
from stcformer.lens import ASSUMED_FIELD_OF_VIEW

TRIED = np.geomspace(25.0, 110.0, 19)
"""Degrees over the longer side."""
SHARPEST = 1 / 3
WAYS = {
    "true pose, exact 2D": ("true", EXACT),
    "true pose, detected 2D": ("true", DETECTED),
    "lifted, detected 2D": ("lifted_lens_untold", DETECTED),
}


def main() -> None:
    """Measure and print the table."""
    arguments = case_parser(__doc__).parse_args()
    corpus, _ = held_out_part(arguments)
    motions, seconds = (6, 5.0) if arguments.quick else (24, 8.0)
    cache: Path | None = arguments.cache
    cases = make_cases(
        corpus, arguments.lifter, motions, seconds, arguments.seed, cache,
        lambda text: print(text, end="\r", file=sys.stderr),
    )  # fmt: skip
    assumed = focal_error(np.full(len(cases), ASSUMED_FIELD_OF_VIEW), cases)
    table = Table("pose and keypoints", "clips", "best fit", "60 degrees", "best fit, sharpest", "60 degrees")
    for name, (pose, keypoints) in WAYS.items():
        found, sharpness = np.array([best_fit(case, pose, keypoints) for case in cases]).T
        sharp = sharpness >= np.quantile(sharpness, 1 - SHARPEST)
        error = focal_error(found, cases)
        errors = (error, assumed, error[sharp], assumed[sharp])
        table.add_row(name, str(len(cases)), *(f"{np.sqrt((values**2).mean()):.2f}" for values in errors))
    Console(highlight=False, width=120).print(table)


def best_fit(case: MotionCase, pose_name: str, keypoints_name: str) -> tuple[float, float]:
    """The field of view that fits best, in degrees, and how sharply: the misfit at 60 degrees over the smallest."""
    keypoints, scores = case.keypoints(keypoints_name)
    pose = case.camera - case.camera[:, :1] if pose_name == "true" else getattr(case, pose_name)
    pose = with_constant_bones(pose, bone_lengths(pose))
    misfits = np.array(
        [misfit(pose, keypoints, scores, case, fov) for fov in (*TRIED, ASSUMED_FIELD_OF_VIEW)]
    )
    best = int(misfits[:-1].argmin())
    return float(TRIED[best]), float(misfits[-1] / max(misfits[best], 1e-9))


def misfit(
    pose: np.ndarray, keypoints: np.ndarray, scores: np.ndarray, case: MotionCase, fov: float
) -> float:
    """Median pixels between the keypoints and the pose placed before a camera of this field of view."""
    camera = pinhole((case.width, case.height), fov)
    root = root_trajectory(pose, keypoints, scores, camera, FPS)
    error = reprojection_error(pose, root, keypoints, scores, camera)
    return np.inf if error is None else error


def focal_error(fov: np.ndarray, cases: list[MotionCase]) -> np.ndarray:
    """(N,) the logarithms of the focal lengths of these fields of view, less the true ones."""
    truth = np.array([case.fov for case in cases])
    return np.asarray(np.log(np.tan(np.radians(truth) / 2)) - np.log(np.tan(np.radians(fov) / 2)))


if __name__ == "__main__":
    main()
