"""Clips laid one after another in plain `.npy` files, which are mapped into memory instead of being read."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.atomic import atomic_path
from stcformer.errors import LifterError
from stcformer.paper.clips import Clips

Array = NDArray[np.floating[Any]]

_ARRAYS = ("keypoints", "pose", "starts", "valid", "root", "intrinsics")
_VERSION = 1
"""Of what is written below; another number makes old caches void."""


@dataclass(frozen=True)
class Part:
    """One clip on its way into a cache; the fields are those of `Clips`."""

    keypoints: Array
    pose: Array
    subject: str
    action: str
    camera: str
    valid: NDArray[np.bool_]
    root: Array | None = None
    intrinsics: Array | None = None


def open_flat(folder: Path, name: str, sources: Sequence[Path], read: Callable[[], list[Part]]) -> Clips:
    """The clips that `read` gives, from `folder` where they lie already, else written there first.

    They are read anew when one of the `sources` has changed its size or time. Raises LifterError where nothing can be
    written, and what `read` raises.
    """
    place = folder / f"{name}-{_fingerprint(sources)}"
    if not (place / "clips.json").is_file():
        try:
            _write(place, read())
        except OSError as error:
            raise LifterError(
                f"'{place}' cannot be written ({error.strerror}); name another folder with --cache."
            ) from error
    return _open(place)


def _fingerprint(sources: Sequence[Path]) -> str:
    states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sources if path.exists()]
    return hashlib.sha256(json.dumps([_VERSION, states]).encode()).hexdigest()[:12]


def _write(place: Path, parts: list[Part]) -> None:
    if not parts:
        raise LifterError(f"There is no clip to write to '{place}'; look at the data set's files.")
    arrays: dict[str, NDArray[Any]] = {
        "keypoints": np.concatenate([part.keypoints for part in parts]).astype(np.float32),
        "pose": np.concatenate([part.pose for part in parts]).astype(np.float32),
        "starts": np.concatenate(([0], np.cumsum([len(part.pose) for part in parts]))).astype(np.int64),
        "valid": np.concatenate([part.valid for part in parts]),
    }
    if all(part.root is not None and part.intrinsics is not None for part in parts):
        arrays["root"] = np.concatenate([part.root for part in parts if part.root is not None]).astype(
            np.float32
        )
        arrays["intrinsics"] = np.stack(
            [part.intrinsics for part in parts if part.intrinsics is not None]
        ).astype(np.float32)
    for name, values in arrays.items():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            clip = (
                int(np.searchsorted(arrays["starts"], np.argwhere(~np.isfinite(values))[0][0], "right")) - 1
            )
            part = parts[min(clip, len(parts) - 1)]
            raise LifterError(
                f"The {name} of '{part.action}' of {part.subject} are not all numbers; get the file again."
            )
        with atomic_path(place / f"{name}.npy") as path:
            np.save(path, values)
    texts = {
        "subjects": [part.subject for part in parts],
        "actions": [part.action for part in parts],
        "cameras": [part.camera for part in parts],
    }
    # Last, so that its presence says that all the others are whole.
    with atomic_path(place / "clips.json") as path:
        path.write_text(json.dumps(texts), encoding="utf-8")


def _open(place: Path) -> Clips:
    try:
        texts = json.loads((place / "clips.json").read_text("utf-8"))
        # Copy on write: PyTorch asks for memory that could be written to.
        arrays = {
            name: np.load(place / f"{name}.npy", mmap_mode="c")
            for name in _ARRAYS
            if (place / f"{name}.npy").is_file()
        }
        subjects, actions, cameras = (
            tuple(str(text) for text in texts[name]) for name in ("subjects", "actions", "cameras")
        )
        clips = Clips(
            arrays["keypoints"],
            arrays["pose"],
            np.array(arrays["starts"]),
            subjects,
            actions,
            cameras,
            np.array(arrays["valid"]),
            arrays.get("root"),
            arrays.get("intrinsics"),
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise LifterError(f"'{place}' is not whole ({error}); delete that folder and start again.") from error
    frames = clips.frame_count()
    if clips.keypoints.shape != (frames, 17, 2) or clips.pose.shape != (frames, 17, 3):
        raise LifterError(f"'{place}' is not whole; delete that folder and start again.")
    return clips
