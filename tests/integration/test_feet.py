"""Feet of rendered people, seen by MediaPipe: they point where people go and where the truth has them."""

from dataclasses import replace

import numpy as np
import pytest

from app.edits import apply_edits
from app.export.solved_motion import solve_person, to_y_up
from app.export.video_camera import camera_of
from app.motion.contact import FEET, IN_CONTACT
from app.motion.rig import node_index
from app.motion.rotations import to_global
from app.pipeline import assemble_take, process_video
from app.rendered_evaluation import RenderedClip, rendered_clips
from app.settings import Settings
from app.take import Take

CLIPS = {clip.name: clip for clip in rendered_clips()}


@pytest.fixture(scope="module")
def takes() -> dict[str, Take]:
    return {
        name: process_video(CLIPS[name].video, Settings(detector="mediapipe"))
        for name in ("walk", "run", "jump")
    }


def without_feet(take: Take) -> Take:
    assert take.evidence is not None
    nothing = np.full_like(take.evidence.feet, np.nan)
    evidence = replace(take.evidence, feet=nothing, foot_scores=np.zeros(nothing.shape[:4]))
    edited = apply_edits(evidence.keypoints, evidence.scores, take.edits)
    return assemble_take(take.source, take.time_s, edited, evidence, take.settings, take.edits, {})


def ahead(take: Take) -> np.ndarray:
    """(F, 2, 2) from ankles to toes along the floor, unit."""
    ways = (take.toes[0] - take.world[0][:, FEET])[..., :2]
    return np.asarray(ways / np.linalg.norm(ways, axis=-1, keepdims=True))


def off_the_truth(clip: RenderedClip, take: Take) -> np.ndarray:
    """(F, 2) degrees between the soles of the formats' skeleton and the true ones."""
    motion = solve_person(take, 0, take.time_s, clip.video)
    feet = to_global(motion.rotations)[..., 2][:, [node_index("LeftFoot"), node_index("RightFoot")]]
    soles = clip.truth["feet"][:, :, 1] - clip.truth["feet"][:, :, 0]
    soles /= np.linalg.norm(soles, axis=-1, keepdims=True)
    seen = soles @ clip.truth["camera_from_world"][:3, :3].T @ camera_of(take, 0).rotation.T
    return degrees(feet, to_y_up(seen))


def degrees(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip((first * second).sum(axis=-1), -1, 1)))


def test_a_walking_persons_toes_point_the_way_they_go(takes: dict[str, Take]) -> None:
    take = takes["walk"]
    way = take.world[0, -1, 0, :2] - take.world[0, 0, 0, :2]
    off = degrees(ahead(take), way / np.linalg.norm(way))
    assert np.median(off) < 20
    assert np.mean(off < 30) > 0.8
    assert off.max() < 90


@pytest.mark.parametrize("name", ["run", "jump"])
def test_feet_that_are_seen_point_nearer_to_the_truth(name: str, takes: dict[str, Take]) -> None:
    found, guessed = (off_the_truth(CLIPS[name], take) for take in (takes[name], without_feet(takes[name])))
    assert found.mean() < 0.9 * guessed.mean()
    assert found.mean() < 15


def test_a_runners_feet_are_known_to_stand_by_heel_and_toe(takes: dict[str, Take]) -> None:
    run, soles = takes["run"], CLIPS["run"].truth["feet"]
    slow = np.linalg.norm(np.gradient(soles, axis=0), axis=-1).max(axis=2) * run.source.fps < 0.5
    found = run.contacts[0] == IN_CONTACT
    assert (without_feet(run).contacts[0] == IN_CONTACT)[slow].mean() < 0.2
    assert found[slow].mean() > 0.6
    assert found[~slow].mean() < 0.1
