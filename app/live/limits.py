"""What live motion does without, in the words that its users read."""

from app.settings import Settings


def limits(settings: Settings) -> str:
    """How live motion differs from that of a clip (`app.motion.causal`), as sentences."""
    return (
        f"While it runs, only the past is known: {_camera(settings.camera_pitch_degrees)}, feet are not held, "
        "and the floor comes from the feet so far. A recording, processed as a clip, is more accurate."
    )


def _camera(pitch_degrees: float | None) -> str:
    if not pitch_degrees:
        return "the camera is taken as level"
    way = "down" if pitch_degrees > 0 else "up"
    return f"the camera is taken to look {way} by {abs(pitch_degrees):g} degrees"
