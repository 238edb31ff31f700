"""A live session's surroundings as tests need them: sources that give what they are told, a detector and a lifter."""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import numpy as np
import torch

from app.live.sources import OpenSource, Picture
from detectors import Person
from stcformer import Lifter
from stcformer.model import STCFormer
from stcformer.weights import Feeding, Weights

SIZE = (64, 48)
FPS = 30.0


@cache
def tiny_lifter() -> Lifter:
    """A real lifter that has learnt nothing."""
    torch.manual_seed(3)
    network = STCFormer(width=32, depth=2, input_channels=3)
    feeding = Feeding("person", 30.0, (20.0, 45.0), 9)
    return Lifter(Weights(network, feeding, "test", "0" * 64, "made in a test"), "cpu")


class MadeSource:
    """Gives `count` pictures without waiting, each with its number as brightness; then what `end` raises."""

    name = "Camera 7"
    longest_silence_s: float | None = None

    def __init__(
        self,
        count: int,
        *,
        drops: bool = False,
        end: Exception | None = None,
        absent: Exception | None = None,
    ) -> None:
        self.drops = drops
        self.closed = 0
        """How often it was closed."""
        self.given = 0
        self._count, self._end, self._absent = count, end, absent

    @contextmanager
    def open(self) -> Iterator[OpenSource]:
        if self._absent is not None:
            raise self._absent
        try:
            yield _Opened(self._pictures())
        finally:
            self.closed += 1

    def _pictures(self) -> Iterator[Picture]:
        for index in range(self._count):
            image = np.full((SIZE[1], SIZE[0], 3), index % 256, dtype=np.uint8)
            self.given += 1
            yield Picture(index, index / FPS, time.monotonic(), image)
        if self._end is not None:
            raise self._end


class SilentSource(MadeSource):
    """Opens, and never gives a picture."""

    longest_silence_s = 0.01

    @contextmanager
    def open(self) -> Iterator[OpenSource]:
        try:
            yield _Opened(None)
        finally:
            self.closed += 1


class _Opened:
    width, height = SIZE
    fps = FPS

    def __init__(self, pictures: Iterable[Picture] | None) -> None:
        self._pictures = pictures

    def pictures(self, stop: threading.Event) -> Iterator[Picture]:
        if self._pictures is None:
            stop.wait()
            return
        for picture in self._pictures:
            if stop.is_set():
                return
            yield picture


def other_person(number: int) -> Person:
    """Somebody smaller, who stands still."""
    body = np.random.default_rng(number).uniform(20, 40, (17, 2))
    return Person(body, np.ones(17), "h36m17", np.array([20.0, 20, 40, 40]))


class MadeDetector:
    """Sees one person whose joints say which picture it was: x of the hip is the picture's brightness."""

    name = "made"
    description = "made in a test"
    keypoint_format = "h36m17"
    batch_size = 1
    device = ""

    def __init__(self) -> None:
        self.closed = 0
        self.gate: threading.Semaphore | None = None
        """Where there is one, every picture waits for it."""
        self.error: Exception | None = None
        self.others: tuple[int, ...] = ()
        """Of further people, each smaller than the first: another number, another body."""

    def detect(self, image: np.ndarray) -> list[Person]:
        if self.gate is not None:
            self.gate.acquire()
        if self.error is not None:
            raise self.error
        body = np.random.default_rng(0).uniform(5, 40, (17, 2))
        body[0, 0] = image[0, 0, 0]
        first = Person(body, np.ones(17), "h36m17", np.array([0.0, 0, 40, 40]))
        return [first, *map(other_person, self.others)]

    def detect_batch(self, images: Sequence[np.ndarray]) -> list[list[Person]]:
        return [self.detect(image) for image in images]

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        self.closed += 1

    def __enter__(self) -> "MadeDetector":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
