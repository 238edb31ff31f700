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
import warnings
from types import ModuleType, TracebackType
from typing import Any

import numpy as np

from detectors.errors import DetectorError
from detectors.native_log import captured_native_log
from detectors.opencv import import_cv2, import_failure
from detectors.protocol import Array, Image, Person, check_image

_TESTED_VERSION = "0.10.21"
_LONGEST_SIDE = 4096
"""Larger pictures are read as a smaller copy: the network sees 256 pixels, and 8K takes 7 times 4K's time."""

_NOTHING: Image = np.zeros((16, 16, 3), np.uint8)
"""A first picture: the graph opens in threads of its own and logs from there until this one is through."""

_IMPORT_LOCK = threading.Lock()


class MediaPipeDetector:
    """MediaPipe Pose, following one person from picture to picture; see `detectors.protocol.Detector`.

    `min_detection_confidence`: from what score on a person is found anew; `min_tracking_confidence`: below
    what score the person followed is lost and looked for anew. Raises DetectorError where MediaPipe cannot
    be used.
    """

    name = "mediapipe"
    keypoint_format = "blazepose33"

    _chatter_over = False
    """Whether this process has found a person: the first one ever makes MediaPipe write a warning."""

    def __init__(self, min_detection_confidence: float = 0.6, min_tracking_confidence: float = 0.5) -> None:
        for confidence in (min_detection_confidence, min_tracking_confidence):
            if not 0 <= confidence <= 1:
                raise DetectorError(
                    f"A confidence of the MediaPipe detector lies between 0 and 1; {confidence} does not."
                )
        mediapipe = import_mediapipe()
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
                _run(self._graph, _NOTHING)
        except (RuntimeError, ValueError, OSError) as error:
            raise _failure("could not be started", error, errors) from error

    def detect(self, image: Image) -> list[Person]:
        """The most prominent person of an (H, W, 3) uint8 RGB picture, or []. Raises DetectorError."""
        check_image(image)
        height, width = image.shape[:2]
        with self._lock:
            result = self._process(_limited(image))
        if result.pose_landmarks is None:
            return []
        landmarks = result.pose_landmarks.landmark
        keypoints = np.array([(point.x * width, point.y * height) for point in landmarks])
        scores = np.array([point.visibility * point.presence for point in landmarks]).clip(0, 1)
        world = np.array([(point.x, point.y, point.z) for point in result.pose_world_landmarks.landmark])
        return [Person(keypoints, scores, self.keypoint_format, _box(keypoints, width, height), world)]

    def reset(self) -> None:
        """Forget the person followed; the next picture is searched anew. Raises DetectorError."""
        with self._lock:
            graph = self._open_graph()
            errors: list[str] = []
            try:
                with captured_native_log(errors):
                    graph.reset()
                    _run(graph, _NOTHING)
            except (RuntimeError, ValueError) as error:
                self._graph = None
                raise _failure("could not be started again", error, errors) from error

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
            raise _failure(
                f"failed on a picture of {image.shape[1]}x{image.shape[0]}", error, errors
            ) from error
        if result.pose_landmarks is not None:
            MediaPipeDetector._chatter_over = True
        return result


def import_mediapipe() -> ModuleType:
    """MediaPipe's module; its log and its libraries' deprecation warnings at the import stay out of sight."""
    import_cv2()  # MediaPipe imports cv2 itself: ours must be the first import
    errors: list[str] = []
    with _IMPORT_LOCK:
        try:
            with captured_native_log(errors), warnings.catch_warnings():
                # protobuf 4 on Python 3.12 and later
                warnings.filterwarnings("ignore", "Type google.* uses PyType_Spec", DeprecationWarning)
                warnings.filterwarnings("ignore", r"SymbolDatabase\.GetPrototype", UserWarning)
                import mediapipe  # noqa: PLC0415 - slow, and its errors are stated here
        except ImportError as error:
            raise import_failure("MediaPipe", f"mediapipe=={_TESTED_VERSION}", error) from error
    if not hasattr(mediapipe, "solutions"):
        raise DetectorError(
            f"MediaPipe {mediapipe.__version__} no longer has the Pose solution that is used here: "
            f"pip install mediapipe=={_TESTED_VERSION}."
        )
    return mediapipe


def _run(graph: Any, image: Image) -> Any:
    """The graph's results for one picture.

    `Pose.process` would erase every landmark's presence; the method it inherits keeps it.
    """
    return super(type(graph), graph).process(input_data={"image": image})


def _limited(image: Image) -> Image:
    """`image`, or a copy whose longest side is `_LONGEST_SIDE`, in one piece of memory."""
    longest = max(image.shape[:2])
    if longest <= _LONGEST_SIDE:
        return np.ascontiguousarray(image)
    cv2 = import_cv2()
    height, width = (max(1, round(side * _LONGEST_SIDE / longest)) for side in image.shape[:2])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA))


def _box(keypoints: Array, width: int, height: int) -> Array:
    """x0, y0, x1, y1 around (K, 2) keypoints, cut off at the picture's edges."""
    corners = np.concatenate([keypoints.min(axis=0), keypoints.max(axis=0)])
    return np.asarray(corners.clip(0, [width, height, width, height]))


def _failure(what: str, error: Exception, log: list[str]) -> DetectorError:
    text = " ".join([str(error), *log[-3:]])
    return DetectorError(f"MediaPipe {what}: {' '.join(text.split())}")
