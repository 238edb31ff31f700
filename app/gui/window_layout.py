"""The widgets of the main window and where they stand; what they do is the window's business."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import (
    QDockWidget,
    QFrame,
    QLabel,
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.gui.attention_view import AttentionView
from app.gui.clock import PlaybackClock
from app.gui.commands import PANELS
from app.gui.curve_view import CurveView
from app.gui.notice import NoticeBar
from app.gui.people_panel import PeoplePanel
from app.gui.process_bar import ProcessBar
from app.gui.scene_view import SceneView
from app.gui.timeline import Timeline
from app.gui.transport import Transport
from app.gui.video_view import VideoView

CLIP, LIVE = 0, 1
"""Pages below the views."""


class WindowLayout:
    """Two views side by side, below them either the clip's time or the live panel; docks beside them."""

    def __init__(self, window: QMainWindow, clock: PlaybackClock) -> None:
        self.video_view = VideoView()
        self.scene_view = SceneView()
        self.notice = NoticeBar()
        self.process_bar = ProcessBar()
        self.timeline = Timeline()
        self.transport = Transport(clock)
        self.curve_view = CurveView()
        self.attention_view = AttentionView()
        self.people_panel = PeoplePanel()
        self.status_label = QLabel()
        self.device_label = QLabel()
        self.views = QSplitter(Qt.Orientation.Horizontal)
        self.below = QStackedWidget()
        self.body = QSplitter(Qt.Orientation.Vertical)
        self._fill()
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(6, 0, 6, 0)
        column.setSpacing(4)
        column.addWidget(self.notice)
        column.addWidget(self.body, 1)
        window.setCentralWidget(middle)
        self.people_dock = _dock(window, "People", self.people_panel, Qt.DockWidgetArea.RightDockWidgetArea)
        self.curves_dock = _dock(window, "Curves", self.curve_view, Qt.DockWidgetArea.BottomDockWidgetArea)
        self.attention_dock = _dock(
            window, "Attention", self.attention_view, Qt.DockWidgetArea.RightDockWidgetArea
        )
        window.tabifyDockWidget(self.people_dock, self.attention_dock)
        window.resizeDocks([self.curves_dock], [230], Qt.Orientation.Vertical)
        window.resizeDocks([self.people_dock], [220], Qt.Orientation.Horizontal)
        self.curves_dock.hide()
        self.attention_dock.hide()
        self.people_dock.hide()
        status = window.statusBar()
        assert status is not None
        self._status = status
        status.addWidget(self.status_label, 1)
        status.addPermanentWidget(self.device_label)
        status.setContentsMargins(8, 0, 8, 0)

    def panel_actions(self) -> dict[str, QAction]:
        """What shows and hides the docks, by the name of its icon."""
        actions = {}
        docks = {"people": self.people_dock, "curves": self.curves_dock, "attention": self.attention_dock}
        for name, (tip, key) in PANELS.items():
            dock = docks[name]
            action = dock.toggleViewAction()
            assert action is not None
            action.setShortcut(key)
            action.setToolTip(f"{tip} ({key})")
            actions[name] = action
        return actions

    def add_to_status(self, widget: QWidget) -> None:
        """Left of the device, in the status bar."""
        self._status.insertPermanentWidget(1, widget)

    def set_live_panel(self, panel: QWidget) -> None:
        """What stands below the views in live mode."""
        self.below.addWidget(panel)

    def show_page(self, page: int) -> None:
        """`CLIP` or `LIVE`."""
        self.below.setCurrentIndex(page)
        for dock in (self.people_dock, self.curves_dock, self.attention_dock):
            dock.setEnabled(page == CLIP)

    def _fill(self) -> None:
        for view in (self.video_view, self.scene_view):
            self.views.addWidget(_framed(view))
        self.views.setStretchFactor(0, 1)
        self.views.setStretchFactor(1, 1)
        self.views.setChildrenCollapsible(False)
        self.views.setHandleWidth(6)
        self.views.setSizes([580, 420])
        clip = QWidget()
        column = QVBoxLayout(clip)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.transport)
        column.addWidget(self.timeline, 1)
        self.below.addWidget(clip)
        self.body.addWidget(self.views)
        self.body.addWidget(self.below)
        self.body.setStretchFactor(0, 1)
        self.body.setStretchFactor(1, 0)
        self.body.setChildrenCollapsible(False)
        self.body.setHandleWidth(6)


def _framed(view: QWidget) -> QFrame:
    frame = QFrame()
    frame.setObjectName("view")
    column = QVBoxLayout(frame)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(view)
    return frame


def _dock(window: QMainWindow, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
    dock = QDockWidget(title, window)
    dock.setObjectName(title.lower())  # by which its place is remembered
    dock.setWidget(widget)
    window.addDockWidget(area, dock)
    return dock
