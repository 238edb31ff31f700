"""Windows about the frames of clips: which rows of the flat arrays each one reads."""

import numpy as np
from numpy.typing import NDArray

from stcformer.paper.clips import Clips

Rows = NDArray[np.int64]


def window_centres(clips: Clips, stride: int = 1, *, only_valid: bool = False) -> Rows:
    """(M,) rows of every `stride`-th frame of each clip, begun so that as much is left out before as behind.

    `only_valid`: those of them that count in a test.
    """
    parts = []
    for start, stop in zip(clips.starts[:-1], clips.starts[1:], strict=True):
        left_over = (int(stop - start) - 1) % stride
        parts.append(np.arange(start + left_over // 2, stop, stride))
    centres = np.concatenate(parts) if parts else np.empty(0, np.int64)
    return centres[clips.valid[centres]] if only_valid else centres


def window_rows(clips: Clips, centres: Rows, frames: int, step: int) -> Rows:
    """(M, frames) rows of windows about (M,) centre rows, `step` frames of the clip from one to the next.

    Beyond either end of a clip its first or last frame is repeated. (The published generator pads one end only, which
    shortens the windows of clips that are shorter than a window.)
    """
    offsets = (np.arange(frames) - frames // 2) * step
    clip = clips.clip_of_frames(centres)
    return np.clip(
        centres[:, None] + offsets, clips.starts[clip][:, None], clips.starts[clip + 1][:, None] - 1
    )
