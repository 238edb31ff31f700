"""Weights files: ours, the published ones, and those that want to do harm."""

import contextlib
import hashlib
import json
import os
import pickle
import re
import struct
import zipfile
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from stcformer.checkpoints import build_model
from stcformer.errors import LifterError
from stcformer.model import STCFormer
from stcformer.own_weights import AUTHORS_REPOSITORY, PUBLISHED_FILES
from stcformer.paper.evaluation import usual_feed
from stcformer.weights import (
    DEFAULT_WEIGHTS,
    PUBLISHED_FEEDING,
    SHIPPED_WEIGHTS,
    Feeding,
    lifter_names,
    lifter_states,
    load_weights,
    save_weights,
)

OURS = Feeding("person", 30.0, (20.0, 45.0), 81)


def small_model(variant: str = "h36m", channels: int = 2, seed: int = 0) -> STCFormer:
    torch.manual_seed(seed)
    return STCFormer(width=32, depth=2, input_channels=channels, variant=variant).eval()


def same_output(first: STCFormer, second: STCFormer, tolerance: float = 0.0) -> bool:
    inputs = torch.randn(2, 5, 17, first.input_channels, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        return float((first(inputs) - second(inputs)).abs().max()) <= tolerance


def published(folder: Path, state: Any, name: str = "no_refine_27_4269.pth") -> Path:
    torch.save(state, folder / name)
    return folder / name


def refused(path: Path | str) -> str:
    with pytest.raises(LifterError) as raised:
        load_weights(path)
    text = str(raised.value)
    assert len(text.splitlines()) == 1
    assert str(path) in text
    return text


def names_of_3dhp(state: dict[str, Tensor]) -> dict[str, Tensor]:
    renamed = {}
    for name, value in state.items():
        new = name.replace("regress_head.", "pose_lift.").replace(
            "stcformer.stc_block.", "mlpmixer.mixerblocks."
        )
        if new.startswith("mlpmixer."):
            new = re.sub(r"^(mlpmixer\.mixerblocks\.\d+)\.layer_norm\.", r"\1.layer_norm1.", new)
            new = re.sub(r"^(mlpmixer\.mixerblocks\.\d+)\.mlp\.", r"\1.mlp1.", new)
            new = re.sub(r"\.stc_att\.layer_norm\.", ".cross_att.layer_norm1.", new)
            new = new.replace(".stc_att.", ".cross_att.").replace(".sep2_", ".gate_")
        renamed[new] = value
        if ".layer_norm1." in new and ".cross_att." not in new:
            renamed[new.replace("layer_norm1", "layer_norm2")] = torch.randn_like(value)
    return renamed


# --- what is written is what is read


def test_saved_weights_come_back_in_half_precision_with_their_feeding_and_origin(tmp_path: Path) -> None:
    model = small_model(channels=3)
    path = tmp_path / "mine.safetensors"
    save_weights(path, model, OURS, "trained in a test")
    weights = load_weights(path)
    assert weights.feeding == OURS
    assert weights.origin == "trained in a test"
    assert weights.name == "mine.safetensors"
    assert weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (weights.model.width, weights.model.depth, weights.model.input_channels) == (32, 2, 3)
    for name, value in weights.model.state_dict().items():
        assert value.dtype == torch.float32
        assert torch.equal(value, model.state_dict()[name].half().float())
    assert same_output(model, weights.model, 5e-3)
    assert not weights.model.training
    assert path.stat().st_size < 2.2 * sum(value.numel() for value in model.state_dict().values()) + 8192


def test_saving_leaves_the_model_as_it_was_and_replaces_an_old_file(tmp_path: Path) -> None:
    model = small_model()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    (tmp_path / "mine.safetensors").write_text("old")
    save_weights(tmp_path / "mine.safetensors", model, OURS, "")
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert load_weights(tmp_path / "mine.safetensors").feeding == OURS
    assert [path.name for path in tmp_path.iterdir()] == ["mine.safetensors"]


def test_saving_and_loading_twice_changes_nothing_more(tmp_path: Path) -> None:
    save_weights(tmp_path / "a.safetensors", small_model(), OURS, "x")
    once = load_weights(tmp_path / "a.safetensors")
    save_weights(tmp_path / "b.safetensors", once.model, once.feeding, once.origin)
    assert load_weights(tmp_path / "b.safetensors").sha256 == once.sha256


# --- published files


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: OrderedDict((f"module.{name}", value) for name, value in state.items()),
        lambda state: {"model_pos": state, "epoch": 5, "lr": 0.001},
        lambda state: {"state_dict": {f"module.{name}": value for name, value in state.items()}},
        lambda state: {"model": state},
        lambda state: {name: value.double() for name, value in state.items()},
        lambda state: {name: value.half().float().bfloat16().float() for name, value in state.items()},
    ],
    ids=["plain", "module.", "model_pos", "state_dict and module.", "model", "float64", "rounded"],
)
def test_published_checkpoints_load_in_every_wrapping(tmp_path: Path, wrap: Any) -> None:
    model = small_model()
    weights = load_weights(published(tmp_path, wrap(model.state_dict())))
    assert same_output(model, weights.model, 0.05)
    assert weights.feeding == PUBLISHED_FEEDING
    assert "no licence" in weights.origin


def test_the_old_pickle_format_of_pytorch_loads(tmp_path: Path) -> None:
    model = small_model()
    torch.save(model.state_dict(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert same_output(model, load_weights(tmp_path / "old.pth").model)


@pytest.mark.parametrize(
    ("name", "window"),
    [
        ("no_refine_27_4269.pth", 27),
        ("no_refine_81_4172.pth", 81),
        ("stcformer-243-h36m.pth", 243),
        ("no_refine_4_2710.pth", 27),
        ("no_refine_9_4388.pth", 27),
        ("h36m-81.pth", 81),
        ("model_9.pth", 9),
        ("model.pth", 27),
    ],
)
def test_published_files_say_their_window_in_their_names(tmp_path: Path, name: str, window: int) -> None:
    assert load_weights(published(tmp_path, small_model().state_dict(), name)).feeding.window == window


def test_published_weights_of_243_frames_are_fed_every_second_frame_of_50_hz(tmp_path: Path) -> None:
    rates = {
        name: load_weights(published(tmp_path, small_model().state_dict(), f"{name}.pth")).feeding.frame_rate
        for name in ("h36m-81", "h36m-243")
    }
    assert rates == {"h36m-81": 50 / 3, "h36m-243": 25.0}


def test_the_3dhp_checkpoints_names_are_translated_and_its_unread_norms_left_out(tmp_path: Path) -> None:
    model = small_model("3dhp")
    renamed = names_of_3dhp(model.state_dict())
    assert any(".layer_norm2." in name for name in renamed)
    assert any(".gate_s." in name for name in renamed)
    weights = load_weights(published(tmp_path, {f"module.{name}": value for name, value in renamed.items()}))
    assert weights.model.variant == "3dhp"
    assert usual_feed(weights).step == 1, "every frame, as they were trained"
    assert same_output(model, weights.model)


def test_safetensors_without_our_metadata_are_fed_like_published_ones(tmp_path: Path) -> None:
    model = small_model()
    save_file(dict(model.state_dict()), tmp_path / "other_81_.safetensors")
    weights = load_weights(tmp_path / "other_81_.safetensors")
    assert weights.feeding == replace(PUBLISHED_FEEDING, window=81)
    assert same_output(model, weights.model)


def test_shipped_weights_have_the_window_of_their_name_and_stand_beside_their_card() -> None:
    assets = Path(__file__).parents[2] / "assets"
    for name, shipped in SHIPPED_WEIGHTS.items():
        weights = load_weights(name)
        assert (weights.name, weights.feeding.window) == (name, int(name.split("-")[1]))
        card = (assets / shipped.file).with_suffix(".md").read_text()
        assert name in card
        assert weights.sha256[:12] in card
        assert f"--hold-out {','.join(shipped.held_out)}" in card


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


@pytest.mark.parametrize(
    "options",
    [
        {"attention": "space"},
        {"attention": "time", "position": "none"},
        {"variant": "3dhp", "position": "convolution"},
    ],
)
def test_a_network_of_an_ablation_comes_back_as_it_was(tmp_path: Path, options: dict[str, str]) -> None:
    torch.manual_seed(1)
    model = STCFormer(width=32, depth=2, **options).eval()  # type: ignore[arg-type]
    save_weights(tmp_path / "ablated.safetensors", model, Feeding(), "made in a test")
    loaded = load_weights(tmp_path / "ablated.safetensors").model
    joints = torch.randn(1, 5, 17, 2)
    torch.testing.assert_close(loaded(joints), model.half().float()(joints))
    assert {name: getattr(loaded, name) for name in options} == options


def test_files_in_the_users_own_folder_are_named_like_shipped_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("STCSTUDIO_WEIGHTS", str(folder))
    path = published(folder, small_model().state_dict(), "h36m-81.pth")
    (folder / "notes.txt").write_text("no weights")
    assert lifter_names() == (*SHIPPED_WEIGHTS, "h36m-81")
    weights = load_weights("h36m-81")
    assert (weights.name, weights.feeding) == ("h36m-81", replace(PUBLISHED_FEEDING, window=81))
    assert weights.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_shipped_name_stays_the_shipped_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STCSTUDIO_WEIGHTS", str(tmp_path))
    published(tmp_path, small_model().state_dict(), f"{DEFAULT_WEIGHTS}.pth")
    assert load_weights(DEFAULT_WEIGHTS).feeding.view == "person"
    assert lifter_names() == tuple(SHIPPED_WEIGHTS)


def test_an_unknown_name_is_answered_with_the_names_and_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STCSTUDIO_WEIGHTS", str(tmp_path / "absent"))
    with pytest.raises(LifterError, match=f"{DEFAULT_WEIGHTS}.*absent"):
        load_weights("h36m-243")


def test_published_checkpoints_are_listed_until_they_are_there_with_where_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "own"
    monkeypatch.setenv("STCSTUDIO_WEIGHTS", str(folder))
    shipped = tuple(SHIPPED_WEIGHTS)
    states = {state.name: state for state in lifter_states()}
    assert [*states] == [*shipped, "h36m-27", "h36m-81"]
    assert [name for name, state in states.items() if not state.is_here] == ["h36m-27", "h36m-81"]
    for name in ("h36m-27", "h36m-81"):
        said = refused(name)
        assert said == states[name].words
        for word in (AUTHORS_REPOSITORY, f"{name}.pth", str(folder), PUBLISHED_FILES[name].file):
            assert word in said
    folder.mkdir()
    path = published(folder, small_model().state_dict(), "h36m-81.pth")
    states = {state.name: state for state in lifter_states()}
    assert [*states] == [*shipped, "h36m-81", "h36m-27"]
    assert [name for name, state in states.items() if not state.is_here] == ["h36m-27"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() in states["h36m-81"].words
    assert str(path) in states["h36m-81"].words


def test_weights_say_what_their_joints_stand_for(tmp_path: Path) -> None:
    feeding = Feeding("screen", 50 / 3, (15.0, 18.5), 9, "h36m")
    save_weights(tmp_path / "theirs.safetensors", small_model(), feeding, "made in a test")
    assert load_weights(tmp_path / "theirs.safetensors").feeding == feeding


@pytest.mark.parametrize(("keypoints", "expected"), [(None, "studio"), ("h36m", "h36m"), ("coco", "refused")])
def test_a_file_from_before_there_were_conventions_has_the_programs_own(
    tmp_path: Path, keypoints: str | None, expected: str
) -> None:
    path = tmp_path / "old.safetensors"
    model = small_model()
    feeding = {"view": "screen", "frame_rate": 30.0, "rate_range": [20.0, 45.0], "window": 9}
    if keypoints is not None:
        feeding["keypoints"] = keypoints
    options = {"variant": "h36m", "attention": "both", "position": "both"}
    described = {"feeding": feeding, "origin": "made in a test", "network": options}
    save_file(dict(model.state_dict()), path, {"stcformer": json.dumps(described)})
    if expected == "refused":
        with pytest.raises(LifterError, match="coco"):
            load_weights(path)
    else:
        assert load_weights(path).feeding.keypoints == expected
