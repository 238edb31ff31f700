"""A 3D view in a window, what it shows in pixels, and a hand that moves the mouse over it."""

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QImage, QInputDevice, QKeyEvent, QMouseEvent, QPointingDevice, QWheelEvent
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.gui.scene_canvas import SceneCanvas
from app.gui.scene_view import SceneView, opengl_problem
from stcformer.skeleton import JOINTS
from tests.synthetic_body import Stance, body

Picture = np.ndarray
SIGN = 90
"""Pixels of the lower left corner that the sign of the axes takes."""
J = {name: number for number, name in enumerate(JOINTS)}

FACING_THE_CAMERA = body(
    Stance(heading=180, left_arm_raise=80, right_arm_raise=40, left_elbow=3, right_elbow=3), 1
)
"""(1, 17, 3) a person with one arm higher than the other: no mirror image of itself."""

PLAIN, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier


def shown_scene_view(qtbot: QtBot) -> SceneView:
    """A 3D view in a window of its own; the test is skipped where there is no OpenGL."""
    problem = opengl_problem()
    if problem is not None:
        pytest.skip(f"needs a display with OpenGL: {problem}")
    made = SceneView()
    qtbot.addWidget(made)
    made.set_colours(dark=True)
    made.resize(640, 560)
    with qtbot.waitExposed(made):
        made.show()
    return made


def canvas_of(view: SceneView) -> SceneCanvas:
    """Where it paints."""
    canvas = view.canvas
    assert canvas is not None
    return canvas


def picture(view: SceneView) -> Picture:
    """(H, W, 3) what the view shows, 0..255, in device pixels."""
    QApplication.processEvents()
    image = canvas_of(view).grabFramebuffer().convertToFormat(QImage.Format.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def places(view: SceneView, points: np.ndarray) -> np.ndarray:
    """(..., 2) where points of the world lie in the view, by its look."""
    canvas = canvas_of(view)
    return canvas.look.project(points, canvas.picture_size())


def is_left(image: Picture) -> np.ndarray:
    """(H, W) where it is the left side's orange."""
    red, green, blue = np.moveaxis(image, -1, 0)
    return (red > 100) & (red - blue > 70) & (green - blue > 15)


def is_right(image: Picture) -> np.ndarray:
    """(H, W) where it is the right side's blue."""
    red, _, blue = np.moveaxis(image, -1, 0)
    blues = (blue > 90) & (blue - red > 70)
    if len(image) > SIGN:
        blues[-SIGN:, :SIGN] = False  # the z axis of the sign is blue too
    return blues


def centre_of(mask: np.ndarray) -> np.ndarray:
    """(2,) mean x and y."""
    return np.argwhere(mask).mean(axis=0)[::-1]


def show_person(view: SceneView, view_from: str = "front", person: np.ndarray = FACING_THE_CAMERA) -> None:
    """One pose, looked at from a side by its name."""
    view.set_poses(person, 0)
    view.look_from(view_from)


def at(image: Picture, place: np.ndarray) -> np.ndarray:
    """(3,) the colour of a place."""
    return image[round(float(place[1])), round(float(place[0]))]


def finish_turn(view: SceneView) -> None:
    """To the end of an animated turn."""
    view._turn.setCurrentTime(view._turn.duration())
    QApplication.processEvents()


def drag(view: SceneView, qtbot: QtBot, way: tuple[int, int], modifier: Qt.KeyboardModifier) -> None:
    """With the left button, by so many pixels."""
    canvas = canvas_of(view)
    start = QPoint(300, 300)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, modifier, start)
    for share in (0.3, 0.6, 1.0):
        place = QPointF(300 + share * way[0], 300 + share * way[1])
        move(canvas, place, modifier)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, modifier, start + QPoint(*way))


def move(canvas: QWidget, place: QPointF, modifier: Qt.KeyboardModifier) -> None:
    """The mouse, with the left button held."""
    button = Qt.MouseButton.LeftButton
    event = QMouseEvent(QEvent.Type.MouseMove, place, canvas.mapToGlobal(place), button, button, modifier)
    QApplication.sendEvent(canvas, event)


def wheel(canvas: QWidget, notches: float) -> None:
    """So many notches away from the hand."""
    place = QPointF(300, 300)
    event = QWheelEvent(
        place,
        canvas.mapToGlobal(place),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def two_fingers(canvas: QWidget, way: QPoint, modifier: Qt.KeyboardModifier) -> None:
    """On a touchpad, by so many pixels."""
    pad = QPointingDevice(
        "pad",
        1,
        QInputDevice.DeviceType.TouchPad,
        QPointingDevice.PointerType.Finger,
        QInputDevice.Capability.PixelScroll,
        2,
        0,
    )
    place = QPointF(300, 300)
    event = QWheelEvent(
        place,
        canvas.mapToGlobal(place),
        way,
        way * 4,
        Qt.MouseButton.NoButton,
        modifier,
        Qt.ScrollPhase.ScrollUpdate,
        False,
        Qt.MouseEventSource.MouseEventNotSynthesized,
        pad,
    )
    QApplication.sendEvent(canvas, event)


def press(view: SceneView, text: str) -> QKeyEvent:
    """A key; the event says whether it was taken."""
    key = Qt.Key.Key_Space if text == " " else Qt.Key(ord(text.upper()))
    event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier, text)
    canvas_of(view).keyPressEvent(event)
    return event
