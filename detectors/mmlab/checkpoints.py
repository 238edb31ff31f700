"""Weights of OpenMMLab's `.pth` files: read without running anything that the file says, loaded strictly.

The files hold more than tensors: the training log as mmengine's HistoryBuffer, NumPy arrays and scalars. These
are let through by name; PyTorch's `weights_only` stays on and refuses everything else.
"""

import hashlib
import pickle
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from detectors.errors import DetectorError

_STATISTICS = ("min", "max", "current", "mean")
"""The methods of HistoryBuffer that a saved one refers to; any other attribute of anything is refused."""

_NUMPY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")
"""Where NumPy 1 and NumPy 2 say that their arrays are made."""

_PREPROCESSOR = "data_preprocessor."
"""Mean and deviation of the pictures: in the config, and in files of some versions once more."""


@dataclass(frozen=True)
class Checkpoint:
    """What one file holds."""

    path: Path
    weights: Mapping[str, Tensor]
    meta: Mapping[str, Any]
    """The trainer's notes, among them the data set's keypoints or classes; not to be believed unchecked."""
    sha256: str
    """64 hex digits."""

    @property
    def description(self) -> str:
        """The file and what tells it from others of its name."""
        return f"{self.path.name} (SHA-256 {self.sha256[:16]})"


def read_checkpoint(path: Path) -> Checkpoint:
    """The weights and notes of an OpenMMLab checkpoint, on the CPU; no code of the file is run.

    Raises DetectorError when the file is missing, damaged, holds anything that would have to be executed, or
    no table of tensors. Needs `import_mmpose` first.
    """
    if not path.is_file():
        raise DetectorError(f"There is no checkpoint '{path}'; give the path of a .pth file.")
    digest = _digest(path)
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(_harmless()):
            warnings.simplefilter("ignore")  # PyTorch remarks on a pickle's age, beside the sentence below
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL (\S+)", str(error))
        raise DetectorError(
            f"'{path}' was refused: it holds more than weights ({found.group(1) if found else 'unknown objects'}), "
            "which could run code. Use a checkpoint from OpenMMLab, or one saved with weights only."
        ) from error
    except Exception as error:  # a damaged file can end PyTorch's reader in any exception
        raise DetectorError(f"'{path}' is damaged or no PyTorch checkpoint; download it again.") from error
    return _checked(content, path, digest)


def load_weights(model: nn.Module, checkpoint: Checkpoint, config: str) -> None:
    """Put the weights into the network of the named config, every one and no other.

    Raises DetectorError, and leaves the network's weights undefined, when they do not fit.
    """
    theirs = {name.removeprefix("module."): value for name, value in checkpoint.weights.items()}
    ours = model.state_dict()
    reasons = _different_pictures(model, theirs)
    theirs = {
        name: value for name, value in theirs.items() if name in ours or not name.startswith(_PREPROCESSOR)
    }
    shared = [name for name in ours if name in theirs]
    shapes = [name for name in shared if ours[name].shape != theirs[name].shape]
    reasons += [
        f"{len(names)} {what} (such as '{names[0]}')"
        for names, what in (
            ([name for name in ours if name not in theirs], "weights are missing"),
            ([name for name in theirs if name not in ours], "weights have no place"),
            (shapes, "weights have another shape"),
        )
        if names
    ]
    if reasons:
        raise DetectorError(
            f"'{checkpoint.path}' does not belong to the config '{config}': {', '.join(reasons)}. "
            "Give the config that the checkpoint was trained with."
        )
    model.load_state_dict(theirs)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(2**20):
                digest.update(block)
    except OSError as error:
        raise DetectorError(
            f"'{path}' cannot be read ({error.strerror or error}); check its path."
        ) from error
    return digest.hexdigest()


def _checked(content: Any, path: Path, digest: str) -> Checkpoint:
    table = content.get("state_dict", content) if isinstance(content, Mapping) else None
    if (
        not isinstance(table, Mapping)
        or not table
        or not all(isinstance(name, str) and isinstance(value, Tensor) for name, value in table.items())
    ):
        raise DetectorError(
            f"'{path}' holds no table of tensors, so it is no checkpoint of MMPose or MMDetection."
        )
    meta = content.get("meta") if table is not content else None
    return Checkpoint(path, table, meta if isinstance(meta, Mapping) else {}, digest)


def _different_pictures(model: nn.Module, theirs: Mapping[str, Tensor]) -> list[str]:
    """Where the file's mean and deviation of the pictures are there, and not those of the config."""
    buffers = dict(model.named_buffers())
    return [
        f"its pictures have another {name.removeprefix(_PREPROCESSOR)}"
        for name, value in theirs.items()
        if name.startswith(_PREPROCESSOR)
        and name in buffers
        and (
            buffers[name].numel() != value.numel()
            or not torch.allclose(buffers[name].cpu().flatten().float(), value.flatten().float(), atol=1e-3)
        )
    ]


def _harmless() -> list[Any]:
    """What a checkpoint may be made of besides tensors, numbers, strings and their tables."""
    from mmengine.logging.history_buffer import HistoryBuffer  # noqa: PLC0415 - slow, and installed on demand

    def statistic(owner: Any, name: Any) -> Any:
        if owner is not HistoryBuffer or name not in _STATISTICS:
            raise pickle.UnpicklingError(f"GLOBAL getattr({owner!r},{name!r}) was not allowed")
        return getattr(HistoryBuffer, name)

    def no_bytes(*arguments: Any) -> bytes:
        if arguments:
            raise pickle.UnpicklingError("GLOBAL bytes of any length was not allowed")
        return b""

    dtypes = {type(np.dtype(code)) for code in np.typecodes["All"] if code != "O"}
    array, scalar = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
    return [
        HistoryBuffer,
        (statistic, "builtins.getattr"),
        (no_bytes, "builtins.bytes"),  # an empty array; others are spelt out
        np.ndarray,
        np.dtype,
        *dtypes,
        *((array, f"{module}._reconstruct") for module in _NUMPY_MODULES),
        *((scalar, f"{module}.scalar") for module in _NUMPY_MODULES),
    ]
