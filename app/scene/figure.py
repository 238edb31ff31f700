"""A person as solid parts: joints in metres to tapered round limbs. No Qt, no drawing.

The limbs end in the joints, exactly. The shape of the head is for the eye and is not measured; nor are toes, where
nobody says where they are.
"""

from dataclasses import dataclass

import numpy as np

from app.take import Array
from stcformer.skeleton import JOINTS

_J = {name: number for number, name in enumerate(JOINTS)}

# Further points, after the 17 joints: made by `figure_points`.
(_SKULL, _CROWN, _RIGHT_TOE, _LEFT_TOE, _LOW_BELLY, _BREAST, _RIGHT_BREAST, _LEFT_BREAST) = range(
    len(JOINTS), len(JOINTS) + 8
)
_BELLY = _J["spine"]

USUAL_TRUNK = 0.49
"""Metres from hip to thorax of the body that the radii below are for; another body's grow with it."""

_FOOT_REACH = 0.62
"""Of the way from the ankle to the tip of the toes: a foot's round end is about there."""

_HEAD_RADIUS = 0.29  # of the distance from thorax to the top of the head


@dataclass(frozen=True)
class Part:
    """A round limb between two points, or a ball when both are one; radii in metres at its two ends."""

    start: int
    end: int
    radii: tuple[float, float]
    side: str
    """left, right or middle: its colour."""
    is_joint: bool = False
    """A ball in a joint: drawn a little darker."""


def _limbs(side: str, letter: str, toe: int) -> list[Part]:
    def limb(start: str, end: str, *radii: float) -> Part:
        return Part(_J[start], _J[end], (radii[0], radii[1]), side)

    def ball(name: str, radius: float) -> Part:
        return Part(_J[letter + name], _J[letter + name], (radius, radius), side, is_joint=True)

    hip, knee, ankle = (letter + name for name in ("hip", "knee", "ankle"))
    shoulder, elbow, wrist = (letter + name for name in ("shoulder", "elbow", "wrist"))
    return [
        limb(hip, knee, 0.074, 0.046),
        limb(knee, ankle, 0.05, 0.031),
        Part(_J[ankle], toe, (0.037, 0.022), side),
        limb(shoulder, elbow, 0.05, 0.036),
        limb(elbow, wrist, 0.038, 0.025),
        ball("knee", 0.053),
        ball("ankle", 0.039),
        ball("elbow", 0.041),
        ball("wrist", 0.034),
    ]


PARTS: tuple[Part, ...] = (
    Part(_J["rhip"], _LOW_BELLY, (0.072, 0.08), "middle"),
    Part(_J["lhip"], _LOW_BELLY, (0.072, 0.08), "middle"),
    Part(_LOW_BELLY, _BELLY, (0.08, 0.076), "middle"),
    Part(_BELLY, _BREAST, (0.076, 0.09), "middle"),
    Part(_BREAST, _J["thorax"], (0.09, 0.055), "middle"),
    Part(_BELLY, _RIGHT_BREAST, (0.076, 0.084), "middle"),
    Part(_BELLY, _LEFT_BREAST, (0.076, 0.084), "middle"),
    Part(_RIGHT_BREAST, _LEFT_BREAST, (0.084, 0.084), "middle"),
    Part(_RIGHT_BREAST, _J["thorax"], (0.084, 0.055), "middle"),
    Part(_LEFT_BREAST, _J["thorax"], (0.084, 0.055), "middle"),
    Part(_J["thorax"], _J["rshoulder"], (0.05, 0.046), "middle"),
    Part(_J["thorax"], _J["lshoulder"], (0.05, 0.046), "middle"),
    Part(_J["thorax"], _SKULL, (0.05, 0.043), "middle"),
    *_limbs("left", "l", _LEFT_TOE),
    *_limbs("right", "r", _RIGHT_TOE),
)
"""Every part but the head, whose size is the body's own."""

HEAD: tuple[Part, ...] = (
    Part(_SKULL, _CROWN, (0.85, 1.0), "middle"),
    Part(_SKULL, _J["neck"], (0.5, 0.15), "middle"),
)
"""Skull and nose; radii are shares of the head's own radius."""

ALL_PARTS = PARTS + HEAD

CASTS_SHADOW = np.array([not part.is_joint for part in ALL_PARTS])
"""(N,) of `ALL_PARTS`: a ball in a joint is within the shadows of its limbs."""


def figure_points(person: Array, toes: Array | None = None) -> Array:
    """(25, 3) the `(17, 3)` joints and the points between them that parts begin or end in, metres.

    `toes` (2, 3): see `foot_ends`.
    """
    thorax, top, hip, spine = (person[_J[name]] for name in ("thorax", "head", "hip", "spine"))
    upward = top - thorax
    breast = thorax - 0.36 * (thorax - spine)
    between = (
        thorax + 0.58 * upward,
        top - _HEAD_RADIUS * upward,
        *foot_ends(person, toes),
        hip + 0.12 * (spine - hip),
        breast,
        breast + 0.3 * (person[_J["rshoulder"]] - thorax),
        breast + 0.3 * (person[_J["lshoulder"]] - thorax),
    )
    return np.concatenate((person, np.stack(between)))


def figure_parts(person: Array, toes: Array | None = None) -> tuple[Array, Array]:
    """Starts and ends `(N, 4)` of the `ALL_PARTS` of a `(17, 3)` person: x, y, z and radius, all in metres.

    `toes` (2, 3): see `foot_ends`. Raises ValueError for a person with NaN: nothing is drawn of such a one.
    """
    if not np.isfinite(person).all():
        raise ValueError("a person with unknown joints has no parts")
    points = figure_points(person, toes)
    trunk = np.linalg.norm(person[_J["thorax"]] - person[_J["hip"]])
    size = float(np.clip(trunk / USUAL_TRUNK, 0.5, 1.4))
    head = _HEAD_RADIUS * float(np.linalg.norm(person[_J["head"]] - person[_J["thorax"]]))
    scales = np.array([size] * len(PARTS) + [head] * len(HEAD))
    starts = np.concatenate((points[_STARTS], (scales * _RADII[:, 0])[:, None]), axis=1)
    ends = np.concatenate((points[_ENDS], (scales * _RADII[:, 1])[:, None]), axis=1)
    return starts, ends


_STARTS = np.array([part.start for part in ALL_PARTS])
_ENDS = np.array([part.end for part in ALL_PARTS])
_RADII = np.array([part.radii for part in ALL_PARTS])


def foot_ends(person: Array, toes: Array | None = None) -> Array:
    """(2, 3) where the right and the left foot of a `(17, 3)` person end, metres.

    `toes` (2, 3) are the tips of the left and the right foot's toes (`app.take.Take.toes`). Where they are not known
    (None, or NaN) feet point across shin and hip line: for the eye, not measured.
    """
    ankles = person[[_J["rankle"], _J["lankle"]]]
    ends = _unknown_feet(person)
    if toes is None:
        return ends
    seen = ankles + _FOOT_REACH * (toes[::-1] - ankles)
    return np.asarray(np.where(np.isfinite(seen).all(axis=1, keepdims=True), seen, ends))


def _unknown_feet(person: Array) -> Array:
    shins = person[[_J["rankle"], _J["lankle"]]] - person[[_J["rknee"], _J["lknee"]]]
    sizes = np.maximum(np.linalg.norm(shins, axis=-1, keepdims=True), 1e-9)
    ahead = np.cross(shins, person[_J["lhip"]] - person[_J["rhip"]])
    ahead /= np.maximum(np.linalg.norm(ahead, axis=-1, keepdims=True), 1e-9)
    return np.asarray(person[[_J["rankle"], _J["lankle"]]] + sizes * (0.11 * shins / sizes + 0.33 * ahead))


def part_colours(left: Array, right: Array, middle: Array, joint_shade: float) -> Array:
    """(N, 3) a colour for each of `ALL_PARTS` from `(3,)` colours; balls in joints times `joint_shade`."""
    sides = {"left": np.asarray(left), "right": np.asarray(right), "middle": np.asarray(middle)}
    return np.stack([sides[part.side] * (joint_shade if part.is_joint else 1.0) for part in ALL_PARTS])
