"""`stcstudio eval --rendered`: from pixels to 3D against the rendered clips' truth, MediaPipe's own 3D beside it."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from app.rendered_evaluation import (
    CLEARLY_BELOW,
    ClipResult,
    evaluate_clip,
    mean_result,
    rendered_clips,
)
from app.settings import Settings

_WIDTH = 96
"""Columns that the table takes, however narrow the terminal."""


def run_rendered_evaluation(lifter_name: str, device: str) -> None:
    """Print the table of a lifter's errors on the rendered clips, from pixels."""
    from stcformer import Lifter  # noqa: PLC0415 - brings torch

    console = Console(highlight=False, soft_wrap=True)
    weights = Lifter.from_pretrained(lifter_name, device).weights
    console.print(
        f"{weights.name} (SHA-256 {weights.sha256[:12]}...) on rendered clips, from pixels, default settings",
        markup=False,
    )
    results = []
    for clip in rendered_clips():
        with console.status(f"{clip.name}: from pixels to 3D"):
            results.append(evaluate_clip(clip, Settings(lifter=lifter_name, device=device)))
    Console(highlight=False, width=max(console.width, _WIDTH)).print(result_table(results))
    for line in summary(results):
        console.print(line, markup=False)


def result_table(results: Sequence[ClipResult]) -> Table:
    """A row for each clip and one for the mean."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("clip", no_wrap=True)
    for heading in (
        "frames\nseen", "P1\nmm", "Media-\nPipe", "ratio", "P2\nmm", "Media-\nPipe", "ratio",
        "told\nmm", "Media-\nPipe", "path\nmm", "2D\npx", "2D\n%",
    ):  # fmt: skip
        table.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        table.add_row(*_cells(result), end_section=result is results[-1])
    table.add_row(*_cells(mean_result(results)))
    return table


def summary(results: Sequence[ClipResult]) -> list[str]:
    """What the table says, one sentence a line."""
    better = sum(result.clearly_better() for result in results)
    skipped = sum(result.frames - result.frames_compared for result in results)
    lines = [
        f"At least {1 - CLEARLY_BELOW:.0%} below MediaPipe's own 3D in P1 and in P2: {better} of {len(results)} clips.",
        "P1: mean joint error, hips put together, no other alignment; both bodies keep their own size.",
        "Told: P1 when both bodies are brought to the person's height, which one camera cannot see (`--height`).",
        "P2: after Procrustes alignment. Path: of the hip, the paths' middles put together.",
        "2D: mean error of the 17 joints; in per cent of the person's standing height in the picture.",
    ]
    if skipped:
        lines.append(f"{skipped} frames in which either saw nobody are not in the means.")
    return lines


def _cells(result: ClipResult) -> list[str]:
    ratio = result.ours.ratio_to(result.yardstick)
    return [
        result.name,
        f"{result.frames_seen}/{result.frames}",
        f"{result.ours.p1:.1f}",
        f"{result.yardstick.p1:.1f}",
        f"{ratio.p1:.2f}",
        f"{result.ours.p2:.1f}",
        f"{result.yardstick.p2:.1f}",
        f"{ratio.p2:.2f}",
        f"{result.ours.told:.1f}",
        f"{result.yardstick.told:.1f}",
        f"{result.path_mm:.0f}",
        f"{result.keypoints_px:.1f}",
        f"{100 * result.keypoints_of_height:.1f}",
    ]
