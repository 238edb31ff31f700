"""The two data sets in their published layouts."""

import os
from pathlib import Path

import numpy as np
import pytest

from stcformer.errors import LifterError
from stcformer.paper.human36m import open_human36m, studio_cameras
from stcformer.paper.mpi_inf_3dhp import open_mpi_inf_3dhp
from stcformer.paper.object_archive import read_table
from tests.made_datasets import swinging_body, write_human36m, write_mpi_inf_3dhp


def test_human36m_is_split_by_subject_and_seen_by_four_cameras(tmp_path: Path) -> None:
    write_human36m(tmp_path)
    dataset = open_human36m(tmp_path, "gt")
    assert set(dataset.training.subjects) == {"S1", "S5", "S6", "S7", "S8"}
    assert set(dataset.test.subjects) == {"S9", "S11"}
    assert dataset.training.clip_count() == 5 * 3 * 4
    assert set(dataset.test.actions) == {"Walking", "Directions"}
    assert set(dataset.test.cameras) == {"54138969", "55011271", "58860488", "60457274"}
    assert dataset.test.frame_count() == 2 * 4 * (30 + 31 + 32)


def test_human36m_poses_are_in_camera_space_and_meet_their_keypoints(tmp_path: Path) -> None:
    write_human36m(tmp_path)
    clips = open_human36m(tmp_path, "gt").test
    assert clips.root is not None
    assert clips.intrinsics is not None
    assert np.abs(clips.pose[:, 0]).max() == 0
    joints = clips.pose + clips.root[:, None]
    assert (joints[..., 2] > 1).all()
    intrinsics = clips.intrinsics[clips.clip_of_frames(np.arange(clips.frame_count()))][:, None]
    projected = joints[..., :2] / joints[..., 2:] * intrinsics[..., :2] + intrinsics[..., 2:]
    np.testing.assert_allclose(projected, clips.keypoints, atol=1e-5)


def test_the_studios_cameras_stand_at_its_corners_and_look_in() -> None:
    for cameras in studio_cameras().values():
        centre = np.array([0.0, 0.0, 1.0])
        for camera in cameras:
            x, y, z = camera.camera_space(centre)
            assert 3 < z < 8  # metres before the camera
            assert np.hypot(x, y) < 2
            head = camera.camera_space(np.array([0.0, 0.0, 1.7]))
            assert head[1] < y  # up is up: y points down


def test_a_second_opening_maps_what_the_first_has_written(tmp_path: Path) -> None:
    write_human36m(tmp_path / "data")
    first = open_human36m(tmp_path / "data", "gt", tmp_path / "cache")
    (tmp_path / "data" / "data_3d_h36m.npz").rename(tmp_path / "data" / "away")
    (tmp_path / "data" / "away").rename(
        tmp_path / "data" / "data_3d_h36m.npz"
    )  # neither size nor time changes
    made = sorted((tmp_path / "cache").glob("*/pose.npy"))
    times = [path.stat().st_mtime_ns for path in made]
    second = open_human36m(tmp_path / "data", "gt", tmp_path / "cache")
    assert [path.stat().st_mtime_ns for path in made] == times
    assert isinstance(second.training.pose, np.memmap)
    np.testing.assert_array_equal(first.training.pose, second.training.pose)


def test_a_changed_file_is_read_anew(tmp_path: Path) -> None:
    write_human36m(tmp_path)
    before = open_human36m(tmp_path, "gt").test.frame_count()
    write_human36m(tmp_path, frames=40)
    assert open_human36m(tmp_path, "gt").test.frame_count() > before


def test_3dhp_is_in_millimetres_about_the_pelvis_with_its_valid_frames(tmp_path: Path) -> None:
    write_mpi_inf_3dhp(tmp_path)
    dataset = open_mpi_inf_3dhp(tmp_path)
    assert dataset.training.clip_count() == 8
    assert set(dataset.training.subjects) == {"S1", "S2"}
    assert dataset.test.subjects == ("TS1", "TS2", "TS3", "TS4", "TS5", "TS6")
    body = 1000 * swinging_body(25, 3)
    np.testing.assert_allclose(dataset.test.pose[50:75], body - body[:, 14:15], atol=1e-2)
    assert dataset.test.valid.reshape(6, 25).sum(axis=1).tolist() == [22, 21, 20, 19, 18, 17]


def test_3dhp_outdoor_pictures_are_wide(tmp_path: Path) -> None:
    write_mpi_inf_3dhp(tmp_path)
    keypoints = open_mpi_inf_3dhp(tmp_path).test.keypoints.reshape(6, 25, 17, 2)
    for sequence, width in ((0, 2048), (5, 1920)):
        pose = 1000 * swinging_body(25, sequence + 1) + (0, 0, 4000)
        np.testing.assert_allclose(
            keypoints[sequence], 1500 * pose[..., :2] / pose[..., 2:] * 2 / width, atol=1e-5
        )


class _Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("echo ran > evidence",)


def test_a_table_that_would_run_code_is_refused_and_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "data_3d_h36m.npz", positions_3d=np.array({"S1": _Evil()}, dtype=object))
    with pytest.raises(LifterError, match="could run code"):
        read_table(tmp_path / "data_3d_h36m.npz", "positions_3d")
    assert not (tmp_path / "evidence").exists()


def test_damaged_files_are_said_in_a_sentence(tmp_path: Path) -> None:
    write_human36m(tmp_path)
    path = tmp_path / "data_3d_h36m.npz"
    whole = path.read_bytes()
    for damaged in (
        b"",
        whole[: len(whole) // 2],
        b"not an archive",
        whole[:200] + b"\0" * 300 + whole[500:],
    ):
        path.write_bytes(damaged)
        with pytest.raises(LifterError, match="data_3d_h36m"):
            read_table(path, "positions_3d")


def _rewrite(path: Path, member: str, change: object) -> None:
    table = read_table(path, member)
    change(table)  # type: ignore[operator]
    np.savez(path, **{member: np.array(table, dtype=object)})


@pytest.mark.parametrize(
    ("file", "member", "change", "said"),
    [
        ("data_3d_h36m.npz", "positions_3d", lambda t: t.pop("S9"), "no subject S9"),
        ("data_2d_h36m_gt.npz", "positions_2d", lambda t: t["S1"].pop("Walking"), "no 'Walking' of S1"),
        ("data_2d_h36m_gt.npz", "positions_2d", lambda t: t["S1"]["Walking"].pop(), "4 cameras"),
        (
            "data_2d_h36m_gt.npz",
            "positions_2d",
            lambda t: t["S5"].update(Walking=[np.zeros((3, 17, 2))] * 4),
            "S5",
        ),
        (
            "data_3d_h36m.npz",
            "positions_3d",
            lambda t: t["S6"].update(Walking=np.zeros((30, 16, 3))),
            "32, 3",
        ),
        ("data_3d_h36m.npz", "positions_3d", lambda t: t["S7"]["Walking"].fill(np.nan), "not all numbers"),
        ("data_3d_h36m.npz", "positions_3d", lambda t: t.update(S1=3), "not a table"),
    ],
)
def test_human36m_files_that_are_not_what_they_should_be_are_said(
    tmp_path: Path, file: str, member: str, change: object, said: str
) -> None:
    write_human36m(tmp_path)
    _rewrite(tmp_path / file, member, change)
    with pytest.raises(LifterError, match=said):
        open_human36m(tmp_path, "gt")


@pytest.mark.parametrize(
    ("file", "change", "said"),
    [
        ("data_test_3dhp.npz", lambda t: t["TS1"].pop("valid"), "'valid'"),
        ("data_test_3dhp.npz", lambda t: t.update(TS9=t.pop("TS1")), "TS9"),
        ("data_train_3dhp.npz", lambda t: t["S1 Seq1"][0]["0"].pop("data_2d"), "camera 0 of 'S1 Seq1'"),
        ("data_train_3dhp.npz", lambda t: t.update({"S1 Seq1": []}), "S1 Seq1"),
        ("data_train_3dhp.npz", lambda t: t["S1 Seq1"][0]["0"].update(data_3d=np.zeros((5, 28, 3))), "28, 3"),
    ],
)
def test_3dhp_files_that_are_not_what_they_should_be_are_said(
    tmp_path: Path, file: str, change: object, said: str
) -> None:
    write_mpi_inf_3dhp(tmp_path)
    _rewrite(tmp_path / file, "data", change)
    with pytest.raises(LifterError, match=said):
        open_mpi_inf_3dhp(tmp_path)


def test_missing_keypoints_are_said_with_those_that_are_there(tmp_path: Path) -> None:
    write_human36m(tmp_path)
    with pytest.raises(LifterError, match="in that folder: gt"):
        open_human36m(tmp_path, "cpn_ft_h36m_dbb")
    with pytest.raises(LifterError, match="There is no file"):
        open_mpi_inf_3dhp(tmp_path)


def test_a_member_of_another_name_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "data_3d_h36m.npz", something=np.zeros(3))
    with pytest.raises(LifterError, match="no 'positions_3d' but something"):
        read_table(tmp_path / "data_3d_h36m.npz", "positions_3d")


def test_a_clip_without_its_camera_is_no_camera_aware_one(tmp_path: Path) -> None:
    write_mpi_inf_3dhp(tmp_path)
    assert open_mpi_inf_3dhp(tmp_path).training.intrinsics is None
