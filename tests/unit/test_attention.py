"""What the network attends to, and how joints move together."""

import numpy as np
import pytest
import torch

from stcformer.attention import attention_about, attention_maps, joint_number, trajectory_correlation
from stcformer.errors import LifterError
from stcformer.lifter import Lifter
from stcformer.model import STCFormer
from stcformer.skeleton import BODY_PARTS, PART_ORDER
from stcformer.weights import Feeding, Weights

FEEDING = Feeding("person", 30.0, (20.0, 45.0), 9)


def _lifter(**options: str) -> Lifter:
    torch.manual_seed(2)
    model = STCFormer(32, 3, 3, **options)  # type: ignore[arg-type]
    return Lifter(Weights(model, FEEDING, "test", "0" * 64, "made in a test"), "cpu")


def _walk(frames: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    keypoints = random.uniform(100, 500, (1, 17, 2)) + random.normal(0, 5, (frames, 17, 2))
    return keypoints, np.ones((frames, 17))


def test_every_row_adds_up_to_one_and_there_is_a_map_a_block_and_head() -> None:
    space, time = attention_maps(_lifter().weights.model, torch.randn(1, 9, 17, 3))
    assert space.shape == (3, 9, 8, 17, 17)
    assert time.shape == (3, 17, 8, 9, 9)
    np.testing.assert_allclose(space.sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_allclose(time.sum(axis=-1), 1, atol=1e-5)


def test_the_network_is_left_as_it_was() -> None:
    model = _lifter().weights.model
    window = torch.randn(1, 9, 17, 3)
    before = model(window)
    attention_maps(model, window)
    torch.testing.assert_close(model(window), before)
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_an_ablated_network_has_maps_of_its_one_axis() -> None:
    space, time = attention_maps(_lifter(attention="space").weights.model, torch.randn(1, 5, 17, 3))
    assert space.shape == (3, 5, 16, 17, 17)
    assert time.size == 0


@pytest.mark.parametrize(
    ("frame", "fps", "expected"),
    [
        (20, 30.0, list(range(16, 25))),
        (1, 30.0, list(range(9))),
        (39, 30.0, list(range(31, 40))),
        (21, 60.0, list(range(13, 30, 2))),
        (20, 15.0, [18 + k / 2 for k in range(9)]),
    ],
)
def test_the_window_is_about_the_frame_at_the_rate_that_the_weights_learnt(
    frame: int, fps: float, expected: list[float]
) -> None:
    keypoints, scores = _walk(40)
    maps = attention_about(_lifter(), keypoints, scores, frame, image_size=(640, 480), fps=fps)
    assert maps.frames.tolist() == expected


def test_the_window_is_what_lifting_feeds() -> None:
    torch.manual_seed(2)
    weights = Weights(STCFormer(32, 3, 3), FEEDING, "test", "0" * 64, "made in a test")
    lifter = Lifter(weights, "cpu", flip=False, precision=torch.float32)
    keypoints, scores = _walk(9)
    inputs, _ = lifter.window_about(keypoints, scores, 4, image_size=(640, 480), fps=30.0)
    with torch.inference_mode():
        pose = weights.model(inputs)[0]
    from_hip = (
        (pose - pose[:, :1]).norm(dim=-1).numpy()
    )  # the way back to camera space turns, and keeps lengths
    lifted = lifter.lift(keypoints, scores, image_size=(640, 480), fps=30.0)
    np.testing.assert_allclose(np.linalg.norm(lifted, axis=-1), from_hip, atol=1e-5)


def test_a_frame_in_which_nobody_was_seen_is_said() -> None:
    keypoints, scores = _walk(40)
    scores[10:30] = 0
    with pytest.raises(LifterError, match="frame 20"):
        attention_about(_lifter(), keypoints, scores, 20, image_size=(640, 480), fps=30.0)


def test_paths_of_joints_that_move_together_correlate() -> None:
    random = np.random.default_rng(4)
    paths = random.normal(size=(5, 300, 1, 3)).cumsum(axis=1)
    poses = np.concatenate([paths[BODY_PARTS[joint]] for joint in range(17)], axis=1)
    correlation = trajectory_correlation(poses)
    for one in range(17):
        for other in range(17):
            same = BODY_PARTS[one] == BODY_PARTS[other]
            assert (correlation[one, other] > 0.999) == same


def test_paths_are_compared_by_their_movement_and_not_by_where_the_joints_stand() -> None:
    random = np.random.default_rng(5)
    heights = np.linspace(0.1, 1.7, 17)[:, None] * (0.0, 0.0, 1.0)
    poses = heights + 0.01 * random.normal(size=(400, 17, 3)).cumsum(axis=0)
    correlation = trajectory_correlation(poses, 50)
    assert np.abs(correlation[~np.eye(17, dtype=bool)]).max() < 0.9
    poses[:, 3] = heights[3]
    still = trajectory_correlation(poses, 50)
    assert np.isnan(still[3]).all()
    assert np.isfinite(np.delete(np.delete(still, 3, 0), 3, 1)).all()


def test_maps_hold_nothing_of_what_the_network_does_for_others_meanwhile() -> None:
    """The rebuilder lifts with the same network in a thread of its own."""
    import threading

    model = _lifter().weights.model
    window, others = torch.randn(1, 9, 17, 3), torch.randn(4, 9, 17, 3)
    expected = attention_maps(model, window)
    inner = model.stcformer.stc_block[1].stc_att
    elsewhere: list[threading.Thread] = []

    def interfere(*_: object) -> None:
        if not elsewhere:
            elsewhere.append(threading.Thread(target=model, args=(others,)))
            elsewhere[0].start()
            elsewhere[0].join()

    hook = inner.register_forward_pre_hook(interfere)
    found = attention_maps(model, window)
    hook.remove()
    assert elsewhere
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_joints_attention_is_of_one_block_and_head_or_the_mean() -> None:
    keypoints, scores = _walk(30)
    maps = attention_about(_lifter(), keypoints, scores, 12, image_size=(640, 480), fps=30.0)
    row = maps.row_of(12)
    assert maps.frames[row] == 12
    np.testing.assert_allclose(maps.attended(16, 12), maps.space[:, row, :, 16].mean(axis=(0, 1)), atol=1e-6)
    np.testing.assert_allclose(maps.attended(16, 12, 1, 3), maps.space[1, row, 3, 16])
    np.testing.assert_allclose(maps.time_of(5, 2), maps.time[:, 5, 2])
    assert maps.attended(3, 12).sum() == pytest.approx(1, abs=1e-5)


def test_the_part_order_names_every_joint_once_part_by_part() -> None:
    assert sorted(PART_ORDER) == list(range(17))
    assert [BODY_PARTS[joint] for joint in PART_ORDER] == sorted(BODY_PARTS)


def test_an_unknown_joint_is_said_with_the_known_ones() -> None:
    assert joint_number("lwrist") == 13
    with pytest.raises(LifterError, match="lwrist"):
        joint_number("tail")
