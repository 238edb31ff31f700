"""`stcstudio paper`: from files in the published layouts to weights and tables."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from rich.console import Console

from app.commands.paper_published import print_published
from stcformer.errors import LifterError
from stcformer.lifter import Lifter
from stcformer.model import STCFormer
from stcformer.paper import published
from stcformer.paper.protocols import Row
from stcformer.paper.recipe import ABLATIONS, RECIPES
from stcformer.weights import load_weights
from tests.command_line import CommandLine
from tests.made_datasets import write_human36m, write_mpi_inf_3dhp
from tests.plain_paper_figures import plain_human36m, plain_mpi_inf_3dhp

CAMERAS = Path(published.__file__).with_name("human36m_cameras.csv")


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


def _log(run: Path) -> list[dict[str, float]]:
    with (run / "log.csv").open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def _assert_that_the_error_falls(run: Path, epochs: int) -> None:
    log = _log(run)
    assert [line["epoch"] for line in log] == list(range(1, epochs + 1))
    assert log[-1]["loss"] < 0.8 * log[0]["loss"]
    assert log[-1]["test_p1_mm"] < 0.8 * log[0]["test_p1_mm"]


def _assert_same_figures(table: dict[str, dict[str, float]], plain: dict[str, dict[str, float]]) -> None:
    assert set(table) == set(plain)
    for name, figures in plain.items():
        found = {column: table[name][column] for column in figures}
        # 2500 times what the single precision of the network leaves open.
        assert found.pop("acceleration") == pytest.approx(figures["acceleration"], rel=1e-5, abs=1e-4), name
        others = {column: value for column, value in figures.items() if column != "acceleration"}
        assert found == pytest.approx(others, rel=0, abs=1e-4), name


def test_human36m_trains_to_a_falling_error_and_evaluates_to_the_same_figures_as_a_plain_loop(
    tmp_path: Path, command_line: CommandLine, narrow: None
) -> None:
    write_human36m(tmp_path / "data", frames=8)
    run, data = tmp_path / "run", tmp_path / "data"
    options = ("--keypoints", "gt", "--device", "cpu")
    sizes = ("--epochs", "4", "--batch", "32", "--stride", "3", "--learning-rate", "0.01")
    trained = command_line.done("paper", "train", "h36m-9", "--data", data, "-o", run, *sizes, *options)
    assert "epoch 4/4" in trained.out
    _assert_that_the_error_falls(run, 4)
    weights, result = run / "weights.safetensors", tmp_path / "result"
    network = load_weights(weights).model
    for flip in ("--flip", "--no-flip"):
        shown = command_line.done("paper", "eval", weights, "--data", data, "-o", result, flip, *options)
        assert "Tang et al." in shown.out
        table = _table(result / "table.csv")
        assert set(table) == {"Walking", "Directions", "Average"}
        plain = plain_human36m(data, CAMERAS, network, 9, 3, flip=flip == "--flip")
        _assert_same_figures(table, plain)
    for picture in ("joints.png", "distribution.png"):
        with Image.open(result / picture) as opened:
            assert opened.size == (960, 540)


def test_3dhp_trains_to_a_falling_error_and_evaluates_to_the_same_figures_as_a_plain_loop(
    tmp_path: Path, command_line: CommandLine, narrow: None
) -> None:
    write_mpi_inf_3dhp(tmp_path / "data")
    run, data = tmp_path / "run", tmp_path / "data"
    options = ("--device", "cpu")
    sizes = ("--epochs", "4", "--batch", "16", "--learning-rate", "0.03")
    command_line.done("paper", "train", "3dhp-9", "--data", data, "-o", run, *sizes, *options)
    _assert_that_the_error_falls(run, 4)
    weights, result = run / "weights.safetensors", tmp_path / "result"
    network = load_weights(weights).model
    for flip in ("--flip", "--no-flip"):
        command_line.done("paper", "eval", weights, "--data", data, "-o", result, flip, *options)
        table = _table(result / "table.csv")
        assert list(table) == ["TS1", "TS2", "TS3", "TS4", "TS5", "TS6", "All"]
        assert table["All"]["frames"] == 22 + 21 + 20 + 19 + 18 + 17
        assert 1 < table["All"]["auc"] < table["All"]["pck"] < 99, "else any joints and any frames would do"
        _assert_same_figures(table, plain_mpi_inf_3dhp(data, network, 9, flip=flip == "--flip"))


def test_step_mirror_and_several_ablations_are_the_runs_and_its_evaluation_knows_them(
    tmp_path: Path, command_line: CommandLine, narrow: None
) -> None:
    write_mpi_inf_3dhp(tmp_path / "data", frames=20)
    run, data = tmp_path / "run", ("--data", tmp_path / "data", "--device", "cpu")
    changes = ("--ablation", "depth-4,no-position", "--step", "2", "--no-mirror")
    sizes = ("--epochs", "1", "--stride", "10")
    command_line.done("paper", "train", "3dhp-9", "-o", run, *data, *changes, *sizes)
    recipe = json.loads((run / "run.json").read_text())["recipe"]
    assert {name: recipe[name] for name in ("depth", "position", "step", "mirror")} == {
        "depth": 4,
        "position": "none",
        "step": 2,
        "mirror": False,
    }
    shown = command_line.done("paper", "eval", run / "weights.safetensors", *data, "--every", "20").out
    assert "9 frames every 2" in shown


def test_torchrun_trains_by_the_documented_command_and_only_the_first_process_speaks(tmp_path: Path) -> None:
    write_mpi_inf_3dhp(tmp_path / "data", frames=20)
    run = tmp_path / "run"
    torchrun = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
    recipe = ("3dhp-9", "--ablation", "depth-2,width-64", "--epochs", "2", "--stride", "10", "--batch", "4")
    places = ("--data", tmp_path / "data", "-o", run, "--device", "cpu")
    done = subprocess.run(
        [*torchrun, "-m", "app", "paper", "train", *recipe, *places],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("epoch")] == [
        "epoch 1/2",
        "epoch 2/2",
    ]
    log = _log(run)
    assert log[1]["loss"] < log[0]["loss"]
    assert load_weights(run / "weights.safetensors").model.depth == 2
    assert json.loads((run / "run.json").read_text())["recipe"]["width"] == 64


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


def test_published_weights_are_in_the_list_of_lifters_before_they_are_here(
    tmp_path: Path, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STCSTUDIO_WEIGHTS", str(tmp_path))
    listed = command_line.done("lifters").out
    said = command_line("paper", "eval", "h36m-27", "--data", tmp_path).sentence()
    assert said.removeprefix("stcstudio: ").strip() in listed
    rows = {line.split()[1]: line for line in listed.splitlines() if line.startswith("│ h36m")}
    assert [*rows] == ["h36m-27", "h36m-81"]
    assert all("not here" in row for row in rows.values())


def test_what_cannot_be_is_said_in_a_sentence(
    tmp_path: Path, command_line: CommandLine, narrow: None
) -> None:
    write_human36m(tmp_path / "data")
    data = ("--data", tmp_path / "data", "-o", tmp_path / "run")
    assert "no recipe 'h36m-13'" in command_line("paper", "train", "h36m-13", *data).sentence()
    assert "no ablation" in command_line("paper", "train", "h36m-9", "--ablation", "x", *data).sentence()
    twice = command_line("paper", "train", "h36m-9", "--ablation", "depth-2,depth-4", *data).sentence()
    assert "'depth-2' and 'depth-4' both change the depth" in twice
    assert "no file" in command_line("paper", "train", "h36m-9", *data).sentence()
    nowhere = ("--data", tmp_path / "nowhere", "-o", tmp_path / "run")
    assert "no folder" in command_line("paper", "train", "h36m-9", *nowhere).sentence()
    assert "views about a person" in command_line("paper", "eval", "wild-27", *data).sentence()


def test_a_narrow_terminal_cuts_no_name(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    listed = command_line.done("paper", "recipes").out
    assert all(f" {name} " in listed for name in (*RECIPES, *ABLATIONS))


def test_the_paper_s_table_by_actions_has_this_run_beside_the_published_rows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    rows = [Row("Walking", 10, 61.04, 51.06), Row("Sitting", 10, 70.0, 60.0), Row("Average", 20, 65.5, 55.5)]
    print_published(Console(), "human36m", rows, "mine", 27, "cpn_ft_h36m_dbb")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    actions = ["Dir.", "Disc.", "Eat", "Greet", "Phone", "Photo", "Pose", "Purch."]
    actions += ["Sit", "SitD.", "Smoke", "Wait", "WalkD.", "Walk", "WalkT.", "Avg"]
    assert [line[2:] for line in lines if line[:1] == ["method"]] == [actions, actions]
    large = [line[2:] for line in lines if line[:2] == ["STCFormer-L", "243"]]
    assert [(row[0], row[13], row[-1]) for row in large] == [
        ("38.4", "26.2", "40.5"),
        ("29.3", "20.9", "31.8"),
    ]
    mine = [line[2:] for line in lines if line[:2] == ["mine", "27"]]
    assert mine == [["70.0", "61.0", "65.5"], ["60.0", "51.1", "55.5"]]
    print_published(Console(), "human36m", rows, "mine", 27, "gt")
    assert "Dir." not in capsys.readouterr().out, "nothing was published by actions for true keypoints"


def test_the_tables_without_a_data_set_are_the_papers(command_line: CommandLine) -> None:
    sizes = command_line.done("paper", "sizes").out
    for figure in ("4.75", "2173", "6520", "19561", "78107", "4732160", "4732640", "4747520"):
        assert figure in sizes
    assert (
        "float32"
        in command_line.done("paper", "speed", "--frames", "9", "--width", "32", "--precision", "float32").out
    )


def test_weights_of_other_joints_are_not_taken_for_videos() -> None:
    from stcformer.weights import Feeding, Weights

    weights = Weights(STCFormer(32, 1, variant="3dhp"), Feeding(), "3dhp", "0" * 64, "made in a test")
    with pytest.raises(LifterError, match="another order"):
        Lifter(weights, "cpu")
