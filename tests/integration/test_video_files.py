"""Real and odd video files: every frame once, in order, at its own time, upright; damage is said."""

import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from made_videos import make_sound, make_video, numbered_picture, patch, read_number

from app.errors import StudioError
from app.video import Video, open_video

ONE = 1 << 16
B_FRAMES = {"bf": "3", "g": "24", "b_strategy": "0"}


def _numbers(video: Video, start: int = 0, stop: int | None = None) -> list[int]:
    frames = list(video.frames(start, stop))
    assert [frame.time_s for frame in frames] == [video.time_s[frame.index] for frame in frames]
    return [read_number(frame.image) for frame in frames]


def _check_random_access(video: Video, indices: list[int]) -> None:
    wanted = {frame.index: frame for frame in video.frames() if frame.index in indices}
    for index in indices:
        frame = video.frame(index)
        assert (frame.index, frame.time_s) == (index, wanted[index].time_s)
        np.testing.assert_array_equal(frame.image, wanted[index].image, err_msg=f"frame {index}")


@pytest.mark.parametrize(
    ("name", "count", "size"),
    [
        ("walk_outdoors.mp4", 230, (1768, 994)),
        ("walk_10fps.mp4", 44, (1812, 1004)),
        ("boxing_fast.mp4", 301, (854, 480)),
        ("squats_portrait_5fps.mp4", 65, (720, 1280)),
        ("two_people_indoors.avi", 87, (1920, 1080)),
        ("people_one_by_one_from_behind.mp4", 301, (768, 432)),
    ],
)
def test_real_clips_give_every_frame_once_and_the_same_by_index(
    shared: Path, name: str, count: int, size: tuple[int, int]
) -> None:
    with open_video(shared / "videos" / name) as video:
        assert (video.frame_count, video.width, video.height) == (count, *size)
        assert (video.time_s[0], video.warnings) == (0.0, ())
        assert (np.diff(video.time_s) > 0).all()
        scattered = [count - 1, 0, count // 2, count // 2 + 1, count // 3, 1]
        seen, kept = [], {}
        for frame in video.frames():
            assert frame.image.shape == (size[1], size[0], 3)
            seen.append(frame.index)
            if frame.index in scattered:
                kept[frame.index] = frame.image
        assert seen == list(range(count))
        for index in scattered:
            np.testing.assert_array_equal(video.frame(index).image, kept[index], err_msg=f"frame {index}")


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "options"),
    [
        ("a.mp4", "libx264", "yuv420p", B_FRAMES),
        ("a.mkv", "libx264", "yuv420p", {**B_FRAMES, "x264-params": "open-gop=1"}),
        ("a.ts", "libx264", "yuv420p", {**B_FRAMES, "x264-params": "open-gop=1"}),
        ("a.avi", "libx264", "yuv420p", B_FRAMES),
        ("refresh.mp4", "libx264", "yuv420p", {"g": "20", "bf": "0", "x264-params": "intra-refresh=1"}),
        ("a.mov", "mjpeg", "yuvj420p", {}),
        ("packed.avi", "mpeg4", "yuv420p", {"bf": "2"}),
        ("a.mpg", "mpeg2video", "yuv420p", {"bf": "2"}),
        ("a.webm", "libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "8"}),
        ("hidden.webm", "libvpx", "yuv420p", {"auto-alt-ref": "1", "lag-in-frames": "16", "b": "300k"}),
        ("ten_bit.mkv", "ffv1", "yuv420p10le", {}),
        ("alpha.mkv", "ffv1", "bgra", {}),
        ("lossless.mov", "png", "rgb24", {}),
    ],
)
def test_any_codec_and_container_gives_each_frame_once_and_the_same_by_index(
    tmp_path: Path, name: str, codec: str, pixels: str, options: dict[str, str]
) -> None:
    if codec not in av.codecs_available:
        pytest.skip(f"this PyAV has no encoder {codec}")
    base = Fraction(1, 30)
    path = make_video(
        tmp_path / name, range(60), codec=codec, pixels=pixels, time_base=base, codec_options=options
    )
    with open_video(path) as video:
        assert _numbers(video) == list(range(60))
        np.testing.assert_allclose(video.time_s, np.arange(60) / 30, atol=0.0011)
        assert video.fps == pytest.approx(30.0, rel=1e-9)
        assert not video.is_variable_rate
        assert _numbers(video, 41, 47) == [41, 42, 43, 44, 45, 46]
        _check_random_access(video, [59, 0, 23, 24, 25, 22, 47, 5, 6, 58])


def test_a_gif_gives_each_frame_once(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "a.gif", range(0, 80, 4), codec="gif", pixels="rgb8", time_base=Fraction(1, 100), rate=25
    )
    with open_video(path) as video:
        assert _numbers(video) == list(range(20))
        assert (video.fps, video.codec) == (25.0, "gif")
        _check_random_access(video, [19, 3, 0, 11])


def test_a_gray_video_of_sixteen_bits_becomes_eight_bit_rgb(tmp_path: Path) -> None:
    path = make_video(tmp_path / "gray.mkv", range(0, 1000, 40), codec="ffv1", pixels="gray16le")
    with open_video(path) as video:
        frames = list(video.frames())
    assert [read_number(frame.image, gray=True) for frame in frames] == list(range(25))
    assert frames[0].image.dtype == np.uint8
    assert frames[0].image.shape == (64, 80, 3)


def test_a_variable_frame_rate_keeps_the_container_times(tmp_path: Path) -> None:
    steps = np.random.default_rng(1).integers(200, 2000, 79)
    ticks = [0, *np.cumsum(steps).tolist()]
    path = make_video(tmp_path / "variable.mp4", ticks, codec_options=B_FRAMES)
    with open_video(path) as video:
        assert video.is_variable_rate
        np.testing.assert_allclose(video.time_s, np.array(ticks) / 15360, atol=1e-9)
        assert video.fps == pytest.approx(79 / (ticks[-1] / 15360))
        assert _numbers(video) == list(range(80))
        _check_random_access(video, [70, 3, 71, 24, 23, 79])


def test_ntsc_rate_is_exact_to_its_last_digit(tmp_path: Path) -> None:
    path = make_video(tmp_path / "ntsc.mp4", range(0, 60_060, 1001), time_base=Fraction(1, 30_000))
    with open_video(path) as video:
        assert video.fps == 30_000 / 1001
        assert not video.is_variable_rate


def test_one_dropped_frame_makes_the_rate_variable(tmp_path: Path) -> None:
    ticks = [512 * k for k in range(40) if k != 17]
    with open_video(make_video(tmp_path / "dropped.mp4", ticks)) as video:
        assert video.is_variable_rate
        assert video.time_s[17] - video.time_s[16] == pytest.approx(2 / 30)


def test_a_negative_start_time_loses_no_frame(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "negative.ts",
        range(0, 40 * 512, 512),
        codec_options=B_FRAMES,
        format_options={"avoid_negative_ts": "disabled"},
        shift=-5120,
    )
    with open_video(path) as video:
        assert video.start_time_s == pytest.approx(-1 / 3, abs=1e-4)
        np.testing.assert_allclose(video.time_s, np.arange(40) / 30, atol=1e-4)
        assert _numbers(video) == list(range(40))
        _check_random_access(video, [39, 0, 12])


def test_frames_that_an_edit_list_hides_are_not_given(tmp_path: Path) -> None:
    path = make_video(tmp_path / "edit.mp4", range(0, 40 * 512, 512), codec_options={"bf": "3", "g": "24"})
    content = path.read_bytes()
    at = content.index(b"elst") + 4 + 8  # version and flags, count; then duration (ms), media time, rate
    first = int.from_bytes(content[at + 4 : at + 8], "big") + 5 * 512
    patch(path, b"elst", 8, (35_000 // 30).to_bytes(4, "big") + first.to_bytes(4, "big"))
    with open_video(path) as video:
        assert _numbers(video) == list(range(5, 40))
        assert video.warnings == ()
        assert video.time_s[0] == 0.0
        _check_random_access(video, [34, 0, 1, 19, 18])


def test_a_raw_stream_without_times_is_read_at_its_rate_and_said(tmp_path: Path) -> None:
    path = make_video(
        tmp_path / "raw.h264", range(50), time_base=Fraction(1, 25), rate=25, codec_options=B_FRAMES
    )
    with open_video(path) as video:
        assert _numbers(video) == list(range(50))
        assert len(video.warnings) == 1
        assert "no usable times" in video.warnings[0]
        np.testing.assert_allclose(np.diff(video.time_s), 1 / video.fps)
        _check_random_access(video, [49, 0, 20])


def test_repeated_times_are_spread_and_said(tmp_path: Path) -> None:
    ticks = [0, 100, 100, 300, 400, 500, 600, 600, 800, 900]
    path = make_video(tmp_path / "twice.mkv", ticks, codec="ffv1", time_base=Fraction(1, 1000))
    with open_video(path) as video:
        np.testing.assert_allclose(video.time_s, np.arange(10) / 10, atol=1e-9)
        assert _numbers(video) == list(range(10))
        assert "times of 2 frames" in video.warnings[0]
        assert read_number(video.frame(7).image) == 7


@pytest.mark.parametrize(
    ("clockwise", "matrix"),
    [(90, (0, ONE, -ONE, 0)), (180, (-ONE, 0, 0, -ONE)), (270, (0, -ONE, ONE, 0)), (0, (ONE, 0, 0, ONE))],
)
def test_rotation_metadata_is_applied(tmp_path: Path, clockwise: int, matrix: tuple[int, ...]) -> None:
    # A phone stores the picture as its sensor lies, turned the other way, and notes the turn that is due.
    path = tmp_path / "turned.mov"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("png", rate=30)
        lying = [np.rot90(numbered_picture(k), clockwise // 90) for k in range(5)]
        stream.height, stream.width = lying[0].shape[:2]
        stream.pix_fmt = "rgb24"
        for image in lying:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")))
        output.mux(stream.encode(None))
    a, b, c, d = (value.to_bytes(4, "big", signed=True) for value in matrix)
    patch(path, b"tkhd", 40, a + b + bytes(4) + c + d)
    with open_video(path) as video:
        assert (video.width, video.height, video.rotation) == (80, 64, clockwise)
        assert _numbers(video) == [0, 1, 2, 3, 4]
        assert read_number(video.frame(3).image) == 3


def test_pixels_that_are_not_square_are_kept_and_said(tmp_path: Path) -> None:
    path = make_video(tmp_path / "wide.mp4", range(0, 5120, 512), codec_options={"aspect": "5:2"})
    with open_video(path) as video:
        assert (video.width, video.height) == (80, 64)
        assert "not square" in video.warnings[0]


def test_hd_colours_are_read_by_their_own_matrix_and_range(tmp_path: Path) -> None:
    from av.video.reformatter import ColorRange, Colorspace

    for name, full in (("tv.mp4", False), ("pc.mp4", True)):
        with av.open(str(tmp_path / name), "w") as output:
            stream = output.add_stream("libx264", rate=30, options={"crf": "1"})
            stream.width, stream.height, stream.pix_fmt = 80, 64, "yuv444p"
            color_range = ColorRange.JPEG if full else ColorRange.MPEG
            stream.codec_context.colorspace = Colorspace.ITU709
            stream.codec_context.color_range = color_range
            picture = av.VideoFrame.from_ndarray(numbered_picture(5), format="rgb24").reformat(
                format="yuv444p",
                src_colorspace=Colorspace.DEFAULT,
                dst_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.JPEG,
                dst_color_range=color_range,
            )
            picture.colorspace, picture.color_range = Colorspace.ITU709, color_range
            output.mux(stream.encode(picture))
            output.mux(stream.encode(None))
        with open_video(tmp_path / name) as video:
            np.testing.assert_allclose(video.frame(0).image.astype(int), numbered_picture(5), atol=4)


def test_one_frame_is_a_video(tmp_path: Path) -> None:
    with open_video(make_video(tmp_path / "one.mp4", [0], rate=24, time_base=Fraction(1, 24))) as video:
        assert (video.frame_count, video.time_s.tolist()) == (1, [0.0])
        assert video.fps == 24.0
        assert _numbers(video) == [0]


@pytest.mark.parametrize(
    ("name", "codec", "pixels"), [("a.mkv", "ffv1", "bgr0"), ("a.avi", "rawvideo", "bgr24")]
)
def test_pictures_of_one_pixel_are_read(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    with av.open(str(tmp_path / name), "w") as output:
        stream = output.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 1, 1, pixels
        for level in (0, 100, 200):
            dot = av.VideoFrame.from_ndarray(np.full((1, 1, 3), level, np.uint8), format="rgb24")
            output.mux(stream.encode(dot.reformat(format=pixels)))
        output.mux(stream.encode(None))
    with open_video(tmp_path / name) as video:
        assert (video.width, video.height, video.fps) == (1, 1, 10.0)
        assert [int(frame.image[0, 0, 0]) for frame in video.frames()] == [0, 100, 200]


def test_an_8k_picture_is_read(tmp_path: Path) -> None:
    path = make_video(tmp_path / "8k.avi", [0], codec="mjpeg", pixels="yuvj420p", block=1536)
    with open_video(path) as video:
        assert (video.width, video.height) == (7680, 6144)
        assert _numbers(video) == [0]


def test_a_picture_beyond_any_camera_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.avi"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("rawvideo", rate=10)
        stream.width, stream.height, stream.pix_fmt = 16_400, 2, "bgr24"
        output.mux(stream.encode(av.VideoFrame(16_400, 2, "bgr24")))
    with pytest.raises(StudioError, match=r"16400x2 pixels; make them at most 16384"):
        open_video(path)


@pytest.mark.parametrize(
    "name", ["with spaces.mp4", "Übung é ñ.mp4", "🏃 run 🎬.mp4", "100%d.mp4", "a:b.mp4", "-i.mp4"]
)
def test_any_file_name_works(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32" and ":" in name:
        pytest.skip("Windows has no such file names")
    make_video(tmp_path / "plain.mp4", range(0, 5120, 512)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / name, Path(name)):
        with open_video(path) as video:
            assert _numbers(video) == list(range(10))


def test_sound_only_is_said(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "song.mp4")
    with pytest.raises(StudioError, match=r"song\.mp4' holds no video, only sound"):
        open_video(path)


@pytest.mark.parametrize("name", ["list.m3u8", "list.mp4"])
@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\n{0}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{0}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    ],
)
def test_a_list_of_other_files_or_addresses_is_refused(tmp_path: Path, name: str, text: str) -> None:
    make_video(tmp_path / "secret.ts", range(0, 5120, 512))
    (tmp_path / name).write_text(text.format("secret.ts"))
    with pytest.raises(StudioError, match="cannot be read as a video"):
        open_video(tmp_path / name)


def test_an_index_outside_the_video_is_an_error(tmp_path: Path) -> None:
    with open_video(make_video(tmp_path / "ten.mp4", range(0, 5120, 512))) as video:
        for index in (-1, 10):
            with pytest.raises(IndexError):
                video.frame(index)
        with pytest.raises(IndexError):
            next(video.frames(0, 11))
        assert list(video.frames(10)) == []
