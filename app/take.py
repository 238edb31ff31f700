"""A Take: everything that is known of one processed video."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Source:
    """The video a Take was made from, as its upright picture is seen."""

    path: Path
    width: int
    height: int
    fps: float
    """Average frame rate; the exact times are `Take.time_s`."""


@dataclass(frozen=True)
class Take:
    """One processed video: P persons, F frames, 17 joints in Human3.6M order (`stcformer.skeleton.JOINTS`).

    A joint or a frame that was not observed is NaN, with score 0.
    """

    source: Source
    time_s: Array
    """(F,) seconds, from the container."""
    keypoints: Array
    """(P, F, 17, 2) image space: pixels of the upright picture."""
    scores: Array
    """(P, F, 17) 0..1."""
    camera: Array
    """(P, F, 17, 3) camera space, metres, the hip at 0."""
    root_camera: Array
    """(P, F, 3) the hip in camera space, metres from the camera."""
    world: Array
    """(P, F, 17, 3) world space: metres, z up, on the floor under the first hip."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """What made it, for the sidecar: version, weights, detector, filter, spaces, units."""

    def person_count(self) -> int:
        """How many persons the Take holds."""
        return int(self.world.shape[0])

    def frame_count(self) -> int:
        """How many frames the video has."""
        return int(self.time_s.shape[0])

    def seen(self, person: int) -> NDArray[np.bool_]:
        """(F,) whether the person has a pose in each frame."""
        return np.asarray(np.isfinite(self.world[person]).all(axis=(1, 2)))
