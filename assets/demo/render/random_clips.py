"""Render short clips of many people, motions and cameras: what a detector's errors are measured on.

    python assets/demo/render/random_clips.py MOCAP OUT --count 70 --seed 3 --without cmu/02,cmu/05,...

Two seconds at 10 frames a second each, small pictures, one process; several with other seeds may fill the same OUT.
A person who would leave the picture is tried from farther away, and left out in the end. The clips in OUT
are then collected by `benchmarks/collect_errors.py`.
"""

import argparse
import random
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from stcformer.errors import LifterError
from stcformer.mocap import MocapClip, read_clip

SECONDS, FPS = 2.0, 10
PICTURES = ((288, 384), (320, 320), (384, 288), (320, 320), (416, 272))
DISTANCES_M = (2.4, 2.8, 3.3, 3.9, 4.6, 5.5, 6.6)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mocap", type=Path, help="folder of BVH files of the CMU database")
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=70)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", default="", help="subjects that must not be shown, with commas between")
    return parser.parse_args()


def clips_by_subject(mocap: Path, without: set[str]) -> dict[str, list[tuple[Path, float]]]:
    """Files that last long enough and their seconds, by subject."""
    found: dict[str, list[tuple[Path, float]]] = {}
    for path in sorted(mocap.rglob("*.bvh")):
        try:
            clip: MocapClip = read_clip(path)
        except (LifterError, OSError) as error:
            print(f"left out: {error}", flush=True)
            continue
        seconds = (len(clip.joints) - 1) / clip.fps
        if clip.subject not in without and seconds > SECONDS + 0.2:
            found.setdefault(clip.subject, []).append((path, seconds))
    return found


def person_and_camera(draw: random.Random) -> list[str]:
    """Options of `render.py`, but for the distance."""
    width, height = draw.choice(PICTURES)
    options = {
        "height": draw.uniform(1.55, 1.88),
        "legs": draw.gauss(1, 0.025),
        "arms": draw.gauss(1, 0.03),
        "shoulders": draw.gauss(1, 0.06),
        "hips": draw.gauss(1, 0.06),
        "girth": draw.gauss(1, 0.09),
        "nod": draw.gauss(10, 8),
        "colours": draw.randrange(1000),
        "camera-yaw": draw.uniform(-180, 180),
        "camera-pitch": draw.uniform(-15, draw.choice((20, 45))),
        "camera-fov": draw.uniform(38, 70),
    }
    words = [word for name, value in options.items() for word in (f"--{name}", f"{value:.4g}")]
    return [*words, "--size", str(width), str(height), *(["--long-hair"] if draw.random() < 0.35 else [])]


def rendered(name: str, out: Path, bvh: Path, start: float, options: list[str], nearest: int) -> str:
    """Render one clip from the first distance at which the whole person is in the picture; what was printed last."""
    script = Path(__file__).with_name("render.py")
    said = ""
    for distance in DISTANCES_M[nearest:]:
        work = f"--samples 4 --threads 1 --crf 24 --fps {FPS} --seconds {SECONDS}".split()
        what = ["--bvh", str(bvh), "--start", f"{start:.2f}", "--name", name, "--out", str(out / name)]
        command = [sys.executable, str(script), *what, *work, *options, "--camera-distance", str(distance)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
        said = lines[-1] if lines else ""
        if done.returncode == 0:
            return f"{distance} m, {said}"
        if "picture" not in said:
            break
    return f"left out: {said}"


def main() -> None:
    options = arguments()
    clips = clips_by_subject(options.mocap, {name.strip() for name in options.without.split(",")})
    if not clips:
        sys.exit(f"No motion in '{options.mocap}' is left to render; name a folder of BVH files.")
    draw = random.Random(options.seed)
    for number in range(options.count):
        bvh, seconds = draw.choice(clips[draw.choice(sorted(clips))])
        start, nearest = draw.uniform(0, seconds - SECONDS - 0.1), draw.randrange(3)
        name = f"seed{options.seed}_{number:03d}"
        print(
            name,
            bvh.stem,
            rendered(name, options.out, bvh, start, person_and_camera(draw), nearest),
            flush=True,
        )


if __name__ == "__main__":
    main()
