"""A live session: one thread takes pictures, another detects, lifts and sets in motion, always the newest."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.detection import describe_detector, detector_in_words
from app.errors import StudioError
from app.lifting import load_lifter
from app.live.engine import LiveEngine
from app.live.follower import PersonFollower
from app.live.mailbox import Mailbox
from app.live.recording import Recording, RecordingFacts
from app.live.results import LiveFacts, LiveResult
from app.live.sources import LiveSource, OpenSource, Picture
from app.motion import check_choices
from app.settings import Settings
from detectors import Detector, check_detector, create_detector

if TYPE_CHECKING:
    from stcformer import Lifter

_Value = TypeVar("_Value")

_POLL_S = 0.05
_CAPTURE_END_S = 0.5
"""A camera whose driver hangs is left to itself after so long."""


class LiveSession:
    """From a source's pictures to results, until it ends or is stopped.

    `on_result(LiveResult)` is called for every picture there is time for, `on_start(LiveFacts)` once before the
    first, `on_error(exception)` at most once, and `on_end()` once after everything else; all in a thread of the
    session, which waits for them. A stated error (`app.errors.STATED_ERRORS`) is one sentence for the user, any other
    exception is a bug. `lifter` gives the lifter of the settings; it is called in a thread of its own.
    """

    def __init__(
        self,
        source: LiveSource,
        settings: Settings,
        on_result: Callable[[LiveResult], None],
        *,
        on_start: Callable[[LiveFacts], None] = lambda facts: None,
        on_error: Callable[[Exception], None] = lambda error: None,
        on_end: Callable[[], None] = lambda: None,
        lifter: "Callable[[Settings], Lifter]" = load_lifter,
    ) -> None:
        check_choices(settings)
        check_detector(settings.detector)
        self.source, self.settings = source, settings
        self._on_result, self._on_start, self._on_error, self._on_end = on_result, on_start, on_error, on_end
        self._load_lifter = lifter
        self._mailbox = Mailbox(replaces=source.drops)
        self._follower = PersonFollower()
        self._stop, self._ready, self._ended = threading.Event(), threading.Event(), threading.Event()
        self._opened: Future[OpenSource] = Future()
        self._recording: Recording | None = None
        self._recording_folder: Path | None = None
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._capture, name="live-capture", daemon=True),
            threading.Thread(target=self._work, name="live", daemon=True),
        ]

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._threads[1].ident is not None and not self._ended.is_set()

    @property
    def dropped(self) -> int:
        """Pictures so far that were replaced by a newer one before there was time for them."""
        return self._mailbox.dropped

    def start(self) -> None:
        """Begin; once only."""
        for thread in self._threads:
            thread.start()

    def request_stop(self) -> None:
        """End soon; returns at once."""
        self._stop.set()
        self._mailbox.close()

    def stop(self, timeout_s: float = 1.0) -> bool:
        """End, and wait for it; False when it lasts longer. What is being recorded is there until `stop_recording`."""
        self.request_stop()
        return self.wait(timeout_s)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the session has ended; False when it lasts longer than `timeout_s`."""
        return self._ended.wait(timeout_s)

    # Whom it is about

    def follow(self, number: int) -> None:
        """Go over to the person of that number (`LiveResult.others`) from the next picture on, if they are in it."""
        self._follower.ask_for(number)

    def follow_next(self) -> None:
        """Go over to the next person in view, by number, and after the last to the first."""
        self._follower.ask_for_next()

    # Recording

    @property
    def is_recording(self) -> bool:
        """Whether results are being kept, or will be from the first on."""
        with self._lock:
            return self._recording is not None or self._recording_folder is not None

    def start_recording(self, folder: Path) -> None:
        """Keep the results from now on, the pictures as a video file in `folder`.

        Nothing happens while it records. Raises OSError where the folder cannot be made.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            if self._recording is None:
                self._recording_folder = folder

    def stop_recording(self) -> Recording | None:
        """Keep no more; the recording (`Recording.take` makes it a Take), None when there was no result to keep."""
        with self._lock:
            recording, self._recording, self._recording_folder = self._recording, None, None
        if recording is not None:
            recording.finish()
        return recording

    # The thread that takes pictures

    def _capture(self) -> None:
        try:
            with self.source.open() as opened:
                self._opened.set_result(opened)
                while not self._ready.wait(_POLL_S):
                    if self._stop.is_set():
                        return
                for picture in opened.pictures(self._stop):
                    if not self._mailbox.put(picture):
                        return
        except BaseException as error:
            if self._opened.done():
                self._mailbox.close(error)
            else:
                self._opened.set_exception(error)
        finally:
            self._mailbox.close()

    # The thread that works on them

    def _work(self) -> None:
        try:
            opened = self._wait_for(self._opened)  # an absent camera is said before torch is loaded
            loading = self._begin_loading()
            try:
                self._run(opened, *self._wait_for(loading))
            finally:
                loading.add_done_callback(_close_detector)
        except _StoppedError:
            pass
        except Exception as error:
            self._on_error(error)
        finally:
            self._stop.set()
            self._mailbox.close()
            self._threads[0].join(_CAPTURE_END_S)
            self._on_end()
            self._ended.set()

    def _begin_loading(self) -> "Future[tuple[Detector, Lifter]]":
        """Load beside this thread, for a stop need not wait for torch."""
        loading: Future[tuple[Detector, Lifter]] = Future()

        def load() -> None:
            try:
                lifter = self._load_lifter(self.settings)
                if self._stop.is_set():
                    raise _StoppedError
                loading.set_result((create_detector(self.settings.detector), lifter))
            except BaseException as error:
                loading.set_exception(error)

        threading.Thread(target=load, name="live-load", daemon=True).start()
        return loading

    def _wait_for(self, future: "Future[_Value]") -> "_Value":
        """What another thread of the session makes; raises what it failed with, and when the session is to end."""
        while wait([future], _POLL_S).not_done:
            if self._stop.is_set():
                raise _StoppedError
        return future.result()

    def _run(self, opened: OpenSource, detector: Detector, lifter: "Lifter") -> None:
        size = (opened.width, opened.height)
        engine = LiveEngine(detector, lifter, size, self.settings, self._follower)
        engine.warm_up()
        described = describe_detector(detector)
        self._on_start(
            LiveFacts(
                self.source.name,
                *size,
                opened.fps,
                detector_in_words(described),
                lifter.weights.name,
                engine.device_name,
            )
        )
        facts = RecordingFacts(self.source.name, described, lifter, self.settings)
        self._ready.set()
        for picture in self._pictures():
            result = engine.work(picture, self.dropped)
            if self._stop.is_set():
                return
            self._record(result, size, facts)
            self._on_result(result)

    def _pictures(self) -> Iterator[Picture]:
        """The newest pictures, until the source has ended or the session is to."""
        silence_s, waiting_since = self.source.longest_silence_s, time.monotonic()
        while not self._stop.is_set():
            was_closed = self._mailbox.is_closed
            picture = self._mailbox.get(_POLL_S)
            if picture is not None:
                yield picture
                waiting_since = time.monotonic()
            elif was_closed:
                return
            elif silence_s is not None and time.monotonic() - waiting_since > silence_s:
                raise StudioError(
                    f"{self.source.name} has given no picture for {silence_s:g} seconds; "
                    "check its cable and start again."
                )

    def _record(self, result: LiveResult, size: tuple[int, int], facts: RecordingFacts) -> None:
        with self._lock:
            if self._recording_folder is not None:
                self._recording = Recording(self._recording_folder, size, facts)
                self._recording_folder = None
            recording = self._recording
        if recording is not None:
            recording.add(result.time_s, result.image, result.persons, result.keypoints)


class _StoppedError(Exception):
    """The session was stopped before it began."""


def _close_detector(loading: "Future[tuple[Detector, Lifter]]") -> None:
    """Free the detector that was loaded, also when nobody waited for it any more."""
    with suppress(BaseException):  # what loading failed with was told by whoever waited for it
        detector, _ = loading.result()
        detector.close()
