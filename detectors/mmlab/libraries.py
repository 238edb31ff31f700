"""The import of MMPose and MMDetection, without what they ask for and do not need here.

Tested together: mmpose 1.3.2, mmdet 3.3.0, mmengine 0.10.7, mmcv 2.1.0, torch 2.13.0 (`requirements.txt`).
"""

import importlib
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from detectors.errors import DetectorError
from detectors.mmlab import ops
from detectors.opencv import import_cv2

_LIBRARIES = ("mmengine", "mmcv", "mmdet", "mmpose")
_LOCK = threading.Lock()

# What mmpose imports by these names draws heat maps, reads annotation files and scores against them.
_STOOD_IN = {
    "torchvision": {"torchvision": (), "torchvision.transforms": ("ToPILImage",)},
    "xtcocotools": {
        "xtcocotools": (),
        "xtcocotools.coco": ("COCO",),
        "xtcocotools.cocoeval": ("COCOeval",),
        "xtcocotools.mask": (),
    },
}

_REMARKS: tuple[tuple[str, type[Warning]], ...] = (
    (r"`torch\.jit\.(script|interface)` is deprecated", DeprecationWarning),  # at mmdet's import
    (r"(?s)``MultiScaleDeformableAttention`` has been moved", ImportWarning),  # mmcv about mmcv-lite
    (
        r"`torch\.cuda\.amp\.autocast\(args\.\.\.\)` is deprecated",
        FutureWarning,
    ),  # in each forward pass of RTMDet
    (
        r"The arguments `\w+` in MultiheadAttention has been deprecated",
        DeprecationWarning,
    ),  # in their own configs
    (r"torch\.meshgrid: in an upcoming release", UserWarning),
    (r"pkg_resources is deprecated as an API", UserWarning),  # mmengine asks it where a config lies
    (r"Deprecated call to `pkg_resources", DeprecationWarning),
    (r"'pkgutil\.find_loader' is deprecated", DeprecationWarning),  # mmengine, on Python 3.12
    (r"The metainfo config file .* does not exist", UserWarning),  # it then takes the one in its wheel
)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the libraries' remarks on themselves; every other warning comes through."""
    with warnings.catch_warnings():
        for message, category in _REMARKS:
            warnings.filterwarnings("ignore", message, category)
        yield


def import_mmpose() -> ModuleType:
    """MMPose's module, with MMDetection imported and registered beside it.

    Raises DetectorError where one of them is not installed or does not load.
    """
    import_cv2()  # they import cv2 themselves: ours must be the first import
    with _LOCK, quiet():
        missing = [name for name in _LIBRARIES if find_spec(name) is None]
        if missing:
            raise DetectorError(
                f"MMPose is not installed ({', '.join(missing)} missing): run `make mmpose`, see docs/mmpose.md."
            )
        try:
            ops.install()
            with _stand_ins():
                importlib.import_module("mmdet.models")
                importlib.import_module("mmdet.datasets.transforms")
                importlib.import_module("mmpose.apis")
        except (ImportError, AssertionError) as error:  # they assert each other's versions
            text = " ".join(str(error).split())
            raise DetectorError(
                f"MMPose is installed and cannot be loaded ({text}): run `make mmpose` again."
            ) from error
    return sys.modules["mmpose"]


def versions() -> str:
    """The libraries and their versions, for the description of a detector."""
    operations = "compiled operations" if ops.compiled() else "plain operations"
    return (
        f"MMPose {version('mmpose')}, MMDetection {version('mmdet')}, mmcv {_mmcv_version()} ({operations})"
    )


def _mmcv_version() -> str:
    for name in ("mmcv", "mmcv-lite"):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return "of unknown version"


@contextmanager
def _stand_ins() -> Iterator[None]:
    """The modules of `_STOOD_IN` that are not installed, while mmpose is imported and no longer.

    torchvision stays out of it even where it is installed, unless it has been imported already: beside a
    PyTorch of another build its import fails.
    """
    added: dict[str, ModuleType] = {}
    for library, modules in _STOOD_IN.items():
        if library in sys.modules or (library != "torchvision" and find_spec(library) is not None):
            continue
        for path, names in modules.items():
            module = added[path] = ModuleType(path)
            for name in names:
                setattr(module, name, _absent(f"{path}.{name}"))
            parent, _, child = path.rpartition(".")
            if parent:
                setattr(added[parent], child, module)
    sys.modules.update(added)
    try:
        yield
    finally:
        for path in added:
            sys.modules.pop(path, None)


def _absent(name: str) -> type:
    """A class that can be imported, and says what it stands in for when it is used."""

    def refuse(self: Any, *_: Any, **__: Any) -> None:
        raise DetectorError(
            f"'{name}' is not installed with STCFormer Studio; install its library to use it."
        )

    return type(name.rpartition(".")[2], (), {"__init__": refuse})
