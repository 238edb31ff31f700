"""PNG frames to an H.264 file."""

from fractions import Fraction
from pathlib import Path

import av

from stcformer.atomic import atomic_path


def encode(frames: list[Path], target: Path, fps: float, crf: int) -> None:
    """Write the pictures as yuv420p MP4, one keyframe a second, the index at the front."""
    rate = Fraction(fps).limit_denominator(1001)
    with (
        atomic_path(target) as temporary,
        av.open(str(temporary), "w", options={"movflags": "+faststart"}) as container,
    ):
        stream = None
        for index, path in enumerate(frames):
            with av.open(str(path)) as picture:
                frame = next(picture.decode(video=0))
            if stream is None:
                stream = container.add_stream(
                    "libx264",
                    rate=rate,
                    options={"crf": str(crf), "preset": "veryslow", "g": str(round(fps))},
                )
                stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "yuv420p"
            converted = frame.reformat(format="yuv420p")
            converted.pts, converted.time_base = index, 1 / rate  # a PNG's own times are of no meaning
            container.mux(stream.encode(converted))
        container.mux(stream.encode())
