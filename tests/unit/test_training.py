"""Training: it learns, stops and goes on to the same result, and guards what it has."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from stcformer import training
from stcformer.augmentation import DetectorErrors, read_seen_people
from stcformer.corpus import Corpus, pack_clips
from stcformer.errors import LifterError
from stcformer.mocap import MocapClip
from stcformer.model import STCFormer
from stcformer.skeleton import JOINTS
from stcformer.training import (
    Stage,
    Trainer,
    TrainingConfig,
    TrainingReport,
    pose_loss,
    training_batch,
    validation_error,
)
from stcformer.windows import WindowSampler

SMALL = TrainingConfig(
    stages=(Stage(5, 4, 12), Stage(7, 3, 8)), width=16, depth=1, warm_up_steps=5, average_decay=0.9
)


def swinging(subject: str, phase: float) -> MocapClip:
    """Five seconds of a standing person who swings arms and legs."""
    time = np.arange(300) / 60
    swing = 0.5 * np.sin(2 * np.pi * 0.8 * time + phase)
    joints = np.zeros((300, 17, 3))

    def put(name: str, parent: str, x: float, length: float, angle: np.ndarray) -> None:
        base = joints[:, JOINTS.index(parent)]
        offset = np.stack((np.full(300, x), length * np.sin(angle), -length * np.cos(angle)), axis=-1)
        joints[:, JOINTS.index(name)] = base + offset

    rest = np.zeros(300)
    joints[:, 0] = (0, 0, 0.95)
    for name, parent, x, length, angle in (
        ("rhip", "hip", -0.1, 0.0, rest), ("rknee", "rhip", 0, 0.43, swing), ("rankle", "rknee", 0, 0.41, swing / 2),
        ("lhip", "hip", 0.1, 0.0, rest), ("lknee", "lhip", 0, 0.43, -swing), ("lankle", "lknee", 0, 0.41, -swing / 2),
        ("spine", "hip", 0, -0.24, rest), ("thorax", "hip", 0, -0.48, rest), ("neck", "thorax", 0, -0.2, rest + 0.5),
        ("head", "thorax", 0, -0.31, rest), ("lshoulder", "thorax", 0.17, 0, rest),
        ("lelbow", "lshoulder", 0, 0.28, swing), ("lwrist", "lelbow", 0, 0.25, 2 * swing),
        ("rshoulder", "thorax", -0.17, 0, rest), ("relbow", "rshoulder", 0, 0.28, -swing),
        ("rwrist", "relbow", 0, 0.25, -2 * swing),
    ):  # fmt: skip
        put(name, parent, x, length, angle)
    return MocapClip(f"{subject}/1", subject, 60.0, joints)


@pytest.fixture(scope="module")
def corpora() -> tuple[Corpus, Corpus]:
    return pack_clips([swinging("a", 0.0), swinging("b", 1.0)]), pack_clips([swinging("c", 2.0)])


@pytest.fixture(autouse=True)
def _few_windows_to_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured(*arguments: object, exact: bool) -> tuple[float, float]:
        return validation_error(*arguments, exact=exact, windows=8)  # type: ignore[arg-type]

    monkeypatch.setattr(training, "validation_error", measured)


def test_as_many_windows_as_stated_are_people_whom_a_detector_saw(corpora: tuple[Corpus, Corpus]) -> None:
    sampler = WindowSampler(corpora[0], (30.0, 30.0))
    config = replace(SMALL, seen_share=0.25, errors=DetectorErrors(measured=0.0))
    generator = torch.Generator().manual_seed(3)
    windows = training_batch(sampler, 40, 3, config, generator, read_seen_people())
    seen = windows.pitch.isnan()  # no pitch is on record of them
    assert windows.pose.shape == (40, 3, 17, 3)
    assert int(seen.sum()) == 10
    assert seen.nonzero().max() > 20  # not all of them in the first steps
    assert seen.nonzero().min() < 20
    with pytest.raises(ValueError, match="none are given"):
        training_batch(sampler, 40, 3, config, generator)


def trainer(corpora: tuple[Corpus, Corpus], folder: Path, config: TrainingConfig = SMALL) -> Trainer:
    return Trainer(config, *corpora, folder)


def run(
    one: Trainer, report_every: int = 5, stop_at: int | None = None
) -> tuple[list[float], list[TrainingReport]]:
    lines: list[TrainingReport] = []
    losses = []
    for step, loss in one.run(lines.append, report_every):
        losses.append(loss)
        if step == stop_at:
            break
    return losses, lines


def weights(one: Trainer) -> dict[str, Tensor]:
    state = {f"model.{name}": value for name, value in one.model.state_dict().items()}
    return {**state, **{f"average.{name}": value for name, value in one.average.state_dict().items()}}


def test_the_loss_falls(corpora: tuple[Corpus, Corpus], tmp_path: Path) -> None:
    config = replace(
        SMALL, stages=(Stage(3, 12, 60),), width=32, learning_rate=5e-3, errors=DetectorErrors(exact=1.0)
    )
    losses, lines = run(trainer(corpora, tmp_path, config), 20)
    assert len(losses) == 60
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:5])
    assert lines[-1].exact_p1_mm < lines[0].exact_p1_mm


def test_reports_count_steps_frames_and_are_logged(corpora: tuple[Corpus, Corpus], tmp_path: Path) -> None:
    _, lines = run(trainer(corpora, tmp_path), 8)
    assert [line.step for line in lines] == [8, 16, 20]
    assert lines[-1].frames == 12 * 4 * 5 + 8 * 3 * 7
    table = (tmp_path / "log.csv").read_text().splitlines()
    assert table[0].startswith("step,steps,frames,loss")
    assert [row.split(",")[0] for row in table[1:]] == ["8", "16", "20"]
    for line in lines:
        assert line.detected_p1_mm > line.detected_p2_mm > 0


@pytest.mark.parametrize("stop_at", [7, 13])
def test_a_run_that_was_stopped_ends_with_the_very_same_weights(
    corpora: tuple[Corpus, Corpus], tmp_path: Path, stop_at: int
) -> None:
    whole = trainer(corpora, tmp_path / "whole")
    losses, _ = run(whole)
    run(trainer(corpora, tmp_path / "stopped"), stop_at=stop_at)
    resumed = trainer(corpora, tmp_path / "stopped")
    assert resumed.step == stop_at // 5 * 5
    later, _ = run(resumed)
    assert later == losses[resumed.step - len(later) :]
    expected = weights(whole)
    for name, value in weights(resumed).items():
        assert torch.equal(value, expected[name]), name


def test_stages_of_the_same_length_but_other_numbers_of_windows_resume_too(
    corpora: tuple[Corpus, Corpus], tmp_path: Path
) -> None:
    config = replace(SMALL, stages=(Stage(5, 4, 12), Stage(5, 6, 6)))
    whole = trainer(corpora, tmp_path / "whole", config)
    losses, _ = run(whole, 13)
    run(trainer(corpora, tmp_path / "stopped", config), 13, stop_at=15)
    resumed = trainer(corpora, tmp_path / "stopped", config)
    assert resumed.step == 13
    assert run(resumed, 13)[0] == losses[13:]


def test_what_others_draw_between_steps_does_not_matter(
    corpora: tuple[Corpus, Corpus], tmp_path: Path
) -> None:
    quiet, _ = run(trainer(corpora, tmp_path / "quiet"))
    losses = []
    for _, loss in trainer(corpora, tmp_path / "disturbed").run(lambda line: None, 5):
        losses.append(loss)
        torch.rand(3)
    assert losses == quiet


def test_another_seed_is_another_run(corpora: tuple[Corpus, Corpus], tmp_path: Path) -> None:
    first, _ = run(trainer(corpora, tmp_path / "1"), stop_at=3)
    second, _ = run(trainer(corpora, tmp_path / "2", replace(SMALL, seed=2)), stop_at=3)
    assert first != second


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"width": 32}, "width"),
        ({"learning_rate": 1e-4}, "learning rate"),
        ({"seed": 2}, "seed"),
        ({"errors": DetectorErrors(jitter=0.1)}, "errors"),
    ],
)
def test_another_configuration_in_the_same_folder_is_refused(
    corpora: tuple[Corpus, Corpus], tmp_path: Path, change: dict[str, object], name: str
) -> None:
    run(trainer(corpora, tmp_path), stop_at=6)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(LifterError, match=f"another {name}; name another folder"):
        trainer(corpora, tmp_path, replace(SMALL, **change))  # type: ignore[arg-type]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_finished_run_may_be_given_more_steps(corpora: tuple[Corpus, Corpus], tmp_path: Path) -> None:
    run(trainer(corpora, tmp_path))
    longer = trainer(corpora, tmp_path, replace(SMALL, stages=(*SMALL.stages, Stage(9, 2, 5))))
    assert longer.step == 20
    losses, lines = run(longer)
    assert len(losses) == 5
    assert lines[-1].step == 25
    assert run(trainer(corpora, tmp_path, longer.config))[0] == []


@pytest.mark.parametrize("file", ["state.pt", "config.json"])
def test_a_damaged_run_is_refused_and_left_alone(
    corpora: tuple[Corpus, Corpus], tmp_path: Path, file: str
) -> None:
    run(trainer(corpora, tmp_path), stop_at=6)
    (tmp_path / file).write_bytes((tmp_path / file).read_bytes()[:50])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(LifterError, match="cannot be read"):
        trainer(corpora, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def kept_state(folder: Path) -> dict[str, object]:
    state: dict[str, object] = torch.load(folder / "state.pt", weights_only=True)
    for part in ("model", "average"):
        for value in state[part].values():  # type: ignore[attr-defined]
            assert torch.isfinite(value).all()
    return state


def test_a_loss_that_is_no_number_stops_the_run_and_the_last_good_state_stays(
    corpora: tuple[Corpus, Corpus], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = trainer(corpora, tmp_path)

    def spoilt(predicted: Tensor, truth: Tensor, *weights: float) -> Tensor:
        loss = pose_loss(predicted, truth, *weights)
        return loss * float("nan") if one.step == 8 else loss

    monkeypatch.setattr(training, "pose_loss", spoilt)
    with pytest.raises(LifterError, match=r"The loss at step 8 is not a number; .* lower learning rate"):
        run(one)
    assert kept_state(tmp_path)["step"] == 5
    monkeypatch.undo()
    assert trainer(corpora, tmp_path).step == 5


def test_a_gradient_that_is_no_number_is_never_followed(
    corpora: tuple[Corpus, Corpus], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = trainer(corpora, tmp_path)

    def steep(predicted: Tensor, truth: Tensor, *weights: float) -> Tensor:
        loss = pose_loss(predicted, truth, *weights)
        return loss + (0 * predicted.sum()).sqrt() if one.step == 9 else loss

    monkeypatch.setattr(training, "pose_loss", steep)
    with pytest.raises(LifterError, match="The gradient at step 9 is not a number"):
        run(one)  # the report after step 10 would have saved it
    assert kept_state(tmp_path)["step"] == 5
    assert all(torch.isfinite(value).all() for value in weights(one).values())


def test_a_stop_while_the_state_is_saved_leaves_the_one_before(
    corpora: tuple[Corpus, Corpus], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = trainer(corpora, tmp_path)
    run(one, stop_at=6)

    def half(state: object, path: Path) -> None:
        Path(path).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(KeyboardInterrupt):
        run(one)
    monkeypatch.undo()
    assert kept_state(tmp_path)["step"] == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "log.csv", "state.pt"]


def test_the_configuration_is_kept_beside_the_state(corpora: tuple[Corpus, Corpus], tmp_path: Path) -> None:
    trainer(corpora, tmp_path)
    kept = json.loads((tmp_path / "config.json").read_text())
    assert kept["width"] == 16
    assert kept["views"]["pitch"] == [-20.0, 50.0]
    assert kept["stages"][0] == {"frames": 5, "windows": 4, "steps": 12, "also": []}


def test_held_out_windows_are_the_same_at_every_call(corpora: tuple[Corpus, Corpus], tmp_path: Path) -> None:
    one = trainer(corpora, tmp_path)
    sampler = WindowSampler(corpora[1], (30.0, 30.0))
    torch.rand(5)
    first = validation_error(one.average, sampler, 5, SMALL, exact=False, windows=8)
    torch.rand(5)
    assert validation_error(one.average, sampler, 5, SMALL, exact=False, windows=8) == first
    assert validation_error(one.average, sampler, 5, SMALL, exact=True, windows=8) != first


def test_the_rate_rises_stays_and_falls_to_nothing() -> None:
    config = replace(SMALL, stages=(Stage(9, 1, 100),), warm_up_steps=10, decay_share=0.3)
    rates = [config.rate_factor_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[10:70] == [1.0] * 60
    assert np.all(np.diff(rates[70:]) < 0)
    assert 0 < rates[-1] < 0.05


def test_every_step_belongs_to_its_stage() -> None:
    assert [SMALL.stage_at(step).frames for step in (0, 11, 12, 19, 99)] == [5, 5, 7, 7, 7]
    assert SMALL.steps() == 20


def test_window_lengths_take_turns_with_as_many_frames_each() -> None:
    stage = Stage(27, 6, 100, also=(81, 243))
    assert [stage.turn(draw) for draw in range(4)] == [(27, 6), (81, 2), (243, 1), (27, 6)]


def test_a_run_learns_with_either_optimizer_and_refuses_an_unknown_one(
    corpora: tuple[Corpus, Corpus], tmp_path: Path
) -> None:
    for name, count in (("adamw", 1), ("muon", 2)):
        one = Trainer(replace(SMALL, optimizer=name), *corpora, tmp_path / name)
        assert len(one.optimizers) == count
        before = {key: value.clone() for key, value in one.model.state_dict().items()}
        run(one, stop_at=3)
        still = [key for key, value in one.model.state_dict().items() if torch.equal(value, before[key])]
        # The part embedding of a step without it, and of the temporal half, may not move yet.
        assert all("emb" in key and "pose_emb" not in key for key in still)
    with pytest.raises(LifterError, match="There is no optimizer 'sgd'; choose muon or adamw"):
        Trainer(replace(SMALL, optimizer="sgd"), *corpora, tmp_path / "other")


def test_a_run_begins_with_other_weights_of_its_own_shape(
    corpora: tuple[Corpus, Corpus], tmp_path: Path
) -> None:
    network = STCFormer(16, SMALL.depth, SMALL.input_channels)
    one = Trainer(SMALL, *corpora, tmp_path, start_from=network)
    for model in (one.model, one.average):
        assert all(torch.equal(value, network.state_dict()[key]) for key, value in model.state_dict().items())
    with pytest.raises(LifterError, match=r"width, depth and input channels \(32, 1, 4\)"):
        Trainer(SMALL, *corpora, tmp_path / "other", start_from=STCFormer(32, 1, 4))


def test_the_loss_sees_bones_that_change_their_length() -> None:
    truth = torch.zeros(1, 2, 17, 3)
    truth[:, :, JOINTS.index("rwrist"), 0] = 0.25
    breathing = truth.clone()
    breathing[:, 1, JOINTS.index("rwrist"), 0] = 0.35
    extra = pose_loss(breathing, truth, 0.0, 1.0) - pose_loss(breathing, truth, 0.0)
    assert float(extra) == pytest.approx(0.05 / 13)  # of the 13 bones one is 0.05 m off its mean


def test_the_loss_is_distance_and_movement_in_metres() -> None:
    truth = torch.zeros(2, 4, 17, 3)
    assert float(pose_loss(truth + torch.tensor([0.3, 0.0, 0.4]), truth, 1.0)) == pytest.approx(0.5)
    shaking = truth.clone()
    shaking[:, ::2, :, 1] = 0.1
    assert float(pose_loss(shaking, truth, 1.0)) == pytest.approx(0.05 + 0.1)
    assert float(pose_loss(shaking, truth, 0.0)) == pytest.approx(0.05)
    assert float(pose_loss(shaking[:, :1], truth[:, :1], 1.0)) == pytest.approx(0.1)
