"""Person boxes by ONNX: a model that finds rectangles of known colours stands in for RTMDet."""

from pathlib import Path

import numpy as np
import pytest

from detectors.errors import DetectorError
from detectors.onnx.rtmdet import RTMDetPersonDetector, letterbox

pytest.importorskip("onnx", reason="needs onnx to build models")
pytest.importorskip("onnxruntime", reason="needs onnxruntime")

from tests.onnx_models import (
    PERSON_COLOURS,
    write_box_model,
    write_identity_model,
    write_pose_model,
)


def picture(boxes: list[tuple[int, int, int, int]], width: int = 640, height: int = 480) -> np.ndarray:
    """A black picture with persons of different colours at x0, y0, x1, y1."""
    image = np.zeros((height, width, 3), np.uint8)
    for (x0, y0, x1, y1), colour in zip(boxes, PERSON_COLOURS, strict=False):
        image[max(y0, 0) : y1, max(x0, 0) : x1] = colour
    return image


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> RTMDetPersonDetector:
    return RTMDetPersonDetector(write_box_model(tmp_path_factory.mktemp("models") / "rtmdet.onnx"), "cpu")


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1920, 1080), (300, 1400), (97, 55)])
def test_boxes_come_back_in_pixels_of_any_picture(
    detector: RTMDetPersonDetector, size: tuple[int, int]
) -> None:
    width, height = size
    box = (int(0.2 * width), int(0.3 * height), int(0.6 * width), int(0.9 * height))
    found = detector.find([picture([box], width, height)])[0]
    pixel = max(1.0, max(size) / 416)  # of the network
    assert found.boxes.shape == (1, 4)
    assert np.abs(found.boxes[0] - box).max() <= 1.6 * pixel


@pytest.mark.parametrize("fixed", [(320, 320), (256, 448)])
def test_a_model_of_fixed_size_is_given_that_size(tmp_path: Path, fixed: tuple[int, int]) -> None:
    detector = RTMDetPersonDetector(write_box_model(tmp_path / "fixed.onnx", size=fixed), "cpu")
    found = detector.find([picture([(100, 60, 300, 400)]), picture([(10, 20, 90, 200)], 300, 700)])
    assert found[0].boxes[0] == pytest.approx([100, 60, 300, 400], abs=4)
    assert found[1].boxes[0] == pytest.approx([10, 20, 90, 200], abs=4)
    assert f"pictures of {fixed[1]}x{fixed[0]}" in detector.description


def test_persons_come_most_certain_first_and_uncertain_ones_are_left_out(tmp_path: Path) -> None:
    path = write_box_model(tmp_path / "rtmdet.onnx", count=20, score=0.45)
    boxes = [(20 + 30 * number, 100, 42 + 30 * number, 300) for number in range(20)]
    found = RTMDetPersonDetector(path, "cpu", min_score=0.345).find([picture(boxes)])[0]
    assert found.scores == pytest.approx([0.45 - number / 100 for number in range(11)])
    assert found.boxes[:, 0] == pytest.approx([box[0] for box in boxes[:11]], abs=3)


def test_a_person_cut_off_by_the_picture_has_a_box_inside_it(detector: RTMDetPersonDetector) -> None:
    found = detector.find([picture([(-50, 200, 80, 600), (500, -90, 700, 200)])])[0]
    assert found.boxes.min() >= 0
    assert found.boxes[:, [0, 2]].max() <= 640
    assert found.boxes[:, [1, 3]].max() <= 480
    assert found.boxes[0] == pytest.approx([0, 200, 80, 480], abs=4)


def test_nobody_gives_no_boxes_and_pictures_of_many_sizes_keep_their_order(
    detector: RTMDetPersonDetector,
) -> None:
    images = [
        picture([]),
        picture([(50, 60, 200, 400)]),
        picture([], 200, 900),
        picture([(20, 100, 120, 700)], 200, 900),
    ]
    found = detector.find(images)
    assert [len(one.scores) for one in found] == [0, 1, 0, 1]
    assert found[0].boxes.shape == (0, 4)
    assert found[3].boxes[0] == pytest.approx([20, 100, 120, 700], abs=6)
    assert detector.find([]) == []


def test_a_yolox_file_is_given_its_pictures_as_they_are(tmp_path: Path) -> None:
    # the model that undoes RTMDet's normalisation is blind to pictures without it
    path = write_box_model(tmp_path / "yolox_m_humanart.onnx")
    detector = RTMDetPersonDetector(path, "cpu")
    assert len(detector.find([picture([(100, 60, 300, 400)])])[0].scores) == 0
    assert detector.description.startswith("YOLOX")


def test_the_letterbox_scales_fits_and_pads_with_grey() -> None:
    padded, ratio = letterbox(np.full((100, 200, 3), 255, np.uint8), 96, 160)
    assert ratio == 0.8
    assert padded.shape == (96, 160, 3)
    assert (padded[:80] == 255).all()
    assert (padded[80:] == 114).all()


def test_a_file_that_is_no_person_detector_is_refused_when_it_is_opened(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match=r"takes \(None, 3\), where a person detector takes"):
        RTMDetPersonDetector(write_identity_model(tmp_path / "flat.onnx", ["batch", 3]), "cpu")
    with pytest.raises(DetectorError, match=r"gives \[\(1, 3, \d+, \d+\)\], where boxes"):
        RTMDetPersonDetector(write_identity_model(tmp_path / "same.onnx", [1, 3, "h", "w"]), "cpu")
    with pytest.raises(DetectorError, match="where boxes"):
        RTMDetPersonDetector(write_pose_model(tmp_path / "pose.onnx"), "cpu")


def test_wrong_settings_wrong_pictures_and_a_closed_detector_are_said(tmp_path: Path) -> None:
    path = write_box_model(tmp_path / "rtmdet.onnx")
    with pytest.raises(DetectorError, match=r"between 0 and 1; 1\.5 does not"):
        RTMDetPersonDetector(path, "cpu", min_score=1.5)
    detector = RTMDetPersonDetector(path, "cpu")
    with pytest.raises(DetectorError, match="reads colour pictures"):
        detector.find([np.zeros((10, 10), np.uint8)])
    detector.close()
    detector.close()
    with pytest.raises(DetectorError, match="has been closed"):
        detector.find([picture([])])
