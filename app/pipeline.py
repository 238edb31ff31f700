"""The one road from a video to a Take: decode, detect, lift, and set in motion.

Decoding runs in a thread of its own a few frames ahead of the detector, and lifting in another behind
it, so that all together take little longer than the detector alone.
"""

import os
import queue
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from app.lifting import BackgroundLifter
from app.motion import MotionResult, check_choices, reconstruct_motion
from app.settings import Settings
from app.take import Array, Source, Take
from app.video import Frame, Video, open_video
from detectors import Detector, check_detector, create_detector
from detectors.keypoints import to_h36m17
from stcformer.skeleton import JOINT_COUNT

_FRAMES_AHEAD = 8
_BYTES_AHEAD = 2**28
"""Of pictures that wait for the detector; an 8K picture alone takes 100 MB."""


class CancelledError(Exception):
    """The user stopped the work; nothing was written."""


@dataclass(frozen=True)
class Progress:
    """How far a run is."""

    stage: str
    """`detect`, `lift` or `motion`."""
    done: int
    total: int
    """Frames of this stage."""
    seconds: float
    """Since the stage began."""


def process_video(
    path: str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> Take:
    """Process a video into a Take.

    `progress` is called from this thread, once a frame or so. Setting `cancel` raises CancelledError within
    the time of one frame. Raises StudioError, LifterError or DetectorError with one sentence for the user.
    """
    settings = settings or Settings()
    report = progress or (lambda step: None)
    stop = cancel or threading.Event()
    # Wrong settings are said before the video is read; of the weights it is known once they are loaded.
    check_choices(settings.height_m, settings.fov_degrees, settings.smoothing)
    check_detector(settings.detector)
    began = time.perf_counter()
    with open_video(path) as video, create_detector(settings.detector) as detector:
        image_size = (video.width, video.height)
        keypoints = np.full((video.frame_count, JOINT_COUNT, 2), np.nan)
        scores = np.zeros((video.frame_count, JOINT_COUNT))
        with BackgroundLifter(keypoints, scores, settings, image_size, video.fps) as background:
            opened = time.perf_counter()
            _detect(video, detector, keypoints, scores, background, report, stop)
            detected = time.perf_counter()
            pose = background.finish(
                lambda done: report(Progress("lift", done, video.frame_count, time.perf_counter() - detected))
            )
            lifted = time.perf_counter()
            lifter = background.lifter()
        _raise_if(stop)
        report(Progress("motion", 0, video.frame_count, 0.0))
        motion = reconstruct_motion(
            pose,
            keypoints,
            scores,
            image_size,
            video.fps,
            height_m=settings.height_m,
            fov_degrees=settings.fov_degrees,
            smoothing=settings.smoothing,
        )
        moved = time.perf_counter()
        report(Progress("motion", video.frame_count, video.frame_count, moved - lifted))
        provenance = _provenance(video, settings, detector, lifter, motion)
        provenance["seconds"] = {
            "open": opened - began,
            "detect": detected - opened,
            "lift": background.seconds,
            "lift_after_the_last_detection": lifted - detected,
            "motion": moved - lifted,
            "total": moved - began,
        }
        return Take(
            Source(Path(path), video.width, video.height, video.fps),
            video.time_s,
            keypoints[None],
            scores[None],
            motion.camera[None],
            motion.root_camera[None],
            motion.world[None],
            provenance,
        )


def _detect(
    video: Video,
    detector: Detector,
    keypoints: Array,
    scores: Array,
    background: BackgroundLifter,
    report: Callable[[Progress], None],
    stop: threading.Event,
) -> None:
    """Fill in the keypoints of the most prominent person of every frame; lifting follows behind."""
    began = time.perf_counter()
    with _decoded_ahead(video, stop) as frames:
        for frame in frames:
            _raise_if(stop)
            persons = detector.detect(frame.image)
            if persons:
                person = persons[0]
                keypoints[frame.index], scores[frame.index] = to_h36m17(
                    person.keypoints, person.scores, person.format
                )
            background.advance(frame.index + 1)
            report(Progress("detect", frame.index + 1, video.frame_count, time.perf_counter() - began))
    _raise_if(stop)


@contextmanager
def _decoded_ahead(
    video: Video, stop: threading.Event
) -> Generator[Generator[Frame, None, None], None, None]:
    """The video's frames, decoded in a thread of its own; what it raises is raised where they are read."""
    waiting: queue.Queue[Frame | BaseException | None] = queue.Queue(
        max(1, min(_FRAMES_AHEAD, _BYTES_AHEAD // (3 * video.width * video.height)))
    )
    left = threading.Event()

    def put(item: Frame | BaseException | None) -> bool:
        while not (left.is_set() or stop.is_set()):
            try:
                waiting.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def decode() -> None:
        try:
            for frame in video.frames():
                if not put(frame):
                    return
        except BaseException as error:
            put(error)
        else:
            put(None)

    def read() -> Generator[Frame, None, None]:
        while not stop.is_set():
            try:
                item = waiting.get(timeout=0.1)
            except queue.Empty:
                continue
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=decode, name="decode", daemon=True)
    thread.start()
    try:
        yield read()
    finally:
        left.set()
        thread.join()


def _raise_if(stop: threading.Event) -> None:
    if stop.is_set():
        raise CancelledError("stopped by the user")


def _provenance(
    video: Video, settings: Settings, detector: Detector, lifter: Any, motion: MotionResult
) -> dict[str, Any]:
    weights = lifter.weights
    return {
        "program": f"stcformer-studio {version('stcformer-studio')}",
        "detector": {"name": detector.name, "description": detector.description},
        "lifter": {
            "weights": weights.name,
            "sha256": weights.sha256,
            "origin": weights.origin,
            "width": weights.model.width,
            "window": lifter.window,
            "hop": lifter.hop,
            "flip_averaging": lifter.flip,
            "frame_rate": weights.feeding.frame_rate,
            "device": lifter.device_name(),
            "precision": str(lifter.precision).removeprefix("torch."),
        },
        "video": {
            "codec": video.codec,
            "rotation_degrees": video.rotation,
            "variable_rate": video.is_variable_rate,
            "warnings": list(video.warnings),
        },
        "settings": {
            "height_m": settings.height_m,
            "fov_degrees": settings.fov_degrees,
            "smoothing": settings.smoothing,
        },
        "motion": motion.report,
        "edits": [],
    }
