"""What curves are called in the window, which side of the body they belong to, and in which colour they are drawn."""

from collections.abc import Iterable
from math import isfinite

from app.export.colours import LEFT_COLOUR, RIGHT_COLOUR, Colour, mix
from app.gui.joint_names import joint_label
from stcformer.skeleton import JOINTS

_PLACES = {"°": 1, "m": 3, "m/s": 2}
_AXES = ("x", "y", "z")
_SHADES = (0.0, 0.45, 0.75)
"""Shares of the text's colour in the side's: curves of the same side are told apart by them."""
_FADES = (0.1, 0.4, 0.6)
"""Shares of the ground's colour in the text's, for curves without a side."""


def curve_label(name: str) -> str:
    """A curve's name in words: a joint's (`lknee z`) becomes `left knee z`."""
    first, _, rest = name.partition(" ")
    label = joint_label(JOINTS.index(first)) if first in JOINTS else first
    return f"{label} {rest}".strip()


def value_text(value: float, unit: str) -> str:
    """A value as it is read: `32.1°`, `0.874 m`, `1.20 m/s`; a dash for NaN."""
    if not isfinite(value):
        return "–"
    return f"{value:.{_PLACES.get(unit, 2)}f}{'' if unit == '°' else ' '}{unit}".rstrip()


def curve_side(name: str) -> str:
    """`left`, `right` or, for what has no side, an empty string."""
    first = curve_label(name).partition(" ")[0]
    return first if first in ("left", "right") else ""


def curve_base(name: str) -> str:
    """A curve's name without its side: the same for both of a pair."""
    label = curve_label(name)
    return label.partition(" ")[2] if curve_side(name) else label


def curve_parent(name: str) -> str:
    """What a curve is one of the three axes of (`left knee` for `lknee z`), else an empty string."""
    front, _, axis = curve_label(name).rpartition(" ")
    return front if axis in _AXES else ""


def curve_colours(names: Iterable[str], text: Colour, ground: Colour) -> dict[str, Colour]:
    """A colour for each curve that is drawn in one plot: the side's hue, in another shade for every pair.

    `text` and `ground` are the window's: a curve without a side is drawn in the text's colour.
    """
    names = list(names)
    paired = list(dict.fromkeys(curve_base(name) for name in names if curve_side(name)))
    single = [name for name in names if not curve_side(name)]
    colours = {}
    for name in names:
        side = curve_side(name)
        if side:
            shade = _SHADES[paired.index(curve_base(name)) % len(_SHADES)]
            colours[name] = mix(LEFT_COLOUR if side == "left" else RIGHT_COLOUR, text, shade)
        else:
            colours[name] = mix(text, ground, _FADES[single.index(name) % len(_FADES)])
    return colours
