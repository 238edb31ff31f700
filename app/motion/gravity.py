"""Which way is up in camera space, from the motion itself: bodies stand upright, standing feet lie on one plane.

Pitch and roll of the camera are the two unknowns. What speaks for them (a prior or a pitch that is given, the standing
body, the places where feet stand) is weighted by how far it is known to be off and combined by least squares, so that
the answer has a standard deviation (maximum a posteriori with Gaussian errors).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.motion.arrays import TINY, Array, Mask, spans
from app.motion.bones import HIP, LEFT_ANKLE, LEFT_HIP, LEFT_KNEE, RIGHT_ANKLE, RIGHT_HIP, RIGHT_KNEE, THORAX
from app.motion.contact import FEET, IN_CONTACT, find_contacts
from app.motion.placing import PlacedPerson
from app.motion.world import camera_to_world
from stcformer.skeleton import JOINTS

PRIOR_PITCH, PRIOR_PITCH_DEVIATION = 8.0, 30.0
"""Degrees that a camera looks down, where nothing is known: on a tripod, a shelf, held up, or under a ceiling."""
PRIOR_ROLL_DEVIATION = 3.0
"""Degrees: people hold pictures level."""
GIVEN_PITCH_DEVIATION = 1.0
"""Degrees: a pitch that the user gives."""

STANDING_LEG, STANDING_HIP = 60.0, 50.0
"""Degrees: knees and hips bent by less are a body that stands or walks."""
FORWARD_LEAN = 2.5
"""Degrees by which the line from the middle of the ankles to the thorax leans forward while people stand and walk, since
the weight is over the middle of the feet and not over the ankles (median over motion capture of 19 subjects)."""
UPRIGHT_ACROSS, UPRIGHT_ALONG = 1.5, 6.0
"""Degrees by which that line is off over a clip: sideways in the picture, and along the line of sight, where the lifter's
own lean comes to the body's (`benchmarks/motion.py`)."""
SITTING_ACROSS, SITTING_ALONG = 8.0, 14.0
"""The same of the trunk of somebody who never stands."""
FRAME_DEVIATION, FRAME_SECONDS = 3.0, 0.5
"""Degrees that one frame is off, and after how long another one says something new."""
FARTHEST_PITCH, FARTHEST_ROLL = 60.0, 35.0
"""Degrees from what is expected: a body that points elsewhere lies, or does a cartwheel."""
SAME_POSTURE = 20.0
"""Degrees from where most are: a body that leans further bends over."""
MOST_COMPARED = 300
"""Frames, spread over the clip, that are compared with each other."""
FEWEST_STANDING_SECONDS = 0.3

FOOT_ACROSS, FOOT_ALONG = 0.03, 0.12
"""Metres by which a standing ankle is off, across the line of sight and along it (depth)."""
HIP_ACROSS = 0.05
"""Metres by which the hip of a body that stands or walks is off its usual height."""
FOOT_INDEPENDENT = 4
"""Contacts: their depths drift together, so that more of them do not say more than so many."""
SLOPE_DEVIATION = 1.0
"""Degrees by which the feet of a clip may lie on a slope or a step by chance."""
FEWEST_CONTACTS = 3
ALIKE_PERSONS = 2
"""Persons: what is wrong with one is wrong with the next, so that a crowd says no more than so many."""
STAIRS = 4.0
"""Standard deviations by which the plane of the feet may differ from the upright body; beyond, people walk on stairs."""


NOBODY_UPRIGHT = "nobody stands or sits upright; a camera's usual pitch is assumed"


@dataclass(frozen=True)
class Gravity:
    """Where up is for the camera."""

    up: Array
    """(3,) unit vector in camera space."""
    pitch: float
    """Degrees that the camera looks down."""
    roll: float
    """Degrees that it is turned about its line of sight; positive: clockwise as it looks."""
    pitch_deviation: float
    roll_deviation: float
    report: dict[str, Any] = field(default_factory=dict)
    """What it was found from (plain JSON values)."""


@dataclass(frozen=True)
class Upright:
    """The direction in which a body is upright, and how far that may be off."""

    direction: Array
    """(3,) unit vector in camera space."""
    across: float
    """Degrees of standard deviation, sideways in the picture."""
    along: float
    """Along the line of sight."""
    of: str
    seconds: float


@dataclass(frozen=True)
class Footholds:
    """Where feet stood, or what else is at one height above the floor: N places."""

    points: Array
    """(N, 3) metres in camera space: of a contact the ankle's place in the middle of it."""
    weights: Array
    """(N,) how much of an independent observation each is."""
    of: str = "contacts"


def up_vector(pitch: float, roll: float) -> Array:
    """(3,) up in the space of a camera (x right, y down, z away) that looks down by `pitch` and is rolled; degrees."""
    p, r = np.radians([pitch, roll])
    return np.array([np.sin(r) * np.cos(p), -np.cos(r) * np.cos(p), -np.sin(p)])


def find_gravity(persons: Sequence[PlacedPerson], fps: float, given_pitch: float | None = None) -> Gravity:
    """The up direction of a clip from all who are in it.

    given_pitch: degrees that the camera looks down, if that is known. One frame is enough, and nobody gives the prior.
    """
    expected = PRIOR_PITCH if given_pitch is None else given_pitch
    prior = _prior(expected, PRIOR_PITCH_DEVIATION if given_pitch is None else GIVEN_PITCH_DEVIATION)
    bodies = [body for person in persons if (body := _upright_body(person.pose, fps, expected)) is not None]
    share = min(1.0, ALIKE_PERSONS / max(1, len(persons)))
    upright = [prior, *(_weighted(_body_residual(body), share) for body in bodies)]
    angles, covariance = _solved(upright, np.array([expected, 0.0]))
    up = up_vector(*angles)
    feet = [
        found
        for person in persons
        if (found := find_footholds(person, fps, up) or _hip_path(person, fps, up)) is not None
    ]
    from_feet = "too few contacts"
    if feet:
        planes = [_weighted(_feet_residual(found), share) for found in feet]
        by_feet, feet_covariance = _solved([prior, *planes], angles)
        apart = by_feet - angles
        surprise = float(np.sqrt(apart @ np.linalg.solve(covariance + feet_covariance, apart)))
        if bodies and surprise > STAIRS:
            from_feet = (
                f"left out: {surprise:.1f} standard deviations from the upright body (stairs, or a slope)"
            )
        else:
            angles, covariance = _solved([*upright, *planes], angles)
            from_feet = ", ".join(f"{len(found.points)} {found.of}" for found in feet)
    deviations = np.sqrt(np.diag(covariance))
    pitch, roll = (float(angle) for angle in angles)
    report = {
        "pitch_degrees": pitch,
        "pitch_deviation_degrees": float(deviations[0]),
        "roll_degrees": roll,
        "roll_deviation_degrees": float(deviations[1]),
        "pitch_given_degrees": given_pitch,
        "bodies": [f"{body.seconds:.1f} s of {body.of}" for body in bodies] or NOBODY_UPRIGHT,
        "feet": from_feet,
    }
    return Gravity(up_vector(pitch, roll), pitch, roll, float(deviations[0]), float(deviations[1]), report)


def find_footholds(person: PlacedPerson, fps: float, up: Array) -> Footholds | None:
    """Where the feet stood, as far as `up` (3,) in camera space tells it; None for fewer than three contacts."""
    absolute = person.pose + person.root[:, None]
    contacts = find_contacts(
        absolute @ camera_to_world(up).T,
        fps,
        visible=person.feet_visible,
        camera=np.zeros(3),
        feet_speed=person.feet_speed,
    )
    points, weights = [], []
    for foot, ankle in enumerate(FEET):
        for start, stop in spans(contacts[:, foot] == IN_CONTACT):
            points.append(np.median(absolute[start:stop, ankle], axis=0))
            weights.append(min(1.0, (stop - start) / fps / FRAME_SECONDS))
    if len(points) < FEWEST_CONTACTS:
        return None
    weight = np.array(weights)
    return Footholds(np.array(points), weight * min(1.0, FOOT_INDEPENDENT / weight.sum()))


def _hip_path(person: PlacedPerson, fps: float, up: Array) -> Footholds | None:
    """Where the hip was while the body stood or walked, every so often: it keeps its height too, but for some 5 cm. For
    those whose feet are not known to stand, or are not seen; None for less than three places."""
    stands = person.placed()
    pose = person.pose[stands]
    line = pose[:, THORAX] - (pose[:, LEFT_ANKLE] + pose[:, RIGHT_ANKLE]) / 2
    stands[stands] = _stands(pose) & (_angle(line, np.broadcast_to(up, line.shape)) < SAME_POSTURE)
    step = max(1, round(FRAME_SECONDS * fps))
    parts = [
        part
        for start in range(0, len(stands), step)
        if stands[part := slice(start, start + step)].sum() > step / 3
    ]
    if len(parts) < FEWEST_CONTACTS:
        return None
    points = np.stack([person.root[part][stands[part]].mean(axis=0) for part in parts])
    share = (FOOT_ACROSS / HIP_ACROSS) ** 2
    return Footholds(
        points, np.full(len(points), share * min(1.0, FOOT_INDEPENDENT / len(points))), "places of the hip"
    )


def _upright_body(pose: Array, fps: float, expected_pitch: float) -> Upright | None:
    """The direction of a body that stands or walks, else that of a trunk which is held up; None for neither."""
    seen = pose[np.isfinite(pose).all(axis=(1, 2))]
    if not len(seen):
        return None
    shoulders = seen[:, JOINTS.index("rshoulder")] - seen[:, JOINTS.index("lshoulder")]
    rightward = seen[:, RIGHT_HIP] - seen[:, LEFT_HIP] + shoulders
    ankles = (seen[:, LEFT_ANKLE] + seen[:, RIGHT_ANKLE]) / 2
    trunk = seen[:, THORAX] - seen[:, HIP]
    stands = _stands(seen)
    whole = _middle_direction(
        (seen[:, THORAX] - ankles)[stands], rightward[stands], FORWARD_LEAN, expected_pitch
    )
    ways = (
        (whole, "a standing or walking body", UPRIGHT_ACROSS, UPRIGHT_ALONG),
        (
            _middle_direction(trunk, rightward, 0.0, expected_pitch),
            "an upright trunk",
            SITTING_ACROSS,
            SITTING_ALONG,
        ),
    )
    for found, of, across, along in ways:
        if found is None:
            continue
        direction, frames = found
        seconds = frames / fps
        if seconds < FEWEST_STANDING_SECONDS and frames < len(seen):
            continue
        chance = FRAME_DEVIATION**2 / max(1.0, seconds / FRAME_SECONDS)
        return Upright(
            direction, float(np.hypot(across, chance**0.5)), float(np.hypot(along, chance**0.5)), of, seconds
        )
    return None


def _stands(pose: Array) -> Mask:
    """(F,) whether knees and hips are nearly straight."""
    trunk = pose[:, THORAX] - pose[:, HIP]
    stands = np.ones(len(pose), dtype=bool)
    for hip, knee, ankle in ((RIGHT_HIP, RIGHT_KNEE, RIGHT_ANKLE), (LEFT_HIP, LEFT_KNEE, LEFT_ANKLE)):
        thigh = pose[:, hip] - pose[:, knee]
        stands &= _angle(thigh, pose[:, knee] - pose[:, ankle]) < STANDING_LEG
        stands &= _angle(trunk, thigh) < STANDING_HIP
    return stands


def _middle_direction(lines: Array, rightward: Array, lean: float, pitch: float) -> tuple[Array, int] | None:
    """The middle of (N, 3) body lines that point up more or less, less the usual forward `lean` (degrees), and how many
    they are; None where none does."""
    size = np.linalg.norm(lines, axis=1)
    lines, rightward = lines[size > TINY] / size[size > TINY, None], rightward[size > TINY]
    pitches = np.degrees(np.arctan2(-lines[:, 2], -lines[:, 1]))
    rolls = np.degrees(np.arctan2(lines[:, 0], np.hypot(lines[:, 1], lines[:, 2])))
    usual = (np.abs(pitches - pitch) < FARTHEST_PITCH) & (np.abs(rolls) < FARTHEST_ROLL)
    lines, rightward = lines[usual], rightward[usual]
    if not len(lines):
        return None
    middle = _densest(lines)
    near = np.ones(len(lines), dtype=bool)
    for _ in range(5):
        middle /= np.linalg.norm(middle)
        forward = np.cross(middle, rightward)
        forward /= np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), TINY)
        upright = lines - np.tan(np.radians(lean)) * forward
        near = _angle(upright, np.broadcast_to(middle, upright.shape)) < SAME_POSTURE
        if not near.any():
            return None
        middle = np.median(upright[near], axis=0)
    return middle / np.linalg.norm(middle), int(near.sum())


def _densest(directions: Array) -> Array:
    """(3,) that of (N, 3) unit vectors around which most others lie: who stands and then lies down stood there."""
    few = directions[:: max(1, len(directions) // MOST_COMPARED)]
    close = few @ few.T > np.cos(np.radians(SAME_POSTURE / 2))
    return np.asarray(few[close[np.argmax(close.sum(axis=1))]].mean(axis=0))


def _angle(first: Array, second: Array) -> Array:
    """(N,) degrees between (N, 3) vectors."""
    size = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.degrees(np.arccos(np.clip((first * second).sum(axis=1) / np.maximum(size, TINY), -1, 1)))


Residual = Callable[[Array], Array]
"""Of (pitch, roll) in degrees: differences in standard deviations, one number each."""


def _weighted(residual: Residual, weight: float) -> Residual:
    return lambda angles: np.sqrt(weight) * residual(angles)


def _prior(pitch: float, deviation: float) -> Residual:
    return lambda angles: np.array([(angles[0] - pitch) / deviation, angles[1] / PRIOR_ROLL_DEVIATION])


def _body_residual(body: Upright) -> Residual:
    def residual(angles: Array) -> Array:
        up = up_vector(*angles)
        sight = np.array([0.0, 0.0, 1.0]) - up[2] * up
        sight /= max(float(np.linalg.norm(sight)), TINY)
        along, across = body.direction @ sight, body.direction @ np.cross(sight, up)
        return np.degrees([along, across]) / [body.along, body.across]

    return residual


def _feet_residual(feet: Footholds) -> Residual:
    def residual(angles: Array) -> Array:
        up = up_vector(*angles)
        heights = feet.points @ up
        sight = feet.points / np.linalg.norm(feet.points, axis=1, keepdims=True)
        middle = np.average(feet.points, axis=0, weights=feet.weights)
        reach = np.linalg.norm(feet.points - middle, axis=1) * np.tan(np.radians(SLOPE_DEVIATION))
        deviation = np.sqrt(FOOT_ACROSS**2 + (FOOT_ALONG * (sight @ up)) ** 2 + reach**2)
        weights = feet.weights / deviation**2
        return np.sqrt(feet.weights) * (heights - np.average(heights, weights=weights)) / deviation

    return residual


def _solved(residuals: Sequence[Residual], start: Array) -> tuple[Array, Array]:
    """(pitch, roll) of the least squares, and their (2, 2) covariance: Gauss-Newton steps with Huber weights."""
    angles = np.array(start, dtype=float)
    step = 1e-3
    for _ in range(12):
        values = np.concatenate([residual(angles) for residual in residuals])
        weights = np.sqrt(np.minimum(1.0, 2.0 / np.maximum(np.abs(values), TINY)))
        slopes = (
            np.stack(
                [
                    np.concatenate([residual(angles + change) for residual in residuals]) - values
                    for change in np.eye(2) * step
                ],
                axis=1,
            )
            / step
        )
        slopes, values = slopes * weights[:, None], values * weights
        normal = slopes.T @ slopes
        change = np.linalg.solve(normal, slopes.T @ values)
        angles = angles - np.clip(change, -20, 20)
        angles[0] = np.clip(angles[0], -90, 90)
    return angles, np.linalg.inv(normal)
