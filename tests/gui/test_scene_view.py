"""The 3D view in a real window: what its pixels show."""

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.gui import scene_shaders, scene_view
from app.gui.scene_canvas import SceneCanvas
from app.gui.scene_view import SceneView, opengl_problem
from app.scene.camera import Look, VideoCamera
from app.scene.figure import figure_parts
from stcformer.lens import ASSUMED_FIELD_OF_VIEW
from tests.gui.scene_view_hand import (
    FACING_THE_CAMERA,
    J,
    at,
    canvas_of,
    centre_of,
    finish_turn,
    is_left,
    is_right,
    picture,
    places,
    show_person,
    shown_scene_view,
)
from tests.synthetic_body import CAMERA_HEIGHT, IMAGE_SIZE, Stance, body, seen_by_camera, walk


@pytest.fixture
def view(qtbot: QtBot) -> SceneView:
    return shown_scene_view(qtbot)


# --- what is drawn --------------------------------------------------------------------------------------------


def test_a_figure_appears_and_its_joints_lie_where_the_look_puts_them(view: SceneView) -> None:
    view.look_from("front")
    empty = picture(view)
    assert not is_left(empty).any()
    assert not is_right(empty).any()
    show_person(view)
    image = picture(view)
    pixels = places(view, FACING_THE_CAMERA[0])
    for name in ("lknee", "lankle", "lelbow", "lwrist"):
        assert is_left(at(image, pixels[J[name]])[None, None]).all(), name
    for name in ("rknee", "rankle", "relbow", "rwrist"):
        assert is_right(at(image, pixels[J[name]])[None, None]).all(), name


def test_the_figure_stands_upright(view: SceneView) -> None:
    show_person(view)
    image = picture(view)
    pixels = places(view, FACING_THE_CAMERA[0])
    head, ankle = pixels[J["head"], 1], pixels[J["lankle"], 1]
    rows = np.flatnonzero((is_left(image) | is_right(image)).any(axis=1))
    assert head < ankle < rows[-1] < ankle + 45, "the feet are below"
    grey = at(image, (pixels[J["head"]] + pixels[J["neck"]]) / 2)
    assert grey.min() > 90, "the head is at the top"
    assert np.ptp(grey) < 40


@pytest.mark.parametrize(("name", "left_is_right"), [("front", True), ("back", False), ("free", True)])
def test_the_left_side_is_where_it_belongs(view: SceneView, name: str, left_is_right: bool) -> None:
    show_person(view, name)
    image = picture(view)
    left, right = centre_of(is_left(image)), centre_of(is_right(image))
    assert (left[0] > right[0] + 20) == left_is_right


def test_the_front_is_the_persons_wherever_they_face(view: SceneView) -> None:
    person = body(Stance(heading=60, hip=(3.0, 8.0, 0.93)), 1)
    show_person(view, "front", person)
    image = picture(view)
    assert centre_of(is_left(image))[0] > centre_of(is_right(image))[0] + 20


def test_from_the_side_one_sees_the_right_side(view: SceneView) -> None:
    show_person(view, "side", body(Stance(heading=180), 1))
    image = picture(view)
    assert is_right(image).sum() > 3 * is_left(image).sum()


def test_from_above_the_left_arm_of_one_who_faces_the_camera_is_on_the_right(view: SceneView) -> None:
    show_person(view, "top")
    image = picture(view)
    assert centre_of(is_left(image))[0] > centre_of(is_right(image))[0] + 20


@pytest.mark.parametrize("size", [(640, 560), (330, 620), (900, 300)])
def test_the_camera_view_agrees_with_the_keypoints_in_the_picture(
    view: SceneView, qtbot: QtBot, size: tuple[int, int]
) -> None:
    world = body(
        Stance(heading=180, hip=(0.5, 3.2, 0.93), left_arm_raise=88, left_elbow=2, right_arm_raise=10), 1
    )
    keypoints = seen_by_camera(world)[1][0]
    view.resize(*size)
    qtbot.waitUntil(lambda: canvas_of(view).picture_size() == size)
    view.set_camera(VideoCamera((0, 0, CAMERA_HEIGHT), (0, 1, 0), ASSUMED_FIELD_OF_VIEW, IMAGE_SIZE))
    view.set_poses(world, 0)
    view.look_from("camera")
    image = picture(view)
    scale = 0.96 * min(size[0] / IMAGE_SIZE[0], size[1] / IMAGE_SIZE[1])
    expected = (keypoints - np.array(IMAGE_SIZE) / 2) * scale + np.array(size) / 2

    # The stretched left arm ends in the wrist's ball, which is the rightmost of all that is orange.
    orange = is_left(image)
    columns = np.flatnonzero(orange.any(axis=0))
    ball = max(
        float(start[3])
        for start in figure_parts(world[0])[0]
        if np.allclose(start[:3], world[0, J["lwrist"]])
    )
    pixel = (
        scale * IMAGE_SIZE[0] / 2 / np.tan(np.radians(ASSUMED_FIELD_OF_VIEW / 2)) / world[0, J["lwrist"], 1]
    )
    tip = columns[-1] + 1 - ball * pixel
    rows = np.flatnonzero(orange[:, round(tip)])
    found = np.array([tip, (rows[0] + rows[-1] + 1) / 2])
    np.testing.assert_allclose(found, expected[J["lwrist"]], atol=2.0)
    for joint in ("relbow", "rknee"):
        assert is_right(at(image, expected[J[joint]])[None, None]).all(), joint
    blue = centre_of(is_right(image))
    assert blue[0] < centre_of(orange)[0], "it is not a mirror image"


def test_an_unknown_pose_draws_nothing_and_says_so(view: SceneView) -> None:
    view.look_from("front")
    empty = picture(view)
    unknown = FACING_THE_CAMERA.copy()
    unknown[0, 3] = np.nan
    view.set_poses(unknown, 0)
    np.testing.assert_array_equal(picture(view), empty)
    assert view.note() == "Nobody was seen in this frame"
    view.set_poses(FACING_THE_CAMERA, 0)
    assert view.note() == ""
    view.set_poses(np.zeros((0, 17, 3)), 0)
    assert view.note() == "No poses yet"


def test_other_persons_are_paler_than_the_chosen_one(view: SceneView) -> None:
    both = np.concatenate(
        (FACING_THE_CAMERA - np.array([0.9, 0, 0]), FACING_THE_CAMERA + np.array([0.9, 0, 0]))
    )
    view.set_poses(both, 0)
    view.look_from("front")

    def strength(person: int) -> float:
        place = places(view, both[person, J["lknee"]])
        return float(np.ptp(at(picture(view), place)))

    assert strength(0) > 1.5 * strength(1)
    view.set_poses(both, 1)
    assert strength(1) > 1.5 * strength(0)


@pytest.mark.parametrize("nearer", [0, 1])
def test_the_nearer_person_hides_the_one_behind(view: SceneView, nearer: int) -> None:
    near = body(Stance(heading=180, hip=(0, 4.0, 0.93)), 1)
    far = body(Stance(heading=0, hip=(0, 5.0, 0.93)), 1)  # its right side stands behind the other's left side
    view.set_poses(np.concatenate((near, far) if nearer == 0 else (far, near)), nearer)
    view.look_from("front")
    assert is_left(at(picture(view), places(view, near[0, J["lknee"]]))[None, None]).all()


def test_a_shadow_lies_on_the_floor_straight_under_the_person(view: SceneView) -> None:
    person = FACING_THE_CAMERA + np.array([0, 0, 0.25])  # in the air, so that the shadow can be seen
    view.set_motion(np.stack((FACING_THE_CAMERA, person), axis=1), 30.0)
    show_person(view, "free", person)
    image = picture(view)
    view.set_poses(np.zeros((0, 17, 3)), 0)
    empty = picture(view)
    under = places(view, person[0, J["lankle"]] * [1, 1, 0])
    aside = places(view, person[0, J["lankle"]] * np.array([1, 1, 0]) + np.array([1.3, 0, 0]))
    assert at(image, under).sum() < 0.8 * at(empty, under).sum()
    np.testing.assert_array_equal(at(image, aside), at(empty, aside))


def test_the_picture_is_opaque(view: SceneView) -> None:
    show_person(view)
    QApplication.processEvents()
    image = canvas_of(view).grabFramebuffer()
    corners = [(5, 5), (300, 540), (320, 280)]
    assert all(image.pixelColor(x, y).alpha() == 255 for x, y in corners)


def test_light_and_dark_differ_and_the_sides_keep_their_colours(view: SceneView) -> None:
    show_person(view)
    dark = picture(view)
    view.set_colours(dark=False)
    light = picture(view)
    assert dark[100, 60].sum() < 250
    assert light[100, 60].sum() > 550
    for image in (dark, light):
        assert is_left(image).sum() > 1000
        assert is_right(image).sum() > 1000


def test_the_trail_of_a_joint_appears_and_goes(view: SceneView) -> None:
    motion = walk(60, 30)
    view.set_motion(motion[None], 30.0)
    view.set_frame(30)
    view.look_from("side")
    bare = picture(view)
    assert not is_left(bare).any()
    view.set_trail(J["lwrist"], 20)
    image = picture(view)
    for frame in (14, 22, 30):
        place = places(view, motion[frame, J["lwrist"]])
        x, y = (round(float(value)) for value in place)
        change = np.abs(image - bare)[y - 2 : y + 3, x - 2 : x + 3].max()
        assert change > 25, frame
    view.set_trail(None)
    np.testing.assert_array_equal(picture(view), bare)


def test_a_rolled_look_shows_the_same_picture_turned(view: SceneView) -> None:
    from scipy.ndimage import rotate

    view.resize(560, 560)
    view.set_poses(FACING_THE_CAMERA, 0)
    canvas = canvas_of(view)
    level = Look((0.3, 0, 1.2), 4.5, -70, 8.0)
    canvas.set_look(level)
    level_picture = picture(view).astype(float)
    expected = rotate(level_picture, -25, reshape=False, order=1)  # scipy turns the other way
    canvas.set_look(replace(level, roll=25.0))
    seen = picture(view).astype(float)
    y, x = np.indices(seen.shape[:2]) - 280
    middle = np.hypot(x, y) < 170  # without toolbar and the sign of the axes
    assert np.abs(expected - seen)[middle].mean() < 3
    other_way = rotate(level_picture, 25, reshape=False, order=1)
    assert np.abs(other_way - seen)[middle].mean() > 10
    canvas.orbit_by(1, 0)
    assert canvas.look.roll == 0


def test_the_videos_camera_is_drawn_where_it_stands(view: SceneView) -> None:
    view.set_motion(walk(60, 30)[None], 30.0)
    view.look_from("top")
    view.set_camera(VideoCamera((0, 3.0, 1.0), (0, 1, 0), 60.0, IMAGE_SIZE))
    canvas = canvas_of(view)
    place = places(view, np.array([0, 3.0, 1.0]))
    with_camera = picture(view)
    view.set_camera(None)
    x, y = (round(float(value)) for value in place)
    change = np.abs(with_camera - picture(view)).max(axis=-1)
    assert change[y - 3 : y + 4, x - 3 : x + 4].max() > 40
    assert change[: max(y - 120, 0)].max(initial=0) == 0
    assert canvas.look.elevation == 90


# --- following ----------------------------------------------------------------------------------------------


def test_a_following_view_keeps_the_person_in_the_picture(view: SceneView) -> None:
    motion = walk(300, 30, heading=90)
    view.set_motion(motion[None], 30.0)
    view.look_from("front")
    view.set_follow(True)
    view.frame_motion()
    finish_turn(view)
    for frame in (10, 150, 290):
        view.set_frame(frame)
        view.set_poses(motion[None, frame], 0)
        image = picture(view)
        assert abs(centre_of(is_left(image) | is_right(image))[0] - 320) < 60


# --- the widget -----------------------------------------------------------------------------------------------


def test_several_calls_make_one_picture(view: SceneView, monkeypatch: pytest.MonkeyPatch) -> None:
    motion = walk(60, 30)
    view.set_motion(motion[None], 30.0)
    finish_turn(view)
    picture(view)
    painted: list[int] = []
    original = SceneCanvas.drawItemTree
    monkeypatch.setattr(
        SceneCanvas, "drawItemTree", lambda self, **rest: painted.append(1) or original(self, **rest)
    )
    view.set_frame(20)
    view.set_poses(motion[None, 20], 0)
    view.set_trail(J["lwrist"])
    QApplication.processEvents()
    assert len(painted) == 1


def test_it_draws_on_in_another_window(view: SceneView, qtbot: QtBot) -> None:
    show_person(view)
    assert is_left(picture(view)).sum() > 1000
    other = QWidget()
    qtbot.addWidget(other)
    QVBoxLayout(other).addWidget(view)
    other.resize(700, 600)
    with qtbot.waitExposed(other):
        other.show()
    assert is_left(picture(view)).sum() > 1000
    view.setParent(None)  # each is closed by itself


def test_without_opengl_a_sentence_stands_there_and_every_call_works(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene_view, "opengl_problem", lambda: "it has only version 1.4")
    view = SceneView()
    qtbot.addWidget(view)
    view.show()
    assert view.failure is not None
    assert "OpenGL" in view.failure
    assert "1.4" in view.failure
    assert not view.toolbar.isVisible()
    motion = walk(30, 30)[None]
    view.set_motion(motion, 30.0)
    view.set_frame(3)
    view.set_poses(motion[:, 3], 0)
    view.set_trail(J["lwrist"])
    view.set_follow(True)
    view.set_camera(VideoCamera((0, 0, 1.4), (0, 1, 0), 60.0, IMAGE_SIZE))
    view.look_from("camera")
    view.frame_motion()
    view.set_colours(dark=False)
    view.paint_now()
    view.set_camera(None)


def test_a_driver_that_does_not_take_the_shaders_is_told_in_a_sentence(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = opengl_problem()
    if problem is not None:
        pytest.skip(f"needs a display with OpenGL: {problem}")
    monkeypatch.setattr(scene_shaders, "FIGURE_FRAGMENT", "void main() { COLOUR = nothing; }")
    view = SceneView()
    qtbot.addWidget(view)
    view.resize(640, 560)
    view.show()
    qtbot.waitUntil(lambda: view.failure is not None)
    assert view.canvas is None
    view.set_poses(FACING_THE_CAMERA, 0)
    view.look_from("side")


def test_a_benchmark_can_paint_and_wait(view: SceneView) -> None:
    show_person(view)
    picture(view)
    view.set_poses(FACING_THE_CAMERA + np.array([0, 0, 0.1]), 0)
    view.paint_now()
    assert is_left(picture(view)).any()
