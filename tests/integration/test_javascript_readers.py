"""Readers that are not ours: three.js opens every BVH preset, Khronos' validator the GLB.

Need node and its packages `three` and `gltf-validator`, in `node_modules` of the checkout or in the folder that the
environment variable STCSTUDIO_NODE_MODULES names; see docs/bvh.md.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from synthetic_body import IMAGE_SIZE, lying_down, seen_by_camera, walk

from app.export import FORMATS
from app.export.bvh_presets import PRESETS
from app.take import Source, Take
from stcformer.bvh import read_bvh

FPS = 25.0
HERE = Path(__file__).parent


@pytest.fixture
def run_node() -> "NodeRunner":
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    modules = Path(os.environ.get("STCSTUDIO_NODE_MODULES") or HERE.parents[1] / "node_modules")
    return NodeRunner(node, modules)


class NodeRunner:
    def __init__(self, node: str, modules: Path) -> None:
        self.node, self.modules = node, modules

    def __call__(self, package: str, script: str, *arguments: Path) -> str:
        if not (self.modules / package / "package.json").is_file():
            pytest.skip(f"needs the npm package {package} in STCSTUDIO_NODE_MODULES")
        done = subprocess.run(
            [self.node, str(HERE / script), str(self.modules), *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout


def make_take(world: np.ndarray) -> Take:
    pose, keypoints, scores, root = seen_by_camera(world)
    return Take(
        Source(Path("walk.mp4"), *IMAGE_SIZE, FPS),
        np.arange(len(world)) / FPS,
        *(array[None] for array in (keypoints, scores, pose, root, world)),
    )


def test_threejs_puts_every_joint_of_every_preset_where_we_do(run_node: "NodeRunner", tmp_path: Path) -> None:
    take = make_take(np.concatenate((walk(20, FPS), lying_down(20))))
    paths = [tmp_path / f"a{preset.suffix}" for preset in PRESETS]
    for preset, path in zip(PRESETS, paths, strict=True):
        FORMATS[preset.name].write(take, 0, path)
    run_node("three", "three_bvh.mjs", tmp_path / "answers.json", *paths)
    answers = json.loads((tmp_path / "answers.json").read_text(encoding="utf-8"))
    for preset, path, answer in zip(PRESETS, paths, answers, strict=True):
        motion = read_bvh(path)
        np.testing.assert_allclose(answer["times"], np.arange(40) / FPS, atol=1e-5)
        np.testing.assert_allclose(answer["offset"], motion.offsets[0], atol=1e-6)
        assert (np.linalg.norm(answer["offset"]) > 0) == preset.rest_on_floor
        # three.js adds the root's OFFSET to its place, which is why the plain preset has none.
        places = np.array(answer["places"]) - answer["offset"]
        ours = motion.positions()
        # Its end sites come under one name, in the order of the file as ours do.
        assert [name == "ENDSITE" for name in answer["names"]] == [
            name.endswith("_end") for name in motion.names
        ]
        error_mm = np.linalg.norm(places - ours, axis=-1).max() / preset.units_per_metre * 1000
        print(f"{preset.name}: largest {error_mm:.4f} mm in three.js")
        assert error_mm < 1


def test_the_khronos_validator_finds_nothing_to_say_of_the_glb(
    run_node: "NodeRunner", tmp_path: Path
) -> None:
    path = tmp_path / "a.glb"
    FORMATS["glb"].write(make_take(walk(20, FPS)), 0, path)
    report = json.loads(run_node("gltf-validator", "validate_gltf.mjs", path))
    assert report["issues"]["messages"] == []
    assert report["info"]["animationCount"] == 1
    assert report["info"]["hasSkins"]


def test_the_glb_of_a_single_frame_is_valid(run_node: "NodeRunner", tmp_path: Path) -> None:
    path = tmp_path / "a.glb"
    FORMATS["glb"].write(make_take(walk(1, FPS)), 0, path)
    report = json.loads(run_node("gltf-validator", "validate_gltf.mjs", path))
    assert report["issues"]["numErrors"] == 0
