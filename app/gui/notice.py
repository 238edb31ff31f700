"""One sentence above the views: what failed, or what waits for the user. It is there until it is closed."""

from collections.abc import Callable

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget


class NoticeBar(QFrame):
    """A line with a sentence, perhaps a button, and a cross to close it. Hidden while there is nothing to say."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = QPushButton()
        self.close_button = QToolButton()
        self.close_button.setText("✕")
        self.close_button.setAutoRaise(True)
        self.close_button.setToolTip("Close")
        self.close_button.clicked.connect(self.clear)
        self.button.clicked.connect(self._act)
        self._action: Callable[[], object] | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 6, 8, 6)
        for widget in (self.label, self.button, self.close_button):
            row.addWidget(widget)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence that is shown; "" for none."""
        return self.label.text() if self.isVisibleTo(self.parentWidget()) else ""

    def say(self, sentence: str, button: str = "", action: Callable[[], object] | None = None) -> None:
        """Show a sentence, with a button that does something about it."""
        self.label.setText(sentence)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self._action = action
        self.show()

    def clear(self) -> None:
        """Nothing to say."""
        self._action = None
        self.label.clear()
        self.hide()

    def _act(self) -> None:
        action = self._action
        self.clear()
        if action is not None:
            action()
