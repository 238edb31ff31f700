"""The real motion capture: every file read, and people in it who look and move like people."""

from pathlib import Path

import numpy as np
import pytest

from stcformer.corpus import Corpus, held_out_subjects, read_corpus
from stcformer.mocap import MocapClip, read_clip
from stcformer.skeleton import JOINTS

WALKS = (
    "cmu/08__*.bvh",
    "cmu/07__*.bvh",
    "cmu/02__02_01.bvh",
    "cmu/03__*.bvh",
    "animated_drawings/*walk*.bvh",
    "animated_drawings/*running*.bvh",
)
MIXED_UP = {
    "animated_drawings/5yr_old__skipping": "left and right mixed up",
    "cmu_dance/salsa__06": "markers of the head mixed up",
    "cmu_dance/salsa__07": "markers of the head mixed up",
}
"""Faults of the captures themselves, found by looking at all of them."""


@pytest.fixture(scope="module")
def mocap() -> Path:
    folder = Path(__file__).resolve().parents[3] / "shared" / "mocap"
    if not folder.is_dir():
        pytest.skip("needs the motion capture in ../shared/mocap")
    return folder


@pytest.fixture(scope="module")
def read(mocap: Path) -> tuple[Corpus, list[str]]:
    reasons: list[str] = []
    return read_corpus(mocap, reasons.append), reasons


@pytest.fixture(scope="module")
def clips(read: tuple[Corpus, list[str]]) -> list[MocapClip]:
    return [read[0].clip(index) for index in range(len(read[0].names))]


def joint(clip: MocapClip, name: str) -> np.ndarray:
    return np.asarray(clip.joints[:, JOINTS.index(name)], dtype=np.float64)


def unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def nose_forward(clip: MocapClip) -> np.ndarray:
    """(F, 3) where the face looks: the nose away from the line from the thorax to the top of the head."""
    line = unit(joint(clip, "head") - joint(clip, "thorax"))
    nose = joint(clip, "neck") - joint(clip, "thorax")
    return unit(nose - line * (nose * line).sum(axis=-1, keepdims=True))


def body_forward(clip: MocapClip, left: str, right: str) -> np.ndarray:
    """(F, 3) in front of the trunk, by the line from left to right: up x right points forward."""
    up = joint(clip, "thorax") - joint(clip, "hip")
    return unit(np.cross(up, joint(clip, right) - joint(clip, left)))


def test_every_file_is_read_but_those_whose_markers_were_mixed_up(
    mocap: Path, read: tuple[Corpus, list[str]]
) -> None:
    corpus, reasons = read
    files = {f"{path.parent.name}/{path.stem}" for path in mocap.rglob("*.bvh")}
    assert len(files) > 250
    assert set(corpus.names) == files - set(MIXED_UP)
    assert len(reasons) == len(MIXED_UP)
    for (name, fault), reason in zip(sorted(MIXED_UP.items()), reasons, strict=True):
        assert f"{name}.bvh' has" in reason
        assert fault in reason
    assert np.isfinite(corpus.joints).all()
    assert 60 < corpus.minutes() < 65


def test_a_rest_pose_before_the_capture_is_no_part_of_it(clips: list[MocapClip]) -> None:
    # cmu/09_10 begins with two of them, 1.9 m from where the capture goes on.
    clip = next(clip for clip in clips if clip.name == "cmu/09__09_10")
    arms = joint(clip, "lwrist") - joint(clip, "rwrist")
    assert np.linalg.norm(arms, axis=-1).max() < 1.2
    assert len(clip.joints) == 64


def test_the_subjects_are_the_persons_of_the_readme(read: tuple[Corpus, list[str]]) -> None:
    subjects = set(read[0].subjects)
    assert {
        "cmu/01",
        "cmu/09",
        "cmu/13",
        "cmu_dance/salsa",
        "cmu_dance/indian",
        "cmu_dance/martial",
    } <= subjects
    assert {"animated_drawings/5yr_old", "animated_drawings/8yr_old"} <= subjects
    assert len(subjects) == 24
    held_out = held_out_subjects(read[0])
    assert 0.1 < read[0].of_subjects(held_out).minutes() / read[0].minutes() < 0.3


def test_walkers_and_runners_go_nose_first(mocap: Path) -> None:
    paths = sorted({path for pattern in WALKS for path in mocap.glob(pattern)})
    assert len(paths) > 40
    for path in paths:
        clip = read_clip(path)
        velocity = np.gradient(joint(clip, "hip"), axis=0) * clip.fps
        velocity[:, 2] = 0
        moving = np.linalg.norm(velocity, axis=-1) > 0.5
        assert moving.mean() > 0.2, path
        for forward in (nose_forward(clip), body_forward(clip, "lhip", "rhip")):
            along = (forward[moving] * unit(velocity[moving])).sum(axis=-1)
            assert np.median(along) > 0.3, path  # some walk pointing or looking aside
            assert (along > 0).mean() > 0.8, path


def test_noses_shoulders_and_hips_of_all_clips_face_the_same_way(clips: list[MocapClip]) -> None:
    for clip in clips:
        shoulders = body_forward(clip, "lshoulder", "rshoulder")
        hips = body_forward(clip, "lhip", "rhip")
        assert np.median((shoulders * hips).sum(axis=-1)) > 0.5, clip.name
        assert np.median((nose_forward(clip) * shoulders).sum(axis=-1)) > 0.4, clip.name


def test_bent_knees_point_forward(clips: list[MocapClip]) -> None:
    for clip in clips:
        forward = body_forward(clip, "lhip", "rhip")
        for side in "lr":
            hip, knee, ankle = (joint(clip, f"{side}{name}") for name in ("hip", "knee", "ankle"))
            across = (
                knee
                - hip
                - (ankle - hip)
                * (((knee - hip) * (ankle - hip)).sum(-1) / ((ankle - hip) ** 2).sum(-1))[:, None]
            )
            bent = np.linalg.norm(across, axis=-1) > 0.12
            if bent.sum() > 30:
                assert np.median((across[bent] * forward[bent]).sum(axis=-1)) > 0, (clip.name, side)


def test_bodies_are_upright_on_average(clips: list[MocapClip]) -> None:
    lean = {}
    for clip in clips:
        lean[clip.name] = float(unit(joint(clip, "thorax") - joint(clip, "hip"))[:, 2].mean())
    assert np.mean(list(lean.values())) > 0.9
    # Acrobats and those who push heavy things lean, but nobody hangs head down.
    assert min(lean.values()) > 0.2, min(lean, key=lean.__getitem__)


def test_feet_are_near_the_floor_and_heads_at_human_height(clips: list[MocapClip]) -> None:
    for clip in clips:
        lowest = np.minimum(joint(clip, "lankle"), joint(clip, "rankle"))[:, 2]
        assert np.percentile(lowest, 5) == pytest.approx(0.08, abs=0.01), clip.name
        assert lowest.min() > -0.1, clip.name
        # A person who stands is between 1.5 and 1.9 m; one rides a motorcycle, some jump.
        assert 1.3 < np.percentile(joint(clip, "head")[:, 2], 95) < 2.6, clip.name
    assert 1.55 < np.median([np.median(joint(clip, "head")[:, 2]) for clip in clips]) < 1.85
    standing = [np.median(np.minimum(joint(clip, "lankle"), joint(clip, "rankle"))[:, 2]) for clip in clips]
    assert np.median(standing) < 0.13


def test_proportions_are_human(clips: list[MocapClip]) -> None:
    # Bounds in metres at legs of 0.85 m. Conversions differ in where joints are, and cmu/ lacks a wrist bone, so
    # its hands stand 2/3 of a forearm behind the elbow: training gives every body new lengths.
    bounds = {
        ("lhip", "rhip"): (0.08, 0.40),
        ("lhip", "lknee"): (0.34, 0.52),
        ("lknee", "lankle"): (0.34, 0.52),
        ("hip", "thorax"): (0.30, 0.72),
        ("lshoulder", "rshoulder"): (0.18, 0.55),
        ("lshoulder", "lelbow"): (0.18, 0.42),
        ("lelbow", "lwrist"): (0.12, 0.36),
        ("thorax", "head"): (0.24, 0.32),
        ("thorax", "neck"): (0.09, 0.26),
    }
    for clip in clips:
        for (first, second), (low, high) in bounds.items():
            length = np.median(np.linalg.norm(joint(clip, first) - joint(clip, second), axis=-1))
            assert low < length < high, (clip.name, first, second, length)


def test_limbs_are_as_long_left_as_right_and_do_not_stretch(clips: list[MocapClip]) -> None:
    for clip in clips:
        for upper, lower in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
            left, right = (
                np.linalg.norm(joint(clip, side + upper) - joint(clip, side + lower), axis=-1)
                for side in "lr"
            )
            assert left.std() < 1e-3, (clip.name, upper)
            assert right.std() < 1e-3, (clip.name, upper)
            assert left.mean() == pytest.approx(right.mean(), rel=0.25), (clip.name, upper)


def test_nobody_jumps_from_place_to_place(clips: list[MocapClip]) -> None:
    for clip in clips:
        speed = np.linalg.norm(np.diff(joint(clip, "hip"), axis=0), axis=-1) * clip.fps
        assert speed.max() < 12.5, clip.name
        assert np.percentile(speed, 99) < 6, clip.name
