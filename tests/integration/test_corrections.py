"""Corrections of a real run: partial results, edits while processing and afterwards, project files, where to look."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.commands.demo import demo_folder
from app.edits import Edit, HideJoint, MoveJoint, SwapSides
from app.errors import CancelledError
from app.lifting import load_lifter
from app.pipeline import Partial, Progress, process_video
from app.project import find_video, open_project, save_project
from app.quality import suspicious_frames
from app.rebuilding import rebuild
from app.settings import Settings
from app.take import Take
from stcformer import Lifter

DEMO = demo_folder() / "demo.mp4"
EDITS: tuple[Edit, ...] = (
    MoveJoint(0, 50, 13, 100.0, 120.0),
    HideJoint(0, 10, 30, 3),
    SwapSides(0, 100, 104),
)


@pytest.fixture(scope="module")
def lifter() -> Lifter:
    return load_lifter(Settings())


@pytest.fixture(scope="module")
def partials() -> list[tuple[Partial, np.ndarray]]:
    """Filled by the run of `edited`: what was known, and a copy of the poses at that time."""
    return []


@pytest.fixture(scope="module")
def edited(partials: list[tuple[Partial, np.ndarray]]) -> Take:
    return process_video(
        DEMO, edits=EDITS, partial=lambda known: partials.append((known, known.camera[0].copy()))
    )


@pytest.fixture(scope="module")
def plain(edited: Take, lifter: Lifter) -> Take:
    return rebuild(edited, (), edited.settings, lifter)


def test_edits_are_made_to_what_is_lifted_and_not_to_the_evidence(edited: Take) -> None:
    assert edited.edits == EDITS
    assert [entry["edit"] for entry in edited.provenance["edits"]] == [
        "move_joint",
        "hide_joint",
        "swap_sides",
    ]
    assert edited.keypoints[0, 50, 13].tolist() == [100.0, 120.0]
    assert (edited.scores[0, 10:30, 3] == 0).all()
    assert edited.evidence is not None
    np.testing.assert_array_equal(edited.keypoints[0, 100:104, 16], edited.evidence.keypoints[0, 100:104, 13])
    assert edited.evidence.keypoints[0, 50, 13].tolist() != [100.0, 120.0]
    assert (edited.evidence.scores[0, 10:30, 3] > 0).all()


def test_processing_with_edits_and_editing_afterwards_give_the_same(
    edited: Take, plain: Take, lifter: Lifter
) -> None:
    again = rebuild(plain, EDITS, plain.settings, lifter)
    np.testing.assert_array_equal(again.keypoints, edited.keypoints)
    np.testing.assert_allclose(again.world, edited.world, atol=1e-3)
    assert np.abs(plain.world - edited.world).max() > 0.05


def test_what_is_known_is_shown_while_work_goes_on(
    edited: Take, partials: list[tuple[Partial, np.ndarray]]
) -> None:
    frames = edited.frame_count()
    known = [partial for partial, _ in partials]
    assert len(known) > 3
    for name in ("frames_detected", "frames_lifted"):
        counts = [getattr(partial, name) for partial in known]
        assert counts == sorted(counts)
        assert counts[-1] == frames
    assert any(0 < partial.frames_lifted < frames for partial in known), "poses come before the last frame"
    for partial, camera in partials:
        assert [person.shape for person in partial.keypoints] == [(frames, 17, 2)]
        assert np.isfinite(camera[: partial.frames_lifted]).all()
        assert not partial.camera[0].flags.writeable
        assert not partial.keypoints[0].flags.writeable
    assert edited.evidence is not None
    np.testing.assert_array_equal(partials[-1][1], edited.evidence.lifted[0])


def test_a_real_take_comes_back_from_its_project(edited: Take, lifter: Lifter, tmp_path: Path) -> None:
    save_project(edited, tmp_path / "demo.stctake")
    found = open_project(tmp_path / "demo.stctake")
    assert find_video(found) == DEMO
    for name in ("time_s", "keypoints", "scores", "camera", "root_camera", "world", "contacts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(edited, name))
    for name in ("source", "provenance", "settings", "edits"):
        assert getattr(found, name) == getattr(edited, name)
    settings = replace(found.settings, height_m=1.9)
    expected, rebuilt = (rebuild(take, EDITS[:1], settings, lifter) for take in (edited, found))
    np.testing.assert_array_equal(rebuilt.world, expected.world)


def test_suspicious_frames_are_those_in_which_the_detector_was_wrong(plain: Take) -> None:
    with np.load(demo_folder() / "demo_truth.npz", allow_pickle=False) as truth:
        error_px = np.linalg.norm(plain.keypoints[0] - truth["keypoints"], axis=-1).mean(axis=1)
    suspicious = np.zeros(plain.frame_count(), dtype=bool)
    for suspicion in suspicious_frames(plain, 0):
        suspicious[suspicion.start : suspicion.stop] = True
    assert 0 < suspicious.mean() < 0.2
    assert error_px[suspicious].mean() > 2 * error_px[~suspicious].mean()


def test_a_spoilt_stretch_is_suspicious(plain: Take, lifter: Lifter) -> None:
    elsewhere = [MoveJoint(0, frame, 13, 20.0, 600.0) for frame in range(20, 26)]
    spoilt = rebuild(plain, elsewhere, plain.settings, lifter)
    before, after = (suspicious_frames(take, 0) for take in (plain, spoilt))
    assert not [suspicion for suspicion in before if suspicion.start < 30]
    found = [suspicion for suspicion in after if suspicion.start < 30]
    assert "reprojection" in {suspicion.kind for suspicion in found}
    assert all(15 < suspicion.start < 30 for suspicion in found)


def test_cancelling_while_the_last_frames_are_lifted_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from app import lifting

    stop, held = threading.Event(), threading.Event()
    load = lifting.load_lifter

    def slow(settings: Settings) -> Lifter:
        held.wait(60)
        return load(settings)

    monkeypatch.setattr(lifting, "load_lifter", slow)

    def stop_when_lifting(step: Progress) -> None:
        if step.stage == "lift":
            stop.set()

    with pytest.raises(CancelledError):
        process_video(DEMO, progress=stop_when_lifting, cancel=stop)
    held.set()
