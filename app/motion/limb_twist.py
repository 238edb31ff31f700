"""The twist of thigh and upper arm: knee and elbow are hinges, and a straight limb does not spin.

A limb's bend shows its hinge: the axis across upper and lower bone. Where the limb is straight there is none to
be seen, and next to straight it is noise. The hinge is therefore written as an angle from a reference that
turns as little as it can while the limb moves (parallel transport, Bishop 1975, in the axes of the body part that
the limb hangs on), and that angle is smoothed over time with the bend as its weight. A reference tied to
the rest pose instead would spin wherever the limb points away from its rest direction.
"""

import numpy as np

from app.motion.arrays import Array, about_axis, apply, dot, ramp, shortest_rotation, unit

_LOOSE_SINE, _FIRM_SINE = 0.09, 0.42
"""Sine of a limb's bend (5 and 25 degrees) below which its hinge is not believed, above which it is fully."""

_CARRY = 0.25
"""Weight of twist changes between frames at 30 a second: half a frame of smoothing where a hinge is firm."""

_REST_PRIOR = 1e-6
"""Weight of the natural twist, which decides for a limb that is straight all through the clip."""

_SINGULAR, _REGULAR = 0.1, 0.6
"""1 + cosine from the rest direction below which a limb has no natural twist, above which it has."""

_BACKWARD, _ODD = -0.7, -0.2
"""Cosine between a knee's hinge and its natural one below which it bends the wrong way and is not believed,
above which it is: at 135 and 100 degrees. A thigh does not turn that far; a nearly straight knee in noise may."""


def limb_frames(
    joints: Array, parent: Array, rest: Array, rest_hinge: Array, fps: float, *, knee: bool
) -> tuple[Array, Array]:
    """(F, 3, 3) frames of a limb's upper bone and of its lower one.

    joints: (3, F, 3) shoulder, elbow, wrist (or hip, knee, ankle); parent: (F, 3, 3) the frame that the
    limb hangs on; rest: the upper bone's rest direction; rest_hinge: the rest axis about which the lower bone
    bends (right-hand rule); knee: whether a hinge that points backward is an error. The twist is the phase
    of z that minimises sum w |z - measured|^2 + carry |z'|^2 + prior |z - natural|^2, so that directions
    average without unwrapping and frames of little bend lean on their neighbours.
    """
    upper = unit(joints[1] - joints[0], (float(rest[0]), float(rest[1]), float(rest[2])))
    lower_bone = joints[2] - joints[1]
    size = np.linalg.norm(lower_bone, axis=-1, keepdims=True)
    lower = np.where(size > 1e-9, lower_bone / np.maximum(size, 1e-9), upper)
    local = apply(np.swapaxes(parent, -1, -2), upper)
    from_rest = dot(local, np.broadcast_to(rest, local.shape))
    swing = shortest_rotation(np.broadcast_to(rest, local.shape), local)
    natural = apply(swing, rest_hinge)

    zero = _transported(local, natural, int(np.argmax(from_rest)))
    hinge = apply(np.swapaxes(parent, -1, -2), np.cross(upper, lower))
    bend = np.linalg.norm(hinge, axis=-1)
    trust = ramp(bend, _LOOSE_SINE, _FIRM_SINE)
    regular = ramp(1 + from_rest, _SINGULAR, _REGULAR)
    if knee:
        cosine = dot(hinge, natural) / np.maximum(bend, 1e-12)
        trust = trust * (1 - regular * (1 - ramp(cosine, _BACKWARD, _ODD)))
    prior = _REST_PRIOR * np.maximum(regular, 1e-3)
    measured = phase_about(hinge, zero, local) / np.maximum(bend, 1e-12)
    twist = carried_phase(measured, trust, phase_about(natural, zero, local), prior, fps)

    across = twist.real[:, None] * zero + twist.imag[:, None] * np.cross(local, zero)
    from_natural = phase_about(across, natural, local)
    upper_frame = parent @ about_axis(local, from_natural.real, from_natural.imag) @ swing
    # The lower bone keeps the hinge: its shortest turn out of the upper one would flip where a limb is folded shut.
    hinge_axis = apply(upper_frame, rest_hinge)
    return upper_frame, _frames(lower, hinge_axis) @ _frames(rest[None], rest_hinge[None])[0].T


def _frames(direction: Array, hint: Array) -> Array:
    """(F, 3, 3) frames whose first column is `direction`, whose second is as near to `hint` as it can be."""
    second = unit(hint - dot(hint, direction)[:, None] * direction, (0.0, 0.0, 1.0))
    return np.stack((direction, second, np.cross(direction, second)), axis=-1)


def phase_about(vectors: Array, zero: Array, axis: Array) -> np.ndarray:
    """(F,) `vectors` across `axis` as complex numbers whose real direction is `zero`."""
    return np.asarray(dot(vectors, zero) + 1j * dot(vectors, np.cross(axis, zero)))


def _transported(directions: Array, natural: Array, start: int) -> Array:
    """(F, 3) a unit vector across `directions` that turns with them by the shortest way, natural at `start`."""
    forward = shortest_rotation(directions[:-1], directions[1:])
    result = np.empty_like(directions)
    result[start] = natural[start]
    for frame in range(start, len(directions) - 1):
        result[frame + 1] = forward[frame] @ result[frame]
    for frame in range(start, 0, -1):
        result[frame - 1] = forward[frame - 1].T @ result[frame]
    result -= dot(result, directions)[:, None] * directions  # rounding adds up over a long clip
    return np.asarray(result / np.linalg.norm(result, axis=-1, keepdims=True))


def carried_phase(
    measured: np.ndarray, trust: Array, natural: np.ndarray, prior: Array, fps: float
) -> np.ndarray:
    """(F,) unit complex twists: believed where `trust` is 1, carried over from neighbours where it is 0.

    `prior` is the weight of the `natural` twist, to which a long stretch without trust goes over.
    """
    carry = _CARRY * (fps / 30) ** 2
    weight, pulled = trust + prior, trust * measured + prior * natural
    votes = _minimised(weight, pulled.real, carry) + 1j * _minimised(weight, pulled.imag, carry)
    # Between opposite twists the vote passes through zero, where its phase flips within a frame: it is
    # therefore carried once more, as an angle, which turns a flip of a straight limb into a slow turn.
    angle = np.unwrap(np.angle(votes))
    return np.asarray(np.exp(1j * _minimised(weight, weight * angle, carry)))


def _minimised(weight: Array, pulled: Array, carry: float) -> Array:
    """(F,) x that minimises sum weight (x - pulled / weight)^2 + carry (change of x)^2."""
    from scipy.linalg import solveh_banded  # noqa: PLC0415

    if len(weight) == 1:
        return pulled / weight
    bands = np.zeros((2, len(weight)))
    bands[0, 1:] = -carry
    bands[1] = weight
    bands[1, 1:] += carry
    bands[1, :-1] += carry
    return np.asarray(solveh_banded(bands, pulled))
