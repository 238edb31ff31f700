"""Tables of frames in `.npz` files: kept as changes from frame to frame, and not believed about their size.

Whole numbers that move little from one frame to the next take a fraction of the bytes, once compressed, as their changes.
"""

from pathlib import Path
from typing import TypeVar
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

Whole = TypeVar("Whole", bound=np.integer)


def changes(values: NDArray[Whole]) -> NDArray[Whole]:
    """(N, ...) integers less those of the frame before, wrapped around in their range; the first as it is."""
    return np.diff(values, axis=0, prepend=np.zeros_like(values[:1])).astype(values.dtype)


def summed(changed: NDArray[Whole]) -> NDArray[Whole]:
    """What `changes` was made of."""
    return np.cumsum(changed, axis=0, dtype=changed.dtype)


def unpacked_bytes(archive: Path) -> int:
    """How large the arrays of an `.npz` say that they are once unpacked. Raises OSError and what `zipfile` raises."""
    with ZipFile(archive) as members:
        return sum(member.file_size for member in members.infolist())
