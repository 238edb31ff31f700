"""ONNX models in onnxruntime: where they run, what they take and give, and what can go wrong with their files.

Measured on 2 cores of an AMD EPYC (Zen 5), which other programs used too, in milliseconds a picture:

| threads | RTMDet-nano 320x320 | RTMPose-m 256x192 |
|---|---|---|
| 1 | 9 | 29 |
| 2, waiting asleep | 17 | 31 to 35 |
| 2, waiting in a loop (onnxruntime's default) | 11 | 49 to 75 |

A second thread pays only while its core has nothing else to do, and in the pipeline the decoder and the lifter
run there. So half of the cores are used, four at most: networks this small gain nothing from more.
"""

import contextlib
import hashlib
import io
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from detectors.errors import DetectorError
from detectors.models.files import find
from detectors.models.table import model_table
from detectors.opencv import import_failure
from detectors.protocol import Array

DEVICES = ("auto", "cpu", "cuda", "coreml", "directml")
_PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
    "cpu": "CPUExecutionProvider",
}
_NAMES = {"cuda": "CUDA", "coreml": "CoreML", "directml": "DirectML", "cpu": "CPU"}
_DISTRIBUTIONS = {
    "cuda": "onnxruntime-gpu",
    "coreml": "onnxruntime on macOS",
    "directml": "onnxruntime-directml on Windows",
    "cpu": "onnxruntime",
}

# Whoever has CUDA or DirectML has installed the build for it. CoreML is in every build for macOS, and crashes
# on the models used here, whose batch is of any size (microsoft/onnxruntime issue 21227): only on request.
_AUTOMATIC = ("cuda", "directml", "cpu")

_MOST_THREADS = 4
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Port:
    """One input or output of a model, as its file declares it."""

    name: str
    shape: tuple[int | None, ...]
    """None where any length goes."""
    type: str
    """onnxruntime's word for it, such as `tensor(float)`."""


class OnnxModel:
    """A model of one float32 input, open in onnxruntime. `run` may be called from any thread.

    `device` is one of `DEVICES`; "auto" takes the best that works, and what did not is in `description` and in
    the log. `name` is the model's name in `detectors.models.files`, for the advice when its file is broken.
    Raises DetectorError where onnxruntime, the file or the device cannot be used.
    """

    device: str
    """Where it runs: `cpu`, `cuda`, `coreml` or `directml`; read back from onnxruntime."""
    not_started: tuple[str, ...]
    """The devices that were tried before it and could not be started."""
    description: str
    """File, its hash, onnxruntime's version and the device."""
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    def __init__(self, path: str | os.PathLike[str], device: str = "auto", name: str | None = None) -> None:
        self.path = Path(path)
        self._name = name
        runtime = import_onnxruntime()
        wanted = _wanted_devices(device, runtime.get_available_providers())
        digest = self._digest()
        failed: list[str] = []
        for candidate in wanted:
            try:
                self._session: Any = self._open(runtime, candidate)
            except _DeviceError as error:
                if device != "auto":
                    raise DetectorError(str(error)) from error
                failed.append(candidate)
                _LOG.warning("%s The next device is tried.", error)
                continue
            self.device = candidate
            break
        self.not_started = tuple(failed)
        version = runtime.__version__
        self.description = (
            f"{self.path.name} (sha256 {digest[:8]}), onnxruntime {version} on {device_in_words(self)}"
        )
        self.inputs = tuple(_port(value) for value in self._session.get_inputs())
        self.outputs = tuple(_port(value) for value in self._session.get_outputs())
        if len(self.inputs) != 1 or self.inputs[0].type != "tensor(float)":
            found = ", ".join(f"{port.name}: {port.type}" for port in self.inputs)
            raise self.refuse(f"takes {found or 'nothing'}, where one float32 picture is expected")

    def run(self, values: Array) -> list[np.ndarray[Any, Any]]:
        """The outputs for `values`, in the order of `outputs`. Raises DetectorError."""
        session = self._session
        if session is None:
            raise DetectorError(f"The model {self.path.name} has been closed; open it again.")
        try:
            return list(session.run(None, {self.inputs[0].name: values}))
        except Exception as error:
            # onnxruntime's errors share no base but this
            raise DetectorError(
                f"{self.path.name} failed on {_NAMES[self.device]} with an input of shape {values.shape}: "
                f"{_one_line(error)}"
            ) from error

    def refuse(self, what: str) -> DetectorError:
        """The error for a file that cannot be used; `what` says why."""
        advice = "use another file"
        if self._name:
            advice = f"delete it and download it again: stcstudio models download {self._name}"
        return DetectorError(f"{self.path} {what}; {advice}.")

    def close(self) -> None:
        """Free the network; closing twice is allowed."""
        self._session = None

    def _digest(self) -> str:
        try:
            with self.path.open("rb") as file:
                if hasattr(hashlib, "file_digest"):
                    return hashlib.file_digest(file, "sha256").hexdigest()
                digest = hashlib.sha256()  # Python 3.10
                while block := file.read(2**20):
                    digest.update(block)
                return digest.hexdigest()
        except OSError as error:
            advice = f"stcstudio models download {self._name}" if self._name else "check its path"
            reason = error.strerror or type(error).__name__
            raise DetectorError(f"The model file {self.path} cannot be read ({reason}): {advice}.") from error

    def _open(self, runtime: ModuleType, device: str) -> Any:
        """A session that really runs on the device; raises _DeviceError where only the device is at fault."""
        provider, notes = _PROVIDERS[device], io.StringIO()
        if device == "cuda" and hasattr(runtime, "preload_dlls"):
            with contextlib.redirect_stdout(notes):  # finds the libraries in NVIDIA's wheels, and prints
                runtime.preload_dlls()
        try:
            session = runtime.InferenceSession(
                str(self.path), _options(runtime, device), providers=[provider], enable_fallback=0
            )
        except Exception as error:
            # onnxruntime's errors share no base but this
            if device == "cpu" or type(error).__name__ in _FILE_ERRORS:
                reason = _one_line(error).rpartition("failed:")[2]
                detail = f" ({reason})" if "onnxruntime_src" not in reason else ""  # a place in its source
                raise self.refuse(
                    f"is damaged, or no ONNX model that onnxruntime {runtime.__version__} can read{detail}"
                ) from error
            raise _DeviceError(_not_started(device, self.path, _one_line(error))) from error
        if provider not in session.get_providers():
            running = ", ".join(session.get_providers())
            reason = " ".join([f"onnxruntime offers {running}", _one_line(notes.getvalue())]).strip()
            raise _DeviceError(_not_started(device, self.path, reason))
        return session


def open_model(path: str | os.PathLike[str] | None, name: str, device: str) -> OnnxModel:
    """The user's own file, or the one that `detectors.models.files` has: `name` where `path` is None.

    `path` may be another name of the table of model files too.
    """
    if path is None or str(path) in model_table():
        name = str(path or name)
        return OnnxModel(find(name), device, name)
    return OnnxModel(path, device)


def device_in_words(model: OnnxModel) -> str:
    """Where a model runs, by the name a person knows it by, and which device could not be started instead."""
    failed = " and ".join(_NAMES[device] for device in model.not_started)
    return _NAMES[model.device] + (f" ({failed} could not be started)" if failed else "")


class _DeviceError(Exception):
    """A device that cannot be used, where another may be."""


# by name: onnxruntime has them in a private module
_FILE_ERRORS = ("InvalidProtobuf", "InvalidGraph", "NoModel", "NoSuchFile")

_IMPORT_LOCK = threading.Lock()


def import_onnxruntime() -> ModuleType:
    """onnxruntime's module; raises DetectorError where it is not installed."""
    with _IMPORT_LOCK:
        try:
            import onnxruntime  # noqa: PLC0415 - slow, and its errors are stated here
        except ImportError as error:
            raise import_failure("onnxruntime", "onnxruntime", error) from error
    return onnxruntime


def thread_count() -> int:
    """How many threads a model gets on the CPU; see the module's figures."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST_THREADS, max(1, cores // 2))


def _options(runtime: ModuleType, device: str) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = thread_count()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors; warnings tell of which node runs where
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if device == "directml":
        options.enable_mem_pattern = False  # DirectML refuses it
    return options


def _wanted_devices(device: str, available: Sequence[str]) -> list[str]:
    if device not in DEVICES:
        raise DetectorError(f"There is no device '{device}'; choose one of {', '.join(DEVICES)}.")
    wanted = [
        name for name in (_AUTOMATIC if device == "auto" else (device,)) if _PROVIDERS[name] in available
    ]
    if not wanted:
        offered = [name for name, provider in _PROVIDERS.items() if provider in available]
        raise DetectorError(
            f"The installed onnxruntime has no {_NAMES.get(device, 'CPU')} (it has: {', '.join(offered) or 'none'}); "
            f"install {_DISTRIBUTIONS.get(device, 'onnxruntime')}, or use another device."
        )
    return wanted


def _port(value: Any) -> Port:
    shape = tuple(length if isinstance(length, int) and length > 0 else None for length in value.shape)
    return Port(value.name, shape, value.type)


def _not_started(device: str, path: Path, reason: str) -> str:
    return (
        f"onnxruntime could not start {_NAMES[device]} for {path.name} ({reason}); "
        "look after its driver and libraries, or use the device cpu."
    )


def _one_line(text: object) -> str:
    return " ".join(str(text).split())[:300]
