"""The look: a dark and a light palette with one small style sheet, chosen by the system or by the user."""

import importlib.resources
from dataclasses import dataclass
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QGuiApplication, QPalette
from PyQt6.QtWidgets import QApplication

_PROPERTY = "studio theme"


@dataclass(frozen=True)
class Theme:
    """The colours of the window, as "#rrggbb". Those of the body's sides are in `app.export.colours`."""

    is_dark: bool
    window: str
    """Behind everything."""
    surface: str
    """Of panels, lists and the picture's surround."""
    raised: str
    """Of buttons and fields."""
    border: str
    text: str
    muted: str
    """Of text that is only there when looked for."""
    accent: str
    """Of what is chosen, and of the one button that matters."""
    on_accent: str
    warning: str


DARK = Theme(
    is_dark=True,
    window="#16181d",
    surface="#1d2027",
    raised="#292d36",
    border="#363b46",
    text="#e3e5ea",
    muted="#969dab",
    accent="#2fbf9b",
    on_accent="#06201a",
    warning="#f2b84b",
)
LIGHT = Theme(
    is_dark=False,
    window="#eceef2",
    surface="#f8f9fb",
    raised="#ffffff",
    border="#cbd0d9",
    text="#1b1e24",
    muted="#626a78",
    accent="#0d8a6c",
    on_accent="#ffffff",
    warning="#a86a00",
)


def theme_of(choice: str) -> Theme:
    """The theme for "system", "dark" or "light"; a system that does not say is taken as dark."""
    if choice == "system":
        hints = QGuiApplication.styleHints()
        is_light = hints is not None and hints.colorScheme() == Qt.ColorScheme.Light
        return LIGHT if is_light else DARK
    return LIGHT if choice == "light" else DARK


def apply_theme(application: QApplication, theme: Theme) -> None:
    """Give every widget the theme's palette and style; they are told by a PaletteChange event.

    Before the first widget is made this costs nothing; nor does the theme that is there already.
    """
    if application.property(_PROPERTY) == theme.window:
        return
    style = application.style()
    if style is None or style.objectName() != "fusion":
        application.setStyle("Fusion")
    application.setPalette(_palette(theme))
    application.setStyleSheet(_style_sheet(theme))
    application.setProperty(_PROPERTY, theme.window)


def _palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.window,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.muted,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.warning,
        role.Light: theme.border,
        role.Midlight: theme.raised,
        role.Mid: theme.border,
        role.Dark: theme.border,
        role.Shadow: "#000000" if theme.is_dark else "#8a909c",
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
    }
    palette = QPalette()
    for name, colour in colours.items():
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        faded = QColor(theme.muted)
        faded.setAlpha(140)
        palette.setColor(QPalette.ColorGroup.Disabled, name, faded)
    return palette


def _style_sheet(theme: Theme) -> str:
    return f"""
    QToolTip {{ color: {theme.text}; background: {theme.raised}; border: 1px solid {theme.border};
        padding: 4px 6px; }}
    QToolBar {{ background: {theme.window}; border: none; spacing: 4px; padding: 5px 8px; }}
    QToolBar::separator {{ background: {theme.border}; width: 1px; margin: 6px 5px; }}
    QToolBar QToolButton {{ border: none; border-radius: 5px; padding: 6px; }}
    QToolBar QToolButton:hover {{ background: {theme.raised}; }}
    QToolBar QToolButton:checked {{ background: {theme.raised}; }}
    QToolBar QToolButton:pressed {{ background: {theme.border}; }}
    QPushButton#process {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.border};
        border-radius: 5px; padding: 6px 20px; font-weight: 600; }}
    QPushButton#process:hover {{ border-color: {theme.accent}; }}
    QPushButton#process[bright="true"] {{ background: {theme.accent}; color: {theme.on_accent};
        border-color: {theme.accent}; }}
    QPushButton#process[bright="true"]:hover {{ background: {_mixed(theme.accent, "#ffffff", 0.14)}; }}
    QPushButton#process:disabled {{ background: {theme.raised}; color: {theme.muted};
        border-color: {theme.border}; }}
    QFrame#notice {{ background: {theme.raised}; border: 1px solid {theme.warning}; border-radius: 5px; }}
    QFrame#view {{ background: {theme.surface}; border-radius: 5px; }}
    QPushButton {{ background: {theme.raised}; color: {theme.text}; border: 1px solid {theme.border};
        border-radius: 5px; padding: 5px 14px; }}
    QPushButton:hover, QPushButton:focus {{ border-color: {theme.accent}; }}
    QPushButton:pressed {{ background: {theme.border}; }}
    QPushButton:disabled {{ color: {theme.muted}; background: {theme.window}; }}
    QDialog > QLineEdit {{ background: {theme.surface}; border: 1px solid {theme.border}; border-radius: 4px;
        padding: 4px 6px; }}
    QDialog > QLineEdit:focus {{ border-color: {theme.accent}; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QCheckBox::indicator, QTreeView::indicator {{ width: 14px; height: 14px; border: 1px solid {theme.muted};
        border-radius: 3px; background: {theme.surface}; }}
    QCheckBox::indicator:checked, QTreeView::indicator:checked {{ background: {theme.accent};
        border-color: {theme.accent}; image: url("{_check_mark(theme)}"); }}
    QCheckBox::indicator:disabled {{ border-color: {theme.border}; }}
    QListView {{ border: none; border-radius: 4px; }}
    QListView::item {{ padding: 4px; }}
    QProgressBar {{ background: {theme.raised}; border: none; border-radius: 3px; }}
    QProgressBar::chunk {{ background: {theme.accent}; border-radius: 3px; }}
    QStatusBar {{ background: {theme.window}; color: {theme.muted}; }}
    QStatusBar::item {{ border: none; }}
    QToolButton#notes {{ color: {theme.warning}; border: none; padding: 1px 6px; }}
    QToolButton#notes:hover {{ background: {theme.raised}; border-radius: 4px; }}
    QSplitter::handle {{ background: {theme.window}; }}
    QSplitter::handle:hover {{ background: {theme.border}; }}
    QDockWidget::title {{ background: {theme.window}; padding: 6px 8px; }}
    QMenuBar {{ background: {theme.window}; }}
    QLabel[role="muted"] {{ color: {theme.muted}; }}
    QLabel[role="heading"] {{ font-weight: 600; }}
    QLabel[role="warning"] {{ color: {theme.warning}; }}
    """


def _check_mark(theme: Theme) -> str:
    name = "check-on-dark.svg" if theme.is_dark else "check-on-light.svg"
    return (Path(str(importlib.resources.files("assets"))) / "icons" / name).as_posix()


def _mixed(first: str, second: str, share: float) -> str:
    one, other = QColor(first), QColor(second)
    parts = [round(a + (b - a) * share) for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)]
    return QColor(*parts).name()
