"""Opening, saving, exporting and leaving: nothing is lost without a question, nothing written without being asked."""

import shutil
import threading
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from driver import gone_to, keypoints_of, opened, pose_of, settled

from app.edits import SwapSides
from app.errors import StudioError
from app.export.csv_table import read_csv
from app.export.npz_archive import read_npz
from app.export.sidecar import read_sidecar
from app.gui import clip_display, files, preferences, rebuilder
from app.gui.export_dialog import ExportDialog
from app.gui.main_window import MainWindow
from app.project import open_project
from tests.gui.conftest import Pump

FRAME = 20


@pytest.fixture
def mine_and_other(project: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two projects of the same clip, to be written to."""
    mine, other = (shutil.copy(project, tmp_path / f"{name}.stctake") for name in ("mine", "other"))
    return mine, other


def corrected(window: MainWindow, pump: Pump) -> None:
    """One correction, until the 3D has it."""
    gone_to(window, pump, FRAME)
    pump.call(window.actions_["swap_frame"].trigger)
    settled(window, pump)


def test_a_saved_project_opens_as_it_was(
    window: MainWindow, pump: Pump, project: Path, answers: dict[str, object], tmp_path: Path
) -> None:
    opened(window, pump, project)
    corrected(window, pump)
    points, pose, target = keypoints_of(window), pose_of(window), tmp_path / "mine.stctake"
    assert window.isWindowModified()
    answers["ask_project_file"] = target
    pump.call(window.actions_["save_as"].trigger)
    pump.until(lambda: window.document.project_path == target, what="the project to be saved")
    assert not window.isWindowModified()
    assert open_project(target).edits == (SwapSides(0, FRAME, FRAME + 1),)

    pump.call(window.actions_["undo"].trigger)
    assert window.isWindowModified()
    settled(window, pump)
    opened(window, pump, project)
    assert not window.document.edits
    opened(window, pump, target)
    gone_to(window, pump, FRAME)
    np.testing.assert_allclose(keypoints_of(window), points)
    np.testing.assert_allclose(pose_of(window), pose)
    assert preferences.recent_files(window.store)[:2] == [target, project]
    assert window.menus.recent.actions()[0].toolTip() == str(target)


def test_the_question_before_leaving_can_be_cancelled_or_saves(
    window: MainWindow, pump: Pump, project: Path, clip: Path, answers: dict[str, object], tmp_path: Path
) -> None:
    opened(window, pump, project)
    corrected(window, pump)
    answers["ask_to_save"] = "cancel"
    pump.call(lambda: window.open(clip))
    pump.run(0.5)
    assert window.document.project_path == project
    pump.call(window.close)
    pump.run(0.2)
    assert window.isVisible()

    answers["ask_to_save"], answers["ask_project_file"] = "save", tmp_path / "saved.stctake"
    window.document.project_path = None  # as a clip that was processed and never saved
    pump.call(lambda: window.open(clip))
    pump.until(lambda: window.document.path == clip and window.document.take is None, what="the other clip")
    assert open_project(tmp_path / "saved.stctake").edits


def test_a_project_is_not_saved_over_by_a_clip_that_opens_while_its_name_is_asked_for(
    window: MainWindow,
    pump: Pump,
    project: Path,
    clip: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    opened(window, pump, project)

    def another_clip_opens_meanwhile(*_arguments: object) -> Path:
        window.open(clip)
        pump.until(
            lambda: window.document.path == clip and window.document.take is None, what="the other clip"
        )
        return tmp_path / "mine.stctake"

    monkeypatch.setattr(files.questions, "ask_project_file", another_clip_opens_meanwhile)
    window.actions_["save_as"].trigger()
    pump.run(0.2)
    assert not (tmp_path / "mine.stctake").exists()
    assert "'mine.stctake' was not saved" in window.notice.text


def test_questions_come_one_after_the_other(
    window: MainWindow, pump: Pump, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(window, pump, project)
    corrected(window, pump)
    order: list[str] = []

    def ask(*_arguments: object) -> str:
        order.append("asked")
        if len(order) == 1:
            window.files.before_leaving(lambda: order.append("second"))
        order.append("answered")
        return "discard"

    monkeypatch.setattr(files.questions, "ask_to_save", ask)
    window.files.before_leaving(lambda: order.append("first"))
    assert order == ["asked", "answered", "first", "asked", "answered", "second"]


def test_a_project_whose_video_was_moved_asks_for_it(
    window: MainWindow, pump: Pump, clip: Path, answers: dict[str, object], tmp_path: Path
) -> None:
    from dataclasses import replace

    from app.pipeline import process_video
    from app.project import save_project

    there = shutil.copy(clip, tmp_path / "there.mp4")
    take = process_video(there)
    (tmp_path / "elsewhere").mkdir()
    moved = shutil.move(there, tmp_path / "elsewhere" / "moved.mp4")
    path = tmp_path / "moved.stctake"
    save_project(replace(take, source=replace(take.source, path=Path(there))), path)

    answers["ask_for_video"] = None
    pump.call(lambda: window.open(path))
    pump.until(lambda: window.display.analysis is not None, what="the poses alone")
    gone_to(window, pump, FRAME)
    assert window.document.video is None
    np.testing.assert_allclose(pose_of(window), take.world[0, FRAME])
    assert not window.actions_["process"].isEnabled()

    answers["ask_for_video"] = Path(moved)
    opened(window, pump, path)
    assert window.document.video is not None
    assert window.document.path == Path(moved)
    assert window.document.take is not None
    assert window.document.take.source.path == Path(moved)


def test_a_damaged_project_gives_a_sentence(
    window: MainWindow, pump: Pump, project: Path, tmp_path: Path
) -> None:
    opened(window, pump, project)
    broken = tmp_path / "broken.stctake"
    broken.write_bytes(project.read_bytes()[:2000])
    pump.call(lambda: window.open(broken))
    pump.until(lambda: "broken.stctake" in window.notice.text, what="the sentence")
    assert window.document.project_path == project


def slowed(monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str) -> threading.Event:
    """A function of a module that goes on only while this is set: a slow machine."""
    may_go_on, original = threading.Event(), getattr(module, name)

    def waits(*arguments: object) -> object:
        assert may_go_on.wait(60)
        return original(*arguments)

    monkeypatch.setattr(module, name, waits)
    return may_go_on


@pytest.mark.parametrize("command", ["save", "export"])
def test_what_waits_for_a_correction_is_dropped_with_the_project_that_it_was_for(
    window: MainWindow,
    pump: Pump,
    mine_and_other: tuple[Path, Path],
    answers: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    mine, other = mine_and_other
    before = mine.read_bytes()
    opened(window, pump, mine)
    may_rebuild = slowed(monkeypatch, rebuilder, "rebuild")
    pump.call(window.actions_["swap_frame"].trigger)
    pump.until(lambda: window.rebuilder.is_busy, what="the 3D to be rebuilt")
    pump.call(window.actions_[command].trigger)
    answers["ask_to_save"] = "discard"
    opened(window, pump, other)
    may_rebuild.set()
    pump.until(lambda: not window.rebuilder.is_busy, what="the rebuilding to end")
    pump.run(0.5)
    assert window.document.project_path == other
    assert mine.read_bytes() == before
    assert window.handlers.export_dialog is None


def test_the_failure_of_a_correction_is_not_told_over_the_next_project(
    window: MainWindow,
    pump: Pump,
    mine_and_other: tuple[Path, Path],
    answers: dict[str, object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine, other = mine_and_other
    opened(window, pump, mine)

    def fails(*_arguments: object) -> None:
        raise StudioError("The weights went missing; put them back.")

    monkeypatch.setattr(rebuilder, "rebuild", fails)
    may_fail = slowed(monkeypatch, rebuilder, "rebuild")
    pump.call(window.actions_["swap_frame"].trigger)
    pump.until(lambda: window.rebuilder.is_busy, what="the 3D to be rebuilt")
    answers["ask_to_save"] = "discard"
    opened(window, pump, other)
    may_fail.set()
    pump.until(lambda: not window.rebuilder.is_busy, what="the rebuilding to end")
    pump.run(0.3)
    assert "went missing" not in window.notice.text


def test_a_project_that_is_read_slowly_does_not_take_the_place_of_a_video_opened_after_it(
    window: MainWindow, pump: Pump, project: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, may_read = shutil.copy(clip, tmp_path / "other.mp4"), slowed(monkeypatch, files, "_read_project")
    pump.call(lambda: window.open(project))
    pump.run(0.1)
    opened(window, pump, other)
    may_read.set()
    pump.until(lambda: not window.files._reader.is_busy, what="the project to be read")
    pump.run(0.3)
    assert window.document.path == other
    assert window.document.take is None


def test_curves_and_lanes_of_a_clip_do_not_outlive_it(
    window: MainWindow, pump: Pump, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(window, pump, project)
    again, may_look = (
        shutil.copy(project, tmp_path / "again.stctake"),
        slowed(monkeypatch, clip_display, "analyse"),
    )
    pump.call(lambda: window.open(again))
    pump.until(lambda: window.document.project_path == again, what="the other project")
    assert window.display.analysis is None
    may_look.set()
    pump.until(lambda: window.display.analysis is not None, what="its own curves")


def exported(window: MainWindow, pump: Pump) -> ExportDialog:
    """The export dialog, when it has written."""
    dialog = window.handlers.export_dialog
    assert dialog is not None
    pump.call(dialog.export_button.click)
    pump.until(lambda: not dialog.is_busy, what="the files")
    return dialog


def test_export_writes_what_was_chosen_and_says_how_true_it_is(
    window: MainWindow, pump: Pump, project: Path, tmp_path: Path
) -> None:
    opened(window, pump, project)
    corrected(window, pump)
    window.player.clock.set_range(10, 30)
    pump.call(window.actions_["export"].trigger)
    dialog = window.handlers.export_dialog
    assert dialog is not None
    for name, box in dialog.formats.items():
        box.setChecked(name in ("csv", "bvh"))
        assert box.toolTip()
    assert (dialog.first_frame.value(), dialog.last_frame.value()) == (10, 29)
    dialog.folder.setText(str(tmp_path / "out" / "deep"))
    dialog.stem.setText("walk")
    exported(window, pump)
    folder = tmp_path / "out" / "deep"
    assert sorted(path.name for path in folder.iterdir()) == ["walk.bvh", "walk.csv", "walk.json"]
    assert "walk.bvh: read back" in dialog.outcome.text()
    assert " mm" in dialog.outcome.text()
    assert dialog.show_button.isVisibleTo(dialog)
    table = read_csv(folder / "walk.csv")
    assert table.frame.tolist() == list(range(10, 30))
    take = window.document.take
    assert take is not None
    np.testing.assert_allclose(table.world, take.world[0, 10:30], atol=1e-6)
    made = read_sidecar(folder / "walk.json")
    assert made["provenance"]["part"] == {"persons": [1], "frames": [10, 30]}
    assert len(made["provenance"]["edits"]) == 1
    dialog.close()

    pump.call(window.actions_["export"].trigger)  # choices are remembered
    again = window.handlers.export_dialog
    assert again is not None
    assert again is not dialog
    assert again.chosen_formats() == ["csv", "bvh"]
    assert again.folder.text() == str(folder)


def test_export_of_the_whole_is_the_whole(
    window: MainWindow, pump: Pump, project: Path, tmp_path: Path
) -> None:
    opened(window, pump, project)
    pump.call(window.actions_["export"].trigger)
    dialog = window.handlers.export_dialog
    assert dialog is not None
    for name, box in dialog.formats.items():
        box.setChecked(name == "npz")
    dialog.folder.setText(str(tmp_path))
    dialog.stem.setText("all")
    exported(window, pump)
    assert window.document.take is not None
    np.testing.assert_array_equal(read_npz(tmp_path / "all.npz")["world"], window.document.take.world)


def test_export_to_where_nothing_can_be_written_gives_a_sentence(
    window: MainWindow, pump: Pump, project: Path, tmp_path: Path
) -> None:
    opened(window, pump, project)
    (tmp_path / "file").write_text("in the way")
    pump.call(window.actions_["export"].trigger)
    dialog = window.handlers.export_dialog
    assert dialog is not None
    dialog.folder.setText(str(tmp_path / "file" / "below"))
    exported(window, pump)
    assert "file" in dialog.outcome.text()
    assert dialog.export_button.isEnabled()
    dialog.folder.setText(str(tmp_path))
    dialog.stem.setText("../escape")
    exported(window, pump)
    assert "is no name for a file" in dialog.outcome.text()
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".csv", ".bvh")) == []
