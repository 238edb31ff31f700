"""What a Take says of itself."""

from dataclasses import replace

import numpy as np
import pytest
from made_takes import exact_take
from stepping_body import stepping
from synthetic_body import walk

from app.quality import suspicious_frames
from app.timeline.analysis import analyse


def test_contacts_come_from_the_motion_stage_and_are_unknown_where_they_are_left_out() -> None:
    take = exact_take(stepping(2.0, 30.0)[0])
    assert take.contacts.shape == (1, 60, 2)
    assert (take.contacts == 1).mean() > 0.3
    assert (replace(take, contacts=np.zeros((0, 0, 2), dtype=np.int8)).contacts == -1).all()
    with pytest.raises(ValueError, match="contacts have shape"):
        replace(take, contacts=np.zeros((1, 59, 2), dtype=np.int8))


def test_frames_with_a_pose_in_which_nobody_was_seen_are_bridged_and_shown_as_such() -> None:
    take = exact_take(walk(30, 30.0))
    keypoints, scores = take.keypoints.copy(), take.scores.copy()
    keypoints[0, 10:13], scores[0, 10:13] = np.nan, 0.0
    take = replace(take, keypoints=keypoints, scores=scores)
    assert np.flatnonzero(take.bridged(0)).tolist() == [10, 11, 12]
    assert take.seen(0).all()
    assert np.flatnonzero(~analyse(take, 0).lanes.seen).tolist() == [10, 11, 12]
    (unseen,) = [found for found in suspicious_frames(take, 0) if found.kind == "unseen"]
    assert (unseen.start, unseen.stop) == (10, 13)
    assert "bridged" in unseen.text
