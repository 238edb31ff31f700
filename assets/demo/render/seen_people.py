"""What a detector finds on thousands of rendered people whose joints are known: what training learns its errors from.

    python assets/demo/render/seen_people.py MOCAP -o FILE.npz [--count 1000] [--without cmu/02,cmu/05,...]

Every clip is another person, motion and camera, two seconds long; a person who would leave the picture is tried from
farther away, and left out in the end. Needs `embreex` and the detector, no Blender. Clip by clip the file grows, and
the same command goes on where it was stopped: clip 17 of a seed is always the same. A file of another seed or motion
capture is refused, one of another detector is not told apart. `stcformer.augmentation.seen_clips` says what is in the
file. It must show nobody whom `stcstudio eval` measures on: name the held-out subjects.
"""

import argparse
import multiprocessing
import random
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from body import Body
from camera import Camera, aimed_camera
from mannequin import Mannequin
from motion import BodyMotion, body_motion, nodes_by_part
from palette import random_palette
from ray_picture import RayPictures
from rich.progress import track
from sunlight import WALL_BEHIND, random_sunlight
from truth import check_in_picture

from detectors import Detector, DetectorError, create_detector
from detectors.keypoints import to_h36m17
from stcformer.augmentation.seen_clips import FRAME_RATE, SeenClip, read_seen_clips, write_seen_clips
from stcformer.bvh import read_bvh
from stcformer.errors import LifterError
from stcformer.mocap import read_clip
from stcformer.posture import POSTURES, frame_postures
from stcformer.skeleton import JOINT_COUNT

SECONDS = 2.0
PICTURES = ((288, 384), (320, 320), (384, 288), (320, 320), (416, 272))
DISTANCES_M = (2.0, 2.4, 2.8, 3.3, 3.9, 4.6, 5.5, 6.6)
LOWEST_CAMERA_M = 0.2
RARE_SHARE = 0.35
"""Of the clips so many begin about a rare posture (`stcformer.posture`), each posture as often as the others."""
KEEP_EVERY = 20
"""Clips between two savings."""


@dataclass(frozen=True)
class Motions:
    """Where clips can be cut from the motion capture."""

    subjects: dict[Path, str]
    files: dict[str, list[tuple[Path, float]]]
    """Files that last long enough and their seconds, by subject."""
    rare: dict[str, list[tuple[Path, float, float]]]
    """File, its seconds and a moment in it, by posture."""

    def draw(self, draw: random.Random) -> tuple[Path, float]:
        """A file and the second at which the clip begins."""
        if self.rare and draw.random() < RARE_SHARE:
            path, seconds, moment = draw.choice(self.rare[draw.choice(sorted(self.rare))])
            return path, min(max(0.0, moment - draw.uniform(0, SECONDS)), seconds - SECONDS - 0.1)
        path, seconds = draw.choice(self.files[draw.choice(sorted(self.files))])
        return path, draw.uniform(0, seconds - SECONDS - 0.1)


def read_motions(mocap: Path, without: set[str]) -> Motions:
    """All BVH files of the CMU database under a folder; others have no mannequin."""
    subjects: dict[Path, str] = {}
    files: dict[str, list[tuple[Path, float]]] = {}
    rare: dict[str, list[tuple[Path, float, float]]] = {}
    for path in sorted(mocap.rglob("*.bvh")):
        try:
            clip = read_clip(path)
            nodes_by_part(read_bvh(path).names, path)
        except (LifterError, OSError, ValueError) as error:
            print(f"left out: {error}", flush=True)
            continue
        seconds = (len(clip.joints) - 1) / clip.fps
        if clip.subject in without or seconds <= SECONDS + 0.2:
            continue
        subjects[path] = clip.subject
        files.setdefault(clip.subject, []).append((path, seconds))
        postures = frame_postures(clip.joints)
        for frame in range(0, len(postures), max(1, round(clip.fps / 5))):
            name = POSTURES[postures[frame]]
            if name != "upright":
                rare.setdefault(name, []).append((path, seconds, frame / clip.fps))
    return Motions(subjects, files, rare)


def random_person(draw: random.Random) -> tuple[Body, bool, float, int]:
    """Body, long hair or not, degrees by which the head is bowed more than in the capture, and colours."""
    body = Body(
        height=draw.uniform(1.5, 1.92),
        legs=draw.gauss(1, 0.025),
        arms=draw.gauss(1, 0.03),
        shoulders=draw.gauss(1, 0.06),
        hips=draw.gauss(1, 0.06),
        girth=draw.gauss(1, 0.1),
    )
    return body, draw.random() < 0.35, draw.gauss(10, 8), draw.randrange(100_000)


def random_view(motion: BodyMotion, draw: random.Random) -> Camera | None:
    """A camera above the floor with the whole person in its picture; None where no distance gives one."""
    size, pitch, fov = draw.choice(PICTURES), draw.uniform(-15, draw.choice((20, 50))), draw.uniform(38, 75)
    for distance in DISTANCES_M[draw.randrange(4) :]:
        camera = aimed_camera(motion.joints, size, fov, pitch, distance)
        try:
            check_in_picture(motion, camera)
        except ValueError:
            continue
        if camera.position[2] > LOWEST_CAMERA_M:
            return camera
    return None


_motions: Motions
_detector: Detector


def _begin(motions: Motions, detector_name: str) -> None:
    global _motions, _detector  # noqa: PLW0603 - what a worker process has once, not for every clip
    _motions, _detector = motions, create_detector(detector_name)


def clip_draw(seed: int, number: int) -> random.Random:
    """What decides everything about a clip, its motion first."""
    return random.Random(seed * 1_000_003 + number)


def seen_clip(seed_and_number: tuple[int, int]) -> SeenClip | str:
    """Render a clip and look at it with the detector; or why that cannot be done."""
    seed, number = seed_and_number
    draw = clip_draw(seed, number)
    path, start = _motions.draw(draw)
    body, long_hair, nod, colours = random_person(draw)
    motion = body_motion(path, start, SECONDS, FRAME_RATE, draw.uniform(-180, 180), body, nod)
    camera = random_view(motion, draw)
    if camera is None:
        return f"'{path}' at {start:.1f} s: no camera above the floor has the whole person in its picture."
    wall = motion.joints[..., 1].max() + WALL_BEHIND
    pictures = RayPictures(
        Mannequin(motion, long_hair), random_palette(colours), random_sunlight(colours), wall, camera
    )
    count = len(motion.joints)
    keypoints, scores = np.zeros((count, JOINT_COUNT, 2)), np.zeros((count, JOINT_COUNT))
    _detector.reset()
    for frame in range(count):
        for person in _detector.detect(pictures.picture(frame))[:1]:
            keypoints[frame], scores[frame] = to_h36m17(person.keypoints, person.scores, person.format)
    scores[~np.isfinite(keypoints).all(axis=-1)] = 0
    subject, joints = _motions.subjects[path], camera.see(motion.joints)
    return SeenClip(number, subject, joints, keypoints, scores, camera.intrinsics[0, 0], camera.image_size)


def begun_otherwise(clips: list[SeenClip], motions: Motions, seed: int) -> bool:
    """Whether clips of a file show others than this seed and motion capture draw for their numbers."""
    drawn = [motions.draw(clip_draw(seed, clip.number))[0] for clip in clips]
    return any(motions.subjects[path] != clip.subject for path, clip in zip(drawn, clips, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mocap", type=Path, help="folder of BVH files of the CMU database")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=1000, help="clips in the file when it is done")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--detector", default="mediapipe")
    parser.add_argument("--without", default="", help="subjects that must not be shown, with commas between")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    if min(options.count, options.processes) < 1 or options.seed < 0:
        parser.error("--count and --processes are 1 or more, --seed is 0 or more")
    without = {name.strip() for name in options.without.split(",")}
    try:
        create_detector(options.detector).close()  # a worker that cannot begin would be begun again for ever
        clips = read_seen_clips(options.out) if options.out.exists() else []
    except (DetectorError, LifterError) as error:
        parser.error(str(error))
    if shown := {clip.subject for clip in clips} & without:
        parser.error(f"'{options.out}' already shows {', '.join(sorted(shown))}; name another file")
    motions = read_motions(options.mocap, without)
    if not motions.files:
        parser.error(f"no motion in '{options.mocap}' is left to render; name a folder of BVH files")
    if begun_otherwise(clips, motions, options.seed):
        parser.error(
            f"'{options.out}' was begun with another --seed, --without or motion capture; take the same, or name another "
            "file"
        )
    done = 1 + max((clip.number for clip in clips), default=-1)
    wanted = [(options.seed, number) for number in range(done, options.count)]
    # Started afresh and not forked: a detector's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    # A detector that is begun again and again may keep memory: a worker makes way for a new one now and then.
    with context.Pool(options.processes, _begin, (motions, options.detector), maxtasksperchild=150) as pool:
        found = pool.imap(seen_clip, wanted)
        for (_, number), clip in zip(wanted, track(found, "clips", len(wanted)), strict=True):
            if isinstance(clip, str):
                print(f"left out: {clip}", flush=True)
            else:
                clips.append(clip)
            if clips and (number + 1) % KEEP_EVERY == 0:
                write_seen_clips(options.out, clips)
    if not clips:
        sys.exit("None of the clips could be rendered; why not is said above.")
    write_seen_clips(options.out, clips)
    share = np.mean([(clip.scores > 0).any(axis=1).mean() for clip in clips])
    print(f"{len(clips)} of {options.count} clips in '{options.out}'; somebody was found in {share:.1%} of the frames")


if __name__ == "__main__":
    main()
