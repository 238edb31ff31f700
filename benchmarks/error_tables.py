"""The tables that `detector_errors.py` prints."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from error_statistics import (
    LIMB_PAIRS,
    SURE,
    Detections,
    Errors,
    body_size,
    correlation,
    run_lengths,
    swaps,
    unsteadiness,
    without_spikes,
)
from rich import box
from rich.table import Table

from stcformer.skeleton import JOINTS, MIRROR

SCORE_BINS = (0.0, 0.2, 0.5, 0.8, 0.95, 1.0)
LAGS = (1, 2, 4, 8, 16)
LEAST_FRAMES = 20
"""A joint known in fewer frames of a clip says nothing of its bias there."""
GROSS = 0.25
"""A gross error, in body sizes: about 12 cm on a standing adult."""
GROUPS = {
    "hips": ("rhip", "lhip"),
    "shoulders": ("rshoulder", "lshoulder"),
    "nose, head": ("neck", "head"),
    "knees": ("rknee", "lknee"),
    "ankles": ("rankle", "lankle"),
    "elbows": ("relbow", "lelbow"),
    "wrists": ("rwrist", "lwrist"),
    "all": JOINTS,
}


def rendered_tables(errors: list[Errors]) -> Iterator[Table]:
    """Everything that needs the truth."""
    yield clip_table(errors)
    yield joint_table(errors)
    yield time_table(errors)
    yield hidden_table(errors)
    yield gross_table(errors)
    yield swap_table(errors)
    yield score_error_table(errors)


def new_table(title: str, *headings: str) -> Table:
    """An empty table whose first column holds names."""
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=not number)
    return table


def clip_table(errors: list[Errors]) -> Table:
    """How wrong each clip is as a whole."""
    table = new_table(
        "Clips (body sizes; |e|: length of a joint's error)",
        "clip", "fps", "seen", "size px", "median |e|", "rms |e|", "90th |e|", "common shift rms",
        "size ratio mean", "size ratio sd", "rms of the joints' biases", "rms around those",
    )  # fmt: skip
    for clip in errors:
        distance = np.linalg.norm(clip.shift, axis=-1)
        common = np.nanmean(clip.shift[clip.found.seen], axis=1)
        bias = np.nanmean(clip.shift, axis=0)
        numbers = (
            np.nanmedian(distance),
            np.sqrt(np.nanmean(distance**2)),
            np.nanpercentile(distance, 90),
            np.sqrt(np.nanmean(np.square(common).sum(axis=-1))),
            np.nanmean(clip.size_ratio),
            np.nanstd(clip.size_ratio),
            np.sqrt(np.square(bias).sum(axis=-1).mean()),
            np.sqrt(np.nanmean(np.square(clip.shift - bias).sum(axis=-1))),
        )
        seen = f"{clip.found.seen.sum()}/{len(clip.found.seen)}"
        table.add_row(
            clip.found.name, f"{clip.found.fps:g}", seen, f"{clip.size:.0f}", *(f"{n:.3f}" for n in numbers)
        )
    return table


def joint_table(errors: list[Errors]) -> Table:
    """Bias, spread, tails and correlation of each joint, all clips together."""
    table = new_table(
        "Joints, sure ones (upright, body sizes, a coordinate). bias: mean over clips; its sd: of the clips' biases; "
        "jitter (1.4826 MAD), sd: within a clip",
        "joint", "bias x", "bias y", "its sd x", "y", "bias outward", "jitter x", "y", "sd x", "y",
        "lag-1 x", "y", ">3 sigma", ">6 sigma", "score", "score lag-1",
    )  # fmt: skip
    rates = [clip.found.fps for clip in errors]
    for joint, name in enumerate(JOINTS):
        paths = [clip.sure[:, joint] for clip in errors]
        paths, path_rates = seen_paths(paths, rates)
        known = [path[np.isfinite(path[:, 0])] for path in paths]
        means = np.array([shift.mean(axis=0) for shift in known])
        within = np.concatenate([shift - np.median(shift, axis=0) for shift in known])
        robust = 1.4826 * np.median(np.abs(within), axis=0)
        spread = np.concatenate([shift - mean for shift, mean in zip(known, means, strict=True)]).std(axis=0)
        outward = np.concatenate([clip.outward[joint] for clip in errors])
        lag = correlation(paths, path_rates, 1)
        scores = [clip.found.scores[clip.found.seen, joint][:, None] for clip in errors]
        table.add_row(
            name,
            *(f"{value:+.3f}" for value in means.mean(axis=0)),
            *(f"{value:.3f}" for value in means.std(axis=0)),
            f"{outward.mean():+.3f}" if MIRROR[joint] != joint and len(outward) else "",
            *(f"{value:.3f}" for value in (*robust, *spread)),
            *(f"{value:.2f}" for value in lag),
            *(f"{np.mean(np.abs(within) > factor * robust):.1%}" for factor in (3, 6)),
            f"{np.concatenate(scores).mean():.2f}",
            f"{correlation(scores, rates, 1)[0]:.2f}",
        )
    return table


def time_table(errors: list[Errors]) -> Table:
    """How errors forget themselves: autocorrelation by lag, for groups of joints."""
    table = new_table(
        "Errors of sure joints in time, about each joint's own mean in the clip; lags in thirtieths of a second. Cut: "
        "about the median, cut off at 3 robust sigmas. White: rms of what each frame has for itself, drift: rms and "
        "length of the rest, as an exponential through lags 1 and 4 of the cut errors (known noise with 8 frames reads "
        "as 6, because the mean of a short clip takes part of the drift with it)",
        "joints", "rms", *(f"lag {lag}" for lag in LAGS), "cut: rms", *(f"lag {lag}" for lag in LAGS),
        "white", "drift", "frames to 1/e",
    )  # fmt: skip
    for name, members in GROUPS.items():
        joints = [JOINTS.index(member) for member in members]
        repeated = [clip.found.fps for clip in errors for _ in joints]
        paths, path_rates = seen_paths([clip.sure[:, joint] for clip in errors for joint in joints], repeated)
        rms, curve = time_curve(paths, path_rates)
        cut_rms, cut = time_curve([without_spikes(path) for path in paths], path_rates)
        keep = (cut[LAGS.index(4)] / cut[LAGS.index(1)]) ** (1 / 3)
        drift = min(1.0, cut[0] / keep)
        table.add_row(
            name,
            f"{rms:.3f}",
            *(f"{value:.2f}" for value in curve),
            f"{cut_rms:.3f}",
            *(f"{value:.2f}" for value in cut),
            f"{cut_rms * np.sqrt(1 - drift):.3f}",
            f"{cut_rms * np.sqrt(drift):.3f}",
            f"{-1 / np.log(keep):.1f}",
        )
    return table


def seen_paths(paths: list[np.ndarray], rates: list[float]) -> tuple[list[np.ndarray], list[float]]:
    """The paths (F, 2) with at least `LEAST_FRAMES` known frames, and their rates."""
    kept = [
        (path, rate)
        for path, rate in zip(paths, rates, strict=True)
        if np.isfinite(path[:, 0]).sum() >= LEAST_FRAMES
    ]
    return [path for path, _ in kept], [rate for _, rate in kept]


def time_curve(paths: list[np.ndarray], rates: list[float]) -> tuple[float, np.ndarray]:
    """RMS of a coordinate about its mean, and the autocorrelation at `LAGS`, of (F, 2) paths."""
    power = np.nanmean(np.concatenate([(path - np.nanmean(path, axis=0)) ** 2 for path in paths]), axis=0)
    curve = np.array([np.sum(power / power.sum() * correlation(paths, rates, lag)) for lag in LAGS])
    return float(np.sqrt(power.mean())), curve


def hidden_table(errors: list[Errors]) -> Table:
    """Joints that the detector is not sure of: how long, how wrong, and how steadily wrong."""
    table = new_table(
        f"Hidden joints: stretches of frames with scores below {SURE}; lengths at each clip's own rate. A stretch's "
        "mean error, and rms about it, are of stretches of 3 frames or more",
        "joints", "share", "stretches", "median length", "longest", "median |e|", "90th |e|", "rms |e|",
        "rms of means", "rms about them", "median score", "on the other side's",
    )  # fmt: skip
    for name, members in GROUPS.items():
        stretches, scores, sides, frames = [], [], [], 0
        for clip in errors:
            for joint in (JOINTS.index(member) for member in members):
                hidden = (clip.found.scores[:, joint] < SURE) & np.isfinite(clip.shift[:, joint, 0])
                frames += len(hidden)
                begins = np.flatnonzero(np.diff(np.concatenate([[0], hidden.astype(int)])) == 1)
                for begin, length in zip(begins, run_lengths(hidden), strict=True):
                    stretches.append(clip.shift[begin : begin + length, joint])
                    scores.append(clip.found.scores[begin : begin + length, joint])
                    sides.append(clip.on_other_side[begin : begin + length, joint])
        row = [f"{sum(map(len, stretches)) / frames:.1%}", f"{len(stretches)}"]
        if stretches:
            distance = np.linalg.norm(np.concatenate(stretches), axis=-1)
            lengths = [len(stretch) for stretch in stretches]
            row += [f"{np.median(lengths):.0f}", f"{max(lengths)}"]
            row += [
                f"{value:.3f}"
                for value in (*np.percentile(distance, [50, 90]), np.sqrt(np.mean(distance**2)))
            ]
            long = [stretch for stretch in stretches if len(stretch) >= 3]
            if long:
                means = np.concatenate([np.tile(stretch.mean(axis=0), (len(stretch), 1)) for stretch in long])
                about = np.concatenate(long) - means
                row += [f"{np.sqrt(np.mean(np.square(part).sum(axis=-1))):.3f}" for part in (means, about)]
            else:
                row += ["", ""]
            row += [f"{np.median(np.concatenate(scores)):.2f}", f"{np.concatenate(sides).mean():.0%}"]
        table.add_row(name, *row)
    return table


def gross_table(errors: list[Errors]) -> Table:
    """Errors that are no displacement any more but a wrong place."""
    table = new_table(
        f"Gross errors: more than {GROSS} body sizes (swaps left out); lengths at each clip's own rate",
        "joints", "share", "events", "median length", "90th", "longest", "median |e|", "median score", "others' score",
        "on the other side's",
    )  # fmt: skip
    for name, members in GROUPS.items():
        joints = [JOINTS.index(member) for member in members]
        lengths: list[int] = []
        distances, scores, sides = [], [], []
        for clip in errors:
            distance = np.linalg.norm(clip.shift[:, joints], axis=-1)
            lengths += [length for path in (distance > GROSS).T for length in run_lengths(path)]
            distances.append(distance[np.isfinite(distance)])
            scores.append(clip.found.scores[:, joints][np.isfinite(distance)])
            sides.append(clip.on_other_side[:, joints][distance > GROSS])
        distance, score = np.concatenate(distances), np.concatenate(scores)
        gross = distance > GROSS
        row = [f"{gross.mean():.2%}", f"{len(lengths)}"]
        if lengths:
            row += [f"{value:.0f}" for value in (*np.percentile(lengths, [50, 90]), max(lengths))]
            row += [f"{np.median(distance[gross]):.2f}", f"{np.median(score[gross]):.2f}"]
            row += [f"{np.median(score[~gross]):.2f}", f"{np.concatenate(sides).mean():.0%}"]
        table.add_row(name, *row)
    return table


def swap_table(errors: list[Errors]) -> Table:
    """Left/right exchanges against the truth."""
    table = new_table(
        "Left/right swaps, as shares of all frames", "limbs", "frames", "events", "lengths in frames", "clips"
    )
    for pair in LIMB_PAIRS:
        lengths = [length for clip in errors for length in run_lengths(clip.swapped[pair])]
        frames = sum(len(clip.swapped[pair]) for clip in errors)
        where = [clip.found.name for clip in errors if clip.swapped[pair].any()]
        table.add_row(
            pair, f"{sum(lengths) / frames:.2%}", f"{len(lengths)}", str(sorted(lengths)), ", ".join(where)
        )
    return table


def score_error_table(errors: list[Errors]) -> Table:
    """What a score says of the error."""
    distance = np.concatenate([np.linalg.norm(clip.shift, axis=-1).ravel() for clip in errors])
    scores = np.concatenate([clip.found.scores.ravel() for clip in errors])
    known = np.isfinite(distance)
    distance, scores = distance[known], scores[known]
    table = new_table("Score and error", "score", "share", "median |e|", "90th |e|", "rms |e|", "gross")
    for low, high in pairwise(SCORE_BINS):
        inside = (scores >= low) & ((scores < high) | (high == SCORE_BINS[-1]))
        row = [f"{inside.mean():.1%}"]
        if inside.any():
            part = distance[inside]
            numbers = (np.median(part), np.percentile(part, 90), np.sqrt(np.mean(part**2)))
            row += [*(f"{value:.3f}" for value in numbers), f"{np.mean(part > GROSS):.1%}"]
        table.add_row(f"{low:g} to {high:g}", *row)
    return table


def score_table(found: list[Detections]) -> Table:
    """Scores of every clip, real ones included."""
    table = new_table(
        "Scores of the frames seen: share of each range, mean, change in time, mean of groups of joints",
        "clip", "fps", "seen", *(f"{low:g}-{high:g}" for low, high in pairwise(SCORE_BINS)),
        "mean", "sd within a joint", "lag of one frame", *(name for name in GROUPS if name != "all"),
    )  # fmt: skip
    for clip in found:
        scores = clip.scores[clip.seen]
        counts, _ = np.histogram(scores, SCORE_BINS)
        centred = scores - scores.mean(axis=0)
        lag = (centred[1:] * centred[:-1]).sum() / np.square(centred).sum()
        means = [
            scores[:, [JOINTS.index(member) for member in members]].mean()
            for name, members in GROUPS.items()
            if name != "all"
        ]
        table.add_row(
            clip.name,
            f"{clip.fps:.3g}",
            f"{clip.seen.mean():.0%}",
            *(f"{count / scores.size:.0%}" for count in counts),
            *(f"{value:.2f}" for value in (scores.mean(), scores.std(axis=0).mean(), lag, *means)),
        )
    return table


def unsteadiness_table(found: list[Detections], errors: list[Errors]) -> Table:
    """Second differences and jumps that look like swaps; truth or none."""
    truths = {clip.found.name: clip for clip in errors}
    table = new_table(
        "Unsteadiness: second difference / sqrt(6), robust sigma of a coordinate, body sizes (true acceleration "
        "included, but for the column of the error alone), and frames that fit the one before better with sides "
        "exchanged",
        "clip", "fps", *GROUPS, "error alone, all", *(f"jumps {pair}" for pair in LIMB_PAIRS),
    )  # fmt: skip
    for clip in found:
        size = float(np.nanmean(body_size(clip.keypoints)))
        row = [
            f"{unsteadiness(clip.keypoints[:, [JOINTS.index(member) for member in members]] / size):.4f}"
            for members in GROUPS.values()
        ]
        row.append(f"{unsteadiness(truths[clip.name].shift):.4f}" if clip.name in truths else "")
        jumps = [
            int(swaps(clip.keypoints[1:], clip.keypoints[:-1], joints, size).sum())
            for joints in LIMB_PAIRS.values()
        ]
        table.add_row(clip.name, f"{clip.fps:.3g}", *row, *map(str, jumps))
    return table
