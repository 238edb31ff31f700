"""Options that several commands share, each with its words in one place."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_FORMATS = "csv,bvh,npz,overlay"
DEFAULT_LIFTER = "wild-27"
"""`stcformer.weights.DEFAULT_WEIGHTS`, which would bring torch (a test holds them equal)."""

OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="Folder for the results; made if need be.")
]
FormatOption = Annotated[
    str,
    typer.Option(
        "--format",
        help="What to write, with commas between: `stcstudio formats` lists all. A JSON sidecar always is.",
    ),
]
DetectorOption = Annotated[
    str,
    typer.Option(
        help="What finds the 2D joints: `stcstudio doctor` lists all; auto takes the best one here."
    ),
]
LifterOption = Annotated[
    str,
    typer.Option(
        help="Weights: a name that `stcstudio lifters` lists, or a .safetensors or published .pth file."
    ),
]
HeightOption = Annotated[
    float | None,
    typer.Option(
        help="The person's height in metres, which sets the scale; of several people the first one's."
    ),
]
FovOption = Annotated[
    float | None,
    typer.Option(
        help="The camera's field of view in degrees, over the longer side of the picture; else what a video's "
        "metadata say, else 60."
    ),
]
DeviceOption = Annotated[str, typer.Option(help="Where the lifter computes: auto, cpu, cuda or mps.")]
CameraPitchOption = Annotated[
    float | None,
    typer.Option(help="How far the camera looks down, in degrees; else found from the motion."),
]
SmoothOption = Annotated[
    str,
    typer.Option(
        help="Smoothing over time: auto, none, butterworth, savitzky-golay, gaussian, or one-euro (causal)."
    ),
]
FootLockOption = Annotated[
    str,
    typer.Option(help="Hold feet that stand at one place: auto (credible contacts), always or never."),
]
LongestGapOption = Annotated[
    float,
    typer.Option(min=0.0, max=0.5, help="Seconds that a lost person is bridged; longer gaps stay empty."),
]
PersonOption = Annotated[
    str,
    typer.Option(
        help="Whom to follow: main (largest and longest in view), all, or a number (2: second to main)."
    ),
]
