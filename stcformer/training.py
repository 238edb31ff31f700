"""Training a lifter on motion capture seen through random cameras."""

import json
import math
import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from stcformer.atomic import atomic_path
from stcformer.augmentation import (
    DetectorErrors,
    SeenPeople,
    TrainingWindows,
    ViewRange,
    borrowed_arms,
    mirrored,
    random_bodies,
    random_views,
    read_seen_people,
    with_detector_errors,
)
from stcformer.corpus import Corpus
from stcformer.errors import LifterError
from stcformer.metrics import aligned_joint_error, mean_joint_error
from stcformer.model import STCFormer
from stcformer.skeleton import JOINTS
from stcformer.views import view_windows
from stcformer.windows import WindowSampler

_STEPS_A_DRAW = 10
_LONGEST_MEASURED = 27
"""Frames of the windows that the log's held-out errors are of, at most: the card's figures come from elsewhere."""
_CONSTANT_BONES = tuple(
    (JOINTS.index(child), JOINTS.index(parent))
    for child, parent in (
        ("rhip", "hip"),
        ("rknee", "rhip"),
        ("rankle", "rknee"),
        ("lhip", "hip"),
        ("lknee", "lhip"),
        ("lankle", "lknee"),
        ("thorax", "hip"),
        ("rshoulder", "thorax"),
        ("relbow", "rshoulder"),
        ("rwrist", "relbow"),
        ("lshoulder", "thorax"),
        ("lelbow", "lshoulder"),
        ("lwrist", "lelbow"),
    )
)
"""Child and parent of the bones that `random_bodies` gives one length for a whole window."""


@dataclass(frozen=True)
class Stage:
    """One rung of the ladder of window lengths: no parameter depends on the length, so short ones teach long ones."""

    frames: int
    """Of a window."""
    windows: int
    """Windows a step."""
    steps: int
    also: tuple[int, ...] = ()
    """Further window lengths that take turns with `frames`, with as many frames a step: one network for all."""

    def turn(self, draw: int) -> tuple[int, int]:
        """Frames of a window and windows a step when windows are drawn for the `draw`-th time."""
        lengths = (self.frames, *self.also)
        frames = lengths[draw % len(lengths)]
        return frames, max(1, round(self.windows * self.frames / frames))


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides what comes out of a training run."""

    stages: tuple[Stage, ...]
    width: int = 256
    depth: int = 6
    view: str = "person"
    input_channels: int = 4
    precision: str = "float32"
    """Of the products: float32 or bfloat16. Parameters, layer norms and the residual stream are float32 in both."""
    optimizer: str = "muon"
    """muon (the blocks' matrices by Muon, everything else by AdamW) or adamw."""
    frame_rate: float = 30.0
    rate_range: tuple[float, float] = (20.0, 45.0)
    """Frame rates that windows are drawn at, about `frame_rate`."""
    rare_share: float = 0.2
    """Share of windows drawn about a rare posture (`stcformer.posture`)."""
    unusual_bodies: float = 0.2
    """Share of windows whose proportions vary twice as much (`stcformer.augmentation.random_bodies`)."""
    borrowed_arms: float = 0.3
    """Share of windows whose arms are those of another (`stcformer.augmentation.borrowed_arms`)."""
    seen_share: float = 0.25
    """Share of windows that a real detector saw (`SeenPeople.windows`): their errors and their poses belong together."""
    matrix_learning_rate: float = 2e-3
    """Of Muon, whose steps are scaled to the size of AdamW's."""
    learning_rate: float = 1e-3
    """Of AdamW."""
    warm_up_steps: int = 100
    decay_share: float = 0.4
    """The rate falls linearly to zero over this last share of the steps."""
    weight_decay: float = 0.01
    gradient_limit: float = 1.0
    velocity_weight: float = 1.0
    bone_weight: float = 0.0
    """Of the bones' change of length within a window."""
    average_decay: float = 0.999
    """Of the moving average of the weights, which is what is kept and measured."""
    seed: int = 1
    views: ViewRange = field(default_factory=lambda: ViewRange(any_turn=0.08))
    errors: DetectorErrors = field(default_factory=lambda: DetectorErrors(many_lost=0.12, measured=0.5))

    def steps(self) -> int:
        """Steps of all stages together."""
        return sum(stage.steps for stage in self.stages)

    def stage_at(self, step: int) -> Stage:
        """The stage that a step belongs to."""
        for stage in self.stages:
            if step < stage.steps:
                return stage
            step -= stage.steps
        return self.stages[-1]

    def rate_factor_at(self, step: int) -> float:
        """Of the learning rates. Warm-up, constant, linear fall: a longer run changes only where the fall begins."""
        rising = min(1.0, (step + 1) / self.warm_up_steps)
        falling = min(1.0, (self.steps() - step) / max(1.0, self.decay_share * self.steps()))
        return rising * falling


@dataclass(frozen=True)
class TrainingReport:
    """One line of the log."""

    step: int
    steps: int
    frames: int
    loss: float
    windows_per_second: float
    exact_p1_mm: float
    detected_p1_mm: float
    detected_p2_mm: float


def training_batch(
    sampler: WindowSampler,
    count: int,
    frames: int,
    config: TrainingConfig,
    generator: Generator,
    seen: SeenPeople | None = None,
) -> TrainingWindows:
    """Windows of new bodies, mirrored or not, seen by random cameras through a faulty detector.

    `seen` people are needed for `TrainingConfig.seen_share` and for `DetectorErrors.measured`; without them ValueError.
    """
    if seen is None and config.seen_share > 0:
        raise ValueError("a share of people seen by a detector is asked for, but none are given")
    seen_count = round(config.seen_share * count)
    joints = borrowed_arms(
        sampler.draw(count - seen_count, frames, generator), config.borrowed_arms, generator
    )
    joints = random_bodies(joints, generator, config.unusual_bodies)
    coin = torch.rand(len(joints), generator=generator, device=joints.device) < 0.5
    windows = random_views(mirrored(joints, coin), config.views, generator)
    windows = with_detector_errors(windows, config.errors, generator, seen, config.rate_range)
    if seen is None or not seen_count:
        return windows
    others = seen.windows(seen_count, frames, config.rate_range, config.views.known_lens, generator)
    return windows.joined(others).shuffled(generator)


def predict(
    model: torch.nn.Module, windows: TrainingWindows, config: TrainingConfig
) -> tuple[Tensor, Tensor]:
    """The network's poses and the truth, both (B, T, 17, 3) metres in view space."""
    view = view_windows(
        windows.keypoints,
        windows.scores,
        windows.focal,
        windows.image_size,
        view=config.view,
        input_channels=config.input_channels,
    )
    truth = torch.einsum("bji,btkj->btki", view.camera_from_view, windows.pose)
    device = view.inputs.device.type
    with torch.autocast(device, torch.bfloat16, enabled=config.precision == "bfloat16"):
        predicted = model(view.inputs)
    return predicted.float(), truth


def pose_loss(predicted: Tensor, truth: Tensor, velocity_weight: float, bone_weight: float = 0.0) -> Tensor:
    """Mean distance over all frames and joints, of the frame-to-frame movements, and how far each bone is from its
    mean length in the window; (B, T, 17, 3) metres both."""
    loss = torch.linalg.vector_norm(predicted - truth, dim=-1).mean()
    if velocity_weight and predicted.shape[1] > 1:
        movement = (predicted - truth).diff(dim=1)
        loss = loss + velocity_weight * torch.linalg.vector_norm(movement, dim=-1).mean()
    if bone_weight and predicted.shape[1] > 1:
        child, parent = (list(side) for side in zip(*_CONSTANT_BONES, strict=True))
        lengths = torch.linalg.vector_norm(predicted[:, :, child] - predicted[:, :, parent], dim=-1)
        loss = loss + bone_weight * (lengths - lengths.mean(dim=1, keepdim=True)).abs().mean()
    return loss


def optimizers(model: STCFormer, config: TrainingConfig) -> tuple[torch.optim.Optimizer, ...]:
    """Muon for the blocks' matrices and AdamW for the rest, or AdamW for all.

    Muon (Jordan et al. 2024; steps scaled as in Liu et al. 2025, "Muon is scalable for LLM training") turns each
    step into one that moves all directions of a matrix alike. Raises LifterError for an unknown name.
    """
    if config.optimizer not in ("muon", "adamw"):
        raise LifterError(f"There is no optimizer '{config.optimizer}'; choose muon or adamw.")
    matrices: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        is_matrix = parameter.ndim == 2 and "stc_block" in name and "emb" not in name
        (matrices if is_matrix and config.optimizer == "muon" else rest).append(parameter)
    chosen: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(rest, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)
    ]
    if matrices:
        rate, decay = config.matrix_learning_rate, config.weight_decay
        chosen.append(torch.optim.Muon(matrices, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw"))
    return tuple(chosen)


class Trainer:
    """A training run in a folder: stops at any moment and goes on to the same result.

    `folder` keeps `config.json`, `state.pt` (the last good state) and `log.csv`. Raises LifterError when
    the folder holds a run of another configuration, or when the loss stops being a number. `start_from` is a
    network whose weights a new run begins with (fine-tuning); a run that goes on has its own. `seen_people` is the
    file of the people that a detector saw, by default the one that ships; validation subjects in it are left out.
    """

    def __init__(
        self,
        config: TrainingConfig,
        training: Corpus,
        validation: Corpus,
        folder: Path,
        device: torch.device | str = "cpu",
        start_from: STCFormer | None = None,
        seen_people: Path | None = None,
    ) -> None:
        self.config, self.folder, self.device = config, folder, torch.device(device)
        torch.manual_seed(config.seed)
        self.model = STCFormer(config.width, config.depth, config.input_channels).to(self.device)
        if start_from is not None:
            self._start_from(start_from)
        # One pass over random views never shows a sample twice, so there is nothing for dropout to prevent.
        for module in self.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        self.average = STCFormer(config.width, config.depth, config.input_channels).to(self.device).eval()
        self.average.load_state_dict(self.model.state_dict())
        self.optimizers = optimizers(self.model, config)
        self._full_rates = [optimizer.param_groups[0]["lr"] for optimizer in self.optimizers]
        self.sampler = WindowSampler(training, config.rate_range, self.device, rare_share=config.rare_share)
        asked = config.errors.measured or config.seen_share
        held_out = set(validation.subjects)
        self.seen = read_seen_people(seen_people, held_out).to(self.device) if asked else None
        self.held_out = WindowSampler(validation, (config.frame_rate, config.frame_rate), self.device)
        self.step = 0
        self.frames = 0
        self._drawn: tuple[tuple[int, Stage], list[TrainingWindows]] | None = None
        self._restore()

    def run(
        self, report: Callable[[TrainingReport], None], report_every: int = 500
    ) -> Iterator[tuple[int, float]]:
        """Yields (step, loss) after every step until the last; `report` gets a line every so many steps."""
        losses: list[float] = []
        began, windows_done = time.monotonic(), 0
        while self.step < self.config.steps():
            stage = self.config.stage_at(self.step)
            loss = self._one_step(stage)
            losses.append(loss)
            windows_done += stage.turn((self.step - 1) // _STEPS_A_DRAW)[1]
            if self.step % report_every == 0 or self.step == self.config.steps():
                rate = windows_done / (time.monotonic() - began)
                line = self._measure(float(np.mean(losses)), rate, min(stage.frames, _LONGEST_MEASURED))
                self._save(line)
                report(line)
                losses, began, windows_done = [], time.monotonic(), 0
            yield self.step, loss

    def _one_step(self, stage: Stage) -> float:
        config = self.config
        factor = config.rate_factor_at(self.step)
        for optimizer, full_rate in zip(self.optimizers, self._full_rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = factor * full_rate
        self.model.train()
        windows = self._windows_of_step(stage)
        torch.manual_seed(config.seed * 1_000_003 + self.step)  # the coins of DropPath
        predicted, truth = predict(self.model, windows, config)
        loss = pose_loss(predicted, truth, config.velocity_weight, config.bone_weight)
        value = float(loss.detach())
        self._refuse_unless_finite(value, "loss")
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), config.gradient_limit)
        # A finite loss may have a gradient that is not; one step along it would spoil the state for good.
        self._refuse_unless_finite(float(norm), "gradient")
        for optimizer in self.optimizers:
            optimizer.step()
        self.step += 1
        self.frames += windows.scores.shape[0] * windows.scores.shape[1]
        decay = min(config.average_decay, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - decay)
        return value

    def _refuse_unless_finite(self, value: float, what: str) -> None:
        if not math.isfinite(value):
            raise LifterError(
                f"The {what} at step {self.step} is not a number; '{self.folder}' keeps the last state that was "
                "saved before. Look at the motion capture, or train in another folder with a lower learning rate."
            )

    def _windows_of_step(self, stage: Stage) -> TrainingWindows:
        """Windows are drawn for several steps at once (small tensors cost mostly their calls), from a seed that
        the step alone decides: a run that was stopped goes on with the very same ones."""
        draw, place = divmod(self.step, _STEPS_A_DRAW)
        if self._drawn is None or self._drawn[0] != (draw, stage):
            generator = Generator(self.device).manual_seed(self.config.seed * 7_919 + draw)
            frames, windows = stage.turn(draw)
            drawn = training_batch(
                self.sampler, windows * _STEPS_A_DRAW, frames, self.config, generator, self.seen
            )
            self._drawn = ((draw, stage), drawn.split(windows))
        return self._drawn[1][place]

    def _measure(self, loss: float, rate: float, frames: int) -> TrainingReport:
        exact = validation_error(self.average, self.held_out, frames, self.config, exact=True)
        detected = validation_error(self.average, self.held_out, frames, self.config, exact=False)
        return TrainingReport(self.step, self.config.steps(), self.frames, loss, rate, exact[0], *detected)

    def _save(self, line: TrainingReport) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.folder / "state.pt") as path:
            state = {
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
                "step": self.step,
                "frames": self.frames,
            }
            torch.save(state, path)
        values = asdict(line)
        log = self.folder / "log.csv"
        if not log.exists():
            log.write_text(",".join(values) + "\n")
        with log.open("a") as file:
            file.write(",".join(f"{value:.6g}" for value in values.values()) + "\n")

    def _start_from(self, network: STCFormer) -> None:
        described = (network.width, len(network.stcformer.stc_block), network.input_channels)
        wanted = (self.config.width, self.config.depth, self.config.input_channels)
        if described != wanted:
            raise LifterError(
                f"The weights to start from have width, depth and input channels {described}, the run wants {wanted}; "
                "use the same, or start from nothing."
            )
        self.model.load_state_dict(network.state_dict())

    def _restore(self) -> None:
        described = json.loads(json.dumps(asdict(self.config)))
        config_file = self.folder / "config.json"
        if config_file.exists() and (self.folder / "state.pt").exists():
            try:
                kept: dict[str, Any] = json.loads(config_file.read_text())
                state: dict[str, Any] = torch.load(
                    self.folder / "state.pt", map_location=self.device, weights_only=True
                )
            except (ValueError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
                raise LifterError(
                    f"'{self.folder}' holds a training run that cannot be read; name another folder, or empty it."
                ) from error
            _check_same_run(kept, described, self.folder)
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            for optimizer, kept_state in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(kept_state)
            self.step, self.frames = state["step"], state["frames"]
        with atomic_path(config_file) as path:
            path.write_text(json.dumps(described, indent=1))


def _check_same_run(kept: dict[str, Any], wanted: dict[str, Any], folder: Path) -> None:
    """A run may be given more steps, but nothing else may change under it."""
    different = [name for name in wanted if name != "stages" and kept.get(name) != wanted[name]]
    if different:
        raise LifterError(
            f"'{folder}' holds a training run with another {different[0].replace('_', ' ')}; "
            "name another folder, or use the same options to go on with it."
        )


def validation_error(
    model: torch.nn.Module,
    sampler: WindowSampler,
    frames: int,
    config: TrainingConfig,
    *,
    exact: bool,
    windows: int = 256,
) -> tuple[float, float]:
    """(P1, P2) in mm over all frames of windows that are the same at every call."""
    generator = Generator(sampler.joints.device).manual_seed(0)
    p1, p2 = [], []
    for _ in range(0, windows, 32):
        joints = random_bodies(sampler.draw(32, frames, generator), generator)
        seen = random_views(joints, config.views, generator)
        if not exact:
            seen = with_detector_errors(seen, replace(config.errors, measured=0.0), generator)
        with torch.inference_mode():
            predicted, truth = (value.cpu().double().numpy() for value in predict(model, seen, config))
        predicted[:, :, 0] = 0
        p1.append(mean_joint_error(predicted, truth))
        p2.append(aligned_joint_error(predicted, truth))
    return 1000 * float(np.mean(p1)), 1000 * float(np.mean(p2))
