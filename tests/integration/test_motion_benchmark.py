"""The cases of `benchmarks/motion.py`: what is kept in a file is used only for what it was made of."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made_motion import write_body

from stcformer.corpus import read_corpus
from stcformer.model import STCFormer
from stcformer.weights import Feeding, save_weights


@pytest.fixture
def make_cases(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    from motion_cases import make_cases

    return make_cases


def test_kept_cases_are_made_again_for_other_weights_of_the_same_name(
    tmp_path: Path, make_cases: Any
) -> None:
    write_body(tmp_path / "motion" / "ann__walk.bvh", 60)
    corpus = read_corpus(tmp_path / "motion", lambda reason: None)
    weights, cache = tmp_path / "mine.safetensors", tmp_path / "cases.npz"

    def poses(seed: int) -> tuple[list[np.ndarray], int]:
        torch.manual_seed(seed)
        save_weights(weights, STCFormer(16, 1, 3), Feeding("person", 30.0, (20.0, 45.0), 5), "made in a test")
        said: list[str] = []
        cases = make_cases(corpus, str(weights), 1, 0.5, 0, cache, said.append)
        return [case.lifted_exact for case in cases], len(said)

    first, made = poses(1)
    assert made == len(first) == 4
    again, made = poses(1)
    assert made == 0
    np.testing.assert_array_equal(first, again)
    other, made = poses(2)
    assert made == 4
    assert np.abs(np.array(other) - first).max() > 1e-3
