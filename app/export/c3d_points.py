"""C3D: the joints as points, for the programs of movement laboratories: millimetres, z up, written with ezc3d."""

import struct
import tempfile
import warnings
from dataclasses import dataclass
from importlib.metadata import version
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
MOST_FRAMES = 65_535
"""A C3D header counts frames in 16 bits."""

_DESCRIPTIONS = {
    "hip": "middle of both hips",
    "spine": "middle of hip and thorax",
    "thorax": "middle of both shoulders",
    "neck": "tip of the nose",
    "head": "top of the head",
}


@dataclass(frozen=True)
class C3dPoints:
    """The points of a C3D file."""

    names: tuple[str, ...]
    descriptions: tuple[str, ...]
    rate: float
    """Frames a second, as its 32 bits hold it."""
    first_frame: int
    """From 0: row k is at (first_frame + k) / rate seconds."""
    units: str
    screen: tuple[str, str]
    """The file's axes that point to the right and up on a screen."""
    positions: Array
    """(F, N, 3) in `units`; NaN where a point is marked as not seen."""
    residuals: Array
    """(F, N) -1 where a point was not seen."""


def write_c3d(take: Take, person: int, path: Path) -> dict[str, Any]:
    """Write one person's joints as points in world space; see `joints_at_even_rate` for the rows.

    A joint that was not observed has residual -1, the others 0: no error is known for them. Raises StudioError when
    the frame rate is not known, or for more than 65,535 frames.
    """
    rows = joints_at_even_rate(take, person)
    count, fps = len(rows.time_s), take.source.fps
    if count > MOST_FRAMES:
        raise StudioError(
            f"'{path}' cannot hold {count} frames: a C3D file has {MOST_FRAMES} at most; choose a range of frames."
        )
    first = max(0, round(float(rows.time_s[0]) * fps))
    counts_from_video = first + count <= MOST_FRAMES
    content = _written(rows.positions, fps, first if counts_from_video else 0)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
    return {
        "space": "world: x to the right, y away from the camera, z up; on a screen +X to the right, +Z up",
        "unit": "millimetre",
        "points": "joint centres by the names of the 17 joints; POINT:DESCRIPTIONS says what each is",
        "residuals": "-1 where not observed; 0 elsewhere, where the error is not known",
        "analog": "none",
        "first_frame": "counts from the video's start"
        if counts_from_video
        else "1: the header holds no more",
        **rows.notes,
        "read_back": _read_back(path, rows.positions),
    }


def _written(positions: Array, fps: float, first_frame: int) -> bytes:
    """The file: (F, 17, 3) metres with NaN."""
    ezc3d = import_ezc3d()
    seen = np.isfinite(positions).all(axis=-1).T
    file = ezc3d.c3d()
    file["header"]["points"]["first_frame"] = first_frame
    point = file["parameters"]["POINT"]
    point["RATE"]["value"] = np.array([fps])
    point["UNITS"]["value"] = ["mm"]
    point["LABELS"]["value"] = list(JOINTS)
    point["DESCRIPTIONS"]["value"] = [_DESCRIPTIONS.get(name, f"{name} joint centre") for name in JOINTS]
    file.add_parameter("POINT", "X_SCREEN", "+X", "axis that points to the right on a screen")
    file.add_parameter("POINT", "Y_SCREEN", "+Z", "axis that points up on a screen")
    file.add_parameter("MANUFACTURER", "SOFTWARE", "STCFormer Studio")
    file.add_parameter("MANUFACTURER", "VERSION_LABEL", version("stcformer-studio"))
    points = np.ones((4, *seen.shape))
    # Programs that do not look at residuals should at least not meet NaN.
    points[:3] = np.where(seen, np.moveaxis(positions, -1, 0).transpose(0, 2, 1) * MILLIMETRES, 0.0)
    file["data"]["points"] = points
    file["data"]["meta_points"]["residuals"] = np.where(seen, 0.0, -1.0)[None]
    # ezc3d opens names in the system's own encoding, which cannot hold every name that a user gives.
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "points.c3d"
        file.write(str(plain))
        return plain.read_bytes()


def _read_back(path: Path, positions: Array) -> dict[str, Any]:
    """How far the file's points lie from the poses: its numbers have 32 bits."""
    error = np.linalg.norm(read_c3d(path).positions - positions * MILLIMETRES, axis=-1)
    error = error[np.isfinite(error)]
    if not error.size:
        return {"frames_compared": 0}
    return {
        "frames_compared": int(np.isfinite(positions).all(axis=-1).any(axis=1).sum()),
        "largest_error_mm": round(float(error.max()), 4),
        "mean_error_mm": round(float(error.mean()), 4),
    }


def read_c3d(path: Path) -> C3dPoints:
    """Read the points of a C3D file. Raises StudioError when it is not one."""
    ezc3d = import_ezc3d()
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "points.c3d"
        content = Path(path).read_bytes()
        plain.write_bytes(content)
        try:
            file = ezc3d.c3d(str(plain))
            point = file["parameters"]["POINT"]
            data, residuals = file["data"]["points"], file["data"]["meta_points"]["residuals"][0].T
            header = file["header"]["points"]
            # ezc3d gives what there is of a file that was cut off; its header still knows how much there was.
            first, last = struct.unpack("<HH", content[6:10])
            if len(residuals) != last - first + 1:
                raise ValueError(f"it ends after {len(residuals)} of {last - first + 1} frames")
            seen = residuals >= 0
            return C3dPoints(
                tuple(point["LABELS"]["value"]),
                tuple(point["DESCRIPTIONS"]["value"]),
                float(point["RATE"]["value"][0]),
                int(header["first_frame"]),
                point["UNITS"]["value"][0],
                (point["X_SCREEN"]["value"][0], point["Y_SCREEN"]["value"][0]),
                np.where(seen[..., None], np.moveaxis(data[:3], 0, -1).swapaxes(0, 1), np.nan),
                residuals,
            )
        except (RuntimeError, ValueError, KeyError, IndexError, OSError, struct.error) as error:
            raise StudioError(f"'{path}' is not a C3D file that can be read: {error}.") from error


def import_ezc3d() -> Any:
    """The ezc3d library, without what its wrapper's types warn of on newer Pythons."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ezc3d  # noqa: PLC0415
    return ezc3d


FORMAT = ExportFormat(
    "c3d",
    ".c3d",
    "the joints as points, for movement laboratories (Visual3D, Mokka, MATLAB)",
    "world space in millimetres: z up, y away from the camera",
    write_c3d,
    read_c3d,
    needs_pose=True,
)
