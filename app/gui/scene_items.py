"""What the 3D view draws, item by item: sky and floor, shadows, figures, lines. Each is one draw call a person.

Each item makes its buffers in `initializeGL`, in the context that is current then, and once more in a new one.
"""

import ctypes
from typing import Any

import numpy as np
from OpenGL import GL
from pyqtgraph.opengl.GLGraphicsItem import GLGraphicsItem

from app.gui import scene_shaders
from app.gui.scene_colours import DARK, SceneColours
from app.gui.scene_shaders import Program
from app.scene.camera import Look
from app.scene.figure import ALL_PARTS, CASTS_SHADOW, part_colours
from app.scene.lines import quad_indices
from app.take import Array

_SHADOWED = int(CASTS_SHADOW.sum())

Parts = tuple[Array, Array]
"""Starts and ends of a person's parts, from `figure_parts`."""


class _Buffer:
    """Vertices and triangle indices on the graphics side."""

    def __init__(self, usage: int) -> None:
        self._vertices, self._indices = (int(name) for name in GL.glGenBuffers(2))
        self._usage = usage
        self._index_count = 0

    def fill(self, vertices: Array, indices: Array) -> None:
        """Another (N, C) float and (M,) index array."""
        vertices = np.ascontiguousarray(vertices, dtype=np.float32)
        self._stride = vertices.shape[-1] * 4
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._vertices)
        GL.glBufferData(GL.GL_ARRAY_BUFFER, vertices.nbytes, vertices, self._usage)
        GL.glBindBuffer(GL.GL_ELEMENT_ARRAY_BUFFER, self._indices)
        GL.glBufferData(GL.GL_ELEMENT_ARRAY_BUFFER, indices.nbytes, indices.astype(np.uint32), self._usage)
        self._index_count = len(indices)

    def bind(self, *attributes: tuple[int, int, int]) -> None:
        """For drawing; an attribute is (number, values, first value in the vertex)."""
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, self._vertices)
        GL.glBindBuffer(GL.GL_ELEMENT_ARRAY_BUFFER, self._indices)
        for place, values, first in attributes:
            GL.glEnableVertexAttribArray(place)
            GL.glVertexAttribPointer(
                place, values, GL.GL_FLOAT, False, self._stride, ctypes.c_void_p(4 * first)
            )

    def draw(self) -> None:
        """All triangles."""
        GL.glDrawElements(GL.GL_TRIANGLES, self._index_count, GL.GL_UNSIGNED_INT, None)

    def release(self, *attributes: tuple[int, int, int]) -> None:
        """Leave the state as pyqtgraph's items expect it."""
        for place, _, _ in attributes:
            GL.glDisableVertexAttribArray(place)
        GL.glBindBuffer(GL.GL_ARRAY_BUFFER, 0)
        GL.glBindBuffer(GL.GL_ELEMENT_ARRAY_BUFFER, 0)
        GL.glUseProgram(0)


class SceneItem(GLGraphicsItem):
    """An item that knows the theme's colours and how it is looked from."""

    def __init__(self) -> None:
        super().__init__()
        self.colours: SceneColours = DARK

    def look(self) -> Look:
        """How the view looks now."""
        look: Look = self.view().look
        return look

    def matrix(self) -> Array:
        """(4, 4) world to clip space, stored by columns."""
        return np.array(self.mvpMatrix().data(), dtype=np.float32).reshape(4, 4)

    def pixel_ratio(self) -> float:
        """Device pixels a widget pixel."""
        return float(self.view().devicePixelRatioF())

    def set_rays(self, program: Program) -> None:
        """The uniforms that make a pixel's ray."""
        look = self.look()
        right, up, backward = look.axes()
        across, high = look.tangents((self.view().width(), self.view().height()))
        program.set("u_forward", -backward)
        program.set("u_across", across * right)
        program.set("u_up", high * up)


class BackdropItem(SceneItem):
    """Sky, floor and grid over the whole picture, darkened by the shadows that stand in its alpha."""

    def initializeGL(self) -> None:
        vertex = scene_shaders.BACKDROP_VERTEX
        self._sky = Program(vertex, scene_shaders.SKY_FRAGMENT)
        self._floor = Program(vertex, scene_shaders.FLOOR_FRAGMENT)
        self._buffer = _Buffer(GL.GL_STATIC_DRAW)
        self._buffer.fill(np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]), quad_indices(1))

    def paint(self) -> None:
        look, colours = self.look(), self.colours
        GL.glDisable(GL.GL_DEPTH_TEST)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFuncSeparate(GL.GL_DST_ALPHA, GL.GL_ZERO, GL.GL_ONE, GL.GL_ZERO)
        horizon = look.horizon(self.view().picture_size())
        below, above = np.array([-1.0, horizon]), np.array([horizon, 1.0])
        floor_rows, sky_rows = (below, above) if look.eye()[2] > 0 else (above, below)
        self._draw(self._sky, sky_rows, {"u_sky": colours.sky, "u_haze": colours.haze})
        self._draw(
            self._floor,
            floor_rows,
            {
                "u_eye": look.eye(),
                "u_centre": np.asarray(look.centre[:2]),
                "u_closeness": 1 / max(9.0, 2.6 * look.distance),
                "u_ground": colours.ground,
                "u_haze": colours.haze,
                "u_line": colours.line,
                "u_fine": colours.fine_line,
                "u_axis_x": colours.axes[0],
                "u_axis_y": colours.axes[1],
                "u_line_width": self.pixel_ratio(),
            },
        )
        GL.glDisable(GL.GL_BLEND)

    def _set_level_rays(self, program: Program) -> None:
        """The uniforms that make a ray of a quad that lies level, whatever the look's roll."""
        look, size = self.look(), self.view().picture_size()
        right, up, backward = look.level_axes()
        reach, tangents = look.reach(size), np.asarray(look.tangents(size))
        roll = np.radians(look.roll)
        program.set("u_forward", -backward)
        program.set("u_across", reach * right)
        program.set("u_up", reach * up)
        program.set("u_right", reach / tangents * [np.cos(roll), -np.sin(roll)])
        program.set("u_above", reach / tangents * [np.sin(roll), np.cos(roll)])

    def _draw(self, program: Program, rows: Array, uniforms: dict[str, Any]) -> None:
        if rows[1] - rows[0] < 1e-6:
            return
        program.use()
        self._set_level_rays(program)
        program.set("u_rows", rows)
        for name, value in uniforms.items():
            program.set(name, value)
        corner = (program.attribute("a_corner"), 2, 0)
        self._buffer.bind(corner)
        self._buffer.draw()
        self._buffer.release(corner)


class ShadowItem(SceneItem):
    """Soft shadows on the floor, straight under the limbs, kept in the picture's alpha (1: light).

    The darkest one counts: where two limbs are over one place it is not darker.
    """

    def __init__(self) -> None:
        super().__init__()
        self.persons: list[Parts] = []

    def initializeGL(self) -> None:
        self._program = Program(scene_shaders.SHADOW_VERTEX, scene_shaders.SHADOW_FRAGMENT, _SHADOWED)
        self._buffer = _quad_buffer(_SHADOWED, 0.0)

    def paint(self) -> None:
        if not self.persons:
            return
        GL.glDisable(GL.GL_DEPTH_TEST)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendEquation(GL.GL_MIN)
        GL.glColorMask(False, False, False, True)
        self._program.use()
        self._program.set("u_mvp", self.matrix())
        self._program.set("u_shade", self.colours.shade)
        corner = (self._program.attribute("a_corner"), 3, 0)
        self._buffer.bind(corner)
        for starts, ends in self.persons:
            self._program.set("u_start", starts[CASTS_SHADOW])
            self._program.set("u_end", ends[CASTS_SHADOW])
            self._buffer.draw()
        self._buffer.release(corner)
        GL.glColorMask(True, True, True, True)
        GL.glBlendEquation(GL.GL_FUNC_ADD)
        GL.glDisable(GL.GL_BLEND)


class FigureItem(SceneItem):
    """Persons as shaded round limbs: a quad for each, which the fragment shader makes round."""

    def __init__(self) -> None:
        super().__init__()
        self.persons: list[Parts] = []
        self.chosen: list[bool] = []

    def initializeGL(self) -> None:
        count = len(ALL_PARTS)
        self._program = Program(scene_shaders.FIGURE_VERTEX, scene_shaders.FIGURE_FRAGMENT, count)
        self._buffer = _quad_buffer(count, -1.0)

    def paint(self) -> None:
        if not self.persons:
            return
        GL.glEnable(GL.GL_DEPTH_TEST)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFuncSeparate(
            GL.GL_SRC_ALPHA, GL.GL_ONE_MINUS_SRC_ALPHA, GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA
        )
        look, colours = self.look(), self.colours
        self._program.use()
        self.set_rays(self._program)
        self._program.set("u_eye", look.eye())
        height = self.view().height() * self.pixel_ratio()
        self._program.set("u_half_size", np.array([self.view().width() * self.pixel_ratio(), height]) / 2)
        self._program.set(
            "u_pixel", 2 * look.tangents((self.view().width(), self.view().height()))[1] / height
        )
        projection = np.array(self.projectionMatrix().data()).reshape(4, 4)
        self._program.set("u_depth", projection[[2, 3], 2])
        self._program.set("u_key", _key_light(look))
        self._program.set("u_sky_light", colours.sky_light)
        self._program.set("u_ground_light", colours.ground_light)
        self._program.set("u_rim", colours.rim)
        corner = (self._program.attribute("a_corner"), 3, 0)
        self._buffer.bind(corner)
        eye = look.eye()
        for (starts, ends), chosen in self._far_first(eye):
            # Limbs too: their outlines are mixed with what is behind them.
            middle = (starts[:, :3] + ends[:, :3]) / 2
            order = np.argsort(-((middle - eye) ** 2).sum(axis=1))
            shades = part_colours(*colours.sides(chosen), joint_shade=0.8)
            self._program.set("u_start", starts[order])
            self._program.set("u_end", ends[order])
            self._program.set("u_colour", shades[order])
            self._buffer.draw()
        self._buffer.release(corner)
        GL.glDisable(GL.GL_BLEND)
        GL.glDisable(GL.GL_DEPTH_TEST)

    def _far_first(self, eye: Array) -> list[tuple[Parts, bool]]:
        both = zip(self.persons, self.chosen, strict=True)
        return sorted(both, key=lambda each: -float(((each[0][0][0, :3] - eye) ** 2).sum()))


class LinesItem(SceneItem):
    """Lines given as quads in the picture by `make(item)`, behind figures or over everything."""

    def __init__(self, make: Any, hidden_by_figures: bool) -> None:
        super().__init__()
        self._make = make
        self._hidden_by_figures = hidden_by_figures

    def initializeGL(self) -> None:
        self._program = Program(scene_shaders.LINE_VERTEX, scene_shaders.LINE_FRAGMENT)
        self._buffer = _Buffer(GL.GL_STREAM_DRAW)

    def paint(self) -> None:
        quads = self._make()
        if not len(quads):
            return
        (GL.glEnable if self._hidden_by_figures else GL.glDisable)(GL.GL_DEPTH_TEST)
        GL.glDepthMask(False)
        GL.glEnable(GL.GL_BLEND)
        GL.glBlendFuncSeparate(
            GL.GL_SRC_ALPHA, GL.GL_ONE_MINUS_SRC_ALPHA, GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA
        )
        self._program.use()
        self._buffer.fill(quads.reshape(-1, 12), quad_indices(len(quads)))
        attributes = tuple(
            (self._program.attribute(name), 4, 4 * k)
            for k, name in enumerate(("a_place", "a_shape", "a_colour"))
        )
        self._buffer.bind(*attributes)
        self._buffer.draw()
        self._buffer.release(*attributes)
        GL.glDepthMask(True)
        GL.glDisable(GL.GL_BLEND)
        GL.glDisable(GL.GL_DEPTH_TEST)


def _quad_buffer(parts: int, first: float) -> _Buffer:
    """Corners (along from `first` to 1, across -1 to 1, part) of a quad a part."""
    corners = np.array([[first, -1.0], [first, 1.0], [1.0, -1.0], [1.0, 1.0]])
    numbers = np.repeat(np.arange(parts, dtype=float), 4)[:, None]
    buffer = _Buffer(GL.GL_STATIC_DRAW)
    buffer.fill(np.concatenate((np.tile(corners, (parts, 1)), numbers), axis=1), quad_indices(parts))
    return buffer


def _key_light(look: Look) -> Array:
    """(3,) toward the light: over the viewer's left shoulder, so that every view is lit."""
    right, up, backward = look.axes()
    light = -0.45 * right + 0.62 * up + 0.65 * backward
    return np.asarray(light / np.linalg.norm(light))
