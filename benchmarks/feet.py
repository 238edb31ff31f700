"""Feet on the rendered clips, whose truth is known: where they point and when they stand, by ankles and by feet seen.

    python benchmarks/feet.py [--detector auto] [--exact] [--clip NAME ...]

Both columns of a figure come from one run of the program: once its heels and toes are taken away, then with them.

    direction    degrees between the foot of the skeleton (as in a BVH) and the true sole, heel to ball: mean, and the
                 90th percentile
    trembling    degrees a frame squared by which directions speed up (root mean square), of the truth in brackets
    contact %    F1 of the frames found in contact against those in which heel or ball is within 3 cm of the lowest that
                 the foot is within 0.3 s, and slower than 0.35 m/s
    slide mm/s   sideways speed of the ankle in space while the true ankle stands (5 cm, 0.3 m/s)

With --exact the true heels and balls of the feet stand in the place of the detector's.
"""

import argparse
from dataclasses import replace

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.ndimage import minimum_filter1d

from app.edits import apply_edits
from app.export.solved_motion import solve_person, to_y_up
from app.export.video_camera import camera_of
from app.motion.arrays import Array, Mask, spans
from app.motion.contact import FEET, FLOOR_SECONDS, IN_CONTACT, UNKNOWN
from app.motion.rig import node_index
from app.motion.rotations import to_global
from app.pipeline import assemble_take, process_video
from app.rendered_evaluation import RenderedClip, rendered_clips
from app.settings import Settings
from app.take import Take

COLUMNS = {
    "direction, deg": "{direction:.1f} ({direction_most:.0f})",
    "trembling": "{trembling:.1f}",
    "contact %": "{contact:.1f}",
    "slide mm/s": "{slide:.0f}",
}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--detector", default="auto")
    parser.add_argument("--clip", action="append", help="only these rendered clips")
    parser.add_argument("--exact", action="store_true", help="true heels and balls instead of detected ones")
    arguments = parser.parse_args()
    table = Table("clip", *COLUMNS)
    rows = []
    for clip in rendered_clips():
        if arguments.clip and clip.name not in arguments.clip:
            continue
        take = process_video(clip.video, Settings(detector=arguments.detector))
        if arguments.exact:
            take = with_true_feet(take, clip)
        rows.append([figures(clip, made) for made in (without_feet(take), take)])
        table.add_row(clip.name, *cells(*rows[-1]))
    means = [
        {name: float(np.nanmean([row[way][name] for row in rows])) for name in rows[0][0]} for way in range(2)
    ]
    table.add_row("mean", *cells(*means))
    Console(highlight=False, width=140).print(table)


def without_feet(take: Take) -> Take:
    """The Take that a detector gives that sees the same, but no heels and toes."""
    nothing = np.full_like(take.feet, np.nan)
    return with_feet(take, nothing, np.zeros(nothing.shape[:4]))


def with_true_feet(take: Take, clip: RenderedClip) -> Take:
    """The Take that a detector gives that sees heels and balls of the feet where they are."""
    matrix = clip.truth["camera_from_world"]
    seen = (clip.truth["feet"] @ matrix[:3, :3].T + matrix[:3, 3]) @ clip.truth["intrinsics"].T
    feet = (seen[..., :2] / seen[..., 2:])[None]
    return with_feet(take, feet, np.ones(feet.shape[:4]))


def with_feet(take: Take, feet: Array, foot_scores: Array) -> Take:
    """The Take that a detector gives that sees the same, but these feet."""
    assert take.evidence is not None
    evidence = replace(take.evidence, feet=feet, foot_scores=foot_scores)
    edited = apply_edits(evidence.keypoints, evidence.scores, take.edits)
    return assemble_take(
        take.source, take.time_s, edited, evidence, take.settings, take.edits, dict(take.provenance)
    )


def figures(clip: RenderedClip, take: Take) -> dict[str, float]:
    """Of one clip."""
    fps = take.source.fps
    found, true = directions(take), true_directions(clip, take)
    off = np.degrees(np.arccos(np.clip((found * true).sum(axis=2), -1, 1)))
    contact, known = take.contacts[0] == IN_CONTACT, take.contacts[0] != UNKNOWN
    stands = standing(clip.truth["feet"], fps, 0.03, 0.35)
    ankle_stands = standing(clip.truth["world"][:, FEET, None], fps, 0.05, 0.3)
    return {
        "direction": float(off.mean()),
        "direction_most": float(np.percentile(off, 90)),
        "trembling": trembling(found),
        "true_trembling": trembling(true),
        "contact": 200.0
        * (contact & stands & known).sum()
        / max(1, (contact & known).sum() + (stands & known).sum()),
        "slide": slide(take, ankle_stands),
    }


def directions(take: Take) -> Array:
    """(F, 2, 3) unit, world space: the first person's feet, heel to toe, as the formats have them."""
    motion = solve_person(take, 0, take.time_s, take.source.path)
    feet = to_global(motion.rotations)[..., 2][:, [node_index("LeftFoot"), node_index("RightFoot")]]
    return np.asarray(feet @ to_y_up(np.eye(3)).T)


def true_directions(clip: RenderedClip, take: Take) -> Array:
    """(F, 2, 3) the same of the truth, as its camera saw them: the Take's idea of up is not part of the error."""
    heels, balls = np.moveaxis(clip.truth["feet"], 2, 0)
    ahead = (balls - heels) / np.linalg.norm(balls - heels, axis=-1, keepdims=True)
    return np.asarray(ahead @ clip.truth["camera_from_world"][:3, :3].T @ camera_of(take, 0).rotation.T)


def standing(points: Array, fps: float, rise: float, speed: float) -> Mask:
    """(F, 2) whether one of each foot's points (F, 2, N, 3) is as low as it gets around then, and slow."""
    reach = 2 * round(FLOOR_SECONDS * fps) + 1
    lowest = minimum_filter1d(points[..., 2].min(axis=2), reach, axis=0, mode="nearest")
    low = points[..., 2] - lowest[..., None] < rise
    slow = np.linalg.norm(np.gradient(points, axis=0), axis=-1) * fps < speed
    return np.asarray((low & slow).any(axis=2))


def slide(take: Take, stands: Mask) -> float:
    """Millimetres a second; NaN where no foot stands."""
    ways = [
        np.linalg.norm(np.diff(take.world[0, start:stop, ankle, :2], axis=0), axis=1)
        for foot, ankle in enumerate(FEET)
        for start, stop in spans(stands[:, foot] & take.seen(0))
    ]
    steps = np.concatenate(ways) if ways else np.zeros(0)
    return 1000 * take.source.fps * float(steps.mean()) if len(steps) else np.nan


def trembling(vectors: Array) -> float:
    """Degrees a frame squared, of (F, 2, 3) unit vectors."""
    return float(np.degrees(np.sqrt(np.square(np.diff(vectors, 2, axis=0)).sum(axis=-1).mean())))


def cells(without: dict[str, float], with_feet: dict[str, float]) -> list[str]:
    """`without > with` of every column."""
    texts = [f"{text.format(**without)} > {text.format(**with_feet)}" for text in COLUMNS.values()]
    texts[1] += f" ({with_feet['true_trembling']:.1f})"
    return texts


if __name__ == "__main__":
    main()
