"""Lines of the 3D scene as quads."""

import numpy as np
import pytest

from app.scene.camera import Look, VideoCamera
from app.scene.lines import axes_sign, camera_lines, line_quads, picture_quads, quad_indices, trail_lines

SIZE = (200.0, 100.0)
WHITE = np.ones((1, 2, 4))


def perspective(look: Look, size: tuple[float, float]) -> np.ndarray:
    """(4, 4) world to clip space of a look, with its near plane at 0.01."""
    view = np.eye(4)
    view[:3, :3] = look.axes()
    view[:3, 3] = -look.axes() @ look.eye()
    across, high = look.tangents(size)
    projection = np.zeros((4, 4))
    projection[0, 0], projection[1, 1] = 1 / across, 1 / high
    projection[2, 2:] = -1.0, -0.02
    projection[3, 2] = -1.0
    return projection @ view


def pixels(quads: np.ndarray) -> np.ndarray:
    return (quads[..., :2] * [1, -1] + 1) * np.array(SIZE) / 2


def test_a_lines_quad_covers_it_and_is_as_wide_as_it() -> None:
    quads = picture_quads(np.array([[[20, 30], [120, 30.0]]]), WHITE, np.array([4.0]), SIZE)
    corners = pixels(quads)[0]
    np.testing.assert_allclose(corners[:, 0].min(), 20 - 3, atol=1e-4)
    np.testing.assert_allclose(corners[:, 0].max(), 120 + 3, atol=1e-4)
    np.testing.assert_allclose((corners[:, 1].min(), corners[:, 1].max()), (27, 33), atol=1e-4)
    np.testing.assert_allclose(quads[0, 0, 6:8], (100, 2))
    np.testing.assert_allclose(quads[0, :, 4].min(), -3)
    np.testing.assert_allclose(quads[0, :, 4].max(), 103)


def test_a_line_of_no_length_is_a_dot() -> None:
    corners = pixels(picture_quads(np.full((1, 2, 2), 50.0), WHITE, np.array([6.0]), SIZE))[0]
    np.testing.assert_allclose(np.ptp(corners, axis=0), (8, 8), atol=1e-4)
    np.testing.assert_allclose(corners.mean(axis=0), (50, 50), atol=1e-4)


def test_world_space_lines_lie_where_the_look_projects_them() -> None:
    look = Look((0.2, 1.0, 0.8), 4.0, 40.0, 25.0)
    ends = np.array([[[0, 0, 0], [0.5, 0.7, 1.2]]], dtype=float)
    quads = line_quads(ends, WHITE, np.array([2.0]), perspective(look, SIZE), SIZE)
    corners = pixels(quads)[0]
    middle = corners.mean(axis=0)
    np.testing.assert_allclose(middle, look.project(ends[0], SIZE).mean(axis=0), atol=1e-3)


def test_what_lies_behind_the_eye_is_cut_off_and_what_is_unknown_is_left_out() -> None:
    look = Look((0, 0, 1), 3.0, -90.0, 0.0)
    mvp = perspective(look, SIZE)
    ends = np.array(
        [
            [[0, 0, 1], [0, -9, 1.5]],  # from the centre to behind the eye
            [[0, -8, 1], [1, -9, 1]],  # all behind
            [[0, 0, 1], [np.nan, 0, 1]],
        ],
        dtype=float,
    )
    quads = line_quads(ends, np.ones((3, 2, 4)), np.full(3, 2.0), mvp, SIZE)
    assert len(quads) == 1
    assert np.isfinite(quads).all()
    assert pixels(quads)[0, 2:, 1].max() < 50, "it leaves the picture above, where it goes"


def test_indices_make_two_triangles_of_each_quad() -> None:
    indices = quad_indices(2)
    assert sorted(set(indices[:6])) == [0, 1, 2, 3]
    assert sorted(set(indices[6:])) == [4, 5, 6, 7]


def trail(frame: int, frames: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    path = np.stack((np.arange(20.0), np.zeros(20), np.zeros(20)), axis=1)
    return trail_lines(path, frame, frames, np.array([1.0, 0.5, 0.0]), 2.0)


def test_a_trail_shows_the_frames_before_and_after_and_a_dot_for_each() -> None:
    segments, colours, widths = trail(10, 4)
    dots = widths > 2
    assert sorted(segments[dots, 0, 0]) == list(range(6, 15))
    np.testing.assert_allclose(segments[dots, 0], segments[dots, 1])
    assert (~dots).sum() == 8
    opacity = colours[dots, 0, 3]
    assert opacity[4] == pytest.approx(1.0)
    assert (np.diff(opacity[:5]) > 0).all()
    assert (np.diff(opacity[4:]) < 0).all()
    assert opacity[3] > opacity[5], "what was is more solid than what will be"


def test_a_trail_ends_with_the_clip() -> None:
    segments, _, widths = trail(1, 4)
    assert segments[widths > 2, 0, 0].min() == 0
    assert len(trail(25, 4)[0]) == 0


def test_the_drawn_camera_looks_forward_and_is_as_wide_as_its_picture() -> None:
    camera = VideoCamera((1.0, -3.0, 1.4), (0.0, 1.0, 0.0), 90.0, (200, 100))
    lines = camera_lines(camera, 0.5)
    np.testing.assert_allclose(lines[:4, 0], [[1.0, -3.0, 1.4]] * 4)
    corners = lines[:4, 1]
    np.testing.assert_allclose(corners[:, 1], -2.5)
    np.testing.assert_allclose(np.ptp(corners, axis=0), (1.0, 0.0, 0.5))


def test_the_axes_sign_shows_how_the_world_is_turned() -> None:
    strokes, axes = axes_sign(Look(azimuth=-90, elevation=0), (50, 50), 20, 4)
    x_axis, z_axis = (strokes[axes == axis][0] for axis in (0, 2))
    np.testing.assert_allclose(x_axis, [[50, 50], [70, 50]], atol=1e-9)
    np.testing.assert_allclose(z_axis, [[50, 50], [50, 30]], atol=1e-9)
    assert (axes == 0).sum() == 3, "an axis and the two strokes of its letter"
    assert (axes == 1).sum() == 1, "y points away: it has no letter that would hide the middle"


def test_the_letter_of_an_axis_toward_the_viewer_stands_beside_the_middle() -> None:
    strokes, axes = axes_sign(Look(azimuth=-90, elevation=90), (50, 50), 20, 4)
    letter = strokes[axes == 2][1:]
    assert len(letter) == 3
    assert (np.abs(letter - 50).max(axis=-1) > 3).all()
