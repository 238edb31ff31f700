"""A look inside: what the network attends to, and how a body's joints move together."""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from stcformer.errors import LifterError
from stcformer.lifter import Lifter
from stcformer.model import CrissCrossAttention, STCFormer
from stcformer.skeleton import JOINT_COUNT, JOINTS

Array = NDArray[np.floating[Any]]

CORRELATION_WINDOW = 243
"""Frames over which joints' paths are compared, as in the paper's figure 3."""

_STILL = 1e-6
"""Metres: a joint that never leaves its mean place by more does not move."""
_LARGEST_NUMBERS = 2**27
"""Of all temporal maps with their heads; beyond it the heads are averaged as they come."""


@dataclass(frozen=True, eq=False)
class AttentionMaps:
    """What the network attends to in one window of T frames: L blocks, H heads; every row adds up to 1."""

    frames: Array
    """(T,) the video's frames; not whole where the lifter put frames between those of the video."""
    space: Array
    """(L, T, H, 17, 17) how much each joint (row) attends to each joint of its frame; L 0 where no half does."""
    time: Array
    """(L, 17, H, T, T) how much each frame (row) attends to each frame of a joint's path. H is 1, the mean over the
    heads, in windows so long that all would take too much memory."""

    def row_of(self, frame: int) -> int:
        """Where in the window a frame of the video stands: the nearest one."""
        return int(np.abs(self.frames - frame).argmin())

    def space_of(self, frame: int, head: int | None = None) -> Array:
        """(L, 17, 17) over the joints of a frame of the video: of one head, or the mean over all."""
        maps = self.space[:, self.row_of(frame)]
        return np.asarray(maps.mean(axis=1) if head is None else maps[:, head])

    def time_of(self, joint: int, head: int | None = None) -> Array:
        """(L, T, T) over the frames of a joint's path: of one head, or the mean over all."""
        maps = self.time[:, joint]
        return np.asarray(maps.mean(axis=1) if head is None else maps[:, min(head, maps.shape[1] - 1)])

    def attended(self, joint: int, frame: int, block: int | None = None, head: int | None = None) -> Array:
        """(17,) how much a joint attends to each joint of a frame, adding up to 1: in one block, or on average."""
        maps = self.space_of(frame, head)
        return np.asarray((maps.mean(axis=0) if block is None else maps[block])[joint])


def attention_about(
    lifter: Lifter,
    keypoints: Array,
    scores: Array,
    frame: int,
    *,
    image_size: tuple[float, float],
    fps: float,
    field_of_view: float | None = None,
) -> AttentionMaps:
    """The maps of the window about a frame; the arguments are those of `Lifter.lift`.

    Raises LifterError when nobody was seen in that frame.
    """
    inputs, frames = lifter.window_about(
        keypoints, scores, frame, image_size=image_size, fps=fps, field_of_view=field_of_view
    )
    space, time = attention_maps(lifter.weights.model, inputs)
    return AttentionMaps(frames, space, time)


def attention_maps(model: STCFormer, inputs: torch.Tensor) -> tuple[Array, Array]:
    """(L, T, H, 17, 17) over joints and (L, 17, H, T, T) over frames, of one (1, T, 17, C) window in view space.

    The two halves of an ablated network that attend over the same axis are its 2 H heads. The network may be in use
    in other threads meanwhile.
    """
    if len(inputs) != 1:
        raise LifterError(f"Attention maps are of one window, not of {len(inputs)}.")
    maps: dict[str, list[Array]] = {"space": [], "time": []}
    frames, thread = inputs.shape[1], threading.get_ident()

    def look(attention: CrissCrossAttention, arguments: tuple[torch.Tensor, ...]) -> None:
        if threading.get_ident() != thread:
            return  # the same network at work for somebody else
        found: dict[str, list[torch.Tensor]] = {"space": [], "time": []}
        for axis, weights in zip(attention.axes, attention.attention_weights(arguments[0]), strict=True):
            found[axis].append(weights[0].float())
        for axis, halves in found.items():
            if halves:
                weights = torch.cat(halves, dim=1)
                if axis == "time" and model.depth * weights.numel() > _LARGEST_NUMBERS:
                    weights = weights.mean(dim=1, keepdim=True)
                maps[axis].append(weights.cpu().numpy())

    attentions = [module for module in model.modules() if isinstance(module, CrissCrossAttention)]
    hooks = [attention.register_forward_pre_hook(look) for attention in attentions]
    try:
        with torch.inference_mode():
            model(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    none = {"space": (0, frames, 0, JOINT_COUNT, JOINT_COUNT), "time": (0, JOINT_COUNT, 0, frames, frames)}
    space, time = (
        np.stack(maps[axis]) if maps[axis] else np.empty(none[axis], np.float32) for axis in ("space", "time")
    )
    return space, time


def trajectory_correlation(poses: Array, window: int = CORRELATION_WINDOW) -> Array:
    """(17, 17) how the joints' paths go together, in `JOINTS` order: the paper's figure 3.

    poses: (F, 17, 3) in any space that does not move with the body; NaN frames are left out. Over every window of that
    many frames (or all, if there are fewer) each joint's way from its mean place is one row of numbers; their Pearson
    correlations are averaged over the windows. NaN for a joint that never moves. Raises LifterError for fewer than two
    frames.
    """
    seen = poses[np.isfinite(poses).all(axis=(1, 2))]
    if len(seen) < 2:
        raise LifterError("The paths of joints can be compared from two seen frames on.")
    window = min(window, len(seen))
    starts = range(0, len(seen) - window + 1, max(1, window // 8))
    return np.asarray(np.mean([_correlation(seen[start : start + window]) for start in starts], axis=0))


def _correlation(poses: Array) -> Array:
    # Without its own mean place a joint would go together with all that stand as high: x, y and z are one row.
    paths = (poses - poses.mean(axis=0)).transpose(1, 0, 2).reshape(poses.shape[1], -1)
    paths[np.abs(paths).max(axis=1) < _STILL] = np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.corrcoef(paths))


def joint_number(name: str) -> int:
    """Where a joint stands in `JOINTS`. Raises LifterError for an unknown name, with the known ones."""
    if name not in JOINTS:
        raise LifterError(f"There is no joint '{name}'; there are: {', '.join(JOINTS)}.")
    return JOINTS.index(name)
