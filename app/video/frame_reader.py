"""A video's frames in any order from memory or from the file, one decoding step at a time.

Decoded pictures are kept as they come out of the decoder (half the bytes of RGB, and a millisecond away from it),
those on the way from a key frame to the frame asked for included: stepping back in a long group of pictures
decodes it once. What does not fit is kept as small JPEG pictures, made while nothing is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.errors import StudioError
from app.video.cursor import Cursor, Found
from app.video.frame_store import RecentlyUsed
from app.video.reading import Video
from detectors.opencv import import_cv2

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Image = NDArray[np.uint8]

_opencv = cache(import_cv2)  # asked for at every preview

AHEAD_SECONDS = 1.0
"""Of the video's time, that playing reads ahead."""

PREVIEW_SHARE = 0.25
"""Of the memory, where previews are needed."""
PREVIEW_QUALITY = 85
MOST_PIXELS_ALONE = 1920 * 1088
"""One thread decodes key frames of so many pixels faster than a video plays."""

SMALLEST_GAIN = 1.5
"""A preview is at least so many times smaller in height than the picture, or there is none."""


class FrameReader:
    """The frames of one open video; one thread at a time, no step of it longer than decoding one picture."""

    def __init__(self, video: Video, megabytes: float, preview_height: int | None) -> None:
        self.video = video
        self._near = _Walk(video.cursor(threaded=not _is_quick_to_decode_alone(video)))
        self._background = _Walk(video.cursor(threaded=False))  # gently: the other cores are somebody else's
        self._budget = int(megabytes * 1_000_000)
        self._pictures: RecentlyUsed[VideoFrame] = RecentlyUsed(self._budget)
        self._previews: RecentlyUsed[NDArray[np.uint8]] = RecentlyUsed(0)
        small_enough = preview_height is not None and video.height >= SMALLEST_GAIN * preview_height
        self._preview_height = preview_height if small_enough else None
        self._picture_bytes = 0
        self._is_done = np.zeros(video.frame_count, dtype=bool)
        """(F,) whether there is nothing more for `fill` to do for the frame."""

    def close(self) -> None:
        """Give back files, decoders and memory."""
        self._near.close()
        self._background.close()
        self._pictures.keep_only(range(0))
        self._previews.keep_only(range(0))

    def image(self, frame: int) -> Image | None:
        """(H, W, 3) RGB, if its picture is in memory."""
        picture = self._pictures.get(frame)
        return None if picture is None else self.video.image(picture)

    def preview(self, frame: int) -> Image | None:
        """(preview height, w, 3) RGB of the same frame, if it is in memory."""
        coded = self._previews.get(frame)
        return None if coded is None else _decode_jpeg(coded)

    def has(self, frame: int) -> bool:
        """Whether the picture or its preview is in memory."""
        return frame in self._pictures or frame in self._previews

    def step(self, frame: int) -> None:
        """Decode one more picture on the way to a frame. Raises StudioError when the frame cannot be decoded."""
        found = self._near.step(frame)
        if found is None:
            raise StudioError(
                f"Frame {frame} of '{self.video.path}' is damaged and cannot be decoded; choose another."
            )
        self._keep(*found)

    def leads_over(self, first: int, second: int) -> bool:
        """Whether the way on to `second`, which is not in memory, passes `first`."""
        cursor = self._near.cursor
        return (
            first <= second
            and not self.has(second)
            and cursor.is_on_the_way(first)
            and cursor.is_on_the_way(second)
        )

    def read_ahead(self, frame: int, start: int, stop: int) -> bool:
        """One step of reading what is played after `frame` in a loop; False when enough is there."""
        count = stop - start
        if count <= 0:
            return False
        for ahead in range(1, min(self._ahead_count(), count) + 1):
            following = start + (frame + ahead - start) % count
            if following not in self._pictures:
                try:
                    self.step(following)
                except (StudioError, OSError):  # said when that frame is asked for
                    return False
                return True
        return False

    def fill(self, around: int) -> bool:
        """One step of keeping more frames than were asked for, from `around` on; False when nothing is left to do.

        Where all pictures fit into memory they are kept; otherwise previews of as many as fit.
        """
        frame = self._next_to_fill(around)
        if frame is None:
            return False
        try:
            found = self._background.step(frame)
            if found is None:
                self._is_done[frame] = True
            else:
                self._fill_with(*found)
        except (
            StudioError,
            OSError,
        ):  # the file went away, a picture is too large: said when that frame is asked for
            return False
        return True

    def _keep(self, frame: int, picture: VideoFrame) -> None:
        size = self._note_size(picture)
        self._pictures.put(frame, picture, size)
        if self._all_fit():
            self._is_done[frame] = True

    def _fill_with(self, frame: int, picture: VideoFrame) -> None:
        size = self._note_size(picture)
        if frame not in self._pictures and self._pictures.has_room_for(size):
            self._pictures.put(frame, picture, size)
        if not self._is_done[frame] and self._uses_previews():
            coded = _encode_jpeg(self.video.image(picture, self._preview_height))
            self._previews.put(frame, coded, coded.nbytes)
        self._is_done[frame] = True

    def _next_to_fill(self, around: int) -> int | None:
        if not self._picture_bytes:
            return around
        if not (self._uses_previews() or self._all_fit()):
            if not self._pictures.has_room_for(self._picture_bytes):
                return None
        elif self._uses_previews() and not self._make_room_for_previews(around):
            return None
        return self._nearest_missing(around)

    def _nearest_missing(self, around: int) -> int | None:
        """What is to be filled next: whole groups of pictures, outward from `around`, twice as far ahead as back."""
        key_frame_before = self._near.cursor.key_frame_before
        first = key_frame_before(around)
        missing = np.flatnonzero(~self._is_done)
        before, after = missing[missing < first], missing[missing >= first]
        if not len(before):
            return int(after[0]) if len(after) else None
        last = int(before[-1])
        if len(after) and (key_frame_before(int(after[0])) - around) / 2 <= around - last:
            return int(after[0])
        return int(before[before >= key_frame_before(last)][0])

    def _make_room_for_previews(self, around: int) -> bool:
        """Whether there is room for more; previews far from `around` go when it has none itself."""
        if not len(self._previews):
            return True
        typical = self._previews.used // len(self._previews)
        if self._previews.has_room_for(2 * typical):
            return True
        if self._is_done[around]:
            return False
        reach = len(self._previews) // 2
        outside = self._previews.keep_only(range(around - reach, around + reach))
        self._is_done[outside] = False
        return bool(outside)

    def _note_size(self, picture: VideoFrame) -> int:
        size = sum(plane.buffer_size for plane in picture.planes)
        if not self._picture_bytes:
            self._picture_bytes = size
            if self._uses_previews():
                self._previews.budget = int(PREVIEW_SHARE * self._budget)
                self._pictures.budget = self._budget - self._previews.budget
        return size

    def _all_fit(self) -> bool:
        return self.video.frame_count * self._picture_bytes <= self._budget

    def _uses_previews(self) -> bool:
        return self._preview_height is not None and not self._all_fit()

    def _ahead_count(self) -> int:
        wanted = math.ceil(AHEAD_SECONDS * self.video.fps)
        if not self._picture_bytes:
            return 1
        return max(1, min(wanted, self._pictures.budget // self._picture_bytes // 2))


class _Walk:
    """A cursor that is led to a frame one picture at a time."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self._way: Iterator[Found] | None = None
        self._goal = -1

    def step(self, frame: int) -> Found | None:
        """The next picture on the way to `frame`; None: there is no way to it."""
        if self._way is None or frame != self._goal:
            self._way, self._goal = self.cursor.to(frame), frame
        found = next(self._way, None)
        if found is None or found[0] == frame:
            self._way = None
        return found

    def close(self) -> None:
        self._way = None
        self.cursor.close()


def _is_quick_to_decode_alone(video: Video) -> bool:
    """Whether one thread is best: several are given several frames before the first comes out, needed or not."""
    return video.has_only_key_frames and video.width * video.height <= MOST_PIXELS_ALONE


# OpenCV takes the channels as blue, green, red. Written and read in the same order they stay as they were.


def _encode_jpeg(image: Image) -> NDArray[np.uint8]:
    cv2 = _opencv()
    _, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, PREVIEW_QUALITY])
    return np.asarray(coded, dtype=np.uint8)


def _decode_jpeg(coded: NDArray[np.uint8]) -> Image:
    cv2 = _opencv()
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_UNCHANGED), dtype=np.uint8)
