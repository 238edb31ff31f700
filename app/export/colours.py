"""The colours of every picture that shows a person: the same side has the same colour in 2D and in 3D."""

from stcformer.skeleton import LEFT, RIGHT

Colour = tuple[int, int, int]

LEFT_COLOUR: Colour = (255, 150, 66)
RIGHT_COLOUR: Colour = (72, 168, 255)
MIDDLE_COLOUR: Colour = (226, 228, 234)


def joint_colour(joint: int) -> Colour:
    """RGB of a joint and of the bone that ends in it."""
    if joint in LEFT:
        return LEFT_COLOUR
    return RIGHT_COLOUR if joint in RIGHT else MIDDLE_COLOUR


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """`first` with `share` (0..1) of `second` in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
