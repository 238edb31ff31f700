"""2D detectors behind one protocol, and the keypoint formats they deliver.

    with create_detector("auto") as detector:
        persons = detector.detect(image)

Importing this package is cheap: a detector's library is imported when the detector is made.
"""

from detectors.errors import DetectorError
from detectors.protocol import Boxes, Detector, Person, PersonDetector
from detectors.registry import (
    available_detectors,
    check_detector,
    choose_detector,
    create_detector,
    detector_states,
    one_person_limit,
)

__all__ = [
    "Boxes",
    "Detector",
    "DetectorError",
    "Person",
    "PersonDetector",
    "available_detectors",
    "check_detector",
    "choose_detector",
    "create_detector",
    "detector_states",
    "one_person_limit",
]
