"""What every 2D detector offers and delivers."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from detectors.errors import DetectorError

Array = NDArray[np.floating[Any]]
Image = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Person:
    """One person in one picture, in pixels of the upright picture: origin top left, x right, y down."""

    keypoints: Array
    """(K, 2) float64 pixels. A joint not observed is NaN; one guessed outside the picture keeps its place."""
    scores: Array
    """(K,) 0..1; 0 for a joint that was not observed."""
    format: str
    """Name of the keypoint format, a key of `detectors.keypoints.FORMATS`."""
    box: Array
    """(4,) x0, y0, x1, y1 pixels, inside the picture."""
    world: Array | None = None
    """(K, 3) the detector's own 3D, if any, as a yardstick: metres, x right, y down, z away, mid-hip at 0."""


class Detector(Protocol):
    """Finds the persons of a picture. One video at a time: it may use the last pictures for the next one.

    Use it from one thread at a time, whichever. `with create_detector() as detector:` closes it.
    """

    @property
    def name(self) -> str:
        """The name that `create_detector` knows it by."""

    @property
    def keypoint_format(self) -> str:
        """Name of the format of all its persons' keypoints, a key of `detectors.keypoints.FORMATS`."""

    @property
    def description(self) -> str:
        """Library, version, model and settings, for the sidecar of the results."""

    @property
    def device(self) -> str:
        """Where it really runs, by the name a person knows it by; "" where there is no choice."""

    @property
    def batch_size(self) -> int:
        """How many pictures are worth detecting at once; 1 where that gains nothing."""

    def detect(self, image: Image) -> list[Person]:
        """The persons of an (H, W, 3) uint8 RGB picture, the most prominent first; [] where there is nobody.

        Raises DetectorError, for a picture of another shape or type too.
        """

    def detect_batch(self, images: Sequence[Image]) -> list[list[Person]]:
        """`detect` of each picture, in their order; any number of them, of one video. Raises DetectorError."""

    def reset(self) -> None:
        """Forget the pictures seen so far: another video begins, or the same one jumps."""

    def close(self) -> None:
        """Free what it holds; closing twice is allowed. `detect` raises DetectorError afterwards."""

    def __enter__(self) -> "Detector": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True, eq=False)
class Boxes:
    """Where persons are in one picture, the most certain first."""

    boxes: Array
    """(N, 4) x0, y0, x1, y1 pixels of the upright picture, inside it; (0, 4) where there is nobody."""
    scores: Array
    """(N,) 0..1, falling."""


class PersonDetector(Protocol):
    """Finds where persons are, without their joints. It keeps nothing from one picture to the next.

    Use it from one thread at a time, whichever.
    """

    @property
    def description(self) -> str:
        """Library, version and model, for the sidecar of the results."""

    def find(self, images: Sequence[Image]) -> list[Boxes]:
        """The persons of each (H, W, 3) uint8 RGB picture, in order. Raises DetectorError."""

    def close(self) -> None:
        """Free what it holds; closing twice is allowed. `find` raises DetectorError afterwards."""


def check_image(image: Image) -> None:
    """Raise DetectorError unless `image` is an (H, W, 3) uint8 picture with at least one pixel."""
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        found = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
        raise DetectorError(
            f"A detector reads colour pictures, (height, width, 3) uint8 RGB, and was given {found}; "
            "convert it first (a grey picture: repeat it three times)."
        )
    if 0 in image.shape:
        raise DetectorError(f"A detector was given a picture without pixels, {image.shape}.")
