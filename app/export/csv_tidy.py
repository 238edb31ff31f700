"""Tidy CSV: one row a person, frame and joint, as pandas and R like their tables; everybody in one file."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.errors import StudioError
from app.export.format import ExportFormat
from app.take import Array, Take
from stcformer.atomic import atomic_path
from stcformer.skeleton import JOINT_COUNT, JOINTS

COLUMNS: tuple[str, ...] = ("person", "frame", "time_s", "joint", "x_m", "y_m", "z_m", "score")


@dataclass(frozen=True)
class TidyTable:
    """What a tidy file holds: P persons, F frames; metres in world space, NaN with score 0 where not observed."""

    person: NDArray[np.int64]
    """(P,) counted from 1."""
    frame: NDArray[np.int64]
    """(F,) of the video."""
    time_s: Array
    """(F,) seconds."""
    world: Array
    """(P, F, 17, 3) metres."""
    scores: Array
    """(P, F, 17) 0..1."""


def write_csv_tidy(take: Take, person: int, path: Path) -> dict[str, Any]:
    """Write all persons' joints; `person` is not looked at. Every joint of every frame has a row, observed or not."""
    del person
    known = np.isfinite(take.world).all(axis=-1)
    values = np.concatenate((take.world, np.nan_to_num(take.scores)[..., None]), axis=-1)
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        times = [repr(float(time)) for time in take.time_s]
        for number in range(take.person_count()):
            frames = zip(times, known[number].tolist(), values[number].tolist(), strict=True)
            for frame, (time, is_known, joints) in enumerate(frames, start=take.source.first_frame):
                file.write("".join(_rows(f"{number + 1},{frame},{time}", is_known, joints)))
    return {
        "space": "world",
        "unit": "metre",
        "persons": take.person_count(),
        "rows": int(known.size),
        "rows_empty": int((~known).sum()),
    }


def _rows(start: str, is_known: list[bool], joints: list[list[float]]) -> list[str]:
    return [
        f"{start},{name},{x:.6f},{y:.6f},{z:.6f},{score:.4f}\n" if there else f"{start},{name},,,,\n"
        for name, there, (x, y, z, score) in zip(JOINTS, is_known, joints, strict=True)
    ]


def read_csv_tidy(path: Path) -> TidyTable:
    """Read back what `write_csv_tidy` wrote. Raises StudioError for others, and where a row is missing or twice."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        if tuple(next(rows, ())) != COLUMNS:
            raise StudioError(f"'{path}' is not a tidy table written by this program: its columns differ.")
        try:
            cells = [_numbers(row) for row in rows]
            values = np.array(cells, dtype=np.float64).reshape(len(cells), len(COLUMNS))
        except ValueError as error:
            raise StudioError(f"'{path}' has a row that cannot be read: {error}.") from error
    person, frame = np.unique(values[:, 0]), np.unique(values[:, 1])
    keys = np.meshgrid(person, frame, np.arange(JOINT_COUNT), indexing="ij")
    if not np.array_equal(values[:, [0, 1, 3]], np.stack(keys, axis=-1).reshape(-1, 3)):
        raise StudioError(f"'{path}' does not have every joint of every frame once and in order.")
    grid = values.reshape(len(person), len(frame), JOINT_COUNT, len(COLUMNS))
    time_s = grid[0, :, 0, 2] if len(person) else np.zeros(0)
    return TidyTable(
        person.astype(np.int64), frame.astype(np.int64), time_s, grid[..., 4:7], np.nan_to_num(grid[..., 7])
    )


def _numbers(row: list[str]) -> list[float]:
    """A row's cells as numbers, the joint by its place in `JOINTS`. Raises ValueError for any other row."""
    if len(row) != len(COLUMNS):
        raise ValueError(f"{len(row)} cells where {len(COLUMNS)} are needed")
    joint = float(JOINTS.index(row[3]))
    return [float(row[0]), float(row[1]), float(row[2]), joint, *(float(x) if x else np.nan for x in row[4:])]


FORMAT = ExportFormat(
    "csv-tidy",
    ".tidy.csv",
    "one row a person, frame and joint, for pandas and R",
    "world space in metres: z up, y away from the camera",
    write_csv_tidy,
    read_csv_tidy,
    per_person=False,
)
