"""A `.task` file for MediaPipe's Pose Landmarker, made of the two networks in the MediaPipe wheel.

The files that Google publishes are downloads. They are the same two networks with metadata in them that say how
a picture is normalised: the person finder reads -1..1, the landmark network 0..1
(`mediapipe/modules/pose_detection/pose_detection_cpu.pbtxt`, `pose_landmark/pose_landmark_by_roi_cpu.pbtxt`).
Without them the Tasks API refuses floating-point networks.
"""

import struct
import warnings
import zipfile
from functools import cache
from pathlib import Path

import pytest

from detectors.mediapipe.library import import_mediapipe

_NETWORKS = {
    "pose_detector.tflite": ("pose_detection/pose_detection.tflite", 127.5, 127.5),
    "pose_landmarks_detector.tflite": ("pose_landmark/pose_landmark_full.tflite", 0.0, 255.0),
}
_ALIGNMENT = 4
_PADDING_FIELD = 0xD935
"""The extra field that Android's zipalign pads with."""


@cache
def _networks() -> dict[str, bytes]:
    modules = Path(import_mediapipe("tasks").__file__ or "").parent / "modules"
    if not all((modules / path).is_file() for path, _, _ in _NETWORKS.values()):
        pytest.skip("needs a MediaPipe wheel with its networks in it (before 0.10.30)")
    from mediapipe.tasks.python.metadata.metadata_writers.metadata_writer import MetadataWriter

    made = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # MediaPipe's writer leaves files open
        for name, (path, mean, deviation) in _NETWORKS.items():
            writer = MetadataWriter.create(bytearray((modules / path).read_bytes()))
            writer.add_image_input([mean], [deviation])
            made[name] = bytes(writer.populate()[0])
    return made


def made_task(path: Path) -> Path:
    """Write the `.task` file: stored, each network at a multiple of four bytes, as the published ones."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in _networks().items():
            member = zipfile.ZipInfo(name)
            padding = (
                -(archive.fp.tell() + 30 + len(name) + 4) % _ALIGNMENT
            )  # 30: the local header, APPNOTE 4.3.7
            member.extra = struct.pack("<HH", _PADDING_FIELD, padding) + bytes(padding)
            archive.writestr(member, content)
    return path
