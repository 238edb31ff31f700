"""The whole road on the demo clip, whose truth is known: right, upright, unmirrored and in step."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from app.commands.demo import demo_folder
from app.errors import CancelledError
from app.motion.gravity import up_vector
from app.motion.world import camera_to_world
from app.pipeline import Progress, process_video
from app.settings import Settings
from app.take import Take
from stcformer.metrics import mean_joint_error
from stcformer.skeleton import JOINTS, mirror

DEMO = demo_folder() / "demo.mp4"


@pytest.fixture(scope="module")
def truth() -> dict[str, np.ndarray]:
    with np.load(demo_folder() / "demo_truth.npz", allow_pickle=False) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def take() -> Take:
    return process_video(DEMO, Settings())


@pytest.fixture(scope="module")
def raw_take() -> Take:
    return process_video(DEMO, Settings(smoothing="none"))


def test_every_frame_has_a_pose_near_the_truth(take: Take, truth: dict[str, np.ndarray]) -> None:
    pose = truth["camera"] - truth["camera"][:, :1]
    assert take.seen(0).all()
    assert mean_joint_error(take.camera[0], pose).mean() < 0.10


def test_the_pose_is_not_mirrored(take: Take, truth: dict[str, np.ndarray]) -> None:
    pose = truth["camera"] - truth["camera"][:, :1]
    right = mean_joint_error(take.camera[0], pose).mean()
    assert mean_joint_error(mirror(take.camera[0]), pose).mean() > 1.5 * right


@pytest.mark.parametrize("smoothing", ["auto", "none"])
def test_the_pose_of_frame_k_is_that_of_frame_k(
    smoothing: str, take: Take, raw_take: Take, truth: dict[str, np.ndarray]
) -> None:
    result = take if smoothing == "auto" else raw_take
    found = np.diff(result.camera[0], axis=0)
    true = np.diff(truth["camera"] - truth["camera"][:, :1], axis=0)

    def agreement(lag: int) -> float:
        a, b = found[5 + lag : len(found) - 5 + lag], true[5:-5]
        return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))

    lags = {lag: agreement(lag) for lag in range(-4, 5)}
    assert max(lags, key=lags.__getitem__) == 0, lags


def test_the_world_is_upright_and_on_the_floor(take: Take) -> None:
    height = dict(zip(JOINTS, take.world[0].transpose(1, 0, 2)[..., 2], strict=True))
    assert (height["head"] > height["hip"]).all()
    assert 1.3 < np.median(height["head"]) < 2.0
    assert abs(np.percentile(np.minimum(height["rankle"], height["lankle"]), 5) - 0.08) < 0.05
    assert np.abs(take.world[0, 0, 0, :2]).max() < 1e-6


def test_world_and_camera_are_the_same_motion(take: Take) -> None:
    absolute = take.camera[0] + take.root_camera[0][:, None]
    gravity = take.provenance["motion"]["gravity"]
    rotation = camera_to_world(up_vector(gravity["pitch_degrees"], gravity["roll_degrees"]))
    shift = take.world[0] - absolute @ rotation.T
    assert np.ptp(shift.reshape(-1, 3), axis=0).max() < 1e-9


def test_the_sidecar_says_what_made_it(take: Take) -> None:
    provenance = take.provenance
    assert provenance["lifter"]["weights"] == "wild-27"
    assert len(provenance["lifter"]["sha256"]) == 64
    assert "MediaPipe" in provenance["detector"]["description"]
    assert provenance["motion"]["filter"]["name"] == "butterworth"
    assert set(provenance["seconds"]) >= {"detect", "lift", "motion", "total"}


def test_progress_runs_to_the_last_frame_of_every_stage() -> None:
    steps: list[Progress] = []
    process_video(DEMO, progress=steps.append)
    for stage in ("detect", "lift", "motion"):
        assert [step for step in steps if step.stage == stage][-1].done == 120


def test_a_cancelled_run_stops_and_leaves_no_thread() -> None:
    cancel = threading.Event()
    cancelled_at: list[float] = []

    def stop_early(step: Progress) -> None:
        if step.done == 10 and not cancelled_at:
            cancelled_at.append(time.monotonic())
            cancel.set()

    with pytest.raises(CancelledError):
        process_video(DEMO, progress=stop_early, cancel=cancel)
    assert cancelled_at
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]
    for thread in threading.enumerate():
        if thread.name.startswith("lift"):  # it may be importing torch, which cannot be stopped
            thread.join(60)
            assert not thread.is_alive()


def test_the_height_given_sets_the_scale() -> None:
    usual, tall = (process_video(DEMO, Settings(height_m=height)) for height in (1.5, 2.0))
    ratio = np.linalg.norm(tall.camera[0]) / np.linalg.norm(usual.camera[0])
    assert abs(ratio - 2.0 / 1.5) < 0.01


def test_lifting_in_blocks_equals_lifting_at_once(monkeypatch: pytest.MonkeyPatch, raw_take: Take) -> None:
    from app import lifting

    monkeypatch.setattr(lifting, "BLOCK_FRAMES", 1)
    in_blocks = process_video(DEMO, Settings(smoothing="none"))
    assert np.abs(in_blocks.camera - raw_take.camera).max() < 1e-4


def test_the_output_of_the_demo_is_where_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from app.cli import invoke

    assert invoke(["demo", "--output", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"demo.csv", "demo.bvh", "demo.npz", "demo.overlay.mp4", "demo.json"}
    assert all(name in said for name in names)
    assert "mean joint error" in said
