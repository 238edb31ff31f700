"""In place of mmcv's compiled operations where mmcv-lite is installed: non-maximum suppression, and no other.

mmcv asks the module `mmcv._ext` for all its operations when it is imported, and RTMDet calls one of them.
"""

import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from detectors.errors import DetectorError

_MODULE = "mmcv._ext"


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int = 0) -> Tensor:
    """Greedy non-maximum suppression: which boxes stay, the best score first.

    `boxes` (N, 4) x0, y0, x1, y1 and `scores` (N,) -> (M,) int64 indices on the same device. A box falls when
    its intersection over union with a better one that stays is above `iou_threshold`; of equal scores the
    first is the better one. `offset` 1 counts pixels (width x1 - x0 + 1), 0 is plain geometry.
    """
    # On the CPU wherever the boxes are: each step depends on the last one, and a GPU would be asked at each.
    corners = boxes.detach().cpu()
    order = scores.detach().cpu().argsort(descending=True, stable=True)
    areas = (corners[:, 2:] - corners[:, :2] + offset).prod(dim=1)
    kept = []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        low = torch.maximum(corners[order, :2], corners[best, :2])
        high = torch.minimum(corners[order, 2:], corners[best, 2:])
        intersection = (high - low + offset).clamp(min=0).prod(dim=1)
        union = areas[order] + areas[best] - intersection
        order = order[~(intersection > iou_threshold * union)]
    indices = torch.stack(kept) if kept else torch.empty(0, dtype=torch.int64)
    return indices.to(boxes.device)


class _PlainOperations(ModuleType):
    """`mmcv._ext` without a compiler: every other operation says so when it is called."""

    nms = staticmethod(nms)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def missing(*_: Any, **__: Any) -> Any:
            raise DetectorError(
                f"This model needs mmcv's compiled operation '{name}', and mmcv-lite is installed: run "
                "`make mmpose MMCV=compiled`, or choose a model without it (RTMDet and RTMPose need none)."
            )

        return missing


def compiled() -> bool:
    """Whether the installed mmcv has compiled operations of its own."""
    if isinstance(sys.modules.get(_MODULE), _PlainOperations):
        return False
    return find_spec(_MODULE) is not None


def install() -> None:
    """Give mmcv the plain operations where it has no compiled ones; before mmdet and mmpose are imported."""
    if _MODULE not in sys.modules and not compiled():
        module = _PlainOperations(_MODULE)
        module.__spec__ = ModuleSpec(_MODULE, None)  # without a loader, mmengine takes them for absent
        sys.modules[_MODULE] = module
