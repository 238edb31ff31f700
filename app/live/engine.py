"""From one picture after another to results: detect, lift the newest frame, set in motion."""

import time
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from app.live.follower import PersonFollower
from app.live.results import LiveResult
from app.live.sources import Picture
from app.motion.causal import CausalMotion
from app.settings import Settings
from detectors import Detector
from stcformer.skeleton import JOINT_COUNT

if TYPE_CHECKING:
    from stcformer import Lifter

_RATE_SECONDS = 2.0


class LiveEngine:
    """What works on the pictures, and what it remembers of those before. For one thread.

    `size`: (width, height) of the pictures, pixels; `follower` says whom it is about. Raises LifterError for a size that
    cannot be lifted.
    """

    def __init__(
        self,
        detector: Detector,
        lifter: "Lifter",
        size: tuple[int, int],
        settings: Settings,
        follower: PersonFollower,
    ) -> None:
        from stcformer.live import LiveLifter  # noqa: PLC0415 - brings torch

        self._detector, self._follower = detector, follower
        self._lifter = LiveLifter(
            lifter.weights, settings.device, image_size=size, field_of_view=settings.fov_degrees
        )
        self._motion = CausalMotion(size, settings)
        self._moments: deque[float] = deque()
        self.device_name = self._lifter.lifter.device_name()
        """Where the lifter computes, by the name a person knows it by."""

    def warm_up(self) -> None:
        """Lift a window of nothing: the first one takes many times as long as those after it."""
        window = self._lifter.lifter.window
        self._lifter.lifter.lift_windows(
            np.zeros((1, window, JOINT_COUNT, 2)),
            np.ones((1, window, JOINT_COUNT)),
            image_size=self._lifter.image_size,
        )

    def work(self, picture: Picture, dropped: int) -> LiveResult:
        """The result of the newest picture; `dropped` is passed on. Raises DetectorError."""
        keypoints, scores = np.full((JOINT_COUNT, 2), np.nan), np.zeros(JOINT_COUNT)
        persons = self._detector.detect(picture.image)
        view = self._follower.update(picture.time_s, persons, picture.image)
        if view.has_changed:
            self._lifter.reset()
            self._motion.reset()
        if view.person is not None:
            keypoints, scores = view.person.keypoints, view.person.scores
        pose = self._lifter.push(keypoints, scores, picture.time_s)
        moved = self._motion.push(pose, keypoints, scores, picture.time_s)
        now = time.monotonic()
        return LiveResult(
            picture.index,
            picture.time_s,
            picture.captured_s,
            picture.image,
            keypoints,
            scores,
            moved.camera,
            moved.root_camera,
            moved.world,
            view.number,
            view.others,
            tuple(persons),
            now - picture.captured_s,
            self._rate(now),
            dropped,
        )

    def _rate(self, now: float) -> float:
        self._moments.append(now)
        while len(self._moments) > 2 and now - self._moments[0] > _RATE_SECONDS:
            self._moments.popleft()
        span = now - self._moments[0]
        return (len(self._moments) - 1) / span if span > 0 else 0.0
