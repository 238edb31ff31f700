"""Which lifter is loaded and where it computes, in the status bar; another one that is chosen is loaded at once."""

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QLabel

from app.errors import STATED_ERRORS, describe
from app.gui.background import Background
from app.gui.document import Document
from app.kept_lifter import KeptLifter
from app.preloading import Ready
from app.settings import Settings


class LifterLabel(QObject):
    """Keeps a label in step with the document's settings: it names what is loaded, never what is only wanted."""

    failed = pyqtSignal(object)
    """An exception that is no stated error. A stated one stands in the tooltip: whoever needs the lifter says it."""

    def __init__(self, label: QLabel, document: Document, lifter: KeptLifter, parent: QObject) -> None:
        super().__init__(parent)
        self._label, self._document, self._lifter = label, document, lifter
        self._wanted = document.settings
        self._ready: tuple[Settings, Ready] | None = None
        self._problem = ""
        self._loader = Background("lifter", self, newest_only=True)
        self._loader.succeeded.connect(self._on_loaded)
        self._loader.failed.connect(self.failed)
        document.settings_changed.connect(self._on_settings)

    def set_loading(self) -> None:
        """The lifter of the settings is being loaded, by whoever tells its end by `set_ready` or `load`."""
        self._label.setText("Loading the lifter…")
        self._label.setToolTip("")

    def set_ready(self, settings: Settings, ready: Ready) -> None:
        """All that these settings name was loaded."""
        self._ready = settings, ready
        self._on_loaded((settings, f"{ready.weights} on {ready.device}", ""))

    def load(self) -> None:
        """Load the lifter of the settings beside the window, unless it is loaded, and name it."""
        settings = self._wanted
        self.set_loading()
        self._loader.submit(lambda: self._load(settings))

    def lines(self) -> tuple[str, str]:
        """Lifter and detector, as text."""
        return f"Lifter: {self._label.text() or 'not loaded yet'}", f"Detector: {self._detector()}"

    def close(self, timeout_s: float) -> bool:
        """End the thread; False when it lasts longer."""
        return self._loader.close(timeout_s)

    def _on_settings(self) -> None:
        before, self._wanted = self._wanted, self._document.settings
        if _key(before) != _key(self._wanted):
            self.load()
        elif not self._problem:
            self._label.setToolTip(self._detector())

    def _load(self, settings: Settings) -> tuple[Settings, str, str]:
        """The settings, what is to be said of their lifter, and what went wrong."""
        try:
            loaded = self._lifter.get(settings)
        except STATED_ERRORS as error:
            return settings, f"{settings.lifter} is not loaded", describe(error)
        return settings, f"{loaded.weights.name} on {loaded.device_name()}", ""

    def _on_loaded(self, answer: tuple[Settings, str, str]) -> None:
        settings, text, problem = answer
        if _key(settings) != _key(self._wanted):
            return  # another one is on its way
        self._problem = problem
        self._label.setText(text)
        self._label.setToolTip(problem or self._detector())

    def _detector(self) -> str:
        """The detector of the settings: as it described itself when it was loaded, else by name."""
        wanted = self._wanted.detector
        if self._ready is not None and self._ready[0].detector == wanted:
            return self._ready[1].detector
        return f"{wanted}, loaded when it is first used"


def _key(settings: Settings) -> tuple[str, str]:
    return settings.lifter, settings.device
