"""From root-relative poses to a person moving through a level world: one function, `reconstruct_motion`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app.errors import StudioError
from app.motion.arrays import Array, Mask
from app.motion.blas import keep_in_one_thread
from app.motion.bones import ANKLE_HEIGHT_FRACTION, HIP
from app.motion.company import scale_to_floor
from app.motion.contact import UNKNOWN, Contacts, contact_report, find_contacts, hands_hold, with_chosen
from app.motion.foot_lock import MODES, check_mode, lock_feet
from app.motion.gaps import LONGEST_GAP_S
from app.motion.gravity import Gravity, find_gravity
from app.motion.placing import PlacedPerson, place_person
from app.motion.smoothing import METHODS, check_method
from app.motion.world import Floor, camera_to_world, find_floor
from app.settings import Settings

SMOOTHING_METHODS = METHODS
FOOT_LOCKS = MODES

LARGEST_FLOOR_OFFSET = 10.0
"""Metres that the floor may be moved by hand."""

__all__ = [
    "FOOT_LOCKS",
    "LONGEST_GAP_S",
    "SMOOTHING_METHODS",
    "MotionResult",
    "check_choices",
    "reconstruct_motion",
    "reconstruct_people",
]


@dataclass(frozen=True)
class MotionResult:
    """One person's motion; NaN where nobody was seen (`world`, `root_camera`: or not placed)."""

    camera: Array
    """(F, 17, 3) camera space, metres, the hip at 0: constant bones, scaled, smoothed."""
    root_camera: Array
    """(F, 3) the hip in camera space, metres from the camera."""
    world: Array
    """(F, 17, 3) world space, metres."""
    origin: Array
    """(3,) the world's origin in world axes (x right, y away, z up) laid through the camera, metres; NaN if unknown."""
    gravity: Gravity
    """Which way is up for the camera."""
    report: dict[str, Any] = field(default_factory=dict)
    """What was assumed, measured and done, for the sidecar (plain JSON values)."""
    contacts: Contacts = field(default_factory=lambda: np.zeros((0, 2), dtype=np.int8))
    """(F, 2) whether the left and the right foot stand (`app.motion.contact`); left out, it is not known."""

    def __post_init__(self) -> None:
        if len(self.contacts) != len(self.world):
            object.__setattr__(self, "contacts", np.full((len(self.world), 2), UNKNOWN, dtype=np.int8))


def reconstruct_motion(
    pose: Array,
    keypoints: Array,
    scores: Array,
    image_size: tuple[int, int],
    fps: float,
    settings: Settings | None = None,
    *,
    beside: MotionResult | None = None,
    contacts: Contacts | None = None,
    fov_of_video: float | None = None,
    feet: tuple[Array, Array] | None = None,
) -> MotionResult:
    """One person's poses with constant bones, scale, smoothing, a root trajectory and world space.

    pose: (F, 17, 3) camera space, metres, root-relative, NaN where nobody was seen. keypoints: (F, 17, 2)
    pixels; scores: (F, 17) 0..1; image_size: (width, height) px; fps: frames a second of the rows.
    settings: of these height_m (the person's, which sets the scale; else the lifter's own metres are kept),
    fov_degrees (else `fov_of_video`, else `ASSUMED_FIELD_OF_VIEW`) and smoothing (one of `SMOOTHING_METHODS`).
    beside: the result of the same video's first person, whose origin is used too, so that persons stand where
    they stood to each other. The floor is each person's own: their scales, and so their floors, differ.
    contacts: (F, 2) contacts of the feet that were set by hand, -1 elsewhere; they go before what is found.
    fov_of_video: degrees over the longer side, as the video's metadata tell it (`app.video.lens`).
    feet: heels and toes, (F, 2, 2, 2) pixels, NaN where not observed, and their scores (F, 2, 2).

    Raises StudioError for a value out of range, ValueError for shapes.
    """
    settings = settings or Settings()
    check_choices(settings)
    keep_in_one_thread()
    person = place_person(pose, keypoints, scores, image_size, fps, settings, fov_of_video, feet)
    gravity = (
        beside.gravity if beside is not None else find_gravity([person], fps, settings.camera_pitch_degrees)
    )
    origin = None if beside is None else beside.origin
    return _in_world(person, fps, settings, gravity, origin, contacts)


def reconstruct_people(
    poses: Array,
    keypoints: Array,
    scores: Array,
    image_size: tuple[int, int],
    fps: float,
    settings: Settings | None = None,
    contacts: Contacts | None = None,
    fov_of_video: float | None = None,
    feet: tuple[Array, Array] | None = None,
) -> list[MotionResult]:
    """`reconstruct_motion` of each of P persons, in one world: (P, F, 17, 3), (P, F, 17, 2), (P, F, 17).

    All share the up direction and the origin. The height of the settings is the first person's; the others are scaled so
    that they stand on the first one's floor where that can be told (`app.motion.company`), else they keep the lifter's
    scale. Each stands on the floor that the own feet found. `contacts` (P, F, 2) are those that were set by hand;
    `feet` are heels and toes, (P, F, 2, 2, 2) pixels and (P, F, 2, 2) scores.
    """
    settings = settings or Settings()
    check_choices(settings)
    keep_in_one_thread()
    others = replace(settings, height_m=None)
    persons = [
        place_person(
            poses[p],
            keypoints[p],
            scores[p],
            image_size,
            fps,
            others if p else settings,
            fov_of_video,
            None if feet is None else (feet[0][p], feet[1][p]),
        )
        for p in range(len(poses))
    ]
    gravity = find_gravity(persons, fps, settings.camera_pitch_degrees)
    chosen = [None if contacts is None else contacts[p] for p in range(len(persons))]
    persons = _on_one_floor(persons, fps, gravity, chosen)
    results: list[MotionResult] = []
    for person, by_hand in zip(persons, chosen, strict=True):
        origin = next((result.origin for result in results if np.isfinite(result.origin).all()), None)
        results.append(_in_world(person, fps, settings, gravity, origin, by_hand))
    return results


def _on_one_floor(
    persons: Sequence[PlacedPerson], fps: float, gravity: Gravity, chosen: Sequence[Contacts | None]
) -> list[PlacedPerson]:
    """Persons with the scales of all but the first set so that they stand on its floor, where that can be told."""
    result = list(persons)
    grounds = [
        _on_ground(person, fps, gravity, by_hand) if person.placed().any() else None
        for person, by_hand in zip(persons, chosen, strict=True)
    ]
    if not grounds or (first := grounds[0]) is None:
        return result
    for p, ground in enumerate(grounds[1:], start=1):
        if ground is None:
            continue
        distances = (_distance(first), _distance(ground))
        if (found := scale_to_floor(first.floor, ground.floor, distances, gravity)) is not None:
            uncertainty = float(np.hypot(found[1], persons[0].report["body"]["scale_uncertainty"]))
            result[p] = persons[p].scaled(found[0], uncertainty, "stands on the first person's floor")
    return result


@dataclass(frozen=True)
class _Ground:
    """One person in world axes through the camera, and the floor under the feet."""

    upright: Array
    """(F, 17, 3) metres."""
    stands: Contacts
    """(F, 2)."""
    hands_hold: Mask
    """(F,)."""
    floor: Floor
    ankle_height: float


def _distance(ground: _Ground) -> float:
    """Metres from the camera along the floor, in the middle of the clip."""
    return float(np.nanmedian(ground.upright[:, HIP, 1]))


def _on_ground(person: PlacedPerson, fps: float, gravity: Gravity, chosen: Contacts | None) -> _Ground:
    upright = (person.pose + person.root[:, None]) @ camera_to_world(gravity.up).T
    camera = np.zeros(3)
    found = find_contacts(
        upright, fps, visible=person.feet_visible, camera=camera, feet_speed=person.feet_speed
    )
    stands = with_chosen(found, chosen)
    ankle_height = ANKLE_HEIGHT_FRACTION * person.report["body"]["height_m"]
    holding = hands_hold(upright, fps, camera)
    return _Ground(upright, stands, holding, find_floor(upright, stands, ankle_height), ankle_height)


def _in_world(
    person: PlacedPerson,
    fps: float,
    settings: Settings,
    gravity: Gravity,
    shared_origin: Array | None,
    chosen: Contacts | None,
) -> MotionResult:
    """One placed person in world space, the feet held. `shared_origin`: (3,) whose x and y are taken."""
    pose, root, placed = person.pose, person.root, person.placed()
    rotation = camera_to_world(gravity.up)
    report = person.report | {"gravity": gravity.report}
    if not placed.any():
        return MotionResult(pose, root, pose + root[:, None], np.full(3, np.nan), gravity, report)
    ground = _on_ground(person, fps, gravity, chosen)
    upright, stands, floor = ground.upright, ground.stands, ground.floor
    first_hip = upright[placed][0, HIP]
    is_shared = shared_origin is not None and bool(np.isfinite(shared_origin).all())
    report["floor"] = {
        "below_camera_m": -floor.height,
        "from": f"{floor.found_from}, less {ground.ankle_height:.3f} m",
        "spread_m": floor.spread,
        "moved_by_hand_m": settings.floor_offset_m,
    }
    across = first_hip if shared_origin is None or not is_shared else shared_origin
    origin = np.array([across[0], across[1], floor.height + settings.floor_offset_m])
    lock = lock_feet(upright - origin, stands, fps, mode=settings.foot_lock, camera=-origin, chosen=chosen)
    report["feet"] = {
        "contact": contact_report(stands),
        "frames_hands_may_hold": int(ground.hands_hold.sum()),
        "lock": lock.report,
    }
    held = lock.world + origin
    if not is_shared:  # the lock may have moved the first hip, which the origin is under
        origin[:2] = held[placed][0, HIP, :2]
    in_camera = held @ rotation
    root = np.where(placed[:, None], in_camera[:, HIP], root)
    pose = np.where(placed[:, None, None], in_camera - in_camera[:, HIP, None], pose)
    return MotionResult(pose, root, held - origin, origin, gravity, report, stands)


def check_choices(settings: Settings) -> None:
    """What a user may choose of the motion, to be checked before long work. Raises StudioError."""
    height_m, fov_degrees, pitch = settings.height_m, settings.fov_degrees, settings.camera_pitch_degrees
    if height_m is not None and not 0.3 <= height_m <= 3.0:
        raise StudioError(
            f"A body height of {height_m:g} m is not possible; give it in metres, such as 1.75."
        )
    if fov_degrees is not None and not 5 <= fov_degrees <= 170:
        raise StudioError(f"A field of view of {fov_degrees:g} degrees is not possible; give 5 to 170.")
    if pitch is not None and not -90 <= pitch <= 90:
        raise StudioError(
            f"A camera pitch of {pitch:g} degrees is not possible; give -90 (looks up) to 90 (looks down)."
        )
    if not abs(settings.floor_offset_m) <= LARGEST_FLOOR_OFFSET:
        raise StudioError(
            f"The floor cannot be moved by {settings.floor_offset_m:g} m; give at most {LARGEST_FLOOR_OFFSET:g} m."
        )
    check_method(settings.smoothing)
    check_mode(settings.foot_lock)
    if not 0 <= settings.longest_gap_s <= LONGEST_GAP_S:
        raise StudioError(
            f"Gaps of {settings.longest_gap_s:g} s cannot be bridged; give 0 to {LONGEST_GAP_S:g} s."
        )
