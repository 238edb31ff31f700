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


def test_no_argument_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    invoke([])
    assert "Usage" in capsys.readouterr().out


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
