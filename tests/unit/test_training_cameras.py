"""Motion as random cameras see it."""

import math

import torch

from stcformer.augmentation import (
    DetectorErrors,
    TrainingWindows,
    ViewRange,
    with_detector_errors,
)
from stcformer.lens import ASSUMED_FIELD_OF_VIEW, focal_length
from stcformer.skeleton import JOINTS
from tests.training_people import HIP, LEVEL, THORAX, equal, seed, windows


def test_keypoints_are_the_projection_of_the_pose_put_somewhere_before_the_camera() -> None:
    view = windows(ranges=ViewRange(known_lens=1.0))
    centred = (
        (view.keypoints - view.image_size[:, None, None] / 2) / view.focal[:, None, None, None]
    ).double()
    pose = view.pose.double()
    for window in range(len(pose)):
        for frame in (0, 7):
            x, y = centred[window, frame].T
            rows = torch.zeros(17, 2, 3, dtype=torch.float64)
            rows[:, 0, 0] = rows[:, 1, 1] = 1
            rows[:, 0, 2], rows[:, 1, 2] = -x, -y
            depth = pose[window, frame, :, 2]
            right = torch.stack((x * depth, y * depth), dim=-1) - pose[window, frame, :, :2]
            place = torch.linalg.lstsq(rows.view(34, 3), right.reshape(34, 1)).solution[:, 0]
            assert 1.0 < float(place[2]) < 10.1
            points = pose[window, frame] + place
            assert torch.allclose(points[:, :2] / points[:, 2:], centred[window, frame], atol=1e-4)
    assert (view.pose[:, :, HIP] == 0).all()


def test_a_camera_looks_down_by_its_pitch_and_x_stays_level() -> None:
    view = windows(200, 2, ranges=ViewRange(pitch=(-40.0, 60.0), roll=0.0))
    up = torch.nn.functional.normalize(view.pose[:, 0, THORAX], dim=-1)
    angle = torch.deg2rad(view.pitch)
    # Up is -y in camera space; seen from above, the head is nearer than the feet.
    expected = torch.stack((torch.zeros_like(angle), -angle.cos(), -angle.sin()), dim=-1)
    assert torch.allclose(up, expected, atol=1e-4)
    assert float(view.pitch.min()) < -30
    assert float(view.pitch.max()) > 50


def test_people_are_seen_from_every_side_and_never_mirrored() -> None:
    view = windows(400, 1, ranges=LEVEL)
    nose = view.pose[:, 0, JOINTS.index("neck")] - view.pose[:, 0, JOINTS.index("thorax")]
    heading = torch.atan2(nose[:, 0], nose[:, 2])
    counts = torch.histc(heading, 8, -math.pi, math.pi)
    assert float(counts.min()) > 20
    left = view.pose[:, 0, JOINTS.index("lhip")] - view.pose[:, 0, JOINTS.index("rhip")]
    up = torch.tensor([0.0, -1.0, 0.0]).expand_as(left)
    assert ((torch.linalg.cross(up, nose) * left).sum(dim=-1) > 0).all()


def test_cameras_keep_to_their_ranges() -> None:
    ranges = ViewRange(pitch=(5.0, 6.0), distance=(3.0, 4.0), field_of_view=(50.0, 55.0), known_lens=1.0)
    view = windows(300, 1, ranges=ranges)
    assert float(view.pitch.min()) >= 5
    assert float(view.pitch.max()) <= 6
    assert torch.equal(view.image_size.max(dim=1).values, torch.full((300,), 1000.0))
    assert float(view.image_size.min()) >= 500
    field = torch.rad2deg(2 * torch.atan(500 / view.focal))
    assert float(field.min()) >= 50 - 1e-3
    assert float(field.max()) <= 55 + 1e-3


def test_an_unknown_lens_is_told_as_the_usual_one() -> None:
    view = windows(50, 1, ranges=ViewRange(known_lens=0.0))
    assert torch.allclose(view.focal, torch.tensor(focal_length((1000, 700), ASSUMED_FIELD_OF_VIEW)).float())
    half = windows(400, 1).focal
    share = float((half == view.focal[0]).float().mean())
    assert 0.4 < share < 0.6


def test_the_same_seed_gives_the_same_windows_and_another_others() -> None:
    def made(number: int) -> TrainingWindows:
        return with_detector_errors(windows(16, 8, number), DetectorErrors(), seed(number))

    assert equal(made(1), made(1))
    assert not equal(made(1), made(2))


def test_windows_are_split_in_order_and_without_loss() -> None:
    view = windows(7, 2)
    parts = view.split(3)
    assert [len(part.pose) for part in parts] == [3, 3, 1]
    assert torch.equal(torch.cat([part.keypoints for part in parts]), view.keypoints)
    assert torch.equal(parts[1].focal, view.focal[3:6])
