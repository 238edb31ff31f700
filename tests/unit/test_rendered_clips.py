"""Every rendered clip belongs to its truth, and the folder says what is in it."""

import numpy as np
import pytest

from app.rendered_evaluation import RenderedClip, rendered_clips
from stcformer.skeleton import JOINTS

CLIPS = rendered_clips()
MOST_BYTES = 4_000_000


@pytest.fixture(params=CLIPS, ids=[clip.name for clip in CLIPS])
def clip(request: pytest.FixtureRequest) -> RenderedClip:
    return request.param


def test_there_are_eight_clips_beside_the_demo_and_the_demo_is_first() -> None:
    assert CLIPS[0].name == "demo"
    assert len(CLIPS) == 9


def test_the_truth_has_a_pose_for_every_frame_of_the_video_at_its_time(clip: RenderedClip) -> None:
    import av

    with av.open(str(clip.video)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == len(clip.truth["keypoints"]) == len(clip.truth["camera"])
    np.testing.assert_allclose([frame.time for frame in frames], clip.truth["time_s"], atol=1e-3)
    assert (frames[0].width, frames[0].height) == tuple(clip.truth["image_size"])


def test_keypoints_are_the_projection_of_the_camera_poses_and_inside_the_picture(clip: RenderedClip) -> None:
    truth = clip.truth
    assert tuple(truth["joints"]) == JOINTS
    seen = truth["camera"] @ truth["intrinsics"].T
    np.testing.assert_allclose(truth["keypoints"], seen[..., :2] / seen[..., 2:], atol=1e-6)
    assert (truth["keypoints"] > 0).all()
    assert (truth["keypoints"] < truth["image_size"]).all()


def test_the_person_moves(clip: RenderedClip) -> None:
    pose = clip.truth["world"] - clip.truth["world"][:, :1]
    assert np.ptp(pose, axis=0).max() > 0.3


def test_the_picture_shows_the_truth_not_frames_early_or_late(clip: RenderedClip) -> None:
    """Pictures change most where and when the joints move most."""
    import av

    with av.open(str(clip.video)) as container:
        grey = np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)])
    change = np.abs(np.diff(grey.astype(np.float32), axis=0))
    places = (clip.truth["keypoints"][1:] + clip.truth["keypoints"][:-1]) / 2
    speed = np.linalg.norm(np.diff(clip.truth["keypoints"], axis=0), axis=-1)
    frames = range(4, len(places) - 4)

    def agreement(lag: int) -> float:
        seen = [change_at(change[frame + lag], places[frame]) for frame in frames]
        return float(np.corrcoef(np.ravel(seen), speed[4:-4].ravel())[0, 1])

    in_step = agreement(0)
    assert in_step > 0.15
    assert in_step > 1.1 * max(agreement(lag) for lag in (-4, -3, -2, 2, 3, 4))


def change_at(picture: np.ndarray, places: np.ndarray) -> list[float]:
    """Mean of the 7 x 7 pixels about each place (J, 2)."""
    return [
        float(picture[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4].mean()) for x, y in places.astype(int)
    ]


def test_cameras_people_and_rates_differ() -> None:
    """The range that the folder's card promises: pitch, shape of the picture and rate."""
    pitches = [np.degrees(np.arcsin(-clip.truth["camera_from_world"][2, 2])) for clip in CLIPS]
    assert min(pitches) <= -9
    assert max(pitches) >= 39
    aspects = [float(np.divide(*clip.truth["image_size"])) for clip in CLIPS]
    assert min(aspects) < 0.8
    assert max(aspects) > 1.25
    assert {24.0, 30.0, 50.0} <= {float(clip.truth["fps"]) for clip in CLIPS}


def test_the_folder_is_small_and_its_card_names_every_clip() -> None:
    folder = CLIPS[1].video.parent
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in folder.iterdir()) < MOST_BYTES
    assert all(f"| `{clip.name}` |" in card for clip in CLIPS[1:])
    assert "mocap.cs.cmu.edu" in card
