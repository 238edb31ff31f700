"""Held-out segments: the same motion, bodies, cameras and faults at every frame rate."""

import numpy as np
import pytest
import torch

from stcformer.corpus import Corpus, pack_clips
from stcformer.held_out import (
    CAMERAS,
    CLOCK,
    RATES,
    SECONDS,
    SeenSegments,
    Segments,
    draw_segments,
    frames_of_segments,
    see_segments,
    segment_joints,
)
from stcformer.mocap import MocapClip


def walk(name: str, subject: str, seconds: float, fps: float = 60.0, phase: float = 0.0) -> MocapClip:
    """A body of random places that walks and sways."""
    time = np.arange(round(seconds * fps) + 1) / fps
    body = np.random.default_rng(1).normal(0, 0.4, (17, 3)) + np.array([0, 0, 1])
    sway = 0.2 * np.sin(3 * time + phase)[:, None, None] * np.linspace(-1, 1, 17)[:, None]
    path = np.stack((0.5 * time, 0 * time, 0 * time), axis=-1)[:, None]
    return MocapClip(name, subject, fps, body + sway + path)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return pack_clips([walk("a/1", "a", 20), walk("a/2", "a", 30, 30.0, 1.0), walk("b/1", "b", 1.5)])


@pytest.fixture(scope="module")
def segments(corpus: Corpus) -> Segments:
    return draw_segments(corpus, 12, 0)


@pytest.fixture(scope="module")
def seen(corpus: Corpus, segments: Segments) -> SeenSegments:
    return see_segments(corpus, segments, 7)


def test_segments_lie_within_their_clips_and_short_clips_are_whole(
    corpus: Corpus, segments: Segments
) -> None:
    durations = ((corpus.lengths - 1) / corpus.rates)[segments.clips]
    assert (segments.begin_s >= 0).all()
    assert (segments.begin_s + segments.seconds <= durations + 1e-9).all()
    assert set(segments.seconds[segments.clips == 2]) == {1.5}
    assert set(segments.seconds[segments.clips < 2]) == {SECONDS}


def test_a_subject_counts_by_the_square_root_of_its_footage(corpus: Corpus) -> None:
    many = draw_segments(corpus, 1000, 3)
    share = np.bincount(many.clips) / 1000
    roots = np.sqrt([50, 1.5])
    assert share[:2].sum() == pytest.approx(roots[0] / roots.sum(), abs=0.002)
    assert share[0] / share[1] == pytest.approx(20 / 30, rel=0.02)
    begins = many.begin_s[many.clips == 1]
    assert begins.min() < 0.2
    assert begins.max() > 25.8  # all of the clip is measured


def test_the_same_seed_draws_the_same_segments_and_another_others(corpus: Corpus) -> None:
    first, same, other = (draw_segments(corpus, 9, seed) for seed in (1, 1, 2))
    assert np.array_equal(first.begin_s, same.begin_s)
    assert not np.array_equal(first.begin_s, other.begin_s)


def test_segments_pass_through_the_captured_frames_and_are_smooth_between(corpus: Corpus) -> None:
    segments = Segments(np.array([1]), np.array([2.0]), np.array([SECONDS]))
    joints = segment_joints(corpus, segments, CLOCK)[0].double().numpy()
    captured = corpus.clip(1).joints
    assert np.abs(joints[:: CLOCK // 30] - captured[60:180]).max() < 1e-5
    acceleration = np.diff(segment_joints(corpus, segments, 60)[0].double().numpy(), n=2, axis=0) * 60**2
    truth = 0.2 * 9 * np.abs(np.linspace(-1, 1, 17)).max()
    assert (
        np.abs(acceleration).max() < 1.6 * truth
    )  # straight lines between 30 frames a second would give twice


def test_every_rate_shows_the_same_moments_of_the_same_view(seen: SeenSegments) -> None:
    for rate in RATES:
        video = seen.video("any", "exact", rate)
        assert video.keypoints.shape == (12, round(SECONDS * rate), 17, 2)
        moments = np.arange(video.keypoints.shape[1]) * (CLOCK // rate)
        for name in ("keypoints", "pose"):
            assert torch.equal(getattr(video, name), getattr(seen.exact["any"], name)[:, moments])
    with pytest.raises(ValueError, match="do not divide"):
        seen.video("any", "exact", 29)


def test_cameras_of_one_segment_differ_in_pitch_alone(seen: SeenSegments) -> None:
    level, steep = seen.exact["level"], seen.exact["steep"]
    assert (level.pitch.abs() <= 5).all()
    assert ((steep.pitch >= 35) & (steep.pitch <= 45)).all()
    assert torch.allclose(steep.pitch - level.pitch, torch.tensor(40.0), atol=1e-4)
    for camera in CAMERAS:
        assert torch.equal(seen.exact[camera].focal, level.focal)
        assert torch.equal(seen.exact[camera].image_size, level.image_size)
    bones = (level.pose[:, :, 2] - level.pose[:, :, 1]).norm(dim=-1)
    assert torch.allclose(bones, (steep.pose[:, :, 2] - steep.pose[:, :, 1]).norm(dim=-1), atol=1e-5)


def test_faults_are_the_same_in_time_at_every_rate(seen: SeenSegments) -> None:
    usual = seen.video("any", "detected", 30)
    displaced = usual.keypoints - seen.video("any", "exact", 30).keypoints
    assert torch.equal(usual.scores, seen.faulty["any", "detected"].scores)
    for rate, frames in ((15, np.arange(60) * 2), (60, np.arange(240) // 2)):
        video = seen.video("any", "detected", rate)
        fault = video.keypoints - seen.video("any", "exact", rate).keypoints
        assert torch.allclose(fault, displaced[:, frames], atol=1e-2)
        assert torch.equal(video.scores, usual.scores[:, frames])
    lost = [float((seen.video("any", "detected", rate).scores == 0).float().mean()) for rate in RATES]
    assert max(lost) - min(lost) < 0.01


def test_every_segment_has_detector_errors(seen: SeenSegments) -> None:
    displaced = seen.video("any", "detected", 30).keypoints - seen.video("any", "exact", 30).keypoints
    assert (displaced.flatten(1).abs().amax(dim=1) > 1).all()


def test_a_third_of_the_joints_is_missing_for_stretches_of_time(corpus: Corpus) -> None:
    segments = draw_segments(corpus, 32, 0)
    seen = see_segments(corpus, segments, 3)
    video = seen.video("any", "a third missing", 30)
    missing = (video.scores == 0).numpy()
    assert missing.mean() == pytest.approx(1 / 3, abs=0.015)
    assert missing.mean(axis=(0, 2)).std() < 0.04  # from the first frame to the last
    assert missing.mean(axis=(0, 1)).std() < 0.05  # every joint
    ends = (missing[:, 1:] < missing[:, :-1]).sum()
    assert missing[:, :-1].sum() / ends / 30 == pytest.approx(0.5, rel=0.15)  # seconds
    assert torch.equal(video.keypoints, seen.video("any", "exact", 30).keypoints)


def test_what_was_found_for_captured_frames_is_given_to_the_frames_of_the_segments(corpus: Corpus) -> None:
    segments = Segments(np.array([0, 1, 2]), np.array([2.0, 3.0, 0.0]), np.array([4.0, 4.0, 1.5]))
    numbers = [np.arange(length) for length in corpus.lengths]
    found = frames_of_segments(numbers, corpus, segments, 30)
    assert found[0].tolist() == [120 + 2 * k for k in range(120)]
    assert found[1].tolist() == [90 + k for k in range(120)]
    assert found[2, :46].tolist() == [2 * k for k in range(46)]
    assert segments.frames(30).tolist() == [120, 120, 46]
    assert segments.frames(24).tolist() == [96, 96, 37]
