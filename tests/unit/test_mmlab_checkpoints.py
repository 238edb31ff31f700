"""OpenMMLab's checkpoints: what they really hold is read, and nothing that could run code."""

import builtins
import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from detectors import DetectorError

pytest.importorskip("mmengine", reason="MMPose is not installed (make mmpose)")

from mmengine.logging.history_buffer import HistoryBuffer

from detectors.mmlab.checkpoints import Checkpoint, load_weights, read_checkpoint


class Calls:
    """Pickled, a call of that function with these arguments."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self.call


def saved(path: Path, content: Any, **options: Any) -> Path:
    torch.save(content, path, **options)
    return path


def network() -> nn.Module:
    model = nn.Module()
    model.joints = nn.Linear(3, 2)
    model.data_preprocessor = nn.Module()
    model.data_preprocessor.register_buffer(
        "mean", torch.tensor([[[123.7]], [[116.3]], [[103.5]]]), persistent=False
    )
    return model


@pytest.mark.parametrize("zipped", [True, False])
def test_the_log_and_the_numbers_of_a_trainer_are_read_with_the_weights(tmp_path: Path, zipped: bool) -> None:
    content = {
        "state_dict": OrderedDict(w=torch.arange(3.0)),
        "meta": {
            "dataset_meta": {"sigmas": np.array([0.1, 0.2]), "names": {0: "nose"}, "links": np.array([])},
            "seed": np.int64(7),
        },
        "message_hub": {
            "loss": HistoryBuffer([1.0, 3.0], [1, 1]),
            "lr": np.float32(0.5),
            "ok": np.bool_(True),
        },
    }
    read = read_checkpoint(saved(tmp_path / "m.pth", content, _use_new_zipfile_serialization=zipped))
    assert read.weights["w"].tolist() == [0, 1, 2]
    assert read.meta["dataset_meta"]["sigmas"].tolist() == [0.1, 0.2]
    assert read.meta["seed"] == 7
    assert read.description == f"m.pth (SHA-256 {read.sha256[:16]})"


@pytest.mark.parametrize("zipped", [True, False])
def test_a_file_that_would_run_a_program_is_refused_and_runs_nothing(tmp_path: Path, zipped: bool) -> None:
    trace = tmp_path / "it-ran"
    evil = {"state_dict": {"w": torch.ones(1)}, "meta": Calls(os.mkdir, str(trace))}
    path = saved(tmp_path / "evil.pth", evil, _use_new_zipfile_serialization=zipped)
    with pytest.raises(
        DetectorError, match=r"evil\.pth' was refused: it holds more than weights \(\w+\.mkdir\)"
    ):
        read_checkpoint(path)
    assert not trace.exists()


@pytest.mark.parametrize(
    "evil",
    [
        Calls(builtins.getattr, HistoryBuffer, "__init__"),
        Calls(builtins.getattr, torch.Tensor, "mean"),
        Calls(builtins.getattr, Calls(builtins.getattr, HistoryBuffer, "mean"), "__globals__"),
        Calls(builtins.eval, "1"),
        Calls(bytes, 10**6),
        np.array([Calls(os.getcwd)], object),
    ],
)
def test_only_the_statistics_of_a_log_may_be_looked_up(tmp_path: Path, evil: Any) -> None:
    path = saved(tmp_path / "evil.pth", {"state_dict": {"w": torch.ones(1)}, "meta": {"x": evil}})
    with pytest.raises(DetectorError, match="was refused: it holds more than weights"):
        read_checkpoint(path)


def test_what_a_checkpoint_may_hold_is_allowed_to_no_other_reader(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.pth", {"state_dict": {"w": torch.ones(1)}, "log": HistoryBuffer([1.0], [1])})
    read_checkpoint(path)
    with pytest.raises(Exception, match="Weights only load failed"):
        torch.load(path, weights_only=True)


def test_a_truncated_a_foreign_and_an_absent_file_are_said(tmp_path: Path) -> None:
    whole = saved(tmp_path / "m.pth", {"state_dict": {"w": torch.ones(5000)}}).read_bytes()
    for name, content in (
        ("cut", whole[: len(whole) // 2]),
        ("text", b"<html>not found</html>"),
        ("empty", b""),
    ):
        path = tmp_path / f"{name}.pth"
        path.write_bytes(content)
        with pytest.raises(DetectorError, match=rf"{name}\.pth' (is damaged|was refused)"):
            read_checkpoint(path)
    with pytest.raises(DetectorError, match=r"There is no checkpoint .*none\.pth"):
        read_checkpoint(tmp_path / "none.pth")


@pytest.mark.parametrize("content", [[1, 2], {"state_dict": {}}, {"state_dict": {"w": 3}}, {"epoch": 4}])
def test_a_file_without_weights_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(DetectorError, match="holds no table of tensors"):
        read_checkpoint(saved(tmp_path / "m.pth", content))


def test_weights_are_loaded_whether_or_not_they_were_saved_from_several_gpus(tmp_path: Path) -> None:
    source, target = network(), network()
    wrapped = {f"module.{name}": value for name, value in source.state_dict().items()}
    load_weights(target, Checkpoint(tmp_path / "m.pth", wrapped, {}, "0" * 64), "pose")
    assert torch.equal(target.joints.weight, source.joints.weight)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"joints.bias": None}, r"1 weights are missing \(such as 'joints\.bias'\)"),
        ({"neck.w": torch.ones(1)}, r"1 weights have no place \(such as 'neck\.w'\)"),
        ({"joints.weight": torch.ones(17, 3)}, r"1 weights have another shape \(such as 'joints\.weight'\)"),
        ({"data_preprocessor.mean": torch.zeros(3, 1, 1)}, "its pictures have another mean"),
    ],
)
def test_weights_that_do_not_fit_the_config_are_refused(
    tmp_path: Path, change: dict[str, torch.Tensor | None], sentence: str
) -> None:
    changed = {**network().state_dict(), **change}
    state = {name: value for name, value in changed.items() if value is not None}
    with pytest.raises(DetectorError, match=f"does not belong to the config 'pose': {sentence}"):
        load_weights(network(), Checkpoint(tmp_path / "m.pth", state, {}, "0" * 64), "pose")


def test_the_mean_of_the_pictures_may_be_in_the_file_once_more(tmp_path: Path) -> None:
    state = {**network().state_dict(), "data_preprocessor.mean": torch.tensor([123.7, 116.3, 103.5])}
    load_weights(network(), Checkpoint(tmp_path / "m.pth", state, {}, "0" * 64), "pose")
