"""`stcstudio paper`: from files in the published layouts to weights and tables."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from stcformer.errors import LifterError
from stcformer.lifter import Lifter
from stcformer.model import STCFormer
from stcformer.weights import load_weights
from tests.command_line import CommandLine
from tests.made_datasets import write_human36m, write_mpi_inf_3dhp


@pytest.fixture
def command_line(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every recipe's network with a width that trains in seconds."""
    from dataclasses import replace

    from stcformer.paper import recipe

    small = {name: replace(found, width=32, depth=2) for name, found in recipe.RECIPES.items()}
    monkeypatch.setattr(recipe, "RECIPES", small)


def _table(path: Path) -> dict[str, dict[str, float]]:
    with path.open(newline="") as file:
        return {
            row["name"]: {name: float(value) for name, value in row.items() if name != "name"}
            for row in csv.DictReader(file)
        }


def test_human36m_trains_to_a_falling_error_and_evaluates_to_the_same_figures_as_a_plain_loop(
    tmp_path: Path, command_line: CommandLine, narrow: None
) -> None:
    write_human36m(tmp_path / "data", frames=8)
    run, data = tmp_path / "run", tmp_path / "data"
    options = ("--keypoints", "gt", "--device", "cpu")
    trained = command_line.done(
        *(
            "paper",
            "train",
            "h36m-9",
            "--data",
            data,
            "-o",
            run,
            "--epochs",
            "4",
            "--batch",
            "256",
            "--learning-rate",
            "0.004",
        ),
        *options,
    )
    assert "epoch 4/4" in trained.out
    with (run / "log.csv").open(newline="") as file:
        log = list(csv.DictReader(file))
    assert float(log[-1]["loss"]) < 0.8 * float(log[0]["loss"])
    weights = run / "weights.safetensors"
    shown = command_line.done(
        "paper", "eval", weights, "--data", data, "-o", tmp_path / "result", "--no-flip", *options
    )
    assert "Tang et al." in shown.out
    table = _table(tmp_path / "result" / "table.csv")
    assert set(table) == {"Walking", "Directions", "Average"}
    assert table["Average"]["p1"] == pytest.approx(_plain_p1(data, weights), abs=1e-3)
    for picture in ("joints.png", "distribution.png"):
        with Image.open(tmp_path / "result" / picture) as opened:
            assert opened.size == (960, 540)


def _plain_p1(data: Path, weights: Path) -> float:
    """The same figure by a loop over frames, straight from the files."""
    from stcformer.paper.human36m import CHOSEN_OF_32, studio_cameras
    from stcformer.paper.object_archive import read_table

    model = load_weights(weights).model
    poses = read_table(data / "data_3d_h36m.npz", "positions_3d")
    keypoints = read_table(data / "data_2d_h36m_gt.npz", "positions_2d")
    errors: dict[str, list[float]] = {}
    for subject in ("S9", "S11"):
        for action, joints in poses[subject].items():
            for camera, pixels in zip(studio_cameras()[subject], keypoints[subject][action], strict=True):
                truth = camera.camera_space(joints[:, CHOSEN_OF_32].astype(np.float64))
                truth -= truth[:, :1]
                screen = pixels[: len(truth)] * 2 / camera.width - (1, camera.height / camera.width)
                for frame in range(len(truth)):
                    rows = [min(max(frame + 3 * k, 0), len(truth) - 1) for k in range(-4, 5)]
                    with torch.no_grad():
                        pose = model(torch.tensor(screen[rows], dtype=torch.float32)[None])[0, 4].numpy()
                    pose[0] = 0
                    error = np.sqrt(((pose - truth[frame]) ** 2).sum(axis=-1)).mean()
                    errors.setdefault(action.split(" ")[0], []).append(1000 * error)
    return float(np.mean([np.mean(values) for values in errors.values()]))


def test_3dhp_trains_and_evaluates_by_sequence(
    tmp_path: Path, command_line: CommandLine, narrow: None
) -> None:
    write_mpi_inf_3dhp(tmp_path / "data")
    run, data = tmp_path / "run", tmp_path / "data"
    command_line.done(
        *("paper", "train", "3dhp-9", "--data", data, "-o", run, "--epochs", "2", "--device", "cpu")
    )
    command_line.done(
        *(
            "paper",
            "eval",
            run / "weights.safetensors",
            "--data",
            data,
            "-o",
            tmp_path / "result",
            "--device",
            "cpu",
        )
    )
    table = _table(tmp_path / "result" / "table.csv")
    assert list(table) == ["TS1", "TS2", "TS3", "TS4", "TS5", "TS6", "All"]
    assert table["All"]["frames"] == 23 + 22 + 21 + 20 + 19 + 18
    assert 0 <= table["All"]["auc"] <= table["All"]["pck"] <= 100


def test_a_refined_run_keeps_its_refinement_and_uses_it(
    tmp_path: Path, command_line: CommandLine, narrow: None
) -> None:
    write_human36m(tmp_path / "data", frames=10)
    run, data = tmp_path / "run", tmp_path / "data"
    options = ("--keypoints", "gt", "--device", "cpu")
    command_line.done(
        *("paper", "train", "h36m-9", "--ablation", "refined", "--data", data, "-o", run),
        *("--epochs", "1", "--stride", "10"),
        *options,
    )
    weights = run / "weights.safetensors"
    shown = command_line.done("paper", "eval", weights, "--data", data, "--every", "10", *options)
    assert "refined" in shown.out
    (run / "refinement.safetensors").write_bytes(b"something else")
    said = command_line("paper", "eval", weights, "--data", data, "--every", "10", *options)
    assert said.code == 1
    assert "no refinement" in said.err


def test_published_checkpoints_load_and_evaluate_by_one_command(
    tmp_path: Path, command_line: CommandLine
) -> None:
    write_human36m(tmp_path, frames=6)
    torch.manual_seed(0)
    state = {f"module.{name}": value for name, value in STCFormer().state_dict().items()}
    torch.save(state, tmp_path / "no_refine_27_4406.pth")
    shown = command_line.done(
        "paper",
        "eval",
        tmp_path / "no_refine_27_4406.pth",
        "--data",
        tmp_path,
        "--keypoints",
        "gt",
        "--every",
        "40",
    )
    assert "27 frames every 3" in shown.out


def test_what_cannot_be_is_said_in_a_sentence(
    tmp_path: Path, command_line: CommandLine, narrow: None
) -> None:
    write_human36m(tmp_path / "data")
    data = ("--data", tmp_path / "data", "-o", tmp_path / "run")
    assert "no recipe 'h36m-13'" in command_line("paper", "train", "h36m-13", *data).sentence()
    assert "no ablation" in command_line("paper", "train", "h36m-9", "--ablation", "x", *data).sentence()
    assert "no file" in command_line("paper", "train", "h36m-9", *data).sentence()
    nowhere = ("--data", tmp_path / "nowhere", "-o", tmp_path / "run")
    assert "no folder" in command_line("paper", "train", "h36m-9", *nowhere).sentence()
    assert "views about a person" in command_line("paper", "eval", "wild-27", *data).sentence()


def test_the_tables_without_a_data_set_are_the_papers(command_line: CommandLine) -> None:
    sizes = command_line.done("paper", "sizes").out
    for figure in ("4.75", "2173", "6520", "19561", "78107", "4732160", "4732640", "4747520"):
        assert figure in sizes
    assert "space-only" in command_line.done("paper", "recipes").out
    assert (
        "float32"
        in command_line.done("paper", "speed", "--frames", "9", "--width", "32", "--precision", "float32").out
    )


def test_weights_of_other_joints_are_not_taken_for_videos() -> None:
    from stcformer.weights import Feeding, Weights

    weights = Weights(STCFormer(32, 1, variant="3dhp"), Feeding(), "3dhp", "0" * 64, "made in a test")
    with pytest.raises(LifterError, match="another order"):
        Lifter(weights, "cpu")
