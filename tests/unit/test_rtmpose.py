"""RTMPose by ONNX: models that find coloured rectangles and dots stand in for RTMDet and RTMPose."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from detectors import create_detector
from detectors.errors import DetectorError
from detectors.keypoints import FORMATS
from detectors.onnx.rtmpose import RTMPoseDetector
from detectors.protocol import Person

pytest.importorskip("onnx", reason="needs onnx to build models")
pytest.importorskip("onnxruntime", reason="needs onnxruntime")

import onnxruntime

from tests.onnx_models import (
    DOTS,
    crop_pixel,
    draw,
    write_box_model,
    write_identity_model,
    write_pose_model,
)


def seen(person: Person) -> list[int]:
    return np.flatnonzero(person.scores > 0.3).tolist()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("models")
    return write_pose_model(folder / "rtmpose.onnx"), write_box_model(folder / "rtmdet.onnx")


@pytest.fixture(scope="module")
def detector(models: tuple[Path, Path]) -> RTMPoseDetector:
    return RTMPoseDetector(*models, device="cpu")


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1920, 1080), (1080, 1920)])
@pytest.mark.parametrize("box", [(0.3, 0.2, 0.5, 0.9), (0.1, 0.4, 0.9, 0.7)])
def test_dots_at_known_places_come_back(
    detector: RTMPoseDetector, size: tuple[int, int], box: tuple[float, ...]
) -> None:
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    corners = tuple(int(part * side) for part, side in zip(box, (width, height) * 2, strict=True))
    places = draw(image, corners, 0)
    (person,) = detector.detect(image)
    assert person.format == "halpe26"
    assert person.keypoints.shape == (26, 2)
    assert seen(person) == sorted(DOTS)
    assert np.abs(person.keypoints - places)[list(DOTS)].max() < max(1.0, crop_pixel(corners))


def test_twenty_people_come_back_each_with_its_own_joints(
    detector: RTMPoseDetector,
) -> None:
    image = np.zeros((1080, 1920, 3), np.uint8)
    truth = []
    for number, (row, column) in enumerate(itertools.product(range(2), range(10))):
        box = (50 + 190 * column, 50 + 500 * row, 140 + 190 * column, 160 + 500 * row + 2 * number)
        truth.append((number, draw(image, box, number)))
    persons = detector.detect(image)
    assert len(persons) == 20
    nearest = set()
    for person in persons:
        errors = [np.abs(person.keypoints - places)[list(DOTS)].max() for _, places in truth]
        assert min(errors) < 1
        nearest.add(int(np.argmin(errors)))
    assert nearest == set(range(20))


def test_the_most_prominent_person_is_first(detector: RTMPoseDetector) -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    widths = (60, 160, 90)  # the first is the one most surely found
    for person, width in enumerate(widths):
        draw(image, (20 + 200 * person, 40, 20 + 200 * person + width, 400), person)
    found = [person.box[2] - person.box[0] for person in detector.detect(image)]
    assert found == pytest.approx([160, 90, 60], abs=4)


def test_a_person_cut_off_by_the_picture_keeps_what_is_in_it(detector: RTMPoseDetector) -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    places = draw(image, (540, 260, 700, 700), 3)
    (person,) = detector.detect(image)
    inside = [k for k in DOTS if (places[k] < [637, 477]).all()]
    assert 2 <= len(inside) < len(DOTS)
    assert seen(person) == sorted(inside)
    assert np.abs(person.keypoints - places)[inside].max() < 2
    assert person.box == pytest.approx([540, 260, 640, 480], abs=3)


def test_nobody_is_an_empty_list(detector: RTMPoseDetector) -> None:
    assert detector.detect(np.zeros((480, 640, 3), np.uint8)) == []


def test_a_batch_gives_what_each_picture_gives_alone(detector: RTMPoseDetector) -> None:
    images = []
    for count in (2, 0, 7, 1):
        image = np.zeros((480, 640, 3), np.uint8)
        for person in range(count):
            draw(image, (10 + 88 * person, 40 + 10 * person, 80 + 88 * person, 300 + 10 * person), person)
        images.append(image)
    together = detector.detect_batch(images)
    assert [len(persons) for persons in together] == [2, 0, 7, 1]
    for image, persons in zip(images, together, strict=True):
        for one, other in zip(detector.detect(image), persons, strict=True):
            assert np.allclose(one.keypoints, other.keypoints, atol=1e-3, equal_nan=True)
            assert np.allclose(one.scores, other.scores, atol=1e-5)
    assert detector.detect_batch([]) == []


@pytest.mark.parametrize("batch", [1, 3])
def test_a_model_of_a_fixed_number_of_persons_works(
    models: tuple[Path, Path], detector: RTMPoseDetector, tmp_path: Path, batch: int
) -> None:
    fixed = RTMPoseDetector(write_pose_model(tmp_path / "fixed.onnx", batch=batch), models[1], "cpu")
    image = np.zeros((480, 640, 3), np.uint8)
    for person in range(4):
        draw(image, (10 + 120 * person, 40, 100 + 120 * person, 360), person)
    for one, other in zip(fixed.detect(image), detector.detect(image), strict=True):
        assert np.allclose(one.keypoints, other.keypoints, equal_nan=True)


def test_memory_is_bounded_with_many_people(
    models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = RTMPoseDetector(*models, device="cpu")
    largest = 0
    run = detector._model.run

    def watched(values: np.ndarray) -> list[np.ndarray]:
        nonlocal largest
        largest = max(largest, len(values))
        return run(values)

    monkeypatch.setattr(detector._model, "run", watched)
    image = np.zeros((480, 960, 3), np.uint8)
    for person in range(12):
        draw(image, (5 + 78 * person, 40, 75 + 78 * person, 300), person)
    assert sum(map(len, detector.detect_batch([image] * 3))) == 36
    assert largest == 4


@pytest.mark.parametrize(("count", "name"), [(17, "coco17"), (26, "halpe26"), (133, "coco_wholebody133")])
def test_the_format_follows_from_the_number_of_keypoints(
    models: tuple[Path, Path], tmp_path: Path, count: int, name: str
) -> None:
    path = write_pose_model(tmp_path / "pose.onnx", keypoints=count, size=(64, 48))
    detector = RTMPoseDetector(path, models[1], "cpu")
    assert detector.keypoint_format == name
    assert len(FORMATS[name].keypoints) == count
    assert name in detector.description
    assert "48x64" in detector.description


def test_a_file_that_is_no_rtmpose_is_refused_when_it_is_opened(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    def refused(path: Path, message: str) -> None:
        with pytest.raises(DetectorError, match=message):
            RTMPoseDetector(path, models[1], "cpu")

    refused(
        write_pose_model(tmp_path / "k.onnx", keypoints=21, size=(64, 48)), "gives 21 keypoints, where one of"
    )
    refused(models[1], r"takes \(1, 3, None, None\), where RTMPose takes")
    refused(write_identity_model(tmp_path / "flat.onnx", ["batch", 3]), r"takes \(None, 3\)")
    refused(write_identity_model(tmp_path / "same.onnx", ["n", 3, 64, 48]), "where two times")
    refused(write_pose_model(tmp_path / "one.onnx", size=(64, 48), names=("simcc_x",)), "where two times")
    refused(
        write_pose_model(tmp_path / "turned.onnx", size=(64, 48), turned=True),
        "no curves over the columns and rows",
    )


def test_scores_on_another_scale_are_said_instead_of_cut_to_1(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    detector = RTMPoseDetector(write_pose_model(tmp_path / "rtmw.onnx", scale=20.0), models[1], "cpu")
    image = np.zeros((480, 640, 3), np.uint8)
    draw(image, (100, 40, 300, 440), 0)
    with pytest.raises(DetectorError, match=r"gives scores up to \d+\.\d, where RTMPose gives about 1"):
        detector.detect(image)


def test_models_are_given_after_the_name_of_the_detector(models: tuple[Path, Path]) -> None:
    with create_detector(f"rtmpose:{models[0]},{models[1]}", device="cpu") as detector:
        assert "rtmpose.onnx" in detector.description
    assert RTMPoseDetector.options("a.onnx") == {"pose_model": "a.onnx"}
    for text in ("a.onnx,", "a,b,c", "device=cpu,a.onnx"):
        with pytest.raises(
            DetectorError, match=r"write rtmpose:POSE_MODEL\[,PERSON_MODEL\]\[,device=auto\|cpu"
        ):
            RTMPoseDetector.options(text)


def test_the_device_is_named_after_the_models_and_is_never_replaced(
    models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[list[str]] = []
    session = onnxruntime.InferenceSession

    def counted(path: str, options: object, providers: list[str], **more: object) -> object:
        used.append(providers)
        return session(path, options, providers=["CPUExecutionProvider"], **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", counted)
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    name = f"rtmpose:{models[0]},{models[1]}"
    with create_detector(f"{name},device=cpu") as detector:
        assert detector.device == "CPU"
    assert used == [["CPUExecutionProvider"]] * 2
    with pytest.raises(DetectorError, match="could not start CUDA"):
        create_detector(f"{name},device=cuda")
    assert used[2:] == [["CUDAExecutionProvider"]], "nothing else was tried"
    with create_detector(name) as detector:
        assert detector.device == "CPU (CUDA could not be started)"
    with pytest.raises(DetectorError, match="has no DirectML"):
        create_detector(f"{name},device=directml")
    with pytest.raises(DetectorError, match="no device 'gpu'"):
        create_detector(f"{name},device=gpu")


def test_a_model_file_that_is_not_here_is_said_with_how_to_get_it(
    models: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STCSTUDIO_MODELS", str(tmp_path))
    with pytest.raises(DetectorError, match="rtmpose-m-halpe26"):
        RTMPoseDetector()
    with pytest.raises(DetectorError, match="rtmpose-s-halpe26"):
        RTMPoseDetector("rtmpose-s-halpe26")
    with pytest.raises(DetectorError, match="rtmdet-nano-person"):
        RTMPoseDetector(models[0])


def test_the_description_says_models_and_device(detector: RTMPoseDetector) -> None:
    assert detector.name == "rtmpose"
    assert detector.batch_size == 1
    for part in ("rtmpose.onnx", "rtmdet.onnx", "onnxruntime", "on CPU", "halpe26", "192x256"):
        assert part in detector.description


def test_a_wrong_picture_and_a_closed_detector_are_said(models: tuple[Path, Path]) -> None:
    with RTMPoseDetector(*models, device="cpu") as detector:
        with pytest.raises(DetectorError, match="reads colour pictures"):
            detector.detect(np.zeros((480, 640), np.uint8))
        detector.reset()
        assert detector.detect(np.zeros((480, 640, 3), np.uint8)) == []
    with pytest.raises(DetectorError, match="has been closed"):
        detector.detect(np.zeros((480, 640, 3), np.uint8))
