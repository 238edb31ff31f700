"""Frames from memory or from the file, step by step: how much is decoded, what is kept, what is read ahead."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest
from made_videos import make_video, read_number

from app.errors import StudioError
from app.video import open_video
from app.video.frame_reader import FrameReader, Image

LONG_GROUPS = {"g": "250", "sc_threshold": "0", "bf": "2", "preset": "ultrafast"}
SHORT_GROUPS = {"g": "10", "sc_threshold": "0", "bf": "2", "preset": "ultrafast"}


@contextmanager
def _reader(path: Path, megabytes: float = 64, preview_height: int | None = None) -> Iterator[FrameReader]:
    with open_video(path) as video:
        reader = FrameReader(video, megabytes, preview_height)
        try:
            yield reader
        finally:
            reader.close()


def _read(reader: FrameReader, frame: int) -> tuple[Image, int]:
    """The picture of a frame, and in how many decoding steps it came."""
    steps = 0
    while (image := reader.image(frame)) is None:
        reader.step(frame)
        steps += 1
        assert steps < 1000
    return image, steps


def _fill(reader: FrameReader, around: int) -> int:
    steps = 0
    while reader.fill(around):
        steps += 1
        assert steps < 10_000
    return steps


def _clip(path: Path, count: int = 60, options: dict[str, str] | None = None, block: int = 16) -> Path:
    ticks = range(0, count * 512, 512)
    return make_video(path, ticks, codec_options=options or LONG_GROUPS, block=block)


def test_a_request_on_the_way_to_a_newer_one_is_answered_first_and_another_is_dropped(tmp_path: Path) -> None:
    with _reader(_clip(tmp_path / "a.mp4", 300)) as reader:
        reader.step(100)  # stands at the first pictures now, on the way to 100
        assert reader.leads_over(100, 120)
        assert not reader.leads_over(100, 40)
        assert not reader.leads_over(100, 260)  # behind a key frame from which it is nearer
        _read(reader, 120)
        assert not reader.leads_over(130, 110)  # in memory


def test_stepping_back_in_a_long_group_decodes_it_once(tmp_path: Path) -> None:
    with _reader(_clip(tmp_path / "a.mp4", 200)) as reader:
        _, steps = _read(reader, 150)
        assert steps == 151
        for frame in range(149, -1, -1):
            image, steps = _read(reader, frame)
            assert (read_number(image), steps) == (frame, 0)


def test_going_on_decodes_only_what_is_new(tmp_path: Path) -> None:
    with _reader(_clip(tmp_path / "a.mp4", 200)) as reader:
        _read(reader, 100)
        assert _read(reader, 103)[1] == 3
        with _reader(_clip(tmp_path / "short.mp4", 200, SHORT_GROUPS)) as short:
            _read(short, 5)
            assert _read(short, 197)[1] == 8  # from key frame 190, not through all before


def test_memory_stays_within_its_budget(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", 120, block=64)
    with av.open(str(path)) as container:
        picture = next(container.decode(video=0))
        size = sum(plane.buffer_size for plane in picture.planes)
    megabytes = 10 * size / 1e6
    with _reader(path, megabytes) as reader:
        for frame in (0, 60, 119, 40):
            assert read_number(_read(reader, frame)[0]) == frame
            assert sum(reader.has(k) for k in range(120)) <= 10
        assert reader.has(40)
        assert not reader.has(119)


def test_while_nothing_is_asked_for_all_frames_are_decoded_if_they_fit(tmp_path: Path) -> None:
    with _reader(_clip(tmp_path / "a.mp4", 90, SHORT_GROUPS), preview_height=20) as reader:
        _read(reader, 45)
        _fill(reader, 45)
        for frame in range(90):
            image, steps = _read(reader, frame)
            assert (read_number(image), steps) == (frame, 0)
            assert reader.preview(frame) is None  # no need of it
        assert not reader.fill(45)


def test_what_does_not_fit_is_kept_as_previews_of_the_same_frames(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", 120, block=64)  # 320x256
    with _reader(path, 4.0, preview_height=128) as reader:
        _read(reader, 60)
        _fill(reader, 60)
        pictures = sum(reader.image(frame) is not None for frame in range(120))
        assert 5 <= pictures <= 33
        for frame in range(120):
            preview = reader.preview(frame)
            assert preview is not None, frame
            assert preview.shape == (128, 160, 3)
            assert read_number(preview) == frame


def test_previews_move_to_where_they_are_needed_when_not_all_fit(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", 300, SHORT_GROUPS, block=64)
    with _reader(path, 0.4, preview_height=128) as reader:
        _read(reader, 10)
        _fill(reader, 10)
        near = [frame for frame in range(300) if reader.preview(frame) is not None]
        assert near == list(range(len(near)))
        assert 10 < len(near) < 100
        _read(reader, 200)
        _fill(reader, 200)
        far = [frame for frame in range(300) if reader.preview(frame) is not None]
        assert set(range(190, 210)) <= set(far)  # on both sides of it
        assert far[0] > 150  # and nothing is left of where it was before
        assert not reader.fill(200)


def test_a_small_video_has_no_previews(tmp_path: Path) -> None:
    with _reader(_clip(tmp_path / "a.mp4", 90), 0.1, preview_height=64) as reader:
        _read(reader, 45)
        _fill(reader, 45)
        assert all(reader.preview(frame) is None for frame in range(90))


def test_playing_reads_ahead_and_over_the_end_of_the_loop(tmp_path: Path) -> None:
    with _reader(_clip(tmp_path / "a.mp4", 120, SHORT_GROUPS)) as reader:
        _read(reader, 50)
        while reader.read_ahead(50, 35, 60):
            pass
        assert [frame for frame in range(120) if reader.has(frame) and frame > 60] == []
        assert all(reader.has(frame) for frame in range(35, 60))


def test_playing_reads_ahead_no_more_than_memory_holds(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", 120, SHORT_GROUPS, block=64)
    with _reader(path, 1.0) as reader:  # eight pictures
        _read(reader, 50)
        steps = 0
        while reader.read_ahead(50, 0, 120):
            steps += 1
            assert steps < 20
        assert reader.has(50)
        assert reader.has(52)
        assert not reader.has(60)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not let go of a file that is open")
def test_a_file_that_goes_away_is_said_and_what_is_in_memory_is_still_given(tmp_path: Path) -> None:
    path = _clip(tmp_path / "a.mp4", 60, SHORT_GROUPS)
    with _reader(path) as reader:
        _read(reader, 5)
        reader.close()
        _read(reader, 15)
        path.unlink()
        assert read_number(_read(reader, 12)[0]) == 12
        reader._near.close()
        assert not reader.fill(30)
        with pytest.raises(StudioError, match="does not exist"):
            reader.step(45)
