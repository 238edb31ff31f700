"""Where feet point: found from made heels and toes whose truth is known."""

import numpy as np
import pytest

from app.motion.arrays import unit
from app.motion.foot_directions import directions_from_picture, picture_rows, picture_trust

LENGTH, FOCAL, CENTRE = 0.24, 900.0, np.array([640.0, 360.0])
UP = np.array([0.0, -1.0, 0.0])
HEEL = np.array([0.3, 0.9, 4.0])
FPS = 30.0


def pointing(right: float, down: float, away: float, frames: int = 1) -> np.ndarray:
    """(F, 3) one unit direction in camera space."""
    return unit(np.tile([right, down, away], (frames, 1)), (0.0, 0.0, 1.0))


def turned(directions: np.ndarray, degrees: float) -> np.ndarray:
    """About the vertical."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return directions @ np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]]).T


def seen(directions: np.ndarray, length: float = LENGTH) -> np.ndarray:
    """(F, 2, 2) pixels of heel and toe of a foot with its heel in HEEL."""
    points = HEEL + np.stack((0 * directions, length * directions), axis=1)
    return points[..., :2] / points[..., 2:] * FOCAL + CENTRE


def found(
    guess: np.ndarray, feet: np.ndarray, trust: np.ndarray | float = 1.0, level: float = 0.0, fps: float = FPS
) -> np.ndarray:
    frames = len(guess)
    rows, targets = picture_rows(feet, np.full(frames, HEEL[2]), np.eye(3), FOCAL, CENTRE)
    return directions_from_picture(
        guess,
        rows,
        targets,
        np.broadcast_to(trust, frames).astype(float),
        np.full(frames, level),
        UP,
        LENGTH,
        np.full(frames - 1, 1 / fps),
    )


def degrees(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip((first * second).sum(axis=-1), -1, 1)))


def trust(feet: np.ndarray, guess: np.ndarray, scores: tuple[float, float] = (0.9, 0.9)) -> float:
    rows, targets = picture_rows(feet, np.full(1, HEEL[2]), np.eye(3), FOCAL, CENTRE)
    return float(picture_trust(np.array([scores]), rows, targets, guess, LENGTH)[0])


def test_what_the_picture_says_of_a_foot_is_true_in_any_axes() -> None:
    rng = np.random.default_rng(1)
    directions = unit(rng.normal(size=(50, 3)), (0.0, 0.0, 1.0))
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    rows, targets = picture_rows(seen(directions), np.full(50, HEEL[2]), rotation, FOCAL, CENTRE)
    vectors = LENGTH * directions @ rotation.T
    np.testing.assert_allclose(np.einsum("fij,fj->fi", rows, vectors), targets, atol=1e-12)


@pytest.mark.parametrize("away", [0.7, -0.7])
def test_of_the_two_feet_that_look_alike_the_one_nearer_to_the_guess_is_taken(away: float) -> None:
    true = pointing(0.6, 0.2, away, 9)
    answer = found(turned(true, 25), seen(true))
    assert degrees(turned(true, 25), true).min() > 20
    assert degrees(answer, true).max() < 10


def test_a_guess_that_drifts_to_the_wrong_side_does_not_turn_the_foot_round_in_a_jump() -> None:
    true = pointing(0.9, 0.1, 0.7, 40)
    away = np.interp(np.arange(40), [10, 30], [0.6, -0.15])
    guess = unit(np.stack((np.sqrt(1 - away**2), 0 * away, away), axis=1), (0.0, 0.0, 1.0))
    answer = found(guess, seen(true))
    assert (answer[:, 2] > guess[:, 2] - 0.1).all()
    assert degrees(answer[1:], answer[:-1]).max() < 5


def test_a_sole_on_the_floor_is_level() -> None:
    """The foot comes towards a camera at its own height: the picture shows its length badly, and nothing of its pitch."""
    true = pointing(0.5, 0.0, -0.87, 5)
    guess = pointing(0.3, 0.35, -0.87, 5)
    pixels = seen(true)
    pixels[:, 1, 1] += 10
    lying, free = (found(guess, pixels, level=level) for level in (1.0, 0.0))
    assert np.abs(lying @ UP).max() < 0.6 * np.abs(free @ UP).min()
    assert degrees(lying, true).max() < degrees(free, true).min()


def test_a_foot_that_drops_out_of_sight_goes_over_to_the_guess_without_a_jump() -> None:
    guess = pointing(0.0, 0.1, -1.0, 60)
    true = turned(guess, 60)
    sure = np.ones(60)
    sure[20:] = 0
    pixels = seen(true)
    pixels[20:] = np.nan
    answer = found(guess, pixels, sure)
    assert degrees(answer[:14], true[:14]).max() < 25
    assert degrees(answer[40:], guess[40:]).max() < 1
    assert degrees(answer[1:], answer[:-1]).max() < 10
    assert np.isfinite(answer).all()


def test_a_foot_that_was_never_seen_is_where_legs_and_floor_have_it() -> None:
    guess = unit(np.random.default_rng(2).normal(size=(40, 3)), (0.0, 0.0, 1.0))
    answer = found(guess, np.full((40, 2, 2), np.nan), 0.0)
    np.testing.assert_allclose(answer, guess, atol=1e-9)


def test_what_is_seen_of_one_stretch_says_nothing_of_another() -> None:
    guess = pointing(0.0, 0.1, -1.0, 20)
    pixels = seen(turned(guess, 60))
    pixels[10:] = np.nan
    rows, targets = picture_rows(pixels, np.full(20, HEEL[2]), np.eye(3), FOCAL, CENTRE)
    steps = np.full(19, 1 / FPS)
    steps[9] = np.inf
    sure = (np.arange(20) < 10).astype(float)
    answer = directions_from_picture(guess, rows, targets, sure, np.zeros(20), UP, LENGTH, steps)
    np.testing.assert_allclose(answer[10:], guess[10:], atol=1e-9)
    assert degrees(answer[9], guess[9]) > 35


def test_the_way_back_to_the_guess_takes_as_long_at_any_frame_rate() -> None:
    ways = []
    for fps in (25, 100):
        guess = pointing(0.0, 0.1, -1.0, 2 * fps)
        sure = (np.arange(2 * fps) < fps).astype(float)
        answer = found(guess, seen(turned(guess, 50)), sure, fps=fps)
        ways.append(degrees(answer, guess)[fps :: fps // 25][:8])
    np.testing.assert_allclose(ways[0], ways[1], atol=6)


def test_one_frame_has_an_answer() -> None:
    true = pointing(0.8, 0.2, -0.5)
    assert degrees(found(turned(true, 20), seen(true)), true).max() < 12


def test_a_foot_is_believed_by_its_score() -> None:
    true = pointing(0.9, 0.2, -0.3)
    assert trust(seen(true), true) == 1
    assert trust(seen(true), true, (0.9, 0.2)) == 0
    assert 0 < trust(seen(true), true, (0.5, 0.9)) < 1
    assert trust(np.full((1, 2, 2), np.nan), true, (0.0, 0.0)) == 0


def test_heel_and_toe_taken_for_each_other_are_not_believed_nor_is_a_foot_that_is_too_long() -> None:
    true = pointing(0.9, 0.2, -0.3)
    assert trust(seen(true)[:, ::-1], true) == 0
    assert trust(seen(true, 2 * LENGTH), true) == 0
    assert trust(seen(true, 1.2 * LENGTH), true) == 1
