"""The persons in every frame of a video: decoded ahead in a thread of its own, detected in order."""

import queue
import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from app.errors import CancelledError
from app.video import Frame, Video
from detectors import Detector, Person

_FRAMES_AHEAD = 8
_BYTES_AHEAD = 2**28
"""Of pictures that wait for the detector; an 8K picture alone takes 100 MB."""


def detected_persons(
    video: Video, detector: Detector, stop: threading.Event
) -> Generator[tuple[Frame, list[Person]], None, None]:
    """Every frame of the video with its persons, in order.

    A detector that likes to see several pictures at once gets them. Raises CancelledError as soon as `stop` is
    set and the pictures that are being looked at are done; DetectorError and StudioError.
    """
    most = max(1, _BYTES_AHEAD // (3 * video.width * video.height))
    at_once = min(max(1, detector.batch_size), most)
    with _decoded_ahead(video, stop, min(max(_FRAMES_AHEAD, at_once), most)) as frames:
        for batch in _batches(frames, at_once):
            raise_if_set(stop)
            if len(batch) == 1:
                found = [detector.detect(batch[0].image)]
            else:
                found = detector.detect_batch([frame.image for frame in batch])
            for pair in zip(batch, found, strict=True):
                yield pair
                raise_if_set(stop)
    raise_if_set(stop)


def describe_detector(detector: Detector) -> dict[str, str]:
    """A detector for the provenance: name and description, and its device where there is a choice of one."""
    described = {"name": detector.name, "description": detector.description}
    return described | ({"device": detector.device} if detector.device else {})


def detector_in_words(described: Mapping[str, Any]) -> str:
    """What `describe_detector` gave, for a line: the name, and where it runs where there is a choice."""
    return described["name"] + (f" on {described['device']}" if described.get("device") else "")


def raise_if_set(stop: threading.Event) -> None:
    """Raise CancelledError when the user has stopped the work."""
    if stop.is_set():
        raise CancelledError("stopped by the user")


def _batches(frames: Iterable[Frame], size: int) -> Iterator[list[Frame]]:
    batch: list[Frame] = []
    for frame in frames:
        batch.append(frame)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


@contextmanager
def _decoded_ahead(
    video: Video, stop: threading.Event, most: int
) -> Generator[Generator[Frame, None, None], None, None]:
    """The video's frames, decoded in a thread of its own, at most so many ahead of those who read them.

    What it raises is raised where they are read.
    """
    waiting: queue.Queue[Frame | BaseException | None] = queue.Queue(most)
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
