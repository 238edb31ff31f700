"""A Take: everything that is known of one processed video."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.edits import Edit
from app.settings import Settings
from stcformer.sampling import seen_frames

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Source:
    """The video a Take was made from, as its upright picture is seen."""

    path: Path
    width: int
    height: int
    fps: float
    """Average frame rate; the exact times are `Take.time_s`."""
    first_frame: int = 0
    """The video's frame that the Take begins with; not 0 in a part that is exported (`app.export.part`)."""
    fov_degrees: float | None = None
    """Field of view over the longer side of the picture, as the video's metadata tell it (`app.video.lens`)."""

    def known_fov(self, settings: Settings) -> float | None:
        """Degrees over the longer side: those that were given, else those of the metadata; None: nobody told."""
        return self.fov_degrees if settings.fov_degrees is None else settings.fov_degrees


@dataclass(frozen=True)
class Evidence:
    """What the detector and the lifter said before hand and motion stage: what a correction starts from."""

    keypoints: Array
    """(P, F, 17, 2) pixels as detected, without edits. Where a detector took left and right for each other and that
    was undone, they are right; the provenance says where (`side_swaps_undone`)."""
    scores: Array
    """(P, F, 17) as detected, without edits."""
    lifted: Array
    """(P, F, 17, 3) camera space, metres, the hip at 0: the lifter's own poses, of the edited keypoints."""
    disagreement: Array
    """(P, F) metres between the lifter's answers for a window and for its mirror image; NaN without a pose."""
    feet: Array = field(default_factory=lambda: np.zeros((0, 0, 2, 2, 2)))
    """(P, F, 2, 2, 2) pixels of heels and toes as detected, without edits, as in `Take.feet`; sides as those of the
    keypoints. Left out, none was observed."""
    foot_scores: Array = field(default_factory=lambda: np.zeros((0, 0, 2, 2)))
    """(P, F, 2, 2) of them."""

    def __post_init__(self) -> None:
        _fill(self, "feet", (*self.scores.shape[:2], 2, 2, 2), np.nan)
        _fill(self, "foot_scores", (*self.scores.shape[:2], 2, 2), 0.0)


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
    settings: Settings = field(default_factory=Settings)
    """What it was made with."""
    edits: tuple[Edit, ...] = ()
    """What was corrected by hand; `keypoints` and everything after them are with it."""
    evidence: Evidence | None = None
    """None for a Take that was not made from a video by the pipeline; such a one cannot be corrected."""
    contacts: NDArray[np.int8] = field(default_factory=lambda: np.zeros((0, 0, 2), dtype=np.int8))
    """(P, F, 2) whether the left and the right foot stand: 1 on the floor, 0 in the air, -1 not known
    (`app.motion.contact`). Left out, none is known."""
    feet: Array = field(default_factory=lambda: np.zeros((0, 0, 2, 2, 2)))
    """(P, F, 2, 2, 2) image space: pixels of the left and the right foot's heel and big toe, with the edits. Left out,
    as by a detector that sees no feet, none was observed."""
    foot_scores: Array = field(default_factory=lambda: np.zeros((0, 0, 2, 2)))
    """(P, F, 2, 2) 0..1 of them."""
    toes: Array = field(default_factory=lambda: np.zeros((0, 0, 2, 3)))
    """(P, F, 2, 3) world space, metres: the tips of the left and the right foot's toes (`app.motion.toes`), where the
    feet were not seen as legs and floor have them. Left out, they are not known."""

    def __post_init__(self) -> None:
        shape = self.world.shape[:2]
        _fill(self, "contacts", (*shape, 2), -1)
        _fill(self, "feet", (*shape, 2, 2, 2), np.nan)
        _fill(self, "foot_scores", (*shape, 2, 2), 0.0)
        _fill(self, "toes", (*shape, 2, 3), np.nan)

    def person_count(self) -> int:
        """How many persons the Take holds."""
        return int(self.world.shape[0])

    def frame_count(self) -> int:
        """How many frames the video has."""
        return int(self.time_s.shape[0])

    def known_fov(self) -> float | None:
        """The field of view that this was made with (`Source.known_fov`); None where one was assumed."""
        return self.source.known_fov(self.settings)

    def seen(self, person: int) -> NDArray[np.bool_]:
        """(F,) whether the person has a pose in each frame."""
        return np.asarray(np.isfinite(self.world[person]).all(axis=(1, 2)))

    def bridged(self, person: int) -> NDArray[np.bool_]:
        """(F,) whether the person has a pose in a frame in which nobody was seen: one between its neighbours."""
        return self.seen(person) & ~seen_frames(self.keypoints[person], self.scores[person])


def _fill(record: Evidence | Take, name: str, shape: tuple[int, ...], unknown: float) -> None:
    """An array that was left out says that nothing is known. Raises ValueError for one of another shape."""
    array = getattr(record, name)
    if not array.size:
        object.__setattr__(record, name, np.full(shape, unknown, dtype=array.dtype))
    elif array.shape != shape:
        raise ValueError(f"{name} have shape {array.shape}, but {shape} is needed")
