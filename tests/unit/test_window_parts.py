"""What the window shows, without a window: which frame while it is processed, lanes and curves, poses before the motion
stage, parts of a Take for export, and the words for progress."""

import numpy as np
import pytest
from made_takes import FPS, exact_take
from synthetic_body import walk

from app.edits import HideJoint, MoveJoint, NamePerson, SwapPeople, SwapSides
from app.errors import StudioError
from app.export.part import part_of
from app.following import Follower
from app.motion.bones import LEFT_ANKLE, RIGHT_ANKLE
from app.motion.standing import standing_poses
from app.take import Take
from app.timeline.analysis import UNITS, analyse, edited_frames, partial_lanes

FRAMES = 60


@pytest.fixture(scope="module")
def take() -> Take:
    """Two people walking, one towards the camera and one away."""
    return exact_take(walk(FRAMES, FPS), walk(FRAMES, FPS, heading=0.0))


class TestFollower:
    """The frame that is shown while a video is processed."""

    def test_it_goes_with_the_detector_until_there_are_poses(self) -> None:
        follower = Follower()
        assert [follower.frame(detected, 0) for detected in (0, 4, 10, 15)] == [0, 3, 9, 14]

    def test_then_it_begins_anew_and_goes_at_the_detectors_pace_as_far_as_poses_reach(self) -> None:
        follower = Follower()
        follower.frame(40, 0)
        shown = [follower.frame(40 + 6 * step, 30) for step in range(8)]
        assert shown == [0, 6, 12, 18, 24, 29, 29, 29]
        assert follower.frame(94, 90) == 41  # the next block has come: on at the same pace, not in a leap

    def test_it_never_shows_a_frame_that_is_not_there(self) -> None:
        follower = Follower()
        rng = np.random.default_rng(0)
        detected = lifted = 0
        for _ in range(200):
            detected += int(rng.integers(0, 9))
            lifted = max(lifted, int(rng.integers(0, detected + 1)) // 30 * 30)
            frame = follower.frame(detected, lifted)
            assert 0 <= frame < max(1, lifted or detected)


def test_an_analysis_holds_every_lane_and_curve_of_the_person(take: Take) -> None:
    first, second = analyse(take, 0), analyse(take, 1)
    assert set(first.curves) == set(UNITS)
    assert all(np.shape(values) == (FRAMES,) for named in first.curves.values() for values in named.values())
    assert first.lanes.seen.all()
    assert first.lanes.contacts.any()
    assert not np.allclose(first.curves["Positions"]["hip y"], second.curves["Positions"]["hip y"])
    with pytest.raises(IndexError):
        analyse(take, 2)


def test_the_videos_camera_sees_the_person_where_the_keypoints_are(take: Take) -> None:
    camera = analyse(take, 0).camera
    assert camera is not None
    left, top, width, height = camera.picture(camera.image_size)
    look = camera.look(camera.image_size, 4.0)
    pixels = look.project(take.world[0], camera.image_size)
    filmed = take.keypoints[0] * (width / camera.image_size[0], height / camera.image_size[1]) + (left, top)
    assert np.median(np.linalg.norm(pixels - filmed, axis=-1)) < 6


def test_somebody_who_was_never_placed_has_no_camera(take: Take) -> None:
    from dataclasses import replace

    lost = replace(take, root_camera=np.full_like(take.root_camera, np.nan))
    assert analyse(lost, 0).camera is None


def test_the_lane_of_edits_shows_the_frames_of_that_person() -> None:
    edits = (
        MoveJoint(0, 3, 1, 0.0, 0.0),
        HideJoint(0, 5, 7, 2),
        SwapSides(1, 0, 2),
        SwapPeople(0, 1, 9),
        NamePerson(0, "Ada"),
        MoveJoint(0, 99, 1, 0.0, 0.0),
    )
    assert np.flatnonzero(edited_frames(edits, 0, 12)).tolist() == [3, 5, 6, 9]
    assert np.flatnonzero(edited_frames(edits, 1, 12)).tolist() == [0, 1, 9]


def test_what_is_not_detected_yet_is_neither_seen_nor_unseen() -> None:
    scores = np.zeros((10, 17))
    scores[:4] = 0.8
    lanes = partial_lanes(scores, lifted=6)
    np.testing.assert_allclose(lanes.scores[:4], 0.8)
    assert np.isnan(lanes.scores[4:]).all()
    assert lanes.seen.tolist() == [True] * 4 + [False] * 2 + [True] * 4


def test_a_pose_before_the_motion_stage_stands_upright_on_the_floor(take: Take) -> None:
    poses = standing_poses(take.camera)
    ankles = poses[..., [LEFT_ANKLE, RIGHT_ANKLE], 2].min(axis=-1)
    np.testing.assert_allclose(ankles, 0.08, atol=1e-9)
    assert (poses[..., 10, 2] > poses[..., 0, 2]).all()  # the head is above the hip
    np.testing.assert_allclose(poses[..., 0, :2], 0.0)
    gone = np.full((1, 17, 3), np.nan)
    assert np.isnan(standing_poses(gone)).all()


class TestPartOfTake:
    """Some persons, some frames."""

    def test_the_whole_is_the_take_itself(self, take: Take) -> None:
        assert part_of(take, [0, 1], 0, FRAMES) is take

    def test_a_part_keeps_places_and_times(self, take: Take) -> None:
        part = part_of(take, [1], 10, 25)
        assert part.person_count() == 1
        np.testing.assert_array_equal(part.world[0], take.world[1, 10:25])
        np.testing.assert_array_equal(part.time_s, take.time_s[10:25])
        np.testing.assert_array_equal(part.root_camera[0], take.root_camera[1, 10:25])
        assert part.source.first_frame == 10
        assert part.provenance["part"] == {"persons": [2], "frames": [10, 25]}
        assert part_of(part, [0], 5, 8).source.first_frame == 15

    def test_a_range_beyond_the_clip_ends_with_it(self, take: Take) -> None:
        assert part_of(take, [0], 50, 999).frame_count() == 10

    @pytest.mark.parametrize(
        ("persons", "start", "stop"), [([], 0, 9), ([5], 0, 9), ([0], 9, 9), ([0], 70, 80)]
    )
    def test_nothing_is_a_stated_failure(self, take: Take, persons: list[int], start: int, stop: int) -> None:
        with pytest.raises(StudioError):
            part_of(take, persons, start, stop)
