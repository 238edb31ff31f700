"""What to be wary of in the open clip: said once above the views, and kept in the status bar."""

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtWidgets import QToolButton

from app.gui.document import Document
from app.gui.notice import NoticeBar
from app.take_notes import is_of_earlier_motion, notes_of


class Notes(QObject):
    """The warnings of the document's video and Take. `button` belongs into the status bar; it shows them again."""

    def __init__(self, document: Document, notice: NoticeBar, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._notice = document, notice
        self._told: set[str] = set()
        self._said = ""
        self.button = QToolButton()
        self.button.setObjectName("notes")
        self.button.setAutoRaise(True)
        self.button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.button.clicked.connect(self.show_all)
        # Never without its text: the status bar would be higher at first, and the views move when a clip opens.
        self._on_take_changed()
        document.video_changed.connect(self._on_video_changed)
        document.take_changed.connect(self._on_take_changed)

    def sentences(self) -> tuple[str, ...]:
        """All of them."""
        video, take = self._document.video, self._document.take
        of_video = video.warnings if video is not None else ()
        return tuple(dict.fromkeys((*of_video, *(notes_of(take) if take is not None else ()))))

    def show_all(self) -> None:
        """Say them above the views."""
        self._said = " ".join(self.sentences())
        take = self._document.take
        if take is not None and is_of_earlier_motion(take):
            self._notice.say(self._said, "Make it anew", self._document.remake)
        elif self._said:
            self._notice.say(self._said)
        else:
            self._notice.clear()

    def _on_video_changed(self) -> None:
        self._told.clear()
        self._notice.clear()
        self._said = ""
        self._on_take_changed()

    def _on_take_changed(self) -> None:
        sentences = self.sentences()
        count = len(sentences)
        self.button.setVisible(count > 0)
        self.button.setText(f"⚠ {count} note{'' if count == 1 else 's'}")
        self.button.setToolTip("\n\n".join(sentences))
        self.button.setAccessibleDescription(" ".join(sentences))
        is_out_of_date = bool(self._said) and self._notice.text == self._said != " ".join(sentences)
        if not self._told.issuperset(sentences) or is_out_of_date:
            self.show_all()
        self._told.update(sentences)
