"""The one table of detectors. A new detector is one new module and one entry in `_ENTRIES`."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from detectors.errors import DetectorError
from detectors.protocol import Detector
from detectors.readiness import has_cuda, is_installed


@dataclass(frozen=True)
class _Entry:
    """A detector, as data; its module, and the library that it needs, is imported when it is first made."""

    factory: str
    """"module:class"."""
    libraries: tuple[str, ...]
    """Modules that must be there to import."""
    install: str
    """How to get them."""
    model_files: tuple[str, ...] = ()
    """What it needs of `detectors.models.files`, unless it is given others."""
    automatic_on_cuda_only: bool = False
    sees_one_person: bool = False
    """At a time: the most prominent one."""


_ENTRIES = {
    "mediapipe": _Entry(
        "detectors.mediapipe.solutions:MediaPipeDetector",
        ("mediapipe.python.solutions.pose",),
        "pip install 'mediapipe<0.10.30'",
        sees_one_person=True,
    ),
    "mediapipe-tasks": _Entry(
        "detectors.mediapipe.tasks:MediaPipeTasksDetector",
        ("mediapipe.tasks.python.vision.pose_landmarker",),
        "pip install mediapipe",
        ("mediapipe-pose-full",),
    ),
    "mediapipe-people": _Entry(
        "detectors.mediapipe.people:MediaPipePeopleDetector",
        ("mediapipe.python.solutions.pose", "onnxruntime"),
        "pip install 'mediapipe<0.10.30' onnxruntime",
        ("rtmdet-nano-person",),
    ),
    "rtmpose": _Entry(
        "detectors.onnx.rtmpose:RTMPoseDetector",
        ("onnxruntime",),
        "pip install onnxruntime",
        ("rtmpose-m-halpe26", "rtmdet-nano-person"),
    ),
    "mmpose": _Entry(
        "detectors.mmlab.mmpose:MMPoseDetector",
        ("torch", "mmengine", "mmcv", "mmdet", "mmpose"),
        "make mmpose",
        ("rtmpose-m-halpe26-pth", "rtmdet-m-person-pth"),
        automatic_on_cuda_only=True,
    ),
}
_BEST_FIRST = ("mmpose", "rtmpose", "mediapipe", "mediapipe-tasks", "mediapipe-people")
"""What "auto" tries, in this order."""
_BEST_FIRST_OF_SEVERAL = ("mmpose", "rtmpose", "mediapipe-people", "mediapipe-tasks", "mediapipe")
"""The same where several people are wanted. RTMDet finds small people whom MediaPipe's own finder does not."""
_NEEDING_FILES_ONLY = ("mediapipe-tasks", "rtmpose")
"""What "auto" names where none is ready: installed, these lack a download of a few megabytes."""


@dataclass(frozen=True)
class State:
    """How a detector stands on this machine."""

    name: str
    is_installed: bool
    missing: str
    """What is missing and how to get it, as the end of a sentence without its stop; "" where it is ready."""

    @property
    def words(self) -> str:
        """ "ready", or what it lacks."""
        if not self.missing:
            return "ready"
        return f"{'installed' if self.is_installed else 'not installed'}, lacks {self.missing}"


@dataclass(frozen=True)
class Choice:
    """Which detector is used."""

    name: str
    reason: str
    """Why, in one line, where it was chosen automatically; "" where it was named."""


def available_detectors() -> tuple[str, ...]:
    """The names that `create_detector` takes; "auto" is the first choice among them."""
    return ("auto", *_ENTRIES)


def check_detector(name: str) -> None:
    """Raises DetectorError for a name that `create_detector` does not know; imports nothing."""
    plain, separator, _ = name.partition(":")
    if plain not in available_detectors() or (separator and plain == "auto"):
        raise DetectorError(f"'{name}' is no detector; there are: {', '.join(available_detectors())}.")


def detector_states() -> tuple[State, ...]:
    """Every detector, the best first: whether it is installed and what it lacks. Imports none of them."""
    return tuple(_state(name) for name in _BEST_FIRST)


def choose_automatic(several: bool = False) -> Choice:
    """The best detector that is installed and whose model files are here. Fetches and imports nothing.

    `several`: for more than the main person, so one that sees several goes before one that does not. Where none is
    ready, the one that lacks least: making it says what to do.
    """
    passed_over: list[str] = []
    states = [_state(name) for name in (_BEST_FIRST_OF_SEVERAL if several else _BEST_FIRST)]
    for state in states:
        why = state.missing
        if not why and _ENTRIES[state.name].automatic_on_cuda_only and not has_cuda():
            why = "no CUDA device: name it to use it"
        if not why:
            because = ", which sees several people" if several and not _sees_one(state.name) else ""
            name = state.name + because
            reason = f"Detector chosen automatically: {'; '.join([name, *passed_over])}."
            return Choice(state.name, reason)
        passed_over.append(f"{state.name} {'lacks ' if state.missing else 'has '}{why}")
    installed = [state.name for state in states if state.is_installed]
    name = next((name for name in _NEEDING_FILES_ONLY if name in installed), "mediapipe")
    return Choice(
        name, f"Detector chosen automatically: {name}, though none is ready; {'; '.join(passed_over)}."
    )


def choose_detector(name: str, several: bool = False) -> Choice:
    """The detector of that name, "auto" resolved, see `choose_automatic`. Raises DetectorError for an unknown name."""
    check_detector(name)
    return choose_automatic(several) if name == "auto" else Choice(name, "")


def one_person_limit(name: str) -> str:
    """What to say to whoever wants several people of a detector that sees one at a time, as a part of a sentence.

    "" for one that sees several, and for an unknown name.
    """
    plain = name.partition(":")[0]
    if not _sees_one(plain):
        return ""
    *others, last = (other for other in _BEST_FIRST_OF_SEVERAL if not _sees_one(other))
    return (
        f"the detector {plain} sees one person at a time; {', '.join(others)} and {last} see several "
        "('stcstudio doctor' says what each lacks)"
    )


def _sees_one(name: str) -> bool:
    return name in _ENTRIES and _ENTRIES[name].sees_one_person


_PROGRAM_SUFFIXES = (".py", ".yaml", ".yml", ".json")


def without_programs(name: str) -> str:
    """A detector's name from a file of unknown origin: what follows the colon is left out where it could be run.

    MMPose's configs are Python files, and those in YAML and JSON can have modules imported. A user may name one; a
    project that somebody sent must not.
    """
    plain, _, text = name.partition(":")
    return plain if any(suffix in text.lower() for suffix in _PROGRAM_SUFFIXES) else name


def create_detector(name: str = "auto", **options: Any) -> Detector:
    """The named detector, ready for a video; "auto" is what `choose_automatic` says.

    A name may carry what the detector shall use: `NAME:TEXT`, read by the `options` of its class.
    `options` are the detector's own, see its class; an unknown one is a TypeError. Raises DetectorError for
    an unknown name and for a detector whose library or model files are missing.
    """
    plain, _, text = choose_detector(name).name.partition(":")
    module, _, factory = _ENTRIES[plain].factory.partition(":")
    kind = getattr(import_module(module), factory)
    if text:
        if not hasattr(kind, "options"):
            raise DetectorError(f"The detector '{plain}' takes nothing after a colon; name it alone.")
        options = kind.options(text) | options
    return cast(Callable[..., Detector], kind)(**options)


def _state(name: str) -> State:
    entry = _ENTRIES[name]
    libraries = [library for library in entry.libraries if not is_installed(library)]
    if libraries:
        return State(name, False, f"{', '.join(libraries)} ({entry.install})")
    from detectors.models.files import is_present  # noqa: PLC0415 - with it comes the network's library

    files = [file for file in entry.model_files if not is_present(file)]
    missing = f"model files (stcstudio models download {' '.join(files)})" if files else ""
    return State(name, True, missing)
