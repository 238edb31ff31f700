"""Joint angles of movement science from the 17 joints: what can be said, by the ISB's definitions; the rest is left out.

Sources: ISB recommendations on joint coordinate systems (Wu et al. 2002, J Biomech 35: hip and spine; Wu et al. 2005,
J Biomech 38: shoulder and elbow) and Grood and Suntay 1983 (J Biomech Eng 105: knee, and the order flexion, abduction,
rotation for the hip). `docs/joint_angles.md` says each definition with its sign and zero pose.

Segments have x forward, y up along the segment, z to the right. What the joints do not show is not invented: three
hip joints on a line say nothing of the pelvis' tilt, so the trunk's line (hip to thorax) stands in its place; nothing
is known of the feet, the hands, and the forearm's and shank's own twist.
"""

from dataclasses import dataclass

import numpy as np

from app.motion.arrays import Array, dot, spans
from stcformer.skeleton import JOINTS

LEAST_FLEXION_FOR_ROTATION = 30.0
"""Degrees of knee flexion below which the shank does not show how the thigh is turned about itself."""
LEAST_ELEVATION_FOR_PLANE = 15.0
"""Degrees away from hanging and from overhead within which an arm is in no plane of elevation."""
LEAST_FROM_POLE = 15.0
"""Degrees between a direction and the axis that an angle is taken about, below which the angle has no meaning."""

_SHORT = 1e-6
_INDEX = {name: index for index, name in enumerate(JOINTS)}


@dataclass(frozen=True)
class Angle:
    """One column of `joint_angles`."""

    name: str
    positive: str
    """What a larger value means."""
    zero: str
    """The pose at 0."""
    definition: str
    empty: str = ""
    """When it is NaN although the joints are there; empty: never, but for bones without a length."""
    middle: float | None = 0.0
    """Degrees at the middle of the range that the body has: values are within 180 of it. None: turns are counted on."""


def _both(name: str, *words: str, empty: str = "", middle: float = 0.0) -> tuple[Angle, Angle]:
    positive, zero, definition = words
    right, left = (
        Angle(f"{side}_{name}", positive, zero, definition, empty, middle) for side in ("right", "left")
    )
    return right, left


_NEAR = f"within {LEAST_FROM_POLE:g} degrees of"
_LINE_UPRIGHT = f"the line of the hips is {_NEAR} the vertical (lying on the side)"
_NEAR_TRUNK = f"the line of the hips is {_NEAR} the trunk's"
_SHOULDERS = f"the line of the shoulders is {_NEAR} the trunk's"

ANGLES: tuple[Angle, ...] = (
    Angle(
        "pelvis_obliquity",
        "the right hip is the higher one",
        "both hips level",
        "angle of the line from left to right hip above the horizontal",
    ),
    Angle(
        "pelvis_rotation",
        "turned to the person's left, counted on over whole turns",
        "facing the camera",
        "heading of the pelvis about the vertical, from the line of the hips",
        _LINE_UPRIGHT,
        None,
    ),
    Angle(
        "trunk_lean",
        "forward",
        "trunk upright",
        "angle of the line from hip to thorax from the vertical, in the sagittal plane of the pelvis' heading",
        f"{_LINE_UPRIGHT}, or the trunk is {_NEAR} the axis across that plane",
    ),
    Angle(
        "trunk_side_lean",
        "to the right",
        "trunk upright",
        "angle of the line from hip to thorax out of the sagittal plane of the pelvis' heading",
        _LINE_UPRIGHT,
    ),
    Angle(
        "trunk_side_bend",
        "to the right",
        "trunk square on the line of the hips",
        "lateral bending of the thorax to the pelvis: 90 degrees less the angle of the trunk's line to the right hip",
    ),
    Angle(
        "trunk_rotation",
        "to the left",
        "shoulders over the hips",
        "axial rotation of the thorax to the pelvis: angle from the line of the hips to that of the shoulders about the "
        "trunk's line",
        f"{_NEAR_TRUNK}, or {_SHOULDERS}",
    ),
    Angle(
        "head_flexion",
        "forward and down",
        "top of the head on the trunk's line",
        "angle of the line from thorax to head top from the trunk's line, in the sagittal plane of the thorax",
        f"{_SHOULDERS}, or the head is {_NEAR} the axis across that plane",
    ),
    Angle(
        "head_side_bend",
        "to the right",
        "top of the head on the trunk's line",
        "angle of the line from thorax to head top out of the sagittal plane of the thorax",
        _SHOULDERS,
    ),
    Angle(
        "head_rotation",
        "to the left",
        "nose straight ahead of the thorax",
        "heading of the nose about the line from thorax to head top, from the forward direction of the thorax",
        f"{_SHOULDERS}, or the nose or the forward direction is {_NEAR} that line",
    ),
    *_both(
        "hip_flexion",
        "thigh forward",
        "thigh along the trunk's line",
        "first angle of the hip (flexion, abduction, rotation; Wu 2002, Grood and Suntay 1983) about the line of the "
        "hips; the trunk's line stands for the pelvis, so bending of the lumbar spine is in it",
        empty=f"the thigh is {_NEAR} the line of the hips, or {_NEAR_TRUNK}",
        middle=50.0,
    ),
    *_both(
        "hip_abduction",
        "thigh away from the other one",
        "thigh square on the line of the hips",
        "second angle of the hip: of the thigh out of the plane across the line of the hips",
    ),
    *_both(
        "hip_rotation",
        "internal",
        "shank bends in the plane of hip flexion",
        "third angle of the hip: about the thigh, shown by the side to which the shank bends",
        empty=f"the knee is flexed by less than {LEAST_FLEXION_FOR_ROTATION:g} degrees, or hip flexion is empty",
    ),
    *_both(
        "knee_flexion",
        "shank bent back",
        "leg straight",
        "angle between thigh and shank, 0 to 180; three joints do not tell hyperextension from flexion",
        middle=90.0,
    ),
    *_both(
        "shoulder_elevation",
        "arm raised",
        "upper arm along the trunk's line downwards",
        "elevation of the humerus to the thorax (Wu 2005, second angle, with the usual positive sign), 0 to 180",
        middle=90.0,
    ),
    *_both(
        "shoulder_plane",
        "forward",
        "arm raised sideways; 90: straight ahead",
        "plane of elevation of the humerus about the trunk's line (Wu 2005, first angle)",
        empty=f"the arm is raised by less than {LEAST_ELEVATION_FOR_PLANE:g} degrees or to within as much of overhead, "
        f"or {_SHOULDERS}",
        middle=20.0,
    ),
    *_both(
        "elbow_flexion",
        "forearm bent up",
        "arm straight",
        "angle between upper arm and forearm, 0 to 180",
        middle=90.0,
    ),
)
"""Every angle, in the order of the columns of `joint_angles`."""

LEFT_OUT: dict[str, str] = {
    "pelvis tilt": "the three hip joints lie on one line and do not show it",
    "trunk flexion to the pelvis": "it needs the pelvis' tilt",
    "ankle and foot": "the 17 joints end at the ankle",
    "knee abduction and rotation": "three joints on two bones show one angle",
    "shoulder axial rotation": "it hangs on the direction of the forearm, which is too uncertain for it",
    "forearm rotation and wrist": "the 17 joints end at the wrist",
}
"""What movement science asks for and 17 joints do not tell, with the reason."""


def joint_angles(world: Array) -> Array:
    """(F, A) degrees of the `ANGLES` for (F, 17, 3) joints in world space (any unit, z up).

    NaN where a joint that an angle needs is NaN, and near the poses in which it has no meaning (`Angle.empty`).
    No value jumps by 360 degrees between neighbouring frames.
    """
    joint = {name: np.asarray(world[:, index], dtype=np.float64) for name, index in _INDEX.items()}
    hips = _unit(joint["rhip"] - joint["lhip"])
    shoulders = _unit(joint["rshoulder"] - joint["lshoulder"])
    trunk = _unit(joint["thorax"] - joint["hip"])
    values = _pelvis_and_trunk(hips, shoulders, trunk)
    thorax_frame = _frame(trunk, shoulders)
    values |= _head(joint, thorax_frame)
    for side, letter, sign in (("right", "r", 1.0), ("left", "l", -1.0)):
        values |= _leg(side, letter, sign, joint, hips, trunk)
        values |= _arm(side, letter, sign, joint, thorax_frame)
    return np.stack([_continuous(values[angle.name], angle.middle) for angle in ANGLES], axis=-1)


def angle_index(name: str) -> int:
    """Column of an angle in `joint_angles`. Raises ValueError when there is no such angle."""
    return [angle.name for angle in ANGLES].index(name)


def _pelvis_and_trunk(hips: Array, shoulders: Array, trunk: Array) -> dict[str, Array]:
    up = np.broadcast_to([0.0, 0.0, 1.0], hips.shape)
    right = _across(hips, up)
    forward = np.cross(up, right)
    ahead, sideways = dot(trunk, forward), dot(trunk, right)
    right_of_trunk = _across(hips, trunk)
    shoulders_across = _across(shoulders, trunk)
    twist = np.arctan2(
        dot(trunk, np.cross(right_of_trunk, shoulders_across)), dot(right_of_trunk, shoulders_across)
    )
    return {
        "pelvis_obliquity": _arcsine(hips[:, 2]),
        # Facing the camera, the right hand side is at -x.
        "pelvis_rotation": np.degrees(np.arctan2(-right[:, 1], -right[:, 0])),
        "trunk_lean": _angle_in_plane(ahead, trunk[:, 2]),
        "trunk_side_lean": _arcsine(sideways),
        "trunk_side_bend": _arcsine(dot(trunk, hips)),
        "trunk_rotation": np.degrees(twist),
    }


def _head(joint: dict[str, Array], thorax: Array) -> dict[str, Array]:
    forward, up, right = (thorax[:, axis] for axis in range(3))
    crown = _unit(joint["head"] - joint["thorax"])
    nose = _across(_unit(joint["neck"] - joint["thorax"]), crown)
    ahead = _across(forward, crown)
    turn = np.arctan2(dot(crown, np.cross(ahead, nose)), dot(ahead, nose))
    return {
        "head_flexion": _angle_in_plane(dot(crown, forward), dot(crown, up)),
        "head_side_bend": _arcsine(dot(crown, right)),
        "head_rotation": np.degrees(turn),
    }


def _leg(
    side: str, letter: str, sign: float, joint: dict[str, Array], hips: Array, trunk: Array
) -> dict[str, Array]:
    thigh = _unit(joint[f"{letter}knee"] - joint[f"{letter}hip"])
    shank = _unit(joint[f"{letter}ankle"] - joint[f"{letter}knee"])
    up = _across(trunk, hips)
    forward = np.cross(up, hips)
    flexion = _angle_in_plane(dot(thigh, forward), -dot(thigh, up))
    knee = _between(thigh, shank)
    # The thigh's own forward axis: a bent shank points back.
    front = -_across(shank, thigh)
    to_the_right = np.cross(front, -thigh)
    rotation = np.degrees(np.arctan2(-sign * dot(front, hips), dot(to_the_right, hips)))
    is_shown = (knee >= LEAST_FLEXION_FOR_ROTATION) & np.isfinite(flexion)
    return {
        f"{side}_hip_flexion": flexion,
        f"{side}_hip_abduction": _arcsine(sign * dot(thigh, hips)),
        f"{side}_hip_rotation": np.where(is_shown, rotation, np.nan),
        f"{side}_knee_flexion": knee,
    }


def _arm(side: str, letter: str, sign: float, joint: dict[str, Array], thorax: Array) -> dict[str, Array]:
    forward, right = thorax[:, 0], thorax[:, 2]
    upper = _unit(joint[f"{letter}elbow"] - joint[f"{letter}shoulder"])
    fore = _unit(joint[f"{letter}wrist"] - joint[f"{letter}elbow"])
    trunk = _unit(joint["thorax"] - joint["hip"])
    elevation = _between(upper, -trunk)
    plane = np.degrees(np.arctan2(dot(upper, forward), sign * dot(upper, right)))
    least = LEAST_ELEVATION_FOR_PLANE
    with np.errstate(invalid="ignore"):
        is_raised = (elevation >= least) & (elevation <= 180 - least)
    return {
        f"{side}_shoulder_elevation": elevation,
        f"{side}_shoulder_plane": np.where(is_raised, plane, np.nan),
        f"{side}_elbow_flexion": _between(upper, fore),
    }


def _frame(up: Array, right_hint: Array) -> Array:
    """(F, 3, 3) rows forward, up, right, where up is exact; NaN where the hint lies too near to it."""
    right = _across(right_hint, up)
    return np.stack((np.cross(up, right), up, right), axis=1)


def _unit(vectors: Array) -> Array:
    """Vectors at length 1; NaN where one has no direction."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > _SHORT, lengths, np.nan))


def _across(vectors: Array, axis: Array) -> Array:
    """Unit vectors' directions across a unit axis; NaN where they are within `LEAST_FROM_POLE` of it."""
    part = vectors - dot(vectors, axis)[:, None] * axis
    sine = np.linalg.norm(part, axis=-1, keepdims=True)
    return np.asarray(part / np.where(sine >= np.sin(np.radians(LEAST_FROM_POLE)), sine, np.nan))


def _between(first: Array, second: Array) -> Array:
    """(F,) degrees between unit vectors, 0 to 180; by the arc tangent, exact for small angles as well."""
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(first, second), axis=-1), dot(first, second)))


def _angle_in_plane(sine: Array, cosine: Array) -> Array:
    """(F,) degrees of a unit vector's part in a plane; NaN where it is within `LEAST_FROM_POLE` of the plane's axis."""
    is_there = np.hypot(sine, cosine) >= np.sin(np.radians(LEAST_FROM_POLE))
    return np.where(is_there, np.degrees(np.arctan2(sine, cosine)), np.nan)


def _arcsine(values: Array) -> Array:
    return np.degrees(np.arcsin(np.clip(values, -1.0, 1.0)))


def _continuous(values: Array, middle: float | None) -> Array:
    """Angles without a jump of 360 degrees: each run of frames is unwrapped and brought to `middle` as a whole.

    `middle` None: turns are counted on over gaps as well, by the shortest way, from the first value in -180 to 180.
    """
    result = values.copy()
    there = np.isfinite(values)
    if middle is None:
        result[there] = np.unwrap(values[there], period=360)
        return result
    for start, stop in spans(there):
        run = np.unwrap(values[start:stop], period=360)
        result[start:stop] = run - 360 * np.round((np.median(run) - middle) / 360)
    return result
