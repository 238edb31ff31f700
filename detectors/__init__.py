"""2D detectors behind one protocol, and the keypoint formats they deliver.

    with create_detector("auto") as detector:
        persons = detector.detect(image)

Importing this package is cheap: a detector's library is imported when the detector is made.
"""

from detectors.errors import DetectorError
from detectors.protocol import Detector, Person
from detectors.registry import available_detectors, check_detector, create_detector

__all__ = ["Detector", "DetectorError", "Person", "available_detectors", "check_detector", "create_detector"]
