"""What to send along with a question: versions, devices, the clip, the last lines of the log. And the list of keys."""

import importlib.metadata
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import PYQT_VERSION_STR, QLibraryInfo, Qt
from PyQt6.QtGui import QFontDatabase, QGuiApplication, QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from app.gui.commands import COMMANDS, MENUS, PANELS, key_sequences, plain_text
from app.gui.document import Document
from app.gui.scene_view import SceneView
from app.take_notes import notes_of

_LIBRARIES = ("torch", "mediapipe", "opencv-python", "av", "numpy", "scipy", "pyqtgraph", "PyOpenGL")
_LOG_LINES = 40

_MOUSE = (
    ("Picture", "wheel", "zoom about the cursor"),
    ("Picture", "middle drag, or Space and drag", "move the picture"),
    ("Picture", "double click", "fit the picture"),
    ("Picture", "click a person", "choose that person"),
    ("Picture", "drag a joint", "correct it; Escape lets go"),
    ("Picture", "Delete over a joint", "hide it in this frame"),
    ("3D", "drag", "turn"),
    ("3D", "middle drag, or Shift and drag", "move"),
    ("3D", "wheel", "nearer or further"),
    ("Timeline", "click or drag", "go to a frame"),
    ("Timeline", "wheel", "zoom; with Shift, move along"),
    ("Timeline", "Shift and drag", "make a range"),
    ("Timeline", "drag over the row of a foot", "set whether it stands there"),
    ("Timeline", "right click on the row of a foot", "the same for the stretch under the mouse"),
    ("Timeline", "Page Down, Page Up", "a second on, a second back"),
    ("Timeline", "+, -, 0", "closer, further, the whole clip"),
)


def diagnostics_text(document: Document, loaded: Sequence[str], graphics: str, log: Path | None) -> str:
    """Plain text; it names files, but holds nothing of what is in them. `loaded`: lines on lifter and detector."""
    lines = [
        f"STCFormer Studio {importlib.metadata.version('stcformer-studio')}",
        f"Python {platform.python_version()} on {platform.platform()}",
        f"Qt {QLibraryInfo.version().toString()}, PyQt {PYQT_VERSION_STR}, {_screens()}",
        f"Graphics: {graphics}",
        ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES),
        *loaded,
        f"Settings: {document.settings}",
    ]
    if document.video is not None:
        video = document.video
        lines.append(
            f"Video: {video.width}x{video.height}, {video.frame_count} frames, {video.fps:.4g} frames a second"
            f"{' (variable)' if video.is_variable_rate else ''}, {video.codec}, turned by {video.rotation} degrees"
        )
        lines += [f"  {warning}" for warning in video.warnings]
    if document.take is not None:
        lines.append(
            f"Take: {document.take.person_count()} persons, {document.take.frame_count()} frames, "
            f"{len(document.edits)} corrections"
        )
        lines += [f"  {note}" for note in notes_of(document.take)]
    if log is not None and log.is_file():
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
        lines += ["", f"Log ({log}):", *(last or ["(empty)"])]
    return "\n".join(lines)


def graphics_text(view: SceneView) -> str:
    """What draws the 3D view, or why nothing does."""
    canvas = view.canvas
    if canvas is None or not canvas.isValid():
        return view.failure or "not started"
    from OpenGL import GL  # noqa: PLC0415

    canvas.makeCurrent()
    names = [GL.glGetString(name) for name in (GL.GL_RENDERER, GL.GL_VERSION)]
    canvas.doneCurrent()
    return ", ".join(name.decode() if name else "unknown" for name in names)


class TextDialog(QDialog):
    """A text to read and to copy."""

    def __init__(self, title: str, heading: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        label = QLabel(heading)
        label.setWordWrap(True)
        self.text = QPlainTextEdit(text)
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.copy_button = QPushButton("Copy")
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.copy_button.clicked.connect(self._copy)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        for widget in (label, self.text, buttons):
            column.addWidget(widget)
        self.resize(760, 460)

    def _copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.text.toPlainText())


class KeysDialog(QDialog):
    """All keys, and what the mouse does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys and mouse")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        browser = QTextBrowser()
        browser.setHtml(keys_html())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 14, 16, 14)
        column.addWidget(browser)
        column.addWidget(buttons)
        self.resize(560, 640)


def keys_html() -> str:
    """Every command with a shortcut, by menu, and the mouse: made from the table that makes the menus."""
    parts = []
    for menu in MENUS:
        keyed = [(command, key_sequences(command)) for command in COMMANDS if command.menu == menu]
        rows = [(_native(keys), plain_text(command)) for command, keys in keyed if keys]
        if menu == "View":
            rows += [(_native([QKeySequence(key)]), tip) for tip, key in PANELS.values()]
        parts.append(_table(menu, rows))
    for place in dict.fromkeys(where for where, _, _ in _MOUSE):
        rows = [(way, does) for where, way, does in _MOUSE if where == place]
        parts.append(_table(f"In the {place.lower() if place != '3D' else '3D view'}", rows))
    return "".join(parts)


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    if not rows:
        return ""
    cells = "".join(f'<tr><td width="210"><b>{keys}</b></td><td>{text}</td></tr>' for keys, text in rows)
    return f'<h4>{title}</h4><table cellpadding="2">{cells}</table>'


def _native(keys: Sequence[QKeySequence]) -> str:
    return " or ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in keys)


def _screens() -> str:
    sizes = [
        f"{screen.size().width()}x{screen.size().height()} at {screen.devicePixelRatio():g}"
        for screen in QGuiApplication.screens()
    ]
    return f"{QGuiApplication.platformName()} on {sys.platform}, screens {', '.join(sizes)}"


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
