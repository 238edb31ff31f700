"""Garbage is collected in the window's thread, between two events, and nowhere else.

Python looks for cycles of objects that nobody needs whenever something is allocated, in whichever thread that is.
Widgets, timers and OpenGL's objects are in such cycles. One that dies in a thread that decodes frames breaks Qt's rule
that an object is destroyed in its own thread. One that dies while a view is painted may belong to a view that was closed:
freeing its OpenGL objects takes the context away that is being painted with, and the next call crashes.
"""

import gc

from PyQt6.QtCore import QObject, QTimer

_INTERVAL_MS = 1000


class GarbageCollector(QObject):
    """Collects now and then, as an event of the thread that it is made in; from then on nobody else does."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_INTERVAL_MS)
        self._timer.timeout.connect(collect_what_is_due)
        self._timer.start()


def collect_what_is_due() -> None:
    """Collect the oldest generation that has passed its threshold, as Python itself would."""
    for generation, (count, threshold) in reversed(
        list(enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)))
    ):
        if count > threshold:
            gc.collect(generation)
            return
