"""From where the 3D view looks while things happen."""

from dataclasses import replace

import numpy as np
import pytest

from app.scene.camera import Look, VideoCamera, all_inside
from app.scene.viewpoint import Viewpoint
from tests.synthetic_body import Stance, body, walk

SIZE = (800, 600)
CAMERA = VideoCamera((0.0, 0.0, 1.4), (0.0, 1.0, 0.0), 60.0, (1280, 720))


@pytest.fixture
def viewpoint() -> Viewpoint:
    made = Viewpoint()
    made.set_size(*SIZE)
    made.set_motion(walk(120, 30)[None], 30.0)
    return made


def turned(viewpoint: Viewpoint) -> Look:
    return replace(viewpoint.look, azimuth=viewpoint.look.azimuth + 25)


def test_a_new_motion_is_in_the_picture_seen_from_half_right_of_its_front(viewpoint: Viewpoint) -> None:
    assert all_inside(viewpoint.look, walk(120, 30).reshape(-1, 3), SIZE)
    assert viewpoint.view == "free"
    facing = -90  # it walks toward the camera
    assert facing - 60 < viewpoint.look.azimuth < facing - 10


def test_more_of_a_motion_moves_the_look_only_when_it_leaves_the_picture(viewpoint: Viewpoint) -> None:
    before = viewpoint.look
    viewpoint.set_motion(walk(110, 30)[None], 30.0)
    assert viewpoint.look == before
    longer = walk(400, 30)
    viewpoint.set_motion(longer[None], 30.0)
    assert all_inside(viewpoint.look, longer.reshape(-1, 3), SIZE)


def test_once_the_user_has_zoomed_more_motion_leaves_the_look_alone(viewpoint: Viewpoint) -> None:
    by_hand = replace(viewpoint.look, distance=1.0)
    viewpoint.moved_by_hand(by_hand)
    viewpoint.set_motion(walk(400, 30)[None], 30.0)
    viewpoint.set_size(300, 900)
    assert viewpoint.look == by_hand
    viewpoint.frame_motion()
    assert all_inside(viewpoint.look, walk(400, 30).reshape(-1, 3), (300, 900))


def test_turning_by_hand_keeps_the_motion_fitted_and_belongs_to_no_view(viewpoint: Viewpoint) -> None:
    viewpoint.moved_by_hand(turned(viewpoint))
    assert viewpoint.view == ""
    viewpoint.set_size(300, 900)
    assert all_inside(viewpoint.look, walk(120, 30).reshape(-1, 3), (300, 900))


def test_a_view_keeps_what_the_user_zoomed_at(viewpoint: Viewpoint) -> None:
    viewpoint.moved_by_hand(replace(viewpoint.look, centre=(0.1, 3.0, 1.2), distance=0.8))
    viewpoint.look_from("side")
    assert (viewpoint.look.centre, viewpoint.look.distance) == ((0.1, 3.0, 1.2), 0.8)


def test_another_clip_is_looked_at_afresh(viewpoint: Viewpoint) -> None:
    viewpoint.moved_by_hand(replace(viewpoint.look, centre=(9, 9, 9), distance=0.8))
    viewpoint.set_motion(np.zeros((0, 0, 17, 3)), 30.0)
    motion = walk(60, 30)[None] + np.array([5.0, 0, 0])
    viewpoint.set_motion(motion, 30.0)
    assert viewpoint.view == "free"
    assert all_inside(viewpoint.look, motion.reshape(-1, 3), SIZE)


def test_poses_without_a_motion_are_kept_in_the_picture() -> None:
    viewpoint = Viewpoint()
    viewpoint.set_size(*SIZE)
    here = body(Stance(), 1)
    viewpoint.set_poses(here, 0)
    first = viewpoint.look
    assert all_inside(first, here[0], SIZE)
    viewpoint.set_poses(here + np.array([0.2, 0, 0]), 0)
    assert viewpoint.look == first, "a small move leaves the look alone"
    viewpoint.set_poses(here + np.array([4.0, 0, 0]), 0)
    assert all_inside(viewpoint.look, here[0] + np.array([4.0, 0, 0]), SIZE)


def test_nobody_anywhere_is_no_error() -> None:
    viewpoint = Viewpoint()
    viewpoint.set_motion(np.full((2, 5, 17, 3), np.nan), 30.0)
    viewpoint.set_poses(np.full((2, 17, 3), np.nan), 1)
    viewpoint.set_follow(True)
    for view in ("front", "side", "top", "free"):
        viewpoint.look_from(view)
    viewpoint.frame_motion()
    assert np.isfinite(viewpoint.look.eye()).all()


def test_a_following_view_keeps_the_person_in_the_middle(viewpoint: Viewpoint) -> None:
    viewpoint.set_follow(True)
    motion = walk(120, 30)
    for frame in (0, 40, 119):
        viewpoint.set_frame(frame)
        place = viewpoint.look.project(motion[frame, 0], SIZE)
        assert abs(place[0] - SIZE[0] / 2) < 60


def test_a_view_that_does_not_follow_stays(viewpoint: Viewpoint) -> None:
    before = viewpoint.look
    viewpoint.set_frame(100)
    assert viewpoint.look == before


def test_a_following_view_keeps_the_users_own_shift(viewpoint: Viewpoint) -> None:
    viewpoint.set_follow(True)
    viewpoint.set_frame(40)
    x, y, z = viewpoint.look.centre
    viewpoint.moved_by_hand(replace(viewpoint.look, centre=(x + 1.0, y, z)))
    motion = walk(120, 30)
    before = np.array(viewpoint.look.centre) - motion[40, 0]
    viewpoint.set_frame(80)
    after = np.array(viewpoint.look.centre) - motion[80, 0]
    np.testing.assert_allclose(after[:2], before[:2], atol=0.05)


def test_following_fits_the_person_not_the_way(viewpoint: Viewpoint) -> None:
    whole = viewpoint.look.distance
    viewpoint.set_follow(True)
    assert viewpoint.look.distance < 0.8 * whole


def test_live_the_view_goes_after_the_person_calmly() -> None:
    viewpoint = Viewpoint()
    viewpoint.set_size(*SIZE)
    here = body(Stance(), 1)
    viewpoint.set_poses(here, 0)
    viewpoint.set_follow(True)
    centre = np.array(viewpoint.look.centre)
    viewpoint.set_poses(here + np.array([0.3, 0, 0]), 0)
    moved = np.array(viewpoint.look.centre) - centre
    assert 0.01 < moved[0] < 0.1
    for _ in range(60):
        viewpoint.set_poses(here + np.array([0.3, 0, 0]), 0)
    moved = np.array(viewpoint.look.centre) - centre
    assert moved[0] == pytest.approx(0.3, abs=0.01)


def test_through_the_videos_camera_nothing_but_the_size_moves_the_look(viewpoint: Viewpoint) -> None:
    viewpoint.set_camera(CAMERA)
    viewpoint.look_from("camera")
    viewpoint.set_follow(True)
    eye = viewpoint.look.eye()
    np.testing.assert_allclose(eye, CAMERA.position, atol=1e-9)
    viewpoint.set_frame(80)
    viewpoint.set_motion(walk(400, 30)[None], 30.0)
    np.testing.assert_allclose(viewpoint.look.eye(), eye, atol=1e-9)
    narrow = viewpoint.look.field
    viewpoint.set_size(300, 900)
    np.testing.assert_allclose(viewpoint.look.eye(), eye, atol=1e-9)
    assert viewpoint.look.field != narrow


def test_from_the_videos_camera_a_view_goes_back_to_the_fitted_motion(viewpoint: Viewpoint) -> None:
    viewpoint.set_camera(CAMERA)
    viewpoint.look_from("camera")
    viewpoint.moved_by_hand(turned(viewpoint))
    viewpoint.look_from("camera")
    viewpoint.look_from("front")
    assert all_inside(viewpoint.look, walk(120, 30).reshape(-1, 3), SIZE)


def test_a_camera_that_is_forgotten_cannot_be_looked_through(viewpoint: Viewpoint) -> None:
    with pytest.raises(ValueError, match="not known"):
        viewpoint.look_from("camera")
    viewpoint.set_camera(CAMERA)
    viewpoint.look_from("camera")
    viewpoint.set_camera(None)
    assert viewpoint.view == "free"


def test_a_view_that_is_not_there_is_refused(viewpoint: Viewpoint) -> None:
    with pytest.raises(ValueError, match="below"):
        viewpoint.look_from("below")


def test_the_front_is_the_chosen_persons() -> None:
    viewpoint = Viewpoint()
    motion = np.stack((body(Stance(heading=180), 30), body(Stance(heading=90), 30)))
    viewpoint.set_motion(motion, 30.0)
    viewpoint.set_poses(motion[:, 0], 0)
    np.testing.assert_allclose(viewpoint.front(), (0, -1, 0), atol=1e-9)
    viewpoint.set_poses(motion[:, 0], 1)
    np.testing.assert_allclose(viewpoint.front(), (-1, 0, 0), atol=1e-9)
