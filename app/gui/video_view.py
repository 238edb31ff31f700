"""The video with its 2D joints: choose a person, move a joint by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QContextMenuEvent, QKeyEvent, QPainter
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from app.gui.joint_names import joint_label
from app.gui.picking import nearest_joint, nearest_person
from app.gui.picture_view import PictureView, Press
from app.gui.skeleton_painter import (
    draw_attention,
    draw_held_joint,
    draw_joint_text,
    draw_name,
    draw_person,
    opacities,
)
from stcformer.skeleton import JOINT_COUNT

Array = NDArray[np.floating[Any]]

JOINT_REACH = 10.0
"""Logical pixels from a joint within which the cursor takes hold of it."""
PERSON_REACH = 14.0

_TYPING = (QLineEdit, QAbstractSpinBox, QTextEdit, QPlainTextEdit)
_HIDE_KEYS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


@dataclass(frozen=True)
class _Joint:
    person: int
    joint: int


@dataclass
class _Moved:
    """A joint that is being dragged: where it is now, image space, and how far the cursor lay from it."""

    joint: _Joint
    x: float
    y: float
    offset: QPointF


class VideoView(PictureView):
    """A picture and the people in it. Passive: it shows what it is given and says what the user wants.

    Click on a person: `person_clicked`. When editable: drag a joint of the chosen person (`joint_moved`; Escape:
    `joint_move_cancelled`), Delete over it or its menu hides it (`joint_hide_requested`), the menu puts a missing one
    where it was opened (`joint_moved`). All coordinates in signals are image space: pixels of the video.
    """

    joint_moved = pyqtSignal(int, int, float, float, bool)
    """person, joint, x, y, finished: while a joint is dragged, and once with True when it is let go."""
    joint_move_cancelled = pyqtSignal(int, int)
    """person, joint: the drag was given up; show the joint where it was."""
    joint_hide_requested = pyqtSignal(int, int)
    """person, joint."""
    person_clicked = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keypoints: Array = np.zeros((0, JOINT_COUNT, 2))
        self._scores: Array = np.zeros((0, JOINT_COUNT))
        self._names: tuple[str, ...] = ()
        self._chosen = 0
        self._is_editable = False
        self._attention: Array | None = None
        self._attending_joint = 0
        self._cursor: QPointF | None = None
        self._hovered: _Joint | None = None
        self._moved: _Moved | None = None
        self.setAccessibleName("Video")

    def set_people(self, keypoints: Array, scores: Array, chosen: int, names: Sequence[str] = ()) -> None:
        """Draw P people: (P, 17, 2) pixels, (P, 17) scores; joints that are NaN or of score 0 are not drawn.

        `chosen` is the person that can be edited and is drawn strongest; with several people each has its name.
        A joint that is being dragged stays under the cursor.
        """
        points = np.array(keypoints, dtype=float).reshape(-1, JOINT_COUNT, 2)
        opaque = np.nan_to_num(np.array(scores, dtype=float)).reshape(-1, JOINT_COUNT)
        if len(points) != len(opaque):
            raise ValueError(f"keypoints of {len(points)} people, scores of {len(opaque)}")
        self._keypoints, self._scores = points, opaque
        self._chosen, self._names = chosen, tuple(names)
        if self._moved is not None and self._moved.joint.person != chosen:
            self._forget_press()
        if self._press is None:
            self._hovered = self._joint_at(self._cursor)
        self.update()

    def set_attention(self, weights: Array | None, joint: int) -> None:
        """Draw lines from a joint of the chosen person to the others, as thick as their (17,) weights; None: none."""
        self._attention, self._attending_joint = weights, joint
        self.update()

    def set_editable(self, editable: bool) -> None:
        """Whether joints of the chosen person can be moved, hidden and put back."""
        self._is_editable = editable
        if not editable and self._moved is not None:
            self._forget_press()
        self._show_cursor()

    # Painting

    def _paint_over(self, painter: QPainter) -> None:
        keypoints, scores = self._shown()
        points = self._viewport.to_widget(keypoints)
        bounds = QRectF(self.rect())
        order = sorted(range(len(points)), key=lambda person: person == self._chosen)
        if self._attention is not None and self._chosen < len(points):
            chosen = points[self._chosen], scores[self._chosen]
            draw_attention(painter, *chosen, self._attending_joint, self._attention)
        for person in order:
            draw_person(painter, points[person], scores[person], person == self._chosen)
        if len(points) > 1:
            for person in order:
                self._paint_name(painter, person, points[person], scores[person])
        held = self._moved.joint if self._moved is not None else self._hovered
        if held is not None and held.person < len(points):
            at = points[held.person, held.joint]
            draw_held_joint(painter, at, held.joint)
            text = self._joint_text(held, float(scores[held.person, held.joint]))
            draw_joint_text(painter, QPointF(*at), text, bounds)

    def _paint_name(self, painter: QPainter, person: int, points: Array, scores: Array) -> None:
        seen = points[opacities(points, scores) > 0]
        bounds = QRectF(self.rect())
        if any(bounds.contains(QPointF(*point)) for point in seen):
            top = QPointF(*seen[np.argmin(seen[:, 1])])
            draw_name(painter, top, self._name(person), person == self._chosen, bounds)

    def _shown(self) -> tuple[Array, Array]:
        """Keypoints and scores with the joint that is dragged where the cursor has it, seen for certain."""
        moved = self._moved
        if moved is None or moved.joint.person >= len(self._keypoints):
            return self._keypoints, self._scores
        keypoints, scores = self._keypoints.copy(), self._scores.copy()
        keypoints[moved.joint.person, moved.joint.joint] = moved.x, moved.y
        scores[moved.joint.person, moved.joint.joint] = 1.0
        return keypoints, scores

    def _name(self, person: int) -> str:
        return self._names[person] if person < len(self._names) else f"Person {person + 1}"

    def _joint_text(self, held: _Joint, score: float) -> str:
        text = f"{joint_label(held.joint)}  {score:.2f}"
        return text if held.person == self._chosen else f"{self._name(held.person)}: {text}"

    def _is_shown(self, wanted: _Joint) -> bool:
        if wanted.person >= len(self._keypoints):
            return False
        opacity = opacities(self._keypoints[wanted.person], self._scores[wanted.person])
        return bool(opacity[wanted.joint] > 0)

    # Under the cursor

    def _visible_points(self) -> Array:
        points = self._viewport.to_widget(self._keypoints)
        points[self._scores <= 0] = np.nan
        return points

    def _joint_at(self, at: QPointF | None) -> _Joint | None:
        """The chosen person's joints come first: they are what is corrected."""
        if at is None:
            return None
        points = self._visible_points()
        for person in sorted(range(len(points)), key=lambda person: person != self._chosen):
            joint = nearest_joint(points[person], at.x(), at.y(), JOINT_REACH)
            if joint is not None:
                return _Joint(person, joint)
        return None

    def _can_edit(self, joint: _Joint | None) -> bool:
        return joint is not None and self._is_editable and joint.person == self._chosen

    def _hover(self, at: QPointF | None) -> None:
        self._cursor = at
        found = self._joint_at(at)
        if found == self._hovered:
            return
        self._hovered = found
        if self._can_edit(found) and not isinstance(QApplication.focusWidget(), _TYPING):
            self.setFocus(Qt.FocusReason.MouseFocusReason)  # so that Delete means this joint
        self.update()

    def _cursor_shape(self) -> Qt.CursorShape:
        if self._moved is not None:
            return Qt.CursorShape.BlankCursor  # the ring shows the place, and the picture in it
        return Qt.CursorShape.CrossCursor if self._can_edit(self._hovered) else Qt.CursorShape.ArrowCursor

    # What the hand does

    def _take_hold(self, at: QPointF) -> bool:
        found = self._joint_at(at)
        self._hovered = found
        return self._can_edit(found)

    def _drag_to(self, press: Press, at: QPointF) -> None:
        if self._moved is None:
            if self._hovered is None:
                return
            joint = self._hovered
            point = self._viewport.to_widget(self._keypoints[joint.person, joint.joint])
            self._moved = _Moved(joint, 0.0, 0.0, QPointF(*point) - press.start)
        moved = self._moved
        goal = at + moved.offset
        moved.x, moved.y = self._viewport.inside(*self._viewport.to_image(goal.x(), goal.y()))
        self.joint_moved.emit(moved.joint.person, moved.joint.joint, moved.x, moved.y, False)
        self.update()

    def _let_go(self) -> None:
        moved = self._moved
        if moved is None:
            return
        self._keypoints, self._scores = self._shown()  # until `set_people` says what came of it
        self._moved = None
        self.joint_moved.emit(moved.joint.person, moved.joint.joint, moved.x, moved.y, True)

    def _give_up(self) -> None:
        moved, self._moved = self._moved, None
        if moved is not None:
            self.joint_move_cancelled.emit(moved.joint.person, moved.joint.joint)

    def _click(self, at: QPointF) -> None:
        person = nearest_person(self._visible_points(), at.x(), at.y(), PERSON_REACH)
        if person is not None:
            self.person_clicked.emit(person)

    # Keys and menu

    def _wants_key(self, event: QKeyEvent) -> bool:
        if event.key() in _HIDE_KEYS:
            return self._moved is None and self._can_edit(self._hovered)
        return super()._wants_key(event)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Delete: hide the joint under the cursor."""
        if event is not None and event.key() in _HIDE_KEYS and self._wants_key(event):
            if self._hovered is not None and not event.isAutoRepeat():
                self.joint_hide_requested.emit(self._hovered.person, self._hovered.joint)
            return
        super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """What can be done here."""
        if event is None or self._image is None or self._press is not None:
            return
        menu = self.menu_at(QPointF(event.pos()))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(event.globalPos())

    def menu_at(self, at: QPointF) -> QMenu:
        """The menu for a place in the widget: hide the joint there, put a missing one there, choose the person, fit."""
        menu = QMenu(self)
        joint = self._joint_at(at)
        if joint is not None and self._can_edit(joint):
            hide = partial(self.joint_hide_requested.emit, joint.person, joint.joint)
            _add(menu, f"Hide {joint_label(joint.joint)}\tDel", hide)
        elif self._is_editable and self._chosen < len(self._keypoints):
            self._add_placing(menu, at)
        person = nearest_person(self._visible_points(), at.x(), at.y(), PERSON_REACH)
        if person is not None and person != self._chosen:
            _add(menu, f"Choose {self._name(person)}", partial(self.person_clicked.emit, person))
        menu.addSeparator()
        _add(menu, "Fit picture", self.fit)
        return menu

    def _add_placing(self, menu: QMenu, at: QPointF) -> None:
        missing = [joint for joint in range(JOINT_COUNT) if not self._is_shown(_Joint(self._chosen, joint))]
        if not missing:
            return
        x, y = self._viewport.inside(*self._viewport.to_image(at.x(), at.y()))
        places = QMenu("Put missing joint here", menu)
        for joint in missing:
            _add(places, joint_label(joint), partial(self.joint_moved.emit, self._chosen, joint, x, y, True))
        menu.addMenu(places)


def _add(menu: QMenu, text: str, chosen: Callable[[], object]) -> None:
    action = QAction(text, menu)
    action.triggered.connect(lambda: chosen())
    menu.addAction(action)
