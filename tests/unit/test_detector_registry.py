"""The table of detectors, and that nothing heavy is imported before one is made."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import detectors
from detectors import (
    DetectorError,
    available_detectors,
    check_detector,
    choose_detector,
    create_detector,
    detector_states,
    one_person_limit,
    registry,
)
from detectors.mediapipe.native_log import captured_native_log
from detectors.opencv import import_cv2, import_failure
from detectors.protocol import check_image
from detectors.readiness import is_installed

REPO = Path(__file__).resolve().parents[2]
QT_AND_LIBRARIES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`code` in a fresh interpreter of this checkout."""
    clean = {name: value for name, value in os.environ.items() if name not in QT_AND_LIBRARIES}
    paths = os.pathsep.join([environment.pop("PYTHONPATH", ""), str(REPO)]).strip(os.pathsep)
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**clean, **environment, "PYTHONPATH": paths},
    )


def test_importing_detectors_imports_no_detector_library() -> None:
    done = python(
        "import sys, detectors, detectors.opencv, detectors.keypoints\n"
        "from detectors import Detector, Person, create_detector\n"
        "heavy = {'mediapipe', 'cv2', 'torch', 'app', 'stcformer', 'scipy', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_an_unknown_detector_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(DetectorError, match="'openpose' is no detector; there are: auto, mediapipe"):
        create_detector("openpose")


def test_automatic_is_the_first_name() -> None:
    assert available_detectors()[0] == "auto"
    assert "mediapipe" in available_detectors()
    assert set(detectors.__all__) <= set(dir(detectors))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 5), np.uint8),
        np.zeros((4, 5, 1), np.uint8),
        np.zeros((4, 5, 4), np.uint8),
        np.zeros((4, 5, 3), np.float32),
        [[[0, 0, 0]]],
    ],
)
def test_a_picture_that_is_not_colour_bytes_is_refused(image: np.ndarray) -> None:
    with pytest.raises(DetectorError, match=r"\(height, width, 3\) uint8 RGB"):
        check_image(image)


def test_a_picture_without_pixels_is_refused() -> None:
    with pytest.raises(DetectorError, match="without pixels"):
        check_image(np.zeros((0, 5, 3), np.uint8))


@pytest.mark.parametrize(
    ("library", "packages"),
    [
        ("libGL.so.1", "apt install libgl1 libegl1 libgles2"),
        ("libEGL.so.1", "apt install libgl1 libegl1 libgles2"),
        ("libGLESv2.so.2", "apt install libgl1 libegl1 libgles2"),
        ("libgthread-2.0.so.0", "apt install libglib2.0-0"),
        ("libodd-1.so.7", "install the package that holds it"),
    ],
)
def test_a_missing_system_library_is_said_with_the_package_to_install(library: str, packages: str) -> None:
    error = ImportError(f"{library}: cannot open shared object file: No such file or directory")
    sentence = str(import_failure("OpenCV", "opencv-python", error))
    assert sentence == f"OpenCV needs the system library {library}, which is not installed: {packages}."


def test_a_missing_package_is_said_with_what_to_install() -> None:
    missing = ModuleNotFoundError("No module named 'cv2'")
    assert str(import_failure("OpenCV", "opencv-python", missing)).endswith("pip install opencv-python.")
    broken = ImportError("DLL load failed while importing cv2")
    assert "DLL load failed" in str(import_failure("OpenCV", "opencv-python", broken))


def test_opencv_without_its_system_library_ends_in_one_sentence_each_time(tmp_path: Path) -> None:
    (tmp_path / "cv2").mkdir()
    (tmp_path / "cv2" / "__init__.py").write_text(
        "import os, sys\n"
        "os.environ['QT_QPA_PLATFORM_PLUGIN_PATH'] = '/cv2/plugins'\n"
        "if hasattr(sys, 'OpenCV_LOADER'): raise ImportError('recursion is detected')\n"
        "sys.OpenCV_LOADER = True\n"
        "sys.path.insert(1, '/cv2')\n"
        "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')\n"
    )
    code = (
        "import os, sys\n"
        "from detectors import DetectorError, create_detector\n"
        "from detectors.opencv import import_cv2\n"
        "for attempt in (import_cv2, import_cv2, create_detector):\n"
        "    try: attempt()\n"
        "    except DetectorError as error: print(error)\n"
        "print(os.environ.get('QT_QPA_PLATFORM_PLUGIN_PATH'), '/cv2' in sys.path)\n"
    )
    done = python(code, PYTHONPATH=str(tmp_path))
    sentence = "OpenCV needs the system library libGL.so.1, which is not installed: apt install "
    assert done.stdout.splitlines() == [f"{sentence}libgl1 libegl1 libgles2."] * 3 + ["None False"], (
        done.stderr
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="OpenCV brings Qt plugins on Linux only")
@pytest.mark.parametrize("before", [None, "/my/plugins"])
def test_opencv_leaves_the_environment_of_qt_as_it_was(before: str | None) -> None:
    setting = {QT_AND_LIBRARIES[0]: before} if before else {}
    done = python(
        "import os\n"
        "from detectors.opencv import import_cv2\n"
        "assert import_cv2() is import_cv2() and import_cv2().resize\n"
        f"print([os.environ.get(name) for name in {QT_AND_LIBRARIES}])\n",
        **setting,
    )
    assert done.stdout.strip() == str([before, None, None]), done.stderr
    assert done.stderr == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="OpenCV brings Qt plugins on Linux only")
def test_opencv_s_settings_for_qt_go_where_another_library_imported_it_first() -> None:
    done = python(
        "import os, cv2\n"
        "assert 'cv2' in os.environ['QT_QPA_PLATFORM_PLUGIN_PATH']\n"
        "from detectors.opencv import import_cv2\n"
        "import_cv2()\n"
        f"print([os.environ.get(name) for name in {QT_AND_LIBRARIES[:2]}])\n"
    )
    assert done.stdout.strip() == "[None, None]", done.stderr


def test_import_cv2_gives_opencv() -> None:
    assert import_cv2().__name__ == "cv2"


CHATTER = (
    b"W0000 00:00:1795224056.733562    8081 inference_feedback_manager.cc:114] Feedback manager requires\n"
)
ERROR = b"E0000 00:00:1795224056.733562    8081 calculator_graph.cc:12] it broke\n"


def test_chatter_is_dropped_and_what_others_write_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    with captured_native_log([]):
        os.write(2, CHATTER)
        writer = threading.Thread(target=lambda: os.write(2, b"a progress bar of another thread\n"))
        writer.start()
        writer.join()
        os.write(2, ERROR)
    os.write(2, b"afterwards\n")
    assert capfd.readouterr().err == f"a progress bar of another thread\n{ERROR.decode()}afterwards\n"


def test_a_failure_carries_the_error_lines_and_gives_standard_error_back(
    capfd: pytest.CaptureFixture[str],
) -> None:
    errors: list[str] = []

    def fail() -> None:
        with captured_native_log(errors):
            os.write(2, CHATTER + ERROR + b"something else\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    os.write(2, b"afterwards\n")
    assert errors == [ERROR.decode().strip()]
    assert capfd.readouterr().err == "something else\nafterwards\n"


READY = {"torch", "onnxruntime", "mediapipe", "mmengine", "mmcv", "mmdet", "mmpose"}


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A machine with these libraries, model files and CUDA, as the registry sees it."""

    def make(installed: set[str], files: set[str], cuda: bool = False) -> None:
        monkeypatch.setattr(
            registry, "is_installed", lambda module: {module, module.split(".")[0]} & installed
        )
        monkeypatch.setattr("detectors.models.files.is_present", lambda name: name in files)
        monkeypatch.setattr(registry, "has_cuda", lambda: cuda)

    return make


RTMPOSE_FILES = {"rtmpose-m-halpe26", "rtmdet-nano-person"}
MMPOSE_FILES = {"rtmpose-m-halpe26-pth", "rtmdet-m-person-pth"}


@pytest.mark.parametrize(
    ("installed", "files", "cuda", "chosen"),
    [
        (READY, RTMPOSE_FILES | MMPOSE_FILES, True, "mmpose"),
        (READY, RTMPOSE_FILES | MMPOSE_FILES, False, "rtmpose"),
        (READY, RTMPOSE_FILES, True, "rtmpose"),
        (READY - {"mmdet"}, RTMPOSE_FILES | MMPOSE_FILES, True, "rtmpose"),
        (READY, {"rtmpose-m-halpe26"}, True, "mediapipe"),
        ({"mediapipe"}, set(), False, "mediapipe"),
        (
            {"mediapipe.tasks.python.vision.pose_landmarker"},
            {"mediapipe-pose-full"},
            False,
            "mediapipe-tasks",
        ),
        ({"mediapipe.tasks.python.vision.pose_landmarker"}, set(), False, "mediapipe-tasks"),
        ({"onnxruntime"}, set(), False, "rtmpose"),
        (set(), set(), False, "mediapipe"),
    ],
)
def test_automatic_is_the_best_that_is_installed_with_its_files(
    machine: Callable[..., None], installed: set[str], files: set[str], cuda: bool, chosen: str
) -> None:
    machine(installed, files, cuda)
    choice = choose_detector("auto")
    assert choice.name == chosen
    assert choice.reason.startswith(f"Detector chosen automatically: {chosen}")
    assert choice.reason.endswith(".")
    assert "\n" not in choice.reason


def test_the_choice_says_what_better_ones_lack(machine: Callable[..., None]) -> None:
    machine(READY - {"mmdet"}, set())
    assert choose_detector("auto").reason == (
        "Detector chosen automatically: mediapipe; mmpose lacks mmdet (make mmpose); rtmpose lacks model files "
        "(stcstudio models download rtmpose-m-halpe26 rtmdet-nano-person)."
    )
    machine(READY, RTMPOSE_FILES | MMPOSE_FILES)
    assert "mmpose has no CUDA device: name it to use it" in choose_detector("auto").reason


def test_a_named_detector_is_not_chosen(machine: Callable[..., None]) -> None:
    machine(READY, RTMPOSE_FILES | MMPOSE_FILES, True)
    assert (choose_detector("mediapipe").name, choose_detector("mediapipe").reason) == ("mediapipe", "")


CROPS = {"rtmdet-nano-person"}
TASK = {"mediapipe-pose-full"}


@pytest.mark.parametrize(
    ("files", "main", "several"),
    [
        (set(), "mediapipe", "mediapipe"),
        (CROPS, "mediapipe", "mediapipe-people"),
        (TASK, "mediapipe", "mediapipe-tasks"),
        (CROPS | TASK, "mediapipe", "mediapipe-people"),
        (RTMPOSE_FILES, "rtmpose", "rtmpose"),
    ],
)
def test_for_several_people_automatic_is_one_that_sees_several(
    machine: Callable[..., None], files: set[str], main: str, several: str
) -> None:
    machine(READY, files)
    assert choose_detector("auto").name == main
    choice = choose_detector("auto", several=True)
    assert choice.name == several
    assert (f"{several}, which sees several people" in choice.reason) is (several != "mediapipe")


def test_a_detector_of_one_person_says_which_see_several() -> None:
    limit = one_person_limit("mediapipe")
    assert "the detector mediapipe sees one person at a time" in limit
    assert "rtmpose, mediapipe-people and mediapipe-tasks see several" in limit
    for name in ("mediapipe-people:mine.onnx", "mediapipe-tasks", "rtmpose", "mmpose", "auto", "nothing"):
        assert one_person_limit(name) == ""


def test_every_detector_of_the_table_can_be_named_and_stands_somewhere() -> None:
    names = set(available_detectors()) - {"auto"}
    assert names == {"mediapipe", "mediapipe-tasks", "mediapipe-people", "rtmpose", "mmpose"}
    assert {state.name for state in detector_states()} == names


def test_choosing_imports_no_heavy_library_and_opens_no_connection() -> None:
    done = python(
        "import socket, sys\n"
        "def refuse(*_): raise AssertionError('a connection')\n"
        "socket.socket.connect = refuse\n"
        "from detectors import choose_detector\n"
        "assert choose_detector('auto').name\n"
        "heavy = {'mediapipe', 'cv2', 'torch', 'onnxruntime', 'mmpose', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_what_a_detector_takes_after_a_colon_is_its_own(machine: Callable[..., None]) -> None:
    check_detector("mediapipe-tasks:heavy")
    for name in ("auto:heavy", "openpose:heavy"):
        with pytest.raises(DetectorError, match="is no detector"):
            check_detector(name)
    with pytest.raises(DetectorError, match="'mediapipe' takes nothing after a colon"):
        create_detector("mediapipe:heavy")


@pytest.mark.parametrize(
    ("module", "is_there"),
    [
        ("json", True),
        ("json.decoder", True),
        ("json.nothing", False),
        ("json.decoder.nothing", False),
        ("importlib.resources", True),
        ("nothing_of_this_name", False),
        ("nothing.of.this.name", False),
        ("sys", True),
    ],
)
def test_what_is_installed_is_seen_without_an_import(module: str, is_there: bool) -> None:
    assert is_installed(module) is is_there


@pytest.mark.parametrize(
    ("line", "built"),
    [("cuda: Optional[str] = '13.0'", True), ("cuda: Optional[str] = None", False), ("hip = '6.2'", False)],
)
def test_a_torch_without_cuda_is_told_from_one_with_it(tmp_path: Path, line: str, built: bool) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text("raise AssertionError('imported')")
    (tmp_path / "torch" / "version.py").write_text(f"__version__ = '2.13.0'\ndebug = False\n{line}\n")
    done = python(
        "from detectors import readiness\n"
        "readiness._cuda_devices = lambda: 1\n"
        "print(readiness.has_cuda())\n"
        "readiness._cuda_devices = lambda: 0\n"
        "print(readiness.has_cuda())",
        PYTHONPATH=str(tmp_path),
    )
    assert done.stdout.split() == [str(built), "False"], done.stderr
