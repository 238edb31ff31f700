"""Settings, keys, diagnostics, and what the window remembers."""

from pathlib import Path

import numpy as np
import pytest
from driver import LIFTERS, gone_to, opened, pose_of, settled
from PyQt6.QtCore import QSettings
from PyQt6.QtGui import QGuiApplication

from app.gui import preferences
from app.gui.commands import COMMANDS, MENUS, PANELS, key_sequences
from app.gui.diagnostics import keys_html
from app.gui.main_window import MainWindow
from app.gui.settings_dialog import SettingsDialog
from app.settings import DEVICES, Settings
from tests.gui.conftest import Pump


def settings_dialog(window: MainWindow) -> SettingsDialog:
    window.actions_["settings"].trigger()
    dialog = window.handlers.settings_dialog
    assert dialog is not None
    return dialog


def test_settings_of_the_motion_are_applied_at_once(window: MainWindow, pump: Pump, project: Path) -> None:
    opened(window, pump, project)
    gone_to(window, pump, 10)
    window.lifter.get(window.document.settings)
    height = np.ptp(pose_of(window)[:, 2])
    dialog = settings_dialog(window)
    dialog.body_height.known.setChecked(True)
    dialog.body_height.number.setValue(1.2)
    pump.call(dialog.apply)
    settled(window, pump)
    assert np.ptp(pose_of(window)[:, 2]) < 0.85 * height
    assert window.document.take is not None
    assert window.document.take.settings.height_m == 1.2
    assert window.isWindowModified()
    assert preferences.load_settings(window.store).height_m == 1.2


def test_a_tilt_and_a_floor_are_those_of_one_clip(
    window: MainWindow, pump: Pump, project: Path, clip: Path
) -> None:
    opened(window, pump, project)
    window.lifter.get(window.document.settings)
    dialog = settings_dialog(window)
    dialog.camera_pitch.known.setChecked(True)
    dialog.camera_pitch.number.setValue(20.0)
    dialog.floor.setValue(5.0)
    dialog.smoothing.setCurrentText("gaussian")
    before = pose_of(window)
    pump.call(dialog.apply)
    settled(window, pump)
    assert np.abs(pose_of(window) - before).max() > 0.05
    assert window.document.take is not None
    assert window.document.take.settings == Settings(
        smoothing="gaussian", camera_pitch_degrees=20.0, floor_offset_m=0.05
    )
    assert preferences.load_settings(window.store) == Settings(smoothing="gaussian")
    window.document.undo_stack.setClean()
    opened(window, pump, clip)
    assert window.document.settings == Settings(smoothing="gaussian")


def test_another_detector_asks_for_processing_again(window: MainWindow, pump: Pump, project: Path) -> None:
    opened(window, pump, project)
    before = window.document.take
    dialog = settings_dialog(window)
    dialog.detector.box.setCurrentText("mediapipe")
    pump.call(dialog.apply)
    assert "processed again" in window.notice.text
    assert window.document.take is before
    pump.call(window.notice.button.click)
    pump.until(lambda: window.document.take is not before, 120, "the new Take")
    assert window.document.take is not None
    assert window.document.take.settings.detector == "mediapipe"
    assert not window.notice.text


def test_weights_that_do_not_exist_give_a_sentence_and_the_clip_stays(
    window: MainWindow, pump: Pump, project: Path
) -> None:
    opened(window, pump, project)
    pump.call(lambda: window.document.set_settings(Settings(lifter="nowhere.pth")))
    pump.until(lambda: "nowhere.pth" in window.notice.text, 60, "the sentence")
    gone_to(window, pump, 5)
    pump.call(lambda: window.document.set_settings(Settings()))
    settled(window, pump)


def test_the_settings_dialog_explains_every_choice_and_gives_back_what_it_was_given(
    window: MainWindow,
) -> None:
    chosen = Settings("mediapipe", "wild-27", "cpu", 1.8, 55.0, "gaussian")
    dialog = SettingsDialog(chosen, LIFTERS, window)
    assert dialog.chosen() == chosen
    for widget in (dialog.detector, dialog.lifter, dialog.device, dialog.smoothing):
        assert len(widget.toolTip()) > 30
    other = SettingsDialog(Settings(), LIFTERS, window)
    assert other.chosen() == Settings()


def test_a_project_brings_its_settings_and_takes_them_along(
    window: MainWindow, pump: Pump, project: Path, clip: Path
) -> None:
    window.document.set_settings(Settings(smoothing="none"))
    opened(window, pump, project)
    assert window.document.settings == Settings()
    opened(window, pump, clip)
    assert window.document.settings == Settings(smoothing="none")


def test_the_devices_of_the_settings_are_those_of_the_lifter() -> None:
    from stcformer.device import DEVICES as KNOWN

    assert DEVICES == KNOWN


def test_no_key_has_two_meanings_and_every_command_is_in_a_menu() -> None:
    keys = [sequence.toString() for command in COMMANDS for sequence in key_sequences(command)]
    assert len(keys) == len(set(keys))
    assert all(keys)
    assert {command.menu for command in COMMANDS} == {*MENUS, "Appearance"}


def test_help_lists_every_key() -> None:
    html = keys_html()
    for command in COMMANDS:
        if command.keys and command.menu in MENUS:
            assert command.text.replace("&", "").removesuffix("…") in html
    for tip, key in PANELS.values():
        assert f"<b>{key}</b></td><td>{tip}" in html
    for words in ("row of a foot", "Page Down", "drag a joint"):
        assert words in html


def test_diagnostics_can_be_copied(window: MainWindow, pump: Pump, project: Path) -> None:
    opened(window, pump, project)
    from app.gui.diagnostics import TextDialog

    pump.is_watching = False
    window.actions_["diagnostics"].trigger()
    (dialog,) = window.findChildren(TextDialog)
    dialog.copy_button.click()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    text = clipboard.text()
    for part in ("STCFormer Studio", "Python", "Qt", "torch", "Graphics: ", "40 frames", "0 corrections"):
        assert part in text, part
    dialog.close()


def test_the_window_stands_where_it_stood(window: MainWindow, pump: Pump, qapp: object) -> None:
    window.layout_.curves_dock.show()
    window.actions_["theme_light"].trigger()
    window.player.clock.set_looping(False)
    window.resize(1100, 760)
    pump.run(0.2)
    pump.is_watching = False
    window.close()
    again = MainWindow(QSettings(window.store.fileName(), QSettings.Format.IniFormat), preloads=False)
    again.show()
    pump.run(0.2)
    assert again.layout_.curves_dock.isVisible()
    assert not again.player.clock.is_looping
    assert again.actions_["theme_light"].isChecked()
    assert abs(again.width() - 1100) < 30
    again.set_theme("dark")
    again.close()


@pytest.mark.parametrize("written", ["nonsense", {"detector": 7}, {"unknown": 1}])
def test_settings_of_another_version_are_not_believed(written: object, tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "old.ini"), QSettings.Format.IniFormat)
    store.setValue("settings", written)
    assert preferences.load_settings(store) == Settings()


def test_settings_survive_the_file_that_keeps_them(tmp_path: Path) -> None:
    path, settings = str(tmp_path / "kept.ini"), Settings(height_m=1.83, fov_degrees=None, smoothing="none")
    preferences.save_settings(QSettings(path, QSettings.Format.IniFormat), settings)
    assert preferences.load_settings(QSettings(path, QSettings.Format.IniFormat)) == settings


def test_files_that_are_gone_are_not_recent(tmp_path: Path) -> None:
    store = QSettings(str(tmp_path / "recent.ini"), QSettings.Format.IniFormat)
    for name in ("a", "b", "c", "b"):
        (tmp_path / name).touch()
        preferences.add_recent(store, tmp_path / name)
    (tmp_path / "c").unlink()
    assert [path.name for path in preferences.recent_files(store)] == ["b", "a"]
