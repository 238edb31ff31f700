"""The root trajectory: the hip in camera space, from a pinhole fit of each 3D pose to its 2D keypoints."""

from dataclasses import dataclass

import numpy as np

from app.motion.arrays import Array, Mask, short_gaps_filled, spans
from stcformer.lens import ASSUMED_FIELD_OF_VIEW, focal_length
from stcformer.skeleton import JOINTS

FEWEST_JOINTS = 6
LOWEST_SCORE = 0.1
LONGEST_GAP_SECONDS = 0.5
NEAREST_DEPTH = 0.2
"""Metres; a fit closer than this is a failure of the fit."""

ACCELERATION = 3.0
"""Metres a second squared: standard deviation of the hip's acceleration along the line of sight at
30 frames a second, the motion model of the depth smoother (white-noise acceleration, Bar-Shalom 2001)."""

PIXEL_NOISE_FLOOR = 0.3
"""Pixels (of a picture 1000 px long): no detector is better, whatever the residual of one frame says."""

CORRELATED = 2.5
"""Times by which a depth is less certain than its residuals say: errors of joints and of frames go together (of 1 to 6
this leaves the trajectory nearest to that of held-out motion capture, `benchmarks/motion.py`)."""

DISAGREEMENT_SECONDS = 1.0
"""On either side: what a joint usually differs by is its mean over so long."""

_ITERATIONS = 8
_HUBER = 1.5


_UNSURE = dict.fromkeys(JOINTS, 1.0) | {
    "neck": 1.2, "head": 1.4, "rknee": 1.3, "lknee": 1.3, "rankle": 1.7, "lankle": 1.7,
    "relbow": 1.7, "lelbow": 1.7, "rwrist": 2.4, "lwrist": 2.4,
}  # fmt: skip
JOINT_WEIGHTS = np.array([1 / _UNSURE[name] for name in JOINTS])
"""(17,) how much each joint has a say in where the body is: limbs are found and lifted worse than the trunk."""


@dataclass(frozen=True)
class Pinhole:
    """A camera without distortion: focal length and principal point, in pixels."""

    focal: float
    centre: tuple[float, float]


def pinhole(image_size: tuple[int, int], fov_degrees: float | None = None) -> Pinhole:
    """The camera of a picture of (width, height) px; `fov_degrees` is along the longer side."""
    width, height = image_size
    lens = ASSUMED_FIELD_OF_VIEW if fov_degrees is None else fov_degrees
    return Pinhole(focal_length(image_size, lens), (width / 2, height / 2))


def project(points: Array, camera: Pinhole) -> Array:
    """`(..., 3)` camera-space metres to `(..., 2)` pixels."""
    return np.asarray(points[..., :2] / points[..., 2:] * camera.focal + np.asarray(camera.centre))


def fit_translations(pose: Array, keypoints: Array, scores: Array, camera: Pinhole) -> tuple[Array, Array]:
    """(F, 3) translations that put each pose over its keypoints, and (F,) standard deviations of their depth.

    Minimises the squared reprojection error in pixels, weighted by score, `JOINT_WEIGHTS` and against outliers
    (Huber): with ray (a, b) = (keypoint - centre) / focal, `tx - a tz = a Z - X` and `ty - b tz = b Z - Y` are
    linear in t; dividing each row by the joint's depth makes the residual that of the picture (iteratively
    reweighted). The deviations are `CORRELATED` times those of errors that do not go together.
    Frames with fewer than `FEWEST_JOINTS` joints, or a fit behind the camera, are NaN.
    """
    rays = (keypoints - np.asarray(camera.centre)) / camera.focal
    usable = np.isfinite(rays).all(axis=2) & np.isfinite(pose).all(axis=2) & (scores >= LOWEST_SCORE)
    frames = np.flatnonzero(usable.sum(axis=1) >= FEWEST_JOINTS)
    translations = np.full((len(pose), 3), np.nan)
    deviations = np.full(len(pose), np.nan)
    if not len(frames):
        return translations, deviations

    use = usable[frames]
    points = np.where(use[..., None], pose[frames], 0.0)
    rays = np.where(use[..., None], rays[frames], 0.0)
    weights = np.where(use, scores[frames] * JOINT_WEIGHTS, 0.0)
    target = rays * points[..., 2:] - points[..., :2]  # (N, 17, 2): the right-hand sides
    floor = PIXEL_NOISE_FLOOR * 2 * max(camera.centre) / 1000 / camera.focal

    depth = np.ones(len(frames))
    huber = np.ones_like(weights)
    for _ in range(_ITERATIONS):
        joint_depth = np.maximum(points[..., 2] + depth[:, None], NEAREST_DEPTH)
        w = weights * huber / joint_depth**2
        solution, normal = _solve(w, rays, target)
        depth = solution[:, 2]
        error = (solution[:, None, :2] - rays * depth[:, None, None] - target) / joint_depth[..., None]
        size = np.linalg.norm(error, axis=2)
        spread = np.maximum(_weighted_rms(size, weights * huber), floor)
        huber = np.minimum(1.0, _HUBER * spread[:, None] / np.maximum(size, 1e-12))

    good = np.isfinite(solution).all(axis=1) & (depth > NEAREST_DEPTH)
    good &= (np.where(use, points[..., 2] + depth[:, None], np.inf) > 0).all(axis=1)
    covariance = np.linalg.pinv(normal)[:, 2, 2] * spread**2
    translations[frames[good]] = solution[good]
    deviations[frames[good]] = CORRELATED * np.sqrt(covariance[good])
    return translations, deviations


def _solve(w: Array, rays: Array, target: Array) -> tuple[Array, Array]:
    """Weighted normal equations of every frame: (N, 3) solutions and (N, 3, 3) matrices."""
    normal = np.zeros((len(w), 3, 3))
    normal[:, 0, 0] = normal[:, 1, 1] = w.sum(axis=1)
    mixed = -(w[..., None] * rays).sum(axis=1)
    normal[:, :2, 2] = normal[:, 2, :2] = mixed
    normal[:, 2, 2] = (w * (rays**2).sum(axis=2)).sum(axis=1)
    side = np.empty((len(w), 3))
    side[:, :2] = (w[..., None] * target).sum(axis=1)
    side[:, 2] = -(w * (rays * target).sum(axis=2)).sum(axis=1)
    return np.einsum("nij,nj->ni", np.linalg.pinv(normal, hermitian=True), side), normal


def _weighted_rms(size: Array, weights: Array) -> Array:
    total = np.maximum(weights.sum(axis=1), 1e-12)
    return np.asarray(np.sqrt((weights * size**2).sum(axis=1) / total))


def smooth_depth(depth: Array, deviation: Array, fps: float) -> Array:
    """(F,) depth in metres smoothed over time by how uncertain each frame is; one span, NaN bridged.

    Minimises sum ((x - depth) / deviation)^2 + sum (x'' / acceleration)^2, the fixed-interval smoother of a
    white-noise acceleration model (as a Rauch-Tung-Striebel smoother gives), with Huber weights for outliers.
    A frame that fits its keypoints exactly is hardly moved.
    """
    from scipy.linalg import solveh_banded  # noqa: PLC0415

    known = np.isfinite(depth)
    if len(depth) < 3:
        return np.asarray(np.interp(np.arange(len(depth)), np.flatnonzero(known), depth[known]))
    observed = np.where(known, depth, 0.0)
    inverse = np.where(known, 1 / np.where(known, deviation, 1.0) ** 2, 0.0)
    # Per-sample variance of white acceleration grows with the rate; ACCELERATION is stated at 30 a second.
    second_difference = fps**4 / (ACCELERATION**2 * fps / 30)
    penalty = _second_difference_bands(len(depth)) * second_difference
    robust = np.ones(len(depth))
    smooth = observed
    for _ in range(4):
        bands = penalty.copy()
        bands[2] += inverse * robust
        smooth = solveh_banded(bands, inverse * robust * observed)
        size = np.abs(smooth - observed) * np.sqrt(inverse)
        robust = np.minimum(1.0, 3.0 / np.maximum(size, 1e-12))
    return np.asarray(smooth)


def _second_difference_bands(length: int) -> Array:
    """Upper bands of D'D, D the second difference, for `solveh_banded`."""
    bands = np.zeros((3, length))
    bands[2, :-2] += 1
    bands[2, 1:-1] += 4
    bands[2, 2:] += 1
    bands[1, 1:-1] -= 2
    bands[1, 2:] -= 2
    bands[0, 2:] = 1
    return bands


def root_trajectory(pose: Array, keypoints: Array, scores: Array, camera: Pinhole, fps: float) -> Array:
    """(F, 3) the hip in camera space, metres; NaN where it is unknown for more than `LONGEST_GAP_SECONDS`.

    Depth is far less certain than direction, so it is smoothed first (`smooth_depth`), and the sideways
    position is then fitted again under the smoothed depth: the pose stays over its keypoints.
    """
    fitted, deviation = fit_translations(pose, keypoints, scores, camera)
    solved = np.isfinite(fitted[:, 2])
    covered = short_gaps_filled(solved, round(LONGEST_GAP_SECONDS * fps))
    root = np.full_like(fitted, np.nan)
    for start, stop in spans(covered):
        part = slice(start, stop)
        depth = smooth_depth(fitted[part, 2], deviation[part], fps)
        sideways = sideways_positions(pose[part], keypoints[part], scores[part], camera, depth, fps)
        known = np.flatnonzero(solved[part])
        frames = np.arange(stop - start)
        for axis in range(2):
            root[part, axis] = np.interp(frames, known, sideways[known, axis])
        root[part, 2] = np.maximum(depth, NEAREST_DEPTH)
    return root


def sideways_positions(
    pose: Array, keypoints: Array, scores: Array, camera: Pinhole, depth: Array, fps: float | None = None
) -> Array:
    """(F, 2) metres tx and ty by a Huber-weighted mean of the joints' own answers, the depth being known.

    Joints disagree for long in the same way, since pose and keypoints are off for long. With `fps`, each joint's usual
    disagreement is taken off its answer, so that the mean stays where it is when some of the joints drop out.
    """
    rays = (keypoints - np.asarray(camera.centre)) / camera.focal
    answers = rays * (pose[..., 2:] + depth[:, None, None]) - pose[..., :2]
    usable = np.isfinite(answers).all(axis=2) & (scores >= LOWEST_SCORE)
    weights = np.where(usable, scores * JOINT_WEIGHTS, 0.0)
    answers = np.where(usable[..., None], answers, 0.0)
    result, robust = _huber_means(answers, weights)
    if fps is None:
        return result
    for _ in range(_ITERATIONS):
        usual = _usual_disagreement(answers - result[:, None], weights * robust, fps)
        result, robust = _huber_means(answers - usual, weights)
    return result


def _huber_means(answers: Array, weights: Array) -> tuple[Array, Array]:
    """(F, 2) means of (F, 17, 2) answers, and (F, 17) how much of each one's weight (F, 17) was left."""
    result = np.zeros((len(answers), 2))
    robust = np.ones_like(weights)
    for _ in range(_ITERATIONS):
        total = np.maximum((weights * robust).sum(axis=1), 1e-12)
        result = (answers * (weights * robust)[..., None]).sum(axis=1) / total[:, None]
        size = np.linalg.norm(answers - result[:, None], axis=2)
        spread = np.maximum(_weighted_rms(size, weights * robust), 1e-6)
        robust = np.minimum(1.0, _HUBER * spread[:, None] / np.maximum(size, 1e-12))
    return result, robust


def _usual_disagreement(apart: Array, weights: Array, fps: float) -> Array:
    """(F, 17, 2) metres by which each joint differs from the mean around each frame.

    Frames in which most joints are seen speak of it; in the others the mean itself has moved.
    """
    from scipy.ndimage import uniform_filter1d  # noqa: PLC0415

    window = 2 * round(DISAGREEMENT_SECONDS * fps) + 1
    total = weights.sum(axis=1)
    share = total / max(float(np.percentile(total, 90)), 1e-12)
    trust = (weights * np.minimum(share, 1.0)[:, None] ** 4)[..., None]
    sums = uniform_filter1d(apart * trust, window, axis=0, mode="constant")
    return np.asarray(sums / np.maximum(uniform_filter1d(trust, window, axis=0, mode="constant"), 1e-12))


def reprojection_error(
    pose: Array, root: Array, keypoints: Array, scores: Array, camera: Pinhole
) -> float | None:
    """Median distance in pixels between the placed pose and the keypoints; None when no joint is in both."""
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # joints at depth 0 come out infinite and are left out
        distance = np.linalg.norm(project(pose + root[:, None], camera) - keypoints, axis=2)
    known: Mask = np.isfinite(distance) & (scores >= LOWEST_SCORE)
    return float(np.median(distance[known])) if known.any() else None
