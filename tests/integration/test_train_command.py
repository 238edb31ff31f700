"""`stcstudio train` on motion capture that the test makes itself: weights out that the lifter loads."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from command_line import CommandLine
from made_motion import FAMILIES, body_bvh, write_body

from app.training_report import read_log
from stcformer.weights import load_weights

REPO = Path(__file__).resolve().parents[2]
SMALL = ("--width", "16", "--device", "cpu", "--hold-out", "studio/ben", "--precision", "float32")


@pytest.fixture
def mocap(tmp_path: Path) -> Path:
    for number, name in enumerate(("ann__a", "ben__b")):
        write_body(tmp_path / "mocap" / "studio" / f"{name}.bvh", 40, seed=number)
    return tmp_path / "mocap"


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)


def test_training_ends_in_weights_that_load_and_goes_on_when_run_again(
    mocap: Path, tmp_path: Path, command: CommandLine
) -> None:
    run = ["train", mocap, "-o", tmp_path / "run", *SMALL]
    command.done(*run, "--stages", "3x2x2")
    weights = load_weights(tmp_path / "run" / "weights.safetensors")
    assert (weights.model.width, weights.feeding.view, weights.feeding.window) == (16, "person", 3)
    outcome = command.done(*run, "--stages", "3x2x2,5+3x2x1", "--report-every", "1")
    assert "step 3/3" in outcome.out
    assert load_weights(tmp_path / "run" / "weights.safetensors").feeding.window == 5
    assert read_log(tmp_path / "run" / "log.csv")["step"].tolist() == [2, 3]


def test_the_run_leaves_a_picture_and_a_card_with_the_split_and_the_hash(
    mocap: Path, tmp_path: Path, command: CommandLine
) -> None:
    names = {**FAMILIES["motionbuilder"], "lelbow": "Ellbogen_L"}
    (mocap / "studio" / "ann__other.bvh").write_text(body_bvh(names))
    (mocap / "studio" / "ann__torn.bvh").write_text("HIERARCHY nonsense")
    folder = tmp_path / "my run"
    run = ["train", mocap, "-o", folder, *SMALL, "--bone-weight", "0.5", "--velocity-weight", "2"]
    outcome = command.done(*run, "--stages", "3x2x2")
    assert "ann__other.bvh' has a skeleton in which these joints were not found: lelbow." in outcome.out
    assert "ann__torn.bvh' is not a readable BVH file" in outcome.out
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    command.done(
        *run, "--stages", "3x2x3"
    )  # the files are not read again; the card still tells of those left out
    card = (folder / "card.md").read_text(encoding="utf-8")
    digest = hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest()
    for words in (
        digest,
        "Held out, never trained on: 1 clip, 0.0 minutes, of 1 subject: studio/ben.",
        "Trained on 1 clip, 0.0 minutes, of 1 subject: studio/ann.",
        "| `bone_weight` | 0.5 |",
        "| `velocity_weight` | 2 |",
        "- 'studio/ann__other.bvh' has a skeleton in which these joints were not found: lelbow.",
        "- 'studio/ann__torn.bvh' is not a readable BVH file",
        "stcstudio eval mocap --lifter 'my run/weights.safetensors' --hold-out studio/ben --markdown",
        "| 2 | 12 |",
        "| 3 | 18 |",
    ):
        assert words in card, words
    assert str(tmp_path) not in card


def test_a_run_can_start_from_other_weights(mocap: Path, tmp_path: Path, command: CommandLine) -> None:
    command.done("train", mocap, "-o", tmp_path / "first", *SMALL, "--stages", "3x2x2")
    first = tmp_path / "first" / "weights.safetensors"
    options = ["--device", "cpu", "--hold-out", "studio/ben", "--stages", "5x2x1", "--rate-factor", "0.001"]
    command.done("train", mocap, "-o", tmp_path / "second", *options, "--from", first)
    before, after = (load_weights(tmp_path / run / "weights.safetensors") for run in ("first", "second"))
    assert after.model.width == 16
    for name, value in after.model.state_dict().items():
        assert (value - before.model.state_dict()[name]).abs().max() < 1e-3, name
    card = (tmp_path / "second" / "card.md").read_text(encoding="utf-8")
    assert f"| started from | weights.safetensors (SHA-256 {before.sha256}) |" in card
    outcome = command("train", mocap, "-o", tmp_path / "second", *options, "--width", "16")
    assert "started from weights.safetensors" in outcome.err
    assert outcome.code == 1


def test_a_share_of_the_weights_that_a_run_started_from_stays_in_those_it_writes(
    mocap: Path, tmp_path: Path, command: CommandLine
) -> None:
    command.done("train", mocap, "-o", tmp_path / "start", *SMALL, "--stages", "3x2x2")
    start = tmp_path / "start" / "weights.safetensors"
    options = ["--device", "cpu", "--hold-out", "studio/ben", "--stages", "5x2x60", "--rate-factor", "10"]
    for name, keep in (("none", "0"), ("some", "0.25"), ("all", "1")):
        run = ["train", mocap, "-o", tmp_path / name, *options, "--from", start, "--keep-start", keep]
        command.done(*run)
    before, none, some, whole = (
        load_weights(tmp_path / run / "weights.safetensors").model.state_dict()
        for run in ("start", "none", "some", "all")
    )
    assert max(float((none[name] - before[name]).abs().max()) for name in before) > 0.02
    for name, value in before.items():
        assert torch.allclose(whole[name], value, atol=1e-3, rtol=1e-3), name
        assert torch.allclose(some[name], none[name].lerp(value, 0.25), atol=2e-3, rtol=2e-3), name
    card = (tmp_path / "some" / "card.md").read_text(encoding="utf-8")
    assert "25% of them kept" in card
    assert "--keep-start 0.25" in card
    outcome = command("train", mocap, "-o", tmp_path / "nothing", *SMALL, "--keep-start", "0.5")
    assert "name them with --from" in outcome.sentence()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--hold-out", "studio/nobody"], "There is no subject 'studio/nobody'"),
        (["--hold-out", "studio/ann"], "held out studio/ben, not studio/ann"),
        (["--stages", "9x20"], "is no ladder of stages"),
        (["--stages", "0x2x5"], "is no ladder of stages"),
        (["--precision", "float8"], "There is no precision 'float8'"),
        (["--from", "nowhere.pth"], "There are no weights 'nowhere.pth'"),
        (["--bone-weight", "1"], "another bone weight"),
        (["--seed", "2"], "another seed"),
        (["--seen", "nowhere.npz"], "'nowhere.npz' holds no people seen by a detector"),
    ],
)
def test_options_that_do_not_fit_are_refused_in_a_sentence_and_the_run_is_left_alone(
    mocap: Path, tmp_path: Path, command: CommandLine, change: list[str], words: str
) -> None:
    run = ["train", mocap, "-o", tmp_path / "run", *SMALL, "--stages", "3x2x2"]
    command.done(*run)
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    outcome = command(*run, *change)
    assert outcome.code == 1
    assert words in outcome.err
    assert outcome.err.count("\n") == 1
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before


def test_a_start_from_weights_of_another_width_is_refused(
    mocap: Path, tmp_path: Path, command: CommandLine
) -> None:
    command.done("train", mocap, "-o", tmp_path / "first", *SMALL, "--stages", "3x2x1")
    weights = tmp_path / "first" / "weights.safetensors"
    outcome = command("train", mocap, "-o", tmp_path / "second", "--from", weights, "--width", "32")
    assert "has width 16; leave out --width 32" in outcome.sentence()
    assert not (tmp_path / "second").exists()


@pytest.mark.timeout(900)
def test_killed_again_and_again_it_ends_with_the_very_same_weights(mocap: Path, tmp_path: Path) -> None:
    """SIGKILL while it saves, and while it learns; each start goes on from the last saved state."""
    arguments = [*SMALL, "--stages", "3x2x15,5+3x2x30", "--report-every", "5"]
    killed, whole = tmp_path / "killed", tmp_path / "whole"

    def steps() -> float:
        return (
            float(read_log(killed / "log.csv")["step"].max(initial=0))
            if (killed / "log.csv").exists()
            else 0.0
        )

    def train(folder: Path, until: Callable[[], bool]) -> int:
        command = [sys.executable, "-m", "app", "train", str(mocap), "-o", str(folder), *arguments]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with subprocess.Popen(command, cwd=REPO, env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                while process.poll() is None and not until():
                    time.sleep(0.001)
            finally:
                process.send_signal(signal.SIGKILL)
        return process.returncode

    reached = [0.0]
    for moment in (lambda: steps() >= 10 and any(killed.glob(".state.*")), lambda: steps() > reached[-1]):
        assert train(killed, moment) == -signal.SIGKILL  # it had not come to its end
        reached.append(steps())
    assert reached == sorted(set(reached))  # each went on from where the one before was
    assert train(killed, lambda: False) == 0
    assert train(whole, lambda: False) == 0
    for name in ("weights.safetensors", "config.json", "run.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes(), name
    log, expected = read_log(killed / "log.csv"), read_log(whole / "log.csv")
    assert expected["step"].tolist() == list(range(5, 50, 5))
    assert (
        len(log["step"]) >= 4
    )  # a kill between the state and its line of the log loses the line, and nothing else
    for column in ("step", "frames", "exact_p1_mm", "detected_p1_mm", "detected_p2_mm"):
        known = dict(zip(expected["step"], expected[column], strict=True))
        assert [known[step] for step in log["step"]] == log[column].tolist()
