"""The attention panel in the window: in step with the shown frame, off while it is closed, and lines in the video."""

from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from app.gui.attention_display import _Answer
from app.gui.attention_map import AttentionMap
from app.gui.attention_view import AttentionView
from app.gui.main_window import MainWindow
from stcformer.skeleton import JOINTS, PART_ORDER
from tests.gui.conftest import Pump
from tests.gui.driver import gone_to, opened, shown


def opened_panel(window: MainWindow, pump: Pump) -> AttentionView:
    """Shows the panel and waits for the maps of the shown frame."""
    pump.call(window.layout_.attention_dock.show)
    waited(window, pump)
    return window.layout_.attention_view


def waited(window: MainWindow, pump: Pump) -> None:
    pump.until(
        lambda: not window.attention.is_busy and window.layout_.attention_view.frame == window.shown_frame,
        what="the maps of the shown frame",
    )


def test_the_maps_are_of_the_shown_frame_and_person(window: MainWindow, pump: Pump, project: Path) -> None:
    from stcformer.attention import attention_about

    opened(window, pump, project)
    view = opened_panel(window, pump)
    gone_to(window, pump, 20)
    waited(window, pump)
    take = window.document.take
    assert take is not None
    expected = attention_about(
        window.lifter.get(take.settings),
        take.keypoints[0],
        take.scores[0],
        20,
        image_size=(take.source.width, take.source.height),
        fps=take.source.fps,
    )
    order = list(PART_ORDER)
    np.testing.assert_allclose(
        view.space.values, expected.space_of(20).mean(axis=0)[np.ix_(order, order)], atol=1e-5
    )
    np.testing.assert_allclose(
        view.time.values, expected.time_of(JOINTS.index("rwrist")).mean(axis=0), atol=1e-5
    )
    view.block.setCurrentIndex(3)
    view.head.setCurrentIndex(2)
    np.testing.assert_allclose(
        view.space.values, expected.space_of(20, 1)[2][np.ix_(order, order)], atol=1e-5
    )


def test_lines_in_the_video_follow_the_joint_and_go_with_the_panel(
    window: MainWindow, pump: Pump, project: Path
) -> None:
    opened(window, pump, project)
    view = opened_panel(window, pump)
    pump.run(0.1)
    wrist = shown(window.video_view)
    pump.call(lambda: view.joint.setCurrentIndex(JOINTS.index("lankle")))
    pump.run(0.1)
    ankle = shown(window.video_view)
    pump.call(lambda: window.video_view.set_attention(None, 0))
    plain = shown(window.video_view)
    assert np.abs(wrist - plain).max() > 40
    assert np.abs(wrist - ankle).max() > 40
    pump.call(window.layout_.attention_dock.hide)
    pump.run(0.1)
    assert window.video_view._attention is None


def test_nothing_is_computed_while_the_panel_is_closed_or_the_camera_is_looked_at(
    window: MainWindow, pump: Pump, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.gui.window_layout import CLIP, LIVE

    opened(window, pump, project)
    asked = []

    def look(*what: object) -> _Answer:
        asked.append(what)
        return _Answer(*what, None, "looked at")  # type: ignore[arg-type]

    monkeypatch.setattr(window.attention, "_look", look)
    gone_to(window, pump, 5)
    pump.run(0.2)
    assert not asked
    pump.call(window.layout_.attention_dock.show)
    pump.until(lambda: asked, what="a request")
    pump.call(lambda: window.set_mode(LIVE))
    asked.clear()
    gone_to(window, pump, 6)
    pump.run(0.2)
    assert not asked
    pump.call(lambda: window.set_mode(CLIP))
    pump.until(lambda: asked, what="a request")


def test_a_frame_without_the_person_is_said_in_the_panel(
    window: MainWindow, pump: Pump, project: Path
) -> None:
    from dataclasses import replace

    opened(window, pump, project)
    take = window.document.take
    assert take is not None
    scores = take.scores.copy()
    scores[:, 10:30] = 0
    view = opened_panel(window, pump)
    pump.call(lambda: window.document.set_rebuilt(replace(take, scores=scores)))
    pump.call(lambda: window.player.clock.show(20))
    pump.until(lambda: "frame 20" in view.hint.text(), what="the sentence")
    assert view.frame is None


def test_a_click_on_a_row_chooses_its_joint(window: MainWindow, pump: Pump, project: Path) -> None:
    opened(window, pump, project)
    view = opened_panel(window, pump)
    pump.run(0.2)
    row = PART_ORDER.index(JOINTS.index("lknee"))
    at = view.space.cell_rect(row, 8).center().toPoint()
    pump.call(lambda: QTest.mouseClick(view.space, Qt.MouseButton.LeftButton, pos=at))
    assert view.chosen_joint() == JOINTS.index("lknee")


def test_a_map_paints_each_number_in_its_place(window: MainWindow, pump: Pump) -> None:
    del window
    widget = AttentionMap()
    widget.resize(360, 360)
    values = np.zeros((4, 4))
    values[1, 3] = 0.5
    widget.set_map(values, ("a", "b", "c", "d"), "title")
    pump.call(widget.show)
    picture = shown(widget)
    bright = widget.cell_rect(1, 3).center().toPoint()
    dark = widget.cell_rect(3, 1).center().toPoint()
    assert picture[bright.y(), bright.x()].sum() > picture[dark.y(), dark.x()].sum() + 150
    assert widget.place_at(widget.cell_rect(1, 3).center()) == (1, 3)
    with pytest.raises(ValueError, match="names"):
        widget.set_map(values, ("a",), "")
    pump.call(widget.close)
