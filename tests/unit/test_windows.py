"""Windows of motion capture, drawn at any rate."""

import numpy as np
import pytest
import torch
from torch import Generator

from stcformer.corpus import pack_clips
from stcformer.mocap import MocapClip
from stcformer.windows import WindowSampler


def ramp(name: str, subject: str, frames: int, fps: float, offset: float = 0.0) -> MocapClip:
    """A clip in which every coordinate is the time in seconds, plus `offset`."""
    time = offset + np.arange(frames, dtype=np.float64) / fps
    return MocapClip(name, subject, fps, np.broadcast_to(time[:, None, None], (frames, 17, 3)).copy())


def draw(sampler: WindowSampler, count: int, frames: int, seed: int = 0) -> torch.Tensor:
    return sampler.draw(count, frames, Generator().manual_seed(seed))


@pytest.mark.parametrize("fps", [24.0, 60.0, 120.0])
def test_windows_run_at_the_rate_asked_for_whatever_the_clips(fps: float) -> None:
    sampler = WindowSampler(pack_clips([ramp("a", "a", 600, fps)]), (30.0, 30.0))
    steps = draw(sampler, 50, 9)[:, :, 0, 0].diff(dim=1)
    assert torch.allclose(steps, torch.tensor(1 / 30), atol=1e-4)


def test_rates_fill_their_range() -> None:
    sampler = WindowSampler(pack_clips([ramp("a", "a", 6000, 60.0)]), (20.0, 45.0))
    rates = 1 / draw(sampler, 400, 3)[:, :, 0, 0].diff(dim=1).mean(dim=1)
    assert 19.9 < float(rates.min()) < 21.5
    assert 43 < float(rates.max()) < 45.1


def test_windows_never_reach_into_the_next_clip() -> None:
    clips = [ramp("a", "a", 40, 60.0, 0.0), ramp("b", "b", 50, 60.0, 100.0), ramp("c", "c", 45, 60.0, 200.0)]
    times = draw(WindowSampler(pack_clips(clips), (30.0, 30.0)), 500, 9)[..., 0, 0]
    assert set((times // 100).flatten().tolist()) == {0, 1, 2}
    assert torch.equal(times[:, 0] // 100, times[:, -1] // 100)
    assert (times.diff(dim=1) >= -1e-5).all()


def test_a_clip_shorter_than_the_window_stands_still_at_its_end() -> None:
    times = draw(WindowSampler(pack_clips([ramp("a", "a", 5, 60.0)]), (30.0, 30.0)), 4, 20)[..., 0, 0]
    assert torch.allclose(times[:, :2], torch.tensor([0, 1 / 30]), atol=1e-4)
    assert torch.allclose(times[:, -1], torch.tensor(4 / 60), atol=1e-3)


def test_two_frames_are_enough() -> None:
    assert torch.isfinite(
        draw(WindowSampler(pack_clips([ramp("a", "a", 2, 60.0)]), (30.0, 30.0)), 8, 9)
    ).all()


def test_the_end_of_a_clip_too_long_for_float32_is_reached_and_not_passed() -> None:
    frames = 40_000
    joints = np.broadcast_to(np.zeros((1, 17, 3), dtype=np.float32), (frames, 17, 3))
    sampler = WindowSampler(pack_clips([MocapClip("long", "a", 60.0, joints)]), (30.0, 30.0))
    # As long as the clip: the last moments all lie at its end.
    assert torch.isfinite(draw(sampler, 1, frames)).all()


def test_one_subject_with_much_footage_does_not_drown_the_others() -> None:
    clips = [ramp("a", "a", 9000, 60.0, 0.0), ramp("b", "b", 1000, 60.0, 1000.0)]
    times = draw(WindowSampler(pack_clips(clips), (30.0, 30.0)), 4000, 1)[:, 0, 0, 0]
    share = float((times >= 1000).float().mean())
    assert share == pytest.approx(1 / (1 + 3), abs=0.03)  # square roots of 9 to 1


def test_the_same_seed_draws_the_same_windows() -> None:
    sampler = WindowSampler(pack_clips([ramp("a", "a", 600, 60.0)]), (20.0, 45.0))
    assert torch.equal(draw(sampler, 5, 9, 1), draw(sampler, 5, 9, 1))
    assert not torch.equal(draw(sampler, 5, 9, 1), draw(sampler, 5, 9, 2))


def test_rare_postures_are_drawn_as_often_as_asked_and_stand_in_the_window() -> None:
    rare = ramp("a", "a", 2000, 30.0).joints
    clip = MocapClip("a", "a", 30.0, rare)
    corpus = pack_clips([ramp("b", "b", 2000, 30.0, 500.0), clip])
    sampler = WindowSampler(corpus, (30.0, 30.0))
    # Twelve frames of the second clip, whose clock shows 40 to 40.4 s, are made the only rare ones.
    sampler.rare_share = 0.25
    sampler.rare_frames = torch.arange(2000 + 1200, 2000 + 1212)
    sampler.rare_cumulative = torch.cumsum(torch.full((12,), 1 / 12, dtype=torch.float64), 0)
    times = draw(sampler, 800, 9)[..., 0, 0]
    about = ((times > 39.99) & (times < 40.38)).any(dim=1)
    assert 0.2 < float(about.float().mean()) < 0.31
    assert set((times // 500).flatten().tolist()) == {0, 1}  # no window reaches into the next clip
