"""What a live session keeps: the pictures as a video file, and what was found in them; from it comes a Take."""

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.errors import StudioError
from app.lifting import describe_lifter
from app.people import describe_track
from app.pipeline import assemble_take
from app.project import fingerprint
from app.settings import Settings
from app.take import Array, Evidence, Source, Take
from app.video import Video, open_video
from app.video.writing import write_video
from detectors import Person
from detectors.people.tracking import Track, Tracker

if TYPE_CHECKING:
    from stcformer import Lifter

_BYTES_WAITING = 2**27
"""Of pictures that wait for the encoder."""
_POLL_S = 0.02

Image = NDArray[np.uint8]


@dataclass(frozen=True)
class RecordingFacts:
    """What a recording was made with."""

    source: str
    detector: dict[str, str]
    lifter: "Lifter"
    settings: Settings


class Recording:
    """One recording. Every picture that was worked on is in it, none that was dropped.

    Pictures are encoded in a thread of its own. `take` may be called in any thread, once the session has let go.
    """

    def __init__(self, folder: Path, size: tuple[int, int], facts: RecordingFacts) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = _free_name(folder)
        """The video file; it is there once `wait` returns."""
        self.facts = facts
        self._tracker = Tracker(size)
        self._followed: list[Array] = []
        """(17, 2) pixels of each picture's person."""
        self._size = size
        self._error: BaseException | None = None
        waiting = max(2, _BYTES_WAITING // (3 * size[0] * size[1]))
        self._pictures: queue.Queue[tuple[float, Image]] = queue.Queue(waiting)
        self._lock = threading.Lock()
        self._is_finished = False
        self._first_s = 0.0
        self._thread = threading.Thread(target=self._write, name="record", daemon=True)
        self._thread.start()

    def frame_count(self) -> int:
        """How many pictures it holds so far."""
        return len(self._followed)

    def add(self, time_s: float, image: Image, persons: Sequence[Person], followed: Array) -> None:
        """One more picture (H, W, 3) with the persons in it, at a later time than the last; `followed` are the (17, 2)
        pixels of the one who is followed, NaN where they are not seen.

        Waits while the encoder is behind; nothing happens after `finish`. Raises what the encoder has failed with.
        """
        while not self._put(time_s, image, persons, followed):
            time.sleep(_POLL_S)

    def finish(self) -> None:
        """Nothing more is added; the file is completed beside the caller."""
        with self._lock:
            self._is_finished = True

    def wait(self) -> Path:
        """Wait until the video file is whole, after `finish`; raises StudioError or OSError when it could not be."""
        self.finish()
        self._thread.join()
        self._raise_error()
        return self.path

    def take(self) -> Take:
        """The Take of the recording, as if its video had been processed, with what was detected while it ran.

        In it are those who were followed, each for as long as they were in view, whoever was followed longest first.
        Lifted again with both past and future in sight, and set in motion as a whole. Takes seconds. Raises
        StudioError when nothing was recorded, and what `wait` and the lifter raise.
        """
        self.finish()
        if not self._followed:
            self._thread.join()
            raise StudioError(
                "Nothing was recorded: no picture came between start and end; record for longer."
            )
        path = self.wait()
        with open_video(path) as video:
            if video.frame_count != len(self._followed):
                raise StudioError(
                    f"'{path}' holds {video.frame_count} pictures of {len(self._followed)} recorded ones; "
                    "process it as a video."
                )
            return self._take_of(video)

    def _take_of(self, video: Video) -> Take:
        facts, settings = self.facts, self.facts.settings
        tracks = self._tracker.tracks()
        chosen = _followed_tracks(tracks, self._followed)
        tracks_or_nobody = chosen or [Track(-1)]
        people = [track.dense(video.frame_count) for track in tracks_or_nobody]
        keypoints, scores = (np.stack(values) for values in zip(*people, strict=True))
        feet, foot_scores = (
            np.stack(values)
            for values in zip(
                *(track.dense_feet(video.frame_count) for track in tracks_or_nobody), strict=True
            )
        )
        lifted, disagreement = (
            np.stack(values)
            for values in zip(
                *(
                    facts.lifter.lift_with_disagreement(
                        *person,
                        image_size=(video.width, video.height),
                        fps=video.fps,
                        field_of_view=settings.fov_degrees,
                    )
                    for person in people
                ),
                strict=True,
            )
        )
        numbers = {track.number: number for number, track in enumerate(chosen, start=1)}
        provenance: dict[str, Any] = {
            "program": f"stcformer-studio {version('stcformer-studio')}",
            "detector": facts.detector,
            "lifter": describe_lifter(facts.lifter),
            "people": [describe_track(track, numbers.get(track.number)) for track in tracks],
            "video": {
                "codec": video.codec,
                "rotation_degrees": video.rotation,
                "variable_rate": video.is_variable_rate,
                "warnings": list(video.warnings),
                "file": fingerprint(video.path),
            },
            "live": {"source": facts.source},
        }
        evidence = Evidence(keypoints, scores, lifted, disagreement, feet, foot_scores)
        source = Source(video.path, video.width, video.height, video.fps)
        return assemble_take(source, video.time_s, (keypoints, scores), evidence, settings, (), provenance)

    def _write(self) -> None:
        try:
            write_video(self.path, self._next_pictures(), self._size)
        except BaseException as error:
            self._error = error

    def _put(self, time_s: float, image: Image, persons: Sequence[Person], followed: Array) -> bool:
        """Whether there was room for the picture, or no wish for it any more."""
        with self._lock:  # so that no picture comes after the encoder has seen the end
            self._raise_error()
            if self._is_finished:
                return True
            first_s = self._first_s if self._followed else time_s
            try:
                self._pictures.put_nowait((time_s - first_s, image))
            except queue.Full:
                return False
            self._first_s = first_s
            self._tracker.update(len(self._followed), time_s, persons, image)
            self._followed.append(followed.copy())
            return True

    def _next_pictures(self) -> Iterator[tuple[float, Image]]:
        while True:
            with self._lock:
                is_finished = self._is_finished
            try:
                yield self._pictures.get(timeout=_POLL_S)
            except queue.Empty:
                if is_finished:
                    return

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error


def _followed_tracks(tracks: Sequence[Track], followed: Sequence[Array]) -> list[Track]:
    """Those of the tracks that hold the (17, 2) pixels `followed` in each frame, whoever does so longest first."""

    def frames(track: Track) -> int:
        return sum(
            np.array_equal(keypoints, followed[frame], equal_nan=True)
            for frame, keypoints in zip(track.frames, track.keypoints, strict=True)
        )

    shared = {track.number: frames(track) for track in tracks}
    return sorted(
        (track for track in tracks if shared[track.number]), key=lambda track: -shared[track.number]
    )


def _free_name(folder: Path) -> Path:
    """`live-<date>-<time>.mp4`, to the millisecond: the one before may still be on its way to the disk."""
    now = datetime.now()
    stem = f"live-{now:%Y-%m-%d-%H%M%S}-{now.microsecond // 1000:03d}"
    names = (folder / (f"{stem}.mp4" if number == 1 else f"{stem}-{number}.mp4") for number in count(1))
    return next(path for path in names if not path.exists())
