"""Where pictures wait between the thread that takes them and the one that works on them: there is room for one."""

import threading
import time
from dataclasses import replace

from app.live.sources import Picture


class Mailbox:
    """Room for one picture.

    `replaces`: a newer picture takes the place of one that still waits, which is then counted as dropped; else the
    newer one waits until there is room, and counts as captured when it is taken: its wait is not the work's latency.
    """

    def __init__(self, replaces: bool) -> None:
        self._replaces = replaces
        self._changed = threading.Condition()
        self._picture: Picture | None = None
        self._is_closed = False
        self._error: BaseException | None = None
        self.dropped = 0
        """Pictures that were replaced."""

    @property
    def is_closed(self) -> bool:
        """Whether nothing comes any more; one picture may still wait."""
        return self._is_closed

    def put(self, picture: Picture) -> bool:
        """Leave a picture; False when the mailbox is closed."""
        with self._changed:
            if not self._replaces:
                self._changed.wait_for(lambda: self._picture is None or self._is_closed)
            if self._is_closed:
                return False
            self.dropped += self._picture is not None
            self._picture = picture
            self._changed.notify_all()
            return True

    def get(self, timeout_s: float) -> Picture | None:
        """Take the picture; None when none comes in time. Raises what the mailbox was closed with, once empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._picture is not None or self._is_closed, timeout_s)
            picture, self._picture = self._picture, None
            if picture is None and self._error is not None:
                raise self._error
            self._changed.notify_all()
            if picture is not None and not self._replaces:
                picture = replace(picture, captured_s=time.monotonic())
            return picture

    def close(self, error: BaseException | None = None) -> None:
        """Nothing comes any more, because of `error` if there is one; the first close counts."""
        with self._changed:
            if not self._is_closed:
                self._is_closed, self._error = True, error
                self._changed.notify_all()
