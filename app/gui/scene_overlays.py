"""The lines in the 3D view: the path of a joint, the video's camera and its picture's frame, the axes' sign."""

from typing import TYPE_CHECKING

import numpy as np

from app.scene.lines import axes_sign, camera_lines, line_quads, picture_quads, trail_lines
from app.scene.viewpoint import Viewpoint
from app.take import Array
from stcformer.skeleton import LEFT, RIGHT

if TYPE_CHECKING:
    from app.gui.scene_canvas import SceneCanvas

_TRAIL_WIDTH = 2.2
_CAMERA_SIZE = 0.3
"""Metres from the drawn camera's eye to its picture."""
_CAMERA_FADES = (1.5, 3.0)
"""Metres from the eye at which it is not drawn, and at which it is drawn full."""
_SIGN_LENGTH, _SIGN_LETTER = 25.0, 4.2
_SIGN_MARGIN = 44.0


def scene_quads(
    canvas: "SceneCanvas", viewpoint: Viewpoint, trail: tuple[int, int] | None, frame: int
) -> Array:
    """Lines among the figures: the trail (joint, frames) and the video's camera."""
    ratio = canvas.devicePixelRatioF()
    width, height = canvas.picture_size()
    segments: list[Array] = []
    shades: list[Array] = []
    widths: list[Array] = []
    if trail is not None and 0 <= viewpoint.chosen < len(viewpoint.motion):
        joint, frames = trail
        path = viewpoint.motion[viewpoint.chosen, :, joint]
        lines, colours, thick = trail_lines(path, frame, frames, _joint_colour(canvas, joint), _TRAIL_WIDTH)
        segments.append(lines)
        shades.append(colours)
        widths.append(thick)
    camera = viewpoint.camera
    if camera is not None and viewpoint.view != "camera":
        near, far = _CAMERA_FADES  # it would be in the way close by
        away = float(np.linalg.norm(canvas.look.eye() - np.asarray(camera.position)))
        lines = camera_lines(camera, _CAMERA_SIZE)
        segments.append(lines)
        shades.append(
            _flat(canvas.colours.ink, 0.55 * float(np.clip((away - near) / (far - near), 0, 1)), len(lines))
        )
        widths.append(np.full(len(lines), 1.2))
    if not segments:
        return np.zeros((0, 4, 12))
    return line_quads(
        np.concatenate(segments),
        np.concatenate(shades),
        ratio * np.concatenate(widths),
        canvas.matrix(),
        (ratio * width, ratio * height),
    )


def overlay_quads(canvas: "SceneCanvas", viewpoint: Viewpoint) -> Array:
    """Lines over the picture: the sign of the axes, and the frame of the video's picture in its camera's view."""
    ratio = canvas.devicePixelRatioF()
    width, height = canvas.picture_size()
    strokes, axes = axes_sign(canvas.look, (_SIGN_MARGIN, height - _SIGN_MARGIN), _SIGN_LENGTH, _SIGN_LETTER)
    colours = np.concatenate((np.asarray(canvas.colours.axes)[axes], np.ones((len(axes), 1))), axis=1)
    shades = np.repeat(colours[:, None], 2, axis=1)
    widths = np.full(len(strokes), 1.9)
    if viewpoint.view == "camera" and viewpoint.camera is not None:
        left, top, wide, high = viewpoint.camera.picture((width, height))
        corners = np.array([(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)])
        frame = np.stack((corners, np.roll(corners, -1, axis=0)), axis=1)
        strokes = np.concatenate((frame, strokes))
        shades = np.concatenate((_flat(canvas.colours.ink, 0.5, 4), shades))
        widths = np.concatenate((np.full(4, 1.2), widths))
    return picture_quads(ratio * strokes, shades, ratio * widths, (ratio * width, ratio * height))


def _joint_colour(canvas: "SceneCanvas", joint: int) -> Array:
    left, right, _ = canvas.colours.sides(chosen=True)
    return left if joint in LEFT else right if joint in RIGHT else np.asarray(canvas.colours.ink)


def _flat(colour: tuple[float, float, float], opacity: float, count: int) -> Array:
    return np.broadcast_to(np.array([*colour, opacity]), (count, 2, 4))
