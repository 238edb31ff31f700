"""Lifting in the background, block by block, while frames are still being detected."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from time import perf_counter
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from app.settings import Settings
from app.take import Array

if TYPE_CHECKING:
    from stcformer import Lifter

BLOCK_FRAMES = 480
"""At least: long enough for the context of blocks to cost little, short enough for the last one to end soon."""

EARLY_BLOCK_FRAMES = 15
"""Of the first block where somebody watches: poses appear after a few seconds. Each block after it is twice as long."""

_POLL_S = 0.1


class LifterThread:
    """A thread of its own that loads a lifter and then lifts, for all people of a video. Leave it by `with`."""

    def __init__(self, settings: Settings) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="lift")
        # Loading the weights (and torch) takes seconds: it begins with the first frame, not after the last.
        self._lifter: Future[Lifter] = self._thread.submit(load_lifter, settings)
        self.seconds = 0.0
        """Time that lifting itself has taken."""

    def __enter__(self) -> "LifterThread":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After a failure or Ctrl-C nobody waits for the block that is being lifted, or for torch to load.
        self._thread.shutdown(wait=kind is None, cancel_futures=True)

    def is_loaded(self) -> bool:
        """Whether the lifter is there. Raises LifterError when it cannot be loaded: the frames still to come are
        not worth detecting then.
        """
        if not self._lifter.done():
            return False
        self._lifter.result()
        return True

    def lifter(self) -> "Lifter":
        """The lifter in use, once it is loaded. Raises LifterError when it cannot be."""
        return self._lifter.result()

    def wait_for_lifter(self, on_wait: Callable[[], None]) -> "Lifter":
        """As `lifter`; `on_wait` is called several times a second, and what it raises ends the waiting."""
        while wait([self._lifter], _POLL_S).not_done:
            on_wait()
        return self._lifter.result()

    def submit(self, work: Callable[[], None]) -> "Future[None]":
        """Do `work` in the thread, after what was given to it before; its time is counted."""
        return self._thread.submit(self._timed, work)

    def _timed(self, work: Callable[[], None]) -> None:
        began = perf_counter()
        work()
        self.seconds += perf_counter() - began


class BackgroundLifter:
    """Poses of one person's growing keypoints, computed in a thread that may serve several.

    The arrays `keypoints` (F, 17, 2) and `scores` (F, 17) are filled by the caller; `advance` says how far. Every
    block is lifted with its neighbours' frames as context, and gives what lifting the whole at once would.
    `first_block` is the number of frames of the first block, rounded up to where windows may begin.
    """

    def __init__(
        self,
        thread: LifterThread,
        keypoints: Array,
        scores: Array,
        settings: Settings,
        image_size: tuple[int, int],
        fps: float,
        *,
        first_block: int | None = None,
    ) -> None:
        self._thread = thread
        self._keypoints, self._scores = keypoints, scores
        self._image_size, self._fps, self._field_of_view = image_size, fps, settings.fov_degrees
        self._next_block = min(first_block or BLOCK_FRAMES, BLOCK_FRAMES)
        self.pose = np.full((*keypoints.shape[:2], 3), np.nan)
        """(F, 17, 3) metres, camera space, the hip at 0: filled up to `frames_lifted`, NaN beyond."""
        self.disagreement = np.full(len(keypoints), np.nan)
        """(F,) metres, as `Lifter.lift_with_disagreement` gives it."""
        self.frames_lifted = 0
        self._begun = 0
        self._blocks: list[Future[None]] = []

    def advance(self, frames: int) -> None:
        """The first `frames` frames are there. Raises LifterError when the weights could not be loaded, and
        what has failed in the background so far: the frames still to come are not worth detecting then.
        """
        if not self._thread.is_loaded():
            return
        for lifted in self._blocks:
            if lifted.done():
                lifted.result()
        margin = self._margin()
        while self._begun + (block := self._block()) + margin <= frames:
            self._submit(self._begun + block, margin)

    def finish(self, on_progress: Callable[[int], None]) -> None:
        """Lift all frames. `on_progress` is told several times a second how many are done; what it raises ends
        the waiting. Raises LifterError.
        """
        total = len(self._keypoints)
        self._thread.wait_for_lifter(lambda: on_progress(self.frames_lifted))
        margin = self._margin()
        while self._begun < total:
            self._submit(min(self._begun + self._block(), total), margin)
        for lifted in self._blocks:
            while wait([lifted], _POLL_S).not_done:
                on_progress(self.frames_lifted)
            lifted.result()
        on_progress(total)

    def _margin(self) -> int:
        return self._thread.lifter().context_frames(self._fps)

    def _block(self) -> int:
        """Frames of the next block: it has to end where windows may begin."""
        step = self._thread.lifter().step_frames(self._fps)
        return -(-self._next_block // step) * step

    def _submit(self, end: int, margin: int) -> None:
        start = self._begun
        self._blocks.append(self._thread.submit(lambda: self._lift(start, end, margin)))
        self._begun = end
        self._next_block = min(2 * self._next_block, BLOCK_FRAMES)

    def _lift(self, start: int, end: int, margin: int) -> None:
        first, last = max(0, start - margin), min(len(self._keypoints), end + margin)
        pose, disagreement = self._thread.lifter().lift_with_disagreement(
            self._keypoints[first:last],
            self._scores[first:last],
            image_size=self._image_size,
            fps=self._fps,
            field_of_view=self._field_of_view,
        )
        self.pose[start:end] = pose[start - first : end - first]
        self.disagreement[start:end] = disagreement[start - first : end - first]
        self.frames_lifted = end


def load_lifter(settings: Settings) -> "Lifter":
    """The lifter that the settings name, on their device; takes seconds, for it loads torch. Raises LifterError."""
    from stcformer import Lifter  # noqa: PLC0415 - brings torch

    return Lifter.from_pretrained(settings.lifter, settings.device)


def describe_lifter(lifter: "Lifter") -> dict[str, Any]:
    """What a lifter is and how it is used, for the provenance."""
    weights = lifter.weights
    return {
        "weights": weights.name,
        "sha256": weights.sha256,
        "origin": weights.origin,
        "width": weights.model.width,
        "window": lifter.window,
        "hop": lifter.hop,
        "flip_averaging": lifter.flip,
        "frame_rate": weights.feeding.frame_rate,
        "keypoints": weights.feeding.keypoints,
        "device": lifter.device_name(),
        "precision": str(lifter.precision).removeprefix("torch."),
    }
