"""The paper's training on a small made-up data set."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stcformer.errors import LifterError
from stcformer.paper.evaluation import feeding_of, usual_feed
from stcformer.paper.prediction import predict_centres
from stcformer.paper.recipe import ABLATIONS, RECIPES, Recipe, find_recipe
from stcformer.paper.refinement import pose_on_rays
from stcformer.paper.trainer import EpochReport, PaperTrainer, Place
from stcformer.paper.windows import window_centres
from stcformer.weights import load_weights, save_weights
from tests.made_clips import made_clips, made_dataset

HERE = Place(0, 1, torch.device("cpu"))
SMALL = Recipe(frames=5, step=1, width=32, depth=2, batch=16, epochs=3)
ROOT = Path(__file__).parents[2]


def _train(recipe: Recipe, folder: Path, *, save_every: int = 1000) -> tuple[PaperTrainer, list[EpochReport]]:
    reports: list[EpochReport] = []
    trainer = PaperTrainer(recipe, made_dataset(), folder, HERE, save_every=save_every)
    for _ in trainer.run(reports.append):
        pass
    return trainer, reports


def _values(trainer: PaperTrainer) -> torch.Tensor:
    return torch.cat([value.flatten() for value in trainer.model.state_dict().values()])


def test_the_error_falls_and_the_log_says_so(tmp_path: Path) -> None:
    _, reports = _train(replace(SMALL, epochs=6), tmp_path)
    assert reports[-1].loss < 0.5 * reports[0].loss
    assert reports[-1].test_p1_mm < 0.7 * reports[0].test_p1_mm
    assert [line.learning_rate for line in reports[:2]] == pytest.approx([1e-3, 0.96e-3])
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 7


def test_a_run_that_was_stopped_within_an_epoch_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole, _ = _train(SMALL, tmp_path / "whole")
    stopped = PaperTrainer(SMALL, made_dataset(), tmp_path / "stopped", HERE, save_every=4)
    for count, _ in enumerate(stopped.run(lambda line: None), start=1):
        if count == 22:  # saved at step 20, in the second epoch
            break
    resumed, _ = _train(SMALL, tmp_path / "stopped", save_every=4)
    torch.testing.assert_close(_values(resumed), _values(whole), rtol=0, atol=0)


def test_every_window_is_seen_plain_and_mirrored(tmp_path: Path) -> None:
    trainer = PaperTrainer(SMALL, made_dataset(), tmp_path, HERE)
    assert trainer.steps_an_epoch() == -(-2 * 105 // 16)
    plain = PaperTrainer(replace(SMALL, mirror=False), made_dataset(), tmp_path / "plain", HERE)
    assert plain.steps_an_epoch() == -(-105 // 16)


def test_the_refinement_is_trained_with_the_lifter(tmp_path: Path) -> None:
    trainer = PaperTrainer(replace(SMALL, refine=True, epochs=1), made_dataset(), tmp_path, HERE)
    assert trainer.refinement is not None
    before = trainer.refinement.post_refine[0].weight.clone()
    for _ in trainer.run(lambda line: None):
        pass
    assert not torch.equal(before, trainer.refinement.post_refine[0].weight)


def test_joints_on_the_rays_of_exact_keypoints_are_the_true_ones() -> None:
    clips = made_clips((7,))
    assert clips.root is not None
    assert clips.intrinsics is not None
    truth = torch.from_numpy(clips.pose)
    guess = truth.clone()
    guess[..., :2] += 0.3  # only the depths are read
    intrinsics = torch.from_numpy(clips.intrinsics).expand(7, 4)
    on_rays = pose_on_rays(torch.from_numpy(clips.keypoints), guess, torch.from_numpy(clips.root), intrinsics)
    torch.testing.assert_close(on_rays, truth, rtol=0, atol=1e-5)


def test_predictions_are_of_the_middle_frames_averaged_with_the_mirror(tmp_path: Path) -> None:
    dataset = made_dataset()
    model = SMALL.make_model().eval()
    centres = window_centres(dataset.test)
    poses = predict_centres(model, dataset.test, centres, 5, 1, dataset.joints)
    window = torch.from_numpy(dataset.test.keypoints[[8, 9, 10, 11, 12]])[None]
    order = dataset.joints.mirror()
    with torch.no_grad():
        plain = model(window)[0, 2]
        turned = model(window[..., order, :] * torch.tensor([-1.0, 1.0]))[0, 2][order] * torch.tensor(
            [-1.0, 1, 1]
        )
    expected = ((plain + turned) / 2).numpy()
    expected[0] = 0
    np.testing.assert_allclose(poses[10], expected, atol=1e-6)


def test_another_recipe_or_data_set_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    _train(replace(SMALL, epochs=1), tmp_path)
    with pytest.raises(LifterError, match="another step"):
        PaperTrainer(replace(SMALL, step=2), made_dataset(), tmp_path, HERE)
    with pytest.raises(LifterError, match="another data set"):
        PaperTrainer(SMALL, replace(made_dataset(), description="other"), tmp_path, HERE)
    with pytest.raises(LifterError, match="mpi_inf_3dhp"):
        PaperTrainer(replace(SMALL, dataset="mpi_inf_3dhp"), made_dataset(), tmp_path, HERE)


def test_a_loss_that_is_not_a_number_stops_the_run_and_names_the_step(tmp_path: Path) -> None:
    dataset = made_dataset()
    dataset.training.pose[50] = np.nan
    trainer = PaperTrainer(SMALL, dataset, tmp_path, HERE)
    with pytest.raises(LifterError, match="epoch 1, step"):
        for _ in trainer.run(lambda line: None):
            pass


def test_two_processes_end_with_the_same_weights_and_a_lower_loss(tmp_path: Path) -> None:
    script = tmp_path / "two.py"
    script.write_text(
        "import json, sys, torch\n"
        "from pathlib import Path\n"
        "from stcformer.paper.trainer import PaperTrainer, join_processes\n"
        "from tests.unit.test_paper_training import SMALL\n"
        "from tests.made_clips import made_dataset\n"
        "torch.set_num_threads(1)\n"
        "place = join_processes(torch.device('cpu'))\n"
        "trainer = PaperTrainer(SMALL, made_dataset(), Path(sys.argv[1]), place)\n"
        "lines = []\n"
        "for _ in trainer.run(lambda line: lines.append(line.loss)):\n"
        "    pass\n"
        "total = sum(float(value.double().sum()) for value in trainer.model.state_dict().values())\n"
        "Path(sys.argv[1], f'{place.rank}.json').write_text(json.dumps([total, lines]))\n"
        "torch.distributed.destroy_process_group()\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*command, str(script), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first[0] == second[0]
    assert first[1][-1] < first[1][0]
    assert second[1] == []  # only the first process speaks


def test_the_presets_are_the_papers_models() -> None:
    assert {recipe.frames for name, recipe in RECIPES.items() if name.startswith("h36m")} == {9, 27, 81, 243}
    assert RECIPES["h36m-243-large"].width == 512
    assert RECIPES["3dhp-81"].make_model().variant == "3dhp"
    assert all(recipe.learning_rate == 1e-3 and recipe.decay == 0.96 for recipe in RECIPES.values())


@pytest.mark.parametrize("ablation", [name for name in ABLATIONS if name not in ("width-512", "depth-8")])
def test_every_ablation_makes_a_network(ablation: str) -> None:
    find_recipe("h36m-9", ablation).make_model()


def test_several_ablations_change_what_each_says() -> None:
    together = find_recipe("h36m-27", "depth-4, width-128,no-position")
    assert together == replace(RECIPES["h36m-27"], depth=4, width=128, position="none")


@pytest.mark.parametrize(
    ("ablations", "changed_twice"),
    [("depth-4,depth-8", "depth"), ("no-position,time-only", "position"), ("width-64,width-64", "width")],
)
def test_two_ablations_that_change_the_same_are_refused(ablations: str, changed_twice: str) -> None:
    first, second = ablations.split(",")
    with pytest.raises(LifterError, match=f"'{first}' and '{second}' both change the {changed_twice}"):
        find_recipe("h36m-27", ablations)


def test_what_a_run_learnt_is_what_its_evaluation_feeds(tmp_path: Path) -> None:
    for dataset, variant, step in (
        ("human36m", "h36m", 3),
        ("mpi_inf_3dhp", "3dhp", 1),
        ("mpi_inf_3dhp", "3dhp", 2),
    ):
        recipe = replace(SMALL, dataset=dataset, variant=variant, step=step)
        save_weights(tmp_path / "w.safetensors", recipe.make_model(), feeding_of(recipe), "made in a test")
        feed = usual_feed(load_weights(tmp_path / "w.safetensors"))
        assert (feed.frames, feed.step) == (5, step)


def test_an_unknown_recipe_or_ablation_is_said_with_the_known_ones() -> None:
    with pytest.raises(LifterError, match="h36m-27"):
        find_recipe("h36m-13")
    with pytest.raises(LifterError, match="space-only"):
        find_recipe("h36m-27", "upside-down")
