"""Videos that are damaged, and reading a long one: what is there is read, the rest is said."""

import sys
from pathlib import Path

import numpy as np
import pytest
from made_videos import make_video, packet_places, read_number

from app.errors import StudioError
from app.video import open_video

TICKS = range(0, 120 * 512, 512)
B_FRAMES = {"bf": "3", "g": "24"}


def test_a_cut_mp4_gives_the_frames_that_are_there_and_says_how_many(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "cut.mp4", TICKS, codec_options={"bf": "0"}, format_options={"movflags": "+faststart"}
    )
    places = packet_places(path)
    content = path.read_bytes()
    path.write_bytes(content[: sum(places[86]) + places[87][1] // 2])  # ends half way in the 88th picture
    with open_video(path) as video:
        assert video.warnings == ("'cut.mp4' is damaged: 87 of 120 frames could be read.",)
        assert [read_number(frame.image) for frame in video.frames()] == list(range(87))
        assert len(video.warnings) == 1


@pytest.mark.parametrize(
    ("name", "options"),
    [("cut.mp4", {"movflags": "frag_keyframe+empty_moov"}), ("cut.mkv", {}), ("cut.avi", {})],
)
def test_a_cut_recording_says_that_only_its_first_frames_are_there(
    tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    path = make_video(tmp_path / name, TICKS, codec_options={"bf": "0", "g": "24"}, format_options=options)
    at, size = packet_places(path)[70]
    path.write_bytes(path.read_bytes()[: at + size // 2])
    with open_video(path) as video:
        assert 60 <= video.frame_count <= 70
        assert video.warnings == (
            f"'{name}' is damaged: only its first {video.frame_count} frames could be read.",
        )
        frames = list(video.frames())
        assert [read_number(frame.image) for frame in frames] == list(range(video.frame_count))
        np.testing.assert_array_equal(video.frame(video.frame_count - 1).image, frames[-1].image)


@pytest.mark.parametrize("options", [{}, {"movflags": "+faststart"}])
@pytest.mark.parametrize("left", [0.3, 0.05])
def test_an_mp4_without_its_whole_index_is_said(tmp_path: Path, options: dict[str, str], left: float) -> None:
    path = make_video(tmp_path / "stopped.mp4", TICKS, format_options=options)
    content = path.read_bytes()
    index_end = content.index(b"moov") - 4 + int.from_bytes(content[content.index(b"moov") - 4 :][:4], "big")
    path.write_bytes(content[: int(min(index_end, len(content)) * left)])
    with pytest.raises(
        StudioError, match=r"stopped\.mp4' was not recorded or copied to its end .*; record or copy it again"
    ):
        open_video(path)


def test_pictures_that_cannot_be_decoded_are_left_out_and_counted(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = make_video(tmp_path / "holes.mov", range(0, 40 * 512, 512), codec="png", pixels="rgb24")
    content = bytearray(path.read_bytes())
    bad = [7, 8, 20, 39]
    places = packet_places(path)
    for number in bad:
        at, size = places[number]
        content[at : at + size] = bytes(size)
    path.write_bytes(content)
    with open_video(path) as video:
        assert video.frame_count == 40
        for _ in range(2):  # the second time it is known, and said only once
            frames = list(video.frames())
            assert [frame.index for frame in frames] == [k for k in range(40) if k not in bad]
            assert [read_number(frame.image) for frame in frames] == [frame.index for frame in frames]
        assert video.warnings == (
            "'holes.mov' is damaged: 4 of its 40 frames could not be decoded (the first is frame 7).",
        )
        assert read_number(video.frame(9).image) == 9
        with pytest.raises(StudioError, match=r"Frame 8 of '.*holes\.mov' is damaged"):
            video.frame(8)
        assert [frame.index for frame in video.frames(19, 23)] == [19, 21, 22]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("seed", range(4))
def test_noise_in_the_middle_neither_crashes_nor_confuses_the_frames(tmp_path: Path, seed: int) -> None:
    path = make_video(tmp_path / "noise.mp4", TICKS, codec_options=B_FRAMES)
    generator = np.random.default_rng(seed)
    content = bytearray(path.read_bytes())
    for at, size in packet_places(path)[10:110:17]:
        content[at + size // 2 : at + size] = generator.bytes(size - size // 2)
    path.write_bytes(content)
    with open_video(path) as video:
        frames = list(video.frames())
        indices = [frame.index for frame in frames]
        assert video.frame_count == 120
        assert indices == sorted(set(indices))
        assert len(indices) >= 80
        again = list(video.frames())
        assert [frame.index for frame in again] == indices
        for one, other in zip(frames, again, strict=True):
            np.testing.assert_array_equal(one.image, other.image)
        assert [read_number(frame.image) for frame in frames[:8]] == list(range(8))


def test_pure_noise_behind_a_good_header_is_said(tmp_path: Path) -> None:
    path = make_video(tmp_path / "gone.mov", range(0, 5120, 512), codec="png", pixels="rgb24")
    content = bytearray(path.read_bytes())
    for at, size in packet_places(path):
        content[at : at + size] = bytes(size)
    path.write_bytes(content)
    with pytest.raises(StudioError, match="no picture that can be decoded"):
        open_video(path)


def test_random_access_alternates_with_reading_in_order(tmp_path: Path) -> None:
    path = make_video(tmp_path / "both.mp4", TICKS, codec_options=B_FRAMES)
    with open_video(path) as video:
        for frame in video.frames(30, 60):
            other = (frame.index * 37) % 120
            assert read_number(frame.image) == frame.index
            assert read_number(video.frame(other).image) == other


@pytest.mark.skipif(sys.platform == "win32", reason="measures memory as Unix systems tell it")
def test_reading_a_long_video_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    import resource

    path = make_video(
        tmp_path / "long.mp4", range(0, 2000 * 512, 512), block=32, codec_options={"preset": "ultrafast"}
    )
    with open_video(path) as video:
        for _ in video.frames(0, 200):
            pass
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        count = sum(1 for _ in video.frames())
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert count == 2000
    unit = 1 if sys.platform == "darwin" else 1024
    assert grown * unit < 20e6  # the frames together are 123 MB
