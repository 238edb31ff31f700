"""A picture that is zoomed and panned; what lies over it, and what a press on it means, is for who inherits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.gui.picture_painter import HALF_BELOW, draw_empty, draw_picture, halved
from app.gui.viewport import Viewport, fitted

Image = NDArray[np.uint8]

EMPTY_TEXT = "Drop a video here, or press Ctrl+O\nHelp has a demo clip to try"

DRAG_THRESHOLD = 3.0
"""Logical pixels that the cursor moves before a press becomes a drag: a click moves nothing."""
WHEEL_STEP = 1.2
"""Zoom of one notch of the wheel."""
NOTCH = 120
"""Qt's angle of one notch, in eighths of a degree."""


@dataclass
class Press:
    """A mouse button that is held down, in logical pixels of the widget."""

    start: QPointF
    last: QPointF
    button: Qt.MouseButton
    pans: bool
    is_drag: bool = False


class PictureView(QWidget):
    """One picture: wheel or pinch zooms about the cursor; middle drag, space and drag, or a left drag pan;
    a double click fits. Who inherits may take a left press for itself (`_take_hold`)."""

    space_tapped = pyqtSignal()
    """Space was pressed and let go without panning, while the view has the focus: play or pause. When nothing is
    connected to it, the key is left to the window's shortcuts and space does not pan."""
    zoom_changed = pyqtSignal(float)
    """Logical widget pixels per pixel of the picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._half: QImage | None = None
        self._viewport = fitted((1.0, 1.0), (1.0, 1.0))
        self._empty_text = EMPTY_TEXT
        self._press: Press | None = None
        self._is_space_down = False
        self._has_space_panned = False
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def set_image(self, image: Image | None, size: tuple[int, int] | None = None) -> None:
        """Show a picture (H, W, 3) RGB; None: none. `size` (width, height) is the video's, in whose pixels all
        coordinates are; a picture of another size (a preview) is stretched over it."""
        self._half = None
        if image is None:
            self._image = None
            self._forget_press()
            self.update()
            return
        pixels = np.ascontiguousarray(image)
        height, width = pixels.shape[:2]
        borrowed = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._image = borrowed.convertToFormat(QImage.Format.Format_RGB32)  # a copy, and quick to draw
        picture = (float(size[0]), float(size[1])) if size else (float(width), float(height))
        if picture != self._viewport.picture:
            self._look(fitted(picture, (self.width(), self.height())))
        self.update()

    def set_empty_text(self, text: str) -> None:
        """What is said while there is no picture."""
        self._empty_text = text
        self.update()

    @property
    def viewport(self) -> Viewport:
        """Where the picture lies in the widget."""
        return self._viewport

    def fit(self) -> None:
        """The whole picture, from now on at any size of the widget."""
        self._look(fitted(self._viewport.picture, (self.width(), self.height())))

    def zoom(self, factor: float) -> None:
        """Larger (over 1) or smaller about the widget's middle."""
        self._look(self._viewport.zoomed(factor, self.width() / 2, self.height() / 2))

    def _look(self, viewport: Viewport) -> None:
        is_zoomed = viewport.scale != self._viewport.scale
        self._viewport = viewport
        if is_zoomed:
            self.zoom_changed.emit(viewport.scale)
        self.update()

    # For who inherits

    def _paint_over(self, painter: QPainter) -> None:
        """Draw over the picture, in logical pixels of the widget."""

    def _take_hold(self, at: QPointF) -> bool:
        """Whether a left press takes hold of something of one's own; otherwise it pans."""
        del at
        return False

    def _drag_to(self, press: Press, at: QPointF) -> None:
        """What was taken hold of is moved to `at`."""

    def _let_go(self) -> None:
        """What was dragged is let go where it was moved to last."""

    def _give_up(self) -> None:
        """What was dragged goes back to where it was."""

    def _click(self, at: QPointF) -> None:
        """A left press that moved nothing."""

    def _hover(self, at: QPointF | None) -> None:
        """The cursor is here, with no button held down; None: no longer over the picture."""
        del at

    def _cursor_shape(self) -> Qt.CursorShape:
        """The cursor's, while nothing is panned."""
        return Qt.CursorShape.ArrowCursor

    # Painting and size

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The picture, and what lies over it."""
        painter = QPainter(self)
        area = QRectF(self.rect())
        if self._image is None:
            draw_empty(painter, area, self.palette(), self._empty_text)
        else:
            draw_picture(painter, area, self._suitable(self._image), self._viewport)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_over(painter)
        painter.end()

    def _suitable(self, image: QImage) -> QImage:
        shown = self._viewport.scale * self._viewport.picture[0] * self.devicePixelRatioF() / image.width()
        if shown >= HALF_BELOW:
            return image
        if self._half is None:
            self._half = halved(image)
        return self._half

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Fitted again, or the same middle."""
        self._look(self._viewport.resized(self.width(), self.height()))

    # Mouse

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Begin to drag."""
        if event is None or self._image is None or self._press is not None:
            return
        at, button = event.position(), event.button()
        is_left = button == Qt.MouseButton.LeftButton
        if not is_left and button != Qt.MouseButton.MiddleButton:
            return
        pans_at_once = not is_left or self._is_space_down
        pans = pans_at_once or not self._take_hold(at)
        self._press = Press(at, at, button, pans, is_drag=pans_at_once)
        self._has_space_panned = self._is_space_down
        self._show_cursor()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Go on dragging, or say what is under the cursor."""
        if event is None:
            return
        at, press = event.position(), self._press
        if press is None:
            self._hover(at if self._image is not None else None)
            self._show_cursor()
            return
        if not event.buttons() & press.button:  # let go where nobody told us
            self._forget_press()
            return
        away = at - press.start
        if not press.is_drag and max(abs(away.x()), abs(away.y())) < DRAG_THRESHOLD:
            return
        press.is_drag = True
        if press.pans:
            self._look(self._viewport.panned(at.x() - press.last.x(), at.y() - press.last.y()))
        else:
            self._drag_to(press, at)
        press.last = at
        self._show_cursor()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """End a drag; a press without one is a click."""
        press = self._press
        if event is None or press is None or event.button() != press.button:
            return
        self._press = None
        if not press.is_drag:
            self._click(press.start)
        elif not press.pans:
            self._let_go()
        self._hover(event.position() if self._image is not None else None)
        self._show_cursor()
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Fit."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Zoom about the cursor."""
        if event is None or self._image is None:
            return
        self._zoom_about(event.position(), WHEEL_STEP ** (event.angleDelta().y() / NOTCH))
        event.accept()

    def _zoom_about(self, at: QPointF, factor: float) -> None:
        self._look(self._viewport.zoomed(factor, at.x(), at.y()))
        if self._press is None:
            self._hover(at)

    def leaveEvent(self, event: QEvent | None) -> None:
        """Nothing is under the cursor any more."""
        if self._press is None:
            self._hover(None)

    def _forget_press(self) -> None:
        press, self._press = self._press, None
        if press is not None and press.is_drag and not press.pans:
            self._give_up()
        self._hover(None)
        self._show_cursor()
        self.update()

    def _show_cursor(self) -> None:
        if self._press is not None and self._press.is_drag and self._press.pans:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._is_space_down:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(self._cursor_shape())

    # Keys

    def event(self, event: QEvent | None) -> bool:
        """Keys that mean something here come before the window's shortcuts; pinching zooms."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if self._wants_key(event):
                event.accept()
                return True
        elif (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
            and self._image is not None
        ):
            self._zoom_about(event.position(), max(1 + event.value(), 0.1))
            return True
        return super().event(event)

    def _wants_key(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Space and not event.modifiers():
            return self._image is not None and self.receivers(self.space_tapped) > 0
        is_dragging = self._press is not None and self._press.is_drag and not self._press.pans
        return event.key() == Qt.Key.Key_Escape and is_dragging

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Space: the hand. Escape: the drag is given up."""
        if event is None or not self._wants_key(event):
            super().keyPressEvent(event)
            return
        if event.key() == Qt.Key.Key_Escape:
            self._forget_press()
        elif not event.isAutoRepeat():
            self._is_space_down, self._has_space_panned = True, False
            self._show_cursor()

    def keyReleaseEvent(self, event: QKeyEvent | None) -> None:
        """Space let go: a tap, unless it panned."""
        if event is None or event.key() != Qt.Key.Key_Space or not self._is_space_down:
            super().keyReleaseEvent(event)
            return
        if event.isAutoRepeat():
            return
        self._is_space_down = False
        self._show_cursor()
        if not self._has_space_panned:
            self.space_tapped.emit()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """A space that is let go elsewhere is no longer held here."""
        self._is_space_down = False
        self._show_cursor()
        super().focusOutEvent(event)
