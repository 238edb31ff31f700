"""`assets/demo/render/seen_people.py`: people rendered without Blender, and what a detector finds of them."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stcformer.augmentation import read_seen_people
from stcformer.augmentation.seen_clips import read_seen_clips
from tests.made_motion import FAMILIES, body_bvh

pytest.importorskip("embreex", reason="rays are cast by embreex, which is not installed")
pytest.importorskip("mediapipe", reason="MediaPipe is not installed")

_REPO = Path(__file__).resolve().parents[2]
FPS = 30


@pytest.fixture(scope="module")
def mocap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three subjects who wave an arm for four seconds; one has a skeleton that the mannequin does not know."""
    folder = tmp_path_factory.mktemp("mocap")
    frames: list[dict[str, tuple[float, float, float]]] = [{}]
    for frame in range(4 * FPS):
        swing = 30 * np.sin(2 * np.pi * frame / FPS)
        frames.append({"lshoulder": (-70, 0, 0), "rshoulder": (40 + swing, 0, 0), "lhip": (swing / 3, 0, 0)})
    for name, family in (("01__01_01", "motionbuilder"), ("02__02_01", "daz"), ("03__03_01", "asf")):
        text = body_bvh(FAMILIES[family], frames=frames, frame_time=1 / FPS)
        (folder / f"{name}.bvh").write_text(text)
    return folder


def render(mocap: Path, out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    script = _REPO / "assets" / "demo" / "render" / "seen_people.py"
    command = [sys.executable, str(script), str(mocap), "-o", str(out), "--processes", "1", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_a_detector_finds_the_rendered_people_where_they_are_and_a_stopped_run_goes_on(
    mocap: Path, tmp_path: Path
) -> None:
    out = tmp_path / "people.npz"
    done = render(mocap, out, "--count", "2", "--seed", "4")
    assert done.returncode == 0, done.stderr
    assert "neither of the CMU conversions" in done.stdout
    first = read_seen_clips(out)
    assert [clip.number for clip in first] == [0, 1]
    assert {clip.subject for clip in first} <= {"cmu/01", "cmu/02"}
    for clip in first:
        assert clip.joints.shape == (30, 17, 3)
        assert (clip.scores > 0).any(axis=1).mean() > 0.8
        width, height = clip.image_size
        true = clip.true_keypoints
        assert (true > 0).all()
        assert (true < (width, height)).all()
    seen = read_seen_people(out)
    sure = seen.scores > 0.5
    assert float(seen.displacement.norm(dim=-1)[sure].median()) < 0.1
    assert render(mocap, out, "--count", "3", "--seed", "4").returncode == 0
    second = read_seen_clips(out)
    assert [clip.number for clip in second] == [0, 1, 2]
    for before, after in zip(first, second, strict=False):
        assert np.array_equal(before.joints, after.joints)
        assert np.array_equal(before.keypoints, after.keypoints)
    other_seed = render(mocap, out, "--count", "4", "--seed", "5")
    assert other_seed.returncode == 2
    assert "was begun with another --seed" in other_seed.stderr
    assert len(read_seen_clips(out)) == 3


def test_nothing_left_to_render_is_said(mocap: Path, tmp_path: Path) -> None:
    done = render(mocap, tmp_path / "people.npz", "--without", "cmu/01,cmu/02")
    assert done.returncode != 0
    assert "is left to render" in done.stderr
    assert not (tmp_path / "people.npz").exists()
