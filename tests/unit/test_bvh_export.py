"""The presets of BVH: names, hierarchy, unit, rest pose, rotation order, and the joints where they were."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from synthetic_body import lying_down, turn_around, walk
from test_export import FPS, make_take, rest_pose

from app.export import FORMATS, export_take
from app.export.bvh import joints_of, nodes_of_joints
from app.export.bvh_presets import PRESETS, BvhPreset
from app.export.solved_motion import to_y_up
from app.motion.bones import ANKLE_HEIGHT_FRACTION, body_height, bone_lengths
from stcformer.bvh import BvhMotion, read_bvh
from stcformer.skeleton import JOINTS

MOTIONS = {"walk": walk(60, FPS), "turn": turn_around(60), "lying": lying_down(40), "one frame": walk(1, FPS)}
SIDES = ("Left", "Right")


@pytest.fixture(params=PRESETS, ids=lambda preset: preset.name)
def preset(request: pytest.FixtureRequest) -> BvhPreset:
    return request.param


def written(preset: BvhPreset, world: np.ndarray, folder: Path, fps: float = FPS) -> BvhMotion:
    path = folder / f"a{preset.suffix}"
    FORMATS[preset.name].write(make_take(world, fps=fps), 0, path)
    return read_bvh(path)


def leaning(frames: int) -> np.ndarray:
    """A walk with the spine bent sideways by up to 30 degrees over the pelvis."""
    world = walk(frames, FPS)
    angle = np.deg2rad(30) * np.sin(np.linspace(0, 2 * np.pi, frames))
    upper = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    bone = world[:, upper] - world[:, :1]
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    world[:, upper] = world[:, :1] + np.stack(
        (c * bone[..., 0] + s * bone[..., 2], bone[..., 1], c * bone[..., 2] - s * bone[..., 0]), axis=-1
    )
    return world


@pytest.mark.parametrize("name", list(MOTIONS))
def test_every_joint_is_where_it_was_to_the_millimetre(preset: BvhPreset, name: str, tmp_path: Path) -> None:
    motion = written(preset, MOTIONS[name], tmp_path)
    error = joints_of(motion, preset) / preset.units_per_metre - to_y_up(MOTIONS[name])
    assert np.linalg.norm(error, axis=-1).max() < 1e-4


def test_a_spine_that_leans_sideways_over_the_pelvis_costs_less_than_a_millimetre(
    preset: BvhPreset, tmp_path: Path
) -> None:
    world = leaning(40)
    error = joints_of(written(preset, world, tmp_path), preset) / preset.units_per_metre - to_y_up(world)
    assert np.linalg.norm(error, axis=-1).max() < 1e-3


def test_no_two_presets_write_the_same_file(tmp_path: Path) -> None:
    names = [preset.name for preset in PRESETS]
    paths = export_take(make_take(walk(3, FPS), walk(3, FPS)), tmp_path, "clip", names)
    assert len(set(paths)) == 2 * len(PRESETS) + 1
    assert {path.name for path in paths} >= {"clip.bvh", "clip.mixamo.bvh", "clip.p2.motionbuilder.bvh"}


@pytest.mark.parametrize("fps", [5.0, 24.0, 30000 / 1001, 60.0, 1000 / 3])
def test_the_frame_time_is_exactly_that_of_the_video_in_every_preset(
    preset: BvhPreset, fps: float, tmp_path: Path
) -> None:
    assert written(preset, walk(4, fps), tmp_path, fps).frame_time == 1 / fps


def test_the_root_has_six_channels_the_others_three_rotations_all_in_one_order(
    preset: BvhPreset, tmp_path: Path
) -> None:
    motion = written(preset, lying_down(40), tmp_path)
    assert motion.parents.count(-1) == 1
    assert motion.channels[0][:3] == ("Xposition", "Yposition", "Zposition")
    rotations = {channels[-3:] for channels in motion.channels if channels}
    assert len(rotations) == 1
    assert all(len(channels) in (0, 3) for channels in motion.channels[1:])
    if preset.order:
        assert rotations == {tuple(f"{axis}rotation" for axis in preset.order)}


def test_no_angle_jumps_in_a_turn_or_a_fall(preset: BvhPreset, tmp_path: Path) -> None:
    for name in ("walk", "turn", "lying"):
        angles = written(preset, MOTIONS[name], tmp_path).values[:, 3:]
        assert np.abs(np.diff(angles, axis=0)).max() < 45, name


def test_at_rest_it_stands_in_a_t_pose_with_its_feet_on_the_floor_where_the_preset_says_so(
    preset: BvhPreset, tmp_path: Path
) -> None:
    world = walk(30, FPS)
    motion = written(preset, world, tmp_path)
    # The channels of the root say where it is; its rest pose is what a program shows without any.
    still = replace(motion, values=np.zeros((1, motion.values.shape[1])))
    rest = dict(zip(motion.names, still.positions()[0] + motion.offsets[0], strict=True))
    places = {node: rest[preset.name_of(node)] / preset.units_per_metre for node in ("Hips", "LeftFoot")}
    lowest = min(place[1] for place in rest.values()) / preset.units_per_metre
    ankle = ANKLE_HEIGHT_FRACTION * body_height(world, bone_lengths(world))
    hip = ankle + bone_lengths(world)[2] + bone_lengths(world)[3]
    assert places["Hips"][1] == pytest.approx(hip if preset.rest_on_floor else 0, abs=1e-5)
    assert lowest == pytest.approx(0 if preset.rest_on_floor else -hip, abs=1e-5), "the tips of the toes"
    for side, sign in zip(SIDES, (1, -1), strict=True):
        arm = [rest[preset.name_of(f"{side}{part}")] for part in ("Shoulder", "Arm", "ForeArm", "Hand")]
        assert (np.diff([sign * place[0] for place in arm]) > 0).all()
        np.testing.assert_allclose([place[1] for place in arm], arm[0][1], atol=1e-5)
    toes = rest[preset.name_of("LeftToeBase")] - rest[preset.name_of("LeftFoot")]
    assert toes[2] / preset.units_per_metre > 0.1, "toes forward"


def test_the_plain_preset_keeps_the_root_offset_at_zero_that_all_readers_agree_on(tmp_path: Path) -> None:
    motion = written(PRESETS[0], walk(5, FPS), tmp_path)
    assert motion.offsets[0].tolist() == [0, 0, 0]


def test_the_blender_preset_is_in_metres_and_the_others_in_centimetres(
    preset: BvhPreset, tmp_path: Path
) -> None:
    world = walk(5, FPS)
    motion = written(preset, world, tmp_path)
    thigh = np.linalg.norm(motion.offsets[motion.names.index(preset.name_of("LeftLeg"))])
    assert thigh == pytest.approx(0.42 * (1 if preset.name == "bvh-blender" else 100), rel=1e-3)


def chain(motion: BvhMotion, name: str) -> list[str]:
    """The names from the root to a joint."""
    names, index = [], motion.names.index(name)
    while index >= 0:
        names.append(motion.names[index])
        index = motion.parents[index]
    return names[::-1]


def test_the_mixamo_preset_has_the_names_and_the_hierarchy_of_mixamo(tmp_path: Path) -> None:
    preset = next(preset for preset in PRESETS if preset.name == "bvh-mixamo")
    motion = written(preset, walk(5, FPS), tmp_path)

    def bare(name: str) -> list[str]:
        found = chain(motion, f"mixamorig:{name}")
        assert all(part.startswith("mixamorig:") for part in found)
        return [part.removeprefix("mixamorig:") for part in found]

    spine = ["Hips", "Spine", "Spine1", "Spine2"]
    assert bare("Head") == [*spine, "Neck", "Head"]
    for side in SIDES:
        arm = [f"{side}{part}" for part in ("Shoulder", "Arm", "ForeArm", "Hand")]
        leg = [f"{side}{part}" for part in ("UpLeg", "Leg", "Foot", "ToeBase")]
        assert bare(arm[-1]) == [*spine, *arm]
        assert bare(leg[-1]) == ["Hips", *leg]


def test_the_motionbuilder_preset_has_the_names_of_humanik(tmp_path: Path) -> None:
    preset = next(preset for preset in PRESETS if preset.name == "bvh-motionbuilder")
    motion = written(preset, walk(5, FPS), tmp_path)
    assert chain(motion, "Head") == ["Hips", "Spine", "Spine1", "Neck", "Head"]
    assert chain(motion, "LeftHand")[-5:] == ["Spine1", "LeftShoulder", "LeftArm", "LeftForeArm", "LeftHand"]
    assert chain(motion, "RightToeBase") == ["Hips", "RightUpLeg", "RightLeg", "RightFoot", "RightToeBase"]


def test_no_joint_of_mixamo_or_motionbuilder_sits_on_its_parent(tmp_path: Path) -> None:
    for preset in PRESETS[2:]:
        motion = written(preset, walk(5, FPS), tmp_path)
        assert np.linalg.norm(motion.offsets, axis=-1).min() > 0.4, "centimetres"


def test_the_skull_base_lies_between_thorax_and_head_top_and_turns_with_the_head(tmp_path: Path) -> None:
    rest = rest_pose(written(PRESETS[0], walk(5, FPS), tmp_path))
    assert rest["Neck"][1] + 5 < rest["Head"][1] < rest["Head_end"][1] - 5
    assert abs(rest["Head"][2]) < 6
    np.testing.assert_allclose(rest["Head_end"], rest["Nose_end"], atol=1e-3)


def test_the_sidecar_names_the_node_of_every_joint(preset: BvhPreset, tmp_path: Path) -> None:
    notes = FORMATS[preset.name].write(make_take(walk(5, FPS)), 0, tmp_path / "a.bvh")
    motion = read_bvh(tmp_path / "a.bvh")
    assert list(notes["nodes_of_joints"]) == list(JOINTS)
    assert set(notes["nodes_of_joints"].values()) <= set(motion.names)
    assert notes["nodes_of_joints"] == nodes_of_joints(preset)
    assert notes["unit"] == preset.unit
    assert notes["rotation_order"] in ("ZXY", "YZX", "ZYX", "XYZ", "XZY", "YXZ")
