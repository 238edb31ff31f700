"""A picture drawn where its viewport says, and what is shown while there is none."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QImage, QPainter, QPalette, QPen

from app.gui.viewport import Viewport

HALF_BELOW = 0.6
"""Device pixels per pixel of the picture, below which half of it is drawn: smoothing alone leaves out pixels there."""
SQUARES_FROM = 6.0
"""Logical pixels per pixel of the picture, from which its pixels are shown as squares instead of being smoothed."""


def halved(image: QImage) -> QImage:
    """The picture at half its size, each pixel the mean of four."""
    width, height = max(1, image.width() // 2), max(1, image.height() // 2)
    return image.scaled(width, height, transformMode=Qt.TransformationMode.SmoothTransformation)


def draw_picture(painter: QPainter, area: QRectF, image: QImage, viewport: Viewport) -> None:
    """Draw the part of a picture that lies in `area`; `image` may have another size than the viewport's picture."""
    width, height = (side * viewport.scale for side in viewport.picture)
    target = QRectF(viewport.left, viewport.top, width, height)
    shown = target.intersected(area)
    if shown.isEmpty():
        return
    across, down = image.width() / width, image.height() / height
    part = QRectF(
        (shown.x() - target.x()) * across,
        (shown.y() - target.y()) * down,
        shown.width() * across,
        shown.height() * down,
    )
    is_smooth = viewport.scale < SQUARES_FROM
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_smooth)
    painter.drawImage(shown, image, part)


def draw_empty(painter: QPainter, area: QRectF, palette: QPalette, text: str) -> None:
    """A place to drop a file, and the sentence that says so."""
    colour = QColor(palette.color(QPalette.ColorRole.WindowText))
    colour.setAlpha(110)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 1.5, Qt.PenStyle.DashLine))
    painter.drawRoundedRect(area.adjusted(16, 16, -16, -16), 12, 12)
    middle = area.center()
    _draw_film(painter, QPointF(middle.x(), middle.y() - 34), colour)
    colour.setAlpha(190)
    painter.setPen(colour)
    font = QFont(painter.font())
    font.setPointSizeF(font.pointSizeF() * 1.15)
    painter.setFont(font)
    below = QRectF(area.left() + 24, middle.y() + 4, area.width() - 48, area.height() / 2 - 24)
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
    painter.drawText(below, int(flags), text)


def _draw_film(painter: QPainter, centre: QPointF, colour: QColor) -> None:
    frame = QRectF(centre.x() - 26, centre.y() - 18, 52, 36)
    painter.setPen(QPen(colour, 2))
    painter.drawRoundedRect(frame, 5, 5)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(
        QPointF(centre.x() - 6, centre.y() - 9),
        QPointF(centre.x() + 10, centre.y()),
        QPointF(centre.x() - 6, centre.y() + 9),
    )
