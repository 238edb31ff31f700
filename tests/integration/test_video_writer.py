"""Writing MP4 files: frames at exactly their times, colours kept, and nothing half written."""

import errno
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from made_videos import numbered_picture, read_number
from numpy.typing import NDArray

from app.errors import StudioError
from app.video import open_video
from app.video.writing import write_video

SIZE = (80, 64)


def _frames(times: list[float]) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    for number, time_s in enumerate(times):
        yield time_s, numbered_picture(number)


def test_frames_come_back_at_the_times_given(tmp_path: Path) -> None:
    steps = np.random.default_rng(2).uniform(0.004, 0.2, 99)
    times = (0.25 + np.concatenate([[0.0], np.cumsum(steps)])).tolist()
    path = tmp_path / "new folder" / "läuft 🏃.mp4"
    assert write_video(path, _frames(times), SIZE) == 100
    with open_video(path) as video:
        np.testing.assert_allclose(video.time_s + video.start_time_s, times, atol=0.51 / 90_000)
        assert [read_number(frame.image) for frame in video.frames()] == list(range(100))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60, 30_000 / 1001])
def test_usual_frame_rates_come_back_exactly(tmp_path: Path, fps: float) -> None:
    path = tmp_path / "even.mp4"
    write_video(path, _frames([k / fps for k in range(30)]), SIZE)
    with open_video(path) as video:
        assert video.fps == pytest.approx(fps, rel=1e-12)
        assert not video.is_variable_rate


def test_any_player_can_read_it_and_start_at_once(tmp_path: Path) -> None:
    path = tmp_path / "overlay.mp4"
    write_video(path, _frames([0.0, 0.1]), SIZE)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")


def test_colours_come_back(tmp_path: Path) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 120, 40)]
    path = tmp_path / "colours.mp4"
    write_video(path, ((k / 10, np.full((64, 80, 3), c, np.uint8)) for k, c in enumerate(colours)), SIZE)
    with open_video(path) as video:
        for frame, colour in zip(video.frames(), colours, strict=True):
            np.testing.assert_allclose(frame.image[32, 40].astype(int), colour, atol=3)


@pytest.mark.parametrize(("width", "height"), [(81, 63), (1, 1), (2, 7)])
def test_odd_sizes_are_padded_by_their_last_row_and_column(tmp_path: Path, width: int, height: int) -> None:
    image = np.full((height, width, 3), 30, np.uint8)
    image[:, -1] = 220
    path = tmp_path / "odd.mp4"
    write_video(path, [(0.0, image), (0.1, image)], (width, height), quality_loss=5)
    with open_video(path) as video:
        assert (video.width, video.height) == (width + width % 2, height + height % 2)
        assert video.frame(1).image[0, -1].mean() == pytest.approx(220, abs=12)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([], "no frames"),
        ([(0.0, numbered_picture(0)), (0.0, numbered_picture(1))], "frame 1 is at 0 s, not later"),
        ([(0.0, numbered_picture(0)), (float("nan"), numbered_picture(1))], "frame 1 is at nan s"),
        (
            [(0.0, numbered_picture(0)), (0.1, numbered_picture(1)[:60])],
            r"frame 1 is uint8 of shape \(60, 80, 3\)",
        ),
        ([(0.0, numbered_picture(0).astype(np.float32))], "frame 0 is float32"),
    ],
)
def test_unfit_frames_are_said_and_the_old_file_stays(
    tmp_path: Path, frames: list[tuple[float, NDArray[np.uint8]]], said: str
) -> None:
    path = tmp_path / "kept.mp4"
    path.write_bytes(b"the old one")
    with pytest.raises(StudioError, match=f"kept.mp4' was not written.*{said}"):
        write_video(path, frames, SIZE)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_stop_half_way_leaves_nothing(tmp_path: Path) -> None:
    def stopped() -> Iterator[tuple[float, NDArray[np.uint8]]]:
        yield from _frames([k / 30 for k in range(100)])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(tmp_path / "stopped.mp4", stopped(), SIZE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full to act as a full disk")
def test_a_full_disk_is_an_os_error_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from contextlib import contextmanager

    @contextmanager
    def on_a_full_disk(_target: Path) -> Iterator[Path]:
        yield Path("/dev/full")

    monkeypatch.setattr("app.video.writing.atomic_path", on_a_full_disk)
    with pytest.raises(OSError, match=r"full\.mp4") as error:
        write_video(tmp_path / "full.mp4", _frames([k / 30 for k in range(300)]), SIZE)
    assert error.value.errno == errno.ENOSPC
