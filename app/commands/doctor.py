"""`stcstudio doctor`: what is installed, and what this machine can do."""

import importlib.metadata
import platform

from rich.console import Console

from app.errors import STATED_ERRORS, describe

_LIBRARIES = ("torch", "mediapipe", "opencv-python", "av", "numpy", "scipy", "safetensors")


def examine() -> bool:
    """Print a line for every part; True when the main job can run."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"Python {platform.python_version()} on {platform.platform()}", markup=False)
    for library in _LIBRARIES:
        console.print(f"  {library} {importlib.metadata.version(library)}", markup=False)
    good = True
    for name, check in (("Video reading", _video), ("Detector", _detector), ("Lifter", _lifter)):
        try:
            console.print(f"{name}: {check()}", markup=False)
        except STATED_ERRORS as error:
            good = False
            console.print(f"{name}: NOT READY. {describe(error)}", markup=False)
    for line in _detectors():
        console.print(line, markup=False)
    return good


def _video() -> str:
    from app.commands.demo import demo_folder  # noqa: PLC0415
    from app.video import open_video  # noqa: PLC0415

    with open_video(demo_folder() / "demo.mp4") as video:
        return f"ready (the demo clip: {video.frame_count} frames, {video.codec})"


def _detector() -> str:
    from detectors import create_detector  # noqa: PLC0415

    with create_detector("auto") as detector:
        return f"ready ({detector.description})"


def _detectors() -> list[str]:
    """A line for every detector, the best first: ready, or what it lacks and how to get it."""
    from detectors import choose_detector, detector_states  # noqa: PLC0415
    from detectors.models.files import where  # noqa: PLC0415

    lines = ["Detectors:", *(f"  {state.name}: {state.words}" for state in detector_states())]
    return [*lines, f"  {choose_detector('auto').reason}", f"  Model files: {where()}"]


def _lifter() -> str:
    from stcformer import Lifter  # noqa: PLC0415

    lifter = Lifter.from_pretrained()
    precision = str(lifter.precision).removeprefix("torch.")
    return f"ready ({lifter.weights.name} on {lifter.device_name()} in {precision})"
