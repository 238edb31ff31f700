"""Where persons are, by RTMDet as an ONNX file: the first half of top-down detection.

Lyu et al., "RTMDet: An Empirical Study of Designing Real-Time Object Detectors", 2022. The picture is made ready
as MMDetection does it (`rtmdet_nano_320-8xb32_coco-person.py`): blue, green, red; the mean taken off and divided by
the standard deviation; scaled to fit, grey to the right and below. Overlapping boxes are removed inside the file,
as OpenMMLab's deployment exports it. YOLOX files exported that way differ only in taking 0 to 255 as it is: they
are known by `yolox` in their name.

Measured with RTMDet-nano on three clips: a picture padded to the next multiple of 32 instead of a square gives the
same persons in two thirds of the time, so that 416 pixels cost what a square of the 320 that it was trained on
does, and show more: both of two persons who cross in 85 of 87 pictures (79 at 320), 78 more sightings of two
persons small in the picture (73 pictures with both, 59 at 320). From a score of 0.35 on, none of 91 pictures
of an empty room holds a person; from 0.25 on, some do.
"""

import os
import threading
from collections.abc import Sequence

import numpy as np

from detectors.errors import DetectorError
from detectors.onnx.runtime import device_in_words, open_model
from detectors.opencv import import_cv2
from detectors.protocol import Array, Boxes, Image, check_image

_DEFAULT_MODEL = "rtmdet-nano-person"
_MEAN = np.array([103.53, 116.28, 123.675], np.float32)  # blue, green, red
_DEVIATION = np.array([57.375, 57.12, 58.395], np.float32)
_PADDING = 114
_STRIDE = 32
"""The coarsest grid of the network: sides are multiples of it."""

_SMALL_FILE_BYTES = 8 * 2**20
_SMALL_SIDE, _USUAL_SIDE = 416, 640
"""For the nano model (4 MB), see above, and for all larger ones, which were trained on 640."""

_PERSON = 0
"""The first class of COCO, and the only one of a person detector."""


class RTMDetPersonDetector:
    """RTMDet, or YOLOX, on persons; see `detectors.protocol.PersonDetector`.

    `model` is an ONNX file or a name in the table of `detectors.models.files`, by default `rtmdet-nano-person`;
    `device` as for `OnnxModel`. A person counts from `min_score` on. `longest_side` pixels are what a picture is
    scaled to where the file leaves it open. Raises DetectorError where the file or the device cannot be used.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        device: str = "auto",
        min_score: float = 0.35,
        longest_side: int | None = None,
    ) -> None:
        if not 0 <= min_score <= 1:
            raise DetectorError(f"The lowest score of a person lies between 0 and 1; {min_score} does not.")
        self._min_score = min_score
        self._lock = threading.Lock()  # a window may close while its worker is still in `find`
        self._model = open_model(model, _DEFAULT_MODEL, device)
        path = self._model.path
        self._normalised = "yolox" not in path.name.lower()
        self._check_ports()
        small = path.stat().st_size < _SMALL_FILE_BYTES
        self._longest_side = longest_side or (_SMALL_SIDE if small else _USUAL_SIDE)
        grey: Image = np.full((_STRIDE, _STRIDE, 3), _PADDING, np.uint8)
        self.find([grey])  # what it gives is checked before it is relied on
        self.device = device_in_words(self._model)
        """Where it runs: see `Detector.device`."""
        self.description = (
            f"{'RTMDet' if self._normalised else 'YOLOX'} {self._model.description}, min_score {min_score:g}, "
            f"pictures of {self._size_in_words()}"
        )

    def find(self, images: Sequence[Image]) -> list[Boxes]:
        """The persons of each (H, W, 3) uint8 RGB picture, in order. Raises DetectorError.

        One picture at a time: OpenMMLab's files declare any number of them, and their removal of overlaps
        fails from two on.
        """
        return [self._find_one(image) for image in images]

    def close(self) -> None:
        """Free the network; closing twice is allowed."""
        with self._lock:
            self._model.close()

    def _find_one(self, image: Image) -> Boxes:
        check_image(image)
        height, width = image.shape[:2]
        padded, ratio = letterbox(image, *self._network_size(height, width))
        picture = padded[..., ::-1].astype(np.float32)
        if self._normalised:
            picture = (picture - _MEAN) / _DEVIATION
        with self._lock:
            outputs = self._model.run(np.ascontiguousarray(picture.transpose(2, 0, 1)[None]))
        detections, labels = self._checked(outputs)
        return _boxes(detections, labels, ratio, width, height, self._min_score)

    def _check_ports(self) -> None:
        shape = self._model.inputs[0].shape
        if len(shape) != 4 or shape[0] not in (1, None) or shape[1] not in (3, None):
            raise self._model.refuse(f"takes {shape}, where a person detector takes (1, 3, height, width)")

    def _network_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width that the network is given for a picture of that size."""
        fixed_y, fixed_x = self._model.inputs[0].shape[2:]
        scale = self._longest_side / max(height, width)
        free_y, free_x = (-(-round(side * scale) // _STRIDE) * _STRIDE for side in (height, width))
        return fixed_y or max(free_y, _STRIDE), fixed_x or max(free_x, _STRIDE)

    def _size_in_words(self) -> str:
        fixed_y, fixed_x = self._model.inputs[0].shape[2:]
        return f"{fixed_x}x{fixed_y}" if fixed_x and fixed_y else f"{self._longest_side} pixels at most"

    def _checked(self, outputs: list[Array]) -> tuple[Array, Array]:
        """Detections (N, 5) and labels (N,), or what was given instead is said."""
        shapes = [output.shape for output in outputs]
        detections = outputs[0]
        if detections.ndim != 3 or detections.shape[0] != 1 or detections.shape[2] != 5:
            raise self._model.refuse(
                f"gives {shapes}, where boxes (1, number, 5) after the removal of overlaps are expected"
            )
        labels = outputs[1] if len(outputs) > 1 else np.full(detections.shape[:2], _PERSON)
        if labels.shape != detections.shape[:2]:
            raise self._model.refuse(f"gives {shapes}, where one label a box is expected")
        return detections[0], labels[0]


def letterbox(image: Image, height: int, width: int) -> tuple[Image, float]:
    """`image` scaled to fit into (height, width) and padded with grey on the right and below; and the scale."""
    cv2 = import_cv2()
    ratio = min(height / image.shape[0], width / image.shape[1])
    rows, columns = (max(1, int(side * ratio + 0.5)) for side in image.shape[:2])
    padded = np.full((height, width, 3), _PADDING, np.uint8)
    padded[:rows, :columns] = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_LINEAR)
    return padded, ratio


def _boxes(
    detections: Array, labels: Array, ratio: float, width: int, height: int, min_score: float
) -> Boxes:
    """Boxes in the picture from the network's (N, 5) in its own pixels."""
    boxes = detections[:, :4].astype(np.float64) / ratio
    boxes = boxes.clip(0, [width, height, width, height])
    scores = detections[:, 4].astype(np.float64)
    kept = (labels == _PERSON) & (scores >= min_score) & (scores > 0)  # not so for NaN either
    kept &= (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    order = np.flatnonzero(kept)[np.argsort(-scores[kept], kind="stable")]
    return Boxes(boxes[order], scores[order].clip(0, 1))
