"""TRC: the joints as markers, for OpenSim: millimetres, y up, x forward, z to the right.

Layout as in OpenSim's documentation of Marker (.trc) files and as OpenSim itself writes them: three header lines, two
rows of labels, an empty line, the rows; a tab after every cell, the last one included. OpenSim, Pose2Sim and others count
on those tabs: a marker that was not observed is three empty cells.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import StudioError
from app.export.format import ExportFormat
from app.export.resampling import joints_at_even_rate
from app.take import Array, Take
from stcformer.atomic import atomic_path
from stcformer.skeleton import JOINTS

MILLIMETRES = 1000.0
HEADER_KEYS = (
    "DataRate",
    "CameraRate",
    "NumFrames",
    "NumMarkers",
    "Units",
    "OrigDataRate",
    "OrigDataStartFrame",
    "OrigNumFrames",
)
LARGEST_FILE_BYTES = 512 * 2**20

_LEAST_COMMON_HEADING = 0.3
"""Length of the mean of the hips' headings below which a person faces no direction for most of the clip."""


@dataclass(frozen=True)
class TrcMarkers:
    """What a TRC file holds: M markers in F rows."""

    names: tuple[str, ...]
    rate: float
    """Rows a second."""
    units: str
    frame: np.ndarray
    """(F,) from 1."""
    time_s: Array
    """(F,) seconds."""
    positions: Array
    """(F, M, 3) in `units`; NaN for empty cells."""


def forward_heading(world: Array) -> tuple[Array, str]:
    """(3,) the level direction that a person with (F, 17, 3) world-space joints faces, and how that was found."""
    hips = world[:, JOINTS.index("rhip")] - world[:, JOINTS.index("lhip")]
    facing = np.stack((-hips[:, 1], hips[:, 0]), axis=-1)  # up x right
    sizes = np.linalg.norm(facing, axis=-1, keepdims=True)
    facing = (facing / np.where(sizes > 1e-6, sizes, np.nan))[np.isfinite(sizes[:, 0]) & (sizes[:, 0] > 1e-6)]
    if not len(facing):
        return np.array([0.0, -1.0, 0.0]), "toward the camera: the person never faces any direction"
    mean = facing.mean(axis=0)
    if np.linalg.norm(mean) < _LEAST_COMMON_HEADING:
        mean, source = facing[0], "the person's facing when first seen: no direction is common to the clip"
    else:
        source = "the person's mean facing, from the line of the hips"
    return np.array([*(mean / np.linalg.norm(mean)), 0.0]), source


def to_opensim(world: Array, forward: Array) -> Array:
    """`(..., 3)` world-space metres in OpenSim's axes, millimetres: x along level `forward`, y up, z to its right."""
    up = np.array([0.0, 0.0, 1.0])
    axes = np.stack((forward, up, np.cross(forward, up)))
    return np.asarray(world @ axes.T * MILLIMETRES)


def write_trc(take: Take, person: int, path: Path) -> dict[str, Any]:
    """Write one person's joints as markers; see `joints_at_even_rate` for the rows. Coordinates to the micrometre.

    Raises StudioError when the frame rate is not known.
    """
    rows = joints_at_even_rate(take, person)
    forward, source = forward_heading(take.world[person])
    positions = to_opensim(rows.positions, forward)
    rate = f"{take.source.fps:.10g}"
    count = str(len(rows.time_s))
    name = "".join(letter if letter.isprintable() else "_" for letter in path.name)
    values = (rate, rate, count, str(len(JOINTS)), "mm", rate, "1", count)
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{name}",
        "\t".join(HEADER_KEYS),
        "\t".join(values),
        "Frame#\tTime\t" + "".join(f"{joint}\t\t\t" for joint in JOINTS),
        "\t\t" + "".join(f"X{number}\tY{number}\tZ{number}\t" for number in range(1, len(JOINTS) + 1)),
        "",
    ]
    for number, (time, row) in enumerate(zip(rows.time_s.tolist(), positions.tolist(), strict=True), start=1):
        cells = "".join(
            f"{x:.3f}\t{y:.3f}\t{z:.3f}\t" if math.isfinite(x + y + z) else "\t\t\t" for x, y, z in row
        )
        lines.append(f"{number}\t{time:.6f}\t{cells}")
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n", errors="replace")
    degrees = math.degrees(math.atan2(forward[0], -forward[1]))
    return {
        "space": "x forward, y up, z to the right; the origin is the world's",
        "unit": "millimetre",
        "forward": source,
        "forward_from_the_camera_degrees": round(degrees, 3),
        "forward_in_world": [round(float(value), 6) for value in forward],
        "markers": "joint centres by the names of the 17 joints; `neck` is the nose",
        **rows.notes,
    }


def read_trc(path: Path) -> TrcMarkers:
    """Read a TRC file. Raises StudioError when it is not one, or its rows are not as its header says."""
    path = Path(path)
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise StudioError(f"'{path}' is too large for a TRC file.")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    try:
        if len(lines) < 5 or not lines[0].startswith("PathFileType"):
            raise ValueError("it does not begin with PathFileType and five lines of header")
        header = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
        names = tuple(name for name in lines[3].split("\t")[2:] if name)
        if len(names) != int(header["NumMarkers"]):
            raise ValueError(f"it names {len(names)} markers and says {header['NumMarkers']}")
        width = 2 + 3 * len(names)
        rows = [line.split("\t") for line in lines[5:] if line.strip()]
        if len(rows) != int(header["NumFrames"]) or any(len(row) < width for row in rows):
            raise ValueError("its rows are not as its header says")
        cells = [[float(cell) if cell.strip() else np.nan for cell in row[:width]] for row in rows]
        table = np.array(cells, dtype=np.float64).reshape(len(rows), width)
        rate = float(header["DataRate"])
    except (KeyError, ValueError) as error:
        raise StudioError(f"'{path}' is not a readable TRC file: {error}.") from error
    positions = table[:, 2:].reshape(len(rows), len(names), 3)
    return TrcMarkers(names, rate, header["Units"], table[:, 0].astype(np.int64), table[:, 1], positions)


FORMAT = ExportFormat(
    "trc",
    ".trc",
    "the joints as markers, for OpenSim",
    "millimetres: x forward (where the person faces), y up, z to the right",
    write_trc,
    read_trc,
    needs_pose=True,
)
