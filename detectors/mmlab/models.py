"""Which models MMPose runs with: the ones in the table of model files, and the user's own.

Nothing heavy is imported here, so that choosing a detector stays quick.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from detectors.errors import DetectorError
from detectors.models.files import find
from detectors.names import split_models

POSE_MODEL, PERSON_MODEL = "rtmpose-m-halpe26-pth", "rtmdet-m-person-pth"
"""Those of `detectors.models.files` that MMPose takes when it is told nothing."""

POSE_CONFIGS = {
    "rtmpose-m-body17-pth": "rtmpose-m_8xb256-420e_body8-256x192",
    "rtmpose-l-body17-pth": "rtmpose-l_8xb256-420e_body8-384x288",
    "rtmpose-m-halpe26-pth": "rtmpose-m_8xb512-700e_body8-halpe26-256x192",
    "rtmpose-l-halpe26-pth": "rtmpose-l_8xb512-700e_body8-halpe26-384x288",
}
PERSON_CONFIGS = {
    "rtmdet-nano-person-pth": "rtmdet_nano_320-8xb32_coco-person",
    "rtmdet-m-person-pth": "rtmdet_m_640-8xb32_coco-person",
}
"""Name in `detectors.models.files` -> the config in MMPose's wheel that it was trained with."""

_GRAMMAR = "'mmpose:POSE[,PERSON][,device=cpu|cuda]', each model by its name or as CONFIG=CHECKPOINT"


@dataclass(frozen=True)
class ModelChoice:
    """A network and its weights."""

    config: str
    """A name in the installed wheels, or the path of a `.py` file, which is a program and is run."""
    checkpoint: Path


def choose_model(
    config: str | None, checkpoint: str | Path | None, default: str, configs: Mapping[str, str]
) -> ModelChoice:
    """The model that was asked for: a config with its checkpoint, a name of the table, or the default.

    `configs` is `POSE_CONFIGS` or `PERSON_CONFIGS`. Raises DetectorError for one half without the other, and
    for a model of the table whose file is not there.
    """
    if config is not None and checkpoint is not None:
        return ModelChoice(config, Path(checkpoint).expanduser())
    name = default if checkpoint is None else str(checkpoint)
    if config is not None or name not in configs:
        raise DetectorError(
            f"MMPose needs a config and its checkpoint, and was given '{config or name}' alone; give both, or one "
            f"of {', '.join(configs)}."
        )
    return ModelChoice(configs[name], find(name))


def parse_models(text: str) -> dict[str, str]:
    """What follows `mmpose:` in a detector's name, as the options of `MMPoseDetector`.

    `POSE[,PERSON][,device=NAME]`, each model `CONFIG=CHECKPOINT` or a name of the table of model files; `device=NAME`
    may stand alone. Raises DetectorError.
    """
    models, options = split_models(text, _GRAMMAR, most=2)
    for role, part in zip(("pose", "person"), models, strict=False):
        config, equals, checkpoint = part.rpartition("=")
        if not checkpoint or (equals and not config):
            raise DetectorError(f"'{part}' in '{text}' is no model; write {_GRAMMAR}.")
        options[f"{role}_checkpoint"] = checkpoint
        if equals:
            options[f"{role}_config"] = config
    return options
