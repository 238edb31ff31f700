"""Opening video files safely: which file, which stream, and its packets and pictures in coded order.

A video comes from anywhere, so nothing in it is believed: only formats that hold their own pictures
are read (no playlist or other format that names more files or addresses), only local files, and
no picture larger than `LARGEST_SIDE`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from app.errors import StudioError, describe

if TYPE_CHECKING:
    from av import Packet
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

LARGEST_SIDE = 16384
"""Pixels; a picture that is wider or higher is refused (its file would choose how much memory we take)."""

_MANY_PIXELS = 3840 * 2160
_MOST_READ_ERRORS = 16

# These name further files or addresses, take their pictures from a device, or draw text as a picture.
_REFERRING = {"concat", "dash", "hls", "image2", "imf", "rtp", "rtsp", "sap", "sdp", "vobsub"}
_DEVICES = {"alsa", "avfoundation", "dshow", "fbdev", "gdigrab", "kmsgrab", "lavfi", "oss", "v4l2"}
_DRAWN = {"adf", "bin", "ffmetadata", "idf", "svg_pipe", "tty", "txd", "xbin"}
_REFUSED_FORMATS = (
    _REFERRING | _DEVICES | _DRAWN | {"vfwcap", "video4linux2", "webm_dash_manifest", "x11grab"}
)


class DamagedPictureError(Exception):
    """A picture could not be decoded faultlessly by several threads at once; see `pictures`."""


@dataclass(frozen=True)
class Source:
    """One pass over a file: its container and the stream of its pictures."""

    container: InputContainer
    stream: VideoStream
    threaded: bool


@contextmanager
def open_source(path: Path, threaded: bool = True) -> Iterator[Source]:
    """The file's first real video stream, from its beginning; closed at the end of the block.

    Raises StudioError when there is no such file, or it is not a video, or it cannot be decoded here.
    """
    import av  # noqa: PLC0415

    _check_file(path)
    try:
        container = av.open(
            str(path.absolute()),
            mode="r",
            # Not `options`: they crash PyAV where streams show up late (MPEG-PS; its issue 2010).
            container_options={"protocol_whitelist": "file", "format_whitelist": _allowed_formats()},
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        otherwise = f"cannot be read as a video ({reason}); name a video file, or convert it to MP4 (H.264)."
        raise StudioError(_why_unreadable(path, otherwise)) from error
    with container:
        yield Source(container, _choose_stream(path, container, threaded), threaded)


def packets(source: Source) -> Iterator[Packet]:
    """The stream's packets in coded order; what the file's damage hides is passed over."""
    import av  # noqa: PLC0415

    errors_in_a_row = 0
    while errors_in_a_row < _MOST_READ_ERRORS:
        try:
            for packet in source.container.demux(source.stream):
                errors_in_a_row = 0
                if packet.size > 0:  # an empty one is a dropped frame, or PyAV's mark of the end
                    yield packet
            return
        except av.error.FFmpegError:
            errors_in_a_row += 1


def pictures(source: Source, key_by: int | None = None) -> Iterator[VideoFrame]:
    """The decoded pictures in display order, from where the source stands.

    With `key_by` (ticks; after a seek) decoding starts at the first key frame, and there is nothing
    when that key frame is shown later than `key_by`.

    Raises DamagedPictureError when the source is threaded and a picture is damaged: FFmpeg's threads then
    lose good pictures around the bad one, differently each time. A source that is not threaded
    passes over what cannot be decoded.
    """
    import av  # noqa: PLC0415

    started = key_by is None
    for packet in _with_end(packets(source)):
        if not started:
            if packet is None or not packet.is_keyframe:
                continue
            if key_by is not None and packet.pts is not None and packet.pts > key_by:
                return
            started = True
        try:
            decoded = source.stream.decode(packet)
        except av.error.FFmpegError as error:
            if source.threaded:
                raise DamagedPictureError from error
            continue
        for picture in decoded:
            if source.threaded and picture.is_corrupt:
                raise DamagedPictureError
            yield picture


def is_cut_short(path: Path) -> bool:
    """Whether the file ends before its own outermost boxes do (MP4/MOV, AVI, Matroska/WebM)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(64)
        if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
            return any(end > size for _, _, end in boxes(file, 0, size))
        if start[:4] == b"RIFF":
            return 8 + int.from_bytes(start[4:8], "little") > size
        if start[:4] == b"\x1a\x45\xdf\xa3":
            return _matroska_end(start) > size
    return False


def boxes(file: BinaryIO, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, begin of the content and end of the boxes of an MP4/MOV file (ISO/IEC 14496-12, 4.2), from `start` on.

    The outermost of a file, or those in another's content. The last may claim to end behind `stop`.
    """
    while start + 8 <= stop:
        file.seek(start)
        header = file.read(16)
        length, kind, content = int.from_bytes(header[:4], "big"), header[4:8], start + 8
        if length == 1:
            length, content = int.from_bytes(header[8:16], "big"), start + 16
        elif length == 0:
            length = stop - start
        if length < 8:
            return
        yield kind, content, start + length
        start += length


def _with_end(stream: Iterator[Packet]) -> Iterator[Packet | None]:
    yield from stream
    yield None


def _check_file(path: Path) -> None:
    try:
        found = path.stat()
    except OSError as error:  # not there, its folder may not be searched, a network that is gone
        raise StudioError(describe(error)) from error
    if stat.S_ISDIR(found.st_mode):
        raise StudioError(f"'{path}' is a folder; name a video file.")
    if not stat.S_ISREG(found.st_mode):  # a pipe or a device would block or never end
        raise StudioError(f"'{path}' is not an ordinary file; name a video file.")
    if found.st_size == 0:
        raise StudioError(f"'{path}' is empty; record or copy the video again.")
    if not os.access(path, os.R_OK):
        raise StudioError(f"'{path}' may not be read; check its permissions.")


@cache
def _allowed_formats() -> str:
    import av  # noqa: PLC0415

    names = {name for joined in av.formats_available for name in joined.split(",")}
    return ",".join(sorted(names - _REFUSED_FORMATS))


def _why_unreadable(path: Path, otherwise: str) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        ends = {kind: end for kind, _, end in boxes(file, 0, size)}
    is_mp4 = bool(ends.keys() & {b"ftyp", b"mdat", b"moov"}) and b"meta" not in ends  # meta: a still picture
    if is_mp4 and ends.get(b"moov", size + 1) > size:
        return (
            f"'{path}' was not recorded or copied to its end (its index, 'moov', is missing or not whole); "
            "record or copy it again, or repair it with a tool such as untrunc."
        )
    return f"'{path}' {otherwise}"


def _choose_stream(path: Path, container: InputContainer, threaded: bool) -> VideoStream:
    from av.codec.context import ThreadType  # noqa: PLC0415
    from av.stream import Disposition  # noqa: PLC0415

    still = Disposition.attached_pic | Disposition.timed_thumbnails  # a song's cover, chapter pictures
    moving = [stream for stream in container.streams.video if not stream.disposition & still]
    if not moving:
        raise StudioError(_why_unreadable(path, "holds no video, only sound or data; name a video file."))
    best = container.streams.best("video")
    stream = next((stream for stream in moving if best is not None and stream.index == best.index), moving[0])
    context = stream.codec_context
    if context is None:
        raise StudioError(
            f"'{path}' is coded in a way that cannot be decoded here; convert it to MP4 (H.264)."
        )
    if max(context.width, context.height) > LARGEST_SIDE:
        raise StudioError(
            f"'{path}' claims pictures of {context.width}x{context.height} pixels; "
            f"make them at most {LARGEST_SIDE} on a side."
        )
    context.thread_type = ThreadType.AUTO if threaded else ThreadType.NONE
    if not threaded:
        context.thread_count = 1
    elif context.width * context.height > _MANY_PIXELS:
        context.thread_count = 4  # every thread holds pictures; by default there is one a core
    return stream


def _matroska_end(start: bytes) -> int:
    """Where the Segment of a Matroska file ends; 0 when it does not say (RFC 8794, 6.1; RFC 9559, 5.1)."""
    header_size, at = _matroska_size(start, 4)
    at += header_size
    if start[at : at + 4] != b"\x18\x53\x80\x67":
        return 0
    segment_size, at = _matroska_size(start, at + 4)
    return at + segment_size if segment_size >= 0 else 0


def _matroska_size(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length size at `at` (-1: unknown), and where what it measures begins."""
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    if length > 8:
        return -1, at + 1
    ones = (1 << 7 * length) - 1
    value = int.from_bytes(data[at : at + length], "big") & ones
    return (-1 if value == ones else value), at + length
