"""Lifting in the background, block by block, while frames are still being detected."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from app.settings import Settings
from app.take import Array

if TYPE_CHECKING:
    from stcformer import Lifter

BLOCK_FRAMES = 480
"""At least: long enough for the context of blocks to cost little, short enough for the last one to end soon."""


class BackgroundLifter:
    """Poses of one person's growing keypoints, computed in a thread of its own.

    The arrays `keypoints` (F, 17, 2) and `scores` (F, 17) are filled by the caller; `advance` says how far. Every
    block is lifted with its neighbours' frames as context, and gives what lifting the whole at once would.
    """

    def __init__(
        self, keypoints: Array, scores: Array, settings: Settings, image_size: tuple[int, int], fps: float
    ) -> None:
        self._keypoints, self._scores = keypoints, scores
        self._image_size, self._fps, self._field_of_view = image_size, fps, settings.fov_degrees
        self._pose = np.full((*keypoints.shape[:2], 3), np.nan)
        self._begun = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lift")
        # Loading the weights (and torch) takes seconds: it begins with the first frame, not after the last.
        self._lifter: Future[Lifter] = self._thread.submit(_load, settings)
        self._blocks: list[Future[None]] = []
        self.seconds = 0.0
        """Time that lifting itself has taken."""

    def __enter__(self) -> "BackgroundLifter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After a failure or Ctrl-C nobody waits for the block that is being lifted, or for torch to load.
        self._thread.shutdown(wait=kind is None, cancel_futures=True)

    def advance(self, frames: int) -> None:
        """The first `frames` frames are there. Raises LifterError when the weights could not be loaded, and
        what has failed in the background so far: the frames still to come are not worth detecting then.
        """
        if not self._lifter.done():
            return
        for lifted in self._blocks:
            if lifted.done():
                lifted.result()
        block, margin = self._sizes()
        while self._begun + block + margin <= frames:
            self._submit(self._begun + block, margin)

    def finish(self, on_block: Callable[[int], None]) -> Array:
        """(F, 17, 3) poses of all frames; `on_block` is told how many are done. Raises LifterError."""
        block, margin = self._sizes()
        while self._begun < len(self._keypoints):
            self._submit(min(self._begun + block, len(self._keypoints)), margin)
        for number, lifted in enumerate(self._blocks, start=1):
            lifted.result()
            on_block(min(number * block, len(self._keypoints)))
        return self._pose

    def lifter(self) -> "Lifter":
        """The lifter in use, once it is loaded. Raises LifterError when it cannot be."""
        return self._lifter.result()

    def _sizes(self) -> tuple[int, int]:
        """Frames of a block, and of context on either side of it."""
        margin = self._lifter.result().context_frames(self._fps)
        return -(-BLOCK_FRAMES // margin) * margin, margin

    def _submit(self, end: int, margin: int) -> None:
        self._blocks.append(self._thread.submit(self._lift, self._begun, end, margin))
        self._begun = end

    def _lift(self, start: int, end: int, margin: int) -> None:
        began = perf_counter()
        first, last = max(0, start - margin), min(len(self._keypoints), end + margin)
        pose = self._lifter.result().lift(
            self._keypoints[first:last],
            self._scores[first:last],
            image_size=self._image_size,
            fps=self._fps,
            field_of_view=self._field_of_view,
        )
        self._pose[start:end] = pose[start - first : end - first]
        self.seconds += perf_counter() - began


def _load(settings: Settings) -> "Lifter":
    from stcformer import Lifter  # noqa: PLC0415 - brings torch

    return Lifter.from_pretrained(settings.lifter, settings.device)
