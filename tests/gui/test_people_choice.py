"""Whom to follow is chosen in the settings, and the panel says who was left out."""

from dataclasses import replace

import numpy as np
from driver import LIFTERS
from made_takes import exact_take
from pytestqt.qtbot import QtBot
from synthetic_body import turn_around, walk

from app.gui.document import Document
from app.gui.people_panel import PeoplePanel
from app.gui.settings_dialog import SettingsDialog
from app.pipeline import Partial
from app.settings import Settings

FRAMES = 20


def test_the_settings_dialog_gives_back_whom_to_follow(qtbot: QtBot) -> None:
    dialog = SettingsDialog(Settings(person="2"), LIFTERS)
    qtbot.addWidget(dialog)
    assert dialog.chosen().person == "2"
    dialog.person.setCurrentText("all")
    assert dialog.chosen() == Settings(person="all")
    seventh = SettingsDialog(Settings(person="7"), LIFTERS)
    qtbot.addWidget(seventh)
    assert seventh.chosen().person == "7"


def test_another_choice_of_people_asks_for_processing(qtbot: QtBot) -> None:
    document = Document(Settings())
    document.set_project(None, exact_take(walk(FRAMES, 30.0)), None)
    with qtbot.waitSignal(document.processing_wanted), qtbot.assertNotEmitted(document.rebuild_wanted):
        document.set_settings(Settings(person="all"))
    assert document.needs_processing
    document.set_settings(Settings())
    assert not document.needs_processing


def test_people_who_come_and_go_while_the_video_is_processed_are_shown(qtbot: QtBot) -> None:
    document = Document(Settings())
    document.set_project(None, exact_take(walk(FRAMES, 30.0), turn_around(FRAMES)), None)
    document.choose(1)
    take = document.take
    assert take is not None
    one = Partial(take.time_s, (take.keypoints[0],), (take.scores[0],), (take.camera[0],), FRAMES, FRAMES)
    with qtbot.waitSignal(document.person_changed):
        document.set_partial(one)
    assert document.chosen == 0
    assert len(document.people_at(3)[0]) == len(document.poses_at(3)) == 1
    both = replace(one, keypoints=tuple(take.keypoints), scores=tuple(take.scores), camera=tuple(take.camera))
    document.set_partial(both)
    keypoints, scores = document.people_at(3)
    np.testing.assert_array_equal(keypoints, take.keypoints[:, 3])
    np.testing.assert_array_equal(scores, take.scores[:, 3])
    assert document.names == ("Person 1", "Person 2")


def test_the_panel_says_how_many_more_were_found(qtbot: QtBot) -> None:
    panel = PeoplePanel()
    qtbot.addWidget(panel)
    panel.set_people(("Person 1",), (20,), 0, True)
    assert panel.left_out.isHidden()
    panel.set_people(("Person 1",), (20,), 0, True, 1)
    assert panel.left_out.text().startswith("1 more person was found. ")
    assert not panel.left_out.isHidden()
    panel.set_people(("Person 1",), (20,), 0, True, 3)
    assert panel.left_out.text() == "3 more people were found. Under Settings, People: all keeps them."
    panel.set_people(("Person 1",), (20,), 0, True, 3, keeps_all=True)
    assert panel.left_out.text().endswith("a number keeps one of them.")
