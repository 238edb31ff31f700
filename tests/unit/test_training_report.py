"""A run's log, its picture and its card."""

import struct
from pathlib import Path

import numpy as np
import pytest

from app.training_report import TrainedOn, card_text, read_log, stage_text, write_curves
from stcformer.training import Stage, TrainingConfig

HEAD = "step,steps,frames,loss,windows_per_second,exact_p1_mm,detected_p1_mm,detected_p2_mm\n"
CONFIG = TrainingConfig((Stage(9, 16, 200, (27,)), Stage(27, 7, 100)), width=64, bone_weight=0.5)
DATA = TrainedOn(20, 12.5, ("a", "b"), ("c",), 3, 1.25, ("'x.bvh' has fewer than three frames.",), "")


def write_log(path: Path, rows: int = 30) -> Path:
    lines = [
        f"{10 * k},300,{90 * k},{1 / k:.4g},40,{900 / k:.4g},{1000 / k:.4g},{700 / k:.4g}"
        for k in range(1, rows + 1)
    ]
    path.write_text(HEAD + "\n".join(lines) + "\n")
    return path


def test_the_log_comes_back_as_numbers(tmp_path: Path) -> None:
    log = read_log(write_log(tmp_path / "log.csv"))
    assert log["step"].tolist() == [10 * k for k in range(1, 31)]
    assert log["loss"][1] == 0.5
    assert list(log) == HEAD.strip().split(",")


def test_a_line_cut_short_by_a_kill_and_a_step_that_came_again_do_no_harm(tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", 3)
    with path.open("a") as file:
        file.write("30,300,270,0.7,40,1,2,3\n40,300,360,0.2")
    log = read_log(path)
    assert log["step"].tolist() == [10, 20, 30]
    assert log["loss"][2] == 0.7


def test_a_log_without_rows_is_empty(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(HEAD)
    assert read_log(tmp_path / "log.csv")["loss"].shape == (0,)


@pytest.mark.parametrize("rows", [1, 30])
def test_the_curves_are_a_picture_with_both_panels_drawn(tmp_path: Path, rows: int) -> None:
    from matplotlib.image import imread

    write_curves(read_log(write_log(tmp_path / "log.csv", rows)), CONFIG, "run 1", tmp_path / "curves.png")
    content = (tmp_path / "curves.png").read_bytes()
    assert struct.unpack(">II", content[16:24]) == (900, 700)
    picture = imread(tmp_path / "curves.png")[..., :3]
    red, blue = (
        (np.abs(picture - colour).max(axis=-1) < 0.02).any(axis=1)
        for colour in ((0.839, 0.153, 0.157), (0.122, 0.467, 0.706))
    )
    assert red[350:].any()
    assert blue[350:].any()
    assert not red[:340].any()
    assert (picture[40:310, 82:600].max(axis=-1) < 0.02).any()  # inside the axes, left of the legend
    assert sorted(path.name for path in tmp_path.iterdir()) == ["curves.png", "log.csv"]


def test_curves_that_cannot_be_written_leave_the_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.figure import Figure

    log = read_log(write_log(tmp_path / "log.csv"))
    write_curves(log, CONFIG, "run", tmp_path / "curves.png")
    before = (tmp_path / "curves.png").read_bytes()

    def half(self: Figure, path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Figure, "savefig", half)
    with pytest.raises(KeyboardInterrupt):
        write_curves(log, CONFIG, "run", tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes() == before


def test_the_card_says_data_recipe_log_and_how_to_measure(tmp_path: Path) -> None:
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(b"0" * 2_400_000)
    log = read_log(write_log(tmp_path / "log.csv"))
    card = card_text(
        "wild-27",
        weights,
        "ab" * 32,
        4_750_000,
        CONFIG,
        DATA,
        log,
        ("stcstudio train X", "stcstudio eval X"),
        "cpu",
    )
    for words in (
        "# wild-27",
        "| network | STCFormer, width 64, depth 6, 4.75 M parameters |",
        f"`{'ab' * 32}`",
        "float16, 2.4 MB",
        "| window | 27 frames at 20 to 45 a second |",
        "| started from | nothing |",
        "Trained on 20 clips, 12.5 minutes, of 2 subjects: a, b.",
        "Held out, never trained on: 3 clips, 1.2 minutes, of 1 subject: c.",
        "- 'x.bvh' has fewer than three frames.",
        "| `stages` | 9+27x16x200, 27x7x100 |",
        "| `bone_weight` | 0.5 |",
        "| `views.pitch` | -20 to 50 |",
        "| `errors.limb_hidden` |",
        "![Loss and held-out errors over the steps](curves.png)",
        "| 10 | 90 | 1.0000 | 900.0 | 1000.0 | 700.0 |",
        "| 300 | 2,700 | 0.0333 | 30.0 | 33.3 | 23.3 |",
        "stcstudio train X",
        "stcstudio eval X",
    ):
        assert words in card, words
    table = card[card.index("| step |") :].split("\n\n")[0].splitlines()
    assert len(table) == 2 + 15  # spread over the run


def test_a_stage_is_told_as_the_command_line_takes_it() -> None:
    assert stage_text({"frames": 27, "windows": 7, "steps": 40, "also": (9, 81)}) == "27+9+81x7x40"
