"""Foot contact: the frames in which a foot stands on the floor."""

import numpy as np
from numpy.typing import NDArray

from app.motion.arrays import Array, Mask, grown, short_gaps_filled, spans
from app.motion.bones import HEAD, HIP, LEFT_ANKLE, RIGHT_ANKLE
from stcformer.skeleton import JOINTS

Contacts = NDArray[np.int8]

IN_CONTACT, IN_THE_AIR, UNKNOWN = 1, 0, -1
FEET = (LEFT_ANKLE, RIGHT_ANKLE)
"""The ankles of the two columns of contacts."""

# The thresholds are those that find most of what motion capture shows with few false finds (`benchmarks/contacts.py`),
# in poses of the lifter as well as in exact ones.
LANDING_RISE = 0.06
"""Metres above its height when standing: an ankle lower than this may begin a contact."""
LEAVING_RISE = 0.09
"""Metres: an ankle higher than this ends it. While the heel lifts and the toes still stand, the ankle rises to here."""
LANDING_SPEED = 0.35
"""Metres a second: an ankle slower than this may begin a contact. In a walk the swinging foot reaches 3 to 4."""
LEAVING_SPEED = 0.45
"""Metres a second: an ankle faster than this ends it; a standing one drifts by what detector and depth are unsure of."""
DEPTH_SHARE = 0.4
"""How much of the speed along the line of sight counts: most of what a standing foot seems to move is depth."""
SPEED_SECONDS = 0.05
"""Speed is that between so long before and so long after, or a frame where that is longer: alike at any rate."""
FLOOR_SECONDS = 0.3
"""On either side: an ankle stands at the lowest height that it has within this time. So a floor that is not found
quite level, and stairs, are followed; both feet in the air for longer than this are taken for standing."""
FLOOR_STEP = 0.15
"""Metres by which the floor under one foot may be higher than under the other: a foot held up is not standing."""
SHORTEST_SECONDS = 0.07
"""A shorter contact, or a shorter break of one, is noise: the quickest steps of a sprint stand for 0.08 s."""
LOWEST_SCORE = 0.3
"""An ankle with less is a guess of the detector: whether that foot stands is not known."""

HOLDING_SECONDS = 1.0
"""Hands that stay above the head for at least so long, and hardly move, may be what holds the body."""
HOLDING_SPEED = 0.4
"""Metres a second: of the faster of two such hands, the median. In 62 minutes of motion capture only people on climbing
bars (CMU subject 01) and one who reaches up have their hands there so still for so long."""
UPRIGHT_SHARE = 0.5
"""Of the length from hip to head: so much higher is the head of who hangs (the trunk is within 60 degrees of upright)."""

_WRISTS = [JOINTS.index("lwrist"), JOINTS.index("rwrist")]


def find_contacts(
    world: Array,
    fps: float,
    *,
    visible: Mask | None = None,
    camera: Array | None = None,
    feet_speed: Array | None = None,
) -> Contacts:
    """(F, 2) whether the left and the right foot stand: `IN_CONTACT`, `IN_THE_AIR` or `UNKNOWN`.

    `world` (F, 17, 3) is one person in world space, metres, z up, NaN where nobody was seen. `visible` (F, 2) says in
    which frames each foot was seen (`visible_feet`); without it, wherever there is a pose. `camera` (3,) is where the
    camera stands in world space: what a foot moves towards it or away counts less then (`DEPTH_SHARE`).
    `feet_speed` (F, 2) is how fast heel and toe move in the picture (`app.motion.foot_speeds`), metres a second, NaN
    where that is not known: a foot is as slow as that or as its ankle, whichever is slower.

    A contact begins where the ankle is low and slow, and lasts until it is high or fast (hysteresis). Where the hands
    may hold the body (`hands_hold`), a foot that would be in contact may as well hang, and is `UNKNOWN`.
    """
    ankles = world[:, list(FEET)]
    placed = np.isfinite(ankles).all(axis=(1, 2))
    contacts = np.full((len(world), 2), UNKNOWN, dtype=np.int8)
    shortest = SHORTEST_SECONDS * fps
    standing = _standing_heights(ankles[..., 2], placed, fps)
    for foot in range(2):
        rise = ankles[:, foot, 2] - standing[:, foot]
        speed = _speed(ankles[:, foot], placed, fps, camera)
        if feet_speed is not None:
            speed = np.fmin(speed, feet_speed[:, foot])
        landing = placed & (rise < LANDING_RISE) & (speed < LANDING_SPEED)
        standing_still = placed & (rise < LEAVING_RISE) & (speed < LEAVING_SPEED)
        steady = short_gaps_filled(grown(landing, standing_still), round(shortest)) & placed
        known = placed if visible is None else placed & visible[:, foot]
        contacts[known, foot] = IN_THE_AIR
        for start, stop in spans(steady):
            if stop - start >= shortest:
                contacts[start:stop, foot][known[start:stop]] = IN_CONTACT
    contacts[hands_hold(world, fps, camera)[:, None] & (contacts == IN_CONTACT)] = UNKNOWN
    return contacts


def hands_hold(world: Array, fps: float, camera: Array | None = None) -> Mask:
    """(F,) whether the body, upright, may hang by its hands: both stay above the head, and hardly move.

    Arguments as for `find_contacts`. Who stands with the hands up like that looks the same: joints alone do not tell.
    """
    placed = np.isfinite(world).all(axis=(1, 2))
    trunk = np.nan_to_num(world[:, HEAD] - world[:, HIP])
    upright = trunk[:, 2] > UPRIGHT_SHARE * np.linalg.norm(trunk, axis=1)
    raised = np.nan_to_num(world[:, _WRISTS, 2] - world[:, [HEAD], 2], nan=-1.0) > 0
    above = placed & upright & raised.all(axis=1)
    speed = np.max([_speed(world[:, wrist], placed, fps, camera) for wrist in _WRISTS], axis=0)
    for start, stop in spans(above):
        if stop - start < HOLDING_SECONDS * fps or np.median(speed[start:stop]) > HOLDING_SPEED:
            above[start:stop] = False
    return above


def visible_feet(
    keypoints: Array, scores: Array, image_size: tuple[int, int], bridged: Mask | None = None
) -> Mask:
    """(F, 2) whether the left and the right foot were seen: with a score, inside the picture, in no bridged gap.

    keypoints: (F, 17, 2) pixels, NaN where not observed; scores: (F, 17) 0..1; image_size: (width, height) px;
    bridged: (F,) frames whose pose comes from their neighbours.
    """
    ankles = keypoints[:, list(FEET)]
    inside = ((ankles >= 0) & (ankles <= np.asarray(image_size, dtype=float))).all(axis=2)
    seen = inside & (np.nan_to_num(scores[:, list(FEET)]) >= LOWEST_SCORE)
    return np.asarray(seen if bridged is None else seen & ~bridged[:, None])


def with_chosen(contacts: Contacts, chosen: Contacts | None) -> Contacts:
    """(F, 2) contacts with those that were chosen by hand; `UNKNOWN` in `chosen` (F, 2) leaves what was found.

    Where there is no pose, a foot that was chosen still has no place: the foot lock passes over it.
    """
    if chosen is None:
        return contacts
    return np.where(chosen == UNKNOWN, contacts, chosen).astype(np.int8)


def contact_intervals(contacts: Contacts) -> list[list[tuple[int, int]]]:
    """For the left and the right foot, (start, stop) of every contact, stop exclusive."""
    return [spans(contacts[:, foot] == IN_CONTACT) for foot in range(2)]


def contact_report(contacts: Contacts) -> dict[str, dict[str, int]]:
    """For the sidecar: in how many frames each foot stands, and in how many it is not known."""
    return {
        side: {
            "frames_in_contact": int((contacts[:, foot] == IN_CONTACT).sum()),
            "frames_not_known": int((contacts[:, foot] == UNKNOWN).sum()),
        }
        for foot, side in enumerate(("left", "right"))
    }


def slide_speed(world: Array, contacts: Contacts, fps: float) -> float | None:
    """Metres a second: mean sideways speed of the ankles while their feet stand; None when none stands.

    `world`: (F, 17, 3) metres, z up; `contacts`: (F, 2).
    """
    distance, steps = 0.0, 0
    for foot, ankle in enumerate(FEET):
        stands = contacts[:, foot] == IN_CONTACT
        way = np.linalg.norm(np.diff(world[:, ankle, :2], axis=0), axis=1)
        both = stands[:-1] & stands[1:] & np.isfinite(way)
        distance, steps = distance + float(way[both].sum()), steps + int(both.sum())
    return distance * fps / steps if steps else None


def _standing_heights(heights: Array, placed: Mask, fps: float) -> Array:
    """(F, 2) the heights at which two ankles would stand, of their own (F, 2), metres."""
    from scipy.ndimage import minimum_filter1d  # noqa: PLC0415

    known = np.where(placed[:, None], heights, np.inf)
    lowest = minimum_filter1d(known, 2 * round(FLOOR_SECONDS * fps) + 1, axis=0, mode="nearest")
    return np.minimum(lowest, lowest.min(axis=1, keepdims=True) + FLOOR_STEP)


def _speed(positions: Array, placed: Mask, fps: float, camera: Array | None) -> Array:
    """(F,) metres a second of (F, 3) within each stretch that was seen; 0 for a single frame."""
    speed = np.zeros(len(positions))
    reach = max(1, round(SPEED_SECONDS * fps))
    for start, stop in spans(placed):
        part = positions[start:stop]
        frames = np.arange(stop - start)
        before, after = np.maximum(frames - reach, 0), np.minimum(frames + reach, stop - start - 1)
        velocity = (part[after] - part[before]) * fps / np.maximum(after - before, 1)[:, None]
        if camera is not None:
            sight = part - camera
            sight /= np.maximum(np.linalg.norm(sight, axis=1, keepdims=True), 1e-9)
            along = (velocity * sight).sum(axis=1, keepdims=True)
            velocity = velocity - (1 - DEPTH_SHARE) * along * sight
        speed[start:stop] = np.linalg.norm(velocity, axis=1)
    return speed
