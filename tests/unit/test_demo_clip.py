"""The demo clip and its truth belong together, and the truth is a person's."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from stcformer.skeleton import JOINTS

DEMO = Path(str(files("assets"))) / "demo"
CLIP = DEMO / "demo.mp4"
FLOOR_TOLERANCE = 0.02

RIGID_BONES = [
    ("hip", "rhip"), ("rhip", "rknee"), ("rknee", "rankle"), ("hip", "lhip"), ("lhip", "lknee"),
    ("lknee", "lankle"), ("hip", "spine"), ("spine", "thorax"), ("neck", "head"), ("thorax", "lshoulder"),
    ("lshoulder", "lelbow"), ("lelbow", "lwrist"), ("thorax", "rshoulder"), ("rshoulder", "relbow"),
    ("relbow", "rwrist"),
]  # fmt: skip


@pytest.fixture(scope="module")
def truth() -> dict[str, np.ndarray]:
    with np.load(DEMO / "demo_truth.npz", allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def at(truth: dict[str, np.ndarray], space: str, name: str) -> np.ndarray:
    return truth[space][:, JOINTS.index(name)]


def test_joint_order_is_the_skeletons(truth: dict[str, np.ndarray]) -> None:
    assert tuple(truth["joints"]) == JOINTS


def test_video_has_one_frame_for_every_pose_at_the_same_time(truth: dict[str, np.ndarray]) -> None:
    import av

    with av.open(str(CLIP)) as container:
        frames = list(container.decode(video=0))
        rate = container.streams.video[0].average_rate
    assert rate is not None
    assert float(rate) == truth["fps"]
    assert len(frames) == len(truth["keypoints"]) == len(truth["camera"]) == len(truth["world"])
    np.testing.assert_allclose([frame.time for frame in frames], truth["time_s"], atol=1e-3)
    assert (frames[0].width, frames[0].height) == tuple(truth["image_size"])
    assert frames[0].format.name == "yuv420p"


def test_video_is_small_enough_to_ship() -> None:
    assert CLIP.stat().st_size < 1_000_000


def test_keypoints_are_the_projection_of_the_camera_poses(truth: dict[str, np.ndarray]) -> None:
    seen = truth["camera"] @ truth["intrinsics"].T
    np.testing.assert_allclose(truth["keypoints"], seen[..., :2] / seen[..., 2:], atol=1e-6)


def test_everyone_is_inside_the_picture(truth: dict[str, np.ndarray]) -> None:
    assert (truth["keypoints"] > 0).all()
    assert (truth["keypoints"] < truth["image_size"]).all()


def test_camera_poses_are_the_world_poses_seen_by_a_rigid_camera(truth: dict[str, np.ndarray]) -> None:
    matrix = truth["camera_from_world"]
    np.testing.assert_allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(matrix[:3, :3]) > 0
    np.testing.assert_allclose(truth["camera"], truth["world"] @ matrix[:3, :3].T + matrix[:3, 3], atol=1e-6)


def test_world_axes_are_those_of_the_design(truth: dict[str, np.ndarray]) -> None:
    """x right, y away, z up: in the picture x grows with x, depth with y, and height lessens y."""
    rotation = truth["camera_from_world"][:3, :3]
    np.testing.assert_allclose(rotation[:, 0], [1, 0, 0], atol=1e-9)
    assert rotation[2, 1] > 0.9
    assert rotation[1, 2] < -0.9
    np.testing.assert_allclose(truth["world"][0, 0, :2], 0, atol=1e-9)


@pytest.mark.parametrize("space", ["camera", "world"])
def test_hip_thorax_and_spine_are_midpoints(truth: dict[str, np.ndarray], space: str) -> None:
    def joint(name: str) -> np.ndarray:
        return at(truth, space, name)

    np.testing.assert_allclose(joint("hip"), (joint("lhip") + joint("rhip")) / 2, atol=1e-9)
    np.testing.assert_allclose(joint("thorax"), (joint("lshoulder") + joint("rshoulder")) / 2, atol=1e-9)
    np.testing.assert_allclose(joint("spine"), (joint("hip") + joint("thorax")) / 2, atol=1e-9)


@pytest.mark.parametrize(("start", "end"), RIGID_BONES)
def test_bone_keeps_its_length(truth: dict[str, np.ndarray], start: str, end: str) -> None:
    length = np.linalg.norm(at(truth, "world", end) - at(truth, "world", start), axis=-1)
    np.testing.assert_allclose(length, length[0], atol=1e-6)


def test_left_and_right_bones_are_equally_long(truth: dict[str, np.ndarray]) -> None:
    for start, end in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist")):
        left, right = (
            np.linalg.norm(at(truth, "world", side + end)[0] - at(truth, "world", side + start)[0])
            for side in "lr"
        )
        assert left == pytest.approx(right)


def test_body_is_as_tall_as_an_adult(truth: dict[str, np.ndarray]) -> None:
    def length(start: str, end: str) -> float:
        return float(np.linalg.norm(at(truth, "world", end)[0] - at(truth, "world", start)[0]))

    leg = length("lhip", "lknee") + length("lknee", "lankle")
    assert 0.8 < leg < 0.95
    assert 0.45 < length("hip", "thorax") < 0.55
    assert 0.2 < length("thorax", "head") < 0.4


def test_feet_stay_above_the_floor_and_reach_it(truth: dict[str, np.ndarray]) -> None:
    ankles = np.minimum(at(truth, "world", "lankle")[:, 2], at(truth, "world", "rankle")[:, 2])
    assert truth["world"][..., 2].min() > -FLOOR_TOLERANCE
    # An ankle is some 9 cm above the sole, and never much lower than that above the floor.
    assert ankles.min() > 0.085 - FLOOR_TOLERANCE
    assert np.percentile(ankles, 25) < 0.085 + 0.03


def test_person_travels_and_turns(truth: dict[str, np.ndarray]) -> None:
    hips = at(truth, "world", "hip")
    assert np.linalg.norm(np.ptp(hips[:, :2], axis=0)) > 0.5
    line = at(truth, "world", "lhip") - at(truth, "world", "rhip")
    heading = np.degrees(np.unwrap(np.arctan2(line[:, 1], line[:, 0])))
    assert np.ptp(heading) > 90


def test_a_person_facing_the_camera_has_their_left_on_the_pictures_right(
    truth: dict[str, np.ndarray],
) -> None:
    """Facing: the nose is nearer than the crown. Then the left shoulder is right of the right one."""
    facing = at(truth, "camera", "neck")[:, 2] < at(truth, "camera", "head")[:, 2] - 0.09
    assert facing.any()
    sides = at(truth, "keypoints", "lshoulder")[:, 0] - at(truth, "keypoints", "rshoulder")[:, 0]
    assert np.mean(sides[facing] > 0) > 0.9


def test_truth_moves_with_the_picture(truth: dict[str, np.ndarray]) -> None:
    """Pictures change most between the frames where joints move most, not a frame early or late."""
    import av

    with av.open(str(CLIP)) as container:
        grey = np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)]).astype(
            np.float32
        )
    change = np.abs(np.diff(grey, axis=0)).mean(axis=(1, 2))
    moved = np.linalg.norm(np.diff(truth["keypoints"], axis=0), axis=-1).mean(axis=1)

    def agreement(lag: int) -> float:
        early, late = max(0, lag), min(0, lag)
        ours = moved[early : len(moved) + late]
        theirs = change[-late : len(change) - early]
        return float(np.corrcoef(ours, theirs)[0, 1])

    assert max(range(-3, 4), key=agreement) == 0
