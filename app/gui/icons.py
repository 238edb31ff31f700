"""Icons: the drawings in `assets/icons`, in the colour of the text about them."""

import importlib.resources
from functools import lru_cache

from PyQt6.QtCore import QByteArray, QRectF, Qt
from PyQt6.QtGui import QColor, QIcon, QPainter, QPixmap
from PyQt6.QtSvg import QSvgRenderer

_SIZES = (22, 44)
"""Pixels: of a toolbar, and of one on a screen with twice as many."""
_DISABLED_SHARE = 0.38


def icon(name: str, colour: str) -> QIcon:
    """The icon `assets/icons/<name>.svg` in a colour ("#rrggbb"), paler where it is disabled."""
    result = QIcon()
    for size in _SIZES:
        result.addPixmap(_drawn(name, colour, size), QIcon.Mode.Normal)
        result.addPixmap(_drawn(name, colour, size, _DISABLED_SHARE), QIcon.Mode.Disabled)
    return result


def application_icon() -> QIcon:
    """The program's own, in its own colours."""
    result = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        result.addPixmap(_drawn("studio", "#000000", size))
    return result


@lru_cache(maxsize=64)
def _source(name: str) -> str:
    return (importlib.resources.files("assets") / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def _drawn(name: str, colour: str, size: int, opacity: float = 1.0) -> QPixmap:
    text = _source(name).replace("currentColor", QColor(colour).name())
    renderer = QSvgRenderer(QByteArray(text.encode("utf-8")))
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(opacity)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap
