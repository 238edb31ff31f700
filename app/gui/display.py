"""Whether a window can be shown at all: asked before Qt is, which ends the program without a word to catch."""

import ctypes
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from app.errors import StudioError

_WITHOUT_DISPLAY = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")


def check_display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> None:
    """Raises StudioError, with what to do, where Qt would find no display or lacks a library of the system's."""
    if platform != "linux":
        return
    chosen = environment.get("QT_QPA_PLATFORM", "").split(":")[0]
    if chosen in _WITHOUT_DISPLAY:
        return
    if environment.get("WAYLAND_DISPLAY") and chosen != "xcb":
        return
    if not environment.get("DISPLAY"):
        raise StudioError(
            "There is no display to show a window on; start it on a desktop (or with xvfb-run), "
            "or use 'stcstudio run VIDEO'."
        )
    _check_plugin()
    _check_server(environment["DISPLAY"])


def import_qt() -> None:
    """Import Qt. Raises StudioError when a library of the system's is missing."""
    try:
        import PyQt6.QtOpenGLWidgets  # noqa: PLC0415
        import PyQt6.QtWidgets  # noqa: F401, PLC0415
    except ImportError as error:
        raise StudioError(
            f"Qt cannot be loaded: {error}. On Debian and Ubuntu: apt install libegl1 libgl1 libxkbcommon0."
        ) from error


def _check_plugin() -> None:
    """Load what Qt talks to X11 with: the usual cause of a window that does not open on a bare machine."""
    found = importlib.util.find_spec("PyQt6")
    folders = list(found.submodule_search_locations or []) if found else []
    for folder in folders:
        for path in Path(folder).glob("Qt6/plugins/platforms/libqxcb.so"):
            try:
                ctypes.CDLL(str(path))
            except OSError as error:
                raise StudioError(
                    f"Qt cannot open windows here: {error}. On Debian and Ubuntu: apt install libxcb-cursor0 "
                    "libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1."
                ) from error


def _check_server(display: str) -> None:
    """Knock at the X server. The door stays open: a server whose only client leaves begins anew, and meets the next
    one, Qt, in the middle of that."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return  # then the plugin has said so already
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = (ctypes.c_void_p,)
    connection = xcb.xcb_connect(display.encode(), None)
    if xcb.xcb_connection_has_error(connection):
        xcb.xcb_disconnect(connection)
        raise StudioError(
            f"The display '{display}' cannot be reached; check DISPLAY, or use 'stcstudio run VIDEO'."
        )
