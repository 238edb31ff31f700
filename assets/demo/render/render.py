"""Render a clip of a moving mannequin and write it beside its truth.

    python assets/demo/render/render.py --bvh FILE --start SECONDS --out DIR [--name NAME] [...]

Needs `bpy==4.2.20` (Blender as a Python module, Python 3.11), `numpy` and `av`; the project itself needs no
Blender. Frames go to DIR/frames as PNG and are kept: a second run with the same settings renders only those
that are missing (remove DIR after a change of these scripts). When all are there, DIR/NAME.mp4 (H.264) and
DIR/NAME_truth.npz are written.
"""

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from body import Body
from camera import Camera, aimed_camera
from mannequin import Mannequin
from motion import BodyMotion, body_motion
from palette import random_palette
from sunlight import WALL_BEHIND, random_sunlight
from truth import check_in_picture, write_truth

from stcformer.errors import LifterError


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--bvh", type=Path, required=True, help="a clip of the CMU database, either conversion"
    )
    parser.add_argument("--start", type=float, required=True, help="seconds into the clip")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--out", type=Path, required=True, help="folder for frames, MP4 and NPZ")
    parser.add_argument("--name", default="demo")
    camera = parser.add_argument_group("camera")
    camera.add_argument(
        "--camera-yaw",
        type=float,
        default=0.0,
        help="degrees; which way the person faces, + turns them to the picture's right",
    )
    camera.add_argument("--camera-pitch", type=float, default=8.0, help="degrees downward")
    camera.add_argument(
        "--camera-distance", type=float, default=4.0, help="metres from the middle of the motion"
    )
    camera.add_argument("--camera-fov", type=float, default=40.0, help="horizontal, degrees")
    camera.add_argument("--size", type=int, nargs=2, default=(640, 640), metavar=("WIDTH", "HEIGHT"))
    person = parser.add_argument_group("person")
    for field in dataclasses.fields(Body):
        unit = "metres" if field.name == "height" else "factor"
        person.add_argument(
            f"--{field.name}", type=float, default=field.default, help=f"{unit}, default {field.default}"
        )
    person.add_argument("--long-hair", action="store_true")
    person.add_argument(
        "--nod", type=float, default=0.0, help="degrees by which the head is bowed more than in the capture"
    )
    person.add_argument(
        "--colours", type=int, default=0, help="seed of the colours and of the sun's direction"
    )
    work = parser.add_argument_group("work")
    work.add_argument("--frames", help="only these frames, as 0,40,80; no MP4 is made")
    work.add_argument("--samples", type=int, default=12)
    work.add_argument("--threads", type=int, default=2)
    work.add_argument("--crf", type=int, default=23, help="H.264 quality; smaller is better and larger")
    return parser.parse_args()


def keep_settings(options: argparse.Namespace) -> None:
    """Frames of other settings must not be mixed with these: refuse a folder that holds some."""
    settings = {
        name: str(value)
        for name, value in vars(options).items()
        if name not in ("out", "frames", "threads", "crf", "name")
    }
    kept = options.out / "settings.json"
    if kept.exists() and json.loads(kept.read_text()) != settings:
        sys.exit(
            f"'{options.out}' holds frames made with other settings: choose another --out, or remove it."
        )
    (options.out / "frames").mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(settings, indent=1))


def render_frames(
    options: argparse.Namespace, motion: BodyMotion, camera: Camera, wanted: list[tuple[int, Path]]
) -> None:
    """Render (frame, path) pairs; bpy, which takes seconds to start, is only imported when there are some."""
    from blender_mannequin import BlenderMannequin  # noqa: PLC0415
    from blender_materials import materials  # noqa: PLC0415
    from picture import changed_box, read_png, render_frame, render_to  # noqa: PLC0415
    from scene import build_room, empty_scene, place_camera, set_up_cycles  # noqa: PLC0415

    scene = empty_scene()
    colours, sunlight = materials(random_palette(options.colours)), random_sunlight(options.colours)
    wall = motion.joints[..., 1].max() + WALL_BEHIND
    build_room(wall, colours, sunlight)
    place_camera(camera)
    set_up_cycles(scene, tuple(options.size), options.samples, options.threads)
    person = BlenderMannequin(Mannequin(motion, options.long_hair), colours)
    room = options.out / "room.png"
    if not room.exists():
        person.show(False)
        render_to(room)
        person.show(True)
    empty = read_png(room)
    for frame, path in wanted:
        begun = time.time()
        render_frame(path, empty, changed_box(person.pose(frame), sunlight, wall, camera))
        print(f"frame {frame}: {time.time() - begun:.1f} s", flush=True)


def main() -> None:
    options = arguments()
    body = Body(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Body)})
    try:
        motion = body_motion(
            options.bvh,
            options.start,
            options.seconds,
            options.fps,
            options.camera_yaw,
            body,
            options.nod,
        )
        camera = aimed_camera(
            motion.joints,
            tuple(options.size),
            options.camera_fov,
            options.camera_pitch,
            options.camera_distance,
        )
        print(check_in_picture(motion, camera), flush=True)
    except (ValueError, OSError, LifterError) as error:
        sys.exit(str(error))
    keep_settings(options)
    paths = [options.out / "frames" / f"{frame:04d}.png" for frame in range(len(motion.joints))]
    chosen = [int(frame) for frame in options.frames.split(",")] if options.frames else range(len(paths))
    wanted = [(frame, paths[frame]) for frame in chosen if not paths[frame].exists()]
    if wanted:
        render_frames(options, motion, camera, wanted)
    write_truth(options.out / f"{options.name}_truth.npz", motion, camera)
    if not options.frames:
        from encode import encode  # noqa: PLC0415

        encode(paths, options.out / f"{options.name}.mp4", options.fps, options.crf)


if __name__ == "__main__":
    main()
