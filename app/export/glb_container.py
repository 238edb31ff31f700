"""The container of glTF 2.0 binary files: a JSON text and a block of numbers (Khronos, glTF 2.0, sections 3.6, 4.4).

Written here because the libraries that do it bring five more packages with them for what is two headers.
"""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import StudioError
from stcformer.atomic import atomic_path

LARGEST_FILE_BYTES = 512 * 2**20

_MAGIC, _VERSION, _JSON, _BIN = b"glTF", 2, b"JSON", b"BIN\0"
_COMPONENTS: dict[int, np.dtype[Any]] = {
    5121: np.dtype("u1"),
    5123: np.dtype("<u2"),
    5125: np.dtype("<u4"),
    5126: np.dtype("<f4"),
}
_SHAPES = {"SCALAR": (), "VEC2": (2,), "VEC3": (3,), "VEC4": (4,), "MAT4": (16,)}

VERTICES, INDICES = 34962, 34963
"""What a block of numbers is for (`target` of a bufferView)."""


class Blocks:
    """The binary part of a file while it is put together."""

    def __init__(self) -> None:
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self._pieces: list[bytes] = []
        self._length = 0

    def add(self, values: np.ndarray, *, target: int | None = None, bounds: bool = False) -> int:
        """Number of the accessor of `(count,)` or `(count, 2 | 3 | 4 | 16)` values of a type that glTF knows.

        `bounds`: say the smallest and largest value too, as glTF asks of positions and of times.
        """
        component = next(code for code, kind in _COMPONENTS.items() if kind == values.dtype)
        kind = next(name for name, shape in _SHAPES.items() if shape == values.shape[1:])
        data = np.ascontiguousarray(values).tobytes()
        view: dict[str, Any] = {"buffer": 0, "byteOffset": self._length, "byteLength": len(data)}
        if target is not None:
            view["target"] = target
        accessor: dict[str, Any] = {
            "bufferView": len(self.views),
            "componentType": component,
            "count": len(values),
            "type": kind,
        }
        if bounds:
            flat = values.reshape(len(values), -1)
            accessor["min"], accessor["max"] = flat.min(axis=0).tolist(), flat.max(axis=0).tolist()
        data += b"\0" * (-len(data) % 4)
        self.views.append(view)
        self.accessors.append(accessor)
        self._pieces.append(data)
        self._length += len(data)
        return len(self.accessors) - 1

    def joined(self) -> bytes:
        """Everything that was added."""
        return b"".join(self._pieces)


def write_glb(path: Path, content: dict[str, Any], blocks: Blocks) -> None:
    """Write a file of glTF `content`, to which buffers, views and accessors are added."""
    binary = blocks.joined()
    content = {
        **content,
        "buffers": [{"byteLength": len(binary)}],
        "bufferViews": blocks.views,
        "accessors": blocks.accessors,
    }
    text = json.dumps(content, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    length = 12 + 8 + len(text) + 8 + len(binary)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(struct.pack("<4sII", _MAGIC, _VERSION, length))
        file.write(struct.pack("<I4s", len(text), _JSON) + text)
        file.write(struct.pack("<I4s", len(binary), _BIN) + binary)


def read_glb(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The glTF content and the values of every accessor. Raises StudioError with the reason when it is none."""
    path = Path(path)
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise StudioError(
            f"'{path}' is larger than {LARGEST_FILE_BYTES // 2**20} MiB, too large for a GLB file."
        )
    data = path.read_bytes()
    try:
        text, binary = _chunks(data)
        content = json.loads(text)
        if not isinstance(content, dict):
            raise ValueError("its content is no glTF object")
        views = content.get("bufferViews", [])
        values = [_values(accessor, views, binary) for accessor in content.get("accessors", [])]
    except (
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        struct.error,
        RecursionError,
    ) as error:
        raise StudioError(f"'{path}' is not a readable GLB file: {error}.") from error
    return content, values


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    magic, version, length = struct.unpack_from("<4sII", data)
    if magic != _MAGIC or version != _VERSION:
        raise ValueError("it does not begin as glTF 2.0")
    if length != len(data):
        raise ValueError(f"it says {length} bytes and has {len(data)}")
    parts, place = [], 12
    for kind in (_JSON, _BIN):
        size, found = struct.unpack_from("<I4s", data, place)
        if found != kind or place + 8 + size > len(data):
            raise ValueError(f"its {kind.decode().strip(chr(0))} part is missing or cut")
        parts.append(data[place + 8 : place + 8 + size])
        place += 8 + size
    return parts[0], parts[1]


def _values(accessor: dict[str, Any], views: list[dict[str, Any]], binary: bytes) -> np.ndarray:
    view = views[accessor["bufferView"]]
    kind, shape = _COMPONENTS[accessor["componentType"]], _SHAPES[accessor["type"]]
    count, width = int(accessor["count"]), int(np.prod(shape, dtype=int))
    begin, size = int(view.get("byteOffset", 0)), int(view["byteLength"])
    offset = int(accessor.get("byteOffset", 0))
    fits = offset + count * width * kind.itemsize <= size and begin + size <= len(binary)
    if min(count, begin, offset, size) < 0 or not fits:
        raise ValueError("an accessor reaches beyond its data")
    return np.frombuffer(binary, kind, count * width, begin + offset).reshape(count, *shape)
