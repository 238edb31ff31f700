"""A decoder that stands somewhere in a video and goes to any other frame of it, exactly."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.video.container import DamagedPictureError, Source, open_source, pictures
from app.video.frame_index import FrameIndex

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Found = tuple[int, "VideoFrame"]
"""A frame's index and its picture as decoded: neither upright nor RGB yet (`app.video.Video.image`)."""


class Cursor:
    """Decoded pictures of one video, by index. One thread at a time; `close` gives the decoder back.

    The file stays open between places: opening it costs more than decoding a frame (10 to 30 ms for 1080p).
    """

    def __init__(self, path: Path, index: FrameIndex, threaded: bool = True) -> None:
        self._path = path
        self._index = index
        self._threaded = threaded
        self._source: Source | None = None
        self._open_file = ExitStack()
        self._run: Generator[Found] | None = None
        self._run_start = 0
        self._next = 0

    def close(self) -> None:
        """Give back the file and the decoder; what comes next opens them again."""
        if self._run is not None:
            self._run.close()
        self._run = self._source = None
        self._open_file.close()

    def to(self, frame: int) -> Iterator[Found]:
        """The readable pictures on the way to `frame`, in order, the last one being `frame` itself.

        Goes on from where the cursor stands when that is on the way, else from the nearest key frame before.
        Where `frame` cannot be decoded, what follows it or nothing comes last. May be left at any picture.
        """
        while True:
            if not self.is_on_the_way(frame):
                self._start(frame)
            found = -1
            try:
                for found, picture in self._running():
                    self._next = found + 1
                    yield found, picture
                    if found >= frame:
                        break
                else:
                    self._end_run()
            except DamagedPictureError:  # one thread loses only what is bad
                self._threaded = False
                self.close()
                continue
            if frame in (found, self._run_start):
                return
            self._end_run()  # it began further on or failed there: from a place that leads to `frame`

    def is_on_the_way(self, frame: int) -> bool:
        """Whether decoding on from where the cursor stands gives `frame`, and sooner than from a key frame."""
        return self._run is not None and self.key_frame_before(frame) <= self._next <= frame

    def key_frame_before(self, frame: int) -> int:
        """The frame at which decoding for `frame` starts, at the latest."""
        ticks, keys = self._index.ticks, self._index.key_ticks
        if ticks is None:
            return 0
        before = int(np.searchsorted(keys, ticks[frame], side="right"))
        return self._frame_at(int(keys[before - 1])) if before else 0

    def pictures_from(self, start: int, passing: bool = False) -> Generator[Found]:
        """Indices and pictures from frame `start` on: from the nearest key frame whose decoding reaches it.

        With `passing`, those between that key frame and `start` as well, without those that came out damaged.
        Ends whatever else this cursor was giving. Raises DamagedPictureError while several threads decode.

        A container may seek to a later place than asked for, and a key frame may not be one
        (open groups of pictures, wrong flags): what comes out is checked, and the next one further
        back is tried until the beginning of the file, which is the truth.
        """
        for key in self._starting_points(start):
            reached = False
            first = self._frame_at(key)
            for index, picture in self._indexed_pictures(start, key):
                if not reached:
                    if index < start:
                        if passing and index >= first and not picture.is_corrupt:
                            yield index, picture
                        continue
                    if key is not None and (index > start or picture.is_corrupt):
                        break
                    reached = True
                yield index, picture
            if reached:
                return

    def _frame_at(self, key: int | None) -> int:
        """The first frame that decoding from a key frame, given by its ticks, gives; None: from the beginning."""
        ticks = self._index.ticks
        return 0 if key is None or ticks is None else int(np.searchsorted(ticks, key))

    def _running(self) -> Generator[Found]:
        assert self._run is not None
        return self._run

    def _start(self, frame: int) -> None:
        self._end_run()
        self._run = self.pictures_from(frame, passing=True)
        self._run_start, self._next = frame, self.key_frame_before(frame)

    def _end_run(self) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.close()

    def _open(self, again: bool) -> Source:
        if again or self._source is None:
            self._source = None
            self._open_file.close()
            self._source = self._open_file.enter_context(open_source(self._path, self._threaded))
        return self._source

    def _starting_points(self, start: int) -> Iterator[int | None]:
        """Ticks of key frames to decode frame `start` from, nearest first; None is the file's beginning."""
        ticks, keys = self._index.ticks, self._index.key_ticks
        if ticks is not None and start > 0:
            nearest, step = int(np.searchsorted(keys, ticks[start], side="right")) - 1, 1
            while nearest > 0:  # the first key frame is the beginning
                yield int(keys[nearest])
                nearest, step = nearest - step, 2 * step
        yield None

    def _indexed_pictures(self, start: int, key: int | None) -> Iterator[Found]:
        ticks = self._index.ticks
        if ticks is None:
            yield from zip(range(len(self._index.time_s)), pictures(self._open(again=True)), strict=False)
            return
        source = self._open(again=key is None)
        if key is not None and not _seek(source, key):
            return
        last = -1
        for picture in pictures(source, None if key is None else int(ticks[start])):
            if picture.pts is None:
                continue
            index = int(np.searchsorted(ticks, picture.pts))
            if last < index < len(ticks) and ticks[index] == picture.pts:
                last = index
                yield index, picture


def _seek(source: Source, ticks: int) -> bool:
    import av  # noqa: PLC0415

    try:
        source.container.seek(ticks, stream=source.stream)
    except (av.error.FFmpegError, OSError):  # a format without seeking; the caller starts from the beginning
        return False
    return True
