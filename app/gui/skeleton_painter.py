"""People's 2D joints drawn over a picture, in widget pixels: as crisp at forty times as at a quarter of its size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from app.export.colours import joint_colour
from stcformer.skeleton import JOINT_COUNT, bones

Array = NDArray[np.floating[Any]]

BONE_WIDTH = 3.0
"""Logical pixels, as all sizes here."""
JOINT_RADIUS = 4.0
HELD_RADIUS = 7.0
"""Of the joint under the cursor."""
RIM = 1.2
THICKEST_ATTENTION = 9.0
"""Of the line to the joint that is attended to most."""
_ATTENTION_OPACITY = 0.7

FAINTEST = 0.15
"""Opacity of a joint with score 0.01: what is there can be seen and taken hold of."""
OTHERS = 0.38
"""Opacity of people who are not chosen, of what it would be."""

_RIM_COLOUR = QColor(10, 10, 12)
_LABEL_COLOUR = QColor(245, 246, 248)
_LABEL_BACK = QColor(16, 18, 24, 215)
_BONES = bones()


def draw_person(painter: QPainter, points: Array, scores: Array, is_chosen: bool) -> None:
    """Bones and joints of `(17, 2)` widget points; `(17,)` scores as opacity, dimmer for who is not chosen.

    A joint that is not finite or has no score is not drawn, nor are the bones that end in it.
    """
    opacity = opacities(points, scores) * (1.0 if is_chosen else OTHERS)
    for parent, child in _BONES:
        shown = float(min(opacity[parent], opacity[child]))
        if shown > 0:
            _draw_bone(painter, _point(points[parent]), _point(points[child]), joint_colour(child), shown)
    for joint in range(JOINT_COUNT):
        if opacity[joint] > 0:
            draw_joint(painter, points[joint], joint, JOINT_RADIUS, float(opacity[joint]))


def draw_joint(painter: QPainter, point: Array, joint: int, radius: float, opacity: float = 1.0) -> None:
    """One joint as a dot with a dark rim."""
    painter.setOpacity(opacity)
    painter.setPen(QPen(_RIM_COLOUR, RIM))
    painter.setBrush(QColor(*joint_colour(joint)))
    painter.drawEllipse(_point(point), radius, radius)
    painter.setOpacity(1.0)


def draw_held_joint(painter: QPainter, point: Array, joint: int) -> None:
    """The joint under the cursor: larger, ringed, open in its middle so that the picture can be seen there."""
    centre = _point(point)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, colour in ((5.0, _RIM_COLOUR), (2.5, QColor(*joint_colour(joint)))):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(centre, HELD_RADIUS, HELD_RADIUS)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(255, 255, 255))
    painter.drawEllipse(centre, 1.5, 1.5)


def draw_attention(painter: QPainter, points: Array, scores: Array, joint: int, weights: Array) -> None:
    """Lines from a joint to the others of `(17, 2)` widget points, as thick as their `(17,)` weights."""
    shown = opacities(points, scores) > 0
    if not shown[joint]:
        return
    most = max(float(np.delete(weights, joint).max()), 1e-9)
    for other in np.flatnonzero(shown):
        if other != joint:
            colour = QColor(*joint_colour(int(other)))
            colour.setAlphaF(_ATTENTION_OPACITY)
            width = THICKEST_ATTENTION * float(weights[other]) / most
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(_point(points[joint]), _point(points[other]))


def draw_name(painter: QPainter, top: QPointF, text: str, is_chosen: bool, bounds: QRectF) -> None:
    """A person's name above their topmost joint, kept inside `bounds`."""
    size = _label_size(painter, text, is_chosen)
    place = QPointF(top.x() - size.width() / 2, top.y() - size.height() - 12)
    _draw_label(painter, QRectF(place, size), text, is_chosen, bounds, 1.0 if is_chosen else 0.7)


def draw_joint_text(painter: QPainter, joint: QPointF, text: str, bounds: QRectF) -> None:
    """What a joint is, to its right and below, where the hand that points at it does not hide it."""
    size = _label_size(painter, text, True)
    place = QPointF(joint.x() + 14, joint.y() + 10)
    _draw_label(painter, QRectF(place, size), text, True, bounds, 1.0)


def _label_size(painter: QPainter, text: str, is_bold: bool) -> QSizeF:
    metrics = QFontMetricsF(_label_font(painter, is_bold))
    return QSizeF(metrics.horizontalAdvance(text) + 12, metrics.height() + 4)


def _label_font(painter: QPainter, is_bold: bool) -> QFont:
    font = QFont(painter.font())
    font.setBold(is_bold)
    return font


def _draw_label(
    painter: QPainter, box: QRectF, text: str, is_bold: bool, bounds: QRectF, opacity: float
) -> None:
    box.moveLeft(max(min(box.left(), bounds.right() - box.width() - 2), bounds.left() + 2))
    box.moveTop(max(min(box.top(), bounds.bottom() - box.height() - 2), bounds.top() + 2))
    painter.save()
    painter.setFont(_label_font(painter, is_bold))
    painter.setOpacity(opacity)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_LABEL_BACK)
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(_LABEL_COLOUR)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def opacities(points: Array, scores: Array) -> Array:
    """(17,) 0..1: 0 where nothing is drawn, `FAINTEST` and more where something is."""
    seen = np.isfinite(points).all(axis=-1) & (np.nan_to_num(scores) > 0)
    return np.where(seen, FAINTEST + (1 - FAINTEST) * np.clip(np.nan_to_num(scores), 0, 1), 0.0)


def _draw_bone(
    painter: QPainter, start: QPointF, end: QPointF, colour: tuple[int, int, int], opacity: float
) -> None:
    painter.setOpacity(opacity)
    for width, paint in ((BONE_WIDTH + 2 * RIM, _RIM_COLOUR), (BONE_WIDTH, QColor(*colour))):
        painter.setPen(QPen(paint, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(start, end)
    painter.setOpacity(1.0)


def _point(point: Array) -> QPointF:
    return QPointF(float(point[0]), float(point[1]))
