"""The OpenGL surface of the 3D view: what is drawn where, and what the hand does to the look."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from OpenGL import GL
from OpenGL.error import Error as GLException
from PyQt6.QtCore import QEvent, QPointF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import (
    QInputDevice,
    QKeyEvent,
    QMatrix4x4,
    QMouseEvent,
    QNativeGestureEvent,
    QResizeEvent,
    QSurfaceFormat,
    QWheelEvent,
)
from pyqtgraph import Vector
from pyqtgraph.opengl import GLViewWidget

from app.gui.scene_colours import DARK, SceneColours
from app.gui.scene_items import BackdropItem, FigureItem, LinesItem, SceneItem, ShadowItem
from app.scene.camera import Look
from app.take import Array

_ORBIT = 0.4
"""Degrees that the scene turns for a pixel of a drag."""
_WHEEL_NOTCH = 1.13
"""How many times nearer one notch of a wheel goes."""
_CLICK = 4.0
"""Pixels that the mouse may move within a click."""
_NEAREST, _FURTHEST = 0.25, 150.0

LineMaker = Callable[["SceneCanvas"], Array]
"""Gives (N, 4, 12) quads of lines for a picture, as `app.scene.lines` makes them."""


class SceneCanvas(GLViewWidget):
    """Draws persons on a floor as `look` says, and lets mouse, touchpad and keys change it.

    Left drag orbits; middle drag, or Shift and left drag, pans; the wheel or a right drag zooms. A touchpad's two
    fingers orbit, with Shift they pan, with Ctrl they zoom, as pinching does.
    """

    moved_by_hand = pyqtSignal()
    resized = pyqtSignal()
    clicked = pyqtSignal(float, float)
    """In widget pixels, without a drag."""
    double_clicked = pyqtSignal()
    key_pressed = pyqtSignal(str)
    """A character that the view has a meaning for."""
    failed = pyqtSignal(str)
    """It cannot draw, and why."""

    def __init__(self, scene_lines: LineMaker, overlay_lines: LineMaker, keys: str) -> None:
        super().__init__()
        surface = QSurfaceFormat.defaultFormat()
        surface.setDepthBufferSize(24)
        surface.setAlphaBufferSize(8)
        surface.setSamples(0)  # every edge is smoothed by its own shader
        self.setFormat(surface)
        self.look = Look()
        self.colours = DARK
        self._keys = keys
        self._pressed_at = QPointF()
        self._last = QPointF()
        self._is_drag = False
        self._shadows, self._figures = ShadowItem(), FigureItem()
        lines = [LinesItem(lambda: scene_lines(self), True), LinesItem(lambda: overlay_lines(self), False)]
        self._items: list[SceneItem] = [self._shadows, BackdropItem(), self._figures, *lines]
        for item in self._items:
            self.addItem(item)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("3D view")

    def set_persons(self, persons: list[tuple[Array, Array]], chosen: int | None) -> None:
        """Draw these persons' parts (`app.scene.figure`); `chosen` is the place of the bright one among them."""
        self._shadows.persons = self._figures.persons = persons
        self._figures.chosen = [place == chosen for place in range(len(persons))]
        self.update()

    def set_colours(self, colours: SceneColours) -> None:
        """Draw in these."""
        self.colours = colours
        for item in self._items:
            item.colours = colours
        self.update()

    def set_look(self, look: Look) -> None:
        """Look from elsewhere."""
        self.look = look
        across, _ = look.tangents(self.picture_size())
        self.opts.update(
            center=Vector(*look.centre),
            distance=look.distance,
            azimuth=look.azimuth,
            elevation=look.elevation,
            fov=2 * math.degrees(math.atan(across)),
        )
        self.update()

    def viewMatrix(self) -> QMatrix4x4:
        """World space to that of the eye: pyqtgraph's, which knows no roll, turned about the line of sight."""
        rolled = QMatrix4x4()
        rolled.rotate(-self.look.roll, 0.0, 0.0, 1.0)
        return rolled * super().viewMatrix()

    def picture_size(self) -> tuple[int, int]:
        """(width, height) in widget pixels."""
        return self.width(), self.height()

    def matrix(self) -> Array:
        """(4, 4) world to clip space, for column vectors; while painting."""
        product = self.currentProjection() * self.currentModelView()
        return np.array(product.data()).reshape(4, 4).T

    # --- OpenGL -------------------------------------------------------------------------------------------

    def initializeGL(self) -> None:
        """Also called again when the widget gets a new context, as in another window."""
        try:
            for item in self.items:
                item.initialize()
            super().initializeGL()
        except (RuntimeError, GLException) as error:  # a driver that does not take the shaders
            self._give_up(error)

    def paintGL(self) -> None:
        """Draw the picture. An error in it ends the drawing: it would come again with every picture."""
        try:
            super().paintGL()
        except Exception as error:
            self._give_up(error)
            raise

    def _give_up(self, error: Exception) -> None:
        self.items.clear()
        reason = str(error).strip().split("\n", maxsplit=1)[0]
        QTimer.singleShot(0, lambda: self.failed.emit(reason))  # not while it paints

    def drawItemTree(self, item: SceneItem | None = None, useItemNames: bool = False) -> None:
        """Like pyqtgraph's, but an error in an item is an error, and items are drawn in the order they were added."""
        for each in self.items:
            if each.visible():
                if self.default_vao.isCreated():
                    self.default_vao.bind()
                each.paint()

    def paint_now(self) -> None:
        """Paint into the widget's buffer and wait for it."""
        self.makeCurrent()
        self.paintGL()
        GL.glFinish()
        self.doneCurrent()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.set_look(self.look)
        self.resized.emit()

    # --- the hand -----------------------------------------------------------------------------------------

    def orbit_by(self, right: float, down: float) -> None:
        """Turn the scene as a drag of so many pixels does; it stands upright from then on."""
        elevation = min(max(self.look.elevation + _ORBIT * down, -89.0), 90.0)
        azimuth = self.look.azimuth - _ORBIT * right
        self._change(replace(self.look, azimuth=azimuth, elevation=elevation, roll=0.0))

    def pan_by(self, right: float, down: float) -> None:
        """Move the scene with the cursor: so many pixels at the centre's distance."""
        width, height = self.picture_size()
        across, high = self.look.tangents((width, height))
        axes = self.look.axes()
        metre = 2 * self.look.distance
        moved = np.asarray(self.look.centre) - axes[0] * (right * across * metre / width)
        x, y, z = (float(value) for value in moved + axes[1] * (down * high * metre / height))
        self._change(replace(self.look, centre=(x, y, z)))

    def zoom_by(self, factor: float) -> None:
        """Go so many times nearer to the centre."""
        distance = min(max(self.look.distance / factor, _NEAREST), _FURTHEST)
        self._change(replace(self.look, distance=distance))

    def _change(self, look: Look) -> None:
        self.set_look(look)
        self.moved_by_hand.emit()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is not None:
            self._pressed_at = self._last = event.position()
            self._is_drag = False
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        held = event.buttons()
        if not held:
            return
        if not self._is_drag and (event.position() - self._pressed_at).manhattanLength() < _CLICK:
            return
        self._is_drag = True
        moved = event.position() - self._last
        self._last = event.position()
        with_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if held & Qt.MouseButton.MiddleButton or (held & Qt.MouseButton.LeftButton and with_shift):
            self.pan_by(moved.x(), moved.y())
        elif held & Qt.MouseButton.LeftButton:
            self.orbit_by(moved.x(), moved.y())
        elif held & Qt.MouseButton.RightButton:
            self.zoom_by(1.01 ** -moved.y())
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and not self._is_drag and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(event.position().x(), event.position().y())

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._is_drag = True  # its release is not another click
            self.double_clicked.emit()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        modifiers = event.modifiers()
        device = event.device()
        is_touchpad = device is not None and device.type() == QInputDevice.DeviceType.TouchPad
        if is_touchpad and not modifiers & Qt.KeyboardModifier.ControlModifier:
            fingers = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() / 4
            move = self.pan_by if modifiers & Qt.KeyboardModifier.ShiftModifier else self.orbit_by
            move(fingers.x(), fingers.y())
        else:
            # Some systems turn Shift or Alt and the wheel sideways.
            notches = (event.angleDelta().y() or event.angleDelta().x()) / 120
            self.zoom_by(_WHEEL_NOTCH**notches)
        event.accept()

    def event(self, event: QEvent | None) -> bool:
        """Pinching on a touchpad."""
        pinch = Qt.NativeGestureType.ZoomNativeGesture
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == pinch:
            self.zoom_by(max(1 + event.value(), 0.1))
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Only keys of its own: arrows, Space and the others belong to the playback."""
        if event is None:
            return
        text = event.text().upper()
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if text and text in self._keys and plain:
            self.key_pressed.emit(text)
            event.accept()
        else:
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        if event is not None:
            event.ignore()
