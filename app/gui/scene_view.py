"""The 3D view: persons in world space on a floor, seen from where the user likes."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QEasingCurve, QEvent, Qt, QVariantAnimation, pyqtSignal
from PyQt6.QtGui import QOffscreenSurface, QOpenGLContext, QPalette, QResizeEvent
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.gui.picking import nearest_person
from app.gui.scene_colours import scene_colours
from app.gui.scene_overlays import overlay_quads, scene_quads
from app.gui.scene_toolbar import FIT_KEY, FOLLOW_KEY, OPPOSITE, TRAIL_KEY, VIEW_KEYS, SceneToolbar
from app.scene.camera import VideoCamera, between
from app.scene.figure import figure_parts
from app.scene.viewpoint import Viewpoint
from app.take import Array

if TYPE_CHECKING:
    from app.gui.scene_canvas import SceneCanvas

_NO_POSES, _NOBODY = "No poses yet", "Nobody was seen in this frame"
_TURN_MS = 220
_PICK_REACH = 14.0
_MARGIN = 8
_MOST_COVERED = 0.2
"""Share of a low view's height that the toolbar may take from what is fitted into it."""
_NO_OPENGL = (
    "The 3D view needs OpenGL 2.1 or newer, which this display does not offer ({reason}); "
    "everything else works, and poses can be exported."
)


class SceneView(QWidget):
    """Persons in world space (metres, z up, x right, y away from the camera) on a floor grid.

    Passive: it knows arrays and nothing else. `set_poses` gives what is drawn now, `set_motion` the whole clip
    (for trail, follow and framing) and `set_frame` where in it the drawn poses are. None of them paints at once:
    several calls in a row make one picture. Where there is no OpenGL a sentence stands in its place (`failure`),
    and every call still works.
    """

    person_clicked = pyqtSignal(int)
    """A figure was clicked."""
    view_changed = pyqtSignal(str)
    """One of `app.scene.camera.VIEWS`, or "" for one made by hand."""
    follow_changed = pyqtSignal(bool)
    trail_changed = pyqtSignal(object, int)
    """Joint or None, frames to each side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.failure: str | None = None
        """Why there is no picture; None when there is one."""
        self._viewpoint = Viewpoint()
        self._fps = 30.0
        self._frame = 0
        self._ghost: Array | None = None
        self._toes: Array | None = None
        self._trail: tuple[int, int] | None = None
        self._canvas: SceneCanvas | None = None
        self._turn = QVariantAnimation(self)
        self._turn.setDuration(_TURN_MS)
        self._turn.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._turn.setStartValue(0.0)
        self._turn.setEndValue(1.0)
        self._turn.valueChanged.connect(self._turn_on)
        self._turn_from = self._viewpoint.look
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.setMinimumSize(280, 200)
        self._make_canvas()
        self.toolbar = SceneToolbar(self)
        self._note = QLabel(self)
        self._note.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._show_note(_NO_POSES)
        self._connect_toolbar()
        self._follow_palette()
        self._update_controls()

    # --- what is shown ------------------------------------------------------------------------------------

    def set_poses(self, world: Array, chosen: int, toes: Array | None = None) -> None:
        """Draw `(P, 17, 3)` world-space poses, metres; one with NaN is left out. The chosen person is bright.

        `toes` (P, 2, 3): where each person's left and right feet point to (`app.scene.figure.foot_ends`).
        """
        seen = np.flatnonzero(np.isfinite(world).all(axis=(1, 2)))
        was_empty = self._viewpoint.is_empty()
        self._toes = toes
        self._viewpoint.set_poses(world, chosen)
        self._draw_persons()
        self._show_note(_NO_POSES if not len(world) else "" if len(seen) else _NOBODY)
        self._look(gliding=not was_empty)

    def set_ghost(self, pose: Array | None) -> None:
        """Draw one more `(17, 3)` world-space pose, as pale as a person who is not chosen; None, or NaN: none.

        It belongs to nobody: it cannot be clicked, and no view is fitted to it.
        """
        if pose is None and self._ghost is None:
            return
        self._ghost = pose
        self._draw_persons()

    def set_motion(self, world: Array, fps: float = 30.0) -> None:
        """The clip's `(P, F, 17, 3)` world-space poses, metres: for trail, follow and framing; F = 0: no clip.

        While nobody has panned or zoomed, the view is fitted again when the motion leaves the picture.
        """
        self._fps = fps
        was_empty = self._viewpoint.is_empty()
        self._viewpoint.set_motion(world, fps)
        self._look(gliding=not was_empty)

    def set_frame(self, frame: int) -> None:
        """Which frame of the motion the poses are of."""
        self._frame = frame
        self._viewpoint.set_frame(frame)
        self._look()

    def set_trail(self, joint: int | None, frames: int = 15) -> None:
        """Show the path of a joint of the chosen person, some frames to each side of the shown one; None: none."""
        self._trail = None if joint is None else (joint, max(1, frames))
        self.toolbar.show_trail(joint)
        self.trail_changed.emit(joint, frames)
        self._look()

    def set_follow(self, follow: bool) -> None:
        """Whether the view goes along with the chosen person's hip."""
        self._begin_turn()
        self._viewpoint.set_follow(follow)
        self._update_controls()
        self.follow_changed.emit(follow)

    def set_camera(self, camera: VideoCamera | None) -> None:
        """The video's camera; None when it is not known."""
        self._viewpoint.set_camera(camera)
        self._update_controls()
        self._look()

    def set_colours(self, dark: bool) -> None:
        """The dark or the light theme's colours. A change of the palette does the same."""
        if self._canvas is not None:
            self._canvas.set_colours(scene_colours(dark))

    # --- from where ---------------------------------------------------------------------------------------

    def look_from(self, view: str, turning: bool = False) -> None:
        """Look from one of `app.scene.camera.VIEWS`: front, back, side (the person's right), left, top, camera,
        free (half right). `turning`: go there in a fifth of a second.

        Front is where the chosen person faces at the clip's start. Raises ValueError for another name, and for
        "camera" when `set_camera` has not told it.
        """
        if turning:
            self._begin_turn()
        else:
            self._turn.stop()
        self._viewpoint.look_from(view)
        self._update_controls()
        self._look()
        self.view_changed.emit(view)

    def frame_motion(self) -> None:
        """Fit the whole motion (following: the person) into the picture, from the present direction."""
        self._begin_turn()
        self._viewpoint.frame_motion()
        self._look()

    @property
    def view(self) -> str:
        """The view that is looked from, "" when it was made by hand."""
        return self._viewpoint.view

    def note(self) -> str:
        """What is said over the picture when nobody is in it; "" when somebody is."""
        return self._note.text() if self._note.isVisibleTo(self) else ""

    @property
    def canvas(self) -> "SceneCanvas | None":
        """What draws; None where there is no OpenGL."""
        return self._canvas

    def paint_now(self) -> None:
        """Paint, and wait until the picture is there: what a benchmark times. Nothing where there is no OpenGL."""
        if self._canvas is not None:
            self._canvas.paint_now()

    # --- inside -------------------------------------------------------------------------------------------

    def _make_canvas(self) -> None:
        reason = opengl_problem()
        if reason is not None:
            self._fail(reason)
            return
        from app.gui.scene_canvas import SceneCanvas  # noqa: PLC0415

        self._canvas = canvas = SceneCanvas(self._scene_quads, self._overlay_quads, _KEYS)
        canvas.failed.connect(self._fail)
        canvas.moved_by_hand.connect(self._on_hand)
        canvas.resized.connect(self._on_resize)
        canvas.clicked.connect(self._on_click)
        canvas.double_clicked.connect(self.frame_motion)
        canvas.key_pressed.connect(self._on_key)
        self._layout.addWidget(canvas)

    def _fail(self, reason: str) -> None:
        self.failure = _NO_OPENGL.format(reason=reason)
        if self._canvas is not None:
            self._canvas.hide()
            self._canvas.deleteLater()
            self._canvas = None
            self.toolbar.hide()
            self._note.hide()
        label = QLabel(self.failure, self)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        label.setMargin(24)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._layout.addWidget(label)

    def _draw_persons(self) -> None:
        if self._canvas is None:
            return
        world, chosen = self._viewpoint.poses, self._viewpoint.chosen
        seen = np.flatnonzero(np.isfinite(world).all(axis=(1, 2)))
        toes = self._toes
        persons = [figure_parts(world[person], None if toes is None else toes[person]) for person in seen]
        if self._ghost is not None and np.isfinite(self._ghost).all():
            persons.append(figure_parts(self._ghost))
        self._canvas.set_persons(persons, int(np.searchsorted(seen, chosen)) if chosen in seen else None)

    def _show_note(self, text: str) -> None:
        self._note.setVisible(bool(text) and self.failure is None)
        if text and text != self._note.text():
            self._note.setText(text)
            self._place_overlays()

    def _connect_toolbar(self) -> None:
        self.toolbar.setVisible(self.failure is None)
        self.toolbar.view_asked.connect(lambda view: self.look_from(view, turning=True))
        self.toolbar.follow_asked.connect(self.set_follow)
        self.toolbar.fit_asked.connect(self.frame_motion)
        self.toolbar.trail_asked.connect(
            lambda joint, seconds: self.set_trail(joint, max(1, round(seconds * self._fps)))
        )

    def _update_controls(self) -> None:
        self.toolbar.show_view(self._viewpoint.view)
        self.toolbar.show_camera(self._viewpoint.camera is not None)
        self.toolbar.show_follow(self._viewpoint.follow)

    def _look(self, gliding: bool = False) -> None:
        """Draw from where the viewpoint says; `gliding`: a look from further off or from elsewhere comes slowly."""
        if self._canvas is None:
            return
        now, next_look = self._canvas.look, self._viewpoint.look
        turning = self._turn.state() == QVariantAnimation.State.Running
        if (
            gliding
            and not turning
            and replace(now, centre=next_look.centre) != next_look
            and self.isVisible()
        ):
            self._begin_turn()
        elif not turning and now != next_look:
            self._canvas.set_look(next_look)
        self._canvas.update()

    def _begin_turn(self) -> None:
        if self._canvas is not None and self.isVisible():
            self._turn_from = self._canvas.look
            self._turn.stop()
            self._turn.start()

    def _turn_on(self, share: float) -> None:
        if self._canvas is not None:
            self._canvas.set_look(between(self._turn_from, self._viewpoint.look, share))

    def _on_hand(self) -> None:
        self._turn.stop()
        if self._canvas is not None:
            was = self._viewpoint.view
            self._viewpoint.moved_by_hand(self._canvas.look)
            if was != self._viewpoint.view:
                self._update_controls()
                self.view_changed.emit(self._viewpoint.view)

    def _on_resize(self) -> None:
        if self._canvas is not None:
            width, height = self._canvas.picture_size()
            covered = min((self.toolbar.height() + _MARGIN) / max(height, 1), _MOST_COVERED)
            self._viewpoint.set_size(width, height, covered)
            self._look()

    def _on_click(self, x: float, y: float) -> None:
        if self._canvas is not None and len(self._viewpoint.poses):
            points = self._canvas.look.project(self._viewpoint.poses, self._canvas.picture_size())
            person = nearest_person(points, x, y, _PICK_REACH)
            if person is not None:
                self.person_clicked.emit(person)

    def _on_key(self, key: str) -> None:
        if key in VIEW_KEYS:
            view = VIEW_KEYS[key]
            if view != "camera" or self._viewpoint.camera is not None:
                self.look_from(OPPOSITE.get(view, view) if self.view == view else view, turning=True)
        elif key == FOLLOW_KEY:
            self.set_follow(not self._viewpoint.follow)
        elif key == FIT_KEY:
            self.frame_motion()
        elif key == TRAIL_KEY:
            self.toolbar.toggle_trail()

    def _scene_quads(self, canvas: "SceneCanvas") -> Array:
        return scene_quads(canvas, self._viewpoint, self._trail, self._frame)

    def _overlay_quads(self, canvas: "SceneCanvas") -> Array:
        return overlay_quads(canvas, self._viewpoint)

    def changeEvent(self, event: QEvent | None) -> None:
        """A change of theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._follow_palette()

    def _follow_palette(self) -> None:
        self.set_colours(self.palette().color(QPalette.ColorRole.Window).lightness() < 128)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The toolbar stands in the upper right corner, the note in the middle below."""
        super().resizeEvent(event)
        self._place_overlays()

    def _place_overlays(self) -> None:
        self.toolbar.adjustSize()
        self.toolbar.move(max(_MARGIN, self.width() - self.toolbar.width() - _MARGIN), _MARGIN)
        self._note.adjustSize()
        self._note.move((self.width() - self._note.width()) // 2, self.height() - self._note.height() - 18)
        self.toolbar.raise_()
        self._note.raise_()


_KEYS = "".join(VIEW_KEYS) + FOLLOW_KEY + TRAIL_KEY + FIT_KEY


def opengl_problem() -> str | None:
    """Why the display cannot draw in OpenGL; None when it can."""
    try:
        import OpenGL.GL  # noqa: F401, PLC0415
    except (ImportError, AttributeError) as error:  # PyOpenGL raises either where libGL is missing
        return f"the OpenGL library cannot be loaded: {error}"
    context = QOpenGLContext()
    if not context.create():
        return "no OpenGL context can be made"
    surface = QOffscreenSurface()
    surface.setFormat(context.format())
    surface.create()
    if not (surface.isValid() and context.makeCurrent(surface)):
        return "an OpenGL context cannot be used"
    version = context.format().version()
    context.doneCurrent()
    needed = (3, 0) if context.isOpenGLES() else (2, 1)
    return None if version >= needed else f"it has only version {version[0]}.{version[1]}"
