"""What a live session tells: once what it runs with, then a result for every picture that it had time for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.live.follower import PersonInView
from app.take import Array
from detectors import Person


@dataclass(frozen=True)
class LiveFacts:
    """What a session runs with, known once all is loaded."""

    source: str
    """The camera or the file, by name."""
    width: int
    """Pixels of its pictures."""
    height: int
    fps: float
    """The source's own rate as it says it, 0 where it does not; `LiveResult.rate` is measured."""
    detector: str
    """Its name, and where it runs where there is a choice."""
    lifter: str
    device: str
    """Where the lifter computes, by the name a person knows it by."""


@dataclass(frozen=True, eq=False)
class LiveResult:
    """One picture and the person who is followed. Joints and poses that are not known are NaN, with score 0."""

    index: int
    """Of the picture, counted from 0; a dropped picture leaves a gap."""
    time_s: float
    """Seconds since the first picture, by the source's clock."""
    captured_s: float
    """`time.monotonic()` when the picture came."""
    image: NDArray[np.uint8]
    """(H, W, 3) RGB."""
    keypoints: Array
    """(17, 2) pixels."""
    scores: Array
    """(17,) 0..1."""
    camera: Array
    """(17, 3) camera space, metres, the hip at 0."""
    root_camera: Array
    """(3,) the hip in camera space, metres from the camera."""
    world: Array
    """(17, 3) world space, metres, on a floor that is found while it runs."""
    person: int | None
    """Number of the person who is followed, seen here or not, from 0 in the order in which people came into view; with
    another number begins another body. None before there was anybody."""
    others: tuple[PersonInView, ...]
    """Who else is in the picture, in the order of their numbers."""
    persons: tuple[Person, ...]
    """All that the detector found in it."""
    latency_s: float
    """From `captured_s` to this result."""
    rate: float
    """Results a second over the last two seconds, at least over the last two results; 0 for the first."""
    dropped: int
    """Pictures so far that came and were replaced by a newer one before there was time for them."""
