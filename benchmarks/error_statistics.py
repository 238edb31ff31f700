"""Detections against the truth, and the statistics of their errors: swaps, correlation, unsteadiness."""

from dataclasses import dataclass

import numpy as np

from app.rendered_evaluation import RenderedClip
from stcformer.skeleton import JOINT_COUNT, JOINTS, LEFT, MIRROR, RIGHT

HIP, THORAX = JOINTS.index("hip"), JOINTS.index("thorax")
LIMB_PAIRS = {
    "legs": tuple(index for index in LEFT + RIGHT if JOINTS[index][1:] in ("hip", "knee", "ankle")),
    "arms": tuple(index for index in LEFT + RIGHT if JOINTS[index][1:] in ("shoulder", "elbow", "wrist")),
    "all": LEFT + RIGHT,
}
SEPARATED = 0.2
"""Left and right must lie this far apart (mean, in body sizes) before an exchange can be told from an error."""
CLEARLY_BETTER = 0.5
"""A swap: exchanged, the joints' mean error is less than this part of what it is as they are."""
REFERENCE_FPS = 30.0
SURE = 0.5
"""Scores below it are a hidden joint's, whose place is a guess."""


@dataclass(frozen=True)
class Detections:
    """One clip through the detector; F frames, NaN with score 0 where nobody was found."""

    name: str
    fps: float
    keypoints: np.ndarray
    """(F, 17, 2) pixels."""
    scores: np.ndarray
    """(F, 17)."""

    @property
    def seen(self) -> np.ndarray:
        """(F,) whether somebody was found."""
        return np.isfinite(self.keypoints).all(axis=(1, 2))


@dataclass(frozen=True)
class Errors:
    """One rendered clip's errors in body sizes."""

    found: Detections
    shift: np.ndarray
    """(F, 17, 2) upright; NaN where nobody was found or the joint's limb pair is swapped."""
    outward: list[np.ndarray]
    """Of each joint with two sides, (N,) its error's part away from the other side."""
    on_other_side: np.ndarray
    """(F, 17) whether the joint was put nearer to the same joint of the other side than to itself."""
    swapped: dict[str, np.ndarray]
    """(F,) by limb pair."""
    size: float
    """Pixels."""
    size_ratio: np.ndarray
    """(F,) detected over true size of the body."""

    @property
    def sure(self) -> np.ndarray:
        """(F, 17, 2) `shift` of the joints that the detector is sure of, NaN of the others."""
        return np.where(self.found.scores[..., None] >= SURE, self.shift, np.nan)


def clip_errors(found: Detections, clip: RenderedClip) -> Errors:
    """The detections against the clip's truth."""
    truth = clip.truth["keypoints"]
    size = float(body_size(truth).mean())
    swapped = {pair: swaps(found.keypoints, truth, joints, size) for pair, joints in LIMB_PAIRS.items()}
    shift = (found.keypoints - truth) / size
    for pair, joints in LIMB_PAIRS.items():
        shift[np.ix_(swapped[pair], joints)] = np.nan
    sure = np.where(found.scores[..., None] >= SURE, shift, np.nan)
    outward = [outward_bias(sure, truth, joint, size) for joint in range(JOINT_COUNT)]
    ratio = body_size(found.keypoints) / body_size(truth)
    to_other = np.linalg.norm(found.keypoints - truth[:, list(MIRROR)], axis=-1)
    on_other_side = to_other < np.linalg.norm(found.keypoints - truth, axis=-1)
    return Errors(found, upright(shift, truth), outward, on_other_side, swapped, size, ratio)


def body_size(keypoints: np.ndarray) -> np.ndarray:
    """(F,) RMS distance of the joints (F, 17, 2) from their middle."""
    centred = keypoints - keypoints.mean(axis=1, keepdims=True)
    return np.sqrt(np.square(centred).sum(axis=-1).mean(axis=-1))


def upright(vectors: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Picture vectors (F, J, 2) turned by what brings each frame's trunk (F, 17, 2) to point straight down."""
    trunk = truth[:, HIP] - truth[:, THORAX]
    down = trunk / np.linalg.norm(trunk, axis=-1, keepdims=True)
    right = np.stack([down[:, 1], -down[:, 0]], axis=-1)
    return np.einsum("fij,fkj->fki", np.stack([right, down], axis=1), vectors)


def outward_bias(shift: np.ndarray, truth: np.ndarray, joint: int, size: float) -> np.ndarray:
    """(N,) the error's part away from the same joint of the other side, where the two lie apart in the picture.

    `shift` (F, 17, 2) and `truth` (F, 17, 2) pixels lie in the same axes; `size` pixels.
    """
    across = truth[:, joint] - truth[:, MIRROR[joint]]
    apart = np.linalg.norm(across, axis=-1)
    chosen = (apart > SEPARATED * size) & np.isfinite(shift[:, joint, 0])
    return np.einsum("fi,fi->f", shift[chosen, joint], across[chosen] / apart[chosen, None])


def swaps(found: np.ndarray, reference: np.ndarray, joints: tuple[int, ...], size: float) -> np.ndarray:
    """(F,) whether the `joints` of (F, 17, 2) `found` fit `reference` clearly better with sides exchanged."""
    exchanged = found[:, list(MIRROR)]

    def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.linalg.norm(first - second, axis=-1)[:, list(joints)].mean(axis=1)

    apart = distance(reference, reference[:, list(MIRROR)]) > SEPARATED * size
    return apart & (distance(exchanged, reference) < CLEARLY_BETTER * distance(found, reference))


def run_lengths(flags: np.ndarray) -> list[int]:
    """Lengths of the runs of True in (F,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return (edges[1::2] - edges[::2]).tolist()


def without_spikes(path: np.ndarray, sigmas: float = 3.0) -> np.ndarray:
    """(F, C) paths about their medians, cut off at so many robust sigmas."""
    centred = path - np.nanmedian(path, axis=0)
    limit = sigmas * 1.4826 * np.nanmedian(np.abs(centred), axis=0)
    return np.clip(centred, -limit, limit)


def correlation(paths: list[np.ndarray], rates: list[float], lag: int) -> np.ndarray:
    """(C,) autocorrelation of (F, C) paths at `lag` thirtieths of a second, each about its own mean.

    Paths whose rate does not have a frame there are left out; NaN when none is left.
    """
    columns = paths[0].shape[-1]
    product, power = np.zeros(columns), np.zeros(columns)
    for path, rate in zip(paths, rates, strict=True):
        step = round(lag * rate / REFERENCE_FPS)
        if abs(step - lag * rate / REFERENCE_FPS) > 0.02 * max(1, lag) or step >= len(path):
            continue
        centred = path - np.nanmean(path, axis=0)
        pairs = centred[: len(centred) - step] * centred[step:]
        known = np.isfinite(pairs).sum(axis=0)
        # The mean over the pairs that exist, times the frames: gaps must not count as zeros.
        product += np.nansum(pairs, axis=0) / np.maximum(known, 1) * len(path)
        power += np.nanmean(centred**2, axis=0) * len(path)
    return np.divide(product, power, out=np.full(columns, np.nan), where=power > 0)


def unsteadiness(path: np.ndarray) -> float:
    """1.4826 MAD of the second differences of (F, ...) over sqrt(6): the sigma of white noise that would give them."""
    second = np.diff(path, n=2, axis=0)
    second = second[np.isfinite(second)]
    return float(1.4826 * np.median(np.abs(second)) / np.sqrt(6))
