"""The small toolbar over the 3D view: from where it is looked, what it follows, whose path it shows."""

from PyQt6.QtCore import QEvent, QSize, pyqtSignal
from PyQt6.QtGui import QAction, QActionGroup, QPalette
from PyQt6.QtWidgets import QApplication, QFrame, QHBoxLayout, QMenu, QToolButton, QWidget

from app.gui.icons import icon
from app.gui.joint_names import joint_label
from stcformer.skeleton import JOINTS

VIEW_KEYS = {"1": "free", "2": "front", "3": "side", "4": "top", "5": "camera"}
FOLLOW_KEY, TRAIL_KEY, FIT_KEY = "G", "T", "0"
"""In the window's menu (`app.gui.commands`) the views have the same keys."""

OPPOSITE = {"front": "back", "side": "left"}
"""What the button of a view shows when it is pressed once more."""

TRAIL_JOINTS = tuple(
    JOINTS.index(name)
    for name in (
        *("hip", "head", "lwrist", "rwrist", "lelbow", "relbow"),
        *("lknee", "rknee", "lankle", "rankle"),
    )
)
TRAIL_SECONDS = (0.25, 0.5, 1.0, 2.0)

_VIEWS = (
    ("free", "From half right (1). Drag to turn, Shift and drag to move, wheel to zoom"),
    ("front", "The person's front, as at the start of the clip (2). Once more: the back"),
    ("side", "The person's right side (3). Once more: the left side"),
    ("top", "From above: the video's camera is below (4)"),
    ("camera", "Through the video's camera (5)"),
)
_NO_CAMERA = "Through the video's camera: known when the video is processed"


class SceneToolbar(QFrame):
    """Asks for what its buttons say; what is so is told to it by `show_view`, `show_follow` and `show_trail`."""

    view_asked = pyqtSignal(str)
    follow_asked = pyqtSignal(bool)
    trail_asked = pyqtSignal(object, float)
    """Joint or None, seconds to each side."""
    fit_asked = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons: dict[QToolButton, str] = {}
        self._dress_now: tuple[str, ...] = ()
        self.views = {view: self._button(f"view-{view}", tip) for view, tip in _VIEWS}
        for view, button in self.views.items():
            button.setCheckable(True)
            button.clicked.connect(lambda _checked, view=view: self._ask_view(view))
        self.follow = self._button("follow", f"Go along with the person ({FOLLOW_KEY})")
        self.follow.setCheckable(True)
        self.follow.clicked.connect(lambda checked: self.follow_asked.emit(checked))
        self.trail = self._button("trail", f"Path of a joint ({TRAIL_KEY}); its dots are the frames")
        self.trail.setCheckable(True)
        self.fit = self._button("fit", f"Show the whole motion ({FIT_KEY}, or double click)")
        self.fit.clicked.connect(lambda: self.fit_asked.emit())
        self._shown_view = ""
        self._joint: int | None = None
        self._last_joint = JOINTS.index("rwrist")
        self._seconds = 0.5
        self.trail_menu = self._make_trail_menu()
        self.trail.clicked.connect(self._pop_up_trail_menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(3, 3, 3, 3)
        row.setSpacing(1)
        for button in self._icons:
            if button in (self.follow, self.fit):
                row.addSpacing(7)
            row.addWidget(button)
        self.show_camera(False)
        self._dress()

    def toggle_trail(self) -> None:
        """Ask for the last joint's path, or for none."""
        self._ask_trail(None if self._joint is not None else self._last_joint)

    def show_view(self, view: str) -> None:
        """Mark the button that a view belongs to; none for one that was made by hand ("")."""
        self._shown_view = view
        for name, button in self.views.items():
            button.setChecked(view in (name, OPPOSITE.get(name)))

    def show_camera(self, is_known: bool) -> None:
        """Whether there is a camera to look through."""
        tip = dict(_VIEWS)["camera"] if is_known else _NO_CAMERA
        self.views["camera"].setEnabled(is_known)
        self.views["camera"].setToolTip(tip)

    def show_follow(self, follow: bool) -> None:
        """Whether the view follows."""
        self.follow.setChecked(follow)

    def show_trail(self, joint: int | None) -> None:
        """Whose path is shown."""
        self._joint = joint
        self._last_joint = self._last_joint if joint is None else joint
        self.trail.setChecked(joint is not None)
        for action in self.trail_menu.actions():
            if action.data() is not None and action.data() in self._joint_actions:
                action.setChecked(action.data() == (-1 if joint is None else joint))

    def changeEvent(self, event: QEvent | None) -> None:
        """A change of theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _ask_view(self, view: str) -> None:
        self.show_view(self._shown_view)  # until the view says that it is so
        self.view_asked.emit(OPPOSITE.get(view, view) if self._shown_view == view else view)

    def _ask_trail(self, joint: int | None) -> None:
        self.trail_asked.emit(joint, self._seconds)

    def _button(self, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setAutoRaise(True)
        button.setIconSize(QSize(18, 18))
        button.setToolTip(tip)
        button.setAccessibleName(tip.split(" (", maxsplit=1)[0])
        self._icons[button] = name
        return button

    def _make_trail_menu(self) -> QMenu:
        menu = QMenu(self)
        joints, lengths = QActionGroup(menu), QActionGroup(menu)
        self._joint_actions: dict[int, QAction] = {}
        for joint, label in ((-1, "no path"), *((joint, joint_label(joint)) for joint in TRAIL_JOINTS)):
            action = QAction(label[0].upper() + label[1:], joints)
            action.setData(joint)
            action.setCheckable(True)
            action.triggered.connect(lambda _=False, j=joint: self._ask_trail(None if j < 0 else j))
            self._joint_actions[joint] = action
        menu.addActions(joints.actions())
        menu.addSeparator()
        for seconds in TRAIL_SECONDS:
            action = QAction(f"{seconds:g} s before and after", lengths)
            action.setCheckable(True)
            action.setChecked(seconds == self._seconds)
            action.triggered.connect(lambda _=False, s=seconds: self._set_length(s))
        menu.addActions(lengths.actions())
        return menu

    def _set_length(self, seconds: float) -> None:
        self._seconds = seconds
        self._ask_trail(self._last_joint)

    def _pop_up_trail_menu(self) -> None:
        self.show_trail(self._joint)
        self.trail_menu.popup(self.trail.mapToGlobal(self.trail.rect().bottomLeft()))

    def _dress(self) -> None:
        role = QPalette.ColorRole
        roles = (role.WindowText, role.Window, role.Highlight, role.Mid)
        # Not the widget's own palette: its style sheet puts the colours of before into that.
        text, back, mark, line = (QApplication.palette().color(name) for name in roles)
        if (dress := tuple(colour.name() for colour in (text, back, mark, line))) == self._dress_now:
            return  # a style sheet makes a change of the palette again
        self._dress_now = dress
        for button, name in self._icons.items():
            button.setIcon(icon(name, text.name()))
        red, green, blue, _ = back.getRgb()
        mark_red, mark_green, mark_blue, _ = mark.getRgb()
        self.setStyleSheet(
            f"SceneToolbar {{ background: rgba({red}, {green}, {blue}, 200); border-radius: 7px;"
            f" border: 1px solid {line.name()}; }}"
            "SceneToolbar QToolButton { border: none; border-radius: 5px; padding: 4px; background: transparent; }"
            f"SceneToolbar QToolButton:hover {{ background: rgba({mark_red}, {mark_green}, {mark_blue}, 60); }}"
            f"SceneToolbar QToolButton:checked {{ background: rgba({mark_red}, {mark_green}, {mark_blue}, 110); }}"
        )
