"""A camera that moves is told from one that stands, by the background alone."""

import cv2
import numpy as np
import pytest

from app.errors import StudioError
from app.video.camera_motion import CameraMotion, CameraMotionFinder

SIZE = (640, 360)
FPS = 30.0
FRAMES = 96


def scenery(seed: int = 0) -> np.ndarray:
    """A picture larger than what is filmed of it, with corners to follow: (H, W, 3)."""
    random = np.random.default_rng(seed)
    picture = np.full((720, 1280, 3), 120, dtype=np.uint8)
    for _ in range(160):
        x, y, size = random.integers(0, 1240), random.integers(0, 690), random.integers(12, 60)
        picture[y : y + size, x : x + size] = random.integers(0, 255, 3)
    return cv2.GaussianBlur(picture, (5, 5), 0)


def filmed(
    offsets: np.ndarray, *, zoom: np.ndarray | None = None, person: bool = True, noise: float = 3.0
) -> CameraMotion:
    """What is found of a camera whose picture is shifted by (F, 2) pixels, with somebody large who walks through it."""
    picture, random = scenery(), np.random.default_rng(1)
    finder = CameraMotionFinder(SIZE, FPS)
    for index in range(0, len(offsets), 8):  # the finder looks no more often
        x, y = offsets[index]
        scale = 1.0 if zoom is None else float(zoom[index])
        view = np.array([[scale, 0, -300 * scale - x], [0, scale, -180 * scale - y]])
        image = cv2.warpAffine(picture, view, SIZE).astype(np.float64)
        boxes = []
        if person:
            left = int(40 + 3 * index)
            image[60:350, left : left + 130] = scenery(5)[:290, index : index + 130]
            boxes.append((left, 60.0, left + 130.0, 350.0))
        image += random.normal(0, noise, image.shape)
        finder.add(index, np.clip(image, 0, 255).astype(np.uint8), boxes)
    return finder.result()


def test_a_camera_that_stands_is_not_said_to_move_whoever_walks_before_it() -> None:
    found = filmed(np.zeros((FRAMES, 2)))
    assert found.moves is False
    assert found.wander < 0.003
    assert found.warnings() == []
    assert found.report()["camera"] == "stands still"


def test_a_hand_that_shakes_is_found() -> None:
    random = np.random.default_rng(2)
    shake = np.cumsum(random.normal(0, 1.2, (FRAMES, 2)), axis=0)
    found = filmed(shake - shake.mean(axis=0))
    assert found.moves is True
    assert "camera moves" in found.warnings()[0]


def test_a_camera_that_follows_somebody_is_found_and_measured() -> None:
    way = np.stack([np.linspace(0, 160, FRAMES), np.zeros(FRAMES)], axis=-1)
    found = filmed(way)
    assert found.moves is True
    assert found.wander == pytest.approx(160 / 640, rel=0.15)


def test_a_zoom_counts_as_movement() -> None:
    assert filmed(np.zeros((FRAMES, 2)), zoom=np.linspace(1, 1.08, FRAMES)).moves is True


def test_a_bare_wall_tells_nothing() -> None:
    finder = CameraMotionFinder(SIZE, FPS)
    for index in range(FRAMES):
        finder.add(index, np.full((*SIZE[::-1], 3), 127, dtype=np.uint8), [])
    found = finder.result()
    assert found.moves is None
    assert found.warnings() == []
    assert found.report() == {"camera": "not known", "wander_of_picture": None}


def test_somebody_who_fills_the_picture_tells_nothing() -> None:
    random = np.random.default_rng(0)
    finder = CameraMotionFinder(SIZE, FPS)
    for index in range(FRAMES):
        image = random.integers(0, 255, (*SIZE[::-1], 3), dtype=np.uint8)
        finder.add(index, image, [(0.0, 0.0, 640.0, 360.0)])
    assert finder.result().moves is None


@pytest.mark.parametrize("frames", [0, 1])
def test_a_single_picture_tells_nothing(frames: int) -> None:
    assert filmed(np.zeros((frames, 2))).moves is None


def test_a_frame_rate_of_nothing_is_refused() -> None:
    with pytest.raises(StudioError, match="frame rate"):
        CameraMotionFinder(SIZE, 0.0)
