"""`stcstudio train` on motion capture that the test makes itself: weights out that the lifter loads."""

from pathlib import Path

import pytest
from made_motion import write_body

from app.cli import invoke
from stcformer.weights import load_weights


def test_training_ends_in_weights_that_load_and_goes_on_when_run_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ann__a", "ben__b"):
        write_body(tmp_path / "mocap" / "studio" / f"{name}.bvh", 40)
    run = ["train", str(tmp_path / "mocap"), "-o", str(tmp_path / "run"), "--width", "16", "--device", "cpu"]
    assert invoke([*run, "--hold-out", "studio/ben", "--stages", "3x2x2"]) == 0
    weights = load_weights(tmp_path / "run" / "weights.safetensors")
    assert (weights.model.width, weights.feeding.view, weights.feeding.window) == (16, "person", 3)
    assert invoke([*run, "--hold-out", "studio/ben", "--stages", "3x2x3"]) == 0
    assert "step 3/3" in capsys.readouterr().out
    assert invoke([*run, "--hold-out", "studio/nobody"]) == 1
    assert "studio/ann" in capsys.readouterr().err
