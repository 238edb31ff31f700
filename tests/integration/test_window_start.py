"""Without a display the window says so and the program ends; the rest of the program needs none."""

import os
import subprocess
import sys

import pytest

from app.errors import StudioError
from app.gui.display import check_display


def started(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`stcstudio` on a machine with nothing but these variables of a display."""
    bare = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env=bare | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
@pytest.mark.parametrize("arguments", [(), ("gui",), ("gui", "video.mp4"), ("live", "--camera", "0")])
def test_no_display_is_one_sentence_and_exit_code_1(arguments: tuple[str, ...]) -> None:
    done = started(*arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("stcstudio: There is no display")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_a_display_that_nobody_serves_is_one_sentence_and_exit_code_1() -> None:
    done = started(DISPLAY=":4077")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert ":4077" in done.stderr or "Qt cannot open windows here" in done.stderr


def test_help_names_the_window_and_needs_no_display() -> None:
    done = started("--help")
    assert done.returncode == 0
    assert "gui" in done.stdout


@pytest.mark.parametrize("platform", ["offscreen", "minimal", "offscreen:size=9x9"])
def test_qts_platforms_without_a_display_are_taken_at_their_word(platform: str) -> None:
    check_display({"QT_QPA_PLATFORM": platform}, "linux")


def test_wayland_and_other_systems_are_left_to_qt() -> None:
    check_display({"WAYLAND_DISPLAY": "wayland-0"}, "linux")
    check_display({}, "darwin")
    with pytest.raises(StudioError, match="no display"):
        check_display({"QT_QPA_PLATFORM": "xcb", "WAYLAND_DISPLAY": "wayland-0"}, "linux")
