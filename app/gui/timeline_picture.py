"""The timeline's picture without what moves: ruler and lanes, drawn once for a view and kept as a pixmap."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPalette, QPixmap

from app.export.colours import LEFT_COLOUR, RIGHT_COLOUR, Colour, mix
from app.timeline.axis import TimeView, frame_marks, second_marks
from app.timeline.columns import Columns, LaneSums, column_frames

SUSPICION_COLOURS: dict[str, Colour] = {
    "unseen": (146, 148, 158),
    "low score": (214, 168, 20),
    "flip disagreement": (172, 112, 244),
    "bone length": (52, 178, 112),
    "reprojection": (236, 92, 172),
    "speed": (232, 72, 62),
}
"""Apart from each other and from the sides' colours, on dark and on light."""

_UNNAMED_KIND: Colour = (120, 180, 190)
_UNSEEN: Colour = (226, 70, 70)
_EDITED: Colour = (146, 110, 240)
_HEAT_SCORES = (0.0, 0.35, 0.7, 1.0)
_HEAT = np.array([(206, 58, 64), (226, 130, 50), (196, 186, 70), (66, 178, 130)], dtype=float)

GUTTER = 88
"""Pixels left of the lanes, for their names."""
_MARGIN = 10


@dataclass(frozen=True)
class TimelineColours:
    """What the window's palette means for a timeline."""

    ground: Colour
    lane: Colour
    line: Colour
    dim_text: Colour
    text: Colour
    accent: Colour


def timeline_colours(palette: QPalette) -> TimelineColours:
    """The colours that go with a palette, dark or light."""

    def role(which: QPalette.ColorRole) -> Colour:
        colour = palette.color(which)
        return colour.red(), colour.green(), colour.blue()

    ground, text = role(QPalette.ColorRole.Window), role(QPalette.ColorRole.WindowText)
    return TimelineColours(
        ground=ground,
        lane=mix(ground, text, 0.06),
        line=mix(ground, text, 0.22),
        dim_text=mix(ground, text, 0.6),
        text=text,
        accent=role(QPalette.ColorRole.Highlight),
    )


def suspicion_colour(kind: str) -> Colour:
    """The colour of a kind of suspicious frames."""
    return SUSPICION_COLOURS.get(kind, _UNNAMED_KIND)


def suspicion_rows(kinds: dict[str, Any]) -> list[str]:
    """The rows of the lane of suspicious frames from the top: always the same, so that a kind keeps its place."""
    return [*SUSPICION_COLOURS, *sorted(kind for kind in kinds if kind not in SUSPICION_COLOURS)]


@dataclass(frozen=True)
class TimelineLayout:
    """Where everything lies in a timeline of a size."""

    size: QSize

    @property
    def left(self) -> int:
        """The lanes' left end."""
        return GUTTER

    @property
    def width(self) -> int:
        """The lanes' width: at least one pixel."""
        return max(1, self.size.width() - GUTTER - _MARGIN)

    def band(self, top: int, height: int) -> QRect:
        """A band as wide as the lanes."""
        return QRect(self.left, top, self.width, height)

    @property
    def ruler(self) -> QRect:
        """Seconds above, frames below."""
        return self.band(0, 32)

    @property
    def loop(self) -> QRect:
        """The strip with the range that is played."""
        return self.band(33, 12)

    @property
    def overview(self) -> QRect:
        """The strip at the bottom that shows which part of the clip is in view."""
        return self.band(self.size.height() - 10, 8)

    @property
    def lanes(self) -> QRect:
        """All lanes together."""
        top = self.loop.bottom() + 4
        return self.band(top, max(70, self.overview.top() - 4 - top))

    def lane_rects(self) -> dict[str, QRect]:
        """Every lane by its name; what height there is to spare goes to the scores and the suspicious frames."""
        gaps = 3
        fixed = {"Score": 16, "Seen": 8, "Left foot": 12, "Right foot": 12, "Check": 30, "Edited": 8}
        spare = max(0, self.lanes.height() - sum(fixed.values()) - gaps * (len(fixed) - 1))
        fixed["Score"] += spare * 2 // 5
        fixed["Check"] += spare * 2 // 5 // 6 * 6
        for foot in ("Left foot", "Right foot"):
            fixed[foot] += spare // 10
        rects, top = {}, self.lanes.top()
        for name, height in fixed.items():
            rects[name] = self.band(top, height)
            top += height + gaps
        return rects

    def suspicion_row(self, row: int, rows: int) -> QRectF:
        """One kind's row of the lane of suspicious frames."""
        lane = QRectF(self.lane_rects()["Check"])
        return QRectF(
            lane.left(), lane.top() + lane.height() * row / rows, lane.width(), lane.height() / rows
        )


def heat(scores: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """(W, 3) RGB of scores (W,): red for none to green for certain."""
    channels = [np.interp(scores, _HEAT_SCORES, _HEAT[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def score_image(scores: NDArray[np.floating[Any]], height: int) -> QImage:
    """Columns (W,) as bars, the higher and the greener the better; nothing where a score is NaN."""
    known = np.isfinite(scores)
    filled = np.where(known, scores, 0.0)
    rows = np.arange(height)[:, None]
    # A score of 0 still shows as a line: "seen, and worthless" is not "not known".
    tall = np.maximum(np.round(np.clip(filled, 0, 1) * height), 1.0)
    pixels = np.zeros((height, len(scores), 4), dtype=np.uint8)
    pixels[..., :3] = heat(filled)
    pixels[..., 3] = np.where((rows >= height - tall) & known, 255, 0)
    return _image(pixels)


def flag_image(colour: Colour, opacity: NDArray[Any]) -> QImage:
    """One row of pixels in a colour: (W,) flags, or shares 0..1, as opacity."""
    pixels = np.zeros((1, len(opacity), 4), dtype=np.uint8)
    pixels[..., :3] = colour
    pixels[..., 3] = np.round(np.asarray(opacity, dtype=float) * 255)
    return _image(pixels)


def _image(pixels: NDArray[np.uint8]) -> QImage:
    height, width = pixels.shape[:2]
    # The copy owns its pixels; the array may go.
    return QImage(pixels.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def widened(flags: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Flags (W,) with every run at least `pixels` columns wide, grown to the right."""
    grown = flags.copy()
    for shift in range(1, min(pixels, len(flags))):
        grown[shift:] |= flags[:-shift]
    return grown


def static_picture(
    layout: TimelineLayout,
    view: TimeView,
    edges: NDArray[np.floating[Any]],
    sums: LaneSums | None,
    colours: TimelineColours,
    font: QFont,
    pixel_ratio: float,
) -> QPixmap:
    """Ruler and lanes of a view; the lanes stay empty where `sums` is None."""
    pixmap = QPixmap(layout.size * pixel_ratio)
    pixmap.setDevicePixelRatio(pixel_ratio)
    pixmap.fill(QColor(*colours.ground))
    painter = QPainter(pixmap)
    small = QFont(font)
    small.setPointSizeF(font.pointSizeF() * 0.85)
    painter.setFont(small)
    _draw_ruler(painter, layout, view, edges, colours)
    rects = layout.lane_rects()
    for name, rect in rects.items():
        painter.fillRect(rect, QColor(*colours.lane))
        painter.setPen(QColor(*colours.dim_text))
        label = QRectF(6, rect.top() - 6, GUTTER - 14, rect.height() + 12)
        painter.drawText(label, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, name)
    if sums is not None:
        columns = max(1, round(layout.width * pixel_ratio))
        draw_lanes(painter, layout, sums.columns(*column_frames(edges, view, columns)), colours, pixel_ratio)
    painter.end()
    return pixmap


def draw_lanes(
    painter: QPainter, layout: TimelineLayout, columns: Columns, colours: TimelineColours, pixel_ratio: float
) -> None:
    """The lanes of columns of pixels."""
    rects = layout.lane_rects()
    score = rects["Score"]
    painter.drawImage(score, score_image(columns.scores, max(1, round(score.height() * pixel_ratio))))
    seen = mix(colours.ground, colours.text, 0.45)
    at_least = max(1, round(2 * pixel_ratio))
    unseen = widened(columns.unseen, at_least)
    painter.drawImage(rects["Seen"], flag_image(seen, ~unseen))
    painter.drawImage(rects["Seen"], flag_image(_UNSEEN, unseen))
    for foot, (name, colour) in enumerate((("Left foot", LEFT_COLOUR), ("Right foot", RIGHT_COLOUR))):
        painter.drawImage(rects[name], flag_image(colour, columns.contacts[:, foot]))
        unknown = rects[name].adjusted(0, rects[name].height() // 3, 0, -(rects[name].height() // 3))
        painter.drawImage(unknown, flag_image(seen, columns.unknown_contacts[:, foot]))
    rows = suspicion_rows(columns.suspicious)
    for kind, flags in columns.suspicious.items():
        place = layout.suspicion_row(rows.index(kind), len(rows)).adjusted(0, 0.5, 0, -0.5)
        painter.drawImage(place, flag_image(suspicion_colour(kind), widened(flags, at_least)))
    painter.drawImage(rects["Edited"], flag_image(_EDITED, widened(columns.edited, at_least)))


def _draw_ruler(
    painter: QPainter,
    layout: TimelineLayout,
    view: TimeView,
    edges: NDArray[np.floating[Any]],
    colours: TimelineColours,
) -> None:
    ruler = layout.ruler
    metrics = QFontMetricsF(painter.font())
    named, plain = second_marks(view)
    painter.setPen(QColor(*colours.line))
    for moment in plain:
        x = view.x(moment)
        painter.drawLine(QPointF(x, ruler.top() + 12), QPointF(x, ruler.top() + 16))
    for moment, text in named:
        x = view.x(moment)
        painter.setPen(QColor(*colours.line))
        painter.drawLine(QPointF(x, ruler.top() + 2), QPointF(x, ruler.top() + 16))
        painter.setPen(QColor(*colours.text))
        if x + 4 + metrics.horizontalAdvance(text) <= layout.size.width():
            painter.drawText(QPointF(x + 4, ruler.top() + 12), text)
    for frame in frame_marks(edges, view):
        x = view.x(float(edges[frame]))
        if x < ruler.left() - 0.5:
            continue
        painter.setPen(QColor(*colours.line))
        painter.drawLine(QPointF(x, ruler.top() + 20), QPointF(x, ruler.bottom()))
        painter.setPen(QColor(*colours.dim_text))
        if x + 4 + metrics.horizontalAdvance(str(frame)) <= layout.size.width():
            painter.drawText(QPointF(x + 4, ruler.bottom() - 2), str(frame))
    painter.setPen(QColor(*colours.dim_text))
    for text, baseline in (("time", ruler.top() + 12), ("frame", ruler.bottom() - 2)):
        painter.drawText(QPointF(GUTTER - 8 - metrics.horizontalAdvance(text), baseline), text)
