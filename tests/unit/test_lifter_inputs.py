"""What the lifter makes of inputs as tools really write them, and of devices."""

import numpy as np
import pytest
import torch

from stcformer import Lifter
from stcformer.device import choose_device, choose_precision, describe_device
from stcformer.errors import LifterError
from stcformer.model import STCFormer
from stcformer.weights import Feeding, Weights

SIZE = (640, 480)
FEEDINGS = [(Feeding("person", 30.0, (20.0, 45.0), 9), 3), (Feeding(window=9), 2)]


def small_lifter(feeding: Feeding, channels: int) -> Lifter:
    torch.manual_seed(3)
    model = STCFormer(width=32, depth=1, input_channels=channels)
    return Lifter(Weights(model, feeding, "test", "0" * 64, ""), "cpu", precision=torch.float32)


def person(frames: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    middle = np.array((320.0, 240.0))
    keypoints = middle + rng.normal(0, 60, (17, 2)) + rng.normal(0, 2, (frames, 17, 2))
    return keypoints, np.full((frames, 17), 0.9)


@pytest.mark.parametrize(("feeding", "channels"), FEEDINGS, ids=["ours", "published"])
@pytest.mark.parametrize("place", [0.0, -1.0, 1e6, np.inf])
def test_a_place_without_a_score_is_no_observation_whatever_it_is(
    feeding: Feeding, channels: int, place: float
) -> None:
    lifter = small_lifter(feeding, channels)
    keypoints, scores = person()
    keypoints[4:6, 13], scores[4:6, 13] = np.nan, 0
    expected = lifter.lift(keypoints, scores, image_size=SIZE, fps=25)
    keypoints[4:6, 13] = place
    assert np.array_equal(lifter.lift(keypoints, scores, image_size=SIZE, fps=25), expected)


@pytest.mark.parametrize("score", [np.nan, -1.0, 0.0])
def test_a_score_that_is_none_means_unobserved(score: float) -> None:
    lifter = small_lifter(*FEEDINGS[0])
    keypoints, scores = person()
    scores[3, 2] = score
    expected = scores.copy()
    expected[3, 2] = 0
    poses = [lifter.lift(keypoints, values, image_size=SIZE, fps=30) for values in (scores, expected)]
    assert np.array_equal(poses[0], poses[1])


def test_scores_above_1_count_as_1() -> None:
    lifter = small_lifter(*FEEDINGS[0])
    keypoints, scores = person()
    scores[:] = 1
    expected = lifter.lift(keypoints, scores, image_size=SIZE, fps=30)
    scores[2, 3], scores[5, 6] = 1.2, np.inf
    assert np.array_equal(lifter.lift(keypoints, scores, image_size=SIZE, fps=30), expected)


def test_the_inputs_are_left_as_they_were() -> None:
    keypoints, scores = person()
    keypoints[4, 3], scores[5] = np.nan, 0
    kept = keypoints.copy(), scores.copy()
    small_lifter(*FEEDINGS[1]).lift(keypoints, scores, image_size=SIZE, fps=10)
    assert np.array_equal(keypoints, kept[0], equal_nan=True)
    assert np.array_equal(scores, kept[1])


def test_integers_and_single_precision_are_as_good() -> None:
    lifter = small_lifter(*FEEDINGS[0])
    keypoints, scores = person()
    whole = keypoints.round()
    first = lifter.lift(whole, scores, image_size=SIZE, fps=30)
    second = lifter.lift(whole.astype(int), scores.astype(np.float32), image_size=SIZE, fps=30)
    assert np.allclose(first, second, atol=1e-5)


def test_no_frames_give_no_poses() -> None:
    pose = small_lifter(*FEEDINGS[0]).lift(np.zeros((0, 17, 2)), np.zeros((0, 17)), image_size=SIZE, fps=30)
    assert pose.shape == (0, 17, 3)


@pytest.mark.parametrize("size", [(0, 480), (640, -1)])
def test_a_picture_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(LifterError, match="cannot be lifted"):
        small_lifter(*FEEDINGS[0]).lift(*person(), image_size=size, fps=30)


def test_auto_is_a_device_that_is_there_and_a_name_that_is_none_is_refused() -> None:
    device = choose_device("auto")
    assert torch.ones(1, device=device).sum() == 1
    assert describe_device(torch.device("cpu")) == "cpu"
    with pytest.raises(LifterError, match="no device 'gpu'; choose one of auto, cpu, cuda, mps"):
        choose_device("gpu")


def test_half_precision_is_for_processors_that_multiply_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    for capabilities, expected in (
        ({"amx_bf16": True}, torch.bfloat16),
        ({"amx_bf16": False, "avx2": True}, torch.float32),
        ({}, torch.float32),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda found=capabilities: found, raising=False)
        assert choose_precision(cpu) == expected
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert choose_precision(cpu) == torch.float32
