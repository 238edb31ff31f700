"""Blender itself opens what we write: upright, facing, size, speed and every joint, with its default import settings.

Needs Blender as a Python module (`bpy`), which wants one Python version and its own NumPy. Where this interpreter does
not have it, the environment variable STCSTUDIO_BLENDER_PYTHON names one that does; see docs/bvh.md.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from synthetic_body import IMAGE_SIZE, seen_by_camera, turn_around, walk

from app.export import FORMATS
from app.export.bvh import nodes_of_joints
from app.export.bvh_presets import PRESETS
from app.take import Source, Take
from stcformer.skeleton import JOINTS

FPS = 30000 / 1001
FRAMES = 48
START = np.array([0.0, 5.0, 0.0])
"""Where the walk begins before the camera; the Take's world has it at the origin."""
SHOWN = (0, 1, 13, 30, 47)
SCRIPT = Path(__file__).with_name("blender_import.py")
SCENE_FPS = 24.0
"""Blender's own default, which neither importer changes unless it is told to."""


@pytest.fixture(scope="module")
def blender() -> str:
    """An interpreter with `bpy`."""
    named = os.environ.get("STCSTUDIO_BLENDER_PYTHON")
    if named:
        return named
    if importlib.util.find_spec("bpy"):
        return sys.executable
    pytest.skip(
        "needs Blender's module bpy here, or STCSTUDIO_BLENDER_PYTHON set to an interpreter that has it"
    )


def motion() -> np.ndarray:
    """(F, 17, 3) a walk towards the camera that turns round in its second half."""
    world = walk(FRAMES, FPS)
    turned = turn_around(FRAMES)[FRAMES // 2 :]
    world[FRAMES // 2 :] = turned + np.array([0.5, 0.0, 0.0])
    return world - START


@pytest.fixture(scope="module")
def world() -> np.ndarray:
    return motion()


@pytest.fixture(scope="module")
def answers(
    blender: str, world: np.ndarray, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What Blender says of every format, by its name."""
    folder = tmp_path_factory.mktemp("blender")
    pose, keypoints, scores, root = seen_by_camera(world + START)
    take = Take(
        Source(Path("walk.mp4"), *IMAGE_SIZE, FPS),
        np.arange(FRAMES) / FPS,
        *(array[None] for array in (keypoints, scores, pose, root, world)),
    )
    names = [preset.name for preset in PRESETS] + ["glb"]
    jobs = []
    for name in names:
        path = folder / f"walk{FORMATS[name].suffix}"
        FORMATS[name].write(take, 0, path)
        frames = [k / FPS * SCENE_FPS for k in SHOWN]
        jobs.append({"path": str(path), "frames": frames if name == "glb" else [k + 1 for k in SHOWN]})
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    done = subprocess.run(
        [blender, str(SCRIPT), str(folder / "jobs.json"), str(folder / "answers.json")],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    return dict(zip(names, found, strict=True))


def units_per_metre(name: str) -> float:
    return next((preset.units_per_metre for preset in PRESETS if preset.name == name), 1.0)


def joints_in_blender(answer: dict[str, Any], names: dict[str, str]) -> np.ndarray:
    """(F, 17, 3) in Blender's units."""
    places = []
    for joint in JOINTS:
        bone = names[joint]
        ended = bone not in answer["heads"]
        places.append(answer["tails"][bone.removesuffix("_end")] if ended else answer["heads"][bone])
    return np.swapaxes(np.array(places), 0, 1)


def names_of(name: str) -> dict[str, str]:
    preset = next((preset for preset in PRESETS if preset.name == name), PRESETS[0])
    return nodes_of_joints(preset)


EVERY = [*(preset.name for preset in PRESETS), "glb"]


@pytest.mark.parametrize("name", EVERY)
def test_every_joint_in_blender_is_within_a_millimetre_of_the_pose_upright_and_unmirrored(
    name: str, answers: dict[str, dict[str, Any]], world: np.ndarray
) -> None:
    """Blender's z is up and its y away from the viewer: the same as our world space, so no axis is turned here."""
    found = joints_in_blender(answers[name], names_of(name)) / units_per_metre(name)
    error = np.linalg.norm(found - world[list(SHOWN)], axis=-1)
    print(f"{name}: largest {error.max() * 1000:.4f} mm in Blender {answers[name]['blender']}")
    assert error.max() < 1e-3


@pytest.mark.parametrize("name", EVERY)
def test_it_stands_upright_and_faces_the_front_view(
    name: str, answers: dict[str, dict[str, Any]], world: np.ndarray
) -> None:
    found = joints_in_blender(answers[name], names_of(name))[0]
    joint = dict(zip(JOINTS, found, strict=True))
    assert joint["head"][2] > joint["hip"][2] > joint["lankle"][2] > 0
    assert joint["neck"][1] < joint["thorax"][1], "the nose in front of the neck, in front is -y"
    assert joint["lshoulder"][0] > joint["rshoulder"][0], "seen from the front its left is on the right"


@pytest.mark.parametrize("name", [preset.name for preset in PRESETS if preset.rest_on_floor] + ["glb"])
def test_the_rest_pose_is_a_t_pose_on_the_floor(name: str, answers: dict[str, dict[str, Any]]) -> None:
    names, rest = names_of(name), answers[name]["rest"]
    scale = units_per_metre(name)
    heights = {joint: rest[names[joint]][2] / scale for joint in JOINTS if names[joint] in rest}
    assert heights["lankle"] == pytest.approx(0.08, abs=0.01)
    assert heights["lwrist"] == pytest.approx(heights["lshoulder"], abs=1e-4)
    assert rest[names["lwrist"]][0] / scale > 0.6


def test_size_is_metres_for_the_blender_preset_and_a_hundredfold_for_the_centimetre_ones(
    answers: dict[str, dict[str, Any]],
) -> None:
    for name, answer in answers.items():
        top = joints_in_blender(answer, names_of(name))[0, JOINTS.index("head"), 2]
        assert top / units_per_metre(name) == pytest.approx(1.71, abs=0.05)
    assert units_per_metre("bvh-blender") == 1


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.name)
def test_one_row_is_one_frame_and_update_scene_fps_gives_the_speed(
    preset: Any, answers: dict[str, dict[str, Any]]
) -> None:
    answer = answers[preset.name]
    assert (answer["first_key"], answer["last_key"]) == (1, FRAMES)
    assert answer["fps"] == SCENE_FPS
    assert answer["fps_updated"] == pytest.approx(FPS, rel=1e-6)
    assert len(answer["rotation_modes"]) == 1


def test_the_glb_plays_at_the_speed_of_the_video_by_itself(answers: dict[str, dict[str, Any]]) -> None:
    answer = answers["glb"]
    assert answer["first_key"] == pytest.approx(0, abs=1e-4)
    assert answer["last_key"] == pytest.approx((FRAMES - 1) / FPS * SCENE_FPS, abs=1e-3)


def test_the_skin_of_the_glb_moves_with_its_bones(
    answers: dict[str, dict[str, Any]], world: np.ndarray
) -> None:
    lowest, highest = np.array(answers["glb"]["lowest"]), np.array(answers["glb"]["highest"])
    joints = world[list(SHOWN)]
    np.testing.assert_allclose(highest[:, 2], joints[..., 2].max(axis=1), atol=0.03)
    np.testing.assert_allclose(lowest[:, :2], joints[..., :2].min(axis=1), atol=0.35)
    np.testing.assert_allclose(highest[:, :2], joints[..., :2].max(axis=1), atol=0.35)
    assert np.abs(lowest[:3, 2]).max() < 0.12, "the feet stand on the floor"
