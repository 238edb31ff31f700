"""Gaps: short ones are bridged and marked, longer ones left empty."""

import numpy as np
import pytest
from synthetic_body import IMAGE_SIZE, seen_by_camera, walk

from app.errors import StudioError
from app.motion import reconstruct_motion
from app.motion.contact import UNKNOWN
from app.motion.gaps import with_short_gaps_bridged
from app.settings import Settings

FPS = 30.0


def seen_with_gaps(*gaps: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Poses and keypoints but in the gaps: the lifter gives no pose where nobody was seen."""
    pose, keypoints, scores, _ = seen_by_camera(walk(90, FPS, heading=0.0))
    for start, stop in gaps:
        pose[start:stop], keypoints[start:stop], scores[start:stop] = np.nan, np.nan, 0.0
    return pose, keypoints, scores


@pytest.mark.parametrize("longest_s", [0.0, 0.2, 0.5])
def test_gaps_up_to_the_setting_are_bridged_and_longer_ones_left_empty(longest_s: float) -> None:
    pose, keypoints, scores = seen_with_gaps((10, 14), (40, 54))
    kept, bridged = with_short_gaps_bridged(pose, keypoints, scores, FPS, longest_s)
    empty = np.isnan(kept).all(axis=(1, 2))
    assert bridged[10:14].all() == (longest_s >= 0.2)
    assert bridged[40:54].all() == (longest_s >= 0.5)
    np.testing.assert_array_equal(empty[10:14], ~bridged[10:14])
    np.testing.assert_array_equal(empty[40:54], ~bridged[40:54])
    assert (bridged | empty).sum() == 18


def test_bridged_frames_are_in_the_report_and_neither_seen_nor_in_contact() -> None:
    pose, keypoints, scores = seen_with_gaps((10, 14), (40, 54))
    motion = reconstruct_motion(pose, keypoints, scores, IMAGE_SIZE, FPS, Settings(longest_gap_s=0.2))
    assert motion.report["bridged"] == [[10, 14]]
    assert motion.report["frames_seen"] == 90 - 18
    assert np.isfinite(motion.world[10:14]).all()
    assert np.isnan(motion.world[40:54]).all()
    assert (motion.contacts[10:14] == UNKNOWN).all()
    assert (motion.contacts[40:54] == UNKNOWN).all()
    assert not (motion.contacts[20:40] == UNKNOWN).any()


def test_a_bridge_is_nearly_the_walk_that_was_not_seen_and_keeps_its_speed_at_both_ends() -> None:
    whole, *_ = seen_with_gaps()
    bridged, _ = with_short_gaps_bridged(*seen_with_gaps((40, 50)), FPS, 0.5)
    straight = whole[39] + (np.arange(1, 11) / 11)[:, None, None] * (whole[50] - whole[39])

    def error(found: np.ndarray) -> float:
        return float(np.linalg.norm(found - whole[40:50], axis=2).mean())

    assert error(bridged[40:50]) < 0.03
    assert error(bridged[40:50]) < 0.7 * error(straight)
    steps = np.diff(bridged[38:53], axis=0)
    assert np.linalg.norm(np.diff(steps, axis=0), axis=2).max() < 0.02


@pytest.mark.parametrize("gaps", [((1, 3), (4, 6)), ((87, 88),), ((86, 88),)])
def test_a_gap_beside_few_seen_frames_is_bridged_too(gaps: tuple[tuple[int, int], ...]) -> None:
    pose, bridged = with_short_gaps_bridged(*seen_with_gaps(*gaps), FPS, 0.5)
    assert np.isfinite(pose).all()
    assert bridged.sum() == sum(stop - start for start, stop in gaps)


def test_frames_before_the_first_and_after_the_last_one_seen_stay_empty() -> None:
    pose, bridged = with_short_gaps_bridged(*seen_with_gaps((0, 5), (85, 90)), FPS, 0.5)
    assert not bridged.any()
    assert np.isnan(pose[:5]).all()
    assert np.isnan(pose[85:]).all()


@pytest.mark.parametrize("longest_s", [-0.1, 0.6, np.nan])
def test_a_gap_that_the_lifter_does_not_bridge_is_refused(longest_s: float) -> None:
    with pytest.raises(StudioError, match=r"0 to 0\.5 s"):
        reconstruct_motion(*seen_with_gaps(), IMAGE_SIZE, FPS, Settings(longest_gap_s=longest_s))
