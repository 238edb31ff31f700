"""The real RTMDet-nano on real clips; skipped where the development data is absent."""

from pathlib import Path

import numpy as np
import pytest
from command_line import CommandLine

from app.video import open_video
from detectors.onnx.rtmdet import RTMDetPersonDetector
from detectors.protocol import Boxes

pytest.importorskip("onnxruntime", reason="needs onnxruntime")


@pytest.fixture(scope="module")
def detector() -> RTMDetPersonDetector:
    path = Path(__file__).resolve().parents[3] / "shared" / "weights" / "rtmdet_nano_person_320.onnx"
    if not path.is_file():
        pytest.skip("needs the development data folder ../shared")
    return RTMDetPersonDetector(path, "cpu")


def test_the_export_of_openmmlab_s_example_is_known_by_its_hash_and_taken_in(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STCSTUDIO_MODELS", str(tmp_path))
    done = CommandLine(capfd).done("models", "import", shared / "weights" / "rtmdet_nano_person_320.onnx")
    assert "rtmdet-nano-person: verified by its SHA-256." in done.out
    assert RTMDetPersonDetector(device="cpu").description.startswith("RTMDet rtmdet_nano_8xb32-100e")


def boxes_of(detector: RTMDetPersonDetector, path: Path, frames: tuple[int, ...]) -> list[Boxes]:
    with open_video(path) as video:
        return detector.find(
            [frame.image for frame in video.frames(stop=max(frames) + 1) if frame.index in frames]
        )


def middles(found: Boxes) -> np.ndarray:
    """The middles of the boxes along x, from left to right."""
    return np.sort((found.boxes[:, 0] + found.boxes[:, 2]) / 2)


def test_two_people_who_cross_are_two_boxes_where_they_stand(
    detector: RTMDetPersonDetector, shared: Path
) -> None:
    found = boxes_of(detector, shared / "videos" / "two_people_indoors.avi", (0, 28, 44, 80))
    # where the two men stand, looked up by eye
    for boxes, truth in zip(found, ([890, 1045], [950, 1065], [870, 1135], [405, 1380]), strict=True):
        assert middles(boxes) == pytest.approx(truth, abs=60)


def test_an_empty_room_has_nobody_and_a_person_in_it_is_found(
    detector: RTMDetPersonDetector, shared: Path
) -> None:
    found = boxes_of(detector, shared / "videos" / "people_one_by_one_from_behind.mp4", (16, 120, 200, 296))
    assert [len(boxes.scores) for boxes in found] == [0, 1, 0, 1]
    assert found[1].boxes[0] == pytest.approx([384, 15, 524, 391], abs=20)


def test_people_small_in_the_picture_and_a_portrait_video_work(
    detector: RTMDetPersonDetector, shared: Path
) -> None:
    found = boxes_of(detector, shared / "videos" / "walk_outdoors.mp4", (0, 80))
    assert [len(boxes.scores) for boxes in found] == [1, 2]
    assert min(boxes.scores.min() for boxes in found) > 0.5
    for boxes in boxes_of(detector, shared / "videos" / "squats_portrait_5fps.mp4", (0, 30, 60)):
        assert len(boxes.scores) == 1
        x0, y0, x1, y1 = boxes.boxes[0]
        assert 0 <= x0 < x1 <= 720
        assert 0 <= y0 < y1 <= 1280
