"""What to be wary of is said once above the views, stays in the status bar, and goes with its clip."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from driver import opened, pose_of, settled

from app.gui.main_window import MainWindow
from app.project import open_project, save_project
from app.settings import Settings
from tests.gui.conftest import Pump

MOVES = "The camera moves (the picture wanders by 12% of its size)."


def with_provenance(project: Path, path: Path, **parts: Any) -> Path:
    take = open_project(project)
    save_project(replace(take, provenance=take.provenance | parts), path)
    return path


def test_a_note_of_a_project_is_said_and_stays_in_the_status_bar(
    window: MainWindow, pump: Pump, project: Path, tmp_path: Path
) -> None:
    video = open_project(project).provenance["video"]
    shaky = with_provenance(project, tmp_path / "shaky.stctake", video=video | {"warnings": [MOVES]})
    opened(window, pump, shaky)
    assert window.notice.text == MOVES
    button = window.notes.button
    assert button.isVisible()
    assert button.text().endswith(" 1 note")
    assert button.toolTip() == MOVES
    pump.call(window.notice.close_button.click)
    window.lifter.get(window.document.settings)
    pump.call(window.actions_["floor_up"].trigger)
    settled(window, pump)
    assert not window.notice.text, "it is not said again and again"
    assert button.isVisible()
    pump.call(button.click)
    assert window.notice.text == MOVES
    window.document.undo_stack.setClean()
    opened(window, pump, project)
    assert not window.notice.text
    assert not button.isVisible()


def test_motion_of_an_earlier_version_is_made_anew_by_a_button(
    window: MainWindow, pump: Pump, project: Path, tmp_path: Path
) -> None:
    take = open_project(project)
    motion = {key: value for key, value in take.provenance["motion"].items() if key != "gravity"}
    earlier = tmp_path / "earlier.stctake"
    floating = replace(
        take, world=take.world + np.array([0, 0, 0.25]), provenance=take.provenance | {"motion": motion}
    )
    save_project(floating, earlier)
    opened(window, pump, earlier)
    assert "earlier version" in window.notice.text
    assert not window.isWindowModified()
    before = pose_of(window)
    window.lifter.get(window.document.settings)
    pump.call(window.notice.button.click)
    pump.until(
        lambda: window.document.take is not None and "gravity" in window.document.take.provenance["motion"]
    )
    settled(window, pump)
    np.testing.assert_allclose(pose_of(window), before - np.array([0, 0, 0.25]), atol=0.01)
    assert window.isWindowModified()
    assert not window.notice.text
    assert not window.notes.button.isVisible()


def test_what_failed_before_is_not_said_while_it_is_tried_anew(
    window: MainWindow, pump: Pump, long_clip: Path
) -> None:
    opened(window, pump, long_clip)
    pump.call(lambda: window.document.set_settings(Settings(detector="rtmpose:nowhere.onnx,nobody.onnx")))
    pump.call(window.work.start)
    pump.until(lambda: bool(window.notice.text), what="the sentence")
    pump.call(lambda: window.document.set_settings(Settings(detector="mediapipe")))
    pump.call(window.work.start)
    assert not window.notice.text
    pump.call(window.work.cancel)
    pump.until(lambda: not window.work.is_running, what="the end")
