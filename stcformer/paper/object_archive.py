"""Reading the data sets' `.npz` files, whose tables are pickled, without letting a file run code."""

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from stcformer.errors import LifterError

LARGEST_MEMBER_BYTES = 16 * 2**30
"""Unpacked; the largest of the published files is a tenth of it."""


def _empty_array(kind: Any, shape: Any, code: Any) -> np.ndarray:
    """What numpy's own `_reconstruct` makes before the state is set; the file may not choose how much memory it takes."""
    return np.ndarray.__new__(np.ndarray, (0,), "b")


def _scalar(dtype: np.dtype, content: bytes | str = b"") -> Any:
    if dtype.hasobject:
        raise pickle.UnpicklingError("a scalar that holds an object")
    return np.frombuffer(content if isinstance(content, bytes) else content.encode("latin1"), dtype, count=1)[
        0
    ]


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"text encoded as {encoding}")
    return text.encode("latin1")


# Everything that plain arrays, numbers, lists and dictionaries are pickled with, by numpy 1 and 2.
_ALLOWED: dict[tuple[str, str], Any] = {
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _empty_array for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _scalar for core in ("core", "_core")},
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _encode,
}


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return _ALLOWED[module, name]


def read_table(path: Path, member: str) -> Any:
    """The pickled object that `np.savez(path, member=table)` wrote: dictionaries, lists and arrays, nothing else.

    Raises LifterError for a file that is missing or no such archive, that lacks the member, or that would run code.
    """
    if not path.is_file():
        raise LifterError(f"There is no file '{path}'; see docs/paper.md for where the data set comes from.")
    try:
        with zipfile.ZipFile(path) as archive:
            name = f"{member}.npy"
            if name not in archive.namelist():
                found = ", ".join(sorted(Path(entry).stem for entry in archive.namelist())) or "nothing"
                raise LifterError(
                    f"'{path}' holds no '{member}' but {found}; it is another file than expected."
                )
            if archive.getinfo(name).file_size > LARGEST_MEMBER_BYTES:
                raise LifterError(
                    f"'{path}' says that '{member}' is larger than 16 GiB; it is not the data set."
                )
            with archive.open(name) as stream:
                return _read_object(stream)
    except pickle.UnpicklingError as error:
        raise LifterError(
            f"'{path}' was refused: '{member}' holds more than arrays ({error}), and anything more could run code."
        ) from error
    except LifterError:
        raise
    except Exception as error:  # a damaged file can end numpy's reader and the unpickler in any exception
        raise LifterError(f"'{path}' is damaged or no archive of numpy's ({error}); get it again.") from error


def _read_object(stream: io.BufferedIOBase | Any) -> Any:
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f"version {version}")
    shape, _, dtype = read_header(stream)
    if not dtype.hasobject or shape != ():
        raise ValueError(f"an array of {dtype} and shape {shape} in place of a table")
    return _PlainUnpickler(stream, encoding="latin1").load().item()
