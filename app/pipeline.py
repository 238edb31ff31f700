"""The one road from a video to a Take: decode, detect, lift, and set in motion.

Decoding runs in a thread of its own a few frames ahead of the detector, and lifting in another behind
it, so that all together take little longer than the detector alone.
"""

import os
import queue
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from app.edits import Edit, apply_edits, edits_to_json
from app.fingerprint import fingerprint
from app.lifting import EARLY_BLOCK_FRAMES, BackgroundLifter, describe_lifter
from app.motion import check_choices, reconstruct_people
from app.settings import Settings
from app.take import Array, Evidence, Source, Take
from app.video import Frame, Video, open_video
from detectors import Detector, check_detector, create_detector
from detectors.keypoints import to_h36m17
from stcformer.skeleton import JOINT_COUNT

_FRAMES_AHEAD = 8
_BYTES_AHEAD = 2**28
"""Of pictures that wait for the detector; an 8K picture alone takes 100 MB."""
_PARTIAL_INTERVAL_S = 0.2


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


@dataclass(frozen=True)
class Partial:
    """What is known while a video is being processed, for a window that shows it.

    The arrays are read-only views of arrays that grow: nothing is copied, and rows beyond `frames_detected` and
    `frames_lifted` are NaN (score 0) or just being written.
    """

    time_s: Array
    """(F,) seconds."""
    keypoints: Array
    """(1, F, 17, 2) pixels, with the edits."""
    scores: Array
    """(1, F, 17)."""
    camera: Array
    """(1, F, 17, 3) camera space, metres, the hip at 0: as lifted, before the motion stage."""
    frames_detected: int
    frames_lifted: int


def process_video(
    path: str | os.PathLike[str],
    settings: Settings | None = None,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    edits: Sequence[Edit] = (),
    partial: Callable[[Partial], None] | None = None,
) -> Take:
    """Process a video into a Take.

    `progress` is called from this thread, once a frame or so. Setting `cancel` raises CancelledError within
    the time of one frame. `edits` are made to what is detected, before it is lifted. `partial` is called from
    this thread a few times a second with what is known so far. Raises StudioError, LifterError or DetectorError
    with one sentence for the user.
    """
    settings, edits = settings or Settings(), tuple(edits)
    report = progress or (lambda step: None)
    stop = cancel or threading.Event()
    # Wrong settings are said before the video is read; of the weights it is known once they are loaded.
    check_choices(settings.height_m, settings.fov_degrees, settings.smoothing)
    check_detector(settings.detector)
    began = time.perf_counter()
    with open_video(path) as video, create_detector(settings.detector) as detector:
        image_size = (video.width, video.height)
        found = _Detections(video.frame_count, edits)
        first_block = EARLY_BLOCK_FRAMES if partial else None
        with BackgroundLifter(
            found.edited[0], found.edited_scores[0], settings, image_size, video.fps, first_block=first_block
        ) as background:
            show = _PartialReports(partial, video.time_s, found, background)
            opened = time.perf_counter()
            _detect(video, detector, found, background, report, show, stop)
            detected = time.perf_counter()

            def while_lifting(done: int) -> None:
                _raise_if(stop)
                report(Progress("lift", done, video.frame_count, time.perf_counter() - detected))
                show()

            background.finish(while_lifting)
            lifted = time.perf_counter()
            lifter = background.lifter()
        _raise_if(stop)
        show(at_once=True)
        report(Progress("motion", 0, video.frame_count, 0.0))
        provenance = {
            "program": f"stcformer-studio {version('stcformer-studio')}",
            "detector": {"name": detector.name, "description": detector.description},
            "lifter": describe_lifter(lifter),
            "video": {
                "codec": video.codec,
                "rotation_degrees": video.rotation,
                "variable_rate": video.is_variable_rate,
                "warnings": list(video.warnings),
                "file": fingerprint(path),
            },
        }
        evidence = Evidence(
            found.keypoints, found.scores, background.pose[None], background.disagreement[None]
        )
        source = Source(Path(path), video.width, video.height, video.fps)
        take = assemble_take(
            source, video.time_s, (found.edited, found.edited_scores), evidence, settings, edits, provenance
        )
        moved = time.perf_counter()
        report(Progress("motion", video.frame_count, video.frame_count, moved - lifted))
        take.provenance["seconds"] = {
            "open": opened - began,
            "detect": detected - opened,
            "lift": background.seconds,
            "lift_after_the_last_detection": lifted - detected,
            "motion": moved - lifted,
            "total": moved - began,
        }
        return take


def assemble_take(
    source: Source,
    time_s: Array,
    edited: tuple[Array, Array],
    evidence: Evidence,
    settings: Settings,
    edits: tuple[Edit, ...],
    provenance: dict[str, Any],
) -> Take:
    """The last part of the road: what was detected, `edited` by hand (keypoints (P, F, 17, 2) and scores
    (P, F, 17)) and lifted is set in motion and becomes a Take. `provenance` is completed with what was done here.
    """
    keypoints, scores = edited
    motions = reconstruct_people(
        evidence.lifted,
        keypoints,
        scores,
        (source.width, source.height),
        source.fps,
        height_m=settings.height_m,
        fov_degrees=settings.fov_degrees,
        smoothing=settings.smoothing,
    )
    provenance = provenance | {
        "settings": {
            "height_m": settings.height_m,
            "fov_degrees": settings.fov_degrees,
            "smoothing": settings.smoothing,
        },
        "motion": motions[0].report if motions else {},
        "motion_of_others": [motion.report for motion in motions[1:]],
        "edits": edits_to_json(edits),
    }
    frames, joints = len(time_s), keypoints.shape[2]
    return Take(
        source,
        time_s,
        keypoints,
        scores,
        np.stack([motion.camera for motion in motions]) if motions else np.empty((0, frames, joints, 3)),
        np.stack([motion.root_camera for motion in motions]) if motions else np.empty((0, frames, 3)),
        np.stack([motion.world for motion in motions]) if motions else np.empty((0, frames, joints, 3)),
        provenance,
        settings,
        edits,
        evidence,
    )


class _Detections:
    """One person's growing keypoints, as detected and with the edits."""

    def __init__(self, frames: int, edits: tuple[Edit, ...]) -> None:
        self.keypoints = np.full((1, frames, JOINT_COUNT, 2), np.nan)
        self.scores = np.zeros((1, frames, JOINT_COUNT))
        self.edited, self.edited_scores = self.keypoints.copy(), self.scores.copy()
        self.frames = 0
        """How many frames are edited; those after them are not to be read."""
        self._edits = edits

    def edit_up_to(self, frames: int) -> None:
        """Make the edits of the frames that have come since."""
        part = slice(self.frames, frames)
        self.edited[:, part], self.edited_scores[:, part] = apply_edits(
            self.keypoints[:, part], self.scores[:, part], self._edits, first_frame=self.frames
        )
        self.frames = frames


class _PartialReports:
    """Shows what is known so far, not more often than there is use in."""

    def __init__(
        self,
        receive: Callable[[Partial], None] | None,
        time_s: Array,
        found: _Detections,
        background: BackgroundLifter,
    ) -> None:
        self._receive, self._found, self._background = receive, found, background
        self._time_s, self._keypoints, self._scores, self._camera = (
            _read_only(array) for array in (time_s, found.edited, found.edited_scores, background.pose[None])
        )
        self._last = -np.inf

    def __call__(self, *, at_once: bool = False) -> None:
        now = time.perf_counter()
        if self._receive is None or (now - self._last < _PARTIAL_INTERVAL_S and not at_once):
            return
        self._last = now
        self._receive(
            Partial(
                self._time_s,
                self._keypoints,
                self._scores,
                self._camera,
                self._found.frames,
                self._background.frames_lifted,
            )
        )


def _read_only(array: Array) -> Array:
    view = array.view()
    view.flags.writeable = False
    return view


def _detect(
    video: Video,
    detector: Detector,
    found: _Detections,
    background: BackgroundLifter,
    report: Callable[[Progress], None],
    show: _PartialReports,
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
                found.keypoints[0, frame.index], found.scores[0, frame.index] = to_h36m17(
                    person.keypoints, person.scores, person.format
                )
            found.edit_up_to(frame.index + 1)
            background.advance(found.frames)
            show()
            report(Progress("detect", frame.index + 1, video.frame_count, time.perf_counter() - began))
    _raise_if(stop)
    found.edit_up_to(video.frame_count)


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
