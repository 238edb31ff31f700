"""The Lifter: in step, at every frame rate, for every length, and silent about what was not seen."""

from pathlib import Path

import numpy as np
import pytest
import torch

from stcformer import Lifter
from stcformer.errors import LifterError
from stcformer.model import STCFormer
from stcformer.weights import Feeding, Weights

SIZE = (640, 480)


def small_lifter(feeding: Feeding | None = None, channels: int = 3, **options: object) -> Lifter:
    torch.manual_seed(3)
    torch.set_num_threads(1)  # a network this small only waits for a second thread
    model = STCFormer(width=32, depth=2, input_channels=channels)
    feeding = feeding or Feeding("person", 30.0, (20.0, 45.0), 27)
    return Lifter(Weights(model, feeding, "test", "0" * 64, "made in a test"), "cpu", **options)  # type: ignore[arg-type]


def person(frames: int, fps: float = 30.0) -> tuple[np.ndarray, np.ndarray]:
    """A made-up body that sways slowly: (F, 17, 2) pixels and full scores."""
    rng = np.random.default_rng(0)
    body = rng.normal(0, 60, (17, 2)) + np.array([320, 240])
    sway = 15 * np.sin(np.arange(frames) / fps)[:, None, None]
    return body + sway, np.ones((frames, 17))


@pytest.mark.parametrize("fps", [5, 24, 25, 29.97, 50, 60])
@pytest.mark.parametrize(
    "feeding", [Feeding("person", 30.0, (20.0, 45.0), 27), Feeding()], ids=["ours", "published"]
)
def test_an_impulse_in_frame_k_peaks_in_frame_k(fps: float, feeding: Feeding) -> None:
    lifter = small_lifter(feeding, channels=3 if feeding.view == "person" else 2)
    keypoints, scores = person(90, fps)
    still = lifter.lift(keypoints, scores, image_size=SIZE, fps=fps)
    for k in (0, 1, 40, 89):
        pushed = keypoints.copy()
        pushed[k, 13] += 40
        moved = lifter.lift(pushed, scores, image_size=SIZE, fps=fps)
        assert np.argmax(np.linalg.norm(moved - still, axis=-1).sum(axis=-1)) == k


@pytest.mark.parametrize("frames", [1, 2, 5, 26, 27, 28, 100])
def test_every_frame_of_any_length_has_a_pose_with_the_hip_at_zero(frames: int) -> None:
    keypoints, scores = person(frames)
    pose = small_lifter().lift(keypoints, scores, image_size=SIZE, fps=30)
    assert pose.shape == (frames, 17, 3)
    assert np.isfinite(pose).all()
    assert np.abs(pose[:, 0]).max() == 0


def test_frames_without_a_person_are_nan_and_the_others_are_not() -> None:
    keypoints, scores = person(120)
    gone = np.zeros(120, dtype=bool)
    gone[[0, 1, 50, 51, 119]] = True
    gone[70:100] = True
    keypoints[gone], scores[gone] = np.nan, 0
    pose = small_lifter().lift(keypoints, scores, image_size=SIZE, fps=30)
    assert np.isnan(pose[gone]).all()
    assert np.isfinite(pose[~gone]).all()


def test_nobody_in_view_gives_only_nan() -> None:
    pose = small_lifter().lift(np.full((9, 17, 2), np.nan), np.zeros((9, 17)), image_size=SIZE, fps=30)
    assert np.isnan(pose).all()


def test_a_lost_joint_spoils_no_other() -> None:
    keypoints, scores = person(60)
    keypoints[20:40, 13], scores[20:40, 13] = np.nan, 0
    for feeding, channels in ((None, 3), (Feeding(), 2)):
        pose = small_lifter(feeding, channels).lift(keypoints, scores, image_size=SIZE, fps=30)
        assert np.isfinite(pose).all()


def test_the_mirror_image_gives_the_mirror_pose() -> None:
    keypoints, scores = person(60)
    lifter = small_lifter()
    from stcformer.skeleton import MIRROR

    flipped = keypoints[:, MIRROR].copy()
    flipped[..., 0] = SIZE[0] - flipped[..., 0]
    pose = lifter.lift(keypoints, scores, image_size=SIZE, fps=30)
    mirrored = lifter.lift(flipped, scores, image_size=SIZE, fps=30)[:, MIRROR] * (-1, 1, 1)
    assert np.abs(pose - mirrored).max() < 1e-4


def test_the_size_of_the_picture_does_not_matter() -> None:
    keypoints, scores = person(60)
    lifter = small_lifter()
    small = lifter.lift(keypoints, scores, image_size=SIZE, fps=30)
    large = lifter.lift(keypoints * 4, scores, image_size=(SIZE[0] * 4, SIZE[1] * 4), fps=30)
    assert np.abs(small - large).max() < 1e-4


def test_batches_do_not_change_the_pose(monkeypatch: pytest.MonkeyPatch) -> None:
    from stcformer import lifter as module

    keypoints, scores = person(200)
    together = small_lifter().lift(keypoints, scores, image_size=SIZE, fps=30)
    monkeypatch.setitem(module._FRAMES_A_BATCH, "cpu", 27)
    apart = small_lifter().lift(keypoints, scores, image_size=SIZE, fps=30)
    assert np.abs(together - apart).max() < 1e-5


def test_wrong_shapes_are_refused_in_a_sentence() -> None:
    with pytest.raises(LifterError, match=r"keypoints \(F, 17, 2\)"):
        small_lifter().lift(np.zeros((5, 33, 2)), np.zeros((5, 33)), image_size=SIZE, fps=30)


def test_a_device_that_is_not_there_is_refused() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(LifterError, match="--device cpu"):
        Lifter.from_pretrained(device="cuda")


def test_published_checkpoints_load_strictly(tmp_path: Path) -> None:
    model = STCFormer(width=32, depth=2)
    path = tmp_path / "no_refine_81_4172.pth"
    torch.save({f"module.{name}": value for name, value in model.state_dict().items()}, path)
    lifter = Lifter.from_pretrained(path, "cpu")
    assert lifter.window == 81
    assert lifter.weights.feeding.view == "screen"
    for name, value in lifter.weights.model.state_dict().items():
        assert torch.equal(value, model.state_dict()[name])


@pytest.mark.parametrize("fps", [5, 25, 30, 60, 120])
@pytest.mark.parametrize("feeding", [None, Feeding()], ids=["ours", "published"])
def test_a_piece_with_its_context_is_lifted_as_the_whole_is(fps: float, feeding: Feeding | None) -> None:
    lifter = small_lifter(feeding, 2 if feeding else 3, window=9)
    margin = lifter.context_frames(fps)
    keypoints, scores = person(4 * margin + 7, fps)
    scores[margin + 3 : 2 * margin - 20] = 0
    whole = lifter.lift(keypoints, scores, image_size=SIZE, fps=fps)
    cut = slice(margin, 4 * margin)
    piece = lifter.lift(keypoints[cut], scores[cut], image_size=SIZE, fps=fps)
    middle = slice(margin, 2 * margin)
    assert np.allclose(piece[middle], whole[2 * margin : 3 * margin], atol=1e-5, equal_nan=True)
