"""The transport's symbols, drawn by us: crisp at any size and in the colours of any palette."""

from collections.abc import Callable

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPalette, QPen, QPixmap, QPolygonF

_SIZE = 24
_SCALES = (1.0, 1.5, 2.0, 3.0)


def transport_icon(name: str, palette: QPalette) -> QIcon:
    """`first`, `back`, `play`, `pause`, `forward`, `last` or `loop` in a palette's colours.

    Dimmed where disabled, in the accent colour where switched on. KeyError for another name.
    """
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    states = (
        (QIcon.Mode.Normal, QIcon.State.Off, palette.color(role.ButtonText)),
        (QIcon.Mode.Normal, QIcon.State.On, palette.color(role.Highlight)),
        (QIcon.Mode.Disabled, QIcon.State.Off, palette.color(group.Disabled, role.ButtonText)),
        (QIcon.Mode.Disabled, QIcon.State.On, palette.color(group.Disabled, role.ButtonText)),
    )
    icon = QIcon()
    for scale in _SCALES:
        for mode, state, colour in states:
            icon.addPixmap(_drawn(_SYMBOLS[name], colour, scale), mode, state)
    return icon


def _drawn(symbol: Callable[[QPainter], None], colour: QColor, scale: float) -> QPixmap:
    pixmap = QPixmap(round(_SIZE * scale), round(_SIZE * scale))
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    symbol(painter)
    painter.end()
    return pixmap


def _triangle(painter: QPainter, tip: float, back: float, half: float = 6.0) -> None:
    painter.drawPolygon(QPolygonF([QPointF(tip, 12), QPointF(back, 12 - half), QPointF(back, 12 + half)]))


def _bar(painter: QPainter, left: float, width: float = 2.5, half: float = 6.0) -> None:
    painter.drawRoundedRect(QRectF(left, 12 - half, width, 2 * half), 0.8, 0.8)


def _play(painter: QPainter) -> None:
    _triangle(painter, 19, 7, 7)


def _pause(painter: QPainter) -> None:
    _bar(painter, 7, 3.5, 7)
    _bar(painter, 13.5, 3.5, 7)


def _forward(painter: QPainter) -> None:
    _bar(painter, 6.5)
    _triangle(painter, 18.5, 11)


def _back(painter: QPainter) -> None:
    _bar(painter, 15)
    _triangle(painter, 5.5, 13)


def _last(painter: QPainter) -> None:
    _triangle(painter, 11, 4.5)
    _triangle(painter, 17, 10.5)
    _bar(painter, 17)


def _first(painter: QPainter) -> None:
    _triangle(painter, 13, 19.5)
    _triangle(painter, 7, 13.5)
    _bar(painter, 4.5)


def _loop(painter: QPainter) -> None:
    colour = painter.brush().color()
    upper = QPainterPath(QPointF(5, 12.5))
    upper.lineTo(5, 11.5)
    upper.quadTo(5, 7.5, 9, 7.5)
    upper.lineTo(16, 7.5)
    lower = QPainterPath(QPointF(19, 11.5))
    lower.lineTo(19, 12.5)
    lower.quadTo(19, 16.5, 15, 16.5)
    lower.lineTo(8, 16.5)
    painter.drawPolygon(QPolygonF([QPointF(15.5, 4), QPointF(15.5, 11), QPointF(20, 7.5)]))
    painter.drawPolygon(QPolygonF([QPointF(8.5, 13), QPointF(8.5, 20), QPointF(4, 16.5)]))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, 2))
    painter.drawPath(upper)
    painter.drawPath(lower)


_SYMBOLS: dict[str, Callable[[QPainter], None]] = {
    "first": _first,
    "back": _back,
    "play": _play,
    "pause": _pause,
    "forward": _forward,
    "last": _last,
    "loop": _loop,
}
