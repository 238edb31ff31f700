"""What the lifter reads: the published view of the picture, and ours of the person."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from stcformer.camera import look_at_rotation, project
from stcformer.views import WindowView, view_windows

SIZE = torch.tensor([[1280.0, 720.0]], dtype=torch.float64)
FOCAL = torch.tensor([1000.0], dtype=torch.float64)


def body(seed: int = 0, frames: int = 5) -> Tensor:
    """(1, T, 17, 3) a body of about 1.7 m around 0, that moves a little."""
    rng = np.random.default_rng(seed)
    still = rng.normal(0, (0.25, 0.5, 0.25), (17, 3))
    return torch.from_numpy(still + 0.03 * rng.normal(size=(1, frames, 17, 3)))


def seen(points: Tensor) -> Tensor:
    return project(points, FOCAL, SIZE / 2)


def person_view(keypoints: Tensor, scores: Tensor | None = None, factor: float = 1.0) -> WindowView:
    scores = torch.ones_like(keypoints[..., 0]) if scores is None else scores
    return view_windows(keypoints, scores, FOCAL * factor, SIZE * factor, view="person", input_channels=3)


def apart(first: WindowView, second: WindowView) -> float:
    return float((first.inputs - second.inputs).abs().max())


def at(*place: float) -> Tensor:
    return torch.tensor(place, dtype=torch.float64)


def test_the_screen_view_is_the_published_normalisation() -> None:
    keypoints = torch.rand(3, 4, 17, 2, dtype=torch.float64) * 700
    size = torch.tensor([[1000.0, 1002.0], [1920.0, 1080.0], [480.0, 640.0]], dtype=torch.float64)
    view = view_windows(keypoints, torch.ones(3, 4, 17), torch.ones(3), size, view="screen", input_channels=2)
    for window in range(3):
        width, height = size[window].tolist()
        expected = keypoints[window].numpy() * 2 / width - (1, height / width)
        assert np.allclose(view.inputs[window].numpy(), expected)
    assert torch.equal(view.camera_from_view, torch.eye(3, dtype=torch.float64).expand(3, 3, 3))


@pytest.mark.parametrize("kind", ["screen", "person"])
@pytest.mark.parametrize("channels", [2, 3])
def test_unobserved_joints_are_zeros_with_score_0_and_spoil_no_other(kind: str, channels: int) -> None:
    keypoints = seen(body() + at(0, 0, 5))
    scores = torch.full((1, 5, 17), 0.7, dtype=torch.float64)
    keypoints[0, 1, 3], keypoints[0, 2, 4, 0], scores[0, 3, 5] = float("nan"), float("inf"), 0
    view = view_windows(keypoints, scores, FOCAL, SIZE, view=kind, input_channels=channels)
    assert view.inputs.shape == (1, 5, 17, channels)
    assert torch.isfinite(view.inputs).all()
    lost = [(1, 3), (2, 4), (3, 5)]
    for frame, joint in lost:
        assert (view.inputs[0, frame, joint] == 0).all()
    if channels == 3:
        assert int((view.inputs[..., 2] == 0).sum()) == len(lost)
        assert float(view.inputs[..., 2].max()) == 0.7


def test_where_an_unobserved_joint_lies_does_not_matter() -> None:
    scores = torch.ones(1, 5, 17, dtype=torch.float64)
    scores[0, :, 7] = 0
    views = []
    for place in (0.0, 1e6, float("nan")):
        keypoints = seen(body() + at(0, 0, 5))
        keypoints[0, :, 7] = place
        views.append(person_view(keypoints, scores))
    assert apart(views[0], views[1]) == apart(views[0], views[2]) == 0


def test_a_window_in_which_nothing_was_observed_is_zeros_seen_straight_ahead() -> None:
    view = person_view(torch.full((1, 5, 17, 2), float("nan"), dtype=torch.float64), torch.zeros(1, 5, 17))
    assert (view.inputs == 0).all()
    assert torch.equal(view.camera_from_view[0], torch.eye(3, dtype=torch.float64))


def test_the_person_view_is_centred_and_of_unit_size() -> None:
    view = person_view(seen(body() + at(1, 0.4, 4)))
    places = view.inputs[..., :2]
    assert places.mean(dim=(1, 2)).abs().max() < 1e-9
    spread = (places - places.mean(dim=2, keepdim=True)).square().sum(dim=-1).mean()
    assert float(spread) == pytest.approx(1)


@pytest.mark.parametrize("factor", [0.1, 0.5, 3.0])
def test_the_resolution_of_the_picture_does_not_matter(factor: float) -> None:
    keypoints = seen(body() + at(0.5, 0.2, 5))
    assert apart(person_view(keypoints), person_view(keypoints * factor, factor=factor)) < 1e-9


@pytest.mark.parametrize("scale", [0.5, 0.8, 2.0])
def test_a_child_nearby_looks_like_an_adult_far_away(scale: float) -> None:
    adult = person_view(seen(body() + at(0.4, 0.3, 6)))
    other = person_view(seen((body() + at(0.4, 0.3, 6)) * scale))
    assert apart(adult, other) < 1e-9


@pytest.mark.parametrize("scale", [0.6, 1.7])
def test_far_from_the_camera_size_and_distance_do_not_matter(scale: float) -> None:
    one = person_view(seen(body() + at(0, 0, 60)))
    larger = person_view(seen(body() * scale + at(0, 0, 60)))
    farther = person_view(seen(body() + at(0, 0, 60 * scale)))
    assert apart(one, larger) < 0.05
    assert apart(one, farther) < 0.05


@pytest.mark.parametrize("degrees", [-30, -10, 20, 35])
def test_turning_the_camera_sideways_changes_nothing(degrees: float) -> None:
    points = body() + at(0, 0, 5)
    angle = math.radians(degrees)
    turn = torch.tensor(
        [[math.cos(angle), 0, math.sin(angle)], [0, 1, 0], [-math.sin(angle), 0, math.cos(angle)]],
        dtype=torch.float64,
    )
    turned = torch.einsum("ij,btkj->btki", turn, points)
    centred, aside = person_view(seen(points)), person_view(seen(turned))
    # The mean direction of the rays is no exact direction of the body, hence not to the last digit.
    assert apart(centred, aside) < 0.03
    # Without the turned camera the picture at the edge is another.
    plain = [seen(p) - seen(p).mean(dim=(1, 2)) for p in (points, turned)]
    plain = [p / p.square().sum(dim=-1).mean().sqrt() for p in plain]
    assert float((plain[0] - plain[1]).abs().max()) > 3 * apart(centred, aside)
    # And the pose comes back into each camera's own space.
    back = [
        view.camera_from_view[0].T @ side for view, side in ((centred, torch.eye(3).double()), (aside, turn))
    ]
    assert torch.allclose(back[0], back[1], atol=0.02)


def test_walking_across_the_picture_is_no_growth() -> None:
    still = body(frames=20)
    walking = still + torch.linspace(-1, 1, 20, dtype=torch.float64)[None, :, None, None] * at(1, 0, 0)
    sizes = []
    for points in (still, walking):
        places = person_view(seen(points + at(0, 0, 30))).inputs[0, 10, :, :2]
        sizes.append(float((places - places.mean(dim=0)).square().sum(dim=-1).mean()))
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)


@pytest.mark.parametrize("place", [(0, 0, 3), (3, 0, 3), (-2, 2, 2.5), (0, -4, 4), (8, 1, 3)])
def test_the_turn_is_a_rotation_that_looks_at_the_person_and_does_not_roll(place: tuple[float, ...]) -> None:
    view = person_view(seen(0.2 * body() + at(*place)))
    turn = view.camera_from_view[0]
    assert torch.allclose(turn @ turn.T, torch.eye(3, dtype=torch.float64), atol=1e-12)
    assert float(torch.linalg.det(turn)) == pytest.approx(1)
    ahead = at(*place) / at(*place).norm()
    assert torch.allclose(turn[:, 2], ahead, atol=0.1)
    assert abs(float(turn[1, 0])) < 1e-12  # the view's x axis stays level in the camera


def test_looking_at_a_direction_puts_it_on_the_optical_axis() -> None:
    directions = torch.nn.functional.normalize(torch.randn(50, 3, dtype=torch.float64), dim=-1)
    turned = torch.einsum("bij,bj->bi", look_at_rotation(directions), directions)
    assert torch.allclose(turned, at(0, 0, 1).expand(50, 3), atol=1e-12)


def test_projection_is_the_pinhole_cameras() -> None:
    point = torch.tensor([[[[0.5, -0.25, 2.0]]]])
    pixel = project(point, torch.tensor([800.0]), torch.tensor([[320.0, 240.0]]))
    assert pixel.flatten().tolist() == [520.0, 140.0]


def test_one_point_alone_stays_finite() -> None:
    keypoints = torch.full((1, 3, 17, 2), 300.0, dtype=torch.float64)
    assert torch.isfinite(person_view(keypoints).inputs).all()
