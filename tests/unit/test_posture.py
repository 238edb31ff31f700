"""Postures told apart in motion capture."""

import numpy as np

from stcformer.posture import POSTURES, frame_postures
from stcformer.skeleton import JOINTS


def standing() -> np.ndarray:
    """(17, 3) metres, z up: upright, facing -y, ankles 8 cm above the floor."""
    places = {
        "hip": (0, 0, 0.93), "rhip": (-0.1, 0, 0.93), "rknee": (-0.1, 0, 0.5), "rankle": (-0.1, 0, 0.08),
        "lhip": (0.1, 0, 0.93), "lknee": (0.1, 0, 0.5), "lankle": (0.1, 0, 0.08),
        "spine": (0, 0, 1.17), "thorax": (0, 0, 1.41), "neck": (0, -0.1, 1.57), "head": (0, 0, 1.75),
        "lshoulder": (0.18, 0, 1.4), "lelbow": (0.2, 0, 1.1), "lwrist": (0.2, 0, 0.85),
        "rshoulder": (-0.18, 0, 1.4), "relbow": (-0.2, 0, 1.1), "rwrist": (-0.2, 0, 0.85),
    }  # fmt: skip
    return np.array([places[name] for name in JOINTS], dtype=np.float64)


def in_a_clip_that_stands(pose: np.ndarray) -> str:
    joints = np.stack([standing()] * 30 + [pose])
    labels = [POSTURES[index] for index in frame_postures(joints)]
    assert labels[:30] == ["upright"] * 30
    return labels[30]


def turned_about_the_hip(pose: np.ndarray, names: tuple[str, ...], degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    hip, moved = pose[JOINTS.index("hip")], pose.copy()
    rows = [JOINTS.index(name) for name in names]
    moved[rows] = (pose[rows] - hip) @ turn.T + hip
    return moved


UPPER = ("spine", "thorax", "neck", "head", "lshoulder", "lelbow", "lwrist", "rshoulder", "relbow", "rwrist")


def test_somebody_who_leaps_is_airborne() -> None:
    assert in_a_clip_that_stands(np.add(standing(), (0, 0, 0.4))) == "airborne"


def test_somebody_who_bends_over_is_bent() -> None:
    assert in_a_clip_that_stands(turned_about_the_hip(standing(), UPPER, 70)) == "bent"


def test_somebody_on_a_low_seat_is_low() -> None:
    pose = standing()
    for name in ("rhip", "lhip", "hip", *UPPER):
        pose[JOINTS.index(name)] += (0, 0.4, -0.43)
    assert in_a_clip_that_stands(pose) == "low"


def test_somebody_on_the_back_is_lying() -> None:
    pose = turned_about_the_hip(standing(), JOINTS, 90)
    assert in_a_clip_that_stands(np.add(pose, (0, 0, -0.8))) == "lying"


def test_a_body_of_any_size_and_place_is_judged_alike() -> None:
    seat = standing()
    for name in ("rhip", "lhip", "hip", *UPPER):
        seat[JOINTS.index(name)] += (0, 0.4, -0.43)
    clip = np.stack([standing()] * 30 + [seat])
    assert np.array_equal(frame_postures(clip), frame_postures(np.add(0.6 * clip, (3, -2, 0.5))))
