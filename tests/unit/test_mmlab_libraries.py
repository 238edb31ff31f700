"""The import of MMPose where something is missing."""

import importlib
import sys
import warnings
from importlib.machinery import ModuleSpec

import pytest

from detectors import DetectorError
from detectors.mmlab import libraries


def test_what_is_missing_is_said_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"mmengine": ModuleSpec("mmengine", None), "mmcv": ModuleSpec("mmcv", None)}
    monkeypatch.setattr(libraries, "find_spec", there.get)
    with pytest.raises(
        DetectorError, match=r"MMPose is not installed \(mmdet, mmpose missing\): run `make mmpose`"
    ):
        libraries.import_mmpose()


def test_a_library_that_does_not_load_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise AssertionError(f"MMCV==9 is used but {name} is\nincompatible")

    monkeypatch.setattr(libraries, "find_spec", lambda name: ModuleSpec(name, None))
    monkeypatch.setattr(libraries.ops, "install", lambda: None)
    monkeypatch.setattr(libraries.importlib, "import_module", fail)
    with pytest.raises(
        DetectorError, match=r"cannot be loaded .MMCV==9 is used but mmdet\.models is incompatible"
    ):
        libraries.import_mmpose()


def test_stand_ins_are_there_during_the_import_and_gone_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("torchvision", "xtcocotools")]:
        monkeypatch.delitem(sys.modules, name)
    with libraries._stand_ins():
        drawing = importlib.import_module("torchvision.transforms").ToPILImage
        with pytest.raises(DetectorError, match=r"'torchvision\.transforms\.ToPILImage' is not installed"):
            drawing()
    assert "torchvision" not in sys.modules
    assert "torchvision.transforms" not in sys.modules


def test_a_library_that_has_been_imported_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    real = object()
    monkeypatch.setitem(sys.modules, "torchvision", real)  # type: ignore[arg-type]
    with libraries._stand_ins():
        assert sys.modules["torchvision"] is real
        assert "torchvision.transforms" not in sys.modules


def test_only_known_remarks_of_the_libraries_are_kept_quiet() -> None:
    with libraries.quiet():
        warnings.warn("pkg_resources is deprecated as an API. See ...", UserWarning, stacklevel=1)
        with pytest.raises(UserWarning, match="something else"):
            warnings.warn("something else", UserWarning, stacklevel=1)
