"""What stands after the colon in a detector's name: read, and written for the files that a user chose."""

from importlib import import_module

import pytest

from detectors import DetectorError
from detectors.mediapipe.people import MediaPipePeopleDetector
from detectors.models.table import model_table
from detectors.names import MODEL_ENDINGS, name_with_files, split_models
from detectors.registry import _ENTRIES

GRAMMAR = "some:MODEL"
POSE_CONFIG, POSE_CHECKPOINT = (
    "/m/rtmpose-m_8xb512-700e_body8-halpe26-256x192.py",
    "/m/rtmpose-m_simcc-body7_pt-body7-halpe26_700e-256x192-4d3e73dd_20230605.pth",
)
PERSON_CONFIG, PERSON_CHECKPOINT = (
    "/m/rtmdet_nano_320-8xb32_coco-person.py",
    "/m/rtmdet_nano_8xb32-100e_coco-obj365-person-05d8511e.pth",
)


@pytest.mark.parametrize(
    ("text", "models", "options"),
    [
        ("a.onnx", ["a.onnx"], {}),
        ("a.onnx, b.onnx", ["a.onnx", "b.onnx"], {}),
        ("a.onnx,device=cuda", ["a.onnx"], {"device": "cuda"}),
        ("device=cpu", [], {"device": "cpu"}),
    ],
)
def test_models_stand_between_commas_and_the_device_comes_last(
    text: str, models: list[str], options: dict[str, str]
) -> None:
    assert split_models(text, GRAMMAR, most=2) == (models, options)


@pytest.mark.parametrize("text", ["a,b,c", "a,", ",a", "", "device=cpu,a", "device=cpu,device=cuda"])
def test_a_text_that_is_not_written_so_is_refused_with_how_it_is(text: str) -> None:
    with pytest.raises(DetectorError, match=f"; write {GRAMMAR}"):
        split_models(text, GRAMMAR, most=2)


def chosen(name: str, *files: str) -> dict[str, str]:
    """The options that the detector reads from the name that these files make."""
    plain, _, text = name_with_files(name, files).partition(":")
    module, _, kind = _ENTRIES[plain].factory.partition(":")
    options: dict[str, str] = getattr(import_module(module), kind).options(text)
    return options


def test_every_detector_that_reads_a_text_can_be_given_files() -> None:
    assert set(MODEL_ENDINGS) == set(_ENTRIES) - {"mediapipe"}


def test_one_file_is_the_model() -> None:
    assert chosen("mediapipe-tasks", "/m/pose.task") == {"model": "/m/pose.task"}
    assert chosen("mediapipe-people", "/m/rtmdet.onnx") == {"person_model": "/m/rtmdet.onnx"}
    assert chosen("rtmpose", "/m/mine.onnx") == {"pose_model": "/m/mine.onnx"}
    with pytest.raises(DetectorError, match="takes one file, and 2 were chosen"):
        chosen("mediapipe-tasks", "/m/a.task", "/m/b.task")


@pytest.mark.parametrize("person", ["rtmdet_nano_320.onnx", "yolox_m_humanart.onnx"])
def test_the_person_detector_comes_after_the_pose_model_in_whatever_order_they_were_chosen(
    person: str,
) -> None:
    expected = {"pose_model": "/m/z.onnx", "person_model": f"/m/{person}"}
    assert chosen("rtmpose", f"/m/{person}", "/m/z.onnx") == expected
    assert chosen("rtmpose", "/m/z.onnx", f"/m/{person}") == expected


def test_a_config_is_paired_with_its_checkpoint() -> None:
    pose = {"pose_config": POSE_CONFIG, "pose_checkpoint": POSE_CHECKPOINT}
    assert chosen("mmpose", POSE_CHECKPOINT, POSE_CONFIG) == pose
    both = pose | {"person_config": PERSON_CONFIG, "person_checkpoint": PERSON_CHECKPOINT}
    assert chosen("mmpose", PERSON_CONFIG, PERSON_CHECKPOINT, POSE_CONFIG, POSE_CHECKPOINT) == both
    assert chosen("mmpose", PERSON_CHECKPOINT, POSE_CHECKPOINT, POSE_CONFIG, PERSON_CONFIG) == both


def test_the_detector_on_crops_takes_one_model_and_a_device() -> None:
    assert MediaPipePeopleDetector.options("a.onnx,device=cuda") == {
        "person_model": "a.onnx",
        "device": "cuda",
    }
    assert MediaPipePeopleDetector.options("device=cpu") == {"device": "cpu"}
    with pytest.raises(DetectorError, match=r"more than 1 model; write mediapipe-people:\[PERSON_MODEL\]"):
        MediaPipePeopleDetector.options("a.onnx,b.onnx")


def test_a_device_that_was_named_stays_and_models_that_were_named_go() -> None:
    assert name_with_files("rtmpose:old.onnx,device=cuda", ["/m/a.onnx"]) == "rtmpose:/m/a.onnx,device=cuda"
    assert name_with_files("rtmpose:device=cpu", ["/m/a.onnx"]) == "rtmpose:/m/a.onnx,device=cpu"
    assert name_with_files("rtmpose:a.onnx,b.onnx", ["/m/c.onnx"]) == "rtmpose:/m/c.onnx"


@pytest.mark.parametrize(
    ("name", "files", "sentence"),
    [
        ("mmpose", [POSE_CHECKPOINT], "0 configs and 1 checkpoint were chosen; choose them together"),
        ("mmpose", [POSE_CONFIG], "1 config and 0 checkpoints were chosen"),
        ("mmpose", [POSE_CONFIG, POSE_CHECKPOINT, PERSON_CHECKPOINT], "1 config and 2 checkpoints"),
        ("mmpose", ["/m/a.py", "/m/b.py", "/m/c.pth", "/m/d.pth"], "Which checkpoint belongs to which"),
        ("mmpose", ["/m/a.py", "/m/a1.pth", "/m/b.py", "/m/b1.pth"], "finds the persons cannot be told"),
        ("mmpose", [PERSON_CONFIG, PERSON_CHECKPOINT], "is a person detector by its name"),
        ("mmpose", ["/m/a.py", "/m/epoch=3.pth"], "equals sign"),
        ("rtmpose", ["/m/a.onnx", "/m/b.onnx"], "Which of a.onnx and b.onnx finds the persons"),
        ("rtmpose", ["/m/a.onnx", "/m/b.onnx", "/m/c.onnx"], "3 files were chosen"),
        ("rtmpose", ["/m/a.pth"], "'a.pth' is no model of rtmpose, which takes .onnx"),
        ("rtmpose", ["/m/a,b.onnx"], "comma"),
        ("mediapipe", ["/m/a.onnx"], "'mediapipe' takes no model files"),
    ],
)
def test_files_that_make_no_name_are_refused_with_a_sentence(
    name: str, files: list[str], sentence: str
) -> None:
    with pytest.raises(DetectorError, match=sentence) as refused:
        name_with_files(name, files)
    assert str(refused.value).endswith(".")


def test_the_files_of_the_table_are_told_apart_by_their_names() -> None:
    files = {name: f"/m/{entry.file}" for name, entry in model_table().items()}
    found = chosen("rtmpose", files["rtmdet-nano-person"], files["rtmpose-m-halpe26"])
    assert found == {
        "pose_model": files["rtmpose-m-halpe26"],
        "person_model": files["rtmdet-nano-person"],
    }
