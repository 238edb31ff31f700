"""Lifting in the background: the same poses as at once, early ones first, and nothing that cannot be stopped."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from test_lifter import SIZE, person, small_lifter

from app import lifting
from app.lifting import BackgroundLifter, LifterThread, describe_lifter
from app.settings import Settings
from stcformer.errors import LifterError

FPS = 30.0


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifting, "load_lifter", lambda settings: small_lifter(window=9))


def grow(background: BackgroundLifter, frames: int, step: int = 7) -> list[int]:
    """Tell it of frames bit by bit, after its weights are there; how many were lifted after each bit."""
    background._thread.lifter()
    lifted = []
    for known in range(step, frames + step, step):
        background.advance(min(known, frames))
        for block in background._blocks:
            block.result()
        lifted.append(background.frames_lifted)
    return lifted


@contextmanager
def lifting_in_background(
    keypoints: np.ndarray, scores: np.ndarray, first_block: int | None = None
) -> Iterator[BackgroundLifter]:
    """A background lifter with a thread of its own."""
    settings = Settings()
    with LifterThread(settings) as thread:
        yield BackgroundLifter(thread, keypoints, scores, settings, SIZE, FPS, first_block=first_block)


def nothing(_: int) -> None:
    """No progress is looked at."""


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("first_block", [None, 1, 15, 10_000])
@pytest.mark.parametrize("frames", [1, 40, 600])
def test_blocks_of_any_size_give_what_lifting_at_once_gives(frames: int, first_block: int | None) -> None:
    keypoints, scores = person(frames)
    scores[30:50] = 0
    expected = small_lifter(window=9).lift_with_disagreement(keypoints, scores, image_size=SIZE, fps=FPS)
    with lifting_in_background(keypoints, scores, first_block) as background:
        grow(background, frames)
        background.finish(nothing)
    np.testing.assert_allclose(background.pose, expected[0], atol=1e-5, equal_nan=True)
    np.testing.assert_allclose(background.disagreement, expected[1], atol=1e-5, equal_nan=True)


@pytest.mark.usefixtures("_small")
def test_a_small_first_block_shows_poses_early_and_later_blocks_grow() -> None:
    keypoints, scores = person(1100)
    with lifting_in_background(keypoints, scores, 15) as background:
        lifted = grow(background, 1100)
        background.finish(nothing)
    assert lifted[100 // 7] >= 15
    sizes = np.diff([0, *sorted(set(lifted) - {0})])
    assert (np.diff(sizes) > 0).any()
    assert max(sizes) >= lifting.BLOCK_FRAMES


@pytest.mark.usefixtures("_small")
def test_frames_that_are_not_known_yet_are_not_lifted() -> None:
    keypoints, scores = person(300)
    known = 100
    keypoints[known:], scores[known:] = np.nan, 0
    with lifting_in_background(keypoints, scores, 1) as background:
        background._thread.lifter()
        background.advance(known)
        for block in background._blocks:
            block.result()
        early = background.frames_lifted
        assert 0 < early < known
        assert np.isfinite(background.pose[:early]).all()
        assert np.isnan(background.pose[early:]).all()
        whole, whole_scores = person(300)
        keypoints[known:], scores[known:] = whole[known:], whole_scores[known:]
        background.finish(nothing)
    expected = small_lifter(window=9).lift(whole, whole_scores, image_size=SIZE, fps=FPS)
    np.testing.assert_allclose(background.pose, expected, atol=1e-5)


def test_waiting_for_a_slow_load_can_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = threading.Event()
    monkeypatch.setattr(lifting, "load_lifter", lambda settings: loaded.wait(60))

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    def finish(on_progress: Callable[[int], None]) -> None:
        with lifting_in_background(*person(9)) as background:
            background.finish(on_progress)

    with pytest.raises(KeyboardInterrupt):
        finish(stop)
    loaded.set()


def test_weights_that_cannot_be_loaded_are_said_where_the_frames_come_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(settings: Settings) -> None:
        raise LifterError("There are no such weights.")

    monkeypatch.setattr(lifting, "load_lifter", fail)
    with lifting_in_background(*person(9)) as background:
        with pytest.raises(LifterError):
            background._thread.lifter()
        with pytest.raises(LifterError, match="no such weights"):
            background.advance(9)
        with pytest.raises(LifterError, match="no such weights"):
            background.finish(nothing)


def test_what_a_lifter_is_said_to_be_tells_it_from_others() -> None:
    usual, other = describe_lifter(small_lifter()), describe_lifter(small_lifter(window=9, flip=False))
    assert {name for name in usual if usual[name] != other[name]} == {"window", "hop", "flip_averaging"}
