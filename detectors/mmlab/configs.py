"""MMPose's and MMDetection's configs: found by name in the installed wheels, or given as a file by the user.

A config is a Python program, and reading it runs it. By name only those are found that came with the installed
libraries; a file of the user's own is run because the user names its path, as any program would be.
"""

import difflib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from detectors.errors import DetectorError
from detectors.mmlab.libraries import quiet

_FOLDERS = (".mim/configs", ".mim/demo")
"""Where a wheel keeps its configs; RTMDet's for persons alone lie with MMPose's demos."""


def find_config(name: str, library: str) -> Path:
    """The file of a config: a path that ends in `.py`, or a name known to `library` ("mmpose", "mmdet").

    MMPose's wheel is searched for MMDetection's configs too; the library's own come first. Raises DetectorError
    when there is none, with the names that come closest.
    """
    if name.endswith(".py"):
        path = Path(name).expanduser()
        if path.is_file():
            return path
        raise DetectorError(
            f"There is no config file '{name}'; a config of the installed wheels is named without '.py'."
        )
    libraries = dict.fromkeys(("mmpose", library))
    found = {path.stem: path for each in libraries for path in _installed(each)}
    if name in found:
        return found[name]
    close = difflib.get_close_matches(name, found, n=3)
    advice = f"did you mean {', '.join(close)}?" if close else "give its name, or the path of a .py file."
    raise DetectorError(
        f"There is no config named '{name}' in the wheels of {' and '.join(libraries)}; {advice}"
    )


def load_config(path: Path) -> Any:
    """mmengine's Config of that file, which is run for it. Raises DetectorError when it cannot be read."""
    from mmengine.config import Config  # noqa: PLC0415 - slow, and installed on demand

    try:
        with quiet():
            config = Config.fromfile(path)
    except Exception as error:  # the file is a program and can end in any exception
        raise DetectorError(f"The config '{path}' cannot be read: {one_line(error)}") from error
    for part in ("model", "test_dataloader"):
        if part not in config:
            raise DetectorError(f"The config '{path}' describes no model to run: it has no '{part}'.")
    return config


def build_model(config: Any, name: str, scope: str) -> Any:
    """The network of a config, with random weights, ready to predict. `scope` is "mmpose" or "mmdet".

    Weights that the config would load or download for its training are left out. Raises DetectorError.
    """
    from mmengine.model import revert_sync_batchnorm  # noqa: PLC0415
    from mmengine.registry import MODELS, DefaultScope  # noqa: PLC0415

    settings = config.model.copy()
    settings.train_cfg = None
    if "init_cfg" in settings.get("backbone", {}):
        settings.backbone.init_cfg = None
    try:
        with quiet(), DefaultScope.overwrite_default_scope(config.get("default_scope", scope)):
            model = revert_sync_batchnorm(MODELS.build(settings))
    except DetectorError:
        raise
    except Exception as error:  # so many classes, so many complaints
        raise DetectorError(
            f"The network of the config '{name}' cannot be built: {one_line(error)}"
        ) from error
    return model.eval()


def build_pipeline(config: Any, name: str, scope: str) -> Any:
    """What the config does to a picture before the network sees it, for pictures in memory."""
    from mmengine.dataset import Compose  # noqa: PLC0415
    from mmengine.registry import DefaultScope  # noqa: PLC0415

    try:
        steps = list(_test_data_set(config).pipeline)
        if scope == "mmdet":
            steps[0] = {"type": "mmdet.LoadImageFromNDArray"}
        with quiet(), DefaultScope.overwrite_default_scope(config.get("default_scope", scope)):
            return Compose(steps)
    except Exception as error:
        raise DetectorError(
            f"The pictures for the config '{name}' cannot be prepared: {one_line(error)}"
        ) from error


def _test_data_set(config: Any) -> Any:
    data_set = config.test_dataloader.dataset
    while "pipeline" not in data_set and "dataset" in data_set:
        data_set = data_set.dataset
    return data_set


def one_line(error: Exception) -> str:
    """An error of the libraries as the end of a sentence."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:300] + " ..."


def _installed(library: str) -> list[Path]:
    specification = find_spec(library)
    if specification is None or not specification.origin:
        return []
    root = Path(specification.origin).parent
    return [path for folder in _FOLDERS for path in sorted((root / folder).rglob("*.py"))]
