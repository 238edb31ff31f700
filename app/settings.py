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
