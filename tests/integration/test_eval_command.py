"""`stcstudio eval` on motion capture that the test makes itself: the table, the card's rows and the JSON file."""

import json
from pathlib import Path

import pytest
import torch
from command_line import CommandLine
from made_motion import write_body

from app.commands.evaluate import subjects_to_measure
from stcformer.corpus import held_out_subjects, read_corpus
from stcformer.model import STCFormer
from stcformer.weights import Feeding, load_weights, save_weights


@pytest.fixture
def mocap(tmp_path: Path) -> Path:
    for number, name in enumerate(("ann__a", "ben__walk", "ben__dance")):
        write_body(tmp_path / "mocap" / "studio" / f"{name}.bvh", 120, seed=number)
    return tmp_path / "mocap"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(1)
    path = tmp_path / "small.safetensors"
    save_weights(path, STCFormer(16, 1, 3), Feeding("person", 30.0, (20.0, 45.0), 5), "made in a test")
    return path


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)


def test_the_table_the_cards_rows_and_the_json_file_agree(
    mocap: Path, weights: Path, tmp_path: Path, command: CommandLine
) -> None:
    options = ["--lifter", weights, "--hold-out", "studio/ben", "--segments", "3", "--device", "cpu"]
    table = command.done("eval", mocap, *options).out
    card = command.done("eval", mocap, *options, "--markdown", "--json", tmp_path / "eval.json").out
    described = json.loads((tmp_path / "eval.json").read_text())
    assert described["sha256"] == load_weights(weights).sha256
    assert described["subjects"] == ["studio/ben"]
    assert described["segments"] == 3
    rows = {(row["section"], row["name"]): row for row in described["rows"]}
    assert ("frame rate (ratio to 30 fps)", "25 fps") in rows
    assert ("activity", "walking") in rows
    for (_, name), row in rows.items():
        line = next(line for line in card.splitlines() if line.startswith(f"| {name} |"))
        assert name in table
        for keypoints in ("exact", "detected"):
            if row[keypoints] is not None and name.endswith("fps"):
                figure = f"{row[keypoints]['p1_mm']['value']:.1f}"
                assert figure in line
                assert figure in table
    assert "…" not in table
    assert "±" in card
    assert card.count("| --- |") == 1


def test_an_unknown_subject_a_wrong_name_and_too_few_segments_are_refused(
    mocap: Path, weights: Path, command: CommandLine
) -> None:
    outcome = command("eval", mocap, "--lifter", weights, "--hold-out", "studio/cid", "--device", "cpu")
    assert "There is no subject 'studio/cid'" in outcome.err
    assert "There are no weights 'wild-9'" in command("eval", mocap, "--lifter", "wild-9").sentence()
    assert command("eval", mocap, "--segments", "1").code == 2
    assert command("eval", mocap / "nowhere", "--lifter", weights).code == 1


def test_without_names_shipped_weights_are_measured_on_those_they_were_trained_without(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "motion"
    for name in ("cmu/01__a", "cmu/05__a", "cmu_dance/indian__06", "cmu_dance/modern__01"):
        write_body(folder / f"{name}.bvh", 30)
    corpus = read_corpus(folder, lambda reason: None)
    subjects, sentence = subjects_to_measure(corpus, "", folder, "wild-81")
    assert subjects == ("cmu/05", "cmu_dance/indian")
    assert "wild-81 was trained without" in sentence
    assert subjects_to_measure(corpus, "cmu/01", folder, "wild-81") == (("cmu/01",), "")
    for lifter, part in (
        ("mine.safetensors", corpus),
        ("wild-81", corpus.of_subjects(subjects, without=True)),
    ):
        drawn, sentence = subjects_to_measure(part, "", folder, lifter)
        assert drawn == held_out_subjects(part)
        assert "drawn by name" in sentence
