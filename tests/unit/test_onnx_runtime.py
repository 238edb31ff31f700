"""Opening ONNX models: files that are broken, devices that are not there, and where a model really runs."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors.errors import DetectorError
from detectors.onnx.runtime import OnnxModel, open_model, thread_count

pytest.importorskip("onnx", reason="needs onnx to build models")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")

from onnx import TensorProto  # noqa: E402

from tests.onnx_models import write_identity_model, write_pose_model  # noqa: E402


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_identity_model(tmp_path / "same.onnx", ["batch", 3])


class FakeRuntime:
    """onnxruntime with a GPU that does not start: in silence, as it really does, or with an error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None) -> None:
        self.tried: list[str] = []
        real = onnxruntime.InferenceSession

        def session(path: str, options: Any, providers: list[str], **more: Any) -> Any:
            self.tried += providers
            if (
                providers == ["CUDAExecutionProvider"]
                and error is not None
                and not more.get("enable_fallback", 1)
            ):
                raise error  # else onnxruntime prints it and takes the CPU
            return real(path, options, providers=["CPUExecutionProvider"], **more)

        monkeypatch.setattr(onnxruntime, "InferenceSession", session)
        monkeypatch.setattr(
            onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
        )


def test_a_model_says_where_it_runs_and_gives_what_it_computes(path: Path) -> None:
    model = OnnxModel(path)
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.array_equal(model.run(values)[0], values)
    assert model.inputs[0].shape == (None, 3)
    assert model.device == "cpu"
    assert "on CPU" in model.description
    assert "same.onnx (sha256 " in model.description


def test_a_gpu_that_does_not_start_is_an_error_when_it_was_asked_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = FakeRuntime(monkeypatch)
    with pytest.raises(DetectorError, match=r"could not start CUDA for same\.onnx .*CPUExecutionProvider"):
        OnnxModel(path, "cuda")
    assert runtime.tried == ["CUDAExecutionProvider"], "nothing else was tried"


@pytest.mark.parametrize("error", [None, RuntimeError("libcudnn.so.9: cannot open shared object file")])
def test_automatic_goes_on_to_the_next_device_and_says_so(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception | None,
) -> None:
    FakeRuntime(monkeypatch, error)
    with caplog.at_level(logging.WARNING):
        model = OnnxModel(path, "auto")
    assert model.device == "cpu"
    assert "on CPU (CUDA could not be started)" in model.description
    assert "could not start CUDA" in caplog.text
    if error:
        assert "libcudnn" in caplog.text


def test_automatic_does_not_take_coreml_which_crashes_on_such_models(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CoreMLExecutionProvider", "CPUExecutionProvider"]
    )
    assert OnnxModel(path).description.endswith("on CPU")


@pytest.mark.parametrize(
    ("device", "name"), [("cuda", "CUDA"), ("directml", "DirectML"), ("coreml", "CoreML")]
)
def test_a_device_that_this_onnxruntime_lacks_is_said_with_what_to_install(
    path: Path, monkeypatch: pytest.MonkeyPatch, device: str, name: str
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(DetectorError, match=f"has no {name} \\(it has: cpu\\); install onnxruntime"):
        OnnxModel(path, device)


def test_an_unknown_device_is_said(path: Path) -> None:
    with pytest.raises(DetectorError, match="no device 'tpu'; choose one of auto, cpu, cuda"):
        OnnxModel(path, "tpu")


@pytest.mark.parametrize("kept", [0, 1, 0.5, -10])
def test_a_truncated_file_is_said_with_what_to_do(tmp_path: Path, kept: float) -> None:
    whole = write_pose_model(tmp_path / "whole.onnx", size=(32, 32)).read_bytes()
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(whole[: int(len(whole) * kept) if 0 < kept < 1 else int(kept)])
    with pytest.raises(DetectorError, match=r"cut\.onnx is damaged.*; use another file\.$"):
        OnnxModel(cut)
    with pytest.raises(DetectorError, match="download it again: stcstudio models download rtmpose-m-halpe26"):
        OnnxModel(cut, name="rtmpose-m-halpe26")


def test_a_web_page_instead_of_a_model_is_said(tmp_path: Path) -> None:
    page = tmp_path / "page.onnx"
    page.write_text("<html><body>404 not found</body></html>")
    with pytest.raises(DetectorError, match="damaged, or no ONNX model"):
        OnnxModel(page)


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match=r"none\.onnx cannot be read \(No such file.*check its path"):
        OnnxModel(tmp_path / "none.onnx")
    with pytest.raises(DetectorError, match="cannot be read"):
        OnnxModel(tmp_path)


def test_a_named_model_that_is_not_there_is_said_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STCSTUDIO_MODELS", str(tmp_path))
    with pytest.raises(DetectorError, match="rtmdet-nano-person"):
        open_model(None, "rtmdet-nano-person", "auto")


def test_a_model_of_other_inputs_is_refused(tmp_path: Path) -> None:
    whole_numbers = write_identity_model(tmp_path / "int.onnx", [1, 3], TensorProto.INT64)
    with pytest.raises(DetectorError, match=r"takes input: tensor\(int64\), where one float32"):
        OnnxModel(whole_numbers)


def test_an_input_that_does_not_fit_is_said_and_so_is_a_closed_model(path: Path) -> None:
    model = OnnxModel(path)
    with pytest.raises(DetectorError, match=r"same\.onnx failed on CPU with an input of shape \(2, 4\)"):
        model.run(np.zeros((2, 4), np.float32))
    model.close()
    model.close()
    with pytest.raises(DetectorError, match="has been closed"):
        model.run(np.zeros((2, 3), np.float32))


def test_some_cores_are_left_for_the_decoder_and_the_lifter(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, threads in ((1, 1), (2, 1), (4, 2), (8, 4), (64, 4)):
        monkeypatch.setattr("os.sched_getaffinity", lambda _, n=cores: set(range(n)), raising=False)
        assert thread_count() == threads
