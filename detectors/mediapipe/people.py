"""MediaPipe Pose on several people: RTMDet finds them, and each is looked at alone (`detectors.people.cropping`)."""

from typing import Any

from detectors.mediapipe.solutions import MediaPipeDetector
from detectors.onnx.rtmdet import RTMDetPersonDetector
from detectors.people.cropping import CroppingDetector


class MediaPipePeopleDetector(CroppingDetector):
    """MediaPipe Pose on everybody whom RTMDet finds. `person_model` is an ONNX file, by default
    `rtmdet-nano-person` of `detectors.models.files`. Raises DetectorError where one of the two cannot be used.
    """

    @staticmethod
    def options(text: str) -> dict[str, Any]:
        """What `mediapipe-people:PERSON_MODEL` stands for."""
        return {"person_model": text}

    def __init__(self, person_model: str | None = None) -> None:
        super().__init__("mediapipe-people", RTMDetPersonDetector(person_model), MediaPipeDetector)
