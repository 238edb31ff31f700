"""The one place where OpenCV is first imported, and the system libraries that it and MediaPipe may lack."""

import os
import re
import sys
import threading
from pathlib import Path
from types import ModuleType

from detectors.errors import DetectorError

_LOCK = threading.Lock()

# opencv-python's cv2/__init__.py points Qt at plugins of its own, built for another Qt: with them PyQt6
# finds no platform plugin and ends the process. It lengthens the search path of libraries too, for every
# child process.
_QT_SETTINGS = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
_SETTINGS = (*_QT_SETTINGS, "LD_LIBRARY_PATH")

_DEBIAN_PACKAGES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libSM.so.6": "libsm6",
    "libXext.so.6": "libxext6",
}
_MISSING_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file")


def import_cv2() -> ModuleType:
    """OpenCV's module, with the environment left as it was before, so that a Qt window can open afterwards.

    Import cv2 nowhere else. Where another library has done so before, its settings for Qt are removed.
    Raises DetectorError where OpenCV or a system library that it needs is not installed, naming the package
    to install.
    """
    with _LOCK:
        path = sys.path.copy()
        before = {name: os.environ.get(name) for name in _SETTINGS}
        try:
            import cv2  # noqa: PLC0415 - slow, and its errors are stated here
        except ImportError as error:
            # cv2's loader leaves half its work behind, and the next attempt would complain of that instead
            sys.modules.pop("cv2", None)
            vars(sys).pop("OpenCV_LOADER", None)
            sys.path[:] = path
            raise import_failure("OpenCV", "opencv-python", error) from error
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        for name in _QT_SETTINGS:
            if os.environ.get(name, "").startswith(str(Path(cv2.__file__).parent)):
                del os.environ[name]
    return cv2


def import_failure(library: str, distribution: str, error: ImportError) -> DetectorError:
    """The sentence for a library that cannot be imported: it, or a system library of its, is missing."""
    found = _MISSING_LIBRARY.search(str(error))
    if found:
        missing = found.group(1)
        packages = ["libgl1", "libegl1", "libgles2"]  # whoever lacks one of these lacks the others
        if _DEBIAN_PACKAGES.get(missing) not in packages:
            packages = [_DEBIAN_PACKAGES[missing]] if missing in _DEBIAN_PACKAGES else []
        advice = f"apt install {' '.join(packages)}" if packages else "install the package that holds it"
        return DetectorError(
            f"{library} needs the system library {missing}, which is not installed: {advice}."
        )
    if isinstance(error, ModuleNotFoundError):
        return DetectorError(f"{library} is not installed ({error}): pip install {distribution}.")
    return DetectorError(
        f"{library} cannot be loaded ({error}); reinstall it: pip install --force-reinstall {distribution}."
    )
