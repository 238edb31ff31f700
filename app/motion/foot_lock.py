"""Foot lock: feet that stand are held at one place, by a smooth correction of the whole clip.

One least squares problem for every stretch of frames, in world space. Unknown in each frame are a shift `d` of the whole
body and for each leg a shift `e` of its ankle against the body: nine numbers. They are small where nothing asks for
more, along the line of sight more freely than across it (one camera hardly sees depth), and change smoothly; in a
contact the ankle `a + d + e` does not move. The cost is an integral over time, so that the frame rate does not matter.
A frame meets its two neighbours only, so the normal equations are banded and take time linear in frames (as in a
fixed-interval smoother). Knees follow by two-bone inverse kinematics: bones keep their lengths.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from app.errors import StudioError
from app.motion.arrays import TINY, Array, Mask, dot, short_gaps_filled, spans
from app.motion.contact import FEET, IN_CONTACT, UNKNOWN, Contacts, slide_speed

MODES = ("auto", "always", "never")
"""`auto` holds the contacts that are credible (`_credible`), `always` every one, `never` none."""

# Standard deviations of the cost's terms. They were chosen on held-out motion capture (`benchmarks/motion.py`): the
# feet stand still, and the joints come no further from the truth.
BODY_ACROSS, BODY_ALONG = 0.02, 0.08
"""Metres: the shift of the body across and along the line of sight."""
LEG_ACROSS, LEG_ALONG = 0.035, 0.07
"""Metres: the shift of an ankle against the body."""
BODY_ACCELERATION, LEG_ACCELERATION = 1.6, 16.0
"""Metres a second squared: what the shifts may add to the body's and to an ankle's acceleration."""
SLIDE_SPEED = 0.035
"""Metres a second: of an ankle in contact, sideways."""
HEIGHT = 0.02
"""Metres: of an ankle in contact, about where it stands."""
HEEL_RISE = 0.04
"""Metres by which an ankle in contact may be higher than it stands: the heel lifts before the toes do."""
STEP_HEIGHT = 0.1
"""Metres: a contact that is higher or lower than the others by more than this stands on a step, at its own height."""
FULL_STRETCH = 0.998
"""Of thigh and shin together: no leg becomes straighter than this by the lock, or than it was seen."""

UNKNOWN_SECONDS = 0.2
"""A foot that stands before and after so short a time of not being known stood on."""
LARGEST_SHIFT = 0.25
"""Metres, `auto`: a contact that asks for more than this of a leg, on average, is not believed."""
LONGEST_DRIFT, DRIFT_SPEED = 0.4, 0.15
"""Metres and metres a second, `auto`: nor one in which the ankle is seen to move on by more than this, and so much more
for every second that it lasts: depth wanders slowly, but a foot that goes on and on is moved."""

_FREE = 9
_BANDS = 3 * _FREE
_EXACT = 1e3
"""Metres to the minus one: of a leg's length at its full stretch, against which everything else is soft."""
_STRETCH_ROUNDS = 6
_LEGS = ((4, 5, 6), (1, 2, 3))
"""Hip, knee and ankle of the left and of the right leg."""


@dataclass(frozen=True)
class FootLock:
    """A motion with its feet held."""

    world: Array
    """(F, 17, 3) metres, world space; bones as long as before."""
    held: Mask
    """(F, 2) where the left and the right foot are held."""
    report: dict[str, Any]
    """For the sidecar: mode, intervals, slide before and after, the largest movement of a joint."""


def check_mode(mode: str) -> None:
    """Raises StudioError for an unknown mode, with the known ones."""
    if mode not in MODES:
        raise StudioError(f"There is no foot lock called '{mode}'; choose one of {', '.join(MODES)}.")


def lock_feet(
    world: Array,
    contacts: Contacts,
    fps: float,
    *,
    mode: str = "auto",
    camera: Array | None = None,
    chosen: Contacts | None = None,
) -> FootLock:
    """Hold the feet that stand.

    world: (F, 17, 3) metres, z up, constant bones, NaN where nobody was placed. contacts: (F, 2), see
    `app.motion.contact`. mode: one of `MODES`. camera: (3,) where the camera stands in world space; without it the
    shifts are as free to every side. chosen: (F, 2) contacts that were set by hand (`UNKNOWN` elsewhere): those are
    credible. Raises StudioError for an unknown mode.
    """
    check_mode(mode)
    report: dict[str, Any] = {
        "mode": mode,
        "slide_before_mm_s": _millimetres(slide_speed(world, contacts, fps)),
    }
    standing = _standing(world, contacts, fps)
    if mode == "never" or not standing.any():
        report |= {"intervals": _intervals(np.zeros_like(standing)), "not_believed": 0}
        report["slide_after_mm_s"], report["largest_move_mm"] = report["slide_before_mm_s"], 0.0
        return FootLock(world, np.zeros_like(standing), report)
    held, doubted = standing, 0
    if mode == "auto":
        held = _without_drift(world, standing, chosen, fps)
    locked, shifts = _solve(world, held, fps, camera)
    if mode == "auto":
        believed = _credible(held, shifts, chosen)
        if not np.array_equal(believed, held):
            held = believed
            locked, _ = _solve(world, held, fps, camera)
        doubted = sum(len(spans(standing[:, foot])) - len(spans(held[:, foot])) for foot in range(2))
    moved = np.linalg.norm(locked - world, axis=2)
    report |= {"intervals": _intervals(held), "not_believed": doubted}
    report["slide_after_mm_s"] = _millimetres(slide_speed(locked, contacts, fps))
    report["largest_move_mm"] = _millimetres(float(np.nanmax(moved)) if np.isfinite(moved).any() else 0.0)
    return FootLock(locked, held, report)


def _standing(world: Array, contacts: Contacts, fps: float) -> Mask:
    """(F, 2) where feet may be held: in contact, short stretches of not knowing bridged, and placed."""
    placed = np.isfinite(world).all(axis=(1, 2))
    standing = contacts == IN_CONTACT
    for foot in range(2):
        bridged = short_gaps_filled(standing[:, foot], round(UNKNOWN_SECONDS * fps))
        standing[:, foot] |= bridged & (contacts[:, foot] == UNKNOWN)
    return np.asarray(standing & placed[:, None])


def _without_drift(world: Array, standing: Mask, chosen: Contacts | None, fps: float) -> Mask:
    """The contacts in which the ankle stays about where it was, or that were chosen by hand."""
    held = standing.copy()
    for foot, ankle in enumerate(FEET):
        for start, stop in spans(standing[:, foot]):
            way = np.ptp(world[start:stop, ankle, :2], axis=0)
            longest = LONGEST_DRIFT + DRIFT_SPEED * (stop - start) / fps
            if np.linalg.norm(way) > longest and not _is_chosen(chosen, foot, start, stop):
                held[start:stop, foot] = False
    return held


def _credible(held: Mask, shifts: Array, chosen: Contacts | None) -> Mask:
    """The contacts that ask for little of their leg, by the shifts (F, 2, 3) that holding all of them takes."""
    believed = held.copy()
    for foot in range(2):
        for start, stop in spans(held[:, foot]):
            shift = np.linalg.norm(shifts[start:stop, foot], axis=1).mean()
            if shift > LARGEST_SHIFT and not _is_chosen(chosen, foot, start, stop):
                believed[start:stop, foot] = False
    return believed


def _is_chosen(chosen: Contacts | None, foot: int, start: int, stop: int) -> bool:
    return chosen is not None and bool((chosen[start:stop, foot] == IN_CONTACT).any())


def _intervals(held: Mask) -> dict[str, list[list[int]]]:
    """First frame and the one after the last of what is held."""
    return {
        side: [list(span) for span in spans(held[:, foot])] for foot, side in enumerate(("left", "right"))
    }


def _millimetres(metres: float | None) -> float | None:
    return None if metres is None else round(1000 * metres, 1)


def _solve(world: Array, held: Mask, fps: float, camera: Array | None) -> tuple[Array, Array]:
    """The (F, 17, 3) motion with those feet held, and the (F, 2, 3) shifts of the ankles against the body."""
    heights = _standing_heights(world, held)
    result, shifts = world.copy(), np.zeros((*held.shape, 3))
    for start, stop in spans(np.isfinite(world).all(axis=(1, 2))):
        part = slice(start, stop)
        if held[part].any():
            legs = world[part][:, np.asarray(_LEGS)]  # (n, 2, 3 joints, 3)
            bones = np.linalg.norm(np.diff(legs, axis=2), axis=-1)
            sight = None if camera is None else world[part, 0] - camera
            body, ankles = _shifts(legs, bones.sum(axis=2), held[part], heights[part], sight, fps)
            result[part] += body[:, None]
            knees, feet = _bent(legs + body[:, None, None], bones, ankles)
            for leg, (_, knee, ankle) in enumerate(_LEGS):
                result[part, knee], result[part, ankle] = knees[:, leg], feet[:, leg]
            shifts[part] = ankles
    return result, shifts


def _standing_heights(world: Array, held: Mask) -> Array:
    """(F, 2) world z that each ankle in contact is to have, metres; 0 elsewhere.

    The floor of all contacts, or the contact's own height on a step; above it the heel may lift as it was seen to.
    """
    seen = world[:, list(FEET), 2]
    heights = np.zeros(held.shape)
    if not held.any():
        return heights
    # Low in the distribution: a heel that lifts is higher, and nothing is lower.
    floor = float(np.percentile(seen[held], 30))
    for foot in range(2):
        for start, stop in spans(held[:, foot]):
            own = float(np.percentile(seen[start:stop, foot], 30))
            level = floor if abs(own - floor) <= STEP_HEIGHT else own
            heights[start:stop, foot] = level + np.clip(seen[start:stop, foot] - level, 0, HEEL_RISE)
    return heights


def _shifts(
    legs: Array, lengths: Array, held: Mask, heights: Array, sight: Array | None, fps: float
) -> tuple[Array, Array]:
    """(n, 3) shifts of the body and (n, 2, 3) of the ankles against it, for n frames without a gap.

    legs: (n, 2, 3, 3) hips, knees and ankles; lengths: (n, 2) of thigh and shin together; held: (n, 2); heights:
    (n, 2); sight: (n, 3) from the camera to the body.
    """
    hips, ankles = legs[:, :, 0], legs[:, :, 2]
    bands, right = _soft_terms(len(legs), sight, fps)
    for foot in range(2):
        _add_contact(bands, right, foot, ankles[:, foot], held[:, foot], heights[:, foot], fps)
    reach = np.maximum(FULL_STRETCH * lengths, np.linalg.norm(ankles - hips, axis=2))
    stretched = np.zeros(held.shape, dtype=bool)
    direction = np.zeros_like(ankles)
    found = np.zeros((len(legs), _FREE))
    for _ in range(_STRETCH_ROUNDS):
        diagonal, side = bands[0].copy(), right.copy()
        for foot in range(2):  # a leg that would be too long: its length along its direction is held
            frames = np.flatnonzero(stretched[:, foot])
            axis, part = direction[frames, foot], _leg(foot)
            weight = _EXACT**2 / fps
            diagonal[frames, part, part] += weight * axis[:, :, None] * axis[:, None, :]
            missing = reach[frames, foot] - dot(axis, ankles[frames, foot] - hips[frames, foot])
            side[frames, part] += weight * missing[:, None] * axis
        found = _solve_banded(diagonal, bands[1], bands[2], side)
        leg = ankles - hips + found[:, 3:].reshape(-1, 2, 3)
        length = np.linalg.norm(leg, axis=2)
        too_long = length > reach + 1e-4
        if not too_long.any():
            break
        stretched |= too_long
        direction = leg / np.maximum(length, TINY)[..., None]
    return found[:, :3], found[:, 3:].reshape(-1, 2, 3)


def _leg(foot: int) -> slice:
    """Where a leg's shift lies among the unknowns of a frame."""
    return slice(3 + 3 * foot, 6 + 3 * foot)


def _soft_terms(frames: int, sight: Array | None, fps: float) -> tuple[Array, Array]:
    """The blocks (3, n, 9, 9) on and right of the diagonal, and the right-hand side (n, 9), of what always counts."""
    bands = np.zeros((3, frames, _FREE, _FREE))
    bands[0, :, :3, :3] += _information(frames, sight, BODY_ACROSS, BODY_ALONG) / fps
    for foot in range(2):
        part = _leg(foot)
        bands[0, :, part, part] += _information(frames, sight, LEG_ACROSS, LEG_ALONG) / fps
    if frames > 2:
        deviations = np.array([BODY_ACCELERATION] * 3 + [LEG_ACCELERATION] * 6)
        bend = np.diag(fps**4 / deviations**2) / fps
        bands[0, :-2] += bend
        bands[0, 1:-1] += 4 * bend
        bands[0, 2:] += bend
        bands[1, :-2] -= 2 * bend
        bands[1, 1:-1] -= 2 * bend
        bands[2, :-2] += bend
    return bands, np.zeros((frames, _FREE))


def _information(frames: int, sight: Array | None, across: float, along: float) -> Array:
    """(n, 3, 3) inverse covariances of shifts with those deviations across and along the line of sight."""
    if sight is None:
        return np.broadcast_to(np.eye(3) / along**2, (frames, 3, 3))
    direction = sight / np.maximum(np.linalg.norm(sight, axis=1, keepdims=True), TINY)
    outer = direction[:, :, None] * direction[:, None, :]
    return np.asarray((np.eye(3) - outer) / across**2 + outer / along**2)


def _add_contact(
    bands: Array, right: Array, foot: int, ankle: Array, held: Mask, heights: Array, fps: float
) -> None:
    """Add that a (n, 3) ankle stands still sideways where it is held, at those heights."""
    picks = np.zeros((3, _FREE))
    picks[:, :3] = picks[:, _leg(foot)] = np.eye(3)
    level, upright = picks[:2], picks[2]
    frames = np.flatnonzero(held)
    weight = 1 / HEIGHT**2 / fps
    bands[0, frames] += weight * np.outer(upright, upright)
    right[frames] += weight * (heights[frames] - ankle[frames, 2])[:, None] * upright
    first = np.flatnonzero(held[:-1] & held[1:])
    weight = fps**2 / SLIDE_SPEED**2 / fps
    still = weight * level.T @ level
    bands[0, first] += still
    bands[0, first + 1] += still
    bands[1, first] -= still
    pull = weight * (ankle[first + 1, :2] - ankle[first, :2]) @ level
    right[first] += pull
    right[first + 1] -= pull


def _solve_banded(diagonal: Array, next_one: Array, after_next: Array, right: Array) -> Array:
    """(n, 9) solution of a symmetric system of blocks (n, 9, 9): each frame's own, with the next, with the one after."""
    from scipy.linalg import solveh_banded  # noqa: PLC0415

    frames = len(diagonal)
    bands = np.zeros((_BANDS, frames, _FREE))
    for offset, blocks in enumerate((diagonal, next_one, after_next)):
        for row in range(_FREE):
            for column in range(0 if offset else row, _FREE):
                below = _BANDS - 1 - (_FREE * offset + column - row)
                bands[below, offset:, column] = blocks[: frames - offset, row, column]
    solution = solveh_banded(bands.reshape(_BANDS, -1), right.reshape(-1), overwrite_ab=True)
    return np.asarray(solution.reshape(frames, _FREE))


def _bent(legs: Array, bones: Array, shifts: Array) -> tuple[Array, Array]:
    """(n, 2, 3) knees and ankles of legs (n, 2, 3, 3) whose ankles are shifted, with bones (n, 2, 2) as they are.

    The knee stays in the half-plane that it is in; an ankle out of reach comes as near as the leg is long.
    """
    hips, knees, ankles = legs[:, :, 0], legs[:, :, 1], legs[:, :, 2]
    leg = ankles + shifts - hips
    thigh, shin = bones[..., 0], bones[..., 1]
    asked = np.linalg.norm(leg, axis=2)
    axis = leg / np.maximum(asked, TINY)[..., None]
    length = np.clip(asked, np.abs(thigh - shin) + TINY, thigh + shin)
    along = (thigh**2 - shin**2 + length**2) / (2 * length)
    out = np.sqrt(np.maximum(thigh**2 - along**2, 0.0))
    bend = knees + shifts / 2 - hips
    bend = bend - dot(bend, axis)[..., None] * axis
    bend /= np.maximum(np.linalg.norm(bend, axis=2, keepdims=True), TINY)
    knees = hips + along[..., None] * axis + out[..., None] * bend
    return knees, hips + length[..., None] * axis
