"""Where feet point, from heels and toes in the picture.

The picture shows a foot's vector from heel to toe across the line of sight; how far it points towards the camera or
away follows from its length, but for the sign. Legs and floor (`app.motion.foot_rotations`) have a guess of all of it.
Both are weighed over the whole clip: the vector v of every frame minimises

    sum  picture + length + flat + |v - guess|^2 / s^2 + (carry / time step)^2 |change of (v - guess)|^2 / s^2

each part by its own spread. So the guess keeps its own quick movements and is corrected slowly: where a foot drops out
of sight the answer goes over to the guess in the time `_CARRY_S`, without a jump, and where no foot was ever seen it is
the guess. The spreads bring the rendered clips' feet through MediaPipe near to the truth without more trembling than
the true feet have in the mean (`benchmarks/feet.py`).
"""

import numpy as np

from app.motion.arrays import Array, ramp, unit

FOOT_LENGTH = 0.135
"""Heel to toe as detectors mark them, of body height. The whole foot has 0.152 (Drillis and Contini 1966, in Winter); the
marks lie within it: MediaPipe's heels and toes of the rendered clips are 0.125 apart in the middle."""

_SPREAD = 0.35
"""Of the foot's length: standard deviation of the guess, 20 degrees."""
_CARRY_S = 0.1
"""For so long an error of the guess stays alike."""
_LENGTH_SPREAD = 0.2
"""Of the foot's length: people and shoes differ, and marks are off along the foot too."""
_FLAT_SPREAD = 0.2
"""Of the foot's length: how far a sole that stands is from level; a shoe's heel, and a floor that is not found level."""
_PICTURE_SPREAD = 0.12
"""Of the foot's length: standard deviation of a heel and of a toe in the picture, each to each side."""

_UNSURE_SCORE, _SURE_SCORE = 0.3, 0.7
"""Lower score of heel and toe below which they say nothing, above which they count in full."""
_TURNED, _TURNED_TOO_FAR = 1.2, 1.6
"""In foot lengths, how far the toe is in the picture from where the guess has it, above which it counts less and then
not at all: chords of 74 and 106 degrees. Beyond, heel and toe were taken for each other, or for the other foot's."""
_LONG, _TOO_LONG = 1.35, 1.8
"""In foot lengths: a longer foot in the picture is none."""

_ITERATIONS = 8


def picture_trust(scores: Array, rows: Array, targets: Array, guess: Array, length: float) -> Array:
    """(F,) 0..1 how far to believe the heel and toe of one foot.

    scores: (F, 2) of heel and toe; rows: (F, 2, 3), targets: (F, 2) metres, see `directions_from_picture`, NaN where not
    observed; guess: (F, 3) unit; length: metres.
    """
    observed = np.isfinite(targets).all(axis=1)
    score = np.where(observed, np.nan_to_num(scores).min(axis=1), 0.0)
    with np.errstate(invalid="ignore"):
        astray = np.linalg.norm(targets - length * np.einsum("fij,fj->fi", rows, guess), axis=1) / length
        long = np.linalg.norm(targets, axis=1) / length
    trust = ramp(score, _UNSURE_SCORE, _SURE_SCORE)
    trust = trust * (1 - ramp(np.nan_to_num(astray), _TURNED, _TURNED_TOO_FAR))
    return np.asarray(trust * (1 - ramp(np.nan_to_num(long), _LONG, _TOO_LONG)))


def directions_from_picture(
    guess: Array,
    rows: Array,
    targets: Array,
    trust: Array,
    level: Array,
    up: Array,
    length: float,
    steps_s: Array,
) -> Array:
    """(F, 3) unit directions of one foot, heel to toe.

    guess: (F, 3) unit, where legs and floor have it. rows: (F, 2, 3) and targets: (F, 2) metres: `rows @ v = targets` of
    the vector v from heel to toe, as the picture has it (`picture_rows`); anything where trust is 0. trust: (F,) 0..1.
    level: (F,) 0..1 how surely the sole stands on the floor. up: (3,) unit. length: metres. steps_s: (F - 1,) seconds
    from frame to frame; what is infinite couples nothing.
    """
    rows, targets = (np.where(trust.reshape(-1, *[1] * (a.ndim - 1)) > 0, a, 0.0) for a in (rows, targets))
    targets = targets / length
    coupled = np.square(_CARRY_S / np.asarray(steps_s) / _SPREAD)
    vectors = _chosen_sides(guess, rows, targets, trust, level, up, coupled)
    for _ in range(_ITERATIONS):
        vectors = _improved(vectors, guess, rows, targets, trust, level, up, coupled)
    return unit(vectors, (0.0, 0.0, 1.0))


def picture_rows(
    feet: Array, depth: Array, rotation: Array, focal: float, centre: Array
) -> tuple[Array, Array]:
    """(F, 2, 3) rows and (F, 2) targets, metres: `rows @ v = targets` of one foot's vector v from heel to toe.

    feet: (F, 2, 2) heel and toe in pixels; depth: (F,) metres of the foot before the camera; rotation: (3, 3) from camera
    space to the space of v; focal, centre: of the pinhole, pixels. With the heel at depth z on the ray (a, b, 1) and the
    toe on (c, d, 1), the toe z (a, b, 1) + v lies on its ray where `vx - c vz = z (c - a)` and `vy - d vz = z (d - b)`.
    """
    rays = (feet - centre) / focal
    rows = np.zeros((len(feet), 2, 3))
    rows[:, 0, 0] = rows[:, 1, 1] = 1.0
    rows[:, :, 2] = -rays[:, 1]
    return rows @ rotation.T, depth[:, None] * (rays[:, 1] - rays[:, 0])


def _chosen_sides(
    guess: Array, rows: Array, targets: Array, trust: Array, level: Array, up: Array, coupled: Array
) -> Array:
    """(F, 3) of the two vectors of length 1 that the picture leaves, the one nearer to the guess, to the floor and to
    the frames around, by dynamic programming (Viterbi 1967); the guess where there is no picture."""
    seen = trust > 0
    towards = np.cross(rows[:, 0], rows[:, 1])
    towards /= np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)
    across = np.einsum("fij,fj->fi", np.linalg.pinv(rows), targets)
    size = np.linalg.norm(across, axis=1)
    depth = np.sqrt(np.maximum(1 - size**2, 0.0))
    across /= np.maximum(size, 1.0)[:, None]
    sides = np.stack((across + depth[:, None] * towards, across - depth[:, None] * towards), axis=1)
    sides = np.where(seen[:, None, None], sides, guess[:, None])
    off = sides - guess[:, None]
    cost = np.square(off).sum(axis=2) / _SPREAD**2
    cost += (trust * level)[:, None] * np.square(sides @ up) / _FLAT_SPREAD**2
    change = np.square(off[1:, None] - off[:-1, :, None]).sum(axis=3) * coupled[:, None, None]
    best = np.zeros((len(cost), 2), dtype=np.intp)
    total = cost[0]
    for frame in range(1, len(cost)):
        options = total[:, None] + change[frame - 1]
        best[frame] = options.argmin(axis=0)
        total = options.min(axis=0) + cost[frame]
    chosen = np.zeros(len(cost), dtype=np.intp)
    chosen[-1] = total.argmin()
    for frame in range(len(cost) - 1, 0, -1):
        chosen[frame - 1] = best[frame, chosen[frame]]
    return np.asarray(sides[np.arange(len(cost)), chosen])


def _improved(
    vectors: Array,
    guess: Array,
    rows: Array,
    targets: Array,
    trust: Array,
    level: Array,
    up: Array,
    coupled: Array,
) -> Array:
    """(F, 3) vectors after one step of Gauss and Newton, in foot lengths."""
    from scipy.linalg import solveh_banded  # noqa: PLC0415

    frames = len(vectors)
    size = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    along = vectors / size
    picture, flat = trust / _PICTURE_SPREAD**2 / 2, trust * level / _FLAT_SPREAD**2
    block = np.einsum("f,fki,fkj->fij", picture, rows, rows) + flat[:, None, None] * np.outer(up, up)
    block += np.einsum("f,fi,fj->fij", trust / _LENGTH_SPREAD**2, along, along)
    pulled = np.einsum("f,fki,fk->fi", picture, rows, targets) + guess / _SPREAD**2
    pulled += trust[:, None] / _LENGTH_SPREAD**2 * along
    changes = coupled[:, None] * np.diff(guess, axis=0)
    pulled[1:] += changes
    pulled[:-1] -= changes
    own = np.full(frames, 1 / _SPREAD**2)
    own[1:] += coupled
    own[:-1] += coupled
    block += own[:, None, None] * np.eye(3)
    bands = np.zeros((4, 3 * frames))
    bands[0, 3:] = -np.repeat(coupled, 3)
    for row in range(3):
        for column in range(row, 3):
            bands[3 + row - column, column::3] += block[:, row, column]
    return np.asarray(solveh_banded(bands, pulled.ravel()).reshape(frames, 3))
