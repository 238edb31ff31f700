"""The colours of the 3D view in the dark and in the light theme; RGB 0..1."""

from dataclasses import dataclass

import numpy as np

from app.export.colours import LEFT_COLOUR, MIDDLE_COLOUR, RIGHT_COLOUR, mix
from app.take import Array

Light = tuple[float, float, float]


def _rgb(*values: int) -> Light:
    red, green, blue = (value / 255 for value in values)
    return red, green, blue


@dataclass(frozen=True)
class SceneColours:
    """What the scene is drawn in."""

    sky: Light
    haze: Light
    """Of the horizon, and of what is far."""
    ground: Light
    line: Light
    """One metre grid."""
    fine_line: float
    """How much of it a line is that stands every 0.2 m, 0..1."""
    axes: tuple[Light, Light, Light]
    shade: float
    """How dark a shadow is, 0..1."""
    left: Light
    right: Light
    middle: Light
    other: Light
    """What the other persons' colours are mixed with."""
    sky_light: Light
    ground_light: Light
    rim: Light
    """Toward which a body's edge goes, so that it stands off from what is behind."""
    ink: Light
    """Lines over the picture."""

    def sides(self, chosen: bool) -> tuple[Array, Array, Array]:
        """Left, right and middle colour of a person."""
        share = 0.0 if chosen else 0.62
        left, right, middle = (
            np.asarray(colour) * (1 - share) + np.asarray(self.other) * share
            for colour in (self.left, self.right, self.middle)
        )
        return left, right, middle


DARK = SceneColours(
    sky=_rgb(29, 32, 39),
    haze=_rgb(49, 53, 62),
    ground=_rgb(45, 49, 58),
    line=_rgb(88, 95, 110),
    fine_line=0.3,
    axes=(_rgb(196, 84, 88), _rgb(104, 168, 84), _rgb(86, 134, 226)),
    shade=0.72,
    left=_rgb(*LEFT_COLOUR),
    right=_rgb(*RIGHT_COLOUR),
    middle=_rgb(*mix(MIDDLE_COLOUR, (0, 0, 0), 0.1)),
    other=_rgb(92, 97, 108),
    sky_light=(0.54, 0.55, 0.58),
    ground_light=(0.3, 0.3, 0.32),
    rim=_rgb(20, 22, 27),
    ink=_rgb(214, 218, 226),
)

LIGHT = SceneColours(
    sky=_rgb(214, 220, 229),
    haze=_rgb(240, 242, 245),
    ground=_rgb(226, 229, 234),
    line=_rgb(166, 173, 184),
    fine_line=0.32,
    axes=(_rgb(206, 74, 78), _rgb(78, 150, 58), _rgb(58, 112, 214)),
    shade=0.5,
    left=_rgb(*mix(LEFT_COLOUR, (190, 80, 0), 0.2)),
    right=_rgb(*mix(RIGHT_COLOUR, (0, 70, 170), 0.2)),
    middle=_rgb(176, 181, 190),
    other=_rgb(206, 210, 216),
    sky_light=(0.6, 0.6, 0.62),
    ground_light=(0.34, 0.34, 0.36),
    rim=_rgb(74, 80, 92),
    ink=_rgb(58, 64, 75),
)


def scene_colours(dark: bool) -> SceneColours:
    """Those of a theme."""
    return DARK if dark else LIGHT
