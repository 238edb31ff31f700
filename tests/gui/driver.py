"""What tests do with the main window, and how they look at it."""

from pathlib import Path

import numpy as np
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QWidget

from app.gui.main_window import MainWindow
from stcformer.own_weights import LifterState
from tests.gui.conftest import Pump

LIFTERS = (LifterState("wild-27", True, "for most videos"),)
"""What a settings dialog is given to choose from."""


def opened(window: MainWindow, pump: Pump, path: Path) -> None:
    """Open a video or a project, and wait for its first frame, and for what is known of it."""
    pump.call(lambda: window.open(path))
    pump.until(
        lambda: path in (window.document.path, window.document.project_path) and window.shown_frame == 0,
        what=f"{path.name} to open",
    )
    if window.document.take is not None and window.document.take.person_count():
        pump.until(lambda: window.display.analysis is not None, what="the analysis")


def gone_to(window: MainWindow, pump: Pump, frame: int) -> None:
    """Go to another frame, and wait until it is shown."""
    pump.call(lambda: window.player.clock.show(frame))
    pump.until(lambda: window.shown_frame == frame, what=f"frame {frame}")


def settled(window: MainWindow, pump: Pump) -> None:
    """Wait until the 3D has followed every correction."""
    pump.until(
        lambda: not window.rebuilder.is_busy and not window.document.is_outdated, what="the 3D to follow"
    )


def pixels(image: QImage) -> np.ndarray:
    """(H, W, 3) 0..255."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def shown(widget: QWidget) -> np.ndarray:
    """(H, W, 3) what a widget that paints itself shows."""
    return pixels(widget.grab().toImage())


def shown_3d(window: MainWindow) -> np.ndarray:
    """(H, W, 3) what the 3D view shows."""
    canvas = window.scene_view.canvas
    assert canvas is not None
    return pixels(canvas.grabFramebuffer())


def colour_share(picture: np.ndarray, colour: tuple[int, int, int], tolerance: int = 70) -> float:
    """The part of a picture's pixels that has about a colour's hue: brighter or darker by light and shadow."""
    wanted = np.array(colour) / max(colour)
    brightness = picture.max(axis=-1, keepdims=True)
    hue = picture / np.maximum(brightness, 1)
    alike = (np.abs(hue - wanted).sum(axis=-1) < tolerance / 255) & (brightness[..., 0] > 60)
    return float(alike.mean())


def keypoints_of(window: MainWindow) -> np.ndarray:
    """(17, 2) the chosen person's joints that the video view has been given, pixels of the video."""
    return np.array(window.video_view._keypoints[window.document.chosen])


def pose_of(window: MainWindow) -> np.ndarray:
    """(17, 3) the chosen person's pose that the 3D view has been given, metres."""
    return np.array(window.scene_view._viewpoint.poses[window.document.chosen])
