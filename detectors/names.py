"""What follows the colon in a detector's name, `NAME:MODEL[,MODEL][,device=NAME]`: read, and written for chosen files.

Each detector says in its `options` what the parts mean. Nothing is imported or opened here.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from detectors.errors import DetectorError

MODEL_ENDINGS = {
    "mediapipe-tasks": (".task",),
    "mediapipe-people": (".onnx",),
    "rtmpose": (".onnx",),
    "mmpose": (".py", ".pth"),
}
"""The detectors that take files of the user's, with the endings of those."""

_DEVICE = "device="
_PERSON_DETECTORS = ("rtmdet", "yolo", "rcnn", "ssd", "detr")
"""Words in the names of the person detectors that MMPose's and RTMPose's pages name."""


def split_models(text: str, grammar: str, most: int) -> tuple[list[str], dict[str, str]]:
    """The models that stand between the commas of `text`, and the option `device` where a trailing one is named.

    `grammar` says how it is written. Raises DetectorError for more than `most` models, an empty one, and a device
    that is not the last.
    """
    parts = [part.strip() for part in text.split(",")]
    options: dict[str, str] = {}
    if parts[-1].startswith(_DEVICE):
        options["device"] = parts.pop().removeprefix(_DEVICE)
    if len(parts) > most:
        raise DetectorError(f"'{text}' names more than {_count(most, 'model')}; write {grammar}.")
    for part in parts:
        if not part or part.startswith(_DEVICE):
            raise DetectorError(f"'{part}' in '{text}' is no model; write {grammar}.")
    return parts, options


def name_with_files(name: str, files: Sequence[str | os.PathLike[str]]) -> str:
    """The detector `name` with these model files in the place of those that it names; its device stays.

    Which file is which is told by their names: person detectors by what they are called, a config and its checkpoint
    by how much of their names is the same. Raises DetectorError where the files make no name that the detector takes.
    """
    plain, _, text = name.partition(":")
    endings = MODEL_ENDINGS.get(plain)
    if endings is None:
        raise DetectorError(f"The detector '{plain}' takes no model files.")
    paths = [Path(file) for file in files]
    for path in paths:
        if path.suffix.lower() not in endings:
            raise DetectorError(f"'{path.name}' is no model of {plain}, which takes {' and '.join(endings)}.")
        if "," in str(path) or (path.suffix.lower() == ".pth" and "=" in str(path)):
            raise DetectorError(
                f"'{path}' cannot be named after {plain}: a comma or an equals sign in it would end it; rename it."
            )
    models = _MODELS_OF.get(plain, _single)(plain, paths)
    last = text.rpartition(",")[2].strip()
    return f"{plain}:{','.join([*models, *([last] if last.startswith(_DEVICE) else [])])}"


def _single(plain: str, paths: Sequence[Path]) -> list[str]:
    if len(paths) != 1:
        raise DetectorError(f"{plain} takes one file, and {len(paths)} were chosen.")
    return [str(paths[0])]


def _pose_and_person(plain: str, paths: Sequence[Path]) -> list[str]:
    if len(paths) not in (1, 2):
        raise DetectorError(
            f"{plain} takes a pose model and a person detector, and {_count(len(paths), 'file')} were chosen."
        )
    return [str(path) for path in _pose_first(list(paths), f"{plain}:POSE_MODEL,PERSON_MODEL")]


def _configs_with_checkpoints(plain: str, paths: Sequence[Path]) -> list[str]:
    configs, checkpoints = (
        [path for path in paths if path.suffix.lower() == ending] for ending in (".py", ".pth")
    )
    grammar = f"{plain}:CONFIG=CHECKPOINT,PERSON_CONFIG=PERSON_CHECKPOINT"
    if len(configs) != len(checkpoints) or len(configs) not in (1, 2):
        raise DetectorError(
            f"{plain} needs the config (.py) and the checkpoint (.pth) of a pose model, and perhaps of a person "
            f"detector, and {_count(len(configs), 'config')} and {_count(len(checkpoints), 'checkpoint')} were "
            "chosen; choose them together."
        )
    if len(configs) == 2:
        alike = [[_same_beginning(config, checkpoint) for checkpoint in checkpoints] for config in configs]
        straight, crossed = alike[0][0] + alike[1][1], alike[0][1] + alike[1][0]
        if straight == crossed:
            raise DetectorError(
                f"Which checkpoint belongs to which config cannot be told from their names; write {grammar}."
            )
        checkpoints = checkpoints if straight > crossed else checkpoints[::-1]
    belonging = dict(zip(configs, checkpoints, strict=True))
    return [f"{config}={belonging[config]}" for config in _pose_first(configs, grammar)]


_MODELS_OF = {"rtmpose": _pose_and_person, "mmpose": _configs_with_checkpoints}


def _pose_first(paths: Sequence[Path], grammar: str) -> list[Path]:
    """The pose model, then the person detector if there is one: a file dialog gives them in any order."""
    finds_persons = [any(word in path.stem.lower() for word in _PERSON_DETECTORS) for path in paths]
    if finds_persons == [True]:
        raise DetectorError(
            f"'{paths[0].name}' is a person detector by its name; choose the pose model together with it."
        )
    if len(paths) == 2 and finds_persons[0] == finds_persons[1]:
        names = " and ".join(path.name for path in paths)
        raise DetectorError(
            f"Which of {names} finds the persons cannot be told from their names; write {grammar}."
        )
    return [path for _, path in sorted(zip(finds_persons, paths, strict=True), key=lambda pair: pair[0])]


def _same_beginning(one: Path, other: Path) -> int:
    return len(os.path.commonprefix([one.stem.lower(), other.stem.lower()]))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
