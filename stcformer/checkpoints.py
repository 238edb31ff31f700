"""The published code's checkpoints: their names translated to ours, nothing executed, nothing left over."""

import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from stcformer.errors import LifterError
from stcformer.model import STCFormer

_FROM_3DHP = (
    (r"^pose_lift\.", "regress_head."),
    (r"^mlpmixer\.mixerblocks\.", "stcformer.stc_block."),
    (r"\.layer_norm1\.", ".layer_norm."),
    (r"\.mlp1\.", ".mlp."),
    (r"\.cross_att\.", ".stc_att."),
    (r"\.gate_([st])\.", r".sep2_\1."),
)
LARGEST_WIDTH, LARGEST_DEPTH = 1024, 32
"""Well beyond any published network: a file may not choose how much memory is taken."""

_UNUSED_IN_3DHP = re.compile(r"^mlpmixer\.mixerblocks\.\d+\.layer_norm2\.(weight|bias)$")


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The tensors of a published `.pth` file under our names; only tensors are read, no code is run.

    Raises LifterError when the file is not a checkpoint, holds anything that would have to be executed,
    or holds something other than tensors.
    """
    try:
        with warnings.catch_warnings():  # PyTorch remarks on a pickle's age, beside the sentence below
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise LifterError(
            f"'{path}' was refused: it is not a checkpoint of plain tensors, and anything more could run code. "
            "Use a file from a source you trust, saved as tensors or safetensors."
        ) from error
    except Exception as error:  # a damaged file can end PyTorch's reader in any exception
        raise LifterError(f"'{path}' is not a readable PyTorch checkpoint; download it again.") from error
    for wrapper in ("model_pos", "state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise LifterError(f"'{path}' holds no table of tensors, so it is not an STCFormer checkpoint.")
    return translate_names({str(name): value for name, value in content.items()})


def translate_names(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """State-dict names of any published variant to those of `STCFormer`."""
    plain = {name.removeprefix("module."): value for name, value in state.items()}
    if not any(name.startswith("mlpmixer.") for name in plain):
        return plain
    translated = {}
    for name, value in plain.items():
        if _UNUSED_IN_3DHP.match(name):
            continue  # the published forward pass never reads it
        for pattern, replacement in _FROM_3DHP:
            name = re.sub(pattern, replacement, name)  # noqa: PLW2901
        translated[name] = value
    return translated


def _published_options(state: Mapping[str, Tensor]) -> dict[str, str]:
    part_rows = state["stcformer.stc_block.0.stc_att.emb.weight"].shape[0]
    return {"variant": "h36m" if part_rows <= 5 else "3dhp"}


def build_model(
    state: Mapping[str, Tensor], where: str, options: Mapping[str, str] | None = None
) -> STCFormer:
    """The STCFormer that a state dict belongs to, loaded strictly.

    Width, depth and input channels are read from the shapes. `options` (variant, attention, position) leave no certain
    trace there and come from the file's metadata; None: a published network, whose variant the shapes do tell.
    Raises LifterError, naming `where` and the first thing that does not fit, when it is of another model.
    """
    try:
        width, input_channels = state["pose_emb.weight"].shape
        options = _published_options(state) if options is None else options
        depth = 1 + max(int(name.split(".")[2]) for name in state if name.startswith("stcformer.stc_block."))
        if not (0 < width <= LARGEST_WIDTH and depth <= LARGEST_DEPTH and input_channels in (2, 3, 4)):
            raise ValueError(f"width {width}, depth {depth} and {input_channels} input channels make none")
        model = STCFormer(width, depth, input_channels, **options)
    except KeyError as error:
        raise LifterError(f"'{where}' is not an STCFormer checkpoint: it has no {error}.") from error
    except (ValueError, IndexError) as error:
        raise LifterError(f"'{where}' is not an STCFormer checkpoint: {error}.") from error
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    found = {name: tuple(value.shape) for name, value in state.items()}
    if expected != found:
        name = sorted(set(expected.items()) ^ set(found.items()))[0][0]
        raise LifterError(
            f"'{where}' is not an STCFormer of width {width} and depth {depth}: '{name}' should be "
            f"{expected.get(name, 'absent')} and is {found.get(name, 'absent')}."
        )
    numbers = {name: value.float() for name, value in state.items()}
    for name, value in numbers.items():
        if not torch.isfinite(value).all():
            raise LifterError(
                f"'{where}' is damaged: '{name}' holds NaN or infinity; download or train it again."
            )
    model.load_state_dict(numbers, strict=True)
    return model.eval()
