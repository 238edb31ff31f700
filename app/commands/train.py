"""`stcstudio train`: motion capture to weights, their loss curves and their card."""

import hashlib
import json
import os
import platform
import shlex
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.errors import StudioError
from app.training_report import TrainedOn, card_text, read_log, stage_text, write_curves
from stcformer.atomic import atomic_path

if TYPE_CHECKING:
    from stcformer.corpus import Corpus
    from stcformer.training import Stage, Trainer, TrainingConfig, TrainingReport
    from stcformer.weights import Weights


@dataclass(frozen=True)
class TrainingOptions:
    """What the command line says of a run; see its help."""

    stages: str
    width: int | None
    hold_out: str
    start_from: str
    rate_factor: float
    velocity_weight: float
    bone_weight: float
    precision: str
    seen_people: str
    keep_start: float
    seed: int
    device: str


def run_training(mocap: Path, output: Path, options: TrainingOptions, report_every: int) -> None:
    """Train (or go on training) in the folder `output`.

    With every report it gets `state.pt`, a row of `log.csv` and `curves.png`; in the end `weights.safetensors` and
    `card.md`. `run.json` says who was held out and what it started from; another choice in the same folder is refused.
    """
    from stcformer.corpus import read_corpus  # noqa: PLC0415
    from stcformer.device import choose_device, describe_device  # noqa: PLC0415
    from stcformer.training import Trainer  # noqa: PLC0415
    from stcformer.weights import Feeding, load_weights, mix_in, save_weights  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)
    if options.keep_start and not options.start_from:
        raise StudioError("--keep-start is a share of the weights to start from; name them with --from.")
    device = choose_device(options.device)
    start = load_weights(options.start_from) if options.start_from else None
    config = _configuration(options, start, device)
    skipped: list[str] = []

    def skip(reason: str) -> None:
        skipped.append(reason.replace(f"{mocap}{os.sep}", ""))  # a card is for other people's machines
        console.print(f"Skipped: {reason}", markup=False)

    corpus = read_corpus(mocap, skip, output / "corpus.npz")
    held_out = chosen_subjects(corpus, options.hold_out, mocap)
    start_text = f"{start.name} (SHA-256 {start.sha256})" if start else ""
    seen = Path(options.seen_people) if options.seen_people else None
    digest = hashlib.sha256(seen.read_bytes()).hexdigest() if seen is not None and seen.is_file() else ""
    choices = {"held_out": list(held_out), "start_from": start_text, "seen_people": digest}
    kept = _kept_choices(output, choices, skipped)
    training, validation = corpus.of_subjects(held_out, without=True), corpus.of_subjects(held_out)
    data = TrainedOn(
        len(training.names),
        training.minutes(),
        tuple(sorted(set(training.subjects))),
        held_out,
        len(validation.names),
        validation.minutes(),
        tuple(kept["skipped"]),
        start_text
        + (f"; {options.keep_start:.0%} of them kept, the log is of before" if options.keep_start else ""),
    )
    console.print(
        f"{data.clips + data.held_out_clips} clips, {corpus.minutes():.0f} minutes; "
        f"{data.held_out_minutes:.0f} held out: {', '.join(held_out)}",
        markup=False,
    )
    network = start.model if start else None
    trainer = Trainer(config, training, validation, output, device, network, seen)
    with atomic_path(output / "run.json") as path:
        path.write_text(json.dumps(kept, indent=1) + "\n")
    _train(trainer, output, report_every, console)

    if start is not None and options.keep_start:
        mix_in(trainer.average, start.model, options.keep_start)
    weights = output / "weights.safetensors"
    feeding = Feeding(config.view, config.frame_rate, config.rate_range, config.stages[-1].frames)
    save_weights(
        weights,
        trainer.average,
        feeding,
        f"trained with `stcstudio train` on '{mocap.resolve().name}', seed {config.seed}",
    )
    log = read_log(output / "log.csv")
    write_curves(log, config, output.resolve().name, output / "curves.png")
    software = f"PyTorch {version('torch')}, Python {platform.python_version()}"
    machine = f"{describe_device(device)}, {config.precision}, {software}"
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    parameters = sum(parameter.numel() for parameter in trainer.average.parameters())
    commands = _commands(mocap, output, options, config, held_out, report_every)
    with atomic_path(output / "card.md") as path:
        path.write_text(
            card_text(
                output.resolve().name, weights, digest, parameters, config, data, log, commands, machine
            ),
            encoding="utf-8",
        )
    for name in ("weights.safetensors", "card.md", "curves.png"):
        console.print(f"Written: {output / name}", markup=False)


def _train(trainer: "Trainer", output: Path, report_every: int, console: Console) -> None:
    """All steps that are left, with a progress bar, a line and a new picture at each report."""

    def report(line: "TrainingReport") -> None:
        console.print(
            f"step {line.step}/{line.steps}: loss {line.loss:.4f}, {line.windows_per_second:.0f} windows/s, "
            f"held out: exact 2D P1 {line.exact_p1_mm:.1f} mm, "
            f"detected 2D P1 {line.detected_p1_mm:.1f} P2 {line.detected_p2_mm:.1f} mm"
        )
        write_curves(
            read_log(output / "log.csv"), trainer.config, output.resolve().name, output / "curves.png"
        )

    columns = (TextColumn("Training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=trainer.config.steps(), completed=trainer.step)
        for step, _ in trainer.run(report, report_every):
            bar.update(task, completed=step)


def chosen_subjects(corpus: "Corpus", hold_out: str, mocap: Path) -> tuple[str, ...]:
    """The subjects kept for validation: those named, with commas between, else drawn by their names."""
    from stcformer.corpus import held_out_subjects  # noqa: PLC0415

    named = tuple(sorted({name.strip() for name in hold_out.split(",") if name.strip()}))
    if unknown := set(named) - set(corpus.subjects):
        raise StudioError(
            f"There is no subject '{sorted(unknown)[0]}' in '{mocap}'; "
            f"there are {', '.join(sorted(set(corpus.subjects)))}."
        )
    return named or held_out_subjects(corpus)


def _configuration(options: TrainingOptions, start: "Weights | None", device: Any) -> "TrainingConfig":
    """The options as a configuration; what they leave open is that of the weights to start from, else the default."""
    from stcformer.device import choose_precision  # noqa: PLC0415
    from stcformer.training import TrainingConfig  # noqa: PLC0415

    if options.precision not in ("auto", "float32", "bfloat16"):
        raise StudioError(f"There is no precision '{options.precision}'; choose auto, float32 or bfloat16.")
    precision = options.precision
    if precision == "auto":
        precision = str(choose_precision(device)).removeprefix("torch.")
    network: dict[str, Any] = {} if options.width is None else {"width": options.width}
    if start is not None:
        model, feeding = start.model, start.feeding
        if model.variant != "h36m":
            raise StudioError(
                f"'{options.start_from}' has another network's body parts; start from other weights."
            )
        if options.width not in (None, model.width):
            raise StudioError(
                f"'{options.start_from}' has width {model.width}; leave out --width {options.width}, or --from."
            )
        network = {
            "width": model.width,
            "depth": model.depth,
            "input_channels": model.input_channels,
            "view": feeding.view,
            "frame_rate": feeding.frame_rate,
            "rate_range": feeding.rate_range,
        }
    usual = TrainingConfig(_stages(options.stages))
    return TrainingConfig(
        usual.stages,
        precision=precision,
        # Muon's own products are in bfloat16, which is a hundred times slower where no unit multiplies it.
        optimizer="muon" if precision == "bfloat16" else "adamw",
        learning_rate=usual.learning_rate * options.rate_factor,
        matrix_learning_rate=usual.matrix_learning_rate * options.rate_factor,
        velocity_weight=options.velocity_weight,
        bone_weight=options.bone_weight,
        seed=options.seed,
        **network,
    )


def _stages(text: str) -> "tuple[Stage, ...]":
    from stcformer.training import Stage  # noqa: PLC0415

    try:
        stages = []
        for stage in text.split(","):
            lengths, windows, steps = stage.split("x")
            frames, *also = (int(length) for length in lengths.split("+"))
            stages.append(Stage(frames, int(windows), int(steps), tuple(also)))
        if min(min(stage.frames, stage.windows, stage.steps, *stage.also) for stage in stages) < 1:
            raise ValueError("none may be less than 1")
    except ValueError as error:
        raise StudioError(
            f"'{text}' is no ladder of stages; write FRAMESxWINDOWSxSTEPS, such as 9x20x9000,27x7x4000 "
            "or, for turns of several lengths, 27+9x7x4000."
        ) from error
    return tuple(stages)


def _kept_choices(output: Path, choices: dict[str, Any], skipped: list[str]) -> dict[str, Any]:
    """The run's choices with what was skipped when its files were read; raises StudioError when it had others."""
    file = output / "run.json"
    if not (file.exists() and (output / "state.pt").exists()):
        return {**choices, "skipped": skipped}
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        kept.setdefault("seen_people", "")  # a run of before there was a choice
        before = {name: kept[name] for name in choices}
        skipped = skipped or [str(reason) for reason in kept["skipped"]]  # a cached corpus tells nothing anew
    except (ValueError, KeyError, TypeError) as error:
        raise StudioError(f"'{file}' cannot be read; name another folder, or delete it.") from error
    if before["held_out"] != choices["held_out"]:
        raise StudioError(
            f"'{output}' holds a training run that held out {', '.join(map(str, before['held_out']))}, not "
            f"{', '.join(choices['held_out'])}; use the same --hold-out, or name another folder."
        )
    if before["start_from"] != choices["start_from"]:
        raise StudioError(
            f"'{output}' holds a training run that started from {before['start_from'] or 'nothing'}, not from "
            f"{choices['start_from'] or 'nothing'}; use the same --from, or name another folder."
        )
    if before["seen_people"] != choices["seen_people"]:
        raise StudioError(
            f"'{output}' holds a training run that learnt from other people seen by a detector; "
            "use the same --seen file, or name another folder."
        )
    return {**choices, "skipped": skipped}


def _commands(
    mocap: Path,
    output: Path,
    options: TrainingOptions,
    config: "TrainingConfig",
    held_out: tuple[str, ...],
    report_every: int,
) -> tuple[str, str]:
    """The command lines that train these weights again and that measure them."""
    stages = ",".join(stage_text(asdict(stage)) for stage in config.stages)
    mocap_name, output_name = mocap.resolve().name, output.resolve().name
    start = (
        ["--from", Path(options.start_from).name] if options.start_from else ["--width", str(config.width)]
    )
    seen = ["--seen", Path(options.seen_people).name] if options.seen_people else []
    train = [
        *("stcstudio", "train", mocap_name, "-o", output_name, "--stages", stages, *start),
        *("--hold-out", ",".join(held_out), "--rate-factor", f"{options.rate_factor:g}"),
        *("--velocity-weight", f"{config.velocity_weight:g}", "--bone-weight", f"{config.bone_weight:g}"),
        *("--precision", config.precision, "--report-every", str(report_every), "--seed", str(config.seed)),
        *seen,
        *(["--keep-start", f"{options.keep_start:g}"] if options.keep_start else []),
    ]
    measure = [
        *("stcstudio", "eval", mocap_name, "--lifter", f"{output_name}/weights.safetensors"),
        *("--hold-out", ",".join(held_out), "--markdown"),
    ]
    return shlex.join(train), shlex.join(measure)
