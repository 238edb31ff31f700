"""The GLB: a figure that stands in a T-pose, moves as the poses do at the video's own times, and is skinned."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from synthetic_body import arms_overhead, lying_down, turn_around, walk
from test_export import FPS, make_take, without

from app.errors import StudioError
from app.export import FORMATS, export_take
from app.export.figure_mesh import LEFT, RIGHT, figure_mesh
from app.export.glb_container import Blocks, read_glb, write_glb
from app.export.gltf import quaternions
from app.export.solved_motion import to_y_up
from app.motion.rig import NODES, make_rig
from stcformer.skeleton import JOINTS

MOTIONS = {
    "walk": walk(60, FPS),
    "turn": turn_around(60),
    "arms": arms_overhead(60),
    "lying": lying_down(40),
    "one frame": walk(1, FPS),
}


@pytest.mark.parametrize("name", list(MOTIONS))
def test_the_joints_are_where_they_were_in_metres(name: str, tmp_path: Path) -> None:
    notes = FORMATS["glb"].write(make_take(MOTIONS[name]), 0, tmp_path / "a.glb")
    motion = FORMATS["glb"].read(tmp_path / "a.glb")
    columns = [motion.names.index(notes["nodes_of_joints"][joint]) for joint in JOINTS]
    error = np.linalg.norm(motion.positions[:, columns] - to_y_up(MOTIONS[name]), axis=-1)
    assert error.max() < 1e-5
    assert notes["read_back"]["largest_error_mm"] < 0.01
    assert notes["read_back"]["frames_compared"] == len(MOTIONS[name])


def test_it_rests_in_a_t_pose_on_the_floor_and_looks_along_z(tmp_path: Path) -> None:
    FORMATS["glb"].write(make_take(walk(30, FPS)), 0, tmp_path / "a.glb")
    motion = FORMATS["glb"].read(tmp_path / "a.glb")
    rest = dict(zip(motion.names, motion.rest, strict=True))
    assert motion.rest[:, 1].min() == pytest.approx(0, abs=1e-6)
    assert rest["LeftHand"][1] == pytest.approx(rest["LeftArm"][1])
    assert rest["LeftHand"][0] > 0.6 > -0.6 > rest["RightHand"][0]
    assert rest["Nose"][2] > rest["Head"][2] + 0.05
    assert rest["LeftToeBase"][2] > rest["LeftFoot"][2] + 0.1


def test_keys_are_at_the_times_of_a_video_of_variable_rate(tmp_path: Path) -> None:
    picked = np.unique(np.random.default_rng(0).choice(300, 60, replace=False))
    take = make_take(walk(301, 100.0)[picked], times=5 + picked / 100.0)
    notes = FORMATS["glb"].write(take, 0, tmp_path / "a.glb")
    motion = FORMATS["glb"].read(tmp_path / "a.glb")
    np.testing.assert_allclose(motion.time_s, (picked - picked[0]) / 100, atol=1e-6)
    assert notes["first_key_at_s"] == take.time_s[0]
    hip = motion.positions[:, motion.names.index("Hips")]
    np.testing.assert_allclose(hip, to_y_up(take.world[0, :, 0]), atol=1e-5)


def test_two_frames_at_one_time_make_one_key(tmp_path: Path) -> None:
    times = np.arange(10) / FPS
    times[4] = times[3]
    FORMATS["glb"].write(make_take(walk(10, FPS), times=times), 0, tmp_path / "a.glb")
    motion = FORMATS["glb"].read(tmp_path / "a.glb")
    assert len(motion.time_s) == 9
    assert (np.diff(motion.time_s) > 0).all()


def test_frames_without_a_pose_are_bridged_and_named(tmp_path: Path) -> None:
    take = without(make_take(walk(60, FPS)), [*range(4), *range(30, 40)])
    notes = FORMATS["glb"].write(take, 0, tmp_path / "a.glb")
    motion = FORMATS["glb"].read(tmp_path / "a.glb")
    assert np.isfinite(motion.positions).all()
    assert [(span["first_frame"], span["rows"]) for span in notes["unseen"]] == [
        (0, "held"),
        (30, "interpolated"),
    ]
    np.testing.assert_allclose(motion.positions[:4], np.tile(motion.positions[4], (4, 1, 1)), atol=1e-6)
    hip = motion.positions[:, 0]
    assert np.linalg.norm(hip[35] - to_y_up(walk(60, FPS))[35, 0]) < 0.05


def test_one_file_a_person_and_none_for_one_never_seen(tmp_path: Path) -> None:
    take = without(make_take(walk(6, FPS), turn_around(6), walk(6, FPS)), slice(None), person=2)
    paths = export_take(take, tmp_path, "clip", ["glb"])
    assert [path.name for path in paths] == ["clip.glb", "clip.p2.glb", "clip.json"]
    with pytest.raises(StudioError, match="no pose in any frame"):
        FORMATS["glb"].write(take, 2, tmp_path / "b.glb")


def test_quaternions_stay_on_one_side_and_are_of_length_one() -> None:
    turned = Rotation.from_euler("y", np.linspace(0, 1440, 400), degrees=True)
    values = quaternions(turned.as_matrix())
    assert (np.einsum("ij,ij->i", values[1:], values[:-1]) > 0.99).all()
    np.testing.assert_allclose(np.linalg.norm(values, axis=1), 1)
    assert values[0, 3] > 0
    np.testing.assert_allclose(Rotation.from_quat(values).as_matrix(), turned.as_matrix(), atol=1e-9)


def test_left_and_right_have_their_own_vertices_and_every_bone_moves_some() -> None:
    rig = make_rig(to_y_up(walk(30, FPS)))
    places = rig.rest_positions()
    meshes = {mesh.side: mesh for mesh in figure_mesh(rig, places)}
    assert meshes[LEFT].positions[:, 0].min() > -0.1 > meshes[RIGHT].positions[:, 0].min()
    np.testing.assert_allclose(
        meshes[LEFT].positions[:, 0].max(), -meshes[RIGHT].positions[:, 0].min(), atol=1e-6
    )
    moved = {NODES[node].name for mesh in meshes.values() for node in np.unique(mesh.nodes)}
    assert moved == {node.name for node in NODES} - {"Nose"}
    top = max(mesh.positions[:, 1].max() for mesh in meshes.values())
    head_top = places[[node.name for node in NODES].index("Head")] + rig.ends["Head"]
    assert top == pytest.approx(head_top[1], abs=0.01)


def test_triangles_look_outwards() -> None:
    rig = make_rig(to_y_up(walk(30, FPS)))
    for mesh in figure_mesh(rig, rig.rest_positions()):
        corners = mesh.positions[mesh.triangles]
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        assert (np.einsum("ij,ij->i", across, mesh.normals[mesh.triangles].sum(axis=1)) > 0).all()
        np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1)


def test_skin_and_colours_are_those_of_the_sides(tmp_path: Path) -> None:
    FORMATS["glb"].write(make_take(walk(5, FPS)), 0, tmp_path / "a.glb")
    content, values = read_glb(tmp_path / "a.glb")
    colours = {
        material["name"]: material["pbrMetallicRoughness"]["baseColorFactor"]
        for material in content["materials"]
    }
    assert colours["left"][0] > colours["left"][2], "orange"
    assert colours["right"][2] > colours["right"][0], "blue"
    for part in content["meshes"][0]["primitives"]:
        weights = values[part["attributes"]["WEIGHTS_0"]]
        joints = values[part["attributes"]["JOINTS_0"]]
        np.testing.assert_array_equal(weights.sum(axis=1), 1)
        assert joints.max() < len(content["skins"][0]["joints"])
        assert values[part["indices"]].max() == len(weights) - 1
    bind = values[content["skins"][0]["inverseBindMatrices"]].reshape(-1, 4, 4)
    rest = FORMATS["glb"].read(tmp_path / "a.glb").rest
    np.testing.assert_allclose(bind[:, 3, :3], -rest, atol=1e-6)


def good_file(path: Path) -> bytes:
    FORMATS["glb"].write(make_take(walk(3, FPS)), 0, path)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: b"", "not a readable GLB"),
        (lambda data: b"not a glb at all", "does not begin as glTF 2.0"),
        (lambda data: data[:-5], "bytes and has"),
        (lambda data: data[:4] + struct.pack("<I", 1) + data[8:], "does not begin as glTF 2.0"),
        (lambda data: data[:12] + struct.pack("<I", 2**31) + data[16:], "JSON part is missing or cut"),
    ],
)
def test_a_file_that_is_cut_or_no_glb_is_refused(
    change: Callable[[bytes], bytes], reason: str, tmp_path: Path
) -> None:
    (tmp_path / "b.glb").write_bytes(change(good_file(tmp_path / "a.glb")))
    with pytest.raises(StudioError, match=reason) as raised:
        FORMATS["glb"].read(tmp_path / "b.glb")
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"count":', '"count":9', "beyond its data"),
        ('"count":', '"count":-9', "beyond its data"),
        ('"byteLength":', '"byteLength":99999999', "beyond its data"),
        ('"skins"', '"skims"', "not written by this program"),
        ('"componentType":5126', '"componentType":5120', "not a readable GLB file"),
        ('"byteOffset":0', '"byteOffset":x', "not a readable GLB file"),
        ('"bufferView":0', '"bufferView":999', "not a readable GLB file"),
    ],
)
def test_a_file_of_false_content_is_refused(old: str, new: str, reason: str, tmp_path: Path) -> None:
    data = good_file(tmp_path / "a.glb")
    size = struct.unpack_from("<I", data, 12)[0]
    text = data[20 : 20 + size].decode()
    assert old in text
    # Accessors stand last: what is changed is one of theirs, or the only one.
    place = text.rindex(old)
    text = text[:place] + new + text[place + len(old) :]
    text += " " * (-len(text) % 4)
    parts = struct.pack("<II4s", 20 + len(text) + len(data) - 20 - size, len(text), b"JSON")
    (tmp_path / "b.glb").write_bytes(data[:8] + parts + text.encode() + data[20 + size :])
    with pytest.raises(StudioError, match=reason) as raised:
        FORMATS["glb"].read(tmp_path / "b.glb")
    assert len(str(raised.value).splitlines()) == 1


def test_a_file_that_claims_a_billion_values_is_refused(tmp_path: Path) -> None:
    blocks = Blocks()
    blocks.add(np.zeros(3, dtype="<f4"))
    blocks.accessors[0]["count"] = 10**12
    write_glb(tmp_path / "a.glb", {"asset": {"version": "2.0"}}, blocks)
    with pytest.raises(StudioError, match="beyond its data"):
        read_glb(tmp_path / "a.glb")


def test_a_file_too_large_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good_file(tmp_path / "a.glb")
    monkeypatch.setattr("app.export.glb_container.LARGEST_FILE_BYTES", 100)
    with pytest.raises(StudioError, match="too large"):
        read_glb(tmp_path / "a.glb")


def test_the_text_part_is_json_with_spaces_at_its_end(tmp_path: Path) -> None:
    data = good_file(tmp_path / "a.glb")
    size, kind = struct.unpack_from("<I4s", data, 12)
    assert (kind, size % 4, len(data) % 4) == (b"JSON", 0, 0)
    assert json.loads(data[20 : 20 + size])["asset"]["version"] == "2.0"
