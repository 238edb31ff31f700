"""Colours of the person and the room, drawn from a seed."""

import colorsys
from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]
"""Linear red, green and blue, 0 to 1."""

_SKINS = ((0.80, 0.56, 0.43), (0.66, 0.42, 0.29), (0.42, 0.24, 0.15), (0.22, 0.12, 0.075), (0.87, 0.66, 0.55))
_HAIRS = (
    (0.03, 0.02, 0.015),
    (0.09, 0.045, 0.02),
    (0.22, 0.12, 0.05),
    (0.40, 0.27, 0.12),
    (0.16, 0.15, 0.15),
)
PLANK_SHADES = (1.0, 0.72)
"""What the floor's colour is multiplied by, plank by plank."""
GAP_SHADE = 0.3
"""The same between planks."""
PLANK_SIZE_M = (1.4, 0.16)


@dataclass(frozen=True)
class Palette:
    """One colour a part."""

    skin: Colour
    lips: Colour
    hair: Colour
    eye_white: Colour
    dark: Colour
    shirt: Colour
    trim: Colour
    trousers: Colour
    shoes: Colour
    soles: Colour
    wall: Colour
    skirting: Colour
    floor: Colour


def random_palette(seed: int) -> Palette:
    """The same colours for the same seed: shirt and trousers of different hue and lightness, pale walls."""
    rng = np.random.default_rng(seed)
    skin = _SKINS[rng.integers(len(_SKINS))]
    hue = rng.uniform()
    shirt_is_dark = rng.uniform() < 0.3

    def colour(hue: float, saturation: float, value: float) -> Colour:
        return colorsys.hsv_to_rgb(hue % 1, saturation, value)

    shirt = colour(hue, rng.uniform(0.55, 0.85), 0.22 if shirt_is_dark else rng.uniform(0.45, 0.75))
    trousers = colour(
        hue + rng.uniform(0.3, 0.7), rng.uniform(0.3, 0.6), 0.38 if shirt_is_dark else rng.uniform(0.07, 0.2)
    )
    wall = colour(rng.uniform(), rng.uniform(0.04, 0.15), rng.uniform(0.55, 0.75))
    floor = colour(rng.uniform(0.05, 0.11), rng.uniform(0.35, 0.55), rng.uniform(0.2, 0.4))
    return Palette(
        skin=skin,
        lips=(skin[0] * 0.75, skin[1] * 0.42, skin[2] * 0.42),
        hair=_HAIRS[rng.integers(len(_HAIRS))],
        eye_white=(0.85, 0.85, 0.83),
        dark=(0.02, 0.015, 0.012),
        shirt=shirt,
        trim=colour(hue + 0.08, 0.2, 0.8),
        trousers=trousers,
        shoes=colour(rng.uniform(), 0.5, rng.choice([0.05, 0.5])),
        soles=(0.7, 0.7, 0.67),
        wall=wall,
        skirting=(0.75, 0.74, 0.71),
        floor=floor,
    )
