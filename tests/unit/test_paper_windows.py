"""Windows about the frames of clips."""

import numpy as np

from stcformer.paper.windows import window_centres, window_rows
from tests.made_clips import made_clips


def test_every_frame_of_every_clip_is_a_centre_once() -> None:
    assert window_centres(made_clips((4, 1, 3))).tolist() == list(range(8))


def test_strides_leave_as_much_out_before_as_behind() -> None:
    centres = window_centres(made_clips((9, 3)), stride=4)
    assert centres.tolist() == [0, 4, 8, 10]
    assert window_centres(made_clips((8,)), stride=4).tolist() == [1, 5]


def test_only_valid_frames_are_tested() -> None:
    clips = made_clips((4, 3))
    clips.valid[[0, 5]] = False
    assert window_centres(clips, only_valid=True).tolist() == [1, 2, 3, 4, 6]


def test_windows_stay_inside_their_clip_and_repeat_its_ends() -> None:
    clips = made_clips((5, 4))
    rows = window_rows(clips, np.array([0, 4, 5, 7]), frames=5, step=1)
    assert rows.tolist() == [[0, 0, 0, 1, 2], [2, 3, 4, 4, 4], [5, 5, 5, 6, 7], [5, 6, 7, 8, 8]]


def test_steps_are_frames_of_the_clip() -> None:
    assert window_rows(made_clips((20,)), np.array([9]), frames=3, step=3).tolist() == [[6, 9, 12]]


def test_a_clip_shorter_than_a_window_is_padded_at_both_ends() -> None:
    assert window_rows(made_clips((2,)), np.array([1]), frames=5, step=1).tolist() == [[0, 0, 1, 1, 1]]
