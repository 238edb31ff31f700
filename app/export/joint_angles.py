"""Joint angles as CSV: one row a frame, degrees, empty cells where an angle has no meaning."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import StudioError
from app.export.format import ExportFormat
from app.motion.joint_angles import ANGLES, LEFT_OUT, joint_angles
from app.take import Array, Take
from stcformer.atomic import atomic_path

COLUMNS: tuple[str, ...] = ("frame", "time_s", *(f"{angle.name}_deg" for angle in ANGLES))


@dataclass(frozen=True)
class AngleTable:
    """What a table of angles holds: `frame (F,)`, `time_s (F,)`, `angles (F, A)` degrees in the order of `ANGLES`."""

    frame: np.ndarray
    time_s: Array
    angles: Array


def write_joint_angles(take: Take, person: int, path: Path) -> dict[str, Any]:
    """Write one person's angles to the thousandth of a degree. The notes say what each column means."""
    angles = joint_angles(take.world[person])
    with atomic_path(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        rows = zip(take.time_s.tolist(), angles.tolist(), strict=True)
        for frame, (time, values) in enumerate(rows, start=take.source.first_frame):
            cells = ("" if np.isnan(value) else f"{round(value, 3) + 0.0:.3f}" for value in values)
            file.write(",".join((str(frame), repr(float(time)), *cells)) + "\n")
    empty = np.isnan(angles) & take.seen(person)[:, None]
    columns = {
        f"{angle.name}_deg": {
            "definition": angle.definition,
            "positive": angle.positive,
            "zero": angle.zero,
            "frames_empty_though_seen": int(empty[:, index].sum()),
            **({"empty_when": angle.empty} if angle.empty else {}),
        }
        for index, angle in enumerate(ANGLES)
    }
    return {
        "unit": "degree",
        "frames": take.frame_count(),
        "frames_seen": int(take.seen(person).sum()),
        "conventions": "ISB (Wu et al. 2002, 2005), Grood and Suntay 1983 where 17 joints allow: docs/joint_angles.md",
        "to_the_vertical": "pelvis obliquity, pelvis rotation and the trunk's leans are only as level as the world is",
        "not_told_by_17_joints": LEFT_OUT,
        "columns": columns,
    }


def read_joint_angles(path: Path) -> AngleTable:
    """Read back what `write_joint_angles` wrote: NaN for empty cells. Raises StudioError for other files."""
    with Path(path).open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        if tuple(next(rows, ())) != COLUMNS:
            raise StudioError(
                f"'{path}' is not a table of joint angles written by this program: its columns differ."
            )
        try:
            values = [[float(cell) if cell else np.nan for cell in row] for row in rows]
            table = np.array(values, dtype=np.float64).reshape(len(values), len(COLUMNS))
        except ValueError as error:
            raise StudioError(f"'{path}' has a row that cannot be read: {error}.") from error
    return AngleTable(table[:, 0].astype(np.int64), table[:, 1], table[:, 2:])


FORMAT = ExportFormat(
    "angles",
    ".angles.csv",
    "joint angles over time, for movement science: hips, knees, shoulders, elbows, trunk, head",
    "degrees, by ISB definitions as far as 17 joints allow",
    write_joint_angles,
    read_joint_angles,
)
