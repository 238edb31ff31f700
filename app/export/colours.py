"""The colours of every picture that shows a person: the same side has the same colour in 2D and in 3D."""

from stcformer.skeleton import LEFT, RIGHT

Colour = tuple[int, int, int]

LEFT_COLOUR: Colour = (255, 150, 66)
RIGHT_COLOUR: Colour = (72, 168, 255)
MIDDLE_COLOUR: Colour = (226, 228, 234)

PERSON_COLOURS: tuple[Colour, ...] = (
    (246, 206, 84),
    (92, 216, 206),
    (222, 128, 238),
    (128, 214, 122),
    (255, 128, 128),
    (166, 176, 255),
)
"""Of several persons, by turns; none is the colour of a side."""


def joint_colour(joint: int) -> Colour:
    """RGB of a joint and of the bone that ends in it."""
    if joint in LEFT:
        return LEFT_COLOUR
    return RIGHT_COLOUR if joint in RIGHT else MIDDLE_COLOUR


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (0..1) of `second` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def person_colour(person: int) -> Colour:
    """RGB of a person among several."""
    return PERSON_COLOURS[person % len(PERSON_COLOURS)]


def person_joint_colour(person: int, joint: int) -> Colour:
    """RGB of a joint of a person among several: the person's colour, lighter on the left and darker on the right."""
    if joint in LEFT:
        return mix(person_colour(person), (255, 255, 255), 0.45)
    return mix(person_colour(person), (0, 0, 0), 0.4 if joint in RIGHT else 0.0)
