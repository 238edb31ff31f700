"""Clips of a data set with keypoints and true poses, as the training and the protocols read them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class JointSet:
    """A data set's 17 joints: which one is the root, and which change places in a mirror."""

    names: tuple[str, ...]
    root: int
    left: tuple[int, ...]
    right: tuple[int, ...]

    def mirror(self) -> list[int]:
        """`values[..., mirror(), :]` swaps left and right."""
        order = list(range(len(self.names)))
        for left, right in zip(self.left, self.right, strict=True):
            order[left], order[right] = right, left
        return order


@dataclass(frozen=True, eq=False)
class Clips:
    """C clips one after another, N frames in all. The arrays may be maps of files: nothing is read before it is used."""

    keypoints: Array
    """(N, 17, 2) screen space (see `stcformer.views`)."""
    pose: Array
    """(N, 17, 3) camera space, relative to the root, in the data set's own unit."""
    starts: NDArray[np.int64]
    """(C + 1,) where each clip begins; the last entry is N."""
    subjects: tuple[str, ...]
    actions: tuple[str, ...]
    """Without the number of the take, so that both takes of an action count as one."""
    cameras: tuple[str, ...]
    valid: NDArray[np.bool_]
    """(N,) whether a frame counts in a test."""
    root: Array | None = None
    """(N, 3) the root in camera space, in the data set's unit, where it is known."""
    intrinsics: Array | None = None
    """(C, 4) focal length in x and y and principal point, in screen space."""

    def clip_count(self) -> int:
        """How many clips there are."""
        return len(self.starts) - 1

    def frame_count(self) -> int:
        """How many frames all clips have together."""
        return int(self.starts[-1])

    def clip_of_frames(self, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """(M,) the clip that each of (M,) frames belongs to."""
        return np.searchsorted(self.starts, frames, side="right") - 1


@dataclass(frozen=True)
class PaperDataset:
    """A data set with its split into training and test."""

    name: str
    """`human36m` or `mpi_inf_3dhp`."""
    joints: JointSet
    metres: float
    """Of the unit of its poses."""
    training: Clips
    test: Clips
    description: str
    """Which files and which 2D keypoints, for cards and tables."""
