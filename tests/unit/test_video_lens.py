"""The field of view that a video's own metadata tell: in the file's, in a track's, in Matroska's tags."""

import math
import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from made_takes import exact_take
from synthetic_body import walk

from app.export.video_camera import focal_px
from app.motion.placing import LENS_UNCERTAINTY, METADATA_LENS_UNCERTAINTY
from app.pipeline import assemble_take
from app.project import open_project, save_project
from app.settings import Settings
from app.take import Take
from app.take_notes import found_in
from app.video import open_video
from app.video.lens import VIDEO_CROP, field_of_view_of

APPLE = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
UTF8, SIGNED, FLOAT = 1, 21, 23


def video(path: Path, metadata: dict[str, str] | None = None, size: tuple[int, int] = (192, 108)) -> Path:
    """Three black pictures in a file that says `metadata` of itself."""
    options = {"movflags": "use_metadata_tags"} if path.suffix in (".mov", ".mp4") else {}
    with av.open(str(path), "w", options=options) as output:
        output.metadata.update(metadata or {})
        stream = output.add_stream("mpeg4", rate=30)
        stream.width, stream.height = size
        stream.codec_context.time_base = Fraction(1, 30)
        for _ in range(3):
            picture = av.VideoFrame.from_ndarray(np.zeros((size[1], size[0], 3), np.uint8), format="rgb24")
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def track_metadata(items: list[tuple[str, int, bytes]], *, iso: bool = False) -> bytes:
    """A `meta` box as a phone writes it into the video track; `iso`: with the version that ISO's has."""
    names = [struct.pack(">I4s", len(name) + 8, b"mdta") + name.encode() for name, _, _ in items]
    values = [
        box(struct.pack(">I", number), box(b"data", struct.pack(">II", kind, 0) + value))
        for number, (_, kind, value) in enumerate(items, start=1)
    ]
    handler = box(b"hdlr", struct.pack(">II4sIII", 0, 0, b"mdta", 0, 0, 0) + b"\0")
    keys = box(b"keys", struct.pack(">II", 0, len(items)) + b"".join(names))
    return box(b"meta", b"\0" * 4 * iso + handler + keys + box(b"ilst", b"".join(values)))


def into_the_track(path: Path, metadata: bytes) -> Path:
    """The file with a box more in its track, which stands at its end."""
    content = path.read_bytes()
    movie, track = content.rfind(b"moov") - 4, content.rfind(b"trak") - 4
    changed = bytearray(content)
    (length,) = struct.unpack_from(">I", content, track)
    changed[track + length : track + length] = metadata
    for at in (movie, track):
        struct.pack_into(">I", changed, at, struct.unpack_from(">I", content, at)[0] + len(metadata))
    path.write_bytes(changed)
    return path


def told(path: Path) -> float | None:
    with open_video(path) as opened:
        assert len(list(opened.frames())) == 3
        assert opened.warnings == ()
        return opened.fov_degrees


@pytest.mark.parametrize("name", ["phone.mov", "phone.mp4", "phone.mkv"])
def test_the_files_metadata_tell_the_field_of_view(tmp_path: Path, name: str) -> None:
    assert told(video(tmp_path / name, {APPLE: "26"})) == pytest.approx(field_of_view_of(26, (192, 108)))
    assert told(video(tmp_path / f"other_{name}", {"comment": "26"})) is None


@pytest.mark.parametrize(
    ("kind", "value"),
    [(UTF8, b"26"), (UTF8, b"26.00mm"), (SIGNED, struct.pack(">I", 26)), (FLOAT, struct.pack(">f", 26.0))],
)
@pytest.mark.parametrize("iso", [False, True])
def test_the_tracks_metadata_tell_it_as_text_or_number_and_go_first(
    tmp_path: Path, kind: int, value: bytes, iso: bool
) -> None:
    path = video(tmp_path / "phone.mov", {APPLE: "50"})
    lens = ("com.apple.quicktime.camera.lens_model", UTF8, b"back camera 6.86mm f/1.78")
    into_the_track(path, track_metadata([lens, (APPLE, kind, value)], iso=iso))
    assert told(path) == pytest.approx(field_of_view_of(26, (192, 108)))


def test_metadata_that_are_cut_short_or_lie_about_their_size_are_passed_over(tmp_path: Path) -> None:
    whole = track_metadata([(APPLE, UTF8, b"26")])
    for at in range(8, len(whole), 3):
        part = whole[:at]
        cut = into_the_track(video(tmp_path / "cut.mov"), struct.pack(">I", len(part)) + part[4:])
        lying = into_the_track(video(tmp_path / "lies.mov"), whole[:at] + b"\xff" * 4 + whole[at + 4 :])
        for path in (cut, lying):
            with open_video(path) as opened:
                assert opened.fov_degrees in (None, pytest.approx(field_of_view_of(26, (192, 108))))
                assert len(list(opened.frames())) == 3


@pytest.mark.parametrize("text", ["0", "-13", "2", "400", "wide\n", "1e999", "26 or so", "nan"])
def test_an_impossible_lens_is_said_and_not_believed(tmp_path: Path, text: str) -> None:
    with open_video(video(tmp_path / "strange.mov", {APPLE: text})) as opened:
        assert opened.fov_degrees is None
        (warning,) = opened.warnings
    assert warning.startswith(f"'strange.mov' says that its lens is as of '{text.strip()}")
    assert "not used" in warning


def test_the_longer_side_is_that_of_the_film_less_what_videos_crop() -> None:
    def focal(size: tuple[int, int]) -> float:
        """In lengths of the longer side."""
        return 0.5 / math.tan(math.radians(field_of_view_of(36 / VIDEO_CROP, size)) / 2)

    assert [focal(size) for size in ((1920, 1080), (1080, 1920), (1440, 1080))] == pytest.approx([1.0] * 3)
    assert focal((1080, 1080)) == pytest.approx(4 / 3)  # cut out of 4 : 3


def test_a_told_lens_serves_unless_one_is_given_and_says_where_it_is_from(tmp_path: Path) -> None:
    exact = exact_take(walk(30, 30.0))
    assert exact.evidence is not None

    def made(given: float | None, of_video: float | None) -> Take:
        source = replace(exact.source, fov_degrees=of_video)
        keypoints = exact.keypoints, exact.scores
        return assemble_take(
            source, exact.time_s, keypoints, exact.evidence, Settings(fov_degrees=given), (), {}
        )

    takes = made(50.0, 70.0), made(None, 70.0), made(None, None)
    cameras = [take.provenance["motion"]["camera"] for take in takes]
    assert [take.known_fov() for take in takes] == [50.0, 70.0, None]
    assert [camera["fov_degrees_longer_side"] for camera in cameras] == [50.0, 70.0, 60.0]
    assert [camera["fov_from"] for camera in cameras] == ["given", "metadata", "assumed"]
    errors = [camera["distance_uncertainty_of_the_lens"] for camera in cameras]
    assert errors == [0.0, METADATA_LENS_UNCERTAINTY, LENS_UNCERTAINTY]
    assert METADATA_LENS_UNCERTAINTY < LENS_UNCERTAINTY
    assert [focal_px(take) for take in takes] == pytest.approx([camera["focal_px"] for camera in cameras])
    assert np.nanmean(takes[1].root_camera[..., 2]) < 0.9 * np.nanmean(takes[2].root_camera[..., 2])
    assert found_in(takes[1])["fov_degrees"].startswith("70° (from the video's metadata")
    assert "fov_degrees" not in found_in(takes[0])
    save_project(takes[1], tmp_path / "walk.stctake")
    assert open_project(tmp_path / "walk.stctake").known_fov() == 70.0
