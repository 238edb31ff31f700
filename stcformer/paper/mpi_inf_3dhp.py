"""MPI-INF-3DHP as P-STMO prepares it: `data_train_3dhp.npz` and `data_test_3dhp.npz` in one folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stcformer.errors import LifterError
from stcformer.paper.clips import JointSet, PaperDataset
from stcformer.paper.flat_cache import Part, open_flat
from stcformer.paper.object_archive import read_table

Array = NDArray[np.floating[Any]]

JOINT_SET = JointSet(
    (
        *("head_top", "neck", "rshoulder", "relbow", "rwrist", "lshoulder", "lelbow", "lwrist"),
        *("rhip", "rknee", "rankle", "lhip", "lknee", "lankle", "pelvis", "spine", "head"),
    ),
    root=14,
    left=(5, 6, 7, 11, 12, 13),
    right=(2, 3, 4, 8, 9, 10),
)
TEST_SEQUENCES = ("TS1", "TS2", "TS3", "TS4", "TS5", "TS6")
_SQUARE, _WIDE = (2048, 2048), (1920, 1080)
_OUTDOORS = ("TS5", "TS6")
_TRAINING, _TEST = "data_train_3dhp.npz", "data_test_3dhp.npz"


def open_mpi_inf_3dhp(folder: Path, cache_folder: Path | None = None) -> PaperDataset:
    """The data set with its true 2D keypoints; poses (`univ_annot3`) in millimetres, relative to the pelvis.

    Kept and mapped as `stcformer.paper.human36m.open_human36m` does. Raises LifterError for files that are missing,
    damaged, or not what P-STMO's preparation writes.
    """
    training, test = folder / _TRAINING, folder / _TEST
    cache = cache_folder or folder / "stcformer-cache"
    return PaperDataset(
        "mpi_inf_3dhp",
        JOINT_SET,
        0.001,
        open_flat(cache, "3dhp-training", (training,), lambda: _read_training(training)),
        open_flat(cache, "3dhp-test", (test,), lambda: _read_test(test)),
        "MPI-INF-3DHP, 2D: true",
    )


def _read_training(path: Path) -> list[Part]:
    parts = []
    for sequence, entry in _table(path).items():
        words = str(sequence).split(" ")
        cameras = entry[0] if isinstance(entry, (list, tuple, np.ndarray)) and len(entry) else None
        if len(words) != 2 or not isinstance(cameras, Mapping):
            raise LifterError(
                f"'{path}': '{sequence}' is not a sequence with a table of cameras, as P-STMO writes it."
            )
        for camera, clip in cameras.items():
            pose, keypoints = _clip(clip, path, f"camera {camera} of '{sequence}'")
            parts.append(
                Part(
                    _screen(keypoints, _SQUARE),
                    pose,
                    words[0],
                    words[1],
                    str(camera),
                    np.ones(len(pose), bool),
                )
            )
    return parts


def _read_test(path: Path) -> list[Part]:
    parts = []
    for sequence, clip in _table(path).items():
        if sequence not in TEST_SEQUENCES:
            raise LifterError(
                f"'{path}' holds a sequence '{sequence}'; there are {', '.join(TEST_SEQUENCES)}."
            )
        pose, keypoints = _clip(clip, path, f"'{sequence}'")
        valid = np.asarray(clip.get("valid")).reshape(-1)
        if len(valid) != len(pose) or valid.dtype.kind not in "biuf":
            raise LifterError(
                f"'{path}': '{sequence}' has no 'valid' mark for each of its {len(pose)} frames."
            )
        size = _WIDE if sequence in _OUTDOORS else _SQUARE
        parts.append(
            Part(_screen(keypoints, size), pose, str(sequence), str(sequence), "0", valid.astype(bool))
        )
    return parts


def _table(path: Path) -> Mapping[Any, Any]:
    table = read_table(path, "data")
    if not isinstance(table, Mapping) or not table:
        raise LifterError(f"'{path}' is not a table of sequences, as P-STMO writes it.")
    return table


def _clip(clip: Any, path: Path, where: str) -> tuple[Array, Array]:
    """(F, 17, 3) pose relative to the pelvis and (F, 17, 2) pixels."""
    if not isinstance(clip, Mapping) or "data_2d" not in clip or "data_3d" not in clip:
        raise LifterError(f"'{path}': {where} has no 'data_2d' and 'data_3d'.")
    pose, keypoints = np.asarray(clip["data_3d"]), np.asarray(clip["data_2d"])
    if pose.ndim != 3 or pose.shape[1:] != (17, 3) or pose.dtype.kind != "f":
        raise LifterError(
            f"'{path}': the poses of {where} have shape {pose.shape} in place of (frames, 17, 3)."
        )
    if keypoints.shape != (len(pose), 17, 2) or keypoints.dtype.kind != "f":
        raise LifterError(
            f"'{path}': the keypoints of {where} have shape {keypoints.shape} in place of ({len(pose)}, 17, 2)."
        )
    pose = pose.astype(np.float64)
    return pose - pose[:, JOINT_SET.root : JOINT_SET.root + 1], keypoints.astype(np.float64)


def _screen(pixels: Array, size: tuple[int, int]) -> Array:
    width, height = size
    return pixels * (2 / width) - (1, height / width)
