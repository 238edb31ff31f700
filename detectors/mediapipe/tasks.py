"""MediaPipe's Pose Landmarker (Tasks API): several people, 33 keypoints each, in real time on a CPU.

The same networks as `detectors.mediapipe.solutions` (BlazePose, Bazarevsky et al. 2020), through the only interface that
MediaPipe has left since 0.10.30, which runs on Python 3.13 and NumPy 2. Its `.task` file is a download
(`stcstudio models download mediapipe-pose-full`). Measured on MediaPipe 0.10.21 and 1.2.2:

- Coordinates are normalised by the whole picture and the score is visibility x presence, as there. On the
  first picture of a clip scores and 3D are those of `detectors.mediapipe.solutions` to a thousandth; later, in crops of
  their own, its joints lie 0.4 to 1.1 % of the person's height from those (medians of three clips).
- With one pose asked for, it smooths over time, by a filter that looks back (one euro) and lags by 0.4 frames.
  That has no switch; the filter does nothing where the pictures lie far apart in time, so they are told to:
  the lag is then 0.0 to 0.1 frames. With several poses it does not smooth.
- With several asked for, the person finder runs on every picture in which fewer were followed: 7 ms more
  (21 against 14). A second person is found late or never where they are small, and followed once found. Found
  twice over is a person now and then: the second is dropped (`_distinct`).
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from detectors.errors import DetectorError
from detectors.mediapipe.library import (
    NOTHING,
    box_around,
    check_confidences,
    failure,
    import_mediapipe,
    limited_picture,
)
from detectors.mediapipe.native_log import captured_native_log
from detectors.models.files import find
from detectors.protocol import Array, Image, Person, check_image

MODELS = ("lite", "full", "heavy")
_STEP_MS = 1_000_000
"""From one picture to the next, as MediaPipe is told: so far apart that its smoothing does nothing."""
_SAME_PERSON = 0.12
"""Poses closer than this part of their height, on average over the joints seen, are one person's."""


class MediaPipeTasksDetector:
    """MediaPipe's Pose Landmarker, following people; see `detectors.protocol.Detector`.

    `model` is lite, full or heavy of `detectors.models.files`, or a `.task` file; `max_people` is how many
    are looked for at most. `min_detection_confidence`: from what score on a person is found anew;
    `min_tracking_confidence`: below what score one who is followed is lost. Raises DetectorError where
    MediaPipe or the file cannot be used.
    """

    name = "mediapipe-tasks"
    keypoint_format = "blazepose33"
    batch_size = 1
    device = ""

    _chatter_over = False
    """Whether this process has found a person: the first one ever makes MediaPipe write a warning."""

    def __init__(
        self,
        model: str | Path = "full",
        max_people: int = 4,
        min_detection_confidence: float = 0.6,
        min_tracking_confidence: float = 0.5,
    ) -> None:
        check_confidences(min_detection_confidence, min_tracking_confidence)
        if max_people < 1:
            raise DetectorError(f"MediaPipe can look for one person or more, not for {max_people}.")
        self._mediapipe = import_mediapipe("tasks")
        self._path = find(f"mediapipe-pose-{model}") if model in MODELS else Path(model)
        self._confidences = (min_detection_confidence, min_tracking_confidence)
        self._people = max_people
        self._lock = threading.Lock()  # a window may close while its worker is still in `detect`
        self.description = (
            f"MediaPipe {self._mediapipe.__version__} Pose Landmarker, {self._path.name}, tracking up to "
            f"{max_people}, not smoothed, min_detection_confidence {min_detection_confidence:g}, "
            f"min_tracking_confidence {min_tracking_confidence:g}"
        )
        self._landmarker: Any = None
        self._time_ms = 0
        self._start()

    @staticmethod
    def options(text: str) -> dict[str, Any]:
        """What `mediapipe-tasks:TEXT` stands for: lite, full, heavy or a `.task` file."""
        return {"model": text}

    def detect(self, image: Image) -> list[Person]:
        """The persons of an (H, W, 3) uint8 RGB picture, the largest first, or []. Raises DetectorError."""
        check_image(image)
        height, width = image.shape[:2]
        with self._lock:
            result = self._process(limited_picture(image))
        persons = [
            _person(landmarks, world, width, height)
            for landmarks, world in zip(result.pose_landmarks, result.pose_world_landmarks, strict=True)
        ]
        return _distinct(sorted(persons, key=_prominence, reverse=True))

    def detect_batch(self, images: Sequence[Image]) -> list[list[Person]]:
        """See `Detector.detect_batch`: one picture after the other, for each follows the last."""
        return [self.detect(image) for image in images]

    def reset(self) -> None:
        """Forget the people followed; the next picture is searched anew. Raises DetectorError."""
        with self._lock:
            self._check_open()
            self._stop()
            self._start()

    def close(self) -> None:
        """Free the networks; closing twice is allowed."""
        with self._lock:
            self._stop()

    def __enter__(self) -> "MediaPipeTasksDetector":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        from mediapipe.tasks.python import BaseOptions, vision  # noqa: PLC0415 - brings all of MediaPipe

        found, followed = self._confidences
        options = {
            "running_mode": vision.RunningMode.VIDEO,
            "num_poses": self._people,
            "min_pose_detection_confidence": found,
            "min_pose_presence_confidence": followed,
            "min_tracking_confidence": followed,
        }
        try:
            # As bytes: MediaPipe opens a path by itself, and not every path on Windows.
            base = BaseOptions(model_asset_buffer=self._path.read_bytes())
        except OSError as error:
            raise DetectorError(
                f"The model '{self._path}' cannot be read ({error.strerror}): give one of {', '.join(MODELS)} or a "
                ".task file."
            ) from error
        errors: list[str] = []
        try:
            with captured_native_log(errors):
                self._landmarker = vision.PoseLandmarker.create_from_options(
                    vision.PoseLandmarkerOptions(base_options=base, **options)
                )
                self._run(NOTHING)
        except (RuntimeError, ValueError, OSError) as error:
            self._landmarker = None
            raise failure(f"could not be started with '{self._path.name}'", error, errors) from error

    def _stop(self) -> None:
        landmarker, self._landmarker = self._landmarker, None
        if landmarker is not None:
            landmarker.close()

    def _check_open(self) -> None:
        if self._landmarker is None:
            raise DetectorError("This MediaPipe detector has been closed or has failed; create another one.")

    def _process(self, image: Image) -> Any:
        self._check_open()
        errors: list[str] = []
        try:
            if self._chatter_over:
                return self._run(image)
            with captured_native_log(errors):
                result = self._run(image)
        except (RuntimeError, ValueError, OSError) as error:
            self._landmarker = None  # a graph that has failed fails for ever, in `close` too
            what = f"failed on a picture of {image.shape[1]}x{image.shape[0]}"
            raise failure(what, error, errors) from error
        if result.pose_landmarks:
            MediaPipeTasksDetector._chatter_over = True
        return result

    def _run(self, image: Image) -> Any:
        self._time_ms += _STEP_MS
        picture = self._mediapipe.Image(image_format=self._mediapipe.ImageFormat.SRGB, data=image)
        return self._landmarker.detect_for_video(picture, self._time_ms)


def _person(landmarks: Any, world: Any, width: int, height: int) -> Person:
    keypoints = np.array([(point.x * width, point.y * height) for point in landmarks])
    scores = np.array([point.visibility * point.presence for point in landmarks]).clip(0, 1)
    metres = np.array([(point.x, point.y, point.z) for point in world])
    box = box_around(keypoints, width, height)
    return Person(keypoints, scores, MediaPipeTasksDetector.keypoint_format, box, metres)


def _prominence(person: Person) -> float:
    """Area of the box times the mean score."""
    return float(np.prod(person.box[2:] - person.box[:2]) * person.scores.mean())


def _distinct(persons: Sequence[Person]) -> list[Person]:
    """The persons, the most prominent first, without those that lie on a more prominent one."""
    kept: list[Person] = []
    for person in persons:
        if all(_distance(person, other) > _SAME_PERSON for other in kept):
            kept.append(person)
    return kept


def _distance(one: Person, other: Person) -> float:
    """Mean distance of the keypoints, weighted by both scores, in parts of the taller one's height."""
    weights = one.scores * other.scores
    height = max(float(np.ptp(person.keypoints[:, 1])) for person in (one, other))
    distances: Array = np.linalg.norm(one.keypoints - other.keypoints, axis=1)
    return float((weights * distances).sum() / max(weights.sum() * height, 1e-9))
