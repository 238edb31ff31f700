"""`stcstudio lifters`: the weights that can be named, with what each is fed."""

from rich.console import Console
from rich.table import Table

_CONVENTIONS = {"studio": "this program's", "h36m": "Human3.6M's, converted", "3dhp": "MPI-INF-3DHP's"}


def list_lifters() -> None:
    """A row for each, the published ones that are not here included; a sentence for a file that cannot be loaded.

    Prints the folder of the user's own files.
    """
    from stcformer.errors import LifterError  # noqa: PLC0415
    from stcformer.own_weights import (  # noqa: PLC0415
        PUBLISHED_FILES,
        missing_published,
        own_weights_folder,
        where_to_get,
    )
    from stcformer.weights import (  # noqa: PLC0415
        PUBLISHED_FEEDING,
        SHIPPED_WEIGHTS,
        lifter_names,
        load_weights,
    )

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
    missing = missing_published()
    for name in missing:
        numbers = (
            str(PUBLISHED_FILES[name].window),
            f"{PUBLISHED_FEEDING.frame_rate:.1f}",
            _CONVENTIONS[PUBLISHED_FEEDING.keypoints],
        )
        table.add_row(name, *numbers, "not here", "the authors' own, for you to download", style="dim")
    console.print(table)
    for sentence in unusable:
        console.print(sentence, markup=False)
    for name in missing:
        console.print(where_to_get(name), markup=False)
    console.print(
        f"Your own .pth and .safetensors files can be named too when they lie in '{own_weights_folder()}'.",
        markup=False,
    )
