"""Writing an H.264 MP4 file whose frames are shown at exactly the times given."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.errors import StudioError
from stcformer.atomic import atomic_path

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

TIME_BASE = Fraction(1, 90_000)
"""Seconds a tick: whole ticks a frame at 24, 25, 30, 50, 60 and 30000/1001 frames a second."""

MOST_QUALITY_LOSS = 51


def write_video(
    path: str | os.PathLike[str],
    frames: Iterable[tuple[float, NDArray[np.uint8]]],
    size: tuple[int, int],
    *,
    quality_loss: int = 20,
    speed: str = "veryfast",
) -> int:
    """Write frames as H.264 (yuv420p, BT.709) in an MP4 that plays while it loads; how many were written.

    `frames` gives (time in seconds, (H, W, 3) RGB) with strictly increasing times; each is kept to
    1/90000 s, so a variable frame rate stays in step. `size` is (W, H) in pixels; an odd one is padded
    to even by repeating the last column or row. `quality_loss` is x264's crf (0 lossless .. 51), `speed` its
    preset.
    One frame is held at a time. The file appears at `path` only once it is whole (`atomic_path`).

    Raises StudioError for no frames, a frame of another size, times that do not advance, or a failing
    encoder; OSError as the file system does.
    """
    import av  # noqa: PLC0415

    target = Path(path)
    if not 0 <= quality_loss <= MOST_QUALITY_LOSS:
        raise ValueError(f"quality_loss {quality_loss} is outside 0..{MOST_QUALITY_LOSS}")
    with atomic_path(target) as temporary:
        try:
            # The muxer must not read the name as a pattern or an address, hence the absolute path.
            with av.open(
                str(temporary.absolute()), "w", format="mp4", container_options={"movflags": "+faststart"}
            ) as container:
                stream = _add_stream(container, size, {"crf": str(quality_loss), "preset": speed})
                count = 0
                for picture in _pictures(target, frames, size):
                    container.mux(stream.encode(picture))
                    count += 1
                if count == 0:
                    raise StudioError(f"'{target}' was not written because there are no frames to write.")
                container.mux(stream.encode(None))
        except av.error.FFmpegError as error:
            if isinstance(error, OSError) and error.errno is not None:  # a full disk, say
                raise OSError(error.errno, error.strerror, str(target)) from error
            raise StudioError(
                f"'{target}' could not be encoded as H.264 ({error}); install PyAV anew."
            ) from error
    return count


def _add_stream(container: OutputContainer, size: tuple[int, int], options: dict[str, str]) -> VideoStream:
    from av.video.reformatter import ColorRange, Colorspace  # noqa: PLC0415

    stream = container.add_stream("libx264", rate=30, options=options)
    stream.width, stream.height = (side + side % 2 for side in size)  # yuv420p halves both
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.time_base = TIME_BASE
    context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
    context.color_primaries = context.color_trc = Colorspace.ITU709  # 1 names BT.709 in all three tables
    return stream


def _pictures(
    target: Path, frames: Iterable[tuple[float, NDArray[np.uint8]]], size: tuple[int, int]
) -> Iterator[VideoFrame]:
    from av.video.frame import VideoFrame  # noqa: PLC0415
    from av.video.reformatter import ColorRange, Colorspace  # noqa: PLC0415

    width, height = size
    last: int | None = None
    for number, (time_s, image) in enumerate(frames):
        if image.shape != (height, width, 3) or image.dtype != np.uint8:
            raise StudioError(
                f"'{target}' was not written: its frame {number} is {image.dtype} of shape {image.shape}, "
                f"where 8-bit RGB of {width}x{height} pixels is needed."
            )
        tick = round(time_s / TIME_BASE) if np.isfinite(time_s) else None
        if tick is None or (last is not None and tick <= last):
            raise StudioError(
                f"'{target}' was not written: its frame {number} is at {time_s:g} s, "
                "not later than the frame before; give the frames rising times."
            )
        last = tick
        if width % 2 or height % 2:
            image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")  # noqa: PLW2901
        picture = VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24").reformat(
            format="yuv420p",
            src_colorspace=Colorspace.DEFAULT,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
        )
        picture.colorspace, picture.color_range = Colorspace.ITU709, ColorRange.MPEG
        picture.pts, picture.time_base = tick, TIME_BASE
        yield picture
