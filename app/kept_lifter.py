"""The lifter kept between corrections: loading one takes seconds, lifting a window milliseconds."""

import threading
from typing import TYPE_CHECKING

from app.lifting import load_lifter
from app.settings import Settings

if TYPE_CHECKING:
    from stcformer import Lifter


class KeptLifter:
    """The lifter that was asked for last. Several threads may ask; one of them loads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lifter: Lifter | None = None
        self._made_for: tuple[str, str] | None = None

    def get(self, settings: Settings) -> "Lifter":
        """The lifter of these settings, loaded if need be. Raises LifterError, and keeps what it had then."""
        wanted = settings.lifter, settings.device
        with self._lock:
            if self._lifter is None or self._made_for != wanted:
                self._lifter, self._made_for = load_lifter(settings), wanted
            return self._lifter
