"""Where the 3D view looks from: the person's front, what fits, the video's own camera."""

import math
from dataclasses import replace

import numpy as np
import pytest

from app.motion.gravity import up_vector
from app.motion.root import pinhole, project
from app.motion.world import camera_to_world
from app.scene.camera import (
    BODY_MARGIN,
    PICTURE_SHARE,
    Look,
    VideoCamera,
    all_inside,
    between,
    facing,
    fitted,
    follow_path,
    framing_points,
    turned_to,
    video_camera,
)
from stcformer.lens import ASSUMED_FIELD_OF_VIEW
from tests.synthetic_body import CAMERA_HEIGHT, IMAGE_SIZE, Stance, body, seen_by_camera, turn_around, walk

SIZE = (800, 600)
LEFT_KNEE, RIGHT_KNEE, HEAD = 5, 2, 10


@pytest.mark.parametrize(
    ("heading", "expected"), [(0, (0, 1, 0)), (180, (0, -1, 0)), (90, (-1, 0, 0)), (-90, (1, 0, 0))]
)
def test_a_persons_front_is_where_the_person_faces(
    heading: float, expected: tuple[float, float, float]
) -> None:
    np.testing.assert_allclose(facing(body(Stance(heading=heading), 5)), expected, atol=1e-9)


def test_the_front_is_that_of_the_first_half_second_that_was_seen() -> None:
    motion = body(Stance(heading=np.repeat([180.0, 180.0, 90.0], 20)), 60)
    motion[:20] = np.nan
    np.testing.assert_allclose(facing(motion, 30.0), (0, -1, 0), atol=1e-9)


def test_a_person_who_was_never_seen_faces_the_videos_camera() -> None:
    np.testing.assert_allclose(facing(np.full((9, 17, 3), np.nan)), (0, -1, 0))


def test_what_lies_to_the_right_and_above_is_drawn_to_the_right_and_above() -> None:
    pixels = Look((0, 0, 1), 5, -90, 0).project(np.array([[0, 0, 1], [1, 0, 1], [0, 0, 2.0]]), SIZE)
    np.testing.assert_allclose(pixels[0], (400, 300))
    assert pixels[1, 0] > 400
    assert pixels[1, 1] == pytest.approx(300)
    assert pixels[2, 1] < 300


def test_the_field_of_view_is_over_the_shorter_side() -> None:
    for size in ((800, 600), (600, 800)):
        look = Look((0, 0, 0), 2, -90, 0, 60)
        reach = 2 * np.tan(np.radians(30))  # half the short side, at the centre
        point = np.array([reach, 0, 0]) if size[0] < size[1] else np.array([0, 0, -reach])
        pixels = look.project(point, size)
        assert pixels[0 if size[0] < size[1] else 1] == pytest.approx(min(size))


def test_what_is_behind_the_eye_has_no_place_in_the_picture() -> None:
    assert np.isnan(Look((0, 0, 1), 5, -90, 0).project(np.array([0.0, -6.0, 1.0]), SIZE)).all()


@pytest.mark.parametrize("heading", [0.0, 130.0, 180.0, 275.0])
def test_the_front_shows_the_left_side_on_the_right_and_the_back_the_other_way_round(heading: float) -> None:
    person = body(Stance(heading=heading), 10)
    front = facing(person)
    seen = turned_to(Look((0, 4, 0.9)), "front", front).project(person[0], SIZE)
    assert seen[LEFT_KNEE, 0] > seen[RIGHT_KNEE, 0]
    seen = turned_to(Look((0, 4, 0.9)), "back", front).project(person[0], SIZE)
    assert seen[LEFT_KNEE, 0] < seen[RIGHT_KNEE, 0]


def test_from_the_side_the_person_faces_right_and_from_the_left_the_other_way() -> None:
    person = body(Stance(heading=70.0), 10)
    nose, thorax = 9, 8
    seen = turned_to(Look((0, 4, 0.9)), "side", facing(person)).project(person[0], SIZE)
    assert seen[nose, 0] > seen[thorax, 0] + 5
    seen = turned_to(Look((0, 4, 0.9)), "left", facing(person)).project(person[0], SIZE)
    assert seen[nose, 0] < seen[thorax, 0] - 5


def test_the_right_side_is_the_nearer_one_in_the_side_view() -> None:
    person = body(Stance(heading=180.0), 10)
    eye = turned_to(Look((0, 4, 0.9)), "side", facing(person)).eye()
    away = np.linalg.norm(person[0] - eye, axis=1)
    assert away[RIGHT_KNEE] < away[LEFT_KNEE]


def test_from_above_x_is_to_the_right_and_y_is_up() -> None:
    look = turned_to(Look((0, 0, 0)), "top", np.array([0.3, 0.5, 0.0]))
    pixels = look.project(np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.0]]), SIZE)
    assert pixels[1, 0] > pixels[0, 0]
    assert pixels[1, 1] == pytest.approx(pixels[0, 1])
    assert pixels[2, 1] < pixels[0, 1]


def test_a_view_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="below"):
        turned_to(Look(), "below", np.array([0.0, -1.0, 0.0]))


@pytest.mark.parametrize("direction", [(-90, 0), (20, 40), (160, 89), (0, -30)])
@pytest.mark.parametrize("size", [(800, 600), (300, 900)])
def test_a_fitted_look_shows_all_of_the_motion_and_touches_an_edge(
    direction: tuple[float, float], size: tuple[int, int]
) -> None:
    points = walk(60, 30).reshape(-1, 3)
    look = fitted(replace(Look(), azimuth=direction[0], elevation=direction[1]), points, size, margin=0.0)
    assert (look.azimuth, look.elevation) == direction
    pixels = look.project(points, size)
    assert pixels.min() >= -1e-6
    assert (pixels <= np.array(size) + 1e-6).all()
    room = np.minimum(pixels.min(axis=0), np.array(size) - pixels.max(axis=0))
    assert room.min() == pytest.approx(0, abs=1e-6)
    assert room[1] * 2 <= size[1]
    assert all_inside(look, points * 0.999 + look.centre * np.array(0.001), size)


def test_a_fitted_look_leaves_room_for_flesh() -> None:
    points = body(Stance(), 1)[0]
    tight, wide = (fitted(Look(), points, SIZE, margin=margin) for margin in (0.0, BODY_MARGIN))
    assert wide.distance > tight.distance
    top = points[HEAD] + [0, 0, 0.9 * BODY_MARGIN]
    assert wide.project(top, SIZE)[1] > 0


def test_without_a_known_point_the_look_stays() -> None:
    assert fitted(Look(), np.full((3, 3), np.nan), SIZE) == Look()


def test_what_leaves_the_picture_or_is_behind_the_eye_is_not_inside() -> None:
    look = Look((0, 0, 1), 5, -90, 0)
    assert all_inside(look, np.array([[0, 0, 1.0], [np.nan, 0, 0]]), SIZE)
    assert not all_inside(look, np.array([[0, 0, 1.0], [9, 0, 1]]), SIZE)
    assert not all_inside(look, np.array([[0, -7, 1.0]]), SIZE)


def test_a_turn_takes_the_short_way_round() -> None:
    start, end = Look(azimuth=170), Look(azimuth=-170)
    assert between(start, end, 0.5).azimuth % 360 == pytest.approx(180)
    assert between(start, end, 0.0) == start
    assert between(start, end, 1.0).azimuth % 360 == pytest.approx(190)


def test_one_bad_fit_does_not_make_everything_small() -> None:
    motion = walk(200, 30)[None].copy()
    usual = np.ptp(framing_points(motion), axis=0)
    motion[0, 77] += 60.0
    np.testing.assert_allclose(np.ptp(framing_points(motion), axis=0), usual, atol=1e-9)


def test_of_a_long_motion_only_some_poses_are_looked_at() -> None:
    motion = np.repeat(walk(100, 30)[None], 100, axis=1)
    assert len(framing_points(motion, most=50)) <= 60 * 17


def test_a_following_view_goes_with_the_hip_calmly_and_over_gaps() -> None:
    motion = walk(90, 30)
    shaken = motion + np.random.default_rng(1).normal(0, 0.03, (90, 1, 3))
    shaken[30:40] = np.nan
    path = follow_path(shaken, 30.0)
    assert np.isfinite(path).all()
    np.testing.assert_allclose(path[20:70], motion[20:70, 0, :2], atol=0.08)
    shake = np.abs(np.diff(path[:, 0])).max()
    assert shake < 0.01


def test_the_videos_camera_is_found_from_one_hip_in_two_spaces() -> None:
    world = turn_around(30)
    pose, _, _, root = seen_by_camera(world)
    origin = np.array([0.3, 4.0, 0.1])  # the studio's world begins under the first hip
    found = video_camera(world - origin, pose, np.where(np.arange(30)[:, None] < 4, np.nan, root))
    assert found is not None
    position, forward, up = found
    np.testing.assert_allclose(position, np.array([0, 0, CAMERA_HEIGHT]) - origin, atol=1e-9)
    np.testing.assert_allclose(forward, (0, 1, 0), atol=1e-9)
    np.testing.assert_allclose(up, (0, 0, 1), atol=1e-9)


def test_the_videos_camera_may_look_down() -> None:
    world = turn_around(30)
    pose, _, _, root = seen_by_camera(world)
    pitch = np.radians(25)
    turn = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    found = video_camera(world, pose @ turn.T, root @ turn.T)
    assert found is not None
    np.testing.assert_allclose(found[0], (0, 0, CAMERA_HEIGHT), atol=1e-9)
    np.testing.assert_allclose(found[1], (0, np.cos(pitch), -np.sin(pitch)), atol=1e-9)


def test_nobody_placed_means_no_camera() -> None:
    assert (
        video_camera(np.full((5, 17, 3), np.nan), np.full((5, 17, 3), np.nan), np.full((5, 3), np.nan))
        is None
    )


@pytest.mark.parametrize("size", [(900, 400), (400, 900), (640, 360)])
def test_through_the_videos_camera_every_joint_lies_where_it_lies_in_the_picture(
    size: tuple[int, int],
) -> None:
    world = walk(20, 30)
    keypoints = seen_by_camera(world)[1]
    camera = VideoCamera((0, 0, CAMERA_HEIGHT), (0, 1, 0), ASSUMED_FIELD_OF_VIEW, IMAGE_SIZE)
    left, top, width, height = camera.picture(size)
    expected = keypoints * (width / IMAGE_SIZE[0]) + [left, top]
    np.testing.assert_allclose(camera.look(size, 4.0).project(world, size), expected, atol=1e-6)
    assert max(width / size[0], height / size[1]) == pytest.approx(PICTURE_SHARE)
    assert height / width == pytest.approx(IMAGE_SIZE[1] / IMAGE_SIZE[0])


def test_a_tall_picture_is_looked_at_with_the_field_over_its_longer_side() -> None:
    tall = (720, 1280)
    absolute = np.array([0.2, 0.4, 3.0])  # camera space: x right, y down, z away
    camera = VideoCamera((1, 2, 3), (0, 1, 0), 50.0, tall)
    left, top, width, _ = camera.picture((500, 500))
    expected = project(absolute, pinhole(tall, 50.0)) * width / tall[0] + [left, top]
    seen = camera.look((500, 500), 3.0).project(np.array([1.2, 5.0, 2.6]), (500, 500))
    np.testing.assert_allclose(seen, expected, atol=1e-9)


@pytest.mark.parametrize(
    ("pitch", "roll"), [(0, 0), (0, 12), (40, -8), (-20, 3), (30, 90), (89.99, 20), (90, 20), (-90, 0)]
)
def test_through_a_camera_that_is_pitched_and_rolled_every_joint_lies_where_it_lies_in_the_picture(
    pitch: float, roll: float
) -> None:
    upright = camera_to_world(up_vector(pitch, roll))  # camera space to world axes
    position = np.array([0.3, -0.5, 1.7])
    in_camera = np.random.default_rng(3).uniform((-0.6, -1, 3), (0.6, 1, 6), (40, 3))
    keypoints = project(in_camera, pinhole(IMAGE_SIZE, 55.0))
    forward, up = upright[:, 2], -upright[:, 1]
    camera = VideoCamera(tuple(position), tuple(forward), 55.0, IMAGE_SIZE, tuple(up))  # type: ignore[arg-type]
    left, top, width, _ = camera.picture((640, 500))
    seen = camera.look((640, 500), 4.0).project(in_camera @ upright.T + position, (640, 500))
    np.testing.assert_allclose(seen, keypoints * (width / IMAGE_SIZE[0]) + [left, top], atol=1e-5)


def test_the_roll_of_the_videos_camera_is_found() -> None:
    world = turn_around(30)
    upright = camera_to_world(up_vector(25.0, 7.0))
    position = np.array([0.2, -4.0, 2.0])
    absolute = (world - position) @ upright
    found = video_camera(world, absolute - absolute[:, :1], absolute[:, 0])
    assert found is not None
    np.testing.assert_allclose(found[0], position, atol=1e-9)
    np.testing.assert_allclose(found[1], upright[:, 2], atol=1e-9)
    np.testing.assert_allclose(found[2], -upright[:, 1], atol=1e-9)


@pytest.mark.parametrize("size", [(900, 400), (400, 900)])
def test_what_is_covered_at_the_top_is_kept_free(size: tuple[int, int]) -> None:
    points = walk(60, 30).reshape(-1, 3)
    look = fitted(Look(), points, size, margin=0.0, covered=0.15)
    pixels = look.project(points, size)
    assert pixels[:, 1].min() >= 0.15 * size[1] - 1e-6
    assert all_inside(look, points * 0.999 + look.centre * np.array(0.001), size, covered=0.15)
    assert not all_inside(fitted(Look(), points, (900, 400), margin=0.0), points, (900, 400), covered=0.15)
    touched = [pixels[:, 1].min() / size[1] - 0.15, 1 - pixels[:, 1].max() / size[1]]
    assert max(touched) < 1e-6, "as large as goes"


def test_other_views_stand_upright_after_a_rolled_camera() -> None:
    rolled = Look(roll=15.0)
    assert turned_to(rolled, "side", np.array([0, -1.0, 0])).roll == 0
    assert between(Look(roll=170.0), Look(roll=-170.0), 0.5).roll == pytest.approx(180.0)


@pytest.mark.parametrize("elevation", [0.0, 9.0, -7.0])
def test_the_horizon_is_where_what_is_far_away_lies(elevation: float) -> None:
    look = Look((0, 0, 1), 5, -90, elevation)
    far = look.project(np.array([0, 1e7, look.eye()[2]]), SIZE)
    across, high = look.tangents(SIZE)
    expected = (1 - 2 * far[1] / SIZE[1]) * high / math.hypot(across, high)
    assert look.horizon(SIZE) == pytest.approx(expected, abs=1e-4)


def test_from_high_above_all_of_the_picture_is_floor() -> None:
    assert Look((0, 0, 1), 5, -90, 60).horizon(SIZE) == 1
    assert Look((0, 0, 1), 5, -90, 90).horizon(SIZE) == 1
    assert Look((0, 0, 1), 5, -90, -60).horizon(SIZE) == -1
