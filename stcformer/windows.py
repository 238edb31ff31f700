"""Windows of motion capture drawn for training, at any frame rate."""

import torch
from torch import Generator, Tensor

from stcformer.corpus import Corpus


class WindowSampler:
    """Draws batches of windows from a corpus: every subject in its turn, every rate a weight may meet."""

    def __init__(
        self, corpus: Corpus, rates: tuple[float, float], device: torch.device | str = "cpu"
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
        moment = begin[:, None] + step[:, None] * torch.arange(frames, device=device)
        moment = torch.minimum(moment, last[:, None] - 1e-3).clamp_min(
            0
        )  # a short clip stands still at its end
        # Past 16384 frames float32 no longer knows last - 0.001 from last.
        before = torch.minimum(moment.long(), (self.lengths[clip] - 2)[:, None])
        part = (moment - before)[..., None, None]
        at = self.starts[clip][:, None] + before
        return self.joints[at] * (1 - part) + self.joints[at + 1] * part
