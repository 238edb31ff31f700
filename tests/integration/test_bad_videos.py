"""Videos that are not what one hopes for, through the whole command: one clear sentence, or what is there."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from command_line import CommandLine, is_empty, listing, rows, sidecar
from made_videos import make_sound, make_video, packet_places, patch
from person_clips import FPS, nobody, person_clip, person_pictures, resized, write_clip

from app.export import FORMATS
from app.export.npz_archive import read_npz
from app.video import open_video
from stcformer.bvh import read_bvh

ALL_FORMATS = ",".join(FORMATS)


@pytest.fixture
def stcstudio(capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capfd)


def _absent(path: Path) -> None:
    del path


def _folder(path: Path) -> None:
    path.mkdir()


def _text(path: Path) -> None:
    path.write_text("This is a shopping list.\n" * 200)


def _empty(path: Path) -> None:
    path.touch()


def _without_index(path: Path) -> None:
    make_video(path, range(0, 5120, 512))
    path.write_bytes(path.read_bytes()[:300])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_absent, "does not exist; check the path"),
        (_folder, "is a folder; name a video file"),
        (_text, "cannot be read as a video"),
        (_empty, "is empty; record or copy the video again"),
        (make_sound, "holds no video, only sound"),
        (_without_index, "was not recorded or copied to its end"),
    ],
)
def test_what_is_no_video_is_one_sentence_and_makes_nothing(
    stcstudio: CommandLine, tmp_path: Path, make: object, reason: str
) -> None:
    assert callable(make)
    video = tmp_path / "clip.mp4"
    make(video)
    before = listing(tmp_path)
    sentence = stcstudio("run", video, "-o", tmp_path / "out").sentence()
    assert f"'{video}' {reason}" in sentence
    assert listing(tmp_path) == before


def test_a_truncated_mp4_is_processed_as_far_as_it_goes_and_that_is_said(
    stcstudio: CommandLine, tmp_path: Path
) -> None:
    video = write_clip(
        tmp_path / "cut.mp4",
        person_pictures(),
        options={"bf": "0"},
        container_options={"movflags": "+faststart"},
    )
    places = packet_places(video)
    video.write_bytes(video.read_bytes()[: places[15][0] + places[15][1] // 2])
    done = stcstudio.done("run", video, "-o", tmp_path / "out", "--format", "csv,bvh")
    assert "Note: 'cut.mp4' is damaged: 15 of 24 frames could be read." in done.out
    table = rows(tmp_path / "out" / "cut.csv")
    assert [int(row["frame"]) for row in table] == list(range(15))
    assert not any(map(is_empty, table))
    assert len(read_bvh(tmp_path / "out" / "cut.bvh").values) == 15
    described = sidecar(tmp_path / "out" / "cut.json")
    assert described["source"]["frames"] == 15
    assert "15 of 24" in described["provenance"]["video"]["warnings"][0]


def test_one_frame_with_a_person_gives_every_format_one_row(stcstudio: CommandLine, tmp_path: Path) -> None:
    video = person_clip(tmp_path / "one.mp4", 1)
    done = stcstudio.done("run", video, "-o", tmp_path, "--format", ALL_FORMATS)
    assert "A person in 1 of 1 frames" in done.out
    assert [is_empty(row) for row in rows(tmp_path / "one.csv")] == [False]
    assert np.isfinite(read_npz(tmp_path / "one.npz")["world"]).all()
    motion = read_bvh(tmp_path / "one.bvh")
    assert len(motion.values) == 1
    assert motion.frame_time == 1 / FPS
    with open_video(tmp_path / "one.overlay.mp4") as overlay:
        assert overlay.frame_count == 1


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("at first", [False] * 6 + [True] * 8),
        ("at last", [True] * 6 + [False] * 6),
    ],
)
def test_frames_with_nobody_in_view_are_empty_cells_and_nan(
    stcstudio: CommandLine, tmp_path: Path, name: str, seen: list[bool]
) -> None:
    people, empty = person_pictures(), nobody()
    pictures = [people[k] if there else empty for k, there in enumerate(seen)]
    video = write_clip(tmp_path / f"{name}.mp4", pictures)
    done = stcstudio.done("run", video, "-o", tmp_path, "--format", "csv,npz,bvh")
    assert f"A person in {sum(seen)} of {len(seen)} frames" in done.out
    assert [not is_empty(row) for row in rows(tmp_path / f"{name}.csv")] == seen
    arrays = read_npz(tmp_path / f"{name}.npz")
    for key in ("camera", "world", "root_camera"):
        values = arrays[key][0].reshape(len(seen), -1)
        assert np.isfinite(values[seen]).all(), key
        assert np.isnan(values[~np.array(seen)]).all(), key
    assert (arrays["scores"][0][~np.array(seen)] == 0).all()
    assert sidecar(tmp_path / f"{name}.json")["persons"] == [
        {"person": 1, "frames_seen": sum(seen), "frames_bridged": 0}
    ]
    assert len(read_bvh(tmp_path / f"{name}.bvh").values) == len(seen)


@pytest.mark.parametrize(("longest_gap", "bridged"), [(0.5, 6), (0.1, 0)])
def test_a_short_gap_is_bridged_as_long_as_the_user_says_and_marked(
    stcstudio: CommandLine, tmp_path: Path, longest_gap: float, bridged: int
) -> None:
    pictures = person_pictures()
    video = write_clip(tmp_path / "gap.mp4", [*pictures[:6], *[nobody()] * 6, *pictures[12:18]])
    done = stcstudio.done(
        "run", video, "-o", tmp_path, "--format", "csv,npz", "--longest-gap", str(longest_gap)
    )
    assert ("6 more bridged" in done.out) == bool(bridged)
    arrays, said = read_npz(tmp_path / "gap.npz"), sidecar(tmp_path / "gap.json")
    assert said["persons"] == [{"person": 1, "frames_seen": 12, "frames_bridged": bridged}]
    assert said["provenance"]["motion"]["bridged"] == ([[6, 12]] if bridged else [])
    assert (arrays["scores"][0, 6:12] == 0).all()
    assert np.isnan(arrays["keypoints"][0, 6:12]).all()
    for key in ("camera", "world", "root_camera"):
        assert np.isfinite(arrays[key][0, 6:12]).all() == bool(bridged), key
    assert [is_empty(row) for row in rows(tmp_path / "gap.csv")[6:12]] == [not bridged] * 6


def test_nobody_in_any_frame_is_said_and_the_files_say_so_too(stcstudio: CommandLine, tmp_path: Path) -> None:
    video = make_video(tmp_path / "empty.mp4", range(0, 5120, 512))
    done = stcstudio.done("run", video, "-o", tmp_path / "out", "--format", ALL_FORMATS)
    assert "Nobody was seen in any frame" in done.out
    assert "camera looks" not in done.out, "nothing tells which way it looks"
    assert "Note:" not in done.out
    assert all(map(is_empty, rows(tmp_path / "out" / "empty.csv")))
    assert np.isnan(read_npz(tmp_path / "out" / "empty.npz")["world"]).all()
    assert not (tmp_path / "out" / "empty.bvh").exists()
    files = {file["format"]: file for file in sidecar(tmp_path / "out" / "empty.json")["files"]}
    assert files["bvh"]["file"] is None
    assert "no pose in any frame" in files["bvh"]["notes"]["left_out"]
    with open_video(tmp_path / "out" / "empty.overlay.mp4") as overlay:
        assert overlay.frame_count == 10


def test_pictures_of_one_pixel_run_through(stcstudio: CommandLine, tmp_path: Path) -> None:
    dots = [np.full((1, 1, 3), level, np.uint8) for level in (0, 100, 200)]
    video = write_clip(tmp_path / "dot.mkv", dots, codec="ffv1", pixels="bgr0")
    done = stcstudio.done("run", video, "-o", tmp_path, "--format", ALL_FORMATS)
    assert "3 frames, 1x1" in done.out
    assert "Nobody was seen in any frame" in done.out
    assert len(rows(tmp_path / "dot.csv")) == 3


def test_a_person_is_found_in_8k_pictures_at_their_own_pixels(stcstudio: CommandLine, tmp_path: Path) -> None:
    small = []
    for picture in person_pictures()[:2]:
        small.append(np.full((320, 568, 3), 96, np.uint8))
        left = (568 - picture.shape[1]) // 2
        small[-1][:, left : left + picture.shape[1]] = picture[:, :568]
    large = [resized(picture, 7680, 4320) for picture in small]
    for name, pictures in (("small", small), ("large", large)):
        video = write_clip(tmp_path / f"{name}.avi", pictures, codec="mjpeg", pixels="yuvj420p")
        done = stcstudio.done("run", video, "-o", tmp_path, "--format", "npz,overlay")
        assert "A person in 2 of 2 frames" in done.out
    found = {name: read_npz(tmp_path / f"{name}.npz") for name in ("small", "large")}
    assert found["large"]["image_size"].tolist() == [7680, 4320]
    keypoints = found["large"]["keypoints"] * [568 / 7680, 320 / 4320]
    distance = np.linalg.norm(keypoints - found["small"]["keypoints"], axis=-1)
    assert np.median(distance) < 2  # of 320 pixels: a person some 200 pixels high
    with open_video(tmp_path / "large.overlay.mp4") as overlay:
        assert overlay.height <= 720


@pytest.mark.parametrize(
    "name",
    ["with spaces and (brackets) [bold]", "Übung été ñandú 体操", "🏃‍♀️ run 🎬", "100% --of-it", ":smile: it"],
)
def test_any_name_works_for_the_video_and_the_folder(
    stcstudio: CommandLine, tmp_path: Path, name: str
) -> None:
    if sys.platform == "win32" and ":" in name:
        pytest.skip("Windows has no such file names")
    folder = tmp_path / f"in {name}"
    folder.mkdir()
    video = make_video(folder / f"{name}.mp4", range(0, 1536, 512))
    output = tmp_path / name / "out"
    done = stcstudio.done("run", video, "-o", output, "--format", ALL_FORMATS)
    assert {path.name for path in output.iterdir()} == {
        f"{name}{suffix}"
        for suffix in (".json", *(entry.suffix for entry in FORMATS.values() if not entry.needs_pose))
    }
    assert str(output / f"{name}.csv") in done.out
    assert sidecar(output / f"{name}.json")["source"]["file"] == f"{name}.mp4"
    assert (
        f"'{folder / 'no'}{name}.mp4' does not exist" in stcstudio("run", folder / f"no{name}.mp4").sentence()
    )


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are text there")
def test_a_name_that_the_terminal_cannot_show_does_not_lose_the_results(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff \xc3\xa9")
    make_video(tmp_path / f"{name}.mp4", range(0, 1536, 512))
    done = subprocess.run(
        [sys.executable, "-m", "app", "run", f"{name}.mp4", "-o", "out", "--format", "csv"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(rows(tmp_path / "out" / f"{name}.csv")) == 3


def test_a_video_of_odd_size_that_is_to_be_turned_gives_what_the_upright_one_gives(
    stcstudio: CommandLine, tmp_path: Path
) -> None:
    upright = [resized(picture, 241, 321) for picture in person_pictures()[:6]]
    write_clip(tmp_path / "upright.mov", upright, codec="png", pixels="rgb24")
    lying = [np.ascontiguousarray(np.rot90(picture)) for picture in upright]
    turned = write_clip(tmp_path / "turned.mov", lying, codec="png", pixels="rgb24")
    one = 0x10000
    matrix = b"".join(value.to_bytes(4, "big", signed=True) for value in (0, one, 0, -one, 0))
    patch(turned, b"tkhd", 40, matrix)  # to be shown a quarter turn clockwise
    for name in ("upright", "turned"):
        done = stcstudio.done("run", tmp_path / f"{name}.mov", "-o", tmp_path, "--format", ALL_FORMATS)
        assert "6 frames, 241x321" in done.out
        assert "A person in 6 of 6 frames" in done.out
    first, second = (read_npz(tmp_path / f"{name}.npz") for name in ("upright", "turned"))
    for key in ("image_size", "keypoints", "world"):
        np.testing.assert_allclose(first[key], second[key], atol=1e-6, err_msg=key)
    assert sidecar(tmp_path / "turned.json")["provenance"]["video"]["rotation_degrees"] == 90
    with open_video(tmp_path / "turned.overlay.mp4") as overlay:
        assert (overlay.width % 2, overlay.height % 2, overlay.frame_count) == (0, 0, 6)
