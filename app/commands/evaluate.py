"""`stcstudio eval`: a lifter's errors on motion capture that it has not seen."""

import json
import math
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from stcformer.atomic import atomic_path

if TYPE_CHECKING:
    from stcformer.corpus import Corpus
    from stcformer.evaluation import EvaluationRow
    from stcformer.figures import Figure, Figures

_WIDTH = 144
"""Columns that the table takes, however narrow the terminal."""
HEADINGS = (
    "seen as",
    "motion s",
    *(
        f"{keypoints}, {name}"
        for keypoints in ("exact", "detected")
        for name in ("P1 mm", "P2 mm", "m/s2", "ratio")
    ),
)


def run_evaluation(
    mocap: Path,
    lifter_name: str,
    hold_out: str,
    device: str,
    segments: int,
    seed: int,
    json_file: Path | None,
    markdown: bool,
    brief: bool,
) -> None:
    """Print the table of errors of a lifter on the held-out subjects of a folder of BVH files (`subjects_to_measure`).

    With `markdown` as rows for a card, `brief` without other frame rates and single pitches. `json_file` gets every
    figure, with its standard error; atomic.
    """
    from stcformer import Lifter  # noqa: PLC0415
    from stcformer.corpus import read_corpus  # noqa: PLC0415
    from stcformer.evaluation import evaluate  # noqa: PLC0415
    from stcformer.held_out import SECONDS  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)
    lifter = Lifter.from_pretrained(lifter_name, device)  # before the slow reading: its name may be wrong
    corpus = read_corpus(mocap, lambda reason: console.print(f"Skipped: {reason}", markup=False))
    subjects, reason = subjects_to_measure(corpus, hold_out, mocap, lifter_name)
    precision = str(lifter.precision).removeprefix("torch.")
    console.print(
        f"{lifter.weights.name} (SHA-256 {lifter.weights.sha256[:12]}...), windows of {lifter.window}, "
        f"{lifter.device_name()}, {precision}; {segments} segments of up to {SECONDS:g} s "
        f"of subjects {', '.join(subjects)}, seed {seed}",
        markup=False,
    )
    if reason:
        console.print(reason, markup=False)
    columns = (TextColumn("Measuring"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        rows = evaluate(
            lifter,
            corpus.of_subjects(subjects),
            segments,
            seed,
            brief=brief,
            progress=lambda share: bar.update(task, completed=share),
        )
    if json_file is not None:
        described = {
            "lifter": lifter.weights.name,
            "sha256": lifter.weights.sha256,
            "window": lifter.window,
            "device": lifter.device_name(),
            "precision": precision,
            "subjects": subjects,
            "segments": segments,
            "seconds": SECONDS,
            "seed": seed,
            "rows": [_without_nan(asdict(row)) for row in rows],
        }
        with atomic_path(json_file) as path:
            path.write_text(json.dumps(described, indent=1, allow_nan=False) + "\n")
    if markdown:
        print(markdown_table(rows))
    else:
        Console(highlight=False, width=max(console.width, _WIDTH)).print(rich_table(rows))
    console.print("\n".join(notes(rows)), markup=False)


def subjects_to_measure(
    corpus: "Corpus", hold_out: str, mocap: Path, lifter_name: str
) -> tuple[tuple[str, ...], str]:
    """The subjects that a lifter is measured on, and a sentence on the choice where nobody made it.

    Those in `hold_out`, with commas between. Without it, of shipped weights those of the corpus that they were trained
    without; of others, those that `stcstudio train` would draw. Raises StudioError for a name that the corpus lacks.
    """
    from app.commands.train import chosen_subjects  # noqa: PLC0415
    from stcformer.weights import SHIPPED_WEIGHTS  # noqa: PLC0415

    shipped = SHIPPED_WEIGHTS.get(lifter_name)
    if not hold_out and shipped is not None:
        unseen = tuple(subject for subject in shipped.held_out if subject in corpus.subjects)
        if unseen:
            return unseen, f"No --hold-out: these are the subjects that {lifter_name} was trained without."
    subjects = chosen_subjects(corpus, hold_out, mocap)
    if hold_out:
        return subjects, ""
    return subjects, (
        "No --hold-out: these subjects are drawn by name, as `stcstudio train` draws them; other weights may have learnt "
        "from them."
    )


def cells(row: "EvaluationRow") -> tuple[str, ...]:
    """A row's cells under `HEADINGS`."""
    return (row.name, f"{row.seconds:.0f}", *_figure_cells(row.exact), *_figure_cells(row.detected))


def rich_table(rows: "list[EvaluationRow]") -> Table:
    """For the terminal."""
    table = Table(HEADINGS[0], box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.columns[0].no_wrap = True
    for heading in HEADINGS[1:]:
        table.add_column(
            heading.replace(", ", "\n").replace("motion s", "motion\ns"), justify="right", no_wrap=True
        )
    for section, its_rows in groupby(rows, lambda row: row.section):
        if section:
            table.add_row(f"[bold]{section}[/]")
        for row in its_rows:
            table.add_row(*cells(row))
        table.add_section()
    return table


def markdown_table(rows: "list[EvaluationRow]") -> str:
    """As a card shows it."""
    lines: list[tuple[str, ...]] = [HEADINGS, ("---", *("--:",) * (len(HEADINGS) - 1))]
    for section, its_rows in groupby(rows, lambda row: row.section):
        if section:
            lines.append((f"**{section}**", *("",) * (len(HEADINGS) - 1)))
        lines += map(cells, its_rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def notes(rows: "list[EvaluationRow]") -> list[str]:
    """What the columns are, in sentences."""
    lines = [
        "P1: mean joint error, hips put together. P2: the same after each pose's Procrustes alignment. m/s2: error of "
        "the joints' accelerations, which is jitter. Ratio: of P1, to what the row says. After ±: the standard error "
        "over the segments, which one segment alone does not have.",
        "Exact: the true 2D joints. Detected: with injected errors of a detector, in every segment. A third missing: "
        "each joint by itself is lost for half a second at a time on average, a third of all; the others are exact.",
    ]
    shares = [
        (row, figures.unseen_share)
        for row in rows
        for figures in (row.exact, row.detected)
        if figures is not None
    ]
    row, share = max(shares, key=lambda pair: pair[1])
    if share > 0:
        lines.append(
            "Frames in which too few joints are given have no pose and no error: "
            f"{share:.1%} at most ({f'{row.section}: ' if row.section else ''}{row.name})."
        )
    return lines


def _figure_cells(figures: "Figures | None") -> tuple[str, ...]:
    if figures is None:
        return ("",) * 4
    return (
        _cell(figures.p1_mm, 1),
        _cell(figures.p2_mm, 1),
        f"{figures.acceleration_m_s2.value:.1f}",
        _cell(figures.ratio, 2) if figures.ratio else "",
    )


def _cell(figure: "Figure", digits: int) -> str:
    if math.isnan(figure.value):
        return ""
    if math.isnan(figure.standard_error):
        return f"{figure.value:.{digits}f}"
    return f"{figure.value:.{digits}f} ±{figure.standard_error:.{digits}f}"


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: what could not be measured is null."""
    if isinstance(value, dict):
        return {name: _without_nan(inner) for name, inner in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
