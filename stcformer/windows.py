"""Windows of motion capture drawn for training, at any frame rate."""

import numpy as np
import torch
from torch import Generator, Tensor

from stcformer.corpus import Corpus
from stcformer.posture import POSTURES, frame_postures


class WindowSampler:
    """Draws batches of windows from a corpus: every subject in its turn, every rate a weight may meet.

    `rare_share` of the windows are drawn about a frame in a posture that few frames have (`stcformer.posture`:
    bent, low, lying, airborne), each such posture as often as the others.
    """

    def __init__(
        self,
        corpus: Corpus,
        rates: tuple[float, float],
        device: torch.device | str = "cpu",
        *,
        rare_share: float = 0.0,
    ) -> None:
        self.joints = torch.from_numpy(corpus.joints).to(device)
        self.starts = torch.from_numpy(corpus.starts).to(device)
        self.lengths = torch.from_numpy(corpus.lengths).to(device)
        self.clip_rates = torch.from_numpy(corpus.rates).float().to(device)
        self.rates = rates
        seconds = corpus.lengths / corpus.rates
        total = dict.fromkeys(corpus.subjects, 0.0)
        for subject, duration in zip(corpus.subjects, seconds, strict=True):
            total[subject] += float(duration)
        # A subject with much footage counts more than one with little, but only by the square root.
        share = [
            duration / total[subject] ** 0.5
            for subject, duration in zip(corpus.subjects, seconds, strict=True)
        ]
        self.share = torch.tensor(share, dtype=torch.float32, device=device)
        self.rare_share = rare_share
        rare = _rare_frames(corpus) if rare_share else []
        self.rare_frames = torch.from_numpy(np.concatenate(rare) if rare else np.zeros(0, np.int64)).to(
            device
        )
        weight = np.concatenate([np.full(len(frames), 1 / len(frames)) for frames in rare] or [np.zeros(0)])
        self.rare_cumulative = torch.from_numpy(np.cumsum(weight)).to(device)

    def draw(self, count: int, frames: int, generator: Generator) -> Tensor:
        """(count, frames, 17, 3) metres, z up, each at its own rate, interpolated between captured frames."""
        device = self.joints.device
        clip = torch.multinomial(self.share, count, replacement=True, generator=generator)
        low, high = (torch.tensor(rate, device=device).log() for rate in self.rates)
        rate = torch.exp(low + (high - low) * torch.rand(count, generator=generator, device=device))
        step = self.clip_rates[clip] / rate
        last = (self.lengths[clip] - 1).float()
        room = (last - step * (frames - 1)).clamp_min(0)
        begin = room * torch.rand(count, generator=generator, device=device)
        if len(self.rare_frames):
            clip, step, last, begin = self._about_rare_frames(clip, rate, begin, frames, generator)
        moment = begin[:, None] + step[:, None] * torch.arange(frames, device=device)
        moment = torch.minimum(moment, last[:, None] - 1e-3).clamp_min(
            0
        )  # a short clip stands still at its end
        # Past 16384 frames float32 no longer knows last - 0.001 from last.
        before = torch.minimum(moment.long(), (self.lengths[clip] - 2)[:, None])
        part = (moment - before)[..., None, None]
        at = self.starts[clip][:, None] + before
        return self.joints[at] * (1 - part) + self.joints[at + 1] * part

    def _about_rare_frames(
        self, clip: Tensor, rate: Tensor, begin: Tensor, frames: int, generator: Generator
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Clip, captured frames a step, last frame and beginning of each window, some of them moved to a rare frame."""
        count, device = len(clip), self.joints.device
        chosen = torch.rand(count, generator=generator, device=device) < self.rare_share
        # A search in the running sum: a multinomial draw would hold no more than 2^24 frames.
        mark = torch.rand(count, generator=generator, device=device, dtype=torch.float64)
        place = torch.searchsorted(self.rare_cumulative, mark * self.rare_cumulative[-1])
        frame = self.rare_frames[place.clamp_max(len(self.rare_frames) - 1)]
        rare_clip = torch.searchsorted(self.starts, frame, right=True) - 1
        clip = torch.where(chosen, rare_clip, clip)
        step = self.clip_rates[clip] / rate
        last = (self.lengths[clip] - 1).float()
        room = (last - step * (frames - 1)).clamp_min(0)
        before = step * (frames - 1) * torch.rand(count, generator=generator, device=device)
        about = ((frame - self.starts[clip]).float() - before).clamp_min(0)
        return clip, step, last, torch.where(chosen, torch.minimum(about, room), begin)


def _rare_frames(corpus: Corpus) -> list[np.ndarray]:
    """For each rare posture that occurs, the rows of `corpus.joints` that show it."""
    postures = np.concatenate(
        [frame_postures(corpus.clip(index).joints) for index in range(len(corpus.names))]
    )
    every = [
        np.flatnonzero(postures == index) for index in range(len(POSTURES)) if POSTURES[index] != "upright"
    ]
    return [frames for frames in every if len(frames)]
