"""Weights files, ours and the published ones: what is written is read, and found by its name."""

import hashlib
import json
import re
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

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
from tests.small_networks import OURS, published, refused, small_model


def same_output(first: STCFormer, second: STCFormer, tolerance: float = 0.0) -> bool:
    inputs = torch.randn(2, 5, 17, first.input_channels, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        return float((first(inputs) - second(inputs)).abs().max()) <= tolerance


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
        ("no_refine_6_4172.pth", 81),  # by the authors' own names
        ("no_refine_6_4406.pth", 27),
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


# --- networks and names


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
