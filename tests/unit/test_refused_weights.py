"""Weights files that do not fit, are damaged, lie, or want to do harm: refused in a sentence, never run."""

import contextlib
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from stcformer.checkpoints import build_model
from stcformer.errors import LifterError
from stcformer.weights import (
    DEFAULT_WEIGHTS,
    SHIPPED_WEIGHTS,
    load_weights,
    save_weights,
)
from tests.small_networks import OURS, published, refused, small_model

# --- what does not fit


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    text = refused("wild-9999")
    assert DEFAULT_WEIGHTS in SHIPPED_WEIGHTS
    for name in SHIPPED_WEIGHTS:
        assert name in text


def test_a_folder_is_no_weights(tmp_path: Path) -> None:
    assert "neither a file" in refused(tmp_path)


def test_a_tensor_of_the_wrong_shape_is_named_with_both_shapes(tmp_path: Path) -> None:
    state = small_model().state_dict()
    state["stcformer.stc_block.1.mlp.fc1.weight"] = torch.zeros(64, 32)
    text = refused(published(tmp_path, state))
    assert "stcformer.stc_block.1.mlp.fc1.weight" in text
    assert "(128, 32)" in text
    assert "(64, 32)" in text


@pytest.mark.parametrize("change", ["missing", "extra"])
def test_a_missing_or_additional_tensor_is_named(tmp_path: Path, change: str) -> None:
    state = small_model().state_dict()
    if change == "missing":
        del state["stcformer.stc_block.0.stc_att.proj.bias"]
    else:
        state["stcformer.stc_block.0.stc_att.proj2.bias"] = torch.zeros(3)
    text = refused(published(tmp_path, state))
    assert ".stc_att.proj" in text
    assert "absent" in text


def test_another_model_is_refused(tmp_path: Path) -> None:
    assert "is not an STCFormer checkpoint" in refused(
        published(tmp_path, torch.nn.Linear(3, 4).state_dict())
    )
    save_file({"layer.weight": torch.zeros(3, 3)}, tmp_path / "other.safetensors")
    assert "is not an STCFormer checkpoint" in refused(tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    "content", [{"epoch": 3}, [torch.zeros(3)], torch.zeros(3), {}, {"model": {"a": "b"}}, 5]
)
def test_a_checkpoint_without_a_table_of_tensors_is_refused(tmp_path: Path, content: object) -> None:
    refused(published(tmp_path, content))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("kind", ["pth", "safetensors"])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, value: float, kind: str) -> None:
    model = small_model()
    with torch.no_grad():
        model.regress_head.weight[1, 4] = value
    if kind == "pth":
        path = published(tmp_path, model.state_dict())
    else:
        path = tmp_path / "mine.safetensors"
        save_weights(path, model, OURS, "")
    assert "regress_head.weight" in refused(path)


# --- what wants to do harm


class Harm:
    """Unpickled without care, it makes a file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.marker),)


@pytest.mark.parametrize("how", ["beside the tensors", "alone", "old format", "bare pickle", "as the state"])
def test_a_pickle_with_code_is_refused_and_never_run(tmp_path: Path, how: str) -> None:
    marker = tmp_path / "the code was run"
    harm: Any = Harm(marker)
    path = tmp_path / "harm_27_.pth"
    if how == "beside the tensors":
        torch.save({**small_model().state_dict(), "optimizer": harm}, path)
    elif how == "alone":
        torch.save(harm, path)
    elif how == "old format":
        torch.save({"model": harm}, path, _use_new_zipfile_serialization=False)
    elif how == "bare pickle":
        path.write_bytes(pickle.dumps(harm))
    else:
        torch.save({"state_dict": harm}, path)
    text = refused(path)
    assert not marker.exists()
    assert "was refused" in text or "not a readable" in text
    pickle.loads(pickle.dumps(harm))
    assert marker.exists(), "the harm of this test would have done nothing"


def test_a_whole_pickled_model_is_refused(tmp_path: Path) -> None:
    assert "was refused" in refused(published(tmp_path, small_model()))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".pt", ""])
@pytest.mark.parametrize(
    "content", [b"", b"hello, I am a text file\n" * 50, b"\x80\x02}q\x00.", bytes(range(256)) * 9]
)
def test_files_of_another_kind_are_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    refused(path)


def test_a_zip_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "archive.pth", "w") as archive:
        archive.writestr("readme.txt", "hello")
    refused(tmp_path / "archive.pth")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_a_damaged_file_is_refused_or_read_and_nothing_else(tmp_path: Path, suffix: str) -> None:
    whole = tmp_path / f"whole{suffix}"
    if suffix == ".pth":
        torch.save(small_model().state_dict(), whole)
    else:
        save_weights(whole, small_model(), OURS, "")
    content = whole.read_bytes()
    path = tmp_path / f"damaged{suffix}"
    generator = torch.Generator().manual_seed(0)
    for cut in (10, 100, 1000, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:cut])
        refused(path)
    for _ in range(60):
        damaged = bytearray(content)
        # Headers, names and directories, where a changed byte means something else.
        near_end = bool(torch.randint(2, (), generator=generator)) and suffix == ".pth"
        place = int(torch.randint(3000, (), generator=generator))
        damaged[-1 - place if near_end else place] = int(torch.randint(256, (), generator=generator))
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(LifterError):  # anything else fails the test
            load_weights(path)


def made_safetensors(path: Path, header: object, data: bytes = b"", length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


@pytest.mark.parametrize(
    ("header", "length"),
    [
        ({}, 2**60),
        ({}, 50),
        ({"pose_emb.weight": {"dtype": "F32", "shape": [2**40, 2], "data_offsets": [0, 8]}}, None),
        ({"pose_emb.weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 2**50]}}, None),
        ({"pose_emb.weight": {"dtype": "F32", "shape": [1, 2], "data_offsets": [-8, 0]}}, None),
        ({"pose_emb.weight": {"dtype": "F99", "shape": [1, 2], "data_offsets": [0, 8]}}, None),
        ({"pose_emb.weight": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}}, None),
        ({"pose_emb.weight": "a string"}, None),
        (b"not json", None),
        (b"[" * 50_000, None),
    ],
)
def test_safetensors_with_a_lying_header_are_refused(
    tmp_path: Path, header: object, length: int | None
) -> None:
    refused(made_safetensors(tmp_path / "lie.safetensors", header, b"\0" * 8, length))


@pytest.mark.parametrize(
    "metadata",
    [
        "hello",
        "[]",
        "null",
        "{}",
        '{"feeding": {}, "origin": "x"}',
        '{"feeding": [1, 2], "origin": "x"}',
        '{"feeding": {"view": "person", "frame_rate": 30, "rate_range": [20, 45], "window": 27}}',
        '{"origin": "", "feeding": {"view": "other", "frame_rate": 30, "rate_range": [20, 45], "window": 27}}',
        '{"origin": "", "feeding": {"view": "person", "frame_rate": 0, "rate_range": [0, 45], "window": 27}}',
        '{"origin": "", "feeding": {"view": "person", "frame_rate": 50, "rate_range": [20, 45], "window": 27}}',
        '{"origin": "", "feeding": {"view": "person", "frame_rate": NaN, "rate_range": [20, 45], "window": 27}}',
        '{"origin": "", "feeding": {"view": "person", "frame_rate": 30, "rate_range": [20], "window": 27}}',
        '{"origin": "", "feeding": {"view": "person", "frame_rate": 30, "rate_range": [20, 45], "window": 0}}',
        '{"origin": "", "feeding": {"view": "person", "frame_rate": 30, "rate_range": [20, 45], "window": Infinity}}',
        '{"origin": "", "feeding": {"view": "person", "frame_rate": 30, "rate_range": [20, 45], "window": "many"}}',
        "[" * 100_000,
    ],
)
def test_metadata_that_lies_about_the_feeding_is_refused(tmp_path: Path, metadata: str) -> None:
    save_file(dict(small_model().state_dict()), tmp_path / "lie.safetensors", {"stcformer": metadata})
    assert "does not say how it must be fed" in refused(tmp_path / "lie.safetensors")


@pytest.mark.parametrize(
    "claim",
    [
        {"stcformer.stc_block.999999999.mlp.fc1.weight": torch.zeros(1)},
        {"stcformer.stc_block.-5.mlp.fc1.weight": torch.zeros(1)},
        {"stcformer.stc_block.one.mlp.fc1.weight": torch.zeros(1)},
        {"stcformer.stc_block": torch.zeros(1)},
        {"pose_emb.weight": torch.zeros(1).expand(2**34, 2)},
        {"pose_emb.weight": torch.zeros(16 * 50_000, 2)},
        {"pose_emb.weight": torch.zeros(0, 2)},
        {"pose_emb.weight": torch.zeros(32, 0)},
        {"pose_emb.weight": torch.zeros(33, 2)},
        {"pose_emb.weight": torch.zeros(32)},
        {"pose_emb.weight": torch.zeros(())},
        {"stcformer.stc_block.0.stc_att.emb.weight": torch.zeros(())},
    ],
)
def test_tables_that_claim_a_giant_or_impossible_network_are_refused_at_once(
    claim: dict[str, Tensor],
) -> None:
    with pytest.raises(LifterError, match=r"'file\.pth'"):
        build_model({**small_model().state_dict(), **claim}, "file.pth")


def test_a_file_too_large_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stcformer.weights.LARGEST_FILE_BYTES", 1000)
    assert "too large" in refused(published(tmp_path, small_model().state_dict()))
