"""The joints of persons whose boxes are known, by any top-down model of MMPose."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch

from detectors.errors import DetectorError
from detectors.keypoints import keypoint_format
from detectors.mmlab.checkpoints import Checkpoint, load_weights, read_checkpoint
from detectors.mmlab.computing import predicting
from detectors.mmlab.configs import build_model, build_pipeline, find_config, load_config, one_line
from detectors.mmlab.formats import format_of
from detectors.mmlab.libraries import quiet
from detectors.mmlab.models import ModelChoice
from detectors.protocol import Array, Boxes, Image, Person

_PERSONS_AT_ONCE = {"cpu": 8, "cuda": 64}
"""Twenty people take no more memory than eight, on the CPU; networks gain nothing from more at once."""
_GREY: Image = np.full((64, 64, 3), 128, np.uint8)


class PoseNetwork:
    """One top-down network with its weights.

    Needs `import_mmpose` first. Raises DetectorError where the model cannot be used, is not a top-down one, or
    gives keypoints that are not known here.
    """

    def __init__(self, choice: ModelChoice, device: torch.device) -> None:
        from mmpose.models.pose_estimators import TopdownPoseEstimator  # noqa: PLC0415 - installed on demand

        checkpoint = read_checkpoint(choice.checkpoint)
        path = find_config(choice.config, "mmpose")
        config, name = load_config(path), path.stem
        self._device = device
        self._meta = _meta(config, checkpoint, name)
        self.keypoint_format = format_of(self._meta, name)
        """Name of the format of all persons' keypoints, a key of `detectors.keypoints.FORMATS`."""
        self._count = len(keypoint_format(self.keypoint_format).keypoints)
        self._pipeline = build_pipeline(config, name, "mmpose")
        model = build_model(config, name, "mmpose")
        if not isinstance(model, TopdownPoseEstimator):
            raise DetectorError(
                f"'{name}' is no top-down model of MMPose, but {type(model).__name__}; choose one that finds the "
                "joints of one person in a box (such as RTMPose, HRNet, ViTPose)."
            )
        load_weights(model, checkpoint, name)
        self._model: Any = model.to(device)
        self._predict(
            [(0, _GREY, np.array([0.0, 0.0, 64.0, 64.0]))]
        )  # its output is checked before it is relied on
        self.description = f"joints by {name} with {checkpoint.description}, {self.keypoint_format}"
        if (config.model.get("test_cfg") or {}).get("flip_test"):
            self.description += ", mean of the picture and its mirror"

    def estimate(self, images: Sequence[Image], boxes: Sequence[Boxes]) -> list[list[Person]]:
        """The persons in the boxes of each (H, W, 3) uint8 RGB picture, in the order of both. Raises DetectorError."""
        found: list[list[Person]] = [[] for _ in images]
        pending = _one_by_one(images, boxes)
        while some := list(islice(pending, _PERSONS_AT_ONCE[self._device.type])):
            for (number, _, box), (keypoints, scores) in zip(some, self._predict(some), strict=True):
                found[number].append(Person(keypoints, scores, self.keypoint_format, box))
        return found

    def _predict(self, some: Sequence[tuple[int, Image, Array]]) -> list[tuple[Array, Array]]:
        """Keypoints (K, 2) pixels and scores (K,) of each person, given as number, BGR picture and box."""
        from mmengine.dataset import pseudo_collate  # noqa: PLC0415

        try:
            with quiet(), predicting(self._device, f"{len(some)} persons at once"):
                prepared = [
                    self._pipeline(
                        {
                            **self._meta,
                            "img": image,
                            "bbox": box[None].astype(np.float32),
                            "bbox_score": np.ones(1, np.float32),
                        }
                    )
                    for _, image, box in some
                ]
                results = self._model.test_step(pseudo_collate(prepared))
        except DetectorError:
            raise
        except Exception as error:  # so many classes, so many complaints
            raise DetectorError(f"The pose network failed on a picture: {one_line(error)}") from error
        return [self._checked(result.pred_instances) for result in results]

    def _checked(self, instances: Any) -> tuple[Array, Array]:
        keypoints = np.array(instances.keypoints, np.float64)
        scores = np.array(instances.keypoint_scores, np.float64)
        if keypoints.shape != (1, self._count, 2) or scores.shape != (1, self._count):
            raise DetectorError(
                f"The pose network gives {keypoints.shape}, where one person's {self._count} keypoints in the "
                f"picture ({self.keypoint_format}) are expected."
            )
        lost = ~np.isfinite(keypoints).all(axis=2) | ~(
            scores > 0
        )  # MMPose puts those beside the crop's corner
        keypoints[lost], scores[lost] = np.nan, 0.0
        return keypoints[0], scores[0].clip(0, 1)  # RTMPose's scores pass 1 a little


def _one_by_one(images: Sequence[Image], boxes: Sequence[Boxes]) -> Iterator[tuple[int, Image, Array]]:
    """Each person's picture number, picture in BGR as OpenMMLab reads it, and box; a copy of one picture at a time."""
    for number, (image, found) in enumerate(zip(images, boxes, strict=True)):
        if len(found.boxes):
            reversed_channels = np.ascontiguousarray(image[..., ::-1])
            for box in found.boxes:
                yield number, reversed_channels, box


def _meta(config: Any, checkpoint: Checkpoint, name: str) -> Mapping[str, Any]:
    """The keypoints that the network was trained on: from the checkpoint, else from the config; {} where none."""
    from mmpose.apis.inference import dataset_meta_from_config  # noqa: PLC0415

    noted = checkpoint.meta.get("dataset_meta")
    if isinstance(noted, Mapping) and "keypoint_id2name" in noted and "flip_indices" in noted:
        return noted
    try:
        with quiet():
            return dataset_meta_from_config(config, "train") or dataset_meta_from_config(config, "test") or {}
    except Exception as error:  # so many classes, so many complaints
        raise DetectorError(
            f"The keypoints of '{name}' cannot be read from its config: {one_line(error)}"
        ) from error
