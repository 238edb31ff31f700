"""`stcstudio lifters`: the weights that can be named, with what each is fed."""

from rich.console import Console
from rich.table import Table

_CONVENTIONS = {"studio": "this program's", "h36m": "Human3.6M's, converted", "3dhp": "MPI-INF-3DHP's"}


def list_lifters() -> None:
    """A row for each; a sentence for a file that cannot be loaded. Prints the folder of the user's own files."""
    from stcformer.errors import LifterError  # noqa: PLC0415
    from stcformer.own_weights import own_weights_folder  # noqa: PLC0415
    from stcformer.weights import SHIPPED_WEIGHTS, lifter_names, load_weights  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True, emoji=False)
    table = Table("name", "frames", "a second", "joints", "SHA-256", "")
    unusable = []
    for name in lifter_names():
        try:
            weights = load_weights(name)
        except LifterError as error:
            unusable.append(f"{name} cannot be used: {error}")
            continue
        feeding = weights.feeding
        numbers = (str(feeding.window), f"{feeding.frame_rate:.1f}", _CONVENTIONS[feeding.keypoints])
        purpose = SHIPPED_WEIGHTS[name].purpose if name in SHIPPED_WEIGHTS else weights.origin
        table.add_row(name, *numbers, weights.sha256[:16], purpose)
    console.print(table)
    for sentence in unusable:
        console.print(sentence, markup=False)
    console.print(
        f"Your own .pth and .safetensors files can be named too when they lie in '{own_weights_folder()}': "
        "put the published checkpoints there as h36m-27.pth and h36m-81.pth.",
        markup=False,
    )
