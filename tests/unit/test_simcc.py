"""The crop of a person, and the way from SimCC's curves back to the picture."""

import numpy as np
import pytest

from detectors.onnx.simcc import crop, crop_frames, decode

SIZE = (256, 192)


def gaussian(places: np.ndarray, bins: int, sigma: float, peak: float = 1.0) -> np.ndarray:
    return peak * np.exp(-((np.arange(bins) - places[..., None]) ** 2) / (2 * sigma**2))


def curves(crop_places: np.ndarray, peak: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """What RTMPose is trained to give for places (..., 2) in the crop."""
    return (
        gaussian(crop_places[..., 0] * 2, 2 * SIZE[1], 4.9, peak),
        gaussian(crop_places[..., 1] * 2, 2 * SIZE[0], 5.66, peak),
    )


@pytest.mark.parametrize("box", [(100, 50, 200, 450), (10, 10, 500, 60), (-40, 300, 60, 900)])
def test_the_frame_holds_the_box_with_a_margin_and_has_the_proportions_of_the_crop(box: tuple) -> None:
    left, top, width, height = crop_frames(np.array([box], float), SIZE)[0]
    assert width / height == pytest.approx(SIZE[1] / SIZE[0])
    assert (left + width / 2, top + height / 2) == pytest.approx(
        ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    )
    margins = width / (box[2] - box[0]), height / (box[3] - box[1])
    assert min(margins) == pytest.approx(1.25)


def test_the_crop_shows_its_frame_and_black_beyond_the_picture() -> None:
    image = np.zeros((300, 400, 3), np.uint8)
    image[100, 200] = 255
    frame = np.array([152.0, 36.0, 96.0, 128.0])  # half the size of the crop
    shown = crop(image, frame, SIZE)
    assert shown.shape == (256, 192, 3)
    assert np.unravel_index(shown[..., 0].argmax(), SIZE) == (128, 96)
    outside = crop(np.full((300, 400, 3), 200, np.uint8), np.array([-96.0, 0.0, 192.0, 256.0]), SIZE)
    assert (outside[:, :95] == 0).all()
    assert (outside[:, 97:] == 200).all()


def test_places_come_back_to_a_hundredth_of_a_pixel_through_the_frame() -> None:
    generator = np.random.default_rng(5)
    places = generator.uniform(5, 180, (3, 26, 2))
    frames = np.array([[10, 20, 192, 256], [-50.0, 5.0, 384.0, 512.0], [300, 40, 96, 128]], float)
    keypoints, scores = decode(*curves(places), SIZE, frames)
    scale = frames[:, None, 2:] / np.array([192, 256])
    assert np.abs((keypoints - frames[:, None, :2]) / scale - places).max() < 0.02
    assert scores.min() > 0.98
    assert scores.max() <= 1


def test_the_refinement_halves_what_rounding_to_bins_costs_with_noise_too() -> None:
    generator = np.random.default_rng(6)
    places = generator.uniform(20, 170, (1, 500, 2))
    noisy = [curve + generator.normal(0, 0.004, curve.shape) for curve in curves(places)]
    frames = np.array([[0, 0, 192, 256]], float)
    refined, _ = decode(*noisy, SIZE, frames)
    rounded = np.stack([curve.argmax(axis=-1) / 2 for curve in noisy], axis=-1)
    assert np.sqrt(((refined - places) ** 2).mean()) < 0.6 * np.sqrt(((rounded - places) ** 2).mean())


def test_a_peak_at_the_crops_edge_stays_at_its_bin() -> None:
    curve_x, curve_y = curves(np.array([[[0.0, 255.5]]]))
    keypoints, _ = decode(curve_x, curve_y, SIZE, np.array([[0, 0, 192, 256]], float))
    assert keypoints[0, 0].tolist() == [0.0, 255.5]


def test_the_score_is_the_lower_peak_between_0_and_1() -> None:
    curve_x, curve_y = curves(np.array([[[50.0, 60.0]] * 3]))
    curve_x[0, 1] *= 0.4
    curve_x[0, 2] *= 1.2
    curve_y[0, 2] *= 1.3
    _, scores = decode(curve_x, curve_y, SIZE, np.array([[0, 0, 192, 256]], float))
    assert scores[0] == pytest.approx([1, 0.4, 1])


@pytest.mark.parametrize("value", [0.0, -0.3, np.nan])
def test_a_curve_without_a_peak_is_a_keypoint_not_observed(value: float) -> None:
    curve_x, curve_y = curves(np.array([[[50.0, 60.0]] * 2]))
    curve_y[0, 1] = value
    keypoints, scores = decode(curve_x, curve_y, SIZE, np.array([[0, 0, 192, 256]], float))
    assert np.isfinite(keypoints[0, 0]).all()
    assert np.isnan(keypoints[0, 1]).all()
    assert scores[0, 1] == 0
