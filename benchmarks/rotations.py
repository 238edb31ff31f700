"""How far the solved joints turn from frame to frame, beside motion capture's own: a flip or a spin would show here.

    python benchmarks/rotations.py --mocap ../shared/mocap [--worst 3] [--archive TAKE.npz ...]

Motion capture: CMU subjects 02, 05 and 08 and the Indian dance and martial arts, on which the shipped weights were never
trained. Its 17 joints are solved; beside them stands the rotation of the same bone in the file. `noise` is the
same with every joint moved by a smooth error of 20 mm (standard deviation, changing over 0.2 s), as a lifter makes.
`--worst`: where each bone turns most from exact joints, beside what the capture's own turns there and how far the joint
at the bone's end goes in that frame: where that leaps, no solver could turn less.
`--archive`: takes written by `stcstudio run --format npz`, which have no truth.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter1d

from app.export.solved_motion import to_y_up
from app.motion.bones import bone_lengths, with_constant_bones
from app.motion.rig import make_rig, node_index
from app.motion.rotations import global_rotations
from stcformer.bvh import forward_kinematics, read_bvh
from stcformer.errors import LifterError
from stcformer.mocap import human36m_joints, read_clip
from stcformer.skeleton import JOINTS
from stcformer.weights import DEFAULT_WEIGHTS, SHIPPED_WEIGHTS

HELD_OUT = SHIPPED_WEIGHTS[DEFAULT_WEIGHTS].held_out
FPS = 30.0
BONES = {
    "Hips": ("Hips", "hip"),
    "Chest": ("Spine1", "chest"),
    "Head": ("Head", "head"),
    "LeftArm": ("LeftArm", "lShldr"),
    "LeftForeArm": ("LeftForeArm", "lForeArm"),
    "RightArm": ("RightArm", "rShldr"),
    "RightForeArm": ("RightForeArm", "rForeArm"),
    "LeftUpLeg": ("LeftUpLeg", "lThigh"),
    "LeftLeg": ("LeftLeg", "lShin"),
    "RightUpLeg": ("RightUpLeg", "rThigh"),
    "RightLeg": ("RightLeg", "rShin"),
}
ENDS = {
    bone: JOINTS.index(end)
    for side, letter in (("Left", "l"), ("Right", "r"))
    for bone, end in (
        (f"{side}UpLeg", f"{letter}knee"), (f"{side}Leg", f"{letter}ankle"),
        (f"{side}Arm", f"{letter}elbow"), (f"{side}ForeArm", f"{letter}wrist"),
    )
}  # fmt: skip
NOISE_M, NOISE_S = 0.020, 0.2
LONGEST_FRAMES = 1800


def clips(mocap: Path) -> Iterator[tuple[str, np.ndarray, dict[str, np.ndarray]]]:
    """Each clip's name, (F, 17, 3) joints with y up at about `FPS`, and the file's own (F, 3, 3) rotations of `BONES`."""
    for subject in HELD_OUT:
        for path in sorted(mocap.glob(f"{subject}__*.bvh")):
            try:
                read_clip(path)
            except LifterError:
                continue
            motion = read_bvh(path)
            step = max(1, round(1 / motion.frame_time / FPS))
            joints = human36m_joints(motion)[1::step][:LONGEST_FRAMES]
            turned = forward_kinematics(motion)[1][1::step][:LONGEST_FRAMES]
            names = {
                bone: next((name for name in candidates if name in motion.names), None)
                for bone, candidates in BONES.items()
            }
            yield (
                path.stem,
                to_y_up(joints - [0, 0, np.percentile(joints[..., 2].min(axis=1), 5) - 0.08]),
                {bone: turned[:, motion.names.index(name)] for bone, name in names.items() if name},
            )


def steps(rotations: np.ndarray) -> np.ndarray:
    """(F - 1,) degrees from frame to frame."""
    between = np.swapaxes(rotations[:-1], -1, -2) @ rotations[1:]
    cosine = (np.trace(between, axis1=-2, axis2=-1) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def solved(positions: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    rotations = global_rotations(positions, make_rig(positions), fps, floor=0.0)
    return {bone: rotations[:, node_index(bone)] for bone in (*BONES, "LeftFoot", "RightFoot")}


def largest_steps(
    name: str,
    positions: np.ndarray,
    turned: dict[str, np.ndarray],
    truth: dict[str, np.ndarray],
    count: int,
) -> list[tuple[str, float, str]]:
    """Of one clip, the `count` frames in which each bone turns most: bone, degrees, and a text."""
    found = []
    for bone, rotations in turned.items():
        ours, own = steps(rotations), steps(truth[bone]) if bone in truth else None
        for frame in np.argsort(ours)[::-1][:count]:
            text = f"{name} frame {frame}: {ours[frame]:.0f} degrees"
            if own is not None:
                text += f", the capture's {own[frame]:.0f}"
            if bone in ENDS:
                moved = np.linalg.norm(positions[frame + 1, ENDS[bone]] - positions[frame, ENDS[bone]])
                text += f", its end goes {1000 * moved:.0f} mm"
            found.append((bone, float(ours[frame]), text))
    return found


def noisy(positions: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=positions.shape)
    noise = gaussian_filter1d(noise, NOISE_S * FPS / 2, axis=0, mode="wrap")
    moved = positions + noise * (NOISE_M / noise.std())
    return with_constant_bones(moved, bone_lengths(moved))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mocap", type=Path, default=Path("../shared/mocap"))
    parser.add_argument(
        "--worst", type=int, default=0, help="steps of each bone to print with clip and frame"
    )
    parser.add_argument("--archive", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    found: dict[str, dict[str, list[np.ndarray]]] = {"truth": {}, "exact": {}, "noise": {}}
    count = 0
    worst: list[tuple[str, float, str]] = []
    for seed, (name, positions, truth) in enumerate(clips(options.mocap)):
        count += 1
        exact = solved(positions, FPS)
        if options.worst:
            worst += largest_steps(name, positions, exact, truth, options.worst)
        for way, rotations in (
            ("truth", truth),
            ("exact", exact),
            ("noise", solved(noisy(positions, seed), FPS)),
        ):
            for bone, turned in rotations.items():
                found[way].setdefault(bone, []).append(steps(turned))
    if count:
        frames = sum(map(len, found["exact"]["Hips"]))
        print(f"degrees from frame to frame at 30 a second: 99.9th percentile and largest of {frames} frames")
        print(f"| bone | motion capture, {count} clips | solved, exact joints | solved, 20 mm noise |")
        print("|---|---|---|---|")
        for bone in found["exact"]:
            cells = [_cell(found[way].get(bone, [])) for way in ("truth", "exact", "noise")]
            print(f"| {bone} | {' | '.join(cells)} |")
    for bone in dict.fromkeys(bone for bone, _, _ in worst):
        of_bone = sorted((step for step in worst if step[0] == bone), key=lambda step: -step[1])
        print(f"{bone}: {'; '.join(text for _, _, text in of_bone[: options.worst])}")
    for path in options.archive:
        with np.load(path) as archive:
            world, fps = archive["world"][0], float(archive["fps"])
        seen = np.isfinite(world).all(axis=(1, 2))
        turned = {bone: steps(values) for bone, values in solved(to_y_up(world[seen]), fps).items()}
        worst = ", ".join(f"{bone} {values.max():.0f}" for bone, values in turned.items())
        print(f"{path.name} at {fps:.1f} a second, largest of each bone in degrees: {worst}")


def _cell(pieces: list[np.ndarray]) -> str:
    if not pieces:
        return ""
    values = np.concatenate(pieces)
    return f"{np.percentile(values, 99.9):.0f}, {values.max():.0f}"


if __name__ == "__main__":
    main()
