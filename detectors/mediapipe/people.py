"""MediaPipe Pose on several people: RTMDet finds them, and each is looked at alone (`detectors.people.cropping`)."""

from typing import Any

from detectors.mediapipe.solutions import MediaPipeDetector
from detectors.names import split_models
from detectors.onnx.rtmdet import RTMDetPersonDetector
from detectors.onnx.runtime import DEVICES
from detectors.people.cropping import CroppingDetector

_GRAMMAR = f"mediapipe-people:[PERSON_MODEL][,device={'|'.join(DEVICES)}]"


class MediaPipePeopleDetector(CroppingDetector):
    """MediaPipe Pose on everybody whom RTMDet finds.

    `person_model` is an ONNX file, by default `rtmdet-nano-person` of `detectors.models.files`; `device` is RTMDet's,
    as for `detectors.onnx.runtime.OnnxModel`: MediaPipe runs on the CPU. Raises DetectorError where one of the two
    cannot be used.
    """

    @staticmethod
    def options(text: str) -> dict[str, Any]:
        """The options that `mediapipe-people:TEXT` stands for: `[PERSON_MODEL][,device=NAME]`. Raises DetectorError."""
        models, options = split_models(text, _GRAMMAR, most=1)
        return dict(zip(("person_model",), models, strict=False)) | options

    def __init__(self, person_model: str | None = None, device: str = "auto") -> None:
        finder = RTMDetPersonDetector(person_model, device)
        super().__init__("mediapipe-people", finder, MediaPipeDetector)
        self.device = "CPU" if finder.device == "CPU" else f"CPU, persons on {finder.device}"
