"""A video view in a window, what it shows in pixels, and a hand that moves the mouse over it."""

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QImage, QKeyEvent, QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.gui.video_view import VideoView
from stcformer.skeleton import JOINTS

LEFT_BUTTON, MIDDLE_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
WRIST, ANKLE, HIP = JOINTS.index("lwrist"), JOINTS.index("rankle"), JOINTS.index("hip")
GREY = 90


# A person of 200x320 pixels who faces us: their right is on our left.
_BODY = 2.0 * np.array(
    [
        [50, 80],
        [35, 80],
        [33, 120],
        [31, 160],
        [65, 80],
        [67, 120],
        [69, 160],
        [50, 55],
        [50, 30],
        [50, 15],
        [50, 0],
        [70, 30],
        [85, 55],
        [100, 80],
        [30, 30],
        [15, 55],
        [0, 80],
    ]
)
PERSON = _BODY + np.array((120, 60))
OTHER = _BODY + np.array((400, 60))


def grab(view: VideoView, density: int = 1) -> NDArray[np.int_]:
    """(H, W, 3) RGB of what the view shows on a screen with so many pixels per logical pixel."""
    image = QImage(density * view.size(), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(density)
    view.render(image)
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    data = image.constBits()
    assert data is not None
    rows = np.frombuffer(data.asarray(image.sizeInBytes()), np.uint8)
    rows = rows.reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def centre(mask: NDArray[np.bool_], density: int = 1) -> NDArray[np.floating]:
    """(x, y) of the middle of the pixels of a mask, in the widget's continuous coordinates."""
    rows, columns = np.nonzero(mask)
    assert len(rows), "nothing of that colour is shown"
    return np.array((columns.mean() + 0.5, rows.mean() + 0.5)) / density


def is_colour(picture: NDArray[np.int_], colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """(H, W) where a picture shows about one colour."""
    return np.asarray((np.abs(picture - colour) < 12).all(axis=-1))


def is_pink(picture: NDArray[np.int_]) -> NDArray[np.bool_]:
    """(H, W) where a picture shows the mark of these tests, alone or mixed with grey."""
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    return np.asarray((red > green + 60) & (blue > green + 60))


def widget_pixel(view: VideoView, point: NDArray[np.floating]) -> QPoint:
    """The widget's pixel that a point of the picture is shown in."""
    return QPoint(*(int(value) for value in np.floor(view.viewport.to_widget(point))))


def drag(
    qtbot: QtBot, view: VideoView, start: QPoint, end: QPoint, button: Qt.MouseButton = LEFT_BUTTON
) -> None:
    """Press, move in three steps, let go."""
    qtbot.mousePress(view, button, pos=start)
    for share in (0.2, 0.6, 1.0):
        move(view, start + share * (end - start), button)
    qtbot.mouseRelease(view, button, pos=end)


def move(view: VideoView, to: QPoint, held: Qt.MouseButton = Qt.MouseButton.NoButton) -> None:
    """A mouse move; QTest's own do not come with every window system."""
    where = QPointF(to)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        where,
        view.mapToGlobal(where),
        Qt.MouseButton.NoButton,
        held,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(view, event)


def wheel(view: VideoView, at: QPoint, notches: int) -> None:
    """Turn the wheel by some notches, away from the hand when they are positive."""
    where = QPointF(at)
    event = QWheelEvent(
        where,
        view.mapToGlobal(where),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def moves_of(view: VideoView) -> list[tuple[int, int, float, float, bool]]:
    """What `joint_moved` says from now on."""
    seen: list[tuple[int, int, float, float, bool]] = []
    view.joint_moved.connect(lambda *values: seen.append(values))
    return seen


def collect(signal: object) -> list[tuple[object, ...]]:
    """What a signal says from now on."""
    seen: list[tuple[object, ...]] = []
    signal.connect(lambda *values: seen.append(values))  # type: ignore[attr-defined]
    return seen


def zoomed(view: VideoView) -> None:
    """Several notches nearer."""
    wheel(view, QPoint(300, 200), 7)


def zoomed_and_panned(view: VideoView) -> None:
    """Nearer, and moved by parts of pixels."""
    zoomed(view)
    view._look(view.viewport.panned(-41.5, 27.25))  # as a trackpad does, by parts of pixels


def _resized(view: VideoView) -> None:
    view.resize(811, 613)
    QApplication.processEvents()


def _small(view: VideoView) -> None:
    view.resize(240, 200)
    QApplication.processEvents()


LOOKS = [lambda view: None, zoomed, zoomed_and_panned, _resized, _small]
LOOK_NAMES = ["fitted", "zoomed", "zoomed and panned", "resized", "small"]


def overrides(view: VideoView, key: Qt.Key) -> bool:
    """Whether the view wants a key for itself before the window's shortcuts get it."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, Qt.KeyboardModifier.NoModifier)
    event.ignore()
    QApplication.sendEvent(view, event)
    return event.isAccepted()


def shown_view(qtbot: QtBot) -> VideoView:
    """A view of 640x400 with a grey picture of 640x400 and one certain, editable person."""
    view = VideoView()
    qtbot.addWidget(view)
    view.resize(640, 400)
    view.set_image(np.full((400, 640, 3), GREY, np.uint8))
    view.set_people(PERSON[None], np.ones((1, 17)), 0, ("Person 1",))
    view.set_editable(True)
    with qtbot.waitExposed(view):
        view.show()
    return view
