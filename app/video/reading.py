"""Reading video files frame by frame: every frame once, in order, upright, with the container's time.

Coordinates of everything found in a frame are pixels of the upright picture as stored: x right, y down,
origin at its top left, rotation metadata applied. Pixels that are not square are kept (and warned of).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.errors import StudioError
from app.video.container import LARGEST_SIDE, DamagedPictureError, open_source, pictures
from app.video.cursor import Cursor
from app.video.frame_index import FrameIndex, read_index
from app.video.lens import read_lens

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


@dataclass(frozen=True)
class Frame:
    """One picture of a video."""

    index: int
    time_s: float
    """Seconds from the first frame, by the container's presentation times."""
    image: NDArray[np.uint8]
    """(H, W, 3) RGB, upright, C-contiguous."""


@dataclass(frozen=True)
class Orientation:
    """How a stored picture becomes upright: transposed first, then mirrored."""

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    def apply(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, 3) as stored -> upright, C-contiguous."""
        if self.transpose:
            image = image.transpose(1, 0, 2)
        return np.ascontiguousarray(image[:: -1 if self.mirror_y else 1, :: -1 if self.mirror_x else 1])

    def rotation(self) -> int:
        """Degrees clockwise: 0, 90, 180 or 270; of a mirrored picture, those besides the mirroring."""
        if self.transpose:
            return 90 if not self.mirror_y else 270
        return 180 if self.mirror_y else 0


def open_video(path: str | os.PathLike[str]) -> Video:
    """Open a video file of any format that FFmpeg reads; use as a context manager, or call `close`.

    Finds all frames and their times first: one pass over the file without decoding, or with it where
    the container does not tell. Raises StudioError when there is no such file or it is no readable video.
    """
    path = Path(path)
    return Video(path, read_index(path))


class Video:
    """A video file, open for reading: its facts, and its frames in order or by index.

    `frames` may run several times and in several threads at once, each with a decoder of its own;
    `frame` keeps one decoder, and one thread at a time uses it.
    """

    path: Path
    width: int
    """Pixels of the upright picture, as are all coordinates."""
    height: int
    fps: float
    """Average frame rate by the timestamps; the container's own rate when it has one frame."""
    is_variable_rate: bool
    frame_count: int
    time_s: NDArray[np.float64]
    """(F,) seconds from the first frame, by the container's presentation times, strictly increasing."""
    start_time_s: float
    """The container's presentation time of the first frame, seconds."""
    rotation: int
    """Degrees clockwise by which the stored pictures are turned to stand upright: 0, 90, 180 or 270."""
    codec: str
    fov_degrees: float | None
    """Field of view over the longer side, as the file's own metadata tell it (`app.video.lens`); None: they do not."""
    has_only_key_frames: bool
    """Whether each frame is decoded by itself."""

    def __init__(self, path: Path, index: FrameIndex) -> None:
        self.path = path
        self._index = index
        self.fps = index.fps
        self.is_variable_rate = index.is_variable_rate
        self.time_s = index.time_s
        self.start_time_s = index.start_time_s
        self.frame_count = len(index.time_s)
        self.has_only_key_frames = index.ticks is not None and len(index.key_ticks) >= self.frame_count
        self._warnings = list(index.warnings)
        self._unreadable: set[int] = set()
        self._is_damaged = False
        self._lock = threading.Lock()
        self._cursor: Cursor | None = None
        self._read_first_picture()

    def __enter__(self) -> Video:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back the decoder of `frame`; a `frames` that runs closes its own when it ends."""
        with self._lock:
            if self._cursor is not None:
                self._cursor.close()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what is odd about the file, those found while reading frames included."""
        if not self._unreadable:
            return tuple(self._warnings)
        count = len(self._unreadable)
        sentence = (
            f"'{self.path.name}' is damaged: {count} of its {self.frame_count} frames could not be decoded "
            f"(the first is frame {min(self._unreadable)})."
        )
        return (*self._warnings, sentence)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Frames `start` to `stop` (excluded; None: to the last), each once, in order, decoded on demand.

        A frame too damaged to be decoded is left out: its index is skipped, and `warnings` says how many.
        Raises IndexError when `start` or `stop` is outside 0..frame_count.
        """
        stop = self.frame_count if stop is None else stop
        if not 0 <= start <= stop <= self.frame_count:
            raise IndexError(f"frames {start} to {stop} of a video with {self.frame_count}")
        position = start
        while position < stop:
            try:
                with closing(self.cursor()) as cursor:
                    for index, picture in cursor.pictures_from(position):
                        self._unreadable.update(range(position, min(index, stop)))
                        position = index + 1
                        if index < stop:
                            yield self._frame(index, picture)
                        if position >= stop:
                            return
            except DamagedPictureError:
                self._is_damaged = True  # on from `position`, one thread, which loses only what is bad
                continue
            self._unreadable.update(range(position, stop))
            return

    def frame(self, index: int) -> Frame:
        """Exactly frame `index`, the same picture as `frames` gives.

        Decodes from the key frame before it, or goes on from the frame asked for last when that is nearer.
        Raises IndexError outside 0..frame_count-1; StudioError when that frame cannot be decoded.
        """
        if not 0 <= index < self.frame_count:
            raise IndexError(f"frame {index} of a video with {self.frame_count}")
        with self._lock:
            if self._cursor is None:
                self._cursor = self.cursor()
            way = self._cursor.to(index)
            picture = next((picture for found, picture in way if found == index), None)
        if picture is None:
            self._unreadable.add(index)
            raise StudioError(
                f"Frame {index} of '{self.path}' is damaged and cannot be decoded; choose another."
            )
        return self._frame(index, picture)

    def cursor(self, threaded: bool = True) -> Cursor:
        """A decoder of its own, for pictures on the way to others; the caller closes it."""
        return Cursor(self.path, self._index, threaded and not self._is_damaged)

    def image(self, picture: VideoFrame, height: int | None = None) -> NDArray[np.uint8]:
        """A decoded picture of this video, upright: (H, W, 3) RGB, C-contiguous; of another height if one is given."""
        if (picture.width, picture.height) != self._stored_size:
            self._check_size(picture)
            self._warn("changes its picture size on the way; all frames are scaled to that of the first.")
        scale = 1.0 if height is None else height / self.height
        width, high = (max(1, round(side * scale)) for side in self._stored_size)
        return self._orientation.apply(_rgb(picture, width, high))

    def _read_first_picture(self) -> None:
        with open_source(self.path, threaded=False) as source:
            self.codec = source.stream.codec_context.codec.canonical_name
            first = next(pictures(source), None)
            if first is None:
                raise StudioError(
                    f"'{self.path}' holds no picture that can be decoded; record or copy it again."
                )
            aspect = source.stream.sample_aspect_ratio
            lens = read_lens(self.path, source, (first.width, first.height))
        self._check_size(first)
        self._stored_size = (first.width, first.height)
        self._orientation = Orientation()
        if "DISPLAYMATRIX" in first.side_data:
            matrix = np.frombuffer(first.side_data["DISPLAYMATRIX"], dtype=np.int32)  # type: ignore[typeddict-item]
            orientation = read_orientation(matrix)
            if orientation is None:
                self._warn(
                    "is to be turned by an angle that is no quarter turn; its pictures stay as stored."
                )
            else:
                self._orientation = orientation
        self.rotation = self._orientation.rotation()
        self.width, self.height = self._stored_size[:: -1 if self._orientation.transpose else 1]
        self.fov_degrees = lens.fov_degrees
        if lens.warning:
            self._warn(lens.warning)
        if aspect and abs(aspect - 1) > 0.01:  # encoders round it
            self._warn(f"has pixels that are not square ({aspect}); they are used as stored.")

    def _warn(self, sentence: str) -> None:
        sentence = f"'{self.path.name}' {sentence}"
        if sentence not in self._warnings:
            self._warnings.append(sentence)

    def _check_size(self, picture: VideoFrame) -> None:
        if max(picture.width, picture.height) > LARGEST_SIDE:
            raise StudioError(
                f"'{self.path}' holds a picture of {picture.width}x{picture.height} pixels; "
                f"make them at most {LARGEST_SIDE} on a side."
            )

    def _frame(self, index: int, picture: VideoFrame) -> Frame:
        return Frame(index, float(self.time_s[index]), self.image(picture))


def read_orientation(matrix: NDArray[np.int32]) -> Orientation | None:
    """The orientation that a display matrix asks for, None when it is no multiple of a quarter turn.

    `matrix` (9,) is FFmpeg's (libavutil/display.h): a stored point (p, q) is shown at
    (a p + c q, b p + d q) with a, b, _, c, d = matrix[:5], y down, up to a shift that the picture's
    new bounds give.
    """
    a, b, _, c, d = (float(value) for value in matrix[:5])
    straight, crossed = min(abs(a), abs(d)), min(abs(b), abs(c))
    if straight > 0 and max(abs(b), abs(c)) < 0.02 * straight:
        return Orientation(False, mirror_x=a < 0, mirror_y=d < 0)
    if crossed > 0 and max(abs(a), abs(d)) < 0.02 * crossed:
        return Orientation(True, mirror_x=c < 0, mirror_y=b < 0)
    return None


def _rgb(picture: VideoFrame, width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, 3) 8-bit RGB by the colour matrix and range that the picture states."""
    from av.video.reformatter import ColorRange, Colorspace  # noqa: PLC0415

    full = picture.color_range == ColorRange.JPEG or picture.format.name.startswith("yuvj")
    color_range = ColorRange.JPEG if full else ColorRange.MPEG
    # PyAV only hands the matrix and range to FFmpeg's scaler when source and target differ.
    rgb = picture.to_ndarray(
        format="rgb24",
        width=width,
        height=height,
        src_colorspace=picture.colorspace,
        dst_colorspace=Colorspace.DEFAULT,
        src_color_range=color_range,
        dst_color_range=ColorRange.JPEG,
    )
    return np.asarray(rgb, dtype=np.uint8)
