"""People of held-out motion capture before known cameras, for `benchmarks/motion.py`: truth, keypoints and lifted poses.

Bodies are those of the motion capture (legs of 0.85 m), so that feet which stand in the capture stand here too.
"""

import argparse
import hashlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from app.commands.evaluate import subjects_to_measure
from stcformer import Lifter
from stcformer.atomic import atomic_path
from stcformer.augmentation import DetectorErrors, TrainingWindows, with_detector_errors
from stcformer.corpus import Corpus, read_corpus
from stcformer.held_out import draw_segments
from stcformer.lens import focal_length

FPS = 30.0
PITCHES = (-20.0, 0.0, 20.0, 40.0)
"""Degrees; positive looks down."""
IMAGE_SIZES = ((1920, 1080), (1080, 1920))
DISTANCES_M = (3.0, 8.0)
FIELDS_OF_VIEW = (40.0, 80.0)
ROLL_DEGREES = 3.0
"""Standard deviation."""
IN_VIEW = 0.95
"""Share of the joints that lie in the picture, of all frames; cameras are drawn until one shows as much."""
_TRIES = 200
_NEAREST_M = 1.0

EXACT, DETECTED = "exact", "detected"
LIFTED = ("lifted_exact", "lifted_detected", "lifted_lens_untold")


@dataclass(frozen=True)
class MotionCase:
    """One person before one camera: F frames at `FPS`."""

    name: str
    pitch: float
    """Degrees that the camera looks down."""
    roll: float
    """Degrees that it is turned about its axis."""
    fov: float
    """Degrees over the longer side of the picture."""
    width: int
    height: int
    up: np.ndarray
    """(3,) the vertical in camera space."""
    world: np.ndarray
    """(F, 17, 3) metres, z up, the floor at 0, y where the camera looks along the floor, x right."""
    camera: np.ndarray
    """(F, 17, 3) the same in camera space, metres from the camera."""
    keypoints_exact: np.ndarray
    """(F, 17, 2) pixels."""
    scores_exact: np.ndarray
    keypoints_detected: np.ndarray
    """(F, 17, 2) with the errors of a detector, as `stcformer.augmentation` draws them."""
    scores_detected: np.ndarray
    lifted_exact: np.ndarray
    """(F, 17, 3) what the lifter makes of the exact keypoints, told the field of view; empty if not asked for."""
    lifted_detected: np.ndarray
    """Of the detected ones."""
    lifted_lens_untold: np.ndarray
    """Of the detected ones, the field of view being assumed."""

    def keypoints(self, kind: str) -> tuple[np.ndarray, np.ndarray]:
        """Keypoints and scores, `EXACT` or `DETECTED`."""
        return getattr(self, f"keypoints_{kind}"), getattr(self, f"scores_{kind}")


def case_parser(description: str) -> argparse.ArgumentParser:
    """A parser with the arguments that choose the cases; the first line of `description` is its own."""
    parser = argparse.ArgumentParser(description=description.split("\n", maxsplit=1)[0])
    parser.add_argument("mocap", type=Path, help="folder of BVH files, or a corpus.npz")
    parser.add_argument(
        "--hold-out",
        default="",
        help="subjects, with commas between; default: those that the lifter was trained without",
    )
    parser.add_argument("--lifter", default="wild-27")
    parser.add_argument("--quick", action="store_true", help="6 stretches of 5 s in place of 24 of 8 s")
    parser.add_argument("--cache", type=Path, help="file that keeps the cases")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def held_out_part(arguments: argparse.Namespace) -> tuple[Corpus, tuple[str, ...]]:
    """Of the motion capture that `case_parser`'s arguments name, the part to measure on, and its subjects."""
    corpus = read_corpus(arguments.mocap, lambda reason: None)
    subjects, reason = subjects_to_measure(corpus, arguments.hold_out, arguments.mocap, arguments.lifter)
    if reason:
        print(reason, file=sys.stderr)
    return corpus.of_subjects(subjects), subjects


def make_cases(
    corpus: Corpus,
    lifter_name: str,
    motions: int,
    seconds: float,
    seed: int,
    cache: Path | None,
    say: Callable[[str], None],
) -> list[MotionCase]:
    """`motions` stretches of the corpus, each seen from every pitch; kept in `cache` (an .npz) and read back from it
    while everything that they are made of is the same."""
    lifter = Lifter.from_pretrained(lifter_name)
    made_of = (
        sorted(corpus.names),
        (lifter.weights.sha256, lifter.window, lifter.hop, lifter.flip),
        motions,
        seconds,
        seed,
        PITCHES,
        DISTANCES_M,
        FIELDS_OF_VIEW,
    )
    key = hashlib.sha256(repr(made_of).encode()).hexdigest()
    if cache is not None and cache.exists() and (kept := _read(cache, key)) is not None:
        return kept
    segments = draw_segments(corpus, motions, seed)
    cases = []
    for index, (clip, begin) in enumerate(zip(segments.clips, segments.begin_s, strict=True)):
        joints = _stretch(corpus, int(clip), float(begin), seconds)
        for pitch in PITCHES:
            cases.append(
                _with_poses(
                    _seen(corpus.names[clip], joints, pitch, np.random.default_rng([seed, index])), lifter
                )
            )
            say(f"{len(cases)} of {motions * len(PITCHES)} cases made")
    if cache is not None:
        _write(cache, key, cases)
    return cases


def _stretch(corpus: Corpus, clip: int, begin: float, seconds: float) -> np.ndarray:
    """(F, 17, 3) about `seconds` of a clip at `FPS`, by a cubic spline; the whole of a clip that is shorter."""
    from scipy.interpolate import CubicSpline  # noqa: PLC0415

    captured = corpus.clip(clip)
    duration = (len(captured.joints) - 1) / captured.fps
    start = max(0.0, min(begin, duration - seconds))
    times = start + np.arange(int(min(seconds, duration - start) * FPS)) / FPS
    return CubicSpline(np.arange(len(captured.joints)) / captured.fps, captured.joints)(times)


def _seen(name: str, joints: np.ndarray, pitch: float, generator: np.random.Generator) -> MotionCase:
    """A camera that shows the person, drawn anew until most joints are in the picture; poses are still empty."""
    best: tuple[float, MotionCase] | None = None
    size = IMAGE_SIZES[int(generator.integers(2))]
    for _ in range(_TRIES):
        yaw, roll = generator.uniform(0, 2 * np.pi), ROLL_DEGREES * generator.standard_normal()
        fov, distance = generator.uniform(*FIELDS_OF_VIEW), generator.uniform(*DISTANCES_M)
        turn = np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
        world = joints @ turn.T
        rotation = camera_rotation(pitch, roll)
        aim = np.percentile(world.reshape(-1, 3), [2, 98], axis=0).mean(axis=0)
        camera = (world - aim) @ rotation.T + [0, 0, distance]
        focal = focal_length(size, fov)
        keypoints = camera[..., :2] / np.maximum(camera[..., 2:], 0.1) * focal + np.array(size) / 2
        inside = ((keypoints >= 0) & (keypoints <= size)).all(axis=-1) & (camera[..., 2] > _NEAREST_M)
        share = float(inside.mean())
        if best is None or share > best[0]:
            none = np.empty((0, 17, 3))
            arrays = (rotation[:, 2], world, camera, keypoints, np.ones(keypoints.shape[:2]))
            detected = _detected(keypoints, camera, focal, size, pitch, generator)
            best = share, MotionCase(name, pitch, roll, fov, *size, *arrays, *detected, none, none, none)
        if share >= IN_VIEW:
            break
    assert best is not None
    return best[1]


def camera_rotation(pitch: float, roll: float) -> np.ndarray:
    """(3, 3) from a world whose y is where the camera looks along the floor (z up) to camera space; degrees."""
    p, r = np.radians([pitch, roll])
    level = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ level)


def _detected(
    keypoints: np.ndarray,
    camera: np.ndarray,
    focal: float,
    size: tuple[int, int],
    pitch: float,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints and scores with a detector's errors."""

    def batch(values: Sequence[float] | np.ndarray) -> torch.Tensor:
        return torch.as_tensor(np.asarray(values), dtype=torch.float32)[None]

    pose = camera - camera[:, :1]
    exact = TrainingWindows(
        batch(keypoints),
        torch.ones(1, *keypoints.shape[:2]),
        batch(pose),
        batch(focal),
        batch(size),
        batch(pitch),
    )
    random = torch.Generator().manual_seed(int(generator.integers(2**31)))
    found = with_detector_errors(exact, DetectorErrors(exact=0.0), random)
    scores = found.scores[0].double().numpy()
    return np.where(scores[..., None] > 0, found.keypoints[0].double().numpy(), np.nan), scores


def _with_poses(case: MotionCase, lifter: Lifter) -> MotionCase:
    size = (case.width, case.height)
    told = {"image_size": size, "fps": FPS, "field_of_view": case.fov}
    untold = {"image_size": size, "fps": FPS}
    poses = {
        "lifted_exact": lifter.lift(*case.keypoints(EXACT), **told),
        "lifted_detected": lifter.lift(*case.keypoints(DETECTED), **told),
        "lifted_lens_untold": lifter.lift(*case.keypoints(DETECTED), **untold),
    }
    return MotionCase(**{**vars(case), **poses})


def _write(path: Path, key: str, cases: list[MotionCase]) -> None:
    arrays = {
        f"{index}.{field.name}": np.asarray(getattr(case, field.name))
        for index, case in enumerate(cases)
        for field in fields(MotionCase)
    }
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, key=np.array(key), **arrays)


def _read(path: Path, key: str) -> list[MotionCase] | None:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        if str(stored["key"]) != key:
            return None
        count = len({name.split(".")[0] for name in stored.files}) - 1
        rows = [
            {field.name: stored[f"{index}.{field.name}"] for field in fields(MotionCase)}
            for index in range(count)
        ]
    return [
        MotionCase(**{name: value.item() if value.ndim == 0 else value for name, value in row.items()})
        for row in rows
    ]
