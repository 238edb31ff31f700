"""Menus and toolbar, filled from the table of commands."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QActionGroup
from PyQt6.QtWidgets import QMainWindow, QMenu, QMenuBar, QSizePolicy, QToolBar, QToolButton, QWidget

from app.gui.commands import COMMANDS, MENUS, fill_menu
from app.gui.icons import icon
from app.gui.joint_names import joint_label
from stcformer.skeleton import JOINT_COUNT

_TOOLBAR = (
    *("open", "save", "export", "", "undo", "redo", "", "process bar", "gap"),
    *("clip", "live", "", "panels", "settings"),
)
"""Names of commands, places for other things, and "" for a line."""


class Menus:
    """The menus whose entries change: recent files, and joints to hide."""

    def __init__(self, window: QMainWindow, actions: dict[str, QAction], panels: Sequence[QAction]) -> None:
        bar = window.menuBar()
        assert bar is not None
        made = {name: _added(bar, name) for name in MENUS}
        self.recent = QMenu("Open &recent", window)
        self.hide_joint = QMenu("&Hide a joint in the range", window)
        for name, menu in made.items():
            fill_menu(menu, name, actions)
        made["File"].insertMenu(actions["save"], self.recent)
        made["Edit"].insertMenu(actions["next_person"], self.hide_joint)
        appearance = QMenu("&Appearance", window)
        fill_menu(appearance, "Appearance", actions)
        made["View"].insertMenu(actions["full_screen"], appearance)
        made["View"].insertActions(actions["fit"], [*panels])
        made["View"].setToolTipsVisible(False)

    def show_recent(self, paths: Sequence[Path], open_file: Callable[[Path], object]) -> None:
        """The files that were opened last."""
        self.recent.clear()
        for number, path in enumerate(paths, start=1):
            action = self.recent.addAction(f"&{number % 10}  {path.name}")
            assert action is not None
            action.setToolTip(str(path))
            action.triggered.connect(partial(_call, open_file, path))
        self.recent.setToolTipsVisible(True)
        self.recent.setEnabled(bool(paths))

    def show_joints(self, hide: Callable[[int], object]) -> None:
        """Every joint, to be hidden in the played range."""
        for joint in range(JOINT_COUNT):
            action = self.hide_joint.addAction(joint_label(joint))
            assert action is not None
            action.triggered.connect(partial(_call, hide, joint))


class Toolbar(QToolBar):
    """Icons for what is done often, with the process button in their middle."""

    def __init__(
        self, actions: dict[str, QAction], panels: dict[str, QAction], process_bar: QWidget, parent: QWidget
    ) -> None:
        super().__init__("Toolbar", parent)
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setIconSize(QSize(22, 22))
        self._actions, self._panels = actions, panels
        for name in _TOOLBAR:
            if name == "process bar":
                self.addWidget(process_bar)
            elif name == "panels":
                self.addActions(list(panels.values()))
            elif name == "gap":
                gap = QWidget()
                gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
                self.addWidget(gap)
            elif name:
                self.addAction(actions[name])
            else:
                self.addSeparator()
        modes = QActionGroup(self)
        for name in ("clip", "live"):
            modes.addAction(actions[name])
            button = self.widgetForAction(actions[name])
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def dress(self, colour: str) -> None:
        """Draw the icons in the text's colour."""
        for command in COMMANDS:
            if command.icon:
                self._actions[command.name].setIcon(icon(command.icon, colour))
        for name, action in self._panels.items():
            action.setIcon(icon(name, colour))


def _added(bar: QMenuBar, name: str) -> QMenu:
    menu = bar.addMenu(f"&{name}")
    assert menu is not None
    return menu


def _call(function: Callable[..., object], value: object, _checked: bool = False) -> None:
    function(value)
