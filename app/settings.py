"""What a user may choose for the way from a video to a Take."""

from dataclasses import dataclass

DEVICES = ("auto", "cpu", "cuda", "mps")
"""Those of `stcformer.device`, which brings torch and takes seconds to import."""


@dataclass(frozen=True)
class Settings:
    """Choices of one run; the defaults are those of the command line."""

    detector: str = "auto"
    lifter: str = "wild-27"
    """Name of shipped weights, or a file."""
    device: str = "auto"
    """Where the lifter computes: auto, cpu, cuda or mps."""
    height_m: float | None = None
    """The person's height, which sets the scale."""
    fov_degrees: float | None = None
    """Field of view over the longer side of the picture; None: the usual one."""
    smoothing: str = "auto"
    person: str = "main"
    """Whom to keep: `main`, the one who is largest and longest in view; `all`; or a number, by that order."""
    camera_pitch_degrees: float | None = None
    """How far the camera looks down (negative: up); None: found from the motion itself."""
    floor_offset_m: float = 0.0
    """Moves the floor up by hand, from where it is found."""
    foot_lock: str = "auto"
    """Whether feet that stand are held at one place: auto, always or never (`app.motion.foot_lock`)."""
    longest_gap_s: float = 0.5
    """Seconds: a person who was lost for no longer is bridged; after a longer time nobody is there. At most 0.5: beyond,
    it is another movement (`app.motion.gaps`)."""

    def wants_several(self) -> bool:
        """Whether a detector has to see more than the main person."""
        return self.person != "main"
