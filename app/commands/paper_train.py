"""`stcstudio paper train`: a run of the paper's recipe, from the data set's files to weights and their card."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.commands.paper_data import open_dataset
from app.errors import StudioError

if TYPE_CHECKING:
    from stcformer.paper.recipe import Recipe
    from stcformer.paper.trainer import EpochReport, PaperTrainer


@dataclass(frozen=True)
class PaperTrainingOptions:
    """The choices of the command line; None leaves the preset's."""

    recipe: str
    ablation: str
    keypoints: str
    epochs: int | None
    batch: int | None
    stride: int | None
    step: int | None
    mirror: bool
    learning_rate: float | None
    precision: str
    seed: int
    device: str


def run_paper_training(data: Path, output: Path, options: PaperTrainingOptions, cache: Path | None) -> None:
    """Train until the last epoch, from where the run in `output` stands. Raises StudioError and LifterError."""
    from stcformer.device import choose_device, describe_device  # noqa: PLC0415
    from stcformer.paper.trainer import (  # noqa: PLC0415
        PaperTrainer,
        join_processes,
        leave_processes,
        wait_for_all,
    )

    recipe = chosen_recipe(options)
    place = join_processes(choose_device(options.device))
    console = Console(quiet=not place.is_first(), highlight=False, soft_wrap=True)
    if not place.is_first():
        wait_for_all(place)  # the first one makes the plain copies, which the others then map
    dataset = open_dataset(recipe.dataset, data, options.keypoints, cache)
    if place.is_first():
        wait_for_all(place)
    console.print(
        f"{dataset.description}; on {describe_device(place.device)}, {recipe.precision}", markup=False
    )
    for name, clips in (("Training", dataset.training), ("Test", dataset.test)):
        subjects = ", ".join(dict.fromkeys(clips.subjects))
        console.print(
            f"{name}: {clips.clip_count()} clips, {clips.frame_count()} frames, {subjects}", markup=False
        )
    trainer = PaperTrainer(recipe, dataset, output, place)
    _train(trainer, console)
    if place.is_first():
        for path in _write(trainer, output, options):
            console.print(f"Written: {path}", markup=False)
    wait_for_all(place)
    leave_processes(place)


def chosen_recipe(options: PaperTrainingOptions) -> "Recipe":
    """The preset with the ablation's and the command line's changes. Raises StudioError and LifterError."""
    from stcformer.paper.recipe import find_recipe  # noqa: PLC0415

    if options.precision not in ("float32", "bfloat16"):
        raise StudioError(f"There is no precision '{options.precision}'; choose float32 or bfloat16.")
    changes: dict[str, Any] = {
        name: value
        for name in ("epochs", "batch", "stride", "step", "learning_rate")
        if (value := getattr(options, name)) is not None
    }
    recipe = find_recipe(options.recipe, options.ablation)
    return replace(recipe, mirror=options.mirror, precision=options.precision, seed=options.seed, **changes)


def _train(trainer: "PaperTrainer", console: Console) -> None:
    def report(line: "EpochReport") -> None:
        console.print(
            f"epoch {line.epoch}/{line.epochs}: rate {line.learning_rate:.6f}, loss {line.loss:.4g}, "
            f"test P1 {line.test_p1_mm:.2f} mm (part of the frames), {line.windows_per_second:.0f} windows/s"
        )

    columns = (TextColumn("Training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        steps = trainer.steps_an_epoch()
        done = trainer.epoch * steps + trainer.step
        task = bar.add_task("", total=trainer.recipe.epochs * steps, completed=done)
        for _ in trainer.run(report):
            bar.advance(task)


def _write(trainer: "PaperTrainer", output: Path, options: PaperTrainingOptions) -> list[Path]:
    """The weights, the refinement's beside them, and what made them."""
    from stcformer.atomic import atomic_path  # noqa: PLC0415
    from stcformer.paper.evaluation import REFINEMENT_FILE, feeding_of, save_refinement  # noqa: PLC0415
    from stcformer.weights import save_weights  # noqa: PLC0415

    recipe = trainer.recipe
    weights = output / "weights.safetensors"
    origin = (
        f"trained with `stcstudio paper train {options.recipe} --ablation {options.ablation}` on "
        f"{trainer.dataset.description}, whose licence allows research only"
    )
    save_weights(weights, trainer.model, feeding_of(recipe), origin, half=False)
    written = [weights]
    if trainer.refinement is not None:
        path = output / REFINEMENT_FILE
        save_refinement(trainer.refinement, path)
        written.append(path)
    with atomic_path(output / "run.json") as path:
        described = {"recipe": asdict(recipe), "data": trainer.dataset.description}
        path.write_text(json.dumps(described, indent=1) + "\n")
    return [*written, output / "run.json"]
