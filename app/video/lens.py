"""The lens as a video's own metadata tell it: a focal length for 35 mm film, made a field of view.

Apple's phones write `com.apple.quicktime.camera.focal_length.35mm_equivalent` (AVFoundation's AVMetadataKey) into the
metadata of the video track, and programs that pass it on write it into those of the file; Android's own recorder
writes none. FFmpeg reads the file's metadata (and the tags of Matroska), but not a track's own, so those are read here.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from app.video.container import Source, boxes

FILM_WIDTH_MM = 36.0
"""Of a 35 mm film frame, 36 by 24 mm. Makers compare by the frame's width or by its diagonal; for 4:3 photos and 16:9
videos these differ by 4 % at most."""
NARROWEST_SHAPE = 4 / 3
"""Sensors of phones have this shape, and their videos keep its longer side. A picture that is nearer to a square was
cut at its longer side too."""
VIDEO_CROP = 1.1
"""How much longer than its lens's the focal length of a video is. The number is that of the lens and of photos; videos
show less of the sensor, and steadying the picture takes its margins: 0 to 20 % together, of which this is the middle."""
NARROWEST_DEGREES, WIDEST_DEGREES = 10.0, 150.0
"""Fields of view outside of these are not believed."""

_KEY = re.compile(r"focal.?length.*35.?mm", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:mm)?\s*")
_MOST_BOXES = 1000
_LONGEST_BOX = 2**16
_UTF8, _FLOAT32, _FLOAT64 = 1, 23, 24
_SIGNED, _UNSIGNED = (21, 65, 66, 67, 74), (22, 75, 76, 77, 78)
"""Kinds of values, as QuickTime numbers them (QuickTime File Format, Metadata, well-known types)."""

Span = tuple[int, int]


@dataclass(frozen=True)
class ToldLens:
    """What the metadata say of the lens."""

    fov_degrees: float | None = None
    """Field of view over the longer side of the picture; None where they say nothing that can be believed."""
    warning: str = ""
    """The end of a sentence on what cannot be believed; it begins with the name of the file."""


def read_lens(path: Path, source: Source, size: tuple[int, int]) -> ToldLens:
    """The lens of an open video whose pictures have `size` (two sides in pixels, in any order).

    The track's own metadata go before those of the stream and of the file.
    """
    text = next((text for key, text in _metadata(path, source) if text and _KEY.search(key)), None)
    if text is None:
        return ToldLens()
    number = _NUMBER.fullmatch(text)
    fov = None if number is None else field_of_view_of(float(number[1]), size)
    if fov is None or not NARROWEST_DEGREES <= fov <= WIDEST_DEGREES:
        shown = "".join(letter for letter in text if letter.isprintable())[:40]
        return ToldLens(
            None,
            f"says that its lens is as of '{shown}' mm for 35 mm film; that is not possible, and not used.",
        )
    return ToldLens(fov)


def field_of_view_of(equivalent_mm: float, size: tuple[int, int]) -> float:
    """Degrees over the longer side of a video of `size`, of a focal length that is given for 35 mm film, in mm."""
    width = FILM_WIDTH_MM * min(1.0, max(size) / min(size) / NARROWEST_SHAPE)
    return math.degrees(2 * math.atan2(width / 2, equivalent_mm * VIDEO_CROP))


def _metadata(path: Path, source: Source) -> Iterator[tuple[str, str]]:
    if "mov" in source.container.format.name.split(","):
        yield from _track_metadata(path, source.stream.id)
    yield from source.stream.metadata.items()
    yield from source.container.metadata.items()


def _track_metadata(path: Path, track: int) -> Iterator[tuple[str, str]]:
    """Keys and values of a track's own metadata (QuickTime File Format, Metadata; ISO/IEC 14496-12, 8.11)."""
    with path.open("rb") as file:
        for movie in _inside(file, (0, path.stat().st_size), b"moov"):
            for part in _inside(file, movie, b"trak"):
                header = next(_inside(file, part, b"tkhd"), None)
                if header is not None and _track_number(_read(file, header)) == track:
                    for metadata in _inside(file, part, b"meta"):
                        yield from _items(file, metadata)


def _inside(file: BinaryIO, span: Span, kind: bytes) -> Iterator[Span]:
    """Where the contents of the boxes of a kind lie, within a part of the file."""
    for found, start, end in islice(boxes(file, *span), _MOST_BOXES):
        if found == kind:
            yield start, min(end, span[1])


def _read(file: BinaryIO, span: Span) -> bytes:
    file.seek(span[0])
    return file.read(min(span[1] - span[0], _LONGEST_BOX))


def _track_number(header: bytes) -> int:
    """The track's number in a `tkhd`; 0, which no track has, in one that is cut short."""
    at = 20 if header[:1] == b"\1" else 12
    return int.from_bytes(header[at : at + 4], "big")


def _items(file: BinaryIO, metadata: Span) -> Iterator[tuple[str, str]]:
    start, end = metadata
    if _read(file, (start + 4, start + 8)) != b"hdlr":
        start += 4  # ISO's box has a version before the boxes in it, QuickTime's has none
    names = [_keys(_read(file, span)) for span in _inside(file, (start, end), b"keys")][:1]
    for span in _inside(file, (start, end), b"ilst"):
        if names:
            yield from _values(_read(file, span), names[0])


def _keys(content: bytes) -> list[str]:
    """The names in a `keys` box, in their order."""
    names, at = [], 8
    while at + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        if length < 8:
            break
        names.append(content[at + 8 : at + length].decode("utf-8", "replace"))
        at += length
    return names


def _values(content: bytes, names: list[str]) -> Iterator[tuple[str, str]]:
    """The names and values of an `ilst` box: each item has the number of its name, from 1, and a `data` box."""
    at = 0
    while at + 24 <= len(content):
        length, number, inner, _, kind = struct.unpack_from(">II I4sI", content, at)
        if length < 24:
            return
        if 1 <= number <= len(names):
            yield names[number - 1], _text(kind & 0xFFFFFF, content[at + 24 : at + min(8 + inner, length)])
        at += length


def _text(kind: int, value: bytes) -> str:
    """A value of a QuickTime kind, in words; a kind that is no text and no number is empty."""
    if kind == _UTF8:
        return value.decode("utf-8", "replace")
    if kind in (_FLOAT32, _FLOAT64) and len(value) == {_FLOAT32: 4, _FLOAT64: 8}[kind]:
        return f"{struct.unpack('>f' if kind == _FLOAT32 else '>d', value)[0]:g}"
    if kind in (*_SIGNED, *_UNSIGNED) and 1 <= len(value) <= 8:
        return str(int.from_bytes(value, "big", signed=kind in _SIGNED))
    return ""
