"""The playback clock, with a time of the tests' own: nothing sleeps, and nothing depends on how fast the machine is."""

from collections.abc import Callable

import numpy as np
import pytest
from PyQt6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from app.gui.clock import PlaybackClock


class Stopwatch:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def stopwatch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    watch = Stopwatch()
    monkeypatch.setattr("app.gui.clock.time", watch)
    return watch


@pytest.fixture
def clock(qtbot: QtBot, stopwatch: Stopwatch) -> PlaybackClock:
    """Of a clip of 30 frames at 10 a second."""
    clock = PlaybackClock()
    clock.open(np.arange(30) / 10)
    return clock


@pytest.fixture
def after(clock: PlaybackClock, stopwatch: Stopwatch) -> Callable[[float], int]:
    """Lets so many seconds pass, and gives the frame that is shown then."""
    timer = clock.findChild(QTimer)
    assert timer is not None

    def pass_time(seconds: float) -> int:
        stopwatch.now += seconds
        if timer.isActive():
            timer.timeout.emit()
        return clock.frame

    return pass_time


def test_it_plays_by_the_videos_own_times(clock: PlaybackClock, after: Callable[[float], int]) -> None:
    clock.play()
    assert [after(0.051) for _ in range(6)] == [0, 1, 1, 2, 2, 3]


def test_frames_of_uneven_length_are_shown_for_as_long_as_they_last(
    clock: PlaybackClock, after: Callable[[float], int]
) -> None:
    clock.open(np.array([0.0, 0.1, 0.9, 1.0]))
    clock.play()
    assert [after(0.11) for _ in range(9)] == [1, 1, 1, 1, 1, 1, 1, 1, 2]


def test_a_slow_machine_leaves_frames_out_and_stays_in_time(
    clock: PlaybackClock, after: Callable[[float], int]
) -> None:
    shown: list[int] = []
    clock.frame_changed.connect(shown.append)
    clock.play()
    for late in (0.72, 0.01, 0.9):
        after(late)
    assert shown == [7, 16]


@pytest.mark.parametrize(("speed", "frame"), [(0.1, 1), (0.5, 5), (2.0, 20), (9.0, 20), (0.0, 1)])
def test_speed_is_a_part_of_the_videos_own_from_a_tenth_to_two(
    clock: PlaybackClock, after: Callable[[float], int], speed: float, frame: int
) -> None:
    clock.set_speed(speed)
    clock.play()
    assert after(1.001) == frame


def test_another_speed_goes_on_from_the_same_moment(
    clock: PlaybackClock, after: Callable[[float], int]
) -> None:
    clock.play()
    after(0.199)
    clock.set_speed(0.5)
    assert after(0.001) == 1
    assert after(0.003) == 2


def test_the_last_frame_is_shown_for_its_time_before_the_range_begins_again(
    clock: PlaybackClock, after: Callable[[float], int]
) -> None:
    clock.set_range(5, 8)
    clock.play()
    assert [after(0.1001) for _ in range(5)] == [6, 7, 5, 6, 7]


def test_a_loop_loses_no_time_at_its_end(clock: PlaybackClock, after: Callable[[float], int]) -> None:
    clock.set_range(0, 10)
    clock.play()
    for _ in range(100):  # 100 seconds of a loop of one second, looked at every 1.0035 s
        after(1.0035)
    assert clock.frame == 3


def test_a_loop_of_one_frame_stays_on_it(clock: PlaybackClock, after: Callable[[float], int]) -> None:
    clock.set_range(4, 5)
    clock.play()
    assert [after(0.07) for _ in range(4)] == [4, 4, 4, 4]
    assert clock.is_playing


def test_without_looping_it_stops_on_the_last_frame_of_the_range(
    clock: PlaybackClock, after: Callable[[float], int], qtbot: QtBot
) -> None:
    clock.set_looping(False)
    clock.set_range(5, 8)
    clock.play()
    after(0.25)
    with qtbot.waitSignal(clock.playing_changed, check_params_cb=lambda playing: not playing):
        after(0.1)
    assert clock.frame == 7


@pytest.mark.parametrize("frame", [2, 7, 20])
def test_play_begins_the_range_when_it_stands_outside_or_at_its_end(clock: PlaybackClock, frame: int) -> None:
    clock.set_range(5, 8)
    clock.show(frame)
    clock.play()
    assert clock.frame == 5


def test_a_frame_before_the_range_that_is_shown_while_playing_is_played_from(
    clock: PlaybackClock, after: Callable[[float], int]
) -> None:
    clock.set_range(5, 8)
    clock.play()
    clock.show(3)
    assert [after(0.1001) for _ in range(6)] == [4, 5, 6, 7, 5, 6]


def test_a_frame_behind_the_range_that_is_shown_while_playing_is_played_to_the_videos_end(
    clock: PlaybackClock, after: Callable[[float], int]
) -> None:
    clock.set_range(5, 8)
    clock.play()
    clock.show(27)
    assert [after(0.1001) for _ in range(5)] == [28, 29, 5, 6, 7]


def test_a_range_without_the_shown_frame_is_begun_at_once_while_playing(
    clock: PlaybackClock, after: Callable[[float], int]
) -> None:
    clock.play()
    after(1.201)
    clock.set_range(20, 25)
    assert clock.frame == 20
    assert after(0.1001) == 21


def test_a_range_that_is_drawn_closer_about_the_shown_frame_ends_where_it_says(
    clock: PlaybackClock, after: Callable[[float], int]
) -> None:
    clock.play()
    after(0.5001)
    clock.set_range(3, 7)
    assert [after(0.1) for _ in range(3)] == [6, 3, 4]


def test_a_range_is_inside_the_video_and_has_a_frame(clock: PlaybackClock) -> None:
    for asked, given in (
        ((-5, 99), (0, 30)),
        ((10, 10), (10, 11)),
        ((20, 5), (20, 21)),
        ((50, 60), (29, 30)),
    ):
        clock.set_range(*asked)
        assert clock.range == given


def test_signals_tell_of_changes_only(clock: PlaybackClock, qtbot: QtBot) -> None:
    clock.set_range(3, 9)
    clock.set_speed(0.5)
    clock.set_looping(False)
    clock.show(4)
    for signal in (clock.range_changed, clock.speed_changed, clock.looping_changed, clock.frame_changed):
        with qtbot.assertNotEmitted(signal):
            clock.set_range(3, 9)
            clock.set_speed(0.5)
            clock.set_looping(False)
            clock.show(4)
    with qtbot.waitSignal(clock.looping_changed):
        clock.set_looping(True)


def test_a_step_pauses_and_stays_inside_the_video(clock: PlaybackClock) -> None:
    clock.play()
    clock.step(1)
    assert (clock.frame, clock.is_playing) == (1, False)
    clock.step(-5)
    assert clock.frame == 0
    clock.step(1000)
    assert clock.frame == 29


def test_another_video_is_shown_from_its_beginning_and_stopped(clock: PlaybackClock, qtbot: QtBot) -> None:
    clock.show(12)
    clock.play()
    with qtbot.waitSignals([clock.range_changed, clock.frame_changed, clock.playing_changed]):
        clock.open(np.arange(7) / 50)
    assert (clock.frame, clock.range, clock.is_playing) == (0, (0, 7), False)


def test_without_a_video_nothing_plays_and_nothing_is_shown(clock: PlaybackClock, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(clock.frame_changed):
        clock.open(np.zeros(0))
        clock.play()
        clock.show(3)
        clock.step(1)
        clock.set_range(1, 2)
    assert (clock.frame_count, clock.range, clock.is_playing) == (0, (0, 0), False)


def test_a_video_of_one_frame_plays_it(clock: PlaybackClock, after: Callable[[float], int]) -> None:
    clock.open(np.array([5.0]))
    clock.play()
    assert [after(0.03) for _ in range(4)] == [0, 0, 0, 0]


def test_in_a_running_window_it_moves_by_itself(qtbot: QtBot) -> None:
    clock = PlaybackClock()
    clock.open(np.arange(50) / 50)
    shown: list[int] = []
    clock.frame_changed.connect(shown.append)
    clock.play()
    qtbot.waitUntil(lambda: len(shown) > 5, timeout=20_000)
    clock.pause()
    assert clock.frame == shown[-1]
