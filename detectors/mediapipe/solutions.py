"""MediaPipe Pose (BlazePose): one person, 33 keypoints, in real time on a CPU, its models inside its wheel.

Bazarevsky et al., "BlazePose: On-device Real-time Body Pose Tracking", 2020. Measured on MediaPipe 0.10.21:

- It gives normalised coordinates, multiplied here by the size of the whole picture. Its crop is sampled
  half a crop pixel off, so that all keypoints lie up to 0.3 % of the person's height too far right and down;
  that moves the person, not the pose, and is left alone.
- The score is visibility x presence. Visibility alone stays at 0.8 for a knee that the picture's edge cuts
  off, presence alone at 0.8 for a knee behind a screen; the product is about 0.2 for either and 0.98 for a
  joint in plain view. Keypoints outside the picture stay where they were guessed, and the score says how good
  the guess is: 0.8 for a shoulder just outside, 2 % of the height wrong; below 0.02 for ankles far outside, 6
  to 18 % wrong.
- Its own smoothing, a filter that looks back only, lags by a quarter to half a frame: it is off.
- Found from a score of 0.6 on: from 0.5 on the foot of a table is a person in about 70 of 104 pictures of an
  empty room; from 0.8 on a man of 38 % of the picture's height goes unseen for 50 of 230 frames.
"""

import threading
from collections.abc import Sequence
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
from detectors.protocol import Image, Person, check_image


class MediaPipeDetector:
    """MediaPipe Pose, following one person from picture to picture; see `detectors.protocol.Detector`.

    `min_detection_confidence`: from what score on a person is found anew; `min_tracking_confidence`: below
    what score the person followed is lost and looked for anew. Raises DetectorError where MediaPipe cannot
    be used.
    """

    name = "mediapipe"
    keypoint_format = "blazepose33"
    batch_size = 1
    device = ""

    _chatter_over = False
    """Whether this process has found a person: the first one ever makes MediaPipe write a warning."""

    def __init__(self, min_detection_confidence: float = 0.6, min_tracking_confidence: float = 0.5) -> None:
        check_confidences(min_detection_confidence, min_tracking_confidence)
        mediapipe = import_mediapipe("solutions")
        self.description = (
            f"MediaPipe Pose {mediapipe.__version__}, BlazePose full, tracking, not smoothed, "
            f"min_detection_confidence {min_detection_confidence:g}, "
            f"min_tracking_confidence {min_tracking_confidence:g}"
        )
        self._lock = threading.Lock()  # a window may close while its worker is still in `detect`
        errors: list[str] = []
        try:
            with captured_native_log(errors):
                self._graph: Any = mediapipe.solutions.pose.Pose(
                    static_image_mode=False,
                    model_complexity=1,  # the one whose model is in the wheel; 0 and 2 are downloads
                    smooth_landmarks=False,
                    min_detection_confidence=min_detection_confidence,
                    min_tracking_confidence=min_tracking_confidence,
                )
                _run(self._graph, NOTHING)
        except (RuntimeError, ValueError, OSError) as error:
            raise failure("could not be started", error, errors) from error

    def detect(self, image: Image) -> list[Person]:
        """The most prominent person of an (H, W, 3) uint8 RGB picture, or []. Raises DetectorError."""
        check_image(image)
        height, width = image.shape[:2]
        with self._lock:
            result = self._process(limited_picture(image))
        if result.pose_landmarks is None:
            return []
        landmarks = result.pose_landmarks.landmark
        keypoints = np.array([(point.x * width, point.y * height) for point in landmarks])
        scores = np.array([point.visibility * point.presence for point in landmarks]).clip(0, 1)
        world = np.array([(point.x, point.y, point.z) for point in result.pose_world_landmarks.landmark])
        return [Person(keypoints, scores, self.keypoint_format, box_around(keypoints, width, height), world)]

    def detect_batch(self, images: Sequence[Image]) -> list[list[Person]]:
        """See `Detector.detect_batch`: one picture after the other, for each follows the last."""
        return [self.detect(image) for image in images]

    def reset(self) -> None:
        """Forget the person followed; the next picture is searched anew. Raises DetectorError."""
        with self._lock:
            graph = self._open_graph()
            errors: list[str] = []
            try:
                with captured_native_log(errors):
                    graph.reset()
                    _run(graph, NOTHING)
            except (RuntimeError, ValueError) as error:
                self._graph = None
                raise failure("could not be started again", error, errors) from error

    def close(self) -> None:
        """Free the network; closing twice is allowed."""
        with self._lock:
            graph, self._graph = self._graph, None
            if graph is not None:
                graph.close()

    def __enter__(self) -> "MediaPipeDetector":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_graph(self) -> Any:
        if self._graph is None:
            raise DetectorError("This MediaPipe detector has been closed or has failed; create another one.")
        return self._graph

    def _process(self, image: Image) -> Any:
        graph = self._open_graph()
        errors: list[str] = []
        try:
            if self._chatter_over:
                return _run(graph, image)
            with captured_native_log(errors):
                result = _run(graph, image)
        except (RuntimeError, ValueError) as error:
            self._graph = None  # a graph that has failed fails for ever, in `close` too
            raise failure(
                f"failed on a picture of {image.shape[1]}x{image.shape[0]}", error, errors
            ) from error
        if result.pose_landmarks is not None:
            MediaPipeDetector._chatter_over = True
        return result


def _run(graph: Any, image: Image) -> Any:
    """The graph's results for one picture.

    `Pose.process` would erase every landmark's presence; the method it inherits keeps it.
    """
    return super(type(graph), graph).process(input_data={"image": image})
