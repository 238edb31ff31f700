"""The live session: newest picture only, one end whatever happens, and a recording that is a Take like any other."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_parts import SIZE, MadeDetector, MadeSource, SilentSource, other_person, tiny_lifter

from app.edits import HideJoint
from app.errors import StudioError
from app.live import LiveFacts, LiveResult, LiveSession, LiveSource
from app.live.mailbox import Mailbox
from app.live.sources import Picture
from app.rebuilding import rebuild
from app.settings import Settings
from app.video import open_video
from detectors import DetectorError

LONG_S = 60.0
"""How long a test waits for what must happen at once; only a hang takes that long."""


class Heard:
    """What a session told, in order."""

    def __init__(self) -> None:
        self.results: list[LiveResult] = []
        self.facts: list[LiveFacts] = []
        self.errors: list[Exception] = []
        self.order: list[str] = []
        self.first = threading.Event()

    def result(self, result: LiveResult) -> None:
        self.results.append(result)
        self.order.append("result")
        self.first.set()

    def start(self, facts: LiveFacts) -> None:
        self.facts.append(facts)
        self.order.append("start")

    def error(self, error: Exception) -> None:
        self.errors.append(error)
        self.order.append("error")

    def end(self) -> None:
        self.order.append("end")


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> Iterator[MadeDetector]:
    made = MadeDetector()
    monkeypatch.setattr("app.live.session.create_detector", lambda _name: made)
    yield made
    if made.gate is not None:
        made.gate.release(1000)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def session_of(source: LiveSource, heard: Heard, **options: Any) -> LiveSession:
    return LiveSession(
        source,
        Settings(device="cpu"),
        heard.result,
        on_start=heard.start,
        on_error=heard.error,
        on_end=heard.end,
        **{"lifter": lambda _settings: tiny_lifter()} | options,
    )


def run(source: LiveSource, heard: Heard) -> LiveSession:
    session = session_of(source, heard)
    session.start()
    assert session.wait(LONG_S)
    return session


def test_a_source_that_waits_has_every_picture_worked_on(detector: MadeDetector, heard: Heard) -> None:
    source = MadeSource(12)
    session = run(source, heard)
    assert heard.order == ["start", *["result"] * 12, "end"]
    assert [result.index for result in heard.results] == list(range(12))
    assert [result.keypoints[0, 0] for result in heard.results] == list(range(12))
    assert all(np.isfinite(result.camera).all() for result in heard.results)
    assert all((result.image == result.index).all() for result in heard.results)
    assert all(result.latency_s > 0 for result in heard.results)
    assert session.dropped == 0
    assert not session.is_running
    assert (source.closed, detector.closed) == (1, 1)


def test_it_says_what_it_runs_with(detector: MadeDetector, heard: Heard) -> None:
    detector.device = "a card"
    run(MadeSource(1), heard)
    (facts,) = heard.facts
    assert (facts.source, facts.width, facts.height, facts.fps) == ("Camera 7", *SIZE, 30.0)
    assert (facts.detector, facts.lifter) == (f"{detector.name} on a card", "test")
    assert facts.device == tiny_lifter().device_name()


def test_of_a_source_that_does_not_wait_the_newest_picture_is_worked_on(
    detector: MadeDetector, heard: Heard
) -> None:
    detector.gate = threading.Semaphore(0)
    source = MadeSource(50, drops=True)
    session = session_of(source, heard)
    session.start()
    while source.given < 50:
        assert not session.wait(0.01)
    detector.gate.release(50)
    assert session.wait(LONG_S)
    indices = [result.index for result in heard.results]
    assert indices[-1] == 49
    assert len(indices) <= 3
    assert session.dropped == 50 - len(indices)
    assert heard.results[-1].dropped == session.dropped


def test_an_absent_camera_is_one_sentence_and_the_end(detector: MadeDetector, heard: Heard) -> None:
    del detector
    run(MadeSource(0, absent=StudioError("Camera 7 cannot be opened; connect it.")), heard)
    assert heard.order == ["error", "end"]
    assert str(heard.errors[0]) == "Camera 7 cannot be opened; connect it."


def test_no_networks_are_loaded_for_an_absent_camera(detector: MadeDetector, heard: Heard) -> None:
    del detector
    loads: list[Settings] = []

    def load(settings: Settings) -> Any:
        loads.append(settings)
        return tiny_lifter()

    absent = MadeSource(0, absent=StudioError("Camera 7 cannot be opened; connect it."))
    session = session_of(absent, heard, lifter=load)
    session.start()
    assert session.wait(LONG_S)
    assert loads == []


def test_a_camera_that_is_unplugged_ends_it_with_its_sentence(detector: MadeDetector, heard: Heard) -> None:
    source = MadeSource(5, end=StudioError("Camera 7 stopped giving pictures; check its cable."))
    run(source, heard)
    assert heard.order == ["start", *["result"] * 5, "error", "end"]
    assert (source.closed, detector.closed) == (1, 1)


def test_a_camera_that_falls_silent_ends_it_with_a_sentence(detector: MadeDetector, heard: Heard) -> None:
    del detector
    run(SilentSource(0), heard)
    assert heard.order == ["start", "error", "end"]
    assert "Camera 7 has given no picture for 0.01 seconds" in str(heard.errors[0])


@pytest.mark.parametrize("error", [DetectorError("The detector failed."), ZeroDivisionError("a bug")])
def test_a_detector_that_fails_ends_it_with_what_it_raised(
    detector: MadeDetector, heard: Heard, error: Exception
) -> None:
    detector.error = error
    source = MadeSource(5)
    run(source, heard)
    assert heard.errors == [error]
    assert heard.order == ["start", "error", "end"]
    assert (source.closed, detector.closed) == (1, 1)


def test_a_lifter_that_cannot_be_loaded_ends_it(detector: MadeDetector, heard: Heard) -> None:
    def no_lifter(_settings: Settings) -> Any:
        raise StudioError("There are no such weights.")

    session = session_of(MadeSource(5), heard, lifter=no_lifter)
    session.start()
    assert session.wait(LONG_S)
    assert heard.order == ["error", "end"]
    assert detector.closed == 0


def test_a_stop_does_not_wait_for_the_networks_to_load(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    detector, is_loading, may_load, was_closed = MadeDetector(), *(threading.Event() for _ in range(3))
    detector.close = was_closed.set  # type: ignore[method-assign]

    def create(_name: str) -> MadeDetector:
        is_loading.set()
        assert may_load.wait(LONG_S)
        return detector

    monkeypatch.setattr("app.live.session.create_detector", create)
    session = session_of(MadeSource(5), heard)
    session.start()
    assert is_loading.wait(LONG_S)
    assert session.stop(LONG_S / 2)
    assert heard.order == ["end"]
    may_load.set()
    assert was_closed.wait(LONG_S), "what was loaded for nobody is freed"


def test_nothing_comes_after_a_stop(detector: MadeDetector, heard: Heard) -> None:
    source = MadeSource(10**9)
    session = session_of(source, heard)
    session.start()
    assert heard.first.wait(LONG_S)
    assert session.is_running
    assert session.stop(LONG_S)
    told = list(heard.order)
    assert told[-1] == "end"
    assert source.closed == detector.closed == 1
    assert session.stop(LONG_S)
    assert heard.order == told


def test_impossible_settings_are_said_before_anything_begins(heard: Heard) -> None:
    with pytest.raises(StudioError, match="body height"):
        LiveSession(MadeSource(1), Settings(height_m=17.5), heard.result)
    with pytest.raises(DetectorError, match="is no detector"):
        LiveSession(MadeSource(1), Settings(detector="eyes"), heard.result)


def test_a_recording_becomes_a_take_of_its_own_video(
    detector: MadeDetector, heard: Heard, tmp_path: Path
) -> None:
    del detector
    session = session_of(MadeSource(20), heard)
    session.start_recording(tmp_path / "new")
    assert session.is_recording
    session.start()
    assert session.wait(LONG_S)
    recording = session.stop_recording()
    assert recording is not None
    assert not session.is_recording
    take = recording.take()
    assert take.source.path == recording.path
    assert recording.path.parent == tmp_path / "new"
    with open_video(recording.path) as video:
        assert np.array_equal(take.time_s, video.time_s)
        assert (take.source.width, take.source.height) == (video.width, video.height) == SIZE
        brightness = [frame.image.mean() for frame in video.frames()]
    assert brightness == pytest.approx(range(20), abs=3)
    assert take.time_s == pytest.approx(np.arange(20) / 30, abs=1e-4)
    assert take.keypoints[0, :, 0, 0].tolist() == list(range(20))
    assert np.isfinite(take.camera).all()
    whole = tiny_lifter().lift(take.keypoints[0], take.scores[0], image_size=SIZE, fps=take.source.fps)
    assert take.evidence is not None
    assert np.array_equal(take.evidence.lifted[0], whole)
    assert take.provenance["live"] == {"source": "Camera 7"}


def test_a_recorded_take_is_corrected_without_lifting_all_again(
    detector: MadeDetector, heard: Heard, tmp_path: Path
) -> None:
    del detector
    session = session_of(MadeSource(60), heard)
    session.start_recording(tmp_path)
    session.start()
    assert session.wait(LONG_S)
    recording = session.stop_recording()
    assert recording is not None
    take = recording.take()
    corrected = rebuild(take, [HideJoint(0, 0, 5, joint=16)], take.settings, tiny_lifter())
    assert np.isnan(corrected.keypoints[0, :5, 16]).all()
    assert take.evidence is not None
    assert corrected.evidence is not None
    same = (corrected.evidence.lifted[0] == take.evidence.lifted[0]).all(axis=(1, 2))
    assert not same[:5].any()
    assert same[-20:].all()


def test_recording_can_begin_and_end_while_it_runs(
    detector: MadeDetector, heard: Heard, tmp_path: Path
) -> None:
    detector.gate = threading.Semaphore(3)
    session = session_of(MadeSource(10), heard)
    session.start()
    while len(heard.results) < 3:
        assert not session.wait(0.01)
    session.start_recording(tmp_path)
    detector.gate.release(4)
    while len(heard.results) < 7:
        assert not session.wait(0.01)
    recording = session.stop_recording()
    detector.gate.release(3)
    assert session.wait(LONG_S)
    assert len(heard.results) == 10
    assert recording is not None
    take = recording.take()
    assert take.keypoints[0, :, 0, 0].tolist() == [3, 4, 5, 6]
    assert take.time_s[0] == 0
    assert session.stop_recording() is None


def test_a_recording_holds_each_of_those_who_were_followed_as_a_person_of_their_own(
    detector: MadeDetector, heard: Heard, tmp_path: Path
) -> None:
    """One after the other as one person, they would be lifted in one window."""
    detector.gate, detector.others = threading.Semaphore(4), (1, 2)
    session = session_of(MadeSource(12), heard)
    session.start_recording(tmp_path)
    session.start()
    while len(heard.results) < 4:
        assert not session.wait(0.01)
    session.follow(1)
    detector.gate.release(8)
    assert session.wait(LONG_S)
    numbers = [result.person for result in heard.results]
    assert numbers == [0] * 4 + [1] * 8
    other = heard.results[-1].keypoints
    recording = session.stop_recording()
    assert recording is not None
    take = recording.take()
    assert take.person_count() == 2
    np.testing.assert_array_equal(take.keypoints[0], np.repeat(other[None], 12, axis=0))
    assert take.keypoints[1, :, 0, 0].tolist() == list(range(12))
    assert np.isfinite(take.camera).all()
    assert [person["chosen"] for person in take.provenance["people"]].count(False) == 1


def test_the_next_person_is_followed_on_request(detector: MadeDetector, heard: Heard) -> None:
    detector.gate, detector.others = threading.Semaphore(2), (1,)
    session = session_of(MadeSource(4), heard)
    session.start()
    while len(heard.results) < 2:
        assert not session.wait(0.01)
    session.follow_next()
    detector.gate.release(2)
    assert session.wait(LONG_S)
    assert [result.person for result in heard.results] == [0, 0, 1, 1]
    np.testing.assert_array_equal(heard.results[-1].keypoints, other_person(1).keypoints)
    assert [other.number for other in heard.results[-1].others] == [0]


def test_two_recordings_within_a_second_do_not_overwrite_each_other(
    detector: MadeDetector, tmp_path: Path
) -> None:
    del detector
    recordings = set()
    for _ in range(2):
        session = session_of(MadeSource(3), Heard())
        session.start_recording(tmp_path)
        session.start()
        assert session.wait(LONG_S)
        recording = session.stop_recording()
        assert recording is not None
        recordings.add(recording)
    paths = {recording.wait() for recording in recordings}
    assert len(paths) == 2
    assert all(path.is_file() for path in paths)


def test_a_recording_that_cannot_be_written_ends_the_session_with_its_sentence(
    detector: MadeDetector, heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del detector

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "live.mp4")

    monkeypatch.setattr("app.live.recording.write_video", full)
    session = session_of(MadeSource(10**9), heard)
    session.start_recording(tmp_path)
    session.start()
    assert session.wait(LONG_S)
    assert isinstance(heard.errors[0], OSError)
    assert heard.order[-2:] == ["error", "end"]
    assert list(tmp_path.iterdir()) == []


def picture(index: int) -> Picture:
    return Picture(index, float(index), float(index), np.zeros((2, 2, 3), dtype=np.uint8))


def test_a_mailbox_keeps_the_newest_and_counts_the_others() -> None:
    mailbox = Mailbox(replaces=True)
    assert mailbox.get(0.0) is None
    for index in range(4):
        assert mailbox.put(picture(index))
    newest = mailbox.get(0.0)
    assert newest is not None
    assert newest.index == 3
    assert mailbox.dropped == 3
    assert mailbox.get(0.0) is None


def test_a_closed_mailbox_gives_what_waits_then_what_it_was_closed_with() -> None:
    mailbox = Mailbox(replaces=True)
    mailbox.put(picture(0))
    mailbox.close(StudioError("gone"))
    mailbox.close(StudioError("too late"))
    assert not mailbox.put(picture(1))
    assert mailbox.get(0.0) is not None
    with pytest.raises(StudioError, match="gone"):
        mailbox.get(0.0)


def test_a_picture_that_waits_its_turn_counts_as_captured_when_it_is_taken() -> None:
    """Its wait would otherwise be told as latency."""
    waiting, dropping = Mailbox(replaces=False), Mailbox(replaces=True)
    for mailbox in (waiting, dropping):
        mailbox.put(picture(-5))
    taken, newest = waiting.get(0.0), dropping.get(0.0)
    assert taken is not None
    assert newest is not None
    assert taken.captured_s > 0
    assert newest.captured_s == -5
