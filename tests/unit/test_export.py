"""Every export format reads back what it wrote; the sidecar tells how to read it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from synthetic_body import IMAGE_SIZE, arms_overhead, lying_down, seen_by_camera, turn_around, walk

from app.errors import StudioError
from app.export import FORMATS, export_take, find_formats
from app.export.bvh import joints_of, to_bvh_space
from app.export.csv_table import COLUMNS
from app.export.part import part_of
from app.export.resampling import is_even
from app.export.sidecar import plain, read_sidecar
from app.take import Source, Take
from stcformer.bvh import BvhMotion, read_bvh
from stcformer.skeleton import JOINTS, PARENTS

FPS = 30.0


def make_take(*worlds: np.ndarray, fps: float = FPS, times: np.ndarray | None = None) -> Take:
    """A Take of persons with the given world-space joints, seen exactly."""
    poses, keypoints, scores, roots = zip(*(seen_by_camera(world) for world in worlds), strict=True)
    frames = len(worlds[0])
    return Take(
        Source(Path("walk.mp4"), *IMAGE_SIZE, fps),
        np.arange(frames) / fps if times is None else times,
        np.stack(keypoints),
        np.stack(scores),
        np.stack(poses),
        np.stack(roots),
        np.stack(worlds),
        {"version": "0.0", "weights_sha256": "ab" * 32},
    )


def without(take: Take, frames: Any, person: int = 0) -> Take:
    """The Take with nobody seen in those frames."""
    arrays = {name: getattr(take, name).copy() for name in ("keypoints", "scores", "camera", "world")}
    for name, array in arrays.items():
        array[person, frames] = 0 if name == "scores" else np.nan
    root = take.root_camera.copy()
    root[person, frames] = np.nan
    return replace(take, root_camera=root, **arrays)


def rest_pose(motion: BvhMotion) -> dict[str, np.ndarray]:
    """Node positions with every channel at 0."""
    still = replace(motion, values=np.zeros((1, motion.values.shape[1])))
    return dict(zip(motion.names, still.positions()[0], strict=True))


def write_bvh(take: Take, path: Path) -> tuple[BvhMotion, dict[str, Any]]:
    notes = FORMATS["bvh"].write(take, 0, path)
    return read_bvh(path), notes


# CSV


def test_csv_has_the_contracted_columns() -> None:
    assert COLUMNS[:6] == ("frame", "time_s", "hip_x_m", "hip_y_m", "hip_z_m", "hip_score")
    assert COLUMNS[-4:] == ("rwrist_x_m", "rwrist_y_m", "rwrist_z_m", "rwrist_score")
    assert len(COLUMNS) == 2 + 4 * 17


def test_csv_reads_back(tmp_path: Path) -> None:
    take = without(make_take(walk(20, FPS)), slice(5, 9))
    notes = FORMATS["csv"].write(take, 0, tmp_path / "a.csv")
    table = FORMATS["csv"].read(tmp_path / "a.csv")
    np.testing.assert_array_equal(table.frame, np.arange(20))
    np.testing.assert_array_equal(table.time_s, take.time_s)
    np.testing.assert_allclose(table.world, take.world[0], atol=5.1e-7)
    np.testing.assert_allclose(table.scores, take.scores[0], atol=5.1e-5)
    assert notes["frames_empty"] == 4


def test_an_unobserved_frame_has_empty_cells_in_csv(tmp_path: Path) -> None:
    FORMATS["csv"].write(without(make_take(walk(3, FPS)), 1), 0, tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert len(lines) == 4
    assert lines[2] == f"1,{1 / 30!r}" + "," * 68
    assert ",," not in lines[1] + lines[3]


def test_another_csv_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("frame,x\n1,2\n")
    with pytest.raises(StudioError, match="columns"):
        FORMATS["csv"].read(tmp_path / "a.csv")


# NPZ


def test_npz_reads_back_equal_with_the_contracted_shapes(tmp_path: Path) -> None:
    take = without(make_take(walk(12, FPS), turn_around(12)), slice(0, 3), person=1)
    FORMATS["npz"].write(take, 0, tmp_path / "a.npz")
    arrays = FORMATS["npz"].read(tmp_path / "a.npz")
    assert arrays["joints"].tolist() == list(JOINTS)
    assert arrays["fps"] == FPS
    assert arrays["image_size"].tolist() == list(IMAGE_SIZE)
    shapes = {"keypoints": (17, 2), "scores": (17,), "camera": (17, 3), "world": (17, 3), "root_camera": (3,)}
    for name, shape in shapes.items():
        assert arrays[name].shape == (2, 12, *shape)
        np.testing.assert_array_equal(arrays[name], getattr(take, name))
    np.testing.assert_array_equal(arrays["time_s"], take.time_s)
    assert arrays["parents"].tolist() == list(PARENTS)


def test_npz_has_the_contacts_and_where_in_the_video_its_rows_begin(tmp_path: Path) -> None:
    take = make_take(walk(12, FPS), turn_around(12))
    contacts = np.random.default_rng(1).integers(-1, 2, (2, 12, 2)).astype(np.int8)
    part = part_of(replace(take, contacts=contacts), [1], 4, 9)
    FORMATS["npz"].write(part, 0, tmp_path / "a.npz")
    arrays = FORMATS["npz"].read(tmp_path / "a.npz")
    assert arrays["first_frame"] == 4
    np.testing.assert_array_equal(arrays["contacts"], contacts[1:, 4:9])
    assert arrays["contacts"].dtype == np.int8


def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"not a zip")
    np.savez(tmp_path / "b.npz", other=np.zeros(3))
    for name in ("a.npz", "b.npz"):
        with pytest.raises(StudioError, match="not an archive"):
            FORMATS["npz"].read(tmp_path / name)


# BVH


@pytest.mark.parametrize(
    "world",
    [walk(90, FPS), turn_around(90), arms_overhead(90), lying_down(60), walk(1, FPS)],
    ids=["walk", "turn", "arms", "lying", "one frame"],
)
def test_bvh_gives_the_joints_back_within_a_millimetre_and_does_not_jump(
    tmp_path: Path, world: np.ndarray
) -> None:
    motion, notes = write_bvh(make_take(world), tmp_path / "a.bvh")
    error_cm = np.linalg.norm(joints_of(motion) - to_bvh_space(world), axis=-1)
    assert error_cm.max() < 0.01
    assert notes["read_back"]["largest_error_mm"] < 0.1
    assert notes["read_back"]["frames_compared"] == len(world)
    assert np.abs(np.diff(motion.values[:, 3:], axis=0)).max(initial=0) < 30


def test_bvh_stands_in_a_t_pose_at_rest_and_faces_the_viewer(tmp_path: Path) -> None:
    rest = rest_pose(write_bvh(make_take(walk(30, FPS)), tmp_path / "a.bvh")[0])
    for side, sign in (("Left", 1), ("Right", -1)):
        chain = [rest[f"{side}{name}"] for name in ("Shoulder", "Arm", "ForeArm", "Hand", "Hand_end")]
        assert (np.diff([sign * node[0] for node in chain]) > 5).all()
        np.testing.assert_allclose([node[1] for node in chain], chain[0][1], atol=1e-6)
        legs = [rest[f"{side}{name}"] for name in ("UpLeg", "Leg", "Foot")]
        assert (np.diff([node[1] for node in legs]) < -30).all()
        np.testing.assert_allclose([node[0] for node in legs], legs[0][0], atol=1e-6)
        assert rest[f"{side}ToeBase"][2] > rest[f"{side}Foot"][2] + 5
    for low, high in (("Hips", "Chest"), ("Chest", "Neck"), ("Neck", "Head"), ("Head", "Head_end")):
        assert rest[high][1] > rest[low][1] + 5
    np.testing.assert_allclose(rest["Nose_end"][[0, 2]], 0, atol=0.01)
    assert rest["Nose"][2] > rest["Head"][2] + 5, "the nose looks ahead"


def test_bvh_has_one_root_with_six_channels_and_the_names_that_retarget(tmp_path: Path) -> None:
    motion, _ = write_bvh(make_take(walk(30, FPS)), tmp_path / "a.bvh")
    assert motion.parents.count(-1) == 1
    assert [len(channels) for channels in motion.channels[:2]] == [6, 3]
    sides = ("Shoulder", "Arm", "ForeArm", "Hand", "UpLeg", "Leg", "Foot")
    wanted = {
        "Hips",
        "Spine",
        "Chest",
        "Neck",
        "Head",
        *(f"{side}{x}" for side in ("Left", "Right") for x in sides),
    }
    assert wanted <= set(motion.names)


def test_the_left_hand_in_bvh_is_the_left_wrist(tmp_path: Path) -> None:
    world = walk(30, FPS)
    motion, _ = write_bvh(make_take(world), tmp_path / "a.bvh")
    nodes = dict(zip(motion.names, np.swapaxes(motion.positions(), 0, 1), strict=True))
    for name, joint in (
        ("LeftForeArm", "lelbow"),
        ("LeftHand", "lwrist"),
        ("RightFoot", "rankle"),
        ("LeftLeg", "lknee"),
    ):
        np.testing.assert_allclose(nodes[name], to_bvh_space(world[:, JOINTS.index(joint)]), atol=1e-3)
    # Walking towards the camera: the left side is at larger x, the nose towards the viewer, the head up.
    assert (nodes["LeftArm"][:, 0] > nodes["RightArm"][:, 0]).all()
    assert (nodes["Nose"][:, 2] > nodes["Neck"][:, 2] + 5).all()
    assert (nodes["Head_end"][:, 1] > nodes["Hips"][:, 1]).all()
    assert (nodes["Hips"][:, 1] > nodes["LeftFoot"][:, 1]).all()
    assert nodes["Hips"][-1, 2] > nodes["Hips"][0, 2] + 100, "towards the viewer is +z, in centimetres"


def test_facing_the_viewer_upright_is_no_rotation_of_the_hips(tmp_path: Path) -> None:
    motion, _ = write_bvh(make_take(arms_overhead(5)), tmp_path / "a.bvh")
    np.testing.assert_allclose(motion.values[:, 3:6], 0, atol=1e-3)


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 30000 / 1001, 59.94, 1000 / 3])
def test_the_frame_time_is_exactly_that_of_the_video(tmp_path: Path, fps: float) -> None:
    motion, _ = write_bvh(make_take(walk(5, fps), fps=fps), tmp_path / "a.bvh")
    assert motion.frame_time == 1 / fps


def test_frames_without_a_pose_are_bridged_and_named(tmp_path: Path) -> None:
    world = walk(90, FPS)
    take = without(make_take(world), [*range(4), *range(40, 50), 89])
    motion, notes = write_bvh(take, tmp_path / "a.bvh")
    assert len(motion.values) == 90
    assert np.isfinite(motion.values).all()
    spans = [(span["first_frame"], span["last_frame"], span["rows"]) for span in notes["unseen"]]
    assert spans == [(0, 3, "held"), (40, 49, "interpolated"), (89, 89, "held")]
    assert notes["read_back"]["frames_compared"] == 90 - 15
    error_cm = np.linalg.norm(joints_of(motion) - to_bvh_space(world), axis=-1)
    seen = take.seen(0)
    assert error_cm[seen].max() < 0.01
    assert error_cm[40:50].max() < 30
    np.testing.assert_array_equal(motion.values[:4], np.tile(motion.values[4], (4, 1)))


def test_bones_of_a_bvh_are_those_of_the_median_frame_when_the_poses_vary(tmp_path: Path) -> None:
    world = walk(60, FPS) + np.random.default_rng(0).normal(0, 0.003, (60, 17, 3))
    _, notes = write_bvh(make_take(world), tmp_path / "a.bvh")
    assert 0 < notes["read_back"]["mean_error_mm"] < 15


def test_a_video_of_variable_rate_is_resampled_and_says_so(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    dense = walk(901, 300.0)
    picked = np.unique(np.concatenate(([0, 900], random.choice(900, 89, replace=False))))
    take = make_take(dense[picked], times=picked / 300.0)
    assert not is_even(take.time_s, FPS)
    motion, notes = write_bvh(take, tmp_path / "a.bvh")
    assert len(motion.values) == 91
    assert "resampled" in notes["times"]
    error_cm = np.linalg.norm(joints_of(motion) - to_bvh_space(dense[::10]), axis=-1)
    assert np.median(error_cm) < 1.0
    assert notes["read_back"]["frames_compared"] == 91


def test_a_clock_of_whole_milliseconds_is_still_even() -> None:
    assert is_even(np.round(np.arange(5000) / 29.97, 3), 29.97)
    assert not is_even(np.delete(np.arange(100) / 30.0, 50), 30.0)


def test_a_person_never_seen_has_no_bvh(tmp_path: Path) -> None:
    take = without(make_take(walk(5, FPS)), slice(None))
    with pytest.raises(StudioError, match="no pose in any frame"):
        FORMATS["bvh"].write(take, 0, tmp_path / "a.bvh")
    assert list(tmp_path.iterdir()) == []


# All together


def test_one_file_a_person_and_one_sidecar(tmp_path: Path) -> None:
    take = make_take(walk(6, FPS), turn_around(6))
    paths = export_take(take, tmp_path / "out", "clip é 🎬", ["csv", "bvh", "npz", "csv"])
    names = [path.name for path in paths]
    stem = "clip é 🎬"
    assert names == [f"{stem}{end}" for end in (".csv", ".p2.csv", ".bvh", ".p2.bvh", ".npz", ".json")]
    assert sorted(names) == sorted(path.name for path in (tmp_path / "out").iterdir())
    second = FORMATS["csv"].read(paths[1])
    np.testing.assert_allclose(second.world, take.world[1], atol=1e-6)


def test_the_sidecar_says_what_made_the_files_and_how_to_read_them(tmp_path: Path) -> None:
    take = without(make_take(walk(6, FPS)), 2)
    path = export_take(take, tmp_path, "clip", ["csv", "bvh"])[-1]
    content = read_sidecar(path)
    assert content["provenance"] == {"version": "0.0", "weights_sha256": "ab" * 32}
    assert [entry["file"] for entry in content["files"]] == ["clip.csv", "clip.bvh"]
    assert content["files"][1]["notes"]["read_back"]["largest_error_mm"] < 0.1
    assert content["persons"] == [{"person": 1, "frames_seen": 5, "frames_bridged": 0}]
    assert content["joints"] == list(JOINTS)
    assert {"image", "camera", "world", "bvh"} <= set(content["spaces"])
    assert content["source"]["fps"] == FPS


def test_a_person_never_seen_loses_the_others_nothing(tmp_path: Path) -> None:
    take = without(make_take(walk(6, FPS), walk(6, FPS)), slice(None), person=1)
    paths = export_take(take, tmp_path, "clip", ["bvh", "csv"])
    assert [path.name for path in paths] == ["clip.bvh", "clip.csv", "clip.p2.csv", "clip.json"]
    left_out = [entry for entry in read_sidecar(paths[-1])["files"] if entry["file"] is None]
    assert [(entry["format"], entry["person"]) for entry in left_out] == [("bvh", 2)]


def test_a_take_without_persons_still_has_its_archive_and_sidecar(tmp_path: Path) -> None:
    take = make_take(walk(6, FPS))
    arrays = (
        "keypoints",
        "scores",
        "camera",
        "world",
        "root_camera",
        "contacts",
        "feet",
        "foot_scores",
        "toes",
    )
    empty = replace(take, **{name: getattr(take, name)[:0] for name in arrays})
    paths = export_take(empty, tmp_path, "clip", ["csv", "bvh", "npz"])
    assert [path.name for path in paths] == ["clip.npz", "clip.json"]


def test_an_unknown_format_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"'fbx'.*choose from csv, .*bvh.*npz.*overlay"):
        export_take(make_take(walk(3, FPS)), tmp_path / "out", "clip", ["csv", "fbx"])
    assert not (tmp_path / "out").exists()
    assert [entry.name for entry in find_formats(["bvh", "bvh"])] == ["bvh"]


def test_a_failing_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "clip.csv"
    target.write_text("old")

    def interrupted(*_: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.export.csv_table.range", interrupted, raising=False)  # in the middle of a row
    with pytest.raises(KeyboardInterrupt):
        FORMATS["csv"].write(make_take(walk(3, FPS)), 0, target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["clip.csv"]


def test_plain_turns_everything_into_json() -> None:
    value = {
        "a": np.float32(1.5),
        2: np.arange(3),
        "nan": np.nan,
        "path": Path("x"),
        "flag": np.bool_(True),
        "t": (1,),
    }
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == {
        "a": 1.5,
        "2": [0, 1, 2],
        "nan": None,
        "path": "x",
        "flag": True,
        "t": [1],
    }


def test_a_sidecar_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text("[1]")
    for name in ("a.json", "b.json"):
        with pytest.raises(StudioError, match="sidecar"):
            read_sidecar(tmp_path / name)
