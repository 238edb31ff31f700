"""Everything the window can be told to do: names, keys and menus in one table."""

from collections.abc import Callable
from dataclasses import dataclass

from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu, QWidget


@dataclass(frozen=True)
class Command:
    """One entry of the menus."""

    name: str
    """What the program calls it."""
    menu: str
    text: str
    keys: str = ""
    """Shortcuts, with "; " between."""
    tip: str = ""
    icon: str = ""
    """In `assets/icons`; for those that are in the toolbar as well."""
    is_switch: bool = False
    breaks: bool = False
    """Whether a line stands above it."""


COMMANDS: tuple[Command, ...] = (
    Command("open", "File", "&Open…", "Ctrl+O", "Open a video or a project", "open"),
    Command(
        "save", "File", "&Save project", "Ctrl+S", "Save the result and its corrections", "save", breaks=True
    ),
    Command("save_as", "File", "Save project &as…", "Ctrl+Shift+S"),
    Command("export", "File", "&Export…", "Ctrl+E", "Write the motion as files", "export", breaks=True),
    Command("quit", "File", "&Quit", "Ctrl+Q", breaks=True),
    Command("undo", "Edit", "&Undo", "Ctrl+Z", "Take back the last correction", "undo"),
    Command("redo", "Edit", "&Redo", "Ctrl+Shift+Z; Ctrl+Y", "Make it again", "redo"),
    Command("swap_frame", "Edit", "Swap left and right in this &frame", "X", breaks=True),
    Command("swap_range", "Edit", "Swap left and right in the &range", "Shift+X"),
    Command("swap_rest", "Edit", "Swap left and right from &here on"),
    Command(
        "floor_up",
        "Edit",
        "Floor &up by 1 cm",
        "Ctrl+Shift+Up",
        "Where feet float above the floor",
        breaks=True,
    ),
    Command("floor_down", "Edit", "Floor d&own by 1 cm", "Ctrl+Shift+Down", "Where feet sink into the floor"),
    Command("floor_reset", "Edit", "Floor where it was &found"),
    Command("next_person", "Edit", "Choose the &next person", "Ctrl+Tab", breaks=True),
    Command(
        "settings",
        "Edit",
        "Se&ttings…",
        "Ctrl+,",
        "Detector, lifter, smoothing, height",
        "settings",
        breaks=True,
    ),
    Command("process", "Process", "&Process the video", "Ctrl+R", "Find the joints and lift them to 3D"),
    Command("cancel", "Process", "&Cancel", "Ctrl+."),
    Command(
        "next_check",
        "Process",
        "Next place to &check",
        "N",
        "The next suspicious place",
        "next-check",
        breaks=True,
    ),
    Command("previous_check", "Process", "&Previous place to check", "P"),
    Command("play", "Play", "&Play or pause", "Space; K"),
    Command("back", "Play", "One frame &back", "Left", breaks=True),
    Command("forward", "Play", "One frame &on", "Right"),
    Command("back_ten", "Play", "Ten frames back", "Shift+Left"),
    Command("forward_ten", "Play", "Ten frames on", "Shift+Right"),
    Command("first", "Play", "&First frame", "Home"),
    Command("last", "Play", "&Last frame", "End"),
    Command("slower", "Play", "&Slower", "J", breaks=True),
    Command("faster", "Play", "F&aster", "L"),
    Command("loop", "Play", "L&oop", "Ctrl+L", is_switch=True),
    Command("range_start", "Play", "Range &from here", "I", breaks=True),
    Command("range_stop", "Play", "Range &to here", "O"),
    Command("range_all", "Play", "&Whole clip as range", "Shift+I"),
    Command("clip", "View", "&Clip", "Ctrl+1", "A video file", "clip", is_switch=True),
    Command("live", "View", "&Live", "Ctrl+2", "A camera, as it goes", "live", is_switch=True),
    Command("fit", "View", "&Fit picture or 3D", "F", breaks=True),
    Command("zoom_in", "View", "Zoom &in", "Ctrl++; Ctrl+="),
    Command("zoom_out", "View", "Zoom &out", "Ctrl+-"),
    Command("view_front", "View", "3D: front, then back", "1", breaks=True),
    Command("view_side", "View", "3D: right side, then left", "3"),
    Command("view_top", "View", "3D: from above", "7"),
    Command("view_camera", "View", "3D: the video's camera", "0"),
    Command("view_free", "View", "3D: half right", "5"),
    Command("frame_motion", "View", "3D: fit the motion"),
    Command("follow", "View", "3D: follow the person", "G", is_switch=True),
    Command("trail", "View", "3D: path of a joint", "T", is_switch=True),
    Command(
        "compare", "View", "3D: &compare lifters…", tip="Another lifter's figure, in grey", is_switch=True
    ),
    Command("full_screen", "View", "F&ull screen", "F11", is_switch=True, breaks=True),
    Command("theme_system", "Appearance", "As the &system", is_switch=True),
    Command("theme_dark", "Appearance", "&Dark", is_switch=True),
    Command("theme_light", "Appearance", "&Light", is_switch=True),
    Command("demo", "Help", "Open the &demo clip"),
    Command("shortcuts", "Help", "&Keys and mouse", "F1; ?", breaks=True),
    Command("diagnostics", "Help", "&Diagnostics…"),
    Command("about", "Help", "&About"),
)

PANELS: dict[str, tuple[str, str]] = {
    "people": ("People: names, swaps", "Ctrl+3"),
    "curves": ("Curves: angles, positions, speed", "Ctrl+4"),
    "attention": ("Attention: what the lifter looks at", "Ctrl+5"),
}
"""What each panel is for, and the key that shows and hides it, by the name of its icon."""

MENUS = ("File", "Edit", "Process", "Play", "View", "Help")


def make_actions(parent: QWidget) -> dict[str, QAction]:
    """A QAction for every command, by its name; connected to nothing yet."""
    actions = {}
    for command in COMMANDS:
        action = QAction(command.text, parent)
        action.setCheckable(command.is_switch)
        keys = key_sequences(command)
        action.setShortcuts(keys)
        tip = command.tip or plain_text(command)
        action.setToolTip(
            f"{tip} ({keys[0].toString(QKeySequence.SequenceFormat.NativeText)})" if keys else tip
        )
        action.setStatusTip("")
        parent.addAction(action)
        actions[command.name] = action
    return actions


def fill_menu(menu: QMenu, name: str, actions: dict[str, QAction]) -> None:
    """Put a menu's commands into it, in the order of the table."""
    for command in COMMANDS:
        if command.menu == name:
            if command.breaks:
                menu.addSeparator()
            menu.addAction(actions[command.name])


def connect_actions(actions: dict[str, QAction], handlers: dict[str, Callable[[], object]]) -> None:
    """What every command does. Raises KeyError for one that does nothing."""
    for name, action in actions.items():
        handler = handlers[name]
        action.triggered.connect(lambda _checked=False, handler=handler: handler())


def key_sequences(command: Command) -> list[QKeySequence]:
    """The command's shortcuts."""
    return [QKeySequence(key) for key in command.keys.split("; ") if key]


def plain_text(command: Command) -> str:
    """The entry without the marks for the menu."""
    return command.text.replace("&", "").removesuffix("…")
