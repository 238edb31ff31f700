"""Opening what is no video, turning pictures upright, and cameras that are not there."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.errors import StudioError
from app.video import open_video
from app.video.container import is_cut_short
from app.video.reading import Orientation, read_orientation
from app.video.webcam import list_cameras, open_camera

ONE = 1 << 16


def _matrix(a: int, b: int, c: int, d: int) -> np.ndarray:
    return np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], dtype=np.int32)


def _sentence(error: pytest.ExceptionInfo[StudioError], path: Path) -> str:
    text = str(error.value)
    assert str(path) in text
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "nö such.mp4"
    with pytest.raises(StudioError) as error:
        open_video(path)
    assert "does not exist" in _sentence(error, path)


def test_a_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as error:
        open_video(tmp_path)
    assert "folder" in _sentence(error, tmp_path)


def test_an_empty_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(StudioError) as error:
        open_video(path)
    assert "empty" in _sentence(error, path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes, which this system has not")
def test_a_pipe_is_refused_and_does_not_block(tmp_path: Path) -> None:
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    with pytest.raises(StudioError) as error:
        open_video(path)
    assert "not an ordinary file" in _sentence(error, path)


@pytest.mark.parametrize("content", [b"Only words.\n" * 400, b"x", bytes(range(256)) * 300, b"\0" * 5000])
def test_a_file_that_is_no_video_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "words.mp4"
    path.write_bytes(content)
    with pytest.raises(StudioError) as error:
        open_video(path)
    assert "cannot be read as a video" in _sentence(error, path)


def test_importing_does_not_load_the_video_library() -> None:
    code = (
        "import sys, app.video, app.video.writing, app.video.webcam; print({'av', 'cv2'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("matrix", "rotation", "corner"),
    [
        (_matrix(ONE, 0, 0, ONE), 0, "top left"),
        (_matrix(0, ONE, -ONE, 0), 90, "top right"),
        (_matrix(-ONE, 0, 0, -ONE), 180, "bottom right"),
        (_matrix(0, -ONE, ONE, 0), 270, "bottom left"),
        (_matrix(-ONE, 0, 0, ONE), 0, "top right"),
        (_matrix(ONE, 0, 0, -ONE), 180, "bottom left"),
    ],
)
def test_a_display_matrix_moves_the_top_left_corner(matrix: np.ndarray, rotation: int, corner: str) -> None:
    stored = np.zeros((4, 6, 3), np.uint8)
    stored[0, 0] = 255
    orientation = read_orientation(matrix)
    assert orientation is not None
    upright = orientation.apply(stored)
    row, column = (int(place) for place in np.argwhere(upright[..., 0])[0])
    vertical, horizontal = corner.split()
    assert row == (0 if vertical == "top" else upright.shape[0] - 1)
    assert column == (0 if horizontal == "left" else upright.shape[1] - 1)
    assert orientation.rotation() == rotation
    assert upright.shape == ((6, 4, 3) if rotation in (90, 270) else (4, 6, 3))
    assert upright.flags.c_contiguous


def test_a_quarter_turn_turns_a_row_into_a_column_in_order() -> None:
    stored = np.arange(6, dtype=np.uint8).reshape(1, 6, 1).repeat(3, axis=2)
    clockwise = Orientation(transpose=True, mirror_x=True)
    assert clockwise.apply(stored)[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    counterclockwise = Orientation(transpose=True, mirror_y=True)
    assert counterclockwise.apply(stored)[:, 0, 0].tolist() == [5, 4, 3, 2, 1, 0]


def test_an_angle_between_quarter_turns_is_not_guessed() -> None:
    eighth = round(ONE * 0.7071)
    assert read_orientation(_matrix(eighth, eighth, -eighth, eighth)) is None
    assert read_orientation(_matrix(0, 0, 0, 0)) is None


@pytest.mark.parametrize(
    ("content", "cut"),
    [
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x10mdat12345678", False),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x10mdat1234", True),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x01mdat" + (24).to_bytes(8, "big") + b"12345678", False),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\x01mdat" + (25).to_bytes(8, "big") + b"12345678", True),
        (b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\0mdat1234", False),
        (b"RIFF\x08\0\0\0AVI 1234", False),
        (b"RIFF\x09\0\0\0AVI 1234", True),
        (b"\x1a\x45\xdf\xa3\x82ab\x18\x53\x80\x67\x84abcd", False),
        (b"\x1a\x45\xdf\xa3\x82ab\x18\x53\x80\x67\x85abcd", True),
        (b"\x1a\x45\xdf\xa3\x82ab\x18\x53\x80\x67\xffabcd", False),
        (b"something else", False),
    ],
)
def test_a_file_that_ends_within_its_own_boxes_is_cut_short(
    tmp_path: Path, content: bytes, cut: bool
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert is_cut_short(path) is cut


def test_an_absent_camera_is_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StudioError, match=r"^Camera 99 cannot be opened; .*\.$"), open_camera(99):
        pass
    with pytest.raises(StudioError, match="counted from 0"), open_camera(-1):
        pass
    assert capfd.readouterr() == ("", "")


class _FakeCapture:
    """A camera of three pictures, then none."""

    def __init__(self) -> None:
        self.left = 4  # one is read when the camera is opened
        self.released = False

    def isOpened(self) -> bool:  # noqa: N802 (OpenCV's name)
        return True

    def get(self, _property: int) -> float:
        return 30.0

    def grab(self) -> bool:
        self.left -= 1
        return self.left >= 0

    def retrieve(self) -> tuple[bool, np.ndarray]:
        blue = np.zeros((2, 4, 3), np.uint8)
        blue[..., 0] = 200
        return True, blue

    def read(self) -> tuple[bool, np.ndarray | None]:
        return self.retrieve() if self.grab() else (False, None)

    def release(self) -> None:
        self.released = True


def test_a_camera_gives_frames_in_rgb_with_rising_times_until_it_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    capture = _FakeCapture()
    monkeypatch.setattr("app.video.webcam._open_capture", lambda _index: capture)
    assert list_cameras(2) == (0, 1)
    capture.released = False
    frames = []
    with open_camera(0) as camera:
        assert (camera.width, camera.height, camera.fps) == (4, 2, 30.0)
        coming = camera.frames()
        frames.extend(next(coming) for _ in range(3))
        with pytest.raises(StudioError, match="stopped giving pictures"):
            next(coming)
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert frames[0].time_s == 0.0
    assert frames[0].time_s <= frames[1].time_s <= frames[2].time_s
    assert frames[0].image[0, 0].tolist() == [0, 0, 200]
    assert capture.released
