"""RTMPose by ONNX files: persons found by RTMDet, each one's keypoints from a crop. Several people, no MMLab.

Jiang et al., "RTMPose: Real-Time Multi-Person Pose Estimation based on MMPose", 2023. Any RTMPose file works as
OpenMMLab exports it, its format known by the number of keypoints. Batches of persons gain nothing on a CPU (29 ms a
person with RTMPose-m, 1 or 4 at once), much on a GPU; they are bounded, for the memory.
"""

import os
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import numpy as np

from detectors.keypoints import FORMATS
from detectors.names import split_models
from detectors.onnx.rtmdet import RTMDetPersonDetector
from detectors.onnx.runtime import DEVICES, device_in_words, open_model
from detectors.onnx.simcc import crop, crop_frames, decode
from detectors.protocol import Array, Boxes, Image, Person, check_image

_DEFAULT_MODEL = "rtmpose-m-halpe26"
_GRAMMAR = f"rtmpose:POSE_MODEL[,PERSON_MODEL][,device={'|'.join(DEVICES)}]"
_FORMATS = {26: "halpe26", 17: "coco17", 133: "coco_wholebody133"}
_MEAN = np.array([123.675, 116.28, 103.53], np.float32)  # red, green, blue
_DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)

_PEOPLE_AT_ONCE = {"cpu": 4}
_PEOPLE_AT_ONCE_ELSEWHERE = 32
_PICTURES_AT_ONCE_ELSEWHERE = 16

_HIGHEST_SCORE = 2.5
"""RTMPose gives up to about 1.2. RTMW (whole bodies) is trained on another scale and gives up to 10."""


class RTMPoseDetector:
    """RTMDet and RTMPose in onnxruntime; see `detectors.protocol.Detector`. Every picture is searched anew.

    `pose_model` and `person_model` are ONNX files or names in the table of `detectors.models.files`, by default
    `rtmpose-m-halpe26` and `rtmdet-nano-person`; `device` as for `detectors.onnx.runtime.OnnxModel`. Raises
    DetectorError where a file, onnxruntime or the device cannot be used.
    """

    name = "rtmpose"

    keypoint_format: str
    batch_size: int
    device: str

    def __init__(
        self,
        pose_model: str | os.PathLike[str] | None = None,
        person_model: str | os.PathLike[str] | None = None,
        device: str = "auto",
    ) -> None:
        self._lock = threading.Lock()  # a window may close while its worker is still in `detect`
        self._model = open_model(pose_model, _DEFAULT_MODEL, device)
        self._size = self._checked_size()
        self.keypoint_format = self._checked_format()
        self._persons = RTMDetPersonDetector(person_model, device)
        self.device = device_in_words(self._model)
        if self._persons.device != self.device:
            self.device += f", persons on {self._persons.device}"
        on_cpu = self._model.device == "cpu"
        self.batch_size = 1 if on_cpu else _PICTURES_AT_ONCE_ELSEWHERE
        height, width = self._size
        self.description = (
            f"RTMPose {self._model.description}, {self.keypoint_format}, {width}x{height}; persons: "
            f"{self._persons.description}"
        )

    @staticmethod
    def options(text: str) -> dict[str, Any]:
        """The options that `rtmpose:TEXT` stands for: `[POSE_MODEL[,PERSON_MODEL]][,device=NAME]`.

        Raises DetectorError.
        """
        models, options = split_models(text, _GRAMMAR, most=2)
        return dict(zip(("pose_model", "person_model"), models, strict=False)) | options

    def detect(self, image: Image) -> list[Person]:
        """The persons of an (H, W, 3) uint8 RGB picture, the most prominent first; [] where there is nobody.

        The most prominent is the one with the largest box, by how sure its detection is. Raises DetectorError.
        """
        return self.detect_batch([image])[0]

    def detect_batch(self, images: Sequence[Image]) -> list[list[Person]]:
        """`detect` of each picture, in their order. Raises DetectorError."""
        for image in images:
            check_image(image)
        found = [_by_prominence(boxes) for boxes in self._persons.find(images)]
        owners = np.repeat(np.arange(len(images)), [len(boxes) for boxes in found])
        if not len(owners):
            return [[] for _ in images]
        boxes = np.concatenate(found)
        frames = crop_frames(boxes, self._size)
        persons: list[list[Person]] = [[] for _ in images]
        at_once = self._people_at_once()
        for begin in range(0, len(owners), at_once):
            part = slice(begin, begin + at_once)
            pairs = zip(owners[part], frames[part], strict=True)
            crops = [crop(images[owner], frame, self._size) for owner, frame in pairs]
            keypoints, scores = self._estimate(crops, frames[part])
            for owner, box, points, marks in zip(owners[part], boxes[part], keypoints, scores, strict=True):
                persons[owner].append(Person(points, marks, self.keypoint_format, box))
        return persons

    def reset(self) -> None:
        """Nothing is kept from one picture to the next, so nothing is to be forgotten."""

    def close(self) -> None:
        """Free the networks; closing twice is allowed."""
        with self._lock:
            self._model.close()
        self._persons.close()

    def __enter__(self) -> "RTMPoseDetector":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _people_at_once(self) -> int:
        fixed = self._model.inputs[0].shape[0]
        return fixed or _PEOPLE_AT_ONCE.get(self._model.device, _PEOPLE_AT_ONCE_ELSEWHERE)

    def _estimate(self, crops: Sequence[Image], frames: Array) -> tuple[Array, Array]:
        """Keypoints (N, K, 2) in pixels of the picture and scores (N, K) of N crops."""
        curves_x, curves_y = self._curves(crops)
        peaks = np.minimum(curves_x.max(axis=-1), curves_y.max(axis=-1))
        highest = np.fmax.reduce(peaks, axis=None, initial=0.0)  # passes over what is not a number
        if highest > _HIGHEST_SCORE:
            raise self._model.refuse(
                f"gives scores up to {highest:.1f}, where RTMPose gives about 1 (it may be an RTMW)"
            )
        return decode(curves_x, curves_y, self._size, frames)

    def _curves(self, crops: Sequence[Image]) -> tuple[Array, Array]:
        """The network's curves over the columns (N, K, bins) and over the rows of N crops."""
        batch = np.zeros((self._model.inputs[0].shape[0] or len(crops), 3, *self._size), np.float32)
        for number, picture in enumerate(crops):
            batch[number] = ((picture - _MEAN) / _DEVIATION).transpose(2, 0, 1)
        with self._lock:
            outputs = self._model.run(batch)
        height, width = self._size
        shapes = [output.shape for output in outputs]
        if len(outputs) != 2 or any(output.ndim != 3 or len(output) != len(batch) for output in outputs):
            raise self._model.refuse(
                f"gives {shapes}, where two times (persons, keypoints, bins) is expected"
            )
        curves_x, curves_y = outputs
        split = curves_x.shape[2] / width
        if curves_x.shape[1] != curves_y.shape[1] or split < 1 or curves_y.shape[2] != split * height:
            raise self._model.refuse(
                f"gives {shapes}, which are no curves over the columns and rows of {width}x{height} pixels"
            )
        return curves_x[: len(crops)], curves_y[: len(crops)]

    def _checked_size(self) -> tuple[int, int]:
        """The crop's height and width; refuses a file that leaves them open or takes no pictures."""
        shape = self._model.inputs[0].shape
        if len(shape) != 4 or shape[1] not in (3, None) or shape[2] is None or shape[3] is None:
            raise self._model.refuse(
                f"takes {shape}, where RTMPose takes (persons, 3, height, width) of one size"
            )
        return shape[2], shape[3]

    def _checked_format(self) -> str:
        """The keypoint format, from what the network really gives for a black crop."""
        black: Image = np.zeros((*self._size, 3), np.uint8)
        count = self._curves([black])[0].shape[1]
        if count not in _FORMATS:
            known = ", ".join(f"{number} ({name})" for number, name in _FORMATS.items())
            raise self._model.refuse(f"gives {count} keypoints, where one of these is expected: {known}")
        return FORMATS[_FORMATS[count]].name


def _by_prominence(found: Boxes) -> Array:
    """(N, 4) the boxes, the most prominent first."""
    sides = found.boxes[:, 2:] - found.boxes[:, :2]
    return found.boxes[np.argsort(-found.scores * sides[:, 0] * sides[:, 1], kind="stable")]
