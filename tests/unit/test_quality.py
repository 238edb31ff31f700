"""Suspicious frames: none on good footage, and every kind of damage found where it was done."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from made_takes import FPS, exact_take
from synthetic_body import arms_overhead, turn_around, walk

from app.edits import SwapSides, apply_edits
from app.quality import KINDS, Suspicion, suspicious_frames
from app.take import Take

BAD = slice(40, 52)


@pytest.fixture(scope="module")
def good() -> Take:
    return exact_take(walk(90, FPS))


def with_evidence(take: Take, **arrays: np.ndarray) -> Take:
    assert take.evidence is not None
    return replace(take, evidence=replace(take.evidence, **arrays))


def lifted(take: Take) -> np.ndarray:
    assert take.evidence is not None
    return take.evidence.lifted.copy()


def lose(take: Take) -> Take:
    world = take.world.copy()
    world[0, BAD] = np.nan
    return replace(take, world=world)


def unsure_detector(take: Take) -> Take:
    scores = take.scores.copy()
    scores[0, BAD] = 0.4
    return replace(take, scores=scores)


def unsure_lifter(take: Take) -> Take:
    assert take.evidence is not None
    apart = take.evidence.disagreement.copy()
    apart[0, BAD] = 0.15
    return with_evidence(take, disagreement=apart)


def longer_bones(take: Take) -> Take:
    pose = lifted(take)
    pose[0, BAD] *= np.linspace(1.3, 1.5, BAD.stop - BAD.start)[:, None, None]
    return with_evidence(take, lifted=pose)


def keypoints_elsewhere(take: Take) -> Take:
    keypoints = take.keypoints.copy()
    keypoints[0, BAD, 11:14] += 120  # an arm
    return replace(take, keypoints=keypoints)


def a_jump(take: Take) -> Take:
    pose = lifted(take)
    pose[0, BAD.start : BAD.stop : 2, 13] += [0.3, 0.0, 0.0]
    return with_evidence(take, lifted=pose)


DAMAGE: dict[str, Callable[[Take], Take]] = {
    "unseen": lose,
    "low score": unsure_detector,
    "flip disagreement": unsure_lifter,
    "bone length": longer_bones,
    "reprojection": keypoints_elsewhere,
    "speed": a_jump,
}


@pytest.mark.parametrize(
    "world",
    [walk(90, FPS), walk(90, FPS, 90.0), turn_around(90), arms_overhead(60), walk(1, FPS), walk(2, FPS)],
    ids=["walk", "across", "turn", "arms", "one frame", "two frames"],
)
def test_good_footage_has_nothing_to_look_at(world: np.ndarray) -> None:
    assert suspicious_frames(exact_take(world), 0) == []


def test_every_kind_has_its_damage() -> None:
    assert tuple(DAMAGE) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_found_where_it_was_done_and_as_one_stretch(kind: str, good: Take) -> None:
    found = [suspicion for suspicion in suspicious_frames(DAMAGE[kind](good), 0) if suspicion.kind == kind]
    assert len(found) == 1
    slack = 1 if kind == "speed" else 0  # a jump is there from the frame before it
    assert abs(found[0].start - BAD.start) <= slack
    assert abs(found[0].stop - BAD.stop) <= slack
    assert found[0].text.endswith(".")
    assert np.isfinite(found[0].value)


def test_kinds_are_told_apart(good: Take) -> None:
    for kind, damage in DAMAGE.items():
        if kind != "bone length":  # bones that are stretched at once are a jump, too
            assert {suspicion.kind for suspicion in suspicious_frames(damage(good), 0)} == {kind}


def test_a_measure_between_the_two_thresholds_begins_nothing_and_ends_nothing(good: Take) -> None:
    assert good.evidence is not None
    apart = good.evidence.disagreement.copy()
    apart[0, 20:30] = 0.07
    assert suspicious_frames(with_evidence(good, disagreement=apart), 0) == []
    apart[0, 25] = 0.09
    (found,) = suspicious_frames(with_evidence(good, disagreement=apart), 0)
    assert (found.start, found.stop, found.value) == (20, 30, 0.09)


def test_stretches_a_few_frames_apart_are_one_and_those_further_are_two(good: Take) -> None:
    assert good.evidence is not None
    apart = good.evidence.disagreement.copy()
    apart[0, [20, 24, 40]] = 0.1
    found = suspicious_frames(with_evidence(good, disagreement=apart), 0)
    assert [(suspicion.start, suspicion.stop) for suspicion in found] == [(20, 25), (40, 41)]


def test_the_first_come_first() -> None:
    two = exact_take(walk(90, FPS), turn_around(90))
    spoilt = unsure_detector(lose(two))
    found = suspicious_frames(spoilt, 0)
    assert [suspicion.start for suspicion in found] == sorted(suspicion.start for suspicion in found)
    assert suspicious_frames(spoilt, 1) == []


def test_somebody_who_was_never_seen_is_one_stretch(good: Take) -> None:
    names = ("keypoints", "camera", "root_camera", "world")
    nobody = replace(good, **{name: np.full_like(getattr(good, name), np.nan) for name in names})
    assert suspicious_frames(nobody, 0) == [Suspicion(0, 90, "unseen", 90, "Nobody was seen for 90 frames.")]
    with pytest.raises(IndexError):
        suspicious_frames(good, 1)


def test_a_take_without_evidence_is_judged_by_what_it_has(good: Take) -> None:
    bare = replace(keypoints_elsewhere(good), evidence=None)
    assert {suspicion.kind for suspicion in suspicious_frames(bare, 0)} == {"reprojection"}


def test_sides_that_were_swapped_by_mistake_are_found(good: Take) -> None:
    keypoints, scores = apply_edits(good.keypoints, good.scores, [SwapSides(0, 40, 52)])
    found = suspicious_frames(replace(good, keypoints=keypoints, scores=scores), 0)
    assert any(suspicion.start <= 46 < suspicion.stop for suspicion in found)
