"""Frames in any order: each the exact one, the newest wish first, and errors in words."""

import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from queue import Queue

import numpy as np
import pytest
from made_videos import make_video, packet_places, read_number

from app.errors import StudioError
from app.video import Video, open_video
from app.video.frame_cache import FrameCache
from app.video.frame_reader import FrameReader, Image

LONG_GROUPS = {"g": "250", "sc_threshold": "0", "bf": "2", "preset": "ultrafast"}
SHORT_GROUPS = {"g": "10", "sc_threshold": "0", "bf": "2", "preset": "ultrafast"}
KEY_FRAMES = {"g": "1", "preset": "ultrafast"}
_PATIENCE_S = 60.0


class _Answers:
    """Collects what a cache calls back; `next` waits for one."""

    def __init__(self) -> None:
        self._queue: Queue[tuple[int, Image | StudioError]] = Queue()

    def __call__(self, frame: int, found: Image | StudioError) -> None:
        self._queue.put((frame, found))

    def next(self) -> tuple[int, Image | StudioError]:
        return self._queue.get(timeout=_PATIENCE_S)

    def next_image(self) -> tuple[int, Image]:
        frame, found = self.next()
        assert not isinstance(found, StudioError), found
        return frame, found

    def is_empty(self) -> bool:
        return self._queue.empty()


@contextmanager
def _cache(path: Path, megabytes: float = 64, preview_height: int | None = None) -> Iterator[FrameCache]:
    cache = FrameCache(path, megabytes, preview_height)
    try:
        yield cache
    finally:
        cache.close(_PATIENCE_S)


def _clip(path: Path, count: int = 60, options: dict[str, str] | None = None, block: int = 16) -> Path:
    ticks = range(0, count * 512, 512)
    return make_video(path, ticks, codec_options=options or LONG_GROUPS, block=block)


@pytest.mark.parametrize("options", [LONG_GROUPS, SHORT_GROUPS, KEY_FRAMES], ids=["long", "short", "key"])
def test_every_request_is_answered_with_its_own_exact_frame(tmp_path: Path, options: dict[str, str]) -> None:
    path = _clip(tmp_path / "a.mp4", options=options)
    with open_video(path) as video:
        wanted = [frame.image for frame in video.frames()]
    order = [59, 0, 31, 30, 29, 12, 13, 14, 58, 9, 10, 11, 9, 59, *range(20, 40), *range(40, 20, -1)]
    with _cache(path) as cache:
        for frame in order:
            answers = _Answers()
            cache.request(frame, answers)
            assert answers.next_image()[0] == frame
            cache.request(frame, answers)  # now from memory
            np.testing.assert_array_equal(answers.next_image()[1], wanted[frame], err_msg=f"frame {frame}")


@pytest.mark.parametrize("codec", ["a.avi", "a.ts", "raw.h264", "hidden.webm"])
def test_frames_are_exact_in_any_container(tmp_path: Path, codec: str) -> None:
    is_webm = codec.endswith("webm")
    options = {"auto-alt-ref": "1", "lag-in-frames": "16", "b": "300k"} if is_webm else SHORT_GROUPS
    path = make_video(
        tmp_path / codec,
        range(0, 40 * 512, 512),
        codec="libvpx" if is_webm else "libx264",
        codec_options=options,
    )
    with _cache(path) as cache:
        for frame in (39, 0, 20, 21, 19, 5, 38):
            answers = _Answers()
            cache.request(frame, answers)
            answered, image = answers.next_image()
            assert (answered, read_number(image)) == (frame, frame)


@pytest.mark.parametrize(
    "name",
    [
        "walk_outdoors.mp4",
        "walk_10fps.mp4",
        "boxing_fast.mp4",
        "squats_portrait_5fps.mp4",
        "two_people_indoors.avi",
        "people_one_by_one_from_behind.mp4",
    ],
)
def test_real_clips_give_the_same_frames_as_reading_in_order(shared: Path, name: str) -> None:
    path = shared / "videos" / name
    with open_video(path) as video:
        count = video.frame_count
        order = [count - 1, count // 2, count // 2 - 1, count // 2 - 2, 0, count // 3, count // 3 + 1]
        wanted = {frame.index: frame.image for frame in video.frames() if frame.index in order}
    with _cache(path, megabytes=512) as cache:
        for frame in order:
            answers = _Answers()
            cache.request(frame, answers)
            np.testing.assert_array_equal(answers.next_image()[1], wanted[frame], err_msg=f"frame {frame}")


def test_of_requests_that_wait_only_the_newest_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = _hold_the_opening(monkeypatch)
    with _cache(_clip(tmp_path / "a.mp4")) as cache:
        answers = _Answers()
        for frame in (3, 50, 7, 22):
            cache.request(frame, answers)
        opening.set()
        assert answers.next_image()[0] == 22
        cache.request(8, answers)
        assert answers.next_image()[0] == 8
        assert answers.is_empty()


def _hold_the_opening(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    may_open = threading.Event()

    def open_later(path: Path) -> Video:
        assert may_open.wait(_PATIENCE_S)
        return open_video(path)

    monkeypatch.setattr("app.video.frame_cache.open_video", open_later)
    return may_open


def test_a_preview_comes_first_and_the_exact_picture_follows(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", 240, block=64)
    with _cache(path, megabytes=4, preview_height=128) as cache:
        answers = _Answers()
        cache.request(0, answers)
        answers.next_image()
        assert cache.wait_until_idle(_PATIENCE_S)
        cache.request(120, answers)
        first, second = answers.next_image(), answers.next_image()
        assert (first[0], second[0]) == (120, 120)
        assert (first[1].shape, second[1].shape) == ((128, 160, 3), (256, 320, 3))
        assert read_number(first[1]) == read_number(second[1]) == 120


def test_a_cache_that_plays_has_the_next_frames_ready(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", 120, SHORT_GROUPS)
    with _cache(path) as cache:
        cache.play_from(0, 0, 120)
        answers = _Answers()
        for frame in range(0, 120, 3):  # a slow window leaves frames out
            cache.request(frame, answers)
            answered, image = answers.next_image()
            assert (answered, read_number(image)) == (frame, frame)
        cache.pause()


def test_a_damaged_frame_is_said_and_the_others_are_given(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "a.avi", range(30), codec="mjpeg", pixels="yuvj420p", time_base=Fraction(1, 30)
    )
    place, size = packet_places(path)[12]
    content = bytearray(path.read_bytes())
    content[place : place + size] = bytes(size)
    path.write_bytes(bytes(content))
    with _cache(path) as cache:
        answers = _Answers()
        cache.request(12, answers)
        frame, found = answers.next()
        assert frame == 12
        assert isinstance(found, StudioError)
        assert "Frame 12 of" in str(found)
        for frame in (11, 13, 29, 0):
            cache.request(frame, answers)
            answered, image = answers.next_image()
            assert (answered, read_number(image)) == (frame, frame)


def test_a_disk_that_goes_away_is_said_and_frames_come_again_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_reader: FrameReader, _frame: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with _cache(_clip(tmp_path / "a.mp4", 20)) as cache:
        with monkeypatch.context() as broken:
            broken.setattr(FrameReader, "step", away)
            answers = _Answers()
            cache.request(7, answers)
            _, found = answers.next()
            assert isinstance(found, StudioError)
            assert "Input/output error" in str(found)
        answers = _Answers()
        cache.request(8, answers)
        assert answers.next_image()[0] == 8


def test_a_frame_that_is_not_in_the_video_is_said(tmp_path: Path) -> None:
    with _cache(_clip(tmp_path / "a.mp4", 20)) as cache:
        for frame in (-1, 20):
            answers = _Answers()
            cache.request(frame, answers)
            answered, found = answers.next()
            assert answered == frame
            assert isinstance(found, StudioError)
            assert "its frames are 0 to 19" in str(found)
            assert cache.wait_until_idle(_PATIENCE_S)
        answers = _Answers()
        cache.play_from(99, -5, 200)
        cache.request(19, answers)
        assert answers.next_image()[0] == 19


@pytest.mark.parametrize("name", ["notes.txt", 300 * "n"], ids=["no video", "a name too long"])
def test_a_file_that_is_no_video_is_said_at_opening_and_at_every_request(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("no video")
    path = tmp_path / name
    told: Queue[Video | StudioError] = Queue()
    cache = FrameCache(path, on_open=told.put)
    try:
        assert isinstance(told.get(timeout=_PATIENCE_S), StudioError)
        for frame in (0, 4):
            answers = _Answers()
            cache.request(frame, answers)
            answered, found = answers.next()
            assert (answered, isinstance(found, StudioError)) == (frame, True)
    finally:
        cache.close(_PATIENCE_S)


def test_opening_tells_the_facts_of_the_video(tmp_path: Path) -> None:
    told: Queue[Video | StudioError] = Queue()
    cache = FrameCache(_clip(tmp_path / "a.mp4", 20), on_open=told.put)
    try:
        video = told.get(timeout=_PATIENCE_S)
        assert isinstance(video, Video)
        assert (video.frame_count, video.width, video.height) == (20, 80, 64)
    finally:
        cache.close(_PATIENCE_S)


def _started(action: Callable[[], FrameCache]) -> tuple[FrameCache, set[threading.Thread]]:
    before = set(threading.enumerate())
    cache = action()
    return cache, set(threading.enumerate()) - before


def test_closing_ends_the_thread_and_nothing_is_called_back_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = _hold_the_opening(monkeypatch)
    path = _clip(tmp_path / "a.mp4")
    cache, threads = _started(lambda: FrameCache(path, on_open=lambda found: calls.append(found)))
    calls: list[object] = []
    cache.request(5, lambda *answer: calls.append(answer))
    cache.close(wait_s=0.0)
    assert all(thread.is_alive() for thread in threads)  # not waited for: it still opens
    opening.set()
    for thread in threads:
        thread.join(_PATIENCE_S)
        assert not thread.is_alive()
    assert calls == []


def test_closing_while_frames_are_decoded_ends_soon(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", 300)
    cache, threads = _started(lambda: FrameCache(path, 16))
    cache.play_from(0)
    cache.request(299, lambda *_: None)
    cache.close(_PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads)
