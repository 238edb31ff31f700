"""The timeline in a real window: what lies where, and what mouse and keys ask for."""

from typing import Any

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QPalette, QWheelEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.export.colours import LEFT_COLOUR, RIGHT_COLOUR
from app.gui.theme import DARK, LIGHT
from app.gui.timeline import Timeline, TimelineLanes
from app.gui.timeline_picture import SUSPICION_COLOURS, TimelineLayout, heat, suspicion_rows
from app.quality import KINDS, Suspicion

FRAMES = 300
FPS = 30.0
SUSPICIONS = (
    Suspicion(100, 110, "low score", 0.4, "The detector is unsure <here>."),
    Suspicion(200, 201, "speed", 300.0, "A jump of lwrist."),
)


def made_lanes(frames: int = FRAMES, **changes: Any) -> TimelineLanes:
    scores, seen = np.full(frames, 0.9), np.ones(frames, dtype=bool)
    seen[40:60] = False
    scores[40:60] = np.nan
    contacts = np.zeros((frames, 2), dtype=bool)
    contacts[120:140, 0] = True
    contacts[150:170, 1] = True
    edited = np.zeros(frames, dtype=bool)
    edited[250:260] = True
    values = {
        "scores": scores,
        "seen": seen,
        "contacts": contacts,
        "suspicions": SUSPICIONS,
        "edited": edited,
    }
    return TimelineLanes(**(values | changes))


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    """Of ten seconds, with lanes, a thousand pixels wide and shown."""
    widget = Timeline()
    qtbot.addWidget(widget)
    widget.resize(1000, 170)
    widget.set_clip(np.arange(FRAMES) / FPS)
    widget.set_lanes(made_lanes())
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def frame_middle(timeline: Timeline, frame: int) -> int:
    return round((timeline.x_of(frame) + timeline.x_of(frame + 1)) / 2)


def lane_point(timeline: Timeline, lane: str, frame: int) -> QPoint:
    return QPoint(
        frame_middle(timeline, frame), TimelineLayout(timeline.size()).lane_rects()[lane].center().y()
    )


def strip_point(timeline: Timeline, edge: int) -> QPoint:
    return QPoint(round(timeline.x_of(edge)), TimelineLayout(timeline.size()).loop.center().y())


def colour_at(timeline: Timeline, point: QPoint) -> tuple[int, int, int]:
    image = timeline.grab().toImage()
    ratio = image.devicePixelRatio()
    colour = image.pixelColor(round(point.x() * ratio), round(point.y() * ratio))
    return colour.red(), colour.green(), colour.blue()


def difference(first: tuple[int, ...], second: tuple[int, ...]) -> int:
    return max(abs(a - b) for a, b in zip(first, second, strict=True))


def turn_wheel(timeline: Timeline, x: float, delta: QPoint, modifiers: Any = None) -> None:
    place = QPointF(x, 80.0)
    event = QWheelEvent(
        place,
        QPointF(timeline.mapToGlobal(place.toPoint())),
        QPoint(),
        delta,
        Qt.MouseButton.NoButton,
        modifiers or Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(timeline, event)


def drag(qtbot: QtBot, timeline: Timeline, start: QPoint, *way: QPoint, **how: Any) -> None:
    button = how.get("button", Qt.MouseButton.LeftButton)
    qtbot.mousePress(timeline, button, how.get("modifier", Qt.KeyboardModifier.NoModifier), start)
    for point in way:
        qtbot.mouseMove(timeline, point)
    qtbot.mouseRelease(timeline, button, pos=way[-1])


# What is drawn


def test_each_foots_contacts_are_drawn_in_its_sides_colour(timeline: Timeline) -> None:
    assert difference(colour_at(timeline, lane_point(timeline, "Left foot", 130)), LEFT_COLOUR) < 4
    assert difference(colour_at(timeline, lane_point(timeline, "Right foot", 160)), RIGHT_COLOUR) < 4
    empty = colour_at(timeline, lane_point(timeline, "Left foot", 160))
    assert difference(empty, LEFT_COLOUR) > 60
    assert difference(empty, RIGHT_COLOUR) > 60


def test_where_nobody_was_seen_is_red_and_has_no_score(timeline: Timeline) -> None:
    red, green, _ = colour_at(timeline, lane_point(timeline, "Seen", 50))
    assert red > green + 80
    red, green, _ = colour_at(timeline, lane_point(timeline, "Seen", 70))
    assert abs(red - green) < 20
    bar = tuple(int(value) for value in heat(np.array([0.9]))[0])
    assert difference(colour_at(timeline, lane_point(timeline, "Score", 70)), bar) < 6
    assert difference(colour_at(timeline, lane_point(timeline, "Score", 50)), bar) > 60


def test_a_low_score_is_a_low_bar(timeline: Timeline) -> None:
    timeline.set_lanes(made_lanes(scores=np.full(FRAMES, 0.2), seen=np.ones(FRAMES, dtype=bool)))
    score = TimelineLayout(timeline.size()).lane_rects()["Score"]
    x = frame_middle(timeline, 70)
    bar = tuple(int(value) for value in heat(np.array([0.2]))[0])
    assert difference(colour_at(timeline, QPoint(x, score.bottom() - 1)), bar) < 6
    assert difference(colour_at(timeline, QPoint(x, score.center().y())), bar) > 60


def test_every_kind_of_suspicion_has_a_colour_of_its_own_and_a_place_of_its_own(timeline: Timeline) -> None:
    assert set(KINDS) == set(SUSPICION_COLOURS)
    layout, rows = TimelineLayout(timeline.size()), suspicion_rows({})
    for suspicion in SUSPICIONS:
        row = layout.suspicion_row(rows.index(suspicion.kind), len(rows))
        place = QPoint(round(timeline.x_of(suspicion.start)) + 1, round(row.center().y()))
        assert difference(colour_at(timeline, place), SUSPICION_COLOURS[suspicion.kind]) < 4
    colours = list(SUSPICION_COLOURS.values())
    assert all(difference(a, b) > 40 for i, a in enumerate(colours) for b in colours[:i])


def test_a_kind_that_is_new_is_drawn_too(timeline: Timeline) -> None:
    before = colour_at(timeline, lane_point(timeline, "Check", 20))
    timeline.set_lanes(made_lanes(suspicions=[Suspicion(10, 30, "gravity", 1.0, "It floats.")]))
    layout = TimelineLayout(timeline.size())
    row = layout.suspicion_row(6, 7)
    assert (
        difference(colour_at(timeline, QPoint(frame_middle(timeline, 20), round(row.center().y()))), before)
        > 40
    )


def test_one_suspicious_frame_of_a_hundred_thousand_is_visible(timeline: Timeline) -> None:
    timeline.set_clip(np.arange(100_000) / FPS)
    timeline.set_lanes(made_lanes(100_000, suspicions=[Suspicion(61_803, 61_804, "speed", 1.0, "A jump.")]))
    layout, rows = TimelineLayout(timeline.size()), suspicion_rows({})
    row = layout.suspicion_row(rows.index("speed"), len(rows))
    place = QPoint(int(timeline.x_of(61_803)), round(row.center().y()))
    assert difference(colour_at(timeline, place), SUSPICION_COLOURS["speed"]) < 4


def test_the_cursor_stands_on_the_shown_frame_and_moves_with_it(timeline: Timeline) -> None:
    text = timeline.palette().windowText().color().getRgb()[:3]
    for frame in (10, 222):
        timeline.set_frame(frame)
        place = QPoint(round(timeline.x_of(frame)), TimelineLayout(timeline.size()).lanes.top() + 1)
        around = [colour_at(timeline, place + QPoint(shift, 0)) for shift in (-1, 0)]
        assert min(difference(colour, text) for colour in around) < 90


def test_what_lies_outside_the_range_is_dimmed(timeline: Timeline) -> None:
    bright = colour_at(timeline, lane_point(timeline, "Left foot", 130))
    timeline.set_range(200, 250)
    ground = timeline.palette().window().color().getRgb()[:3]
    dimmed = colour_at(timeline, lane_point(timeline, "Left foot", 130))
    assert difference(dimmed, ground) < difference(bright, ground) - 40


def test_dark_and_light_are_drawn_in_the_palettes_colours(timeline: Timeline) -> None:
    corner = QPoint(2, timeline.height() - 3)
    for theme in (DARK, LIGHT):
        palette = QPalette()
        palette.setColor(QPalette.ColorRole.Window, QColor(theme.window))
        palette.setColor(QPalette.ColorRole.WindowText, QColor(theme.text))
        timeline.setPalette(palette)
        assert difference(colour_at(timeline, corner), QColor(theme.window).getRgb()[:3]) < 2


def test_without_a_clip_it_says_so_and_nothing_is_asked_for(qtbot: QtBot) -> None:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(600, 160)
    with qtbot.waitExposed(timeline):
        timeline.show()
    image = timeline.grab().toImage()
    ground = image.pixelColor(2, 2)
    middle = [image.pixelColor(x, y) for x in range(200, 400) for y in range(70, 90)]
    assert any(colour != ground for colour in middle)
    with qtbot.assertNotEmitted(timeline.frame_requested), qtbot.assertNotEmitted(timeline.range_requested):
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=QPoint(300, 60))
        for key in (Qt.Key.Key_Right, Qt.Key.Key_I, Qt.Key.Key_N, Qt.Key.Key_Plus):
            qtbot.keyClick(timeline, key)
        turn_wheel(timeline, 300, QPoint(0, 120))


def test_lanes_of_another_clip_are_refused(timeline: Timeline) -> None:
    with pytest.raises(ValueError, match="299 frames for a clip of 300"):
        timeline.set_lanes(made_lanes(299))


# Going to a frame


@pytest.mark.parametrize("frame", [0, 1, 77, 299])
def test_a_click_asks_for_the_frame_under_it(timeline: Timeline, qtbot: QtBot, frame: int) -> None:
    with qtbot.waitSignal(timeline.frame_requested) as asked:
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=lane_point(timeline, "Score", frame))
    assert asked.args == [frame]


def test_a_drag_scrubs_asking_for_every_frame_once(timeline: Timeline, qtbot: QtBot) -> None:
    asked: list[int] = []
    timeline.frame_requested.connect(asked.append)
    places = [lane_point(timeline, "Score", frame) for frame in (50, 50, 51, 90, 90)]
    drag(qtbot, timeline, *places, QPoint(-400, 60), QPoint(5000, 60))
    assert asked == [50, 51, 90, 0, 299]


def test_an_answered_drag_is_not_asked_again_while_the_mouse_stays(timeline: Timeline, qtbot: QtBot) -> None:
    asked: list[int] = []
    timeline.frame_requested.connect(asked.append)
    timeline.frame_requested.connect(timeline.set_frame)
    drag(qtbot, timeline, *(lane_point(timeline, "Score", frame) for frame in (50, 50, 50, 51)))
    assert asked == [50, 51]


def test_a_click_near_a_suspicious_frame_goes_to_it(timeline: Timeline, qtbot: QtBot) -> None:
    place = lane_point(timeline, "Check", 200) + QPoint(4, 0)
    with qtbot.waitSignal(timeline.frame_requested) as asked:
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=place)
    assert asked.args == [200]


@pytest.mark.parametrize(
    ("key", "modifier", "frame"),
    [
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 149),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 151),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier, 140),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier, 160),
        (Qt.Key.Key_Home, Qt.KeyboardModifier.NoModifier, 0),
        (Qt.Key.Key_End, Qt.KeyboardModifier.NoModifier, 299),
        (Qt.Key.Key_PageDown, Qt.KeyboardModifier.NoModifier, 180),
        (Qt.Key.Key_PageUp, Qt.KeyboardModifier.NoModifier, 120),
        (Qt.Key.Key_N, Qt.KeyboardModifier.NoModifier, 200),
        (Qt.Key.Key_P, Qt.KeyboardModifier.NoModifier, 100),
    ],
)
def test_keys_ask_for_frames(timeline: Timeline, qtbot: QtBot, key: Any, modifier: Any, frame: int) -> None:
    timeline.set_frame(150)
    with qtbot.waitSignal(timeline.frame_requested) as asked:
        qtbot.keyClick(timeline, key, modifier)
    assert asked.args == [frame]


def test_keys_that_are_not_its_own_are_left_to_the_window(timeline: Timeline, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(timeline.frame_requested), qtbot.assertNotEmitted(timeline.range_requested):
        qtbot.keyClick(timeline, Qt.Key.Key_Space)
        qtbot.keyClick(timeline, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)


# The range


def test_dragging_a_handle_moves_that_end(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_range(60, 120)
    asked: list[tuple[int, int]] = []
    timeline.range_requested.connect(lambda start, stop: asked.append((start, stop)))
    drag(qtbot, timeline, strip_point(timeline, 60), strip_point(timeline, 30))
    drag(qtbot, timeline, strip_point(timeline, 120), strip_point(timeline, 222))
    assert asked == [(30, 120), (60, 222)]


def test_the_ends_of_the_range_do_not_pass_each_other(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_range(60, 120)
    asked: list[tuple[int, int]] = []
    timeline.range_requested.connect(lambda start, stop: asked.append((start, stop)))
    drag(qtbot, timeline, strip_point(timeline, 60), strip_point(timeline, 200))
    drag(qtbot, timeline, strip_point(timeline, 120), strip_point(timeline, 10))
    assert asked == [(119, 120), (60, 61)]


def test_dragging_the_range_moves_it_whole_and_stops_at_the_clips_ends(
    timeline: Timeline, qtbot: QtBot
) -> None:
    timeline.set_range(60, 120)
    timeline.range_requested.connect(timeline.set_range)
    asked: list[tuple[int, int]] = []
    timeline.range_requested.connect(lambda start, stop: asked.append((start, stop)))
    drag(qtbot, timeline, strip_point(timeline, 90), strip_point(timeline, 130), strip_point(timeline, 300))
    assert asked == [(100, 160), (240, 300)]


def test_shift_and_a_drag_make_a_new_range_in_either_direction(timeline: Timeline, qtbot: QtBot) -> None:
    asked: list[tuple[int, int]] = []
    timeline.range_requested.connect(lambda start, stop: asked.append((start, stop)))
    start, stop = QPoint(round(timeline.x_of(80)), 80), QPoint(round(timeline.x_of(140)), 80)
    with qtbot.assertNotEmitted(timeline.frame_requested):
        drag(qtbot, timeline, start, stop, modifier=Qt.KeyboardModifier.ShiftModifier)
        drag(qtbot, timeline, stop, start, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert asked == [(80, 140), (80, 140)]


def test_a_drag_along_the_strip_makes_a_range_where_there_is_none(timeline: Timeline, qtbot: QtBot) -> None:
    with qtbot.waitSignal(timeline.range_requested) as asked:
        drag(qtbot, timeline, strip_point(timeline, 80), strip_point(timeline, 140))
    assert asked.args == [80, 140]


def test_a_double_click_on_the_strip_asks_for_the_whole_clip(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_range(60, 120)
    with qtbot.waitSignal(timeline.range_requested) as asked:
        qtbot.mouseDClick(timeline, Qt.MouseButton.LeftButton, pos=strip_point(timeline, 90))
    assert asked.args == [0, 300]


def test_i_and_o_put_the_ends_of_the_range_to_the_shown_frame(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_range(60, 120)
    timeline.set_frame(90)
    for key, wanted in ((Qt.Key.Key_I, [90, 120]), (Qt.Key.Key_O, [60, 91])):
        with qtbot.waitSignal(timeline.range_requested) as asked:
            qtbot.keyClick(timeline, key)
        assert asked.args == wanted
    timeline.set_frame(200)
    with qtbot.waitSignal(timeline.range_requested) as asked:
        qtbot.keyClick(timeline, Qt.Key.Key_I)
    assert asked.args == [200, 201]


def test_the_menu_makes_a_range_from_and_to_the_place_under_the_mouse(
    timeline: Timeline, qtbot: QtBot
) -> None:
    timeline.set_range(60, 120)
    entries = {entry.text(): entry for entry in timeline.menu_at(frame_middle(timeline, 90)).actions()}
    for text, wanted in (
        ("Loop from frame 90", [90, 120]),
        ("Loop to frame 90", [60, 91]),
        ("Loop the whole clip", [0, 300]),
    ):
        with qtbot.waitSignal(timeline.range_requested) as asked:
            entries[text].trigger()
        assert asked.args == wanted
    entries["Zoom to the loop"].trigger()
    assert timeline.view == pytest.approx((2.0, 4.0))
    with qtbot.waitSignal(timeline.frame_requested) as asked:
        entries["Next suspicious place"].trigger()
    assert asked.args == [100]


def test_a_range_of_another_clip_is_brought_inside(timeline: Timeline) -> None:
    timeline.set_range(10, 5000)
    timeline.grab()
    timeline.set_range(4000, 5000)
    timeline.grab()


# The view


def test_the_wheel_zooms_about_the_mouse(timeline: Timeline, qtbot: QtBot) -> None:
    x = timeline.x_of(120)
    with qtbot.waitSignal(timeline.view_changed) as told:
        turn_wheel(timeline, x, QPoint(0, 240))
    assert timeline.x_of(120) == pytest.approx(x)
    start, stop = told.args
    assert stop - start == pytest.approx(10.0 / 1.25**2)
    turn_wheel(timeline, x, QPoint(0, -1200))
    assert timeline.view == (0.0, 10.0)


def test_shift_and_wheel_sideways_wheel_and_middle_drag_move_along(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_view(2.0, 4.0)
    turn_wheel(timeline, 500, QPoint(0, -120), Qt.KeyboardModifier.ShiftModifier)
    assert timeline.view == pytest.approx((2.2, 4.2))
    turn_wheel(timeline, 500, QPoint(120, 0))
    assert timeline.view == pytest.approx((2.0, 4.0))
    held = timeline.x_of(100)
    drag(qtbot, timeline, QPoint(500, 80), QPoint(450, 80), button=Qt.MouseButton.MiddleButton)
    assert timeline.x_of(100) == pytest.approx(held - 50)


def test_the_bar_at_the_bottom_goes_to_another_part(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_view(0.0, 2.0)
    bar = TimelineLayout(timeline.size()).overview
    with qtbot.assertNotEmitted(timeline.frame_requested):
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=bar.center())
    assert timeline.view == pytest.approx((4.0, 6.0), abs=0.05)


def test_zoom_keys_and_fits(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.set_frame(150)
    qtbot.keyClick(timeline, Qt.Key.Key_Plus)
    assert timeline.view[1] - timeline.view[0] == pytest.approx(10 / 1.5)
    qtbot.keyClick(timeline, Qt.Key.Key_0)
    assert timeline.view == (0.0, 10.0)
    timeline.set_range(30, 90)
    timeline.fit_range()
    assert timeline.view == pytest.approx((1.0, 3.0))


def test_the_closest_zoom_still_shows_several_frames(timeline: Timeline) -> None:
    for _ in range(60):
        timeline.zoom(2.0)
    assert (timeline.view[1] - timeline.view[0]) * FPS == pytest.approx(8.0)


def test_playing_out_of_the_view_turns_the_page(timeline: Timeline) -> None:
    timeline.set_view(0.0, 1.0)
    timeline.set_frame(29)
    assert timeline.view == (0.0, 1.0)
    timeline.set_frame(30)
    assert timeline.view == pytest.approx((0.9, 1.9))
    timeline.set_frame(2)
    assert timeline.view[0] <= 2 / FPS <= timeline.view[1]


def test_a_view_that_was_moved_away_by_hand_stays_there(timeline: Timeline) -> None:
    timeline.set_view(0.0, 1.0)
    timeline.set_frame(5)
    turn_wheel(timeline, 500, QPoint(0, -12_000), Qt.KeyboardModifier.ShiftModifier)
    moved = timeline.view
    assert moved == (9.0, 10.0)
    timeline.set_frame(6)
    assert timeline.view == moved
    timeline.set_frame(280)  # comes by, and is followed again
    timeline.set_frame(100)
    assert timeline.view[0] <= 100 / FPS <= timeline.view[1]


def test_frames_lie_where_they_are_drawn_after_another_size_and_zoom(
    timeline: Timeline, qtbot: QtBot
) -> None:
    timeline.resize(700, 200)
    timeline.set_view(3.0, 6.0)
    assert difference(colour_at(timeline, lane_point(timeline, "Left foot", 139)), LEFT_COLOUR) < 4
    assert difference(colour_at(timeline, lane_point(timeline, "Left foot", 140)), LEFT_COLOUR) > 60
    with qtbot.waitSignal(timeline.frame_requested) as asked:
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=lane_point(timeline, "Left foot", 139))
    assert asked.args == [139]


# Tooltips


def test_a_tooltip_says_why_a_frame_deserves_a_look(timeline: Timeline) -> None:
    tip = timeline.tip_at(QPointF(lane_point(timeline, "Check", 105)))
    assert "low score" in tip
    assert "frames 100 to 109" in tip
    assert "The detector is unsure &lt;here&gt;." in tip
    assert "frame 105" in tip
    assert "A jump" not in tip


def test_a_tooltip_says_what_is_known_of_a_frame(timeline: Timeline) -> None:
    assert "score 0.90, seen, left foot stands" in timeline.tip_at(
        QPointF(lane_point(timeline, "Score", 130))
    )
    assert "nobody seen" in timeline.tip_at(QPointF(lane_point(timeline, "Seen", 50)))
    assert "corrected by hand" in timeline.tip_at(QPointF(lane_point(timeline, "Edited", 255)))
    assert "0:04.33" in timeline.tip_at(QPointF(lane_point(timeline, "Score", 130)))


def test_lanes_explain_themselves_at_their_names(timeline: Timeline) -> None:
    for name, lane in TimelineLayout(timeline.size()).lane_rects().items():
        assert timeline.tip_at(QPointF(20, lane.center().y())), name
    assert timeline.tip_at(QPointF(20, 5)) == ""
