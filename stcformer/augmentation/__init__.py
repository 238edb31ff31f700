"""Motion capture as a user's video shows it: other bodies, any camera, and a detector's mistakes.

Everything works on batches of windows with torch, on the CPU or a GPU, from one random generator.
"""

from stcformer.augmentation.bodies import STATURE_M, borrowed_arms, mirrored, random_bodies
from stcformer.augmentation.cameras import TrainingWindows, ViewRange, random_views
from stcformer.augmentation.detector_errors import DetectorErrors, with_detector_errors
from stcformer.augmentation.seen_people import SeenPeople, read_seen_people

__all__ = [
    "STATURE_M",
    "DetectorErrors",
    "SeenPeople",
    "TrainingWindows",
    "ViewRange",
    "borrowed_arms",
    "mirrored",
    "random_bodies",
    "random_views",
    "read_seen_people",
    "with_detector_errors",
]
