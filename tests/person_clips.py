"""Short clips with a person in them, cut from the demo clip (or the development clips) for tests."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

Image = NDArray[np.uint8]

FPS = 25
_REPO = Path(__file__).resolve().parents[1]
_CLIPS = (
    _REPO / "assets" / "demo" / "demo.mp4",
    _REPO.parent / "shared" / "videos" / "boxing_fast.mp4",
)


@cache
def person_pictures() -> tuple[Image, ...]:
    """24 pictures of one moving person, 320 pixels high; the test is skipped where no clip is there."""
    source = next((path for path in _CLIPS if path.is_file()), None)
    if source is None:
        pytest.skip("needs assets/demo/demo.mp4 or ../shared/videos/boxing_fast.mp4")
    pictures: list[Image] = []
    with av.open(str(source)) as container:
        for frame in container.decode(video=0):
            width = 2 * round(160 * frame.width / frame.height)
            pictures.append(_rgb(frame, width, 320))
            if len(pictures) == 24:
                break
    return tuple(pictures)


def nobody() -> Image:
    """A picture of the same size with nobody in it."""
    return np.full_like(person_pictures()[0], 96)


def resized(picture: Image, width: int, height: int) -> Image:
    """The picture at another size."""
    return _rgb(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24"), width, height)


def _rgb(frame: av.VideoFrame, width: int, height: int) -> Image:
    return np.asarray(frame.to_ndarray(format="rgb24", width=width, height=height), dtype=np.uint8)


def write_clip(
    path: Path,
    pictures: Sequence[Image],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Pictures of one size as a video at `FPS` frames a second."""
    with av.open(str(path), "w", container_options=container_options or {}) as output:
        stream: Any = output.add_stream(codec, rate=FPS, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixels
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame = frame.reformat(format=pixels)
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def person_clip(path: Path, count: int = 8) -> Path:
    """A clip of `count` frames with a person in every one."""
    pictures = person_pictures()
    return write_clip(path, [pictures[k % len(pictures)] for k in range(count)])
