"""Foot contact and foot lock on held-out motion capture before known cameras: what is found, and what holding it costs.

    python benchmarks/contacts.py MOCAP [--quick] [--cache FILE] [--only lifted]

Cases, subjects, ways and `--cache` are those of `benchmarks/motion.py`. The capture has ankles only, so a foot stands
there where its ankle is low and slow; the thresholds are two, for what nobody would call the air and what everybody
would call standing:

    right %      of the frames found in contact, those in which the ankle is low (6 cm above its lowest) and under 0.5 m/s
    found %      of the frames in which it is low (5 cm) and under 0.3 m/s, those found in contact
    unknown %    frames in which the foot was not seen: neither right nor found counts them
    held         contacts that are held, and those that the lock did not believe
    slide mm/s   sideways speed of the ankles in the contacts found, without and with the lock; of the capture itself in
                 brackets
    level mm     standard deviation of a held ankle's height within its contact, without and with
    P1 mm        joint error of the root-relative pose without and with; `legs` of knees and ankles only
    path mm      error of the root once the two paths lie on each other (mean offset removed), without and with
    accel        m/s2, mean error of the joints' acceleration, without and with
    moved mm     the largest movement of a joint by the lock: median over the clips, and the largest of all
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from motion import WAYS, Way
from motion_cases import FPS, MotionCase, case_parser, held_out_part, make_cases
from rich.console import Console
from rich.table import Table

from app.motion import MotionResult, reconstruct_motion
from app.motion.arrays import spans
from app.motion.bones import body_height, bone_lengths
from app.motion.contact import FEET, IN_CONTACT, UNKNOWN, slide_speed
from app.settings import Settings
from stcformer.metrics import acceleration_error

LOOSE, STRICT = (0.06, 0.5), (0.05, 0.3)
"""Metres above the foot's lowest (5th percentile) and metres a second: may stand, and stands."""
LEGS = (2, 3, 5, 6)

COLUMNS = {
    "right %": "{right:.1f}",
    "found %": "{found:.1f}",
    "unknown %": "{unknown:.1f}",
    "held": "{held:.0f} ({doubted:.0f} not)",
    "slide mm/s": "{slide_never:.0f} > {slide:.0f} ({slide_truth:.0f})",
    "level mm": "{level_never:.0f} > {level:.0f}",
    "P1 mm": "{p1_never:.1f} > {p1:.1f}",
    "legs": "{legs_never:.1f} > {legs:.1f}",
    "path mm": "{path_never:.0f} > {path:.0f}",
    "accel": "{accel_never:.2f} > {accel:.2f}",
    "moved mm": "{moved:.0f}, {moved_most:.0f}",
}


def main() -> None:
    """Measure and print the table."""
    parser = case_parser(__doc__)
    parser.add_argument("--only", default="", help="ways whose name holds this")
    arguments = parser.parse_args()
    corpus, _ = held_out_part(arguments)
    motions, seconds = (6, 5.0) if arguments.quick else (24, 8.0)
    cases = make_cases(
        corpus, arguments.lifter, motions, seconds, arguments.seed, arguments.cache,
        lambda text: print(text, end="\r", file=sys.stderr),
    )  # fmt: skip
    table = Table("pose and keypoints", "clips", *COLUMNS)
    for way in WAYS:
        if arguments.only in way.name:
            rows = [measure(case, way) for case in cases]
            table.add_row(way.name, str(len(rows)), *_cells(rows))
    console = Console(highlight=False, width=200)
    console.print(f"{motions} stretches, {len(cases)} clips, {sum(len(case.world) for case in cases)} frames")
    console.print(table)


def measure(case: MotionCase, way: Way) -> dict[str, float]:
    """The figures of one case seen one way."""
    keypoints, scores = case.keypoints(way.keypoints)
    pose = case.camera - case.camera[:, :1] if way.pose == "true" else getattr(case, way.pose)
    settings = Settings(
        height_m=body_height(case.world, bone_lengths(case.world)),
        fov_degrees=case.fov if way.lens_told else None,
    )
    size = (case.width, case.height)
    figures: dict[str, float] = {}
    found: dict[str, MotionResult] = {}
    for mode, end in (("never", "_never"), ("auto", "")):
        result = reconstruct_motion(pose, keypoints, scores, size, FPS, replace(settings, foot_lock=mode))
        found[mode] = result
        figures |= {name + end: value for name, value in _errors(case, result).items()}
    held = found["auto"]
    figures |= _contact_shares(case, held)
    figures["slide_truth"] = _slide(case.world, held)
    lock = held.report["feet"]["lock"]
    figures["held"] = sum(len(spans) for spans in lock["intervals"].values())
    figures["doubted"] = lock["not_believed"]
    moved = np.linalg.norm(held.world + held.origin - found["never"].world - found["never"].origin, axis=-1)
    figures["moved"] = figures["moved_most"] = 1000 * float(np.nanmax(moved))
    return figures


def _errors(case: MotionCase, result: MotionResult) -> dict[str, float]:
    """Of one way of locking."""
    seen = np.isfinite(result.world).all(axis=(1, 2))
    relative = np.linalg.norm(result.camera - (case.camera - case.camera[:, :1]), axis=-1)[seen]
    root = (result.root_camera - case.camera[:, 0])[seen]
    first, last = spans(seen)[0]
    absolute = result.camera + result.root_camera[:, None]
    return {
        "p1": 1000 * float(relative.mean()),
        "legs": 1000 * float(relative[:, LEGS].mean()),
        "path": 1000 * float(np.linalg.norm(root - root.mean(axis=0), axis=1).mean()),
        "accel": acceleration_error(absolute[first:last], case.camera[first:last], FPS),
        "slide": _slide(result.world, result),
        "level": _unevenness(result),
    }


def _slide(world: np.ndarray, result: MotionResult) -> float:
    speed = slide_speed(world, result.contacts, FPS)
    return np.nan if speed is None else 1000 * speed


def _unevenness(result: MotionResult) -> float:
    """Millimetres: how much an ankle's height changes within a contact."""
    heights = [
        result.world[start:stop, ankle, 2]
        for foot, ankle in enumerate(FEET)
        for start, stop in spans(result.contacts[:, foot] == IN_CONTACT)
    ]
    if not heights:
        return np.nan
    return 1000 * float(np.sqrt(np.concatenate([(part - part.mean()) ** 2 for part in heights]).mean()))


def _contact_shares(case: MotionCase, result: MotionResult) -> dict[str, float]:
    """Per cent right, found and unknown."""
    contact, known = result.contacts == IN_CONTACT, result.contacts != UNKNOWN
    loose, strict = truth_contacts(case.world, *LOOSE), truth_contacts(case.world, *STRICT)
    right = (contact & loose).sum() / contact.sum() if contact.any() else np.nan
    found = (contact & strict).sum() / (strict & known).sum() if (strict & known).any() else np.nan
    return {"right": 100 * right, "found": 100 * found, "unknown": 100 * float((~known).mean())}


def truth_contacts(world: np.ndarray, rise: float, speed: float) -> np.ndarray:
    """(F, 2) whether the ankles of the capture (F, 17, 3; metres) are no higher above their lowest and no faster."""
    ankles = world[:, list(FEET)]
    low = ankles[..., 2] - np.percentile(ankles[..., 2], 5, axis=0) < rise
    return np.asarray(low & (np.linalg.norm(np.gradient(ankles, axis=0), axis=-1) * FPS < speed))


def _cells(rows: Sequence[dict[str, float]]) -> list[str]:
    means = {name: float(np.nanmean([row[name] for row in rows])) for name in rows[0]}
    means["moved"] = float(np.nanmedian([row["moved"] for row in rows]))
    means["moved_most"] = float(np.nanmax([row["moved_most"] for row in rows]))
    for name in ("held", "doubted"):
        means[name] = sum(row[name] for row in rows)
    return [text.format(**means) for text in COLUMNS.values()]


if __name__ == "__main__":
    main()
