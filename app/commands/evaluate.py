"""`stcstudio eval`: a lifter's errors on motion capture that it has not seen."""

from pathlib import Path

from rich.console import Console
from rich.table import Table


def run_evaluation(mocap: Path, lifter_name: str, hold_out: str, device: str) -> None:
    """Print the table of errors of a lifter on the held-out subjects of a folder of BVH files."""
    from app.commands.train import chosen_subjects  # noqa: PLC0415
    from stcformer import Lifter  # noqa: PLC0415
    from stcformer.corpus import read_corpus  # noqa: PLC0415
    from stcformer.evaluation import SECONDS, SEGMENTS, evaluate  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)
    corpus = read_corpus(mocap, lambda reason: console.print(f"Skipped: {reason}", markup=False))
    subjects = chosen_subjects(corpus, hold_out, mocap)
    held_out = corpus.of_subjects(subjects)
    lifter = Lifter.from_pretrained(lifter_name, device)
    console.print(
        f"{lifter.weights.name} (SHA-256 {lifter.weights.sha256[:12]}...), {SEGMENTS} segments of {SECONDS:g} s "
        f"of subjects {', '.join(subjects)}",
        markup=False,
    )
    table = Table("seen as", "P1 mm", "P2 mm", "acceleration error m/s2")
    for row in evaluate(lifter, held_out):
        table.add_row(row.name, f"{row.p1_mm:.1f}", f"{row.p2_mm:.1f}", f"{row.acceleration_m_s2:.1f}")
    console.print(table)
