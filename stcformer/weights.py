"""Weights files: what ships, what users bring, and what each must be fed."""

import hashlib
import importlib.resources
import json
import os
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from stcformer.atomic import atomic_path
from stcformer.checkpoints import build_model, read_checkpoint, translate_names
from stcformer.conventions import CONVENTIONS, HUMAN36M, MPI_INF_3DHP, STUDIO
from stcformer.errors import LifterError
from stcformer.model import STCFormer
from stcformer.own_weights import (
    LARGEST_FILE_BYTES,
    PUBLISHED_FILES,
    LifterState,
    describe_own_file,
    missing_published,
    own_weights,
    own_weights_folder,
    where_to_get,
)
from stcformer.views import VIEWS


@dataclass(frozen=True)
class ShippedWeights:
    """Weights that come with the program: a file below `assets/`, beside its card (`.md`), and how to use it."""

    file: str
    window: int
    """Frames at once. No parameter depends on it, and one training run sees all lengths: one file serves several."""
    purpose: str
    """One line for a person who chooses."""
    held_out: tuple[str, ...]
    """Subjects that they never learnt from, by the names of `stcformer.corpus`: who they are measured on."""


DEFAULT_WEIGHTS = "wild-27"
_WILD_HELD_OUT = ("cmu/02", "cmu/05", "cmu/08", "cmu_dance/indian", "cmu_dance/martial")
SHIPPED_WEIGHTS: dict[str, ShippedWeights] = {
    "wild-27": ShippedWeights(
        "weights/wild.safetensors",
        27,
        "windows of about a second: the most accurate so far, and for live",
        _WILD_HELD_OUT,
    ),
    "wild-81": ShippedWeights(
        "weights/wild.safetensors",
        81,
        "windows of about three seconds: a little better where the detector errs, not otherwise",
        _WILD_HELD_OUT,
    ),
    "wild-243": ShippedWeights(
        "weights/wild.safetensors",
        243,
        "windows of about eight seconds: hardly trained yet",
        _WILD_HELD_OUT,
    ),
}

_WINDOWS_OF_PUBLISHED_FILES = {Path(found.file).name: found.window for found in PUBLISHED_FILES.values()}
"""The authors name a file by its epoch and error, and only its folder by the window."""
_EPOCH_AND_ERROR = re.compile(r"refine_\d+_\d+$")
"""How the published code names its checkpoints."""
_METADATA_KEY = "stcformer"
_OPTIONS = ("variant", "attention", "position")
"""Of the network: what its shapes do not tell."""


@dataclass(frozen=True)
class Feeding:
    """How a weights file wants its input: what it learnt from."""

    view: str = "screen"
    """See `stcformer.views`."""
    frame_rate: float = 50 / 3
    """Frames a second."""
    rate_range: tuple[float, float] = (15.0, 18.5)
    """Frame rates that serve as well."""
    window: int = 27
    """Frames at once; any number runs."""
    keypoints: str = STUDIO
    """What the joints stand for: one of `stcformer.conventions.CONVENTIONS`."""


PUBLISHED_FEEDING = Feeding(keypoints=HUMAN36M)
"""Of the published Human3.6M checkpoints: every third frame of 50 Hz video, the whole picture, their own joints."""


@dataclass(frozen=True)
class Weights:
    """A loaded network with what is known of it."""

    model: STCFormer
    feeding: Feeding
    name: str
    sha256: str
    origin: str
    """One sentence for the sidecar: who trained it, on what terms."""


def load_weights(name_or_path: str | os.PathLike[str] = DEFAULT_WEIGHTS) -> Weights:
    """Load shipped weights by name, or any safetensors or published `.pth` file by path.

    Raises LifterError when there is no such name or file, when the file is not an STCFormer, or when it
    would have to be unpickled with code.
    """
    path = _find(name_or_path)
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise LifterError(f"'{path}' is larger than 2 GiB, too large for an STCFormer checkpoint.")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if path.suffix == ".safetensors":
        state, feeding, origin, options = _read_safetensors(path)
    else:
        state, feeding, origin, options = read_checkpoint(path), None, "", None
    model = build_model(state, str(path), options)
    if feeding is None:
        feeding = _published_feeding(path, model.variant)
        origin = "a published checkpoint supplied by the user; no licence comes with it"
    shipped = SHIPPED_WEIGHTS.get(str(name_or_path))
    if shipped is not None:
        return Weights(model, replace(feeding, window=shipped.window), str(name_or_path), digest, origin)
    is_own = own_weights().get(str(name_or_path)) == path
    return Weights(model, feeding, str(name_or_path) if is_own else path.name, digest, origin)


def lifter_names() -> tuple[str, ...]:
    """What can be named: the shipped weights, then the user's own (`stcformer.own_weights`)."""
    return (*SHIPPED_WEIGHTS, *(name for name in own_weights() if name not in SHIPPED_WEIGHTS))


def lifter_states() -> tuple[LifterState, ...]:
    """What can be named, and after it the published checkpoints that are not here. Reads the user's own files whole."""
    own = own_weights()
    return (
        *(LifterState(name, True, shipped.purpose) for name, shipped in SHIPPED_WEIGHTS.items()),
        *(
            LifterState(name, True, describe_own_file(path))
            for name, path in own.items()
            if name not in SHIPPED_WEIGHTS
        ),
        *(LifterState(name, False, where_to_get(name)) for name in missing_published()),
    )


def save_weights(path: Path, model: STCFormer, feeding: Feeding, origin: str, *, half: bool = True) -> None:
    """Write a network as safetensors with its feeding in the metadata: float16, or float32 unless `half`. Atomic."""
    kind = torch.float16 if half else torch.float32
    state = {name: value.detach().to("cpu", kind).contiguous() for name, value in model.state_dict().items()}
    options = {name: getattr(model, name) for name in _OPTIONS}
    metadata = {_METADATA_KEY: json.dumps({"feeding": asdict(feeding), "origin": origin, "network": options})}
    with atomic_path(path) as temporary:
        save_file(state, temporary, metadata)


def _find(name_or_path: str | os.PathLike[str]) -> Path:
    if (shipped := SHIPPED_WEIGHTS.get(str(name_or_path))) is not None:
        return Path(str(importlib.resources.files("assets"))) / shipped.file
    if (own := own_weights().get(str(name_or_path))) is not None:
        return own
    path = Path(name_or_path)
    if not path.is_file():
        if str(name_or_path) in PUBLISHED_FILES:
            raise LifterError(where_to_get(str(name_or_path)))
        raise LifterError(
            f"There are no weights '{name_or_path}': it is neither a file nor one of {', '.join(lifter_names())}; "
            f"files in '{own_weights_folder()}' can be named too."
        )
    return path


def _read_safetensors(
    path: Path,
) -> tuple[dict[str, Tensor], Feeding | None, str, dict[str, str] | None]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
        state = translate_names(load_file(path))
    except (SafetensorError, OSError) as error:
        raise LifterError(f"'{path}' is not a readable safetensors file; download it again.") from error
    if _METADATA_KEY not in metadata:
        return state, None, "", None
    try:
        described = json.loads(metadata[_METADATA_KEY])
        network = described.get("network")  # absent in files from before there were ablations
        options = None if network is None else {name: str(network[name]) for name in _OPTIONS}
        return state, _checked_feeding(described["feeding"]), str(described["origin"]), options
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise LifterError(f"'{path}' does not say how it must be fed ({error}); export it again.") from error


def _checked_feeding(values: dict[str, Any]) -> Feeding:
    low, high = (float(value) for value in values["rate_range"])
    convention = str(values.get("keypoints", STUDIO))  # absent in files from before there was another
    feeding = Feeding(
        str(values["view"]), float(values["frame_rate"]), (low, high), int(values["window"]), convention
    )
    if convention not in CONVENTIONS:
        raise ValueError(f"unknown keypoints '{convention[:40]}'")
    if feeding.view not in VIEWS or not 0 < low <= feeding.frame_rate <= high or feeding.window < 1:
        raise ValueError(f"impossible values {values}")
    return feeding


def _published_feeding(path: Path, variant: str) -> Feeding:
    """The published files say their window in their names (`h36m-81`, `..._27_...`), if anywhere."""
    if (
        variant == "3dhp"
    ):  # trained on every frame of clips of 25 and of 50 a second alike, as if all were of 50
        every_frame = (50.0, (45.0, 55.0))
        feeding = Feeding("screen", *every_frame, keypoints=MPI_INF_3DHP)
    else:
        feeding = PUBLISHED_FEEDING
    numbers = path.stem.replace("-", "_").split("_")
    if _EPOCH_AND_ERROR.search(path.stem):
        numbers = [number for number in numbers if number != "9"]  # the ninth epoch, not nine frames
    named = next((window for window in (243, 81, 27, 9) if str(window) in numbers), None)
    window = _WINDOWS_OF_PUBLISHED_FILES.get(path.name, named)
    if window == 243 and variant == "h36m":
        # Trained on every second frame, as the authors say; the others on every third.
        feeding = replace(feeding, frame_rate=25.0, rate_range=(22.5, 27.5))
    return feeding if window is None else replace(feeding, window=window)


def mix_in(trained: torch.nn.Module, start: torch.nn.Module, share: float) -> None:
    """Draw the parameters of a trained network towards those of the one it started from by a share, 0 to 1.

    On what the start was good at, the mixture is about as good as it, and nearly as good as the trained network on what
    that has learnt since (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
    """
    before = start.state_dict()
    with torch.no_grad():
        for name, value in trained.state_dict().items():
            if value.is_floating_point():
                value.lerp_(before[name].to(value), share)
