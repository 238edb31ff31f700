"""The settings dialog: every setting, what each detector lacks, what was found, and choices that cannot be."""

from dataclasses import fields
from pathlib import Path

import pytest
from driver import LIFTERS
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from app.gui import settings_fields
from app.gui.settings_dialog import SettingsDialog
from app.settings import Settings
from detectors.mmlab.models import parse_models
from detectors.registry import Choice, State
from stcformer.own_weights import LifterState

ALL_CHANGED = Settings(
    detector="mediapipe-people:person.onnx",
    lifter="mine.pth",
    device="cpu",
    height_m=1.62,
    fov_degrees=71.5,
    smoothing="gaussian",
    person="all",
    camera_pitch_degrees=-12.5,
    floor_offset_m=0.035,
    foot_lock="never",
    longest_gap_s=0.25,
)


def dialog_of(qtbot: QtBot, settings: Settings, **more: object) -> SettingsDialog:
    dialog = SettingsDialog(settings, LIFTERS, None, **more)  # type: ignore[arg-type]
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def texts(dialog: SettingsDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel))


def test_every_setting_is_shown_and_comes_back_as_it_was(qtbot: QtBot) -> None:
    usual = Settings()
    for field in fields(Settings):
        assert getattr(ALL_CHANGED, field.name) != getattr(usual, field.name), (
            "the test changes every setting"
        )
    assert dialog_of(qtbot, ALL_CHANGED).chosen() == ALL_CHANGED
    assert dialog_of(qtbot, usual).chosen() == usual


def test_what_is_changed_by_hand_is_chosen(qtbot: QtBot) -> None:
    dialog = dialog_of(qtbot, Settings())
    dialog.camera_pitch.known.setChecked(True)
    dialog.camera_pitch.number.setValue(30.0)
    dialog.floor.setValue(-4.0)
    assert dialog.chosen() == Settings(camera_pitch_degrees=30.0, floor_offset_m=-0.04)
    dialog.camera_pitch.known.setChecked(False)
    assert dialog.chosen().camera_pitch_degrees is None


def test_a_detector_says_in_the_words_of_doctor_what_it_lacks(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = (
        State("rtmpose", True, "model files (stcstudio models download some-file)"),
        State("mediapipe", True, ""),
        State("mmpose", False, "mmcv (make mmpose)"),
    )
    monkeypatch.setattr(settings_fields, "detector_states", lambda: states)
    dialog = dialog_of(qtbot, Settings())
    field = dialog.detector
    field.box.setCurrentText("rtmpose")
    assert (
        field.state.text() == "rtmpose: installed, lacks model files (stcstudio models download some-file)."
    )
    assert field.state.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    field.box.setCurrentText("mediapipe")
    assert field.state.text() == "mediapipe: ready."
    field.box.setCurrentText("mmpose")
    assert field.state.text() == "mmpose: not installed, lacks mmcv (make mmpose)."
    field.box.setCurrentText("auto")
    assert field.state.text().startswith("Detector chosen automatically: ")
    field.box.setCurrentText("rtmpose:mine.onnx")
    assert field.state.text() == "rtmpose with mine.onnx"
    greys = {
        field.box.itemText(row): field.box.itemData(row, Qt.ItemDataRole.ForegroundRole) for row in range(6)
    }
    assert {name for name, grey in greys.items() if grey is not None} == {"rtmpose", "mmpose"}


def test_the_models_button_makes_a_name_that_the_detector_reads_or_says_why_not(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pose, person = (str(tmp_path / name) for name in ("rtmpose-m_body8", "rtmdet_nano"))
    asked: list[str] = []
    answer = [f"{person}.pth", f"{pose}.pth", f"{person}.py", f"{pose}.py"]

    def choose(_parent: object, _title: str, _folder: str, patterns: str) -> tuple[list[str], str]:
        asked.append(patterns)
        return answer, ""

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", choose)
    dialog = dialog_of(qtbot, Settings(detector="mmpose:device=cpu"))
    qtbot.mouseClick(dialog.detector.browse, Qt.MouseButton.LeftButton)
    name = f"mmpose:{pose}.py={pose}.pth,{person}.py={person}.pth,device=cpu"
    assert dialog.chosen().detector == name
    assert parse_models(name.partition(":")[2])["person_checkpoint"] == f"{person}.pth"
    assert asked == ["Models (*.py *.pth);;All files (*)"]
    answer = [f"{pose}.pth"]
    qtbot.mouseClick(dialog.detector.browse, Qt.MouseButton.LeftButton)
    assert dialog.chosen().detector == name, "the name stays as it was"
    assert "0 configs and 1 checkpoint were chosen" in dialog.detector.state.text()
    dialog.detector.box.setCurrentText("rtmpose")
    answer = [f"{person}.onnx", f"{pose}.onnx"]
    qtbot.mouseClick(dialog.detector.browse, Qt.MouseButton.LeftButton)
    assert dialog.chosen().detector == f"rtmpose:{pose}.onnx,{person}.onnx"
    dialog.detector.box.setCurrentText("mediapipe")
    assert not dialog.detector.browse.isEnabled()


def test_a_lifter_says_what_it_is_and_where_to_get_it_where_it_is_not_here(qtbot: QtBot) -> None:
    address = "https://example.org/weights has the link; put it in '/somewhere'."
    lifters = (
        *LIFTERS,
        LifterState("h36m-81", True, "Your file '/somewhere/h36m-81.pth', SHA-256 0123456789"),
        LifterState("h36m-27", False, address),
    )
    dialog = SettingsDialog(Settings(), lifters)
    qtbot.addWidget(dialog)
    dialog.show()
    box, state = dialog.lifter.box, dialog.lifter.state
    for row, lifter in enumerate(lifters):
        assert (box.itemText(row), box.itemData(row, Qt.ItemDataRole.ToolTipRole)) == (
            lifter.name,
            lifter.words,
        )
        assert (box.itemData(row, Qt.ItemDataRole.ForegroundRole) is not None) == (not lifter.is_here)
        box.setCurrentText(lifter.name)
        assert state.text() == box.toolTip() == lifter.words
    assert state.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
    assert dialog.chosen().lifter == "h36m-27"
    box.setCurrentText("h36m-28")
    assert state.text() == "There are no weights 'h36m-28'."


def test_what_auto_takes_is_said_for_the_people_that_are_wanted(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(several: bool = False) -> Choice:
        return Choice("made", f"for {'several' if several else 'one'}")

    monkeypatch.setattr(settings_fields, "choose_automatic", choose)
    dialog = dialog_of(qtbot, Settings(person="all"))
    assert dialog.detector.state.text() == "for several"
    dialog.person.setCurrentText("main")
    assert dialog.detector.state.text() == "for one"


def test_what_cannot_be_is_said_in_the_dialog_and_not_applied(qtbot: QtBot) -> None:
    dialog = dialog_of(qtbot, Settings())
    dialog.detector.box.setCurrentText("psychic")
    with qtbot.assertNotEmitted(dialog.applied):
        dialog.buttons.accepted.emit()
    assert dialog.isVisible()
    assert dialog.problem.isVisible()
    assert "'psychic' is no detector" in dialog.problem.text()
    dialog.detector.box.setCurrentText("mediapipe")
    with qtbot.waitSignal(dialog.applied) as applied:
        dialog.buttons.accepted.emit()
    assert applied.args == [Settings(detector="mediapipe")]
    assert not dialog.isVisible()


def test_what_was_found_in_the_clip_stands_beside_what_could_be_told(qtbot: QtBot) -> None:
    found = {"camera_pitch_degrees": "41.6° down", "height_m": "1.70 m"}
    dialog = dialog_of(qtbot, Settings(), found=found)
    assert "In this clip: 41.6° down." in texts(dialog)
    assert "In this clip: 1.70 m." in texts(dialog)


def test_the_dialog_fits_a_small_screen_and_cuts_no_sentence_off(qtbot: QtBot) -> None:
    found = dict.fromkeys(
        ("height_m", "camera_pitch_degrees"), "something that was found, give or take a little"
    )
    dialog = dialog_of(qtbot, Settings(detector="mediapipe-people"), found=found)
    for page in range(dialog.tabs.count()):
        dialog.tabs.setCurrentIndex(page)
        qtbot.wait(30)
        assert dialog.width() <= 800
        assert dialog.height() <= 680
        for label in dialog.findChildren(settings_fields.NoteLabel):
            if label.isVisible():
                assert label.height() >= label.heightForWidth(label.width()), label.text()
