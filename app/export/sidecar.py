"""The sidecar: a JSON file beside the results that says what made them and how to read them."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import StudioError
from app.export.video_camera import PIXELS_FROM_CAMERA, WORLD_FROM_CAMERA, camera_of, focal_px
from app.take import Take
from stcformer.atomic import atomic_path
from stcformer.skeleton import JOINTS

SCHEMA = 1
SUFFIX = ".json"

SPACES = {
    "image": "pixels of the upright picture, origin top left, x right, y down",
    "camera": "metres, x right, y down, z away; `camera` has the hip at 0, `root_camera` is the hip's place",
    "world": "metres, right-handed, z up, y away from the camera, x right; on the floor under the first hip",
    "bvh": "y up, z toward the viewer, x right; the world turned; the unit of each file stands in its notes",
    "glb": "metres, y up, z toward the viewer, x right; the world turned",
}


def write_sidecar(take: Take, path: Path, files: list[dict[str, Any]]) -> None:
    """Write the sidecar of `files`: dicts with `file`, `format`, `person` and the exporter's `notes`."""
    content = {
        "schema": SCHEMA,
        "source": {
            "file": take.source.path.name,
            "width_px": take.source.width,
            "height_px": take.source.height,
            "fps": take.source.fps,
            "first_frame": take.source.first_frame,
            "frames": take.frame_count(),
        },
        "persons": [
            {
                "person": person + 1,
                "frames_seen": int((take.seen(person) & ~take.bridged(person)).sum()),
                "frames_bridged": int(take.bridged(person).sum()),
            }
            for person in range(take.person_count())
        ],
        "camera": {
            "focal_px": focal_px(take),
            "persons": [
                {"person": person + 1, "rotation": place.rotation, "position_m": place.position}
                for person in range(take.person_count())
                for place in [camera_of(take, person)]
                if np.isfinite(place.position).all()
            ],
            "to_world": WORLD_FROM_CAMERA,
            "to_pixels": PIXELS_FROM_CAMERA,
        },
        "joints": list(JOINTS),
        "spaces": SPACES,
        "units": {
            "length": "metre, where a file's notes say nothing else",
            "time": "second",
            "angle": "degree",
            "score": "0 to 1",
        },
        "unobserved": "NaN in NPZ, empty cells in the tables and in TRC, residual -1 in C3D, bridged in BVH and GLB "
        "(their notes say where); never zeros",
        "provenance": take.provenance,
        "files": files,
    }
    text = json.dumps(plain(content), indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_path(path) as temporary:
        # A path may hold bytes that are no text; they are written as JSON escapes.
        temporary.write_bytes(text.encode("utf-8", "backslashreplace") + b"\n")


def read_sidecar(path: Path) -> dict[str, Any]:
    """Read a sidecar. Raises StudioError when it is not one."""
    try:
        content = json.loads(Path(path).read_bytes())
    except ValueError as error:
        raise StudioError(f"'{path}' is not a readable sidecar: {error}.") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise StudioError(f"'{path}' is not a sidecar that this version reads (schema {SCHEMA}).")
    return content


def plain(value: Any) -> Any:
    """`value` in JSON's own types: NumPy's numbers and arrays, paths and tuples turned; NaN becomes null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if value is None or isinstance(value, (str, int)):
        return value
    return str(value)
