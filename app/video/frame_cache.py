"""Exact frames of a video for a window: the newest wish first, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from app.errors import StudioError, describe
from app.video.frame_reader import FrameReader, Image
from app.video.reading import Video, open_video

Callback = Callable[[int, "Image | StudioError"], None]
"""Called in the cache's own thread with the frame and its picture, (H, W, 3) RGB, or what went wrong."""

IDLE_SECONDS = 0.2
"""Without a wish, before more is decoded than was asked for."""


class _Work(Enum):
    """What is done while nothing is asked for."""

    AHEAD = auto()
    FILL = auto()


@dataclass
class _Wish:
    frame: int
    callback: Callback
    has_preview: bool = False


class FrameCache:
    """Frames of one video by index, in any order, kept in `megabytes` of memory.

    One request counts, the newest; one that waits is dropped for it. A callback comes once with the frame's own
    picture. With a `preview_height` (pixels) it may come before that with the same frame that high, where
    decoding takes a while. Errors are StudioErrors given to the callback: no such file, a damaged frame.
    """

    def __init__(
        self,
        path: Path,
        megabytes: float = 512,
        preview_height: int | None = None,
        on_open: Callable[[Video | StudioError], None] | None = None,
    ) -> None:
        """Begins to open the video; `on_open` is told its facts, or why it cannot be opened, in the cache's thread.

        Of the Video that it is told, the facts may be used anywhere; its frames are the cache's.
        """
        self._path = path
        self._megabytes = megabytes
        self._preview_height = preview_height
        self._on_open = on_open
        self._news = threading.Condition()
        self._has_news = False
        self._wish: _Wish | None = None
        self._played: tuple[int, int | None] | None = None
        self._last = 0
        self._is_closed = False
        self._is_idle = False
        self._thread = threading.Thread(target=self._work, name=f"frames of {path.name}", daemon=True)
        self._thread.start()

    def request(self, frame: int, callback: Callback) -> None:
        """Ask for a frame. While one is being decoded that lies on the way to this one, that comes first."""
        with self._news:
            self._wish = _Wish(frame, callback)
            self._tell()

    def play_from(self, frame: int, start: int = 0, stop: int | None = None) -> None:
        """From now on read ahead of the frames asked for: from `frame` on to `stop` (excluded; None: the end of the
        video), and on from `start`, as a loop is played. Until `pause`."""
        with self._news:
            self._played, self._last = (start, stop), frame
            self._tell()

    def pause(self) -> None:
        """Read ahead no longer."""
        with self._news:
            self._played = None
            self._tell()

    def wait_until_idle(self, wait_s: float) -> bool:
        """Wait until nothing is asked for and nothing more is to be kept, for at most `wait_s` seconds; whether it is."""
        with self._news:
            return self._news.wait_for(lambda: self._is_idle, wait_s)

    def close(self, wait_s: float = 2.0) -> None:
        """End the thread, waiting for at most `wait_s` seconds. Nothing is called back after this."""
        with self._news:
            self._is_closed = True
            self._tell()
        if threading.current_thread() is not self._thread:
            self._thread.join(wait_s)

    def _tell(self) -> None:
        self._has_news, self._is_idle = True, False
        self._news.notify_all()

    def _work(self) -> None:
        try:
            video = open_video(self._path)
            reader = FrameReader(video, self._megabytes, self._preview_height)
        except (StudioError, OSError) as error:
            self._refuse_all(StudioError(describe(error)))
            return
        with closing(reader):
            self._say_open(video)
            self._serve(reader)

    def _refuse_all(self, error: StudioError) -> None:
        self._say_open(error)
        while not self._is_closed:
            with self._news:
                self._news.wait_for(lambda: self._is_closed or self._wish is not None)
                wish, self._wish = self._wish, None
            if wish is not None:
                self._answer(wish, error)

    def _serve(self, reader: FrameReader) -> None:
        wish: _Wish | None = None
        work = _Work.AHEAD
        patience: float | None = 0.0
        while True:
            has_news, wish = self._take(reader, wish, patience)
            if self._is_closed:
                return
            work = _Work.AHEAD if has_news else work
            patience = 0.0
            if wish is not None:
                wish = self._approach(reader, wish)
            elif work is _Work.AHEAD:
                if not self._read_ahead(reader):
                    work, patience = _Work.FILL, IDLE_SECONDS
            elif not reader.fill(self._place(reader)):
                patience = None

    def _take(
        self, reader: FrameReader, wish: _Wish | None, patience: float | None
    ) -> tuple[bool, _Wish | None]:
        """Whether there is news, waited for up to `patience` seconds (None: for ever), and the wish that counts."""
        with self._news:
            if wish is None and not self._has_news:
                self._is_idle = patience is None
                if self._is_idle:
                    self._news.notify_all()
                self._news.wait(patience)
            has_news, self._has_news = self._has_news, False
            newer = self._wish
            if newer is not None and (wish is None or not reader.leads_over(wish.frame, newer.frame)):
                wish, self._wish, self._last = newer, None, newer.frame
            return has_news, wish

    def _approach(self, reader: FrameReader, wish: _Wish) -> _Wish | None:
        """Answer a wish, or come one picture nearer to it: then it is returned."""
        try:
            if not 0 <= wish.frame < reader.video.frame_count:
                raise StudioError(
                    f"'{self._path}' has no frame {wish.frame}; its frames are 0 to {reader.video.frame_count - 1}."
                )
            image = reader.image(wish.frame)
            if image is None and not wish.has_preview:
                preview = reader.preview(wish.frame)
                if preview is not None:
                    wish.has_preview = True
                    self._answer(wish, preview)
            if image is None:
                reader.step(wish.frame)
                return wish
        except (StudioError, OSError) as error:  # OSError: the disk or the network it lies on has gone
            self._answer(wish, StudioError(describe(error)))
            return None
        self._answer(wish, image)
        return None

    def _read_ahead(self, reader: FrameReader) -> bool:
        played = self._played
        if played is None:
            return False
        count = reader.video.frame_count
        start, stop = played
        stop = count if stop is None else min(stop, count)
        return reader.read_ahead(self._place(reader), max(0, start), stop)

    def _place(self, reader: FrameReader) -> int:
        """The frame that was asked for last; one outside the video is brought inside."""
        return min(max(self._last, 0), reader.video.frame_count - 1)

    def _say_open(self, found: Video | StudioError) -> None:
        with self._news:
            if self._on_open is not None and not self._is_closed:
                self._on_open(found)

    def _answer(self, wish: _Wish, found: Image | StudioError) -> None:
        with self._news:
            if not self._is_closed:
                wish.callback(wish.frame, found)
