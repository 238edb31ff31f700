"""The export dialog: every format can be seen and chosen, a long export shows how far it is and can be stopped."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from driver import opened
from PyQt6.QtCore import QSettings

from app.export import FORMATS, ExportProgress, export_take
from app.gui import export_dialog
from app.gui.export_dialog import ExportDialog
from app.gui.main_window import MainWindow
from app.take import Take
from tests.gui.conftest import Pump


def dialog_of(window: MainWindow, pump: Pump, project: Path, folder: Path) -> ExportDialog:
    opened(window, pump, project)
    pump.call(window.actions_["export"].trigger)
    dialog = window.handlers.export_dialog
    assert dialog is not None
    dialog.folder.setText(str(folder))
    dialog.stem.setText("walk")
    for name, box in dialog.formats.items():
        box.setChecked(name in ("csv", "overlay"))
    return dialog


def endless(
    take: Take,
    folder: Path,
    stem: str,
    formats: list[str],
    progress: Callable[[ExportProgress], None],
) -> list[Path]:
    """An export that writes a table and then works on a film until it is stopped."""
    export_take(take, folder, stem, formats[:1])
    for done in range(100_000):
        progress(ExportProgress(f"{stem}.overlay.mp4", 2, 2, min(done, 299), 300))
        time.sleep(0.01)
    raise AssertionError("it was never stopped")


def test_every_format_is_in_the_list_with_its_sentence_and_the_dialog_fits_a_small_screen(
    window: MainWindow, pump: Pump, project: Path, tmp_path: Path
) -> None:
    dialog = dialog_of(window, pump, project, tmp_path)
    assert list(dialog.formats) == list(FORMATS)
    pump.run(0.1)
    assert dialog.height() <= 700
    assert dialog.width() <= 1000
    assert all(box.isEnabled() for box in dialog.formats.values())
    assert dialog.chosen_formats() == ["csv", "overlay"]
    assert "csv, overlay: 40 frames" in dialog.summary.text()
    content = dialog.format_list.widget()
    assert content is not None
    assert content.width() <= dialog.format_list.width(), "it scrolls up and down only"
    last = list(dialog.formats.values())[-1]
    dialog.format_list.ensureWidgetVisible(last)
    pump.run(0.05)
    assert not last.visibleRegion().isEmpty()


def test_a_long_export_shows_how_far_it_is_and_can_be_stopped(
    window: MainWindow, pump: Pump, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = dialog_of(window, pump, project, tmp_path / "out")
    monkeypatch.setattr(export_dialog, "export_take", endless)
    pump.call(dialog.export_button.click)
    pump.until(lambda: dialog.progress.value() > 5, what="the progress")
    assert dialog.progress.isVisible()
    assert dialog.progress.maximum() == 300
    assert "walk.overlay.mp4 (2 of 2)" in dialog.outcome.text()
    assert not dialog.export_button.isEnabled()
    pump.call(dialog.stop_button.click)
    pump.until(lambda: not dialog.is_busy, 5, "the export to stop")
    assert "Stopped" in dialog.outcome.text()
    assert not dialog.progress.isVisible()
    assert dialog.export_button.isEnabled()
    assert [path.name for path in (tmp_path / "out").glob("*.csv")] == ["walk.csv"]

    monkeypatch.undo()  # and it can be tried again
    dialog.formats["overlay"].setChecked(False)
    pump.call(dialog.export_button.click)
    pump.until(lambda: not dialog.is_busy, what="the files")
    assert "Written: walk.csv, walk.json" in dialog.outcome.text()


def test_a_dialog_that_was_closed_while_it_writes_comes_back_with_its_progress(
    window: MainWindow, pump: Pump, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = dialog_of(window, pump, project, tmp_path / "out")
    monkeypatch.setattr(export_dialog, "export_take", endless)
    pump.call(dialog.export_button.click)
    pump.call(dialog.close_button.click)
    assert not dialog.isVisible()
    pump.call(window.actions_["export"].trigger)
    assert window.handlers.export_dialog is dialog
    assert dialog.isVisible()
    pump.until(lambda: dialog.progress.value() > 0, what="the progress")
    pump.call(dialog.close_button.click)
    pump.call(dialog.stop)
    pump.until(lambda: "Stopped" in window.notice.text, 5, "the word that it stopped")


def test_films_cannot_be_chosen_without_their_video(pump: Pump, project: Path, tmp_path: Path) -> None:
    from app.project import open_project

    pump.is_watching = False
    take = open_project(project)
    take = replace(take, source=replace(take.source, path=tmp_path / "gone.mp4"))
    store = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    store.setValue("export/formats", ["csv", "overlay"])
    dialog = ExportDialog(take, ["Person 1"], (0, 10), store)
    films = {name for name, box in dialog.formats.items() if not box.isEnabled()}
    assert films == {name for name, entry in FORMATS.items() if entry.needs_video}
    assert dialog.chosen_formats() == ["csv"]
    dialog.end()
    dialog.deleteLater()


def test_what_the_files_of_movement_science_say_of_themselves_is_shown(
    window: MainWindow, pump: Pump, project: Path, tmp_path: Path
) -> None:
    dialog = dialog_of(window, pump, project, tmp_path)
    for name, box in dialog.formats.items():
        box.setChecked(name in ("trc", "c3d", "angles", "csv-tidy"))
    pump.call(dialog.export_button.click)
    pump.until(lambda: not dialog.is_busy, what="the files")
    lines = dialog.outcome.text().splitlines()
    assert lines[0] == "Written: walk.tidy.csv, walk.trc, walk.c3d, walk.angles.csv, walk.json"
    assert [line.split(":")[0] for line in lines[1:]] == ["walk.c3d"], (
        "what was read back, and nobody left out"
    )
