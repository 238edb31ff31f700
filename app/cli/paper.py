"""The command line of the paper's own work: `stcstudio paper ...`."""

from pathlib import Path
from typing import Annotated

import typer

paper = typer.Typer(
    help="The paper's own work: train and evaluate on its data sets, its tables.", no_args_is_help=True
)

DataOption = Annotated[Path, typer.Option("--data", help="Folder with the data set's .npz files.")]
KeypointsOption = Annotated[
    str, typer.Option(help="Human3.6M's 2D keypoints: cpn_ft_h36m_dbb, gt, or others that lie in the folder.")
]
CacheOption = Annotated[
    Path | None, typer.Option("--cache", help="Folder for plain copies of the data; by default beside them.")
]
DeviceOption = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
PrecisionOption = Annotated[str, typer.Option(help="Of the products: float32, as published, or bfloat16.")]


@paper.command()
def train(
    recipe: Annotated[str, typer.Argument(help="Preset: `stcstudio paper recipes` lists them.")],
    data: DataOption,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the training run.")],
    ablation: Annotated[
        str, typer.Option(help="What to change, with commas: `stcstudio paper recipes` lists them.")
    ] = "full",
    keypoints: KeypointsOption = "cpn_ft_h36m_dbb",
    epochs: Annotated[int | None, typer.Option(min=1, help="In place of the preset's 20.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Windows a step, in place of 128.")] = None,
    stride: Annotated[int | None, typer.Option(min=1, help="Frames from one window to the next.")] = None,
    step: Annotated[
        int | None,
        typer.Option(min=1, help="Frames of the clip from one frame of a window to the next (t_downsample)."),
    ] = None,
    mirror: Annotated[bool, typer.Option(help="See every window mirrored too, as published.")] = True,
    learning_rate: Annotated[float | None, typer.Option(min=1e-8, help="In place of 0.001.")] = None,
    precision: PrecisionOption = "float32",
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 42,
    device: DeviceOption = "auto",
    cache: CacheOption = None,
) -> None:
    """Train with the paper's recipe; the same command goes on after a stop. Through `torchrun`, on several GPUs."""
    from app.commands.paper_train import PaperTrainingOptions, run_paper_training  # noqa: PLC0415

    options = PaperTrainingOptions(
        recipe,
        ablation,
        keypoints,
        epochs,
        batch,
        stride,
        step,
        mirror,
        learning_rate,
        precision,
        seed,
        device,
    )
    run_paper_training(data, output, options, cache)


@paper.command(name="eval")
def evaluate(
    weights: Annotated[str, typer.Argument(help="A published .pth file, or one that `paper train` wrote.")],
    data: DataOption,
    keypoints: KeypointsOption = "cpn_ft_h36m_dbb",
    frames: Annotated[int | None, typer.Option(min=1, help="Of a window; by default what it learnt.")] = None,
    step: Annotated[
        int | None, typer.Option(min=1, help="Frames of the clip from one frame of a window to the next.")
    ] = None,
    flip: Annotated[bool, typer.Option(help="Average with the mirror image, as published.")] = True,
    every: Annotated[int, typer.Option(min=1, help="Take one of so many test frames, for a quick look.")] = 1,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the tables as CSV and the plots.")
    ] = None,
    precision: PrecisionOption = "float32",
    device: DeviceOption = "auto",
    cache: CacheOption = None,
) -> None:
    """P1 and P2 an action on Human3.6M, or PCK, AUC and P1 on MPI-INF-3DHP, beside the published rows."""
    from app.commands.paper_eval import PaperEvaluationOptions, run_paper_evaluation  # noqa: PLC0415

    options = PaperEvaluationOptions(weights, keypoints, frames, step, flip, every, precision, device)
    run_paper_evaluation(data, options, output, cache)


@paper.command()
def recipes() -> None:
    """The presets of the training, and what the ablations change."""
    from app.commands.paper_tables import print_recipes  # noqa: PLC0415

    print_recipes()


@paper.command()
def sizes() -> None:
    """Parameters and operations of the paper's models, as it counts them and as they are."""
    from app.commands.paper_tables import print_sizes  # noqa: PLC0415

    print_sizes()


@paper.command()
def speed(
    frames: Annotated[str, typer.Option(help="Window lengths, with commas between.")] = "9,27,81,243",
    width: Annotated[int, typer.Option(min=16, help="Of the network.")] = 256,
    precision: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = "auto",
    device: DeviceOption = "auto",
) -> None:
    """Frames a second of each window length on this machine."""
    from app.commands.paper_tables import print_speed  # noqa: PLC0415

    print_speed(frames, width, precision, device)
