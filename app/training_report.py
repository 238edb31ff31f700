"""What a training run leaves beside its weights: its log as numbers, its loss curves as a picture, its card."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from stcformer.atomic import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from stcformer.training import TrainingConfig

_LOG_ROWS = 15
_MM_CURVES = (
    ("exact_p1_mm", "exact 2D, P1", "tab:blue"),
    ("detected_p1_mm", "detected 2D, P1", "tab:red"),
    ("detected_p2_mm", "detected 2D, P2", "tab:orange"),
)


@dataclass(frozen=True)
class TrainedOn:
    """What a run learnt from and was measured on, for its card."""

    clips: int
    minutes: float
    subjects: tuple[str, ...]
    held_out: tuple[str, ...]
    held_out_clips: int
    held_out_minutes: float
    skipped: tuple[str, ...]
    """Why files were passed over, a sentence each."""
    start_from: str
    """Weights that it started from, with their SHA-256; empty when from nothing."""


def read_log(path: Path) -> dict[str, np.ndarray]:
    """The columns of a run's `log.csv`, a row a report.

    A line that a kill cut short, and lines of steps that came again, do not count: the last of a step does.
    """
    rows: dict[float, list[float]] = {}
    with path.open(newline="") as file:
        lines = csv.reader(file)
        names = next(lines, [])
        for line in lines:
            try:
                values = [float(cell) for cell in line]
            except ValueError:
                continue
            if len(values) == len(names):
                rows[values[0]] = values
    table = np.array([rows[step] for step in sorted(rows)]).reshape(-1, len(names))
    return {name: table[:, column] for column, name in enumerate(names)}


def write_curves(log: Mapping[str, np.ndarray], config: "TrainingConfig", title: str, path: Path) -> None:
    """The loss and the held-out errors over the steps as a PNG picture, both on logarithmic scales. Atomic."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(9, 7), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True)
    above.plot(log["step"], log["loss"], color="black", marker=".", label="training loss")
    for column, label, colour in _MM_CURVES:
        below.plot(log["step"], log[column], color=colour, marker=".", label=label)
    above.set_ylabel("training loss (m)")
    below.set_ylabel("held-out error (mm)")
    below.set_xlabel("step")
    above.set_title(title)
    for axes in (above, below):
        _dress(axes, config)
    with atomic_path(path) as temporary:
        figure.savefig(temporary)


def _dress(axes: "Axes", config: "TrainingConfig") -> None:
    """A logarithmic scale with plain numbers, a grid, and a line where each stage of the ladder begins."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter  # noqa: PLC0415

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, which="major", color="0.88")
    axes.legend(loc="upper right")
    begins = accumulate((stage.steps for stage in config.stages[:-1]), initial=0)
    for begin, stage in zip(begins, config.stages, strict=True):
        if begin:
            axes.axvline(begin, color="0.6", linestyle=":")
        lengths = "+".join(str(frames) for frames in (stage.frames, *stage.also))
        axes.annotate(
            f"T = {lengths}",
            (begin, 0.02),
            xycoords=("data", "axes fraction"),
            xytext=(4, 0),
            textcoords="offset points",
            color="0.4",
        )
    axes.set_xlim(0, config.steps())


def card_text(
    name: str,
    weights: Path,
    sha256: str,
    parameters: int,
    config: "TrainingConfig",
    data: TrainedOn,
    log: Mapping[str, np.ndarray],
    commands: tuple[str, str],
    machine: str,
) -> str:
    """The card of trained weights, as Markdown: data, recipe, log, and how to get the figures.

    `commands` are those that train and measure; `machine` says on what it was trained.
    """
    train, measure = commands
    low, high = config.rate_range
    size = f"{parameters / 1e6:.2f} M parameters"
    sections = [
        f"# {name}",
        _table(
            ("", ""),
            [
                ("network", f"STCFormer, width {config.width}, depth {config.depth}, {size}"),
                ("input", _inputs(config)),
                ("file", f"`{weights.name}`: float16, {weights.stat().st_size / 1e6:.1f} MB"),
                ("SHA-256", f"`{sha256}`"),
                ("window", f"{config.stages[-1].frames} frames at {low:g} to {high:g} a second"),
                ("started from", data.start_from or "nothing"),
                ("trained on", machine),
            ],
        ),
        "## Data",
        f"Trained on {_footage(data.clips, data.minutes, data.subjects)}",
        f"Held out, never trained on: {_footage(data.held_out_clips, data.held_out_minutes, data.held_out)}",
        *(["Files that could not be used:", "\n".join(f"- {reason}" for reason in data.skipped)] if data.skipped else []),
        "## Recipe",
        f"```\n{train}\n```",
        _table(("option", "value"), [(f"`{option}`", value) for option, value in _options(asdict(config))]),
        "## Log",
        "![Loss and held-out errors over the steps](curves.png)",
        _log_table(log),
        "(On 256 windows of held-out subjects, at most 27 frames each: a glance while it trains.)",
        "## Figures",
        f"To be measured, and put here, with\n\n```\n{measure}\n```",
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def _footage(clips: int, minutes: float, subjects: tuple[str, ...]) -> str:
    amounts = (
        f"{number} {word}{'s' * (number != 1)}"
        for number, word in ((clips, "clip"), (len(subjects), "subject"))
    )
    return f"{next(amounts)}, {minutes:.1f} minutes, of {next(amounts)}: {', '.join(subjects)}."


def _inputs(config: "TrainingConfig") -> str:
    channels = ("x", "y", "score", "angular size of the body")[: config.input_channels]
    return f"{', '.join(channels)} of 17 joints, in the `{config.view}` form"


def _options(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Every option by its name; those of a part as `part.option`."""
    found = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            found += _options(value, f"{prefix}{name}.")
        elif name == "stages":
            found.append((name, ", ".join(stage_text(stage) for stage in value)))
        elif isinstance(value, (tuple, list)):
            found.append((prefix + name, " to ".join(f"{part:g}" for part in value)))
        else:
            found.append((prefix + name, f"{value:g}" if isinstance(value, float) else str(value)))
    return found


def stage_text(stage: Mapping[str, Any]) -> str:
    """A stage as the command line takes it."""
    return f"{'+'.join(map(str, (stage['frames'], *stage['also'])))}x{stage['windows']}x{stage['steps']}"


def _log_table(log: Mapping[str, np.ndarray]) -> str:
    """Rows spread over the run, its last one included."""
    rows = len(log["step"])
    chosen = np.unique(np.linspace(0, rows - 1, min(rows, _LOG_ROWS)).round().astype(int))
    return _table(
        ("step", "frames seen", "loss", "exact 2D, P1 mm", "detected 2D, P1 mm", "P2 mm"),
        [
            (
                f"{log['step'][row]:,.0f}",
                f"{log['frames'][row]:,.0f}",
                f"{log['loss'][row]:.4f}",
                *(f"{log[column][row]:.1f}" for column, _, _ in _MM_CURVES),
            )
            for row in chosen
        ],
    )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
