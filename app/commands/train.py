"""`stcstudio train`: motion capture to weights and their card."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.errors import StudioError

if TYPE_CHECKING:
    from stcformer.corpus import Corpus
    from stcformer.training import Stage


def run_training(
    mocap: Path, output: Path, stages: str, width: int, hold_out: str, seed: int, device: str
) -> None:
    """Train (or go on training) in `output`; ends with `weights.safetensors` and `log.csv` there."""
    from stcformer.corpus import read_corpus  # noqa: PLC0415
    from stcformer.device import choose_device  # noqa: PLC0415
    from stcformer.training import Trainer, TrainingConfig, TrainingReport  # noqa: PLC0415
    from stcformer.weights import Feeding, save_weights  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)
    corpus = read_corpus(mocap, lambda reason: console.print(f"Skipped: {reason}"), output / "corpus.npz")
    held_out = chosen_subjects(corpus, hold_out, mocap)
    config = TrainingConfig(stages=_stages(stages), width=width, seed=seed)
    training, validation = corpus.of_subjects(held_out, without=True), corpus.of_subjects(held_out)
    console.print(
        f"{len(corpus.names)} clips, {corpus.minutes():.0f} minutes; "
        f"{validation.minutes():.0f} held out: {', '.join(held_out)}"
    )
    trainer = Trainer(config, training, validation, output, choose_device(device))

    def report(line: TrainingReport) -> None:
        console.print(
            f"step {line.step}/{line.steps}: loss {line.loss:.4f}, {line.windows_per_second:.0f} windows/s, "
            f"held out: exact 2D P1 {line.exact_p1_mm:.1f} mm, "
            f"detected 2D P1 {line.detected_p1_mm:.1f} P2 {line.detected_p2_mm:.1f} mm"
        )

    columns = (TextColumn("Training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=config.steps(), completed=trainer.step)
        for step, _ in trainer.run(report):
            bar.update(task, completed=step)
    feeding = Feeding(config.view, config.frame_rate, config.rate_range, config.stages[-1].frames)
    path = output / "weights.safetensors"
    save_weights(
        path, trainer.average, feeding, f"trained with `stcstudio train` on '{mocap.name}', seed {seed}"
    )
    console.print(f"Written: {path}")


def chosen_subjects(corpus: "Corpus", hold_out: str, mocap: Path) -> tuple[str, ...]:
    """The subjects kept for validation: those named, with commas between, else drawn by their names."""
    from stcformer.corpus import held_out_subjects  # noqa: PLC0415

    named = tuple(name.strip() for name in hold_out.split(",") if name.strip())
    if unknown := set(named) - set(corpus.subjects):
        raise StudioError(
            f"There is no subject '{sorted(unknown)[0]}' in '{mocap}'; "
            f"there are {', '.join(sorted(set(corpus.subjects)))}."
        )
    return named or held_out_subjects(corpus)


def _stages(text: str) -> "tuple[Stage, ...]":
    from stcformer.training import Stage  # noqa: PLC0415

    def stage(part: str) -> Stage:
        lengths, windows, steps = part.split("x")
        frames, *also = (int(length) for length in lengths.split("/"))
        return Stage(frames, int(windows), int(steps), tuple(also))

    try:
        return tuple(stage(part) for part in text.split(","))
    except (ValueError, TypeError) as error:
        raise StudioError(
            f"'{text}' is no ladder of stages; write FRAMESxWINDOWSxSTEPS, such as 9x20x9000,27x7x4000."
        ) from error
