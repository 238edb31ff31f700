"""Head, hands and shoes: what keeps its shape, in its own axes (left, up, front)."""

from dataclasses import dataclass

import numpy as np
from body import Body
from shapes import Mesh, ellipsoid, joined, rod, tube


@dataclass(frozen=True)
class RigidPart:
    """Something that keeps its shape and moves with a part of the body."""

    name: str
    moves_with: str
    """A key of `BodyMotion.turns`: head, lhand, rhand, lfoot or rfoot."""
    colour: str
    """A field of `Palette`."""
    mesh: Mesh
    """In the axes of what it moves with."""
    voxel: float = 0.0
    """Metres: so finely its pieces are melted into one skin; 0 leaves them as they are."""
    smoothing: int = 0
    """How often that skin is smoothed."""


def head_parts(body: Body, long_hair: bool) -> list[RigidPart]:
    """Skull with face, hair, ears, eyes, brows and mouth about the head's pivot.

    The skull's top is `Body.crown` and the nose's tip is `Body.nose_tip`.
    """
    skin = [
        ellipsoid((0, 0.052, 0.008), (0.077, 0.111, 0.096)),  # cranium
        ellipsoid((0, -0.033, 0.036), (0.059, 0.066, 0.062)),  # jaw
        ellipsoid((0, -0.082, 0.074), (0.026, 0.018, 0.022)),  # chin
        ellipsoid((0, 0.018, 0.1), (0.009, 0.032, 0.012)),  # bridge of the nose
        ellipsoid((0, -0.004, 0.111), (0.012, 0.011, 0.0145)),  # its tip
    ]
    eyes, irises, brows, ears = [], [], [], []
    for sign in (-1, 1):
        skin.append(ellipsoid((sign * 0.034, -0.01, 0.062), (0.028, 0.03, 0.026)))  # cheek
        skin.append(ellipsoid((sign * 0.01, -0.008, 0.105), (0.008, 0.007, 0.008)))  # nostril
        eyes.append(ellipsoid((sign * 0.031, 0.028, 0.0885), (0.0145, 0.0085, 0.010)))
        irises.append(ellipsoid((sign * 0.031, 0.028, 0.0955), (0.0062, 0.0066, 0.0045)))
        brows.append(ellipsoid((sign * 0.032, 0.047, 0.0935), (0.018, 0.0042, 0.006)))
        ears.append(ellipsoid((sign * 0.077, 0.002, -0.002), (0.009, 0.029, 0.018)))
    hair = [
        ellipsoid((0, 0.078, -0.013), (0.084, 0.097, 0.099)),
        ellipsoid((0, 0.125, 0.042), (0.064, 0.042, 0.05)),  # fringe
        ellipsoid((0, 0.022, -0.045), (0.071, 0.068, 0.052)),
    ]
    if long_hair:
        hair.append(ellipsoid((0, -0.045, -0.055), (0.078, 0.105, 0.042)))
    mouth = [ellipsoid((0, -0.046, 0.0955), (0.021, 0.0068, 0.0055))]
    pieces = (
        ("skull", skin, "skin", 0.004, 6),
        ("ears", ears, "skin", 0, 0),
        ("eyes", eyes, "eye_white", 0, 0),
        ("irises", irises, "dark", 0, 0),
        ("brows", brows, "hair", 0, 0),
        ("mouth", mouth, "lips", 0, 0),
        ("hair", hair, "hair", 0.006, 6),
    )
    return [
        RigidPart(name, "head", colour, _scaled(joined(meshes), body), voxel * body.scale, smoothing)
        for name, meshes, colour, voxel, smoothing in pieces
    ]


def hand(body: Body, side: str) -> RigidPart:
    """An open hand about the wrist; the left one's fingers point along +x, palm down, thumb to the front."""
    out = 1 if side == "l" else -1
    parts = [
        ellipsoid((out * 0.008, 0, 0), (0.03, 0.021, 0.027)),
        ellipsoid((out * 0.05, -0.002, 0), (0.05, 0.016, 0.041)),
        rod((out * 0.025, -0.004, 0.028), (out * 0.085, -0.014, 0.062), 0.0115),
    ]
    for across, reach in ((-0.028, 0.142), (-0.0095, 0.165), (0.0095, 0.172), (0.028, 0.16)):
        parts.append(rod((out * 0.075, -0.002, across), (out * reach, -0.014, across * 1.15), 0.0095))
    mesh = _scaled(joined(parts), body)
    return RigidPart(f"{side}hand", f"{side}hand", "skin", mesh, 0.005 * body.scale, 4)


def shoe(body: Body, side: str) -> list[RigidPart]:
    """A shoe about the ankle, its sole 8.5 cm below (at scale 1)."""
    upper = joined(
        [
            ellipsoid((0, -0.045, -0.03), (0.038, 0.042, 0.043)),
            ellipsoid((0, -0.015, -0.008), (0.041, 0.04, 0.047)),
            ellipsoid((0, -0.05, 0.04), (0.042, 0.034, 0.075)),
            ellipsoid((0, -0.06, 0.115), (0.046, 0.028, 0.066)),
        ]
    )
    upper[0][:, 1] = np.maximum(upper[0][:, 1], -0.076)
    along = np.array([-0.078, -0.072, -0.05, -0.01, 0.05, 0.11, 0.15, 0.175, 0.186])
    width = np.array([0.012, 0.028, 0.038, 0.039, 0.042, 0.049, 0.046, 0.032, 0.012])
    centres = np.stack([np.zeros_like(along), np.full_like(along, -0.0755), along], axis=-1)
    axes = np.eye(3)
    sole = tube(centres, np.tile(axes[0], (9, 1)), np.tile(-axes[1], (9, 1)), width, np.full(9, 0.0095))
    return [
        RigidPart(f"{side}shoe", f"{side}foot", "shoes", _scaled(upper, body), 0.006 * body.scale, 5),
        RigidPart(f"{side}sole", f"{side}foot", "soles", _scaled(sole, body)),
    ]


def _scaled(mesh: Mesh, body: Body) -> Mesh:
    return mesh[0] * body.scale, mesh[1]
