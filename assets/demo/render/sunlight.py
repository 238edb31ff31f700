"""The light of the room: a sun from above and a sky, the same for every way to render."""

import numpy as np

SUN_STRENGTH = 2.6
"""Watts a square metre, across its rays."""
SKY_COLOUR = (0.85, 0.92, 1.0)
SKY_STRENGTH = 0.6
WALL_BEHIND = 2.6
"""Metres from the person's farthest point to the wall."""


def random_sunlight(seed: int) -> np.ndarray:
    """(3,) direction in which the light travels: down, away from the camera, and to one side or the other."""
    rng = np.random.default_rng(seed)
    steep, aside = np.radians(rng.uniform(25, 42)), np.radians(rng.uniform(-50, 50))
    return np.array([np.sin(steep) * np.sin(aside), np.sin(steep) * np.cos(aside), -np.cos(steep)])
