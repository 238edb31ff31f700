"""The command line: quick to answer, and right about its exit codes."""

import subprocess
import sys

import pytest

from app.cli import invoke

_HEAVY = ("torch", "mediapipe", "cv2", "av", "scipy", "PyQt6")


def test_help_is_shown_without_loading_a_heavy_library() -> None:
    code = (
        "import sys\nfrom app.cli import invoke\ninvoke(['--help'])\n"
        f"sys.exit([name for name in {_HEAVY!r} if name in sys.modules] or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "run" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a display")
def test_without_a_display_the_window_is_refused_in_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for arguments in ([], ["gui"]):
        assert invoke(arguments) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "no display" in error


def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["run"]) == 2
    assert invoke(["run", "a.mp4", "--no-such-option"]) == 2
    assert invoke(["no-such-command"]) == 2
    assert "No such" in capsys.readouterr().err


def test_a_missing_video_is_one_sentence_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert invoke(["run", "no-such-video.mp4"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "no-such-video.mp4" in error
