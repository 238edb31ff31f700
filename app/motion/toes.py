"""Where the tips of the toes are: legs and floor guess it, heels and toes in the picture correct it."""

import numpy as np

from app.motion.arrays import Array, apply, ramp, shortest_rotation
from app.motion.bones import ANKLE_HEIGHT_FRACTION
from app.motion.contact import FEET, IN_CONTACT, Contacts
from app.motion.foot_directions import (
    FOOT_LENGTH,
    directions_from_picture,
    picture_rows,
    picture_trust,
)
from app.motion.rig import make_rig, toe_tip
from app.motion.root import Pinhole
from app.motion.rotations import foot_guesses

_UP = np.array([0.0, 0.0, 1.0])
_FLAT, _LIFTED = 0.01, 0.03
"""Height of an ankle over its rest height, of body height, up to which a foot in contact lies flat, and from which on
its heel is surely lifted."""
_Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""From world space to the axes of the rig: y up, z toward the viewer."""


def find_toes(
    world: Array,
    time_s: Array,
    fps: float,
    contacts: Contacts,
    feet: Array,
    foot_scores: Array,
    camera: Pinhole,
    camera_place: tuple[Array, Array],
) -> Array:
    """(F, 2, 3) the tips of one person's left and right toes, world space, metres; NaN without a pose.

    world: (F, 17, 3) metres, the floor at z = 0, NaN where nobody was placed; time_s: (F,) seconds; contacts: (F, 2);
    feet: (F, 2, 2, 2) heels and toes in pixels, NaN where not observed; foot_scores: (F, 2, 2); camera_place: (3, 3)
    rotation from camera space to world space and (3,) position, metres. Where no foot was seen, the tip is where legs and
    floor have it (`app.motion.foot_rotations`).
    """
    toes = np.full((len(world), 2, 3), np.nan)
    seen = np.flatnonzero(np.isfinite(world).all(axis=(1, 2)))
    if not len(seen):
        return toes
    poses = world[seen]
    rig = make_rig(poses @ _Y_UP.T)
    frames = _Y_UP.T @ foot_guesses(poses @ _Y_UP.T, rig, fps, 0.0)
    rotation, position = camera_place
    length = FOOT_LENGTH * rig.height
    steps_s = np.where(np.diff(seen) == 1, np.diff(time_s[seen]), np.inf)
    for foot, (ankle, side) in enumerate(zip(FEET, ("Left", "Right"), strict=True)):
        guess, place = frames[:, foot, :, 2], poses[:, ankle]
        depth = ((place - position) @ rotation)[:, 2]
        rows, targets = picture_rows(
            feet[seen, foot], depth, rotation, camera.focal, np.asarray(camera.centre)
        )
        trust = picture_trust(foot_scores[seen, foot], rows, targets, guess, length)
        over = place[:, 2] / rig.height - ANKLE_HEIGHT_FRACTION
        level = (contacts[seen, foot] == IN_CONTACT) * (1 - ramp(over, _FLAT, _LIFTED))
        direction = directions_from_picture(guess, rows, targets, trust, level, _UP, length, steps_s)
        tip = apply(frames[:, foot], toe_tip(rig, side))
        turned = apply(shortest_rotation(guess, direction), tip)
        toes[seen, foot] = place + _over_floor(turned, place[:, 2], tip[:, 2])
    return toes


def _over_floor(tips: Array, ankle_height: Array, guessed: Array) -> Array:
    """(F, 3) vectors from ankle to tip, raised where they go through the floor and the guess, whose z is `guessed`
    (F,), goes less far: the same lengths and headings."""
    lowest = np.minimum(-ankle_height, guessed)
    size = np.linalg.norm(tips, axis=1)
    z = np.clip(np.maximum(tips[:, 2], lowest), -size, size)
    across = np.linalg.norm(tips[:, :2], axis=1)
    wider = np.sqrt(np.maximum(size**2 - z**2, 0.0)) / np.maximum(across, 1e-9)
    raised = np.concatenate((tips[:, :2] * wider[:, None], z[:, None]), axis=1)
    return np.asarray(np.where((tips[:, 2] < lowest)[:, None], raised, tips))
