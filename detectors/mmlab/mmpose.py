"""MMPose with MMDetection: every person of a picture, by any top-down model of MMPose, on a GPU or the CPU.

Jiang et al., "RTMPose: Real-Time Multi-Person Pose Estimation based on MMPose", 2023. MMDetection finds the
persons, MMPose the joints of each: pictures and persons go through the networks several at a time, and no more
of them than fit into memory, however many people there are.

MMPose's own `MMPoseInferencer` is not used: where it finds nobody, it takes the whole picture for a person.

`make mmpose` installs the libraries; see docs/mmpose.md.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from detectors.errors import DetectorError
from detectors.mmlab.models import (
    PERSON_CONFIGS,
    PERSON_MODEL,
    POSE_CONFIGS,
    POSE_MODEL,
    choose_model,
    parse_models,
)
from detectors.protocol import Boxes, Image, Person, check_image

_PICTURES_AT_ONCE = {"cpu": 1, "cuda": 16}


class MMPoseDetector:
    """A top-down model of MMPose; see `detectors.protocol.Detector`.

    A config is a name in the installed wheels or the path of a `.py` file (a program: it is run); a checkpoint
    is the `.pth` file that belongs to it, or, without a config, a name of `POSE_CONFIGS` or `PERSON_CONFIGS`
    (`detectors.mmlab.models`). `device` is auto (CUDA where PyTorch has it), cpu or cuda. A person counts from
    `min_person_score` on. Raises DetectorError where a library, a file or the device cannot be used, and for a
    model whose keypoints are not known here.
    """

    name = "mmpose"

    def __init__(
        self,
        pose_config: str | None = None,
        pose_checkpoint: str | Path | None = None,
        person_config: str | None = None,
        person_checkpoint: str | Path | None = None,
        device: str = "auto",
        min_person_score: float = 0.4,
    ) -> None:
        from detectors.mmlab.libraries import import_mmpose, versions  # noqa: PLC0415 - brings torch

        import_mmpose()
        from detectors.mmlab.computing import choose_device, describe_device  # noqa: PLC0415
        from detectors.mmlab.persons import MMDetPersonDetector  # noqa: PLC0415
        from detectors.mmlab.poses import PoseNetwork  # noqa: PLC0415

        chosen = choose_device(device)
        pose = choose_model(pose_config, pose_checkpoint, POSE_MODEL, POSE_CONFIGS)
        person = choose_model(person_config, person_checkpoint, PERSON_MODEL, PERSON_CONFIGS)
        self._lock = threading.Lock()  # a window may close while its worker is still in `detect`
        self._poses: PoseNetwork | None = PoseNetwork(pose, chosen)
        self._persons = MMDetPersonDetector(person, chosen, min_person_score)
        self.keypoint_format = self._poses.keypoint_format
        self.batch_size = _PICTURES_AT_ONCE[chosen.type]
        self.device = describe_device(chosen)
        self.description = (
            f"{versions()}, on {self.device}: {self._poses.description}; {self._persons.description}"
        )

    @staticmethod
    def options(text: str) -> dict[str, Any]:
        """The options that `mmpose:TEXT` stands for: `POSE[,PERSON][,device=NAME]`, see `parse_models`."""
        return dict(parse_models(text))

    def detect(self, image: Image) -> list[Person]:
        """The persons of an (H, W, 3) uint8 RGB picture, the largest and most certain first. Raises DetectorError."""
        return self.detect_batch([image])[0]

    def detect_batch(self, images: Sequence[Image]) -> list[list[Person]]:
        """`detect` of each picture, in their order. Raises DetectorError."""
        for image in images:
            check_image(image)
        found: list[list[Person]] = []
        with self._lock:
            if self._poses is None:
                raise DetectorError("This MMPose detector has been closed; create another one.")
            for begin in range(0, len(images), self.batch_size):
                some = images[begin : begin + self.batch_size]
                boxes = [_by_prominence(boxes) for boxes in self._persons.find(some)]
                found += self._poses.estimate(some, boxes)
        return found

    def reset(self) -> None:
        """Nothing is kept from one picture to the next."""

    def close(self) -> None:
        """Free the networks; closing twice is allowed."""
        with self._lock:
            self._poses = None
            self._persons.close()

    def __enter__(self) -> "MMPoseDetector":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _by_prominence(found: Boxes) -> Boxes:
    """The boxes by their area times their score, the largest first."""
    areas = (found.boxes[:, 2:] - found.boxes[:, :2]).prod(axis=1)
    order = (-areas * found.scores).argsort(kind="stable")
    return Boxes(found.boxes[order], found.scores[order])
