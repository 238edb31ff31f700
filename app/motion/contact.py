"""Foot contact: the frames in which a foot stands on the floor."""

import numpy as np
from numpy.typing import NDArray

from app.motion.arrays import Array, Mask, grown, short_gaps_filled, spans
from app.motion.bones import LEFT_ANKLE, RIGHT_ANKLE

LANDING_RISE = 0.05
"""Metres above its height when standing: an ankle lower than this may begin a contact."""
LEAVING_RISE = 0.12
"""Metres: an ankle higher than this ends it. While the heel lifts and the toes still stand, the ankle rises to here."""
LANDING_SPEED = 0.6
"""Metres a second: an ankle slower than this may begin a contact. In a walk the swinging foot reaches 3 to 4."""
LEAVING_SPEED = 1.2
"""Metres a second: an ankle faster than this ends it; a standing one drifts by what detector and depth are unsure of."""
FLOOR_SECONDS = 0.5
"""On either side: an ankle stands at the lowest height that it has within this time. So a floor that is not found
quite level, and stairs, are followed; both feet in the air for longer than this are taken for standing."""
FLOOR_STEP = 0.1
"""Metres by which the floor under one foot may be higher than under the other: a foot held up is not standing."""
SHORTEST_SECONDS = 0.07
"""A shorter contact, or a shorter break of one, is noise: the quickest steps of a sprint stand for 0.08 s."""


def foot_contacts(world: Array, fps: float) -> NDArray[np.bool_]:
    """(F, 2) whether the left and the right foot stand on the floor.

    `world` (F, 17, 3) is one person in world space, metres, NaN where nobody was seen (no contact there). A contact
    begins where the ankle is low and slow, and lasts until it is high or fast (hysteresis).
    """
    ankles = world[:, [LEFT_ANKLE, RIGHT_ANKLE]]
    seen = np.isfinite(ankles).all(axis=(1, 2))
    contacts = np.zeros((len(world), 2), dtype=bool)
    shortest = SHORTEST_SECONDS * fps
    standing = _standing_heights(ankles[..., 2], seen, fps)
    for foot in range(2):
        rise, speed = ankles[:, foot, 2] - standing[:, foot], _speed(ankles[:, foot], seen, fps)
        landing = seen & (rise < LANDING_RISE) & (speed < LANDING_SPEED)
        standing_still = seen & (rise < LEAVING_RISE) & (speed < LEAVING_SPEED)
        steady = short_gaps_filled(grown(landing, standing_still), round(shortest)) & seen
        for start, stop in spans(steady):
            contacts[start:stop, foot] = stop - start >= shortest
    return contacts


def _standing_heights(heights: Array, seen: Mask, fps: float) -> Array:
    """(F, 2) the heights at which two ankles would stand, of their own (F, 2), metres."""
    from scipy.ndimage import minimum_filter1d  # noqa: PLC0415

    known = np.where(seen[:, None], heights, np.inf)
    lowest = minimum_filter1d(known, 2 * round(FLOOR_SECONDS * fps) + 1, axis=0, mode="nearest")
    return np.minimum(lowest, lowest.min(axis=1, keepdims=True) + FLOOR_STEP)


def _speed(positions: Array, seen: Mask, fps: float) -> Array:
    """(F,) metres a second of (F, 3), by central differences within each stretch that was seen; 0 for a single frame."""
    speed = np.zeros(len(positions))
    for start, stop in spans(seen):
        if stop - start > 1:
            speed[start:stop] = np.linalg.norm(np.gradient(positions[start:stop], axis=0), axis=1) * fps
    return speed
