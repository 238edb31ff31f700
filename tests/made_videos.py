"""Videos made for tests: every frame carries its number as big blocks, so a test reads which frame it got."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 5, 4
HEADER = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]], np.uint8)
"""The top row of blocks, left to right: tells whether the picture is upright and its colours are right."""


def numbered_picture(number: int, block: int = 16) -> NDArray[np.uint8]:
    """(4 block, 5 block, 3): `HEADER` above 15 black or white blocks, the number's bits, highest first."""
    bits = [(number >> (14 - bit)) & 1 for bit in range(15)]
    blocks = np.zeros((ROWS, COLUMNS, 3), np.uint8)
    blocks[0] = HEADER
    blocks[1:] = np.array(bits, np.uint8).reshape(3, COLUMNS, 1) * 255
    return blocks.repeat(block, axis=0).repeat(block, axis=1)


def read_number(image: NDArray[np.uint8], gray: bool = False) -> int:
    """The number in a picture; fails the test when the picture is not upright, or of wrong colours."""
    height, width = image.shape[0] // ROWS, image.shape[1] // COLUMNS
    blocks = image[height // 2 :: height, width // 2 :: width][:ROWS, :COLUMNS].astype(int)
    if not gray:
        np.testing.assert_allclose(blocks[0], HEADER, atol=60, err_msg="the picture is not upright")
    bits = (blocks[1:].mean(axis=2) > 127).ravel()
    return int(sum(1 << (14 - bit) for bit in range(15) if bits[bit]))


def make_video(
    path: Path,
    ticks: Sequence[int],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    time_base: Fraction = Fraction(1, 15360),
    rate: int = 30,
    codec_options: dict[str, str] | None = None,
    format_options: dict[str, str] | None = None,
    container: str | None = None,
    block: int = 16,
    shift: int = 0,
) -> Path:
    """A video whose k-th frame carries k and is shown at `ticks[k]` of `time_base`, plus `shift`."""
    with av.open(str(path), "w", format=container, container_options=format_options or {}) as output:
        stream: Any = output.add_stream(codec, rate=rate, options=codec_options or {})
        stream.width, stream.height, stream.pix_fmt = COLUMNS * block, ROWS * block, pixels
        stream.codec_context.time_base = time_base
        for number, tick in enumerate(ticks):
            picture = av.VideoFrame.from_ndarray(numbered_picture(number, block), format="rgb24")
            picture = picture.reformat(format=pixels)
            picture.pts, picture.time_base = tick, time_base
            _mux(output, stream.encode(picture), shift)
        _mux(output, stream.encode(None), shift)
    return path


def make_sound(path: Path) -> Path:
    """A file with sound only."""
    with av.open(str(path), "w") as output:
        stream: Any = output.add_stream("aac", rate=44_100)
        for part in range(10):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            sound.sample_rate, sound.pts = 44_100, part * 1024
            output.mux(stream.encode(sound))
        output.mux(stream.encode(None))
    return path


def patch(path: Path, kind: bytes, offset: int, data: bytes) -> None:
    """Overwrite bytes of the first box `kind` of an MP4 file, `offset` bytes after its kind."""
    content = bytearray(path.read_bytes())
    at = content.index(kind) + len(kind) + offset
    content[at : at + len(data)] = data
    path.write_bytes(content)


def packet_places(path: Path) -> list[tuple[int, int]]:
    """Position and size in bytes of each packet of the first stream."""
    with av.open(str(path)) as container:
        return [(packet.pos or 0, packet.size) for packet in container.demux(video=0) if packet.size]


def _mux(output: Any, packets: Any, shift: int) -> None:
    for packet in packets:
        packet.pts += shift
        packet.dts += shift
        output.mux(packet)
