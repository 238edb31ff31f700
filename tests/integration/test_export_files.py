"""Exports of real motion capture and of a real video file."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from synthetic_body import IMAGE_SIZE, seen_by_camera, walk

from app.errors import StudioError
from app.export import FORMATS, export_take
from app.export.bvh import joints_of, to_bvh_space
from app.export.colours import LEFT_COLOUR, RIGHT_COLOUR
from app.export.drawing import View, draw_scene
from app.export.keypoint_drawing import draw_keypoints
from app.export.overlay import camera_path, make_layout, overlay_frames
from app.motion import reconstruct_motion
from app.take import Source, Take
from app.video.writing import write_video
from stcformer.bvh import read_bvh
from stcformer.mocap import read_clip

FPS = 25.0


def make_take(video: Path, frames: int) -> Take:
    """A walk towards the camera, as if it had been seen in that video; nobody in frames 3 and 4."""
    pose, keypoints, scores, _ = seen_by_camera(walk(frames, FPS))
    pose[3:5], keypoints[3:5], scores[3:5] = np.nan, np.nan, 0
    motion = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS)
    return Take(
        Source(video, *IMAGE_SIZE, FPS),
        np.arange(frames) / FPS,
        keypoints[None],
        scores[None],
        motion.camera[None],
        motion.root_camera[None],
        motion.world[None],
    )


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "wälk 🎬.mp4"
    picture = np.full((IMAGE_SIZE[1], IMAGE_SIZE[0], 3), 90, dtype=np.uint8)
    write_video(path, ((k / FPS, picture + np.uint8(k)) for k in range(12)), IMAGE_SIZE)
    return path


@pytest.mark.parametrize(
    "name", ["cmu/01__01_11", "cmu_dance/martial__04", "animated_drawings/fair1__dab", "cmu_daz/14__14_08"]
)
def test_captured_motion_goes_through_a_bvh_file_within_a_millimetre(
    shared: Path, tmp_path: Path, name: str
) -> None:
    source = shared / "mocap" / f"{name}.bvh"
    if not source.is_file():
        pytest.skip(f"needs {source.name} in ../shared/mocap")
    clip = read_clip(source)
    pose, keypoints, scores, _ = seen_by_camera(clip.joints[:600] + np.array([0.0, 5.0, 0.0]))
    motion = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, clip.fps)
    take = Take(
        Source(Path("clip.mp4"), *IMAGE_SIZE, clip.fps),
        np.arange(len(pose)) / clip.fps,
        keypoints[None],
        scores[None],
        motion.camera[None],
        motion.root_camera[None],
        motion.world[None],
    )
    notes = FORMATS["bvh"].write(take, 0, tmp_path / "out.bvh")
    written = read_bvh(tmp_path / "out.bvh")
    error_cm = np.linalg.norm(joints_of(written) - to_bvh_space(motion.world), axis=-1)
    assert error_cm.max() < 0.01
    assert notes["read_back"]["largest_error_mm"] < 0.1
    assert np.abs(np.diff(written.values[:, 3:], axis=0)).max() < 90
    # What other programs' readers look for is there: our own motion capture reader takes the file.
    assert read_clip(tmp_path / "out.bvh").joints.shape == (len(pose) - 1, 17, 3)


def test_the_overlay_has_every_frame_of_the_video_at_its_time(video: Path, tmp_path: Path) -> None:
    take = make_take(video, 12)
    paths = export_take(take, tmp_path / "out", "walk", ["overlay"])
    assert [path.name for path in paths] == ["walk.overlay.mp4", "walk.json"]
    content = FORMATS["overlay"].read(paths[0])
    assert content["frames"] == 12
    assert content["size_px"] == list(make_layout(*IMAGE_SIZE).size)
    assert content["size_px"][1] <= 720
    np.testing.assert_allclose(content["time_s"], take.time_s, atol=1e-3)


def test_the_overlay_is_in_step_and_has_both_sides_in_their_colours(video: Path) -> None:
    take = make_take(video, 12)
    layout = make_layout(*IMAGE_SIZE)
    with closing(overlay_frames(take, layout)) as frames:
        pictures = [picture for _, picture in frames]
    for k in (0, 7, 11):
        for joint, colour in ((13, LEFT_COLOUR), (16, RIGHT_COLOUR)):
            x, y = np.floor(take.keypoints[0, k, joint] * layout.picture[0] / IMAGE_SIZE[0]).astype(int)
            np.testing.assert_allclose(pictures[k][y, x], colour, atol=6)
    # Where nobody was seen, nothing is drawn over the video: its own grey is all there is.
    assert np.ptp(pictures[3][:, : layout.picture[0]].astype(int)) < 12
    assert np.ptp(pictures[7][:, : layout.picture[0]].astype(int)) > 100


def test_an_overlay_of_a_video_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    take = make_take(tmp_path / "gone.mp4", 5)
    with pytest.raises((StudioError, OSError), match="gone"):
        FORMATS["overlay"].write(take, 0, tmp_path / "a.overlay.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("width", "height"), [(1, 1), (1280, 720), (720, 1280), (7680, 4320), (160, 120), (5000, 40), (40, 5000)]
)
def test_the_layout_fits_any_picture(width: int, height: int) -> None:
    layout = make_layout(width, height)
    assert max(layout.size[1], layout.picture[1], layout.panel[1]) <= 720
    assert layout.picture[0] <= 1280
    assert all(side >= 2 and side % 2 == 0 for side in (*layout.picture, *layout.panel, *layout.size))


def test_low_scores_are_drawn_faintly_and_unseen_joints_not_at_all() -> None:
    keypoints = seen_by_camera(walk(1, FPS))[1][0]
    x, y = np.floor((keypoints[11] + keypoints[12]) / 2).astype(int)  # the middle of the left upper arm
    shades = []
    for score in (1.0, 0.4, 0.0):
        image = np.zeros((IMAGE_SIZE[1], IMAGE_SIZE[0], 3), dtype=np.uint8)
        draw_keypoints(image, keypoints, np.full(17, score))
        shades.append(image[y, x].astype(float))
    np.testing.assert_allclose(shades[0], LEFT_COLOUR, atol=2)
    np.testing.assert_allclose(shades[1], 0.4 * np.array(LEFT_COLOUR), atol=2)
    assert image.max() == 0
    draw_keypoints(image, np.full((17, 2), np.nan), np.ones(17))
    assert image.max() == 0


def test_the_3d_picture_shows_the_left_of_someone_facing_us_on_its_right() -> None:
    person = walk(1, FPS)[0] - np.array([0.0, 5.0, 0.0])
    view = View(400, 480, (0.0, 0.0, 0.92), azimuth_degrees=0.0)
    image = draw_scene([person], view).astype(int)
    columns = np.arange(400)[None]
    orange, blue = image[..., 0] - image[..., 2] > 60, image[..., 2] - image[..., 0] > 60
    assert (orange * columns).sum() / orange.sum() > (blue * columns).sum() / blue.sum() + 10
    empty = draw_scene([np.full((17, 3), np.nan)], view)
    np.testing.assert_array_equal(empty, draw_scene([], view))


def test_the_view_follows_the_walk_and_keeps_the_whole_body_in_the_picture(video: Path) -> None:
    take = make_take(video, 100)
    targets, distance = camera_path(take)
    seen = take.seen(0)
    for k in np.flatnonzero(seen)[::9]:
        view = View(612, 720, (float(targets[k, 0]), float(targets[k, 1]), 0.92), distance=distance)
        pixels, _ = view.project(take.world[0, k])
        assert (pixels > 0).all()
        assert (pixels < [612, 720]).all()
    assert np.abs(np.diff(targets, n=2, axis=0)).max() < 0.01, "calm"
