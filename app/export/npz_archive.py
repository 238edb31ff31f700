"""NPZ: every array of the Take, all persons, for NumPy."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from app.errors import StudioError
from app.export.format import ExportFormat
from app.export.video_camera import PIXELS_FROM_CAMERA, WORLD_FROM_CAMERA, camera_of, focal_px
from app.take import Take
from stcformer.atomic import atomic_path
from stcformer.skeleton import JOINTS, PARENTS

KEYS: tuple[str, ...] = (
    "joints",
    "time_s",
    "fps",
    "image_size",
    "keypoints",
    "scores",
    "camera",
    "world",
    "root_camera",
    "camera_rotation",
    "camera_position",
    "focal_px",
    "contacts",
    "feet",
    "foot_scores",
    "toes",
    "parents",
    "first_frame",
)


def write_npz(take: Take, person: int, path: Path) -> dict[str, Any]:
    """Write the arrays named in `KEYS`, shapes as in `app.take.Take`; `person` is not looked at.

    `camera_rotation` (P, 3, 3), `camera_position` (P, 3) metres and `focal_px`: see `app.export.video_camera`.
    """
    del person
    cameras = [camera_of(take, person) for person in range(take.person_count())]
    arrays: dict[str, Any] = {
        "joints": np.array(JOINTS),
        "time_s": take.time_s,
        "fps": np.float64(take.source.fps),
        "image_size": np.array([take.source.width, take.source.height], dtype=np.int64),
        "keypoints": take.keypoints,
        "scores": take.scores,
        "camera": take.camera,
        "world": take.world,
        "root_camera": take.root_camera,
        "camera_rotation": np.array([camera.rotation for camera in cameras]).reshape(-1, 3, 3),
        "camera_position": np.array([camera.position for camera in cameras]).reshape(-1, 3),
        "focal_px": np.float64(focal_px(take)),
        "contacts": take.contacts,
        "feet": take.feet,
        "foot_scores": take.foot_scores,
        "toes": take.toes,
        "parents": np.array(PARENTS, dtype=np.int64),
        "first_frame": np.int64(take.source.first_frame),
    }
    # Not straight to the file: on a full disk NumPy's ZipFile complains on stderr once more when it is freed.
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.getbuffer())
    return {
        "arrays": {name: list(np.shape(array)) for name, array in arrays.items()},
        "camera_rotation": f"{WORLD_FROM_CAMERA} (of each person)",
        "camera_position": "metres in world space, of each person; NaN, as the rotation, without a pose",
        "focal_px": PIXELS_FROM_CAMERA,
        "contacts": "left, right foot: 1 on the floor, 0 in the air, -1 not known",
        "feet": "pixels of heel and toe, of the left and the right foot; NaN with score 0 where not observed",
        "toes": "metres in world space: tips of the left and the right foot's toes",
        "parents": "index of the joint that each joint's bone begins in; -1 for the hip",
        "first_frame": "the video's frame of the first row",
    }


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of an archive. Nothing is unpickled. Raises StudioError when it is not such an archive."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in KEYS}
    except (KeyError, ValueError, AttributeError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise StudioError(
            f"'{path}' is not an archive of joints written by this program: {error}."
        ) from error
    return arrays


FORMAT = ExportFormat(
    "npz",
    ".npz",
    "all arrays of all persons, for NumPy",
    "image space in pixels; camera and world space in metres",
    write_npz,
    read_npz,
    per_person=False,
)
