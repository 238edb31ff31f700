"""TRC, C3D, tidy CSV and joint angles: read back by our own readers and by ones that know nothing of ours."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from synthetic_body import Stance, body, turn_around, walk
from test_export import FPS, make_take, without

from app.errors import StudioError
from app.export import FORMATS, export_take
from app.export.sidecar import read_sidecar
from app.motion.joint_angles import ANGLES, angle_index, joint_angles
from app.take import Take
from stcformer.skeleton import JOINTS

HIP, HEAD, LHIP, RHIP = (JOINTS.index(name) for name in ("hip", "head", "lhip", "rhip"))


def variable(dense_fps: float = 300.0) -> tuple[Take, np.ndarray, np.ndarray]:
    """A walk at uneven times, 30 frames a second on average; the walk and its times at 300 a second."""
    dense = walk(901, dense_fps)
    picked = np.unique(np.concatenate(([0, 900], np.random.default_rng(0).choice(900, 89, replace=False))))
    return make_take(dense[picked], times=picked / dense_fps), dense, picked


# TRC


def plain_trc(path: Path) -> tuple[dict[str, str], list[str], list[list[str]]]:
    """Header, marker names and rows of a TRC file as OpenSim's documentation describes it, with none of our code.

    OpenSim's reader splits at tabs and takes what follows the last tab only when it is not empty.
    """
    lines = path.read_bytes().decode("utf-8").split("\n")

    def cells(line: str) -> list[str]:
        parts = line.split("\t")
        return parts if parts[-1] else parts[:-1]

    assert lines[0].split("\t")[:3] == ["PathFileType", "4", "(X/Y/Z)"]
    keys, values = cells(lines[1]), cells(lines[2])
    wanted = "DataRate CameraRate NumFrames NumMarkers Units OrigDataRate OrigDataStartFrame OrigNumFrames"
    assert " ".join(keys) == wanted
    assert len(values) == len(keys)
    labels = [label for label in cells(lines[3]) if label]
    assert labels[:2] == ["Frame#", "Time"]
    axes = [label for label in cells(lines[4]) if label]
    assert axes == [f"{axis}{number}" for number in range(1, len(labels) - 1) for axis in "XYZ"]
    assert lines[5] == ""
    assert lines[-1] == ""
    rows = [cells(line) for line in lines[6:-1]]
    assert {len(row) for row in rows} == {2 + 3 * (len(labels) - 2)}
    return dict(zip(keys, values, strict=True)), labels[2:], rows


def test_trc_is_laid_out_as_opensim_reads_it(tmp_path: Path) -> None:
    take = without(make_take(walk(20, FPS)), slice(5, 9))
    notes = FORMATS["trc"].write(take, 0, tmp_path / "a b.trc")
    header, names, rows = plain_trc(tmp_path / "a b.trc")
    assert names == list(JOINTS)
    assert header == {
        "DataRate": "30",
        "CameraRate": "30",
        "NumFrames": "20",
        "NumMarkers": "17",
        "Units": "mm",
        "OrigDataRate": "30",
        "OrigDataStartFrame": "1",
        "OrigNumFrames": "20",
    }
    assert [row[0] for row in rows] == [str(number) for number in range(1, 21)]
    np.testing.assert_allclose([float(row[1]) for row in rows], take.time_s, atol=1e-6)
    assert [set(row[2:]) == {""} for row in rows] == [5 <= frame < 9 for frame in range(20)]
    assert notes["rows_empty"] == 4
    assert notes["times"] == "one row a frame"


@pytest.mark.parametrize("heading", [180.0, 0.0, 70.0])
def test_trc_has_x_where_the_person_faces_y_up_and_z_to_the_right(tmp_path: Path, heading: float) -> None:
    world = walk(40, FPS, heading=heading)
    notes = FORMATS["trc"].write(make_take(world), 0, tmp_path / "a.trc")
    _, _, rows = plain_trc(tmp_path / "a.trc")
    marker = np.array([[float(cell) for cell in row[2:]] for row in rows]).reshape(40, 17, 3)
    moved = marker[-1, HIP] - marker[0, HIP]
    assert moved[0] == pytest.approx(1000 * 1.2 * 39 / FPS, abs=1), "a walk goes forward"
    assert abs(moved[2]) < 1
    assert (marker[:, HEAD, 1] - marker[:, HIP, 1] > 700).all()
    assert (marker[:, RHIP, 2] - marker[:, LHIP, 2] > 230).all()
    np.testing.assert_allclose(marker[..., 1], 1000 * world[..., 2], atol=0.001)
    # Nothing but a turn about the vertical: every distance is kept, and left is not swapped with right.
    forward = np.array(notes["forward_in_world"])
    back = marker @ np.stack((forward, [0, 0, 1], np.cross(forward, [0, 0, 1]))) / 1000
    np.testing.assert_allclose(back, world, atol=1e-5)
    turn = notes["forward_from_the_camera_degrees"]
    assert (turn - (heading - 180) + 180) % 360 - 180 == pytest.approx(0, abs=1e-3)


def test_trc_of_somebody_who_turns_all_round_faces_where_they_faced_first(tmp_path: Path) -> None:
    notes = FORMATS["trc"].write(make_take(turn_around(60)), 0, tmp_path / "a.trc")
    assert "when first seen" in notes["forward"]
    np.testing.assert_allclose(notes["forward_in_world"], [0, 1, 0], atol=1e-6)  # away from the camera
    straight = FORMATS["trc"].write(make_take(walk(9, FPS)), 0, tmp_path / "a.trc")
    assert "mean facing" in straight["forward"]


def test_trc_reads_back(tmp_path: Path) -> None:
    take = without(make_take(walk(20, 30000 / 1001), fps=30000 / 1001), slice(5, 9))
    FORMATS["trc"].write(take, 0, tmp_path / "a.trc")
    read = FORMATS["trc"].read(tmp_path / "a.trc")
    assert read.names == JOINTS
    assert read.rate == pytest.approx(30000 / 1001, rel=1e-9)
    assert read.units == "mm"
    assert read.frame.tolist() == list(range(1, 21))
    # Facing the camera: x toward it, y up, z to the person's right, which is the picture's left.
    expected = 1000 * np.stack(
        (-take.world[0, ..., 1], take.world[0, ..., 2], -take.world[0, ..., 0]), axis=-1
    )
    np.testing.assert_allclose(read.positions, expected, atol=6e-4)


@pytest.mark.parametrize("name", ["trc", "c3d"])
def test_a_video_of_variable_rate_is_resampled_for_one_rate_and_says_so(tmp_path: Path, name: str) -> None:
    take, dense, picked = variable()
    take = without(take, slice(30, 40))
    path = tmp_path / f"a.{name}"
    notes = FORMATS[name].write(take, 0, path)
    assert "resampled to 30 rows" in notes["times"]
    read = FORMATS[name].read(path)
    assert len(read.positions) == 91 == notes["rows"]
    heights = read.positions[..., 1 if name == "trc" else 2]
    there = np.isfinite(heights).all(axis=1)
    times = np.arange(91) / 30
    lost = (times > picked[29] / 300 + 1e-9) & (times < picked[40] / 300 - 1e-9)
    np.testing.assert_array_equal(there, ~lost)
    assert np.median(np.abs(heights - 1000 * dense[::10, :, 2])[there]) < 3


@pytest.mark.parametrize("text", ["", "PathFileType\t4\n", "hello\n" * 9])
def test_another_trc_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.trc").write_text(text)
    with pytest.raises(StudioError, match="TRC"):
        FORMATS["trc"].read(tmp_path / "a.trc")


def test_a_trc_whose_rows_are_cut_off_is_refused(tmp_path: Path) -> None:
    FORMATS["trc"].write(make_take(walk(9, FPS)), 0, tmp_path / "a.trc")
    text = (tmp_path / "a.trc").read_text()
    (tmp_path / "a.trc").write_text(text[: len(text) - 300])
    with pytest.raises(StudioError, match="rows are not as its header says"):
        FORMATS["trc"].read(tmp_path / "a.trc")


def test_a_name_with_tabs_and_line_ends_does_not_break_the_trc(tmp_path: Path) -> None:
    from app.export.trc import write_trc

    write_trc(make_take(walk(3, FPS)), 0, tmp_path / "a\tb\nc.trc")
    plain_trc(tmp_path / "a\tb\nc.trc")


# C3D


def independent_c3d(path: Path) -> tuple[Any, np.ndarray, np.ndarray]:
    """Reader, (F, N, 3) points and (F, N) residuals of a C3D file by the `c3d` package."""
    import c3d

    with path.open("rb") as file:
        with pytest.warns(UserWarning, match="No analog data"):
            reader = c3d.Reader(file)
        data = np.stack([points for _, points, _ in reader.read_frames()])
    return reader, data[..., :3], data[..., 3]


def test_c3d_reads_back_by_ezc3d_and_by_an_independent_reader(tmp_path: Path) -> None:
    take = without(make_take(walk(20, FPS)), slice(5, 9))
    path = tmp_path / "wälk 🎬.c3d"
    notes = FORMATS["c3d"].write(take, 0, path)
    own = FORMATS["c3d"].read(path)
    expected = 1000 * take.world[0]
    assert own.names == JOINTS
    assert own.descriptions[JOINTS.index("neck")] == "tip of the nose"
    assert (own.rate, own.units, own.screen, own.first_frame) == (30, "mm", ("+X", "+Z"), 0)
    np.testing.assert_allclose(own.positions, expected, atol=1e-3)
    np.testing.assert_array_equal(own.residuals, np.where(np.isnan(expected[..., 0]), -1, 0))

    reader, points, residuals = independent_c3d(path)
    assert [label.strip() for label in reader.point_labels] == list(JOINTS)
    assert reader.point_rate == 30
    assert reader.get("POINT:UNITS").string_value.strip() == "mm"
    assert reader.get_screen_axis() == ("+X", "+Z")
    assert (reader.first_frame, reader.last_frame) == (1, 20)
    assert reader.analog_used == 0
    seen = take.seen(0)
    np.testing.assert_allclose(points[seen], expected[seen], atol=1e-3)
    assert (residuals[seen] == 0).all()
    assert (residuals[~seen] == -1).all()
    assert (points[~seen] == 0).all()
    assert notes["read_back"]["largest_error_mm"] < 1e-3
    assert notes["read_back"]["frames_compared"] == 16


def test_c3d_counts_its_frames_from_the_video_s_start(tmp_path: Path) -> None:
    take = make_take(walk(10, FPS), times=2.0 + np.arange(10) / FPS)
    FORMATS["c3d"].write(take, 0, tmp_path / "a.c3d")
    assert FORMATS["c3d"].read(tmp_path / "a.c3d").first_frame == 60
    late = make_take(walk(10, FPS), times=2190.0 + np.arange(10) / FPS)
    notes = FORMATS["c3d"].write(late, 0, tmp_path / "a.c3d")
    assert FORMATS["c3d"].read(tmp_path / "a.c3d").first_frame == 0
    assert notes["first_frame"].startswith("1:")
    assert notes["first_row_at_s"] == 2190.0


def test_c3d_of_the_usual_television_rate_has_it(tmp_path: Path) -> None:
    FORMATS["c3d"].write(make_take(walk(5, 30000 / 1001), fps=30000 / 1001), 0, tmp_path / "a.c3d")
    assert independent_c3d(tmp_path / "a.c3d")[0].point_rate == pytest.approx(30000 / 1001, rel=1e-6)


def test_more_frames_than_a_c3d_counts_are_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.export.c3d_points.MOST_FRAMES", 8)
    with pytest.raises(StudioError, match="choose a range"):
        FORMATS["c3d"].write(make_take(walk(9, FPS)), 0, tmp_path / "a.c3d")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_c3d_or_was_cut_off_is_refused(tmp_path: Path) -> None:
    FORMATS["c3d"].write(make_take(walk(30, FPS)), 0, tmp_path / "a.c3d")
    content = (tmp_path / "a.c3d").read_bytes()
    for part in (b"", b"garbage", content[:700], content[: len(content) // 2]):
        (tmp_path / "b.c3d").write_bytes(part)
        with pytest.raises(StudioError, match="C3D"):
            FORMATS["c3d"].read(tmp_path / "b.c3d")


# Tidy CSV


def test_a_tidy_table_has_a_row_a_person_frame_and_joint(tmp_path: Path) -> None:
    take = without(make_take(walk(4, FPS), turn_around(4)), 2, person=1)
    paths = export_take(take, tmp_path, "clip", ["csv-tidy"])
    assert [path.name for path in paths] == ["clip.tidy.csv", "clip.json"]
    with paths[0].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["person", "frame", "time_s", "joint", "x_m", "y_m", "z_m", "score"]
    assert len(rows) == 2 * 4 * 17
    assert [row["joint"] for row in rows[:17]] == list(JOINTS)
    for row in rows:
        person, frame, joint = int(row["person"]) - 1, int(row["frame"]), JOINTS.index(row["joint"])
        assert float(row["time_s"]) == take.time_s[frame]
        if (person, frame) == (1, 2):
            assert (row["x_m"], row["y_m"], row["z_m"], row["score"]) == ("", "", "", "")
        else:
            found = [float(row[f"{axis}_m"]) for axis in "xyz"]
            np.testing.assert_allclose(found, take.world[person, frame, joint], atol=6e-7)
    notes = read_sidecar(paths[1])["files"][0]["notes"]
    assert (notes["rows"], notes["rows_empty"], notes["persons"]) == (136, 17, 2)


def test_a_tidy_table_reads_back(tmp_path: Path) -> None:
    take = without(make_take(walk(5, FPS), turn_around(5)), 2, person=1)
    take = replace(take, source=replace(take.source, first_frame=7))
    FORMATS["csv-tidy"].write(take, 0, tmp_path / "a.csv")
    table = FORMATS["csv-tidy"].read(tmp_path / "a.csv")
    assert (table.person.tolist(), table.frame.tolist()) == ([1, 2], [7, 8, 9, 10, 11])
    np.testing.assert_array_equal(table.time_s, take.time_s)
    np.testing.assert_allclose(table.world, take.world, atol=6e-7)
    np.testing.assert_allclose(table.scores, take.scores, atol=6e-5)


def test_a_tidy_table_with_a_row_missing_is_refused(tmp_path: Path) -> None:
    FORMATS["csv-tidy"].write(make_take(walk(3, FPS)), 0, tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines(keepends=True)
    for broken, words in (
        (lines[:5] + lines[6:], "once and in order"),
        ([*lines[:5], "1,2\n", *lines[6:]], "2 cells"),
        ([lines[0], lines[1].replace("hip", "tail")], "cannot be read"),
        (["a,b\n"], "columns"),
    ):
        (tmp_path / "a.csv").write_text("".join(broken))
        with pytest.raises(StudioError, match=words):
            FORMATS["csv-tidy"].read(tmp_path / "a.csv")


# Joint angles


def test_joint_angles_are_written_in_degrees_with_their_definitions_beside_them(tmp_path: Path) -> None:
    world = body(Stance(heading=180, left_knee=90, right_elbow=45, left_thigh=30, right_arm_raise=80), 6)
    take = without(make_take(world), 3)
    paths = export_take(take, tmp_path, "clip", ["angles"])
    assert paths[0].name == "clip.angles.csv"
    with paths[0].open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["left_knee_flexion_deg"]) == pytest.approx(90, abs=1e-3)
    assert float(rows[0]["right_elbow_flexion_deg"]) == pytest.approx(45, abs=1e-3)
    assert float(rows[0]["left_hip_flexion_deg"]) == pytest.approx(30, abs=1e-3)
    assert float(rows[0]["right_shoulder_elevation_deg"]) == pytest.approx(80, abs=1e-3)
    assert float(rows[2]["time_s"]) == take.time_s[2]
    assert all(rows[3][f"{angle.name}_deg"] == "" for angle in ANGLES)

    notes = read_sidecar(paths[1])["files"][0]["notes"]
    assert set(notes["columns"]) == {name for name in rows[0] if name not in ("frame", "time_s")}
    rotation = notes["columns"]["right_hip_rotation_deg"]
    assert rotation["frames_empty_though_seen"] == 5, "the knee is bent by 10 degrees"
    assert "less than 30 degrees" in rotation["empty_when"]
    assert rows[0]["right_hip_rotation_deg"] == ""
    assert notes["columns"]["left_hip_rotation_deg"]["frames_empty_though_seen"] == 0
    assert "ankle and foot" in notes["not_told_by_17_joints"]
    json.dumps(notes)


def test_joint_angles_read_back(tmp_path: Path) -> None:
    take = without(make_take(walk(12, FPS)), slice(3, 5))
    FORMATS["angles"].write(take, 0, tmp_path / "a.csv")
    table = FORMATS["angles"].read(tmp_path / "a.csv")
    np.testing.assert_allclose(table.angles, joint_angles(take.world[0]), atol=6e-4)
    assert np.ptp(table.angles[:, angle_index("left_knee_flexion")][[0, 1, 2, *range(5, 12)]]) > 5
    (tmp_path / "a.csv").write_text("frame,time_s\n")
    with pytest.raises(StudioError, match="columns"):
        FORMATS["angles"].read(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["trc", "c3d"])
def test_a_person_never_seen_is_left_out_of_the_markers(tmp_path: Path, name: str) -> None:
    take = without(make_take(walk(6, FPS), walk(6, FPS)), slice(None), person=1)
    paths = export_take(take, tmp_path, "clip", [name])
    assert [path.name for path in paths] == [f"clip.{name}", "clip.json"]
    left_out = read_sidecar(paths[1])["files"][1]["notes"]["left_out"]
    assert "no pose" in left_out


@pytest.mark.parametrize("name", ["csv-tidy", "trc", "c3d", "angles"])
def test_one_frame_goes_through_every_format(tmp_path: Path, name: str) -> None:
    FORMATS[name].write(make_take(walk(1, FPS)), 0, tmp_path / "a")
    read = FORMATS[name].read(tmp_path / "a")
    values = {"csv-tidy": "world", "angles": "angles"}.get(name, "positions")
    assert np.isfinite(getattr(read, values)).any()


def test_a_take_without_persons_has_an_empty_tidy_table(tmp_path: Path) -> None:
    take = make_take(walk(3, FPS))
    feet = ("contacts", "feet", "foot_scores", "toes")
    arrays = ("keypoints", "scores", "camera", "world", "root_camera", *feet)
    empty = replace(take, **{name: getattr(take, name)[:0] for name in arrays})
    notes = FORMATS["csv-tidy"].write(empty, 0, tmp_path / "a.csv")
    assert notes["rows"] == 0
    assert FORMATS["csv-tidy"].read(tmp_path / "a.csv").world.shape == (0, 0, 17, 3)


@pytest.mark.parametrize("name", ["trc", "c3d"])
def test_markers_without_a_frame_rate_are_refused(tmp_path: Path, name: str) -> None:
    take = make_take(walk(6, FPS))
    take = replace(take, source=replace(take.source, fps=float("nan")))
    with pytest.raises(StudioError, match="frame rate"):
        FORMATS[name].write(take, 0, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_every_format_says_what_it_is_in_a_sentence_and_ends_in_its_own_suffix() -> None:
    assert len({entry.suffix for entry in FORMATS.values()}) == len(FORMATS)
    for name, entry in FORMATS.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert entry.suffix.startswith(".")
        assert 15 < len(entry.description) < 120, name
        assert 10 < len(entry.space) < 90, name
