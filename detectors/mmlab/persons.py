"""Where persons are, by any detector of MMDetection: the first half of top-down detection."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from detectors.errors import DetectorError
from detectors.mmlab.checkpoints import Checkpoint, load_weights, read_checkpoint
from detectors.mmlab.computing import predicting
from detectors.mmlab.configs import build_model, build_pipeline, find_config, load_config, one_line
from detectors.mmlab.libraries import quiet
from detectors.mmlab.models import ModelChoice
from detectors.protocol import Array, Boxes, Image, check_image

_PICTURES_AT_ONCE = {"cpu": 1, "cuda": 16}
_GREY: Image = np.full((64, 64, 3), 128, np.uint8)


class MMDetPersonDetector:
    """Persons of MMDetection; see `detectors.protocol.PersonDetector`.

    A person counts from `min_score` on. Needs `import_mmpose` first. Raises DetectorError where the model cannot
    be used or knows no persons.
    """

    def __init__(self, choice: ModelChoice, device: torch.device, min_score: float = 0.4) -> None:
        if not 0 <= min_score <= 1:
            raise DetectorError(f"The lowest score of a person lies between 0 and 1; {min_score} does not.")
        self._device = device
        self._min_score = min_score
        self._lock = threading.Lock()  # a window may close while its worker is still in `find`
        checkpoint = read_checkpoint(choice.checkpoint)
        path = find_config(choice.config, "mmdet")
        config, name = load_config(path), path.stem
        self._person = _person_class(_classes(config, checkpoint), name)
        _raise_threshold(config.model, min_score)
        self._pipeline = build_pipeline(config, name, "mmdet")
        model = build_model(config, name, "mmdet")
        load_weights(model, checkpoint, name)
        self._model: Any = model.to(device)
        self._find([_GREY])  # what it gives is checked before it is relied on
        self.description = f"persons by {name} with {checkpoint.description}, min_score {min_score:g}"

    def find(self, images: Sequence[Image]) -> list[Boxes]:
        """The persons of each (H, W, 3) uint8 RGB picture, in order. Raises DetectorError."""
        for image in images:
            check_image(image)
        at_once = _PICTURES_AT_ONCE[self._device.type]
        found: list[Boxes] = []
        with self._lock:
            for begin in range(0, len(images), at_once):
                found += self._find(images[begin : begin + at_once])
        return found

    def close(self) -> None:
        """Free the network; closing twice is allowed."""
        with self._lock:
            self._model = None

    def _find(self, images: Sequence[Image]) -> list[Boxes]:
        if self._model is None:
            raise DetectorError("This person detector has been closed; create another one.")
        from mmengine.dataset import pseudo_collate  # noqa: PLC0415

        try:
            with quiet(), predicting(self._device, f"{len(images)} pictures at once"):
                prepared = [
                    self._pipeline({"img": np.ascontiguousarray(image[..., ::-1]), "img_id": 0})
                    for image in images
                ]
                results = self._model.test_step(pseudo_collate(prepared))
        except DetectorError:
            raise
        except Exception as error:  # so many classes, so many complaints
            raise DetectorError(f"The person detector failed on a picture: {one_line(error)}") from error
        return [
            self._boxes(result.pred_instances, image) for result, image in zip(results, images, strict=True)
        ]

    def _boxes(self, instances: Any, image: Image) -> Boxes:
        height, width = image.shape[:2]
        boxes, scores, labels = (
            np.asarray(values.detach().cpu().numpy(), np.float64)
            for values in (instances.bboxes, instances.scores, instances.labels)
        )
        return chosen_boxes(boxes, scores, labels == self._person, (width, height), self._min_score)


def chosen_boxes(
    boxes: Array, scores: Array, persons: Array, size: tuple[int, int], min_score: float
) -> Boxes:
    """Those of (N, 4) boxes that are persons (N,) of at least that score, cut off at the edges, best first."""
    width, height = size
    boxes = boxes.clip(0, [width, height, width, height])
    kept = (persons != 0) & (scores >= min_score) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    order = np.flatnonzero(kept)[np.argsort(-scores[kept], kind="stable")]
    return Boxes(boxes[order], scores[order].clip(0, 1))


def _classes(config: Any, checkpoint: Checkpoint) -> tuple[str, ...]:
    """What the network tells apart: from the checkpoint (by its version's spelling), else from the config."""
    notes = checkpoint.meta.get("dataset_meta")
    for table in (notes, checkpoint.meta):
        if isinstance(table, Mapping):
            for key in ("classes", "CLASSES"):
                if isinstance(table.get(key), tuple | list | str):
                    return _tuple(table[key])
    data_set = config.test_dataloader.dataset
    if "classes" in data_set.get("metainfo", {}):
        return _tuple(data_set.metainfo.classes)
    from mmdet.registry import DATASETS  # noqa: PLC0415 - slow, and installed on demand

    kind = data_set.type if isinstance(data_set.type, type) else DATASETS.get(data_set.type)
    return _tuple(getattr(kind, "METAINFO", {}).get("classes", ()))


def _tuple(classes: Any) -> tuple[str, ...]:
    return (classes,) if isinstance(classes, str) else tuple(map(str, classes))


def _person_class(classes: tuple[str, ...], config: str) -> int:
    for number, name in enumerate(classes):
        if name.lower() == "person":
            return number
    known = ", ".join(classes[:5]) or "nothing it names"
    raise DetectorError(f"'{config}' finds no persons, but {known}; choose a person detector of MMDetection.")


def _raise_threshold(model: Any, score: float) -> None:
    """Have boxes below `score` dropped before overlaps are removed: none of those removes a better one."""
    settings = model.get("test_cfg")
    if settings is not None and "score_thr" in settings:
        settings.score_thr = max(settings.score_thr, score)
