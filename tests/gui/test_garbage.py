"""Garbage dies in the window's thread and between two events, wherever it was made and however much is allocated."""

import gc
import threading
from collections.abc import Callable, Iterator

import pytest
from PyQt6.QtCore import QCoreApplication, QEvent

from app.gui.garbage import GarbageCollector
from tests.gui.conftest import Pump


@pytest.fixture
def collector(pump: Pump) -> Iterator[GarbageCollector]:
    """At work, as while the window is open."""
    gc.enable()
    made = GarbageCollector()
    yield made
    made.deleteLater()
    QCoreApplication.sendPostedEvents(made, QEvent.Type.DeferredDelete)


class InACycle:
    """Only a collection ends it; it says in which thread that was."""

    def __init__(self, ended_in: list[threading.Thread]) -> None:
        self._myself, self._ended_in = self, ended_in

    def __del__(self) -> None:
        self._ended_in.append(threading.current_thread())


def make_cycles(ended_in: list[threading.Thread]) -> None:
    """So many that Python would collect meanwhile."""
    for _ in range(20 * gc.get_threshold()[0]):
        InACycle(ended_in)


def make_cycles_in_a_thread(ended_in: list[threading.Thread]) -> None:
    """The same, beside the window's thread."""
    thread = threading.Thread(target=make_cycles, args=(ended_in,), name="maker")
    thread.start()
    thread.join()


@pytest.mark.parametrize("make", [make_cycles, make_cycles_in_a_thread])
def test_cycles_end_between_two_events_of_the_windows_thread(
    collector: GarbageCollector, pump: Pump, make: Callable[[list[threading.Thread]], None]
) -> None:
    ended_in: list[threading.Thread] = []
    make(ended_in)
    assert not ended_in
    pump.until(lambda: ended_in, 10, "a collection")
    assert set(ended_in) == {threading.main_thread()}
