"""CSV: one row a frame, world space in metres, empty cells where nobody was observed."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import StudioError
from app.export.format import ExportFormat
from app.take import Array, Take
from stcformer.atomic import atomic_path
from stcformer.skeleton import JOINT_COUNT, JOINTS

COLUMNS: tuple[str, ...] = (
    "frame",
    "time_s",
    *(f"{joint}_{value}" for joint in JOINTS for value in ("x_m", "y_m", "z_m", "score")),
)


@dataclass(frozen=True)
class CsvTable:
    """What a CSV file holds: `frame (F,)`, `time_s (F,)`, `world (F, 17, 3)` metres, `scores (F, 17)`."""

    frame: np.ndarray
    time_s: Array
    world: Array
    scores: Array


def write_csv(take: Take, person: int, path: Path) -> dict[str, Any]:
    """Write one person's joints. Positions to the micrometre, times in full; see `COLUMNS`."""
    world, scores = take.world[person], take.scores[person]
    known = np.isfinite(world).all(axis=-1)
    joints = np.concatenate((world, np.nan_to_num(scores)[..., None]), axis=-1)
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        rows = zip(take.time_s.tolist(), known.tolist(), joints.tolist(), strict=True)
        for frame, (time, is_known, values) in enumerate(rows, start=take.source.first_frame):
            row = [str(frame), repr(float(time))]
            for joint in range(JOINT_COUNT):
                if is_known[joint]:
                    x, y, z, score = values[joint]
                    row += (f"{x:.6f}", f"{y:.6f}", f"{z:.6f}", f"{score:.4f}")
                else:
                    row += ("", "", "", "")
            file.write(",".join(row) + "\n")
    return {
        "space": "world",
        "unit": "metre",
        "frames": take.frame_count(),
        "frames_empty": int((~known.any(axis=1)).sum()),
    }


def read_csv(path: Path) -> CsvTable:
    """Read back what `write_csv` wrote: NaN, score 0 for empty cells. Raises StudioError for others."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        header = tuple(next(rows, ()))
        if header != COLUMNS:
            raise StudioError(
                f"'{path}' is not a table of joints written by this program: its columns differ."
            )
        try:
            values = [[float(cell) if cell else np.nan for cell in row] for row in rows]
            table = np.array(values, dtype=np.float64).reshape(len(values), len(COLUMNS))
        except ValueError as error:
            raise StudioError(f"'{path}' has a row that cannot be read: {error}.") from error
    joints = table[:, 2:].reshape(len(table), JOINT_COUNT, 4)
    return CsvTable(table[:, 0].astype(np.int64), table[:, 1], joints[..., :3], np.nan_to_num(joints[..., 3]))


FORMAT = ExportFormat(
    "csv",
    ".csv",
    "table of joint positions, one row a frame",
    "world space in metres: z up, y away from the camera",
    write_csv,
    read_csv,
)
