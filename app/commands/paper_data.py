"""Opening the paper's data sets by the name that a recipe has for them."""

from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import StudioError

if TYPE_CHECKING:
    from stcformer.paper.clips import PaperDataset


def open_dataset(name: str, folder: Path, keypoints: str, cache: Path | None) -> "PaperDataset":
    """`human36m` or `mpi_inf_3dhp` from a folder. Raises LifterError for files that are not what they should be."""
    if not folder.is_dir():
        raise StudioError(f"There is no folder '{folder}'; docs/paper.md says what to put there.")
    if name == "human36m":
        from stcformer.paper.human36m import open_human36m  # noqa: PLC0415

        return open_human36m(folder, keypoints, cache)
    from stcformer.paper.mpi_inf_3dhp import open_mpi_inf_3dhp  # noqa: PLC0415

    return open_mpi_inf_3dhp(folder, cache)
