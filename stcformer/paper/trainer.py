"""The paper's training, epoch by epoch, on one device or on several through `torchrun`."""

import json
import math
import os
import pickle
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from stcformer.atomic import atomic_path
from stcformer.errors import LifterError
from stcformer.metrics import mean_joint_error
from stcformer.paper.clips import Clips, PaperDataset
from stcformer.paper.prediction import camera_of, mirrored, predict_centres
from stcformer.paper.recipe import Recipe
from stcformer.paper.refinement import Refinement, pose_on_rays
from stcformer.paper.windows import window_centres, window_rows

_TEST_FRAMES_AN_EPOCH = 4096
"""Of the test that the log shows after every epoch, evenly over all; the protocols take every frame."""


@dataclass(frozen=True)
class Place:
    """Which of how many processes this one is, and where it computes."""

    rank: int
    processes: int
    device: torch.device

    def is_first(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0


def join_processes(device: torch.device) -> Place:
    """This process among those that `torchrun` started, or alone. Raises LifterError for a world that cannot be."""
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes == 1:
        return Place(0, 1, device)
    rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    if device.type == "cuda":
        device = torch.device("cuda", local)
        torch.cuda.set_device(device)
    try:
        torch.distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    except (RuntimeError, ValueError) as error:
        raise LifterError(
            f"The {processes} processes of torchrun did not find each other: {error}."
        ) from error
    return Place(rank, processes, device)


def wait_for_all(place: Place) -> None:
    """Go on when all processes have come here."""
    if place.processes > 1:
        torch.distributed.barrier()


def leave_processes(place: Place) -> None:
    """The work of all is done; PyTorch complains of processes that end without a word."""
    if place.processes > 1:
        torch.distributed.destroy_process_group()


@dataclass(frozen=True)
class EpochReport:
    """One line of the log."""

    epoch: int
    epochs: int
    learning_rate: float
    loss: float
    """Mean over the epoch, in the data set's unit."""
    test_p1_mm: float
    windows_per_second: float


class PaperTrainer:
    """A training run in a folder: `state.pt`, `config.json`, `log.csv`; stops at any moment and goes on.

    The state is saved at the end of an epoch and every `save_every` steps. Raises LifterError when the folder holds a
    run of another recipe or data set, when the batch does not divide among the processes, and when the loss stops
    being a number.
    """

    def __init__(
        self, recipe: Recipe, dataset: PaperDataset, folder: Path, place: Place, *, save_every: int = 1000
    ) -> None:
        if recipe.dataset != dataset.name:
            raise LifterError(f"The recipe is for {recipe.dataset}, the data are {dataset.name}.")
        if recipe.batch % place.processes:
            raise LifterError(
                f"A batch of {recipe.batch} windows does not divide among {place.processes} processes; "
                "choose another number."
            )
        if recipe.refine and dataset.training.intrinsics is None:
            raise LifterError(f"The refinement needs the cameras, which {dataset.name} does not come with.")
        self.recipe, self.dataset, self.folder, self.place = recipe, dataset, folder, place
        self._save_every = save_every
        torch.manual_seed(recipe.seed)
        self.model = recipe.make_model().to(place.device)
        self.refinement = Refinement().to(place.device) if recipe.refine else None
        networks = nn.ModuleDict({"lifter": self.model})
        if self.refinement is not None:
            networks["refinement"] = self.refinement
        self._networks = networks
        self.optimizer = torch.optim.Adam(networks.parameters(), lr=recipe.learning_rate, amsgrad=True)
        self.centres = window_centres(dataset.training, recipe.stride)
        if not len(self.centres):
            raise LifterError("There is no frame to train on; look at the data set's files.")
        self.epoch, self.step = 0, 0
        """Whole epochs behind, and steps of the one that runs."""
        self._losses = (0.0, 0)
        self._restore()
        # DDP after the state is loaded: it copies the first process's values to all.
        self._parallel = DistributedDataParallel(self.model) if place.processes > 1 else self.model
        self._keypoints = _tensor(dataset.training.keypoints, place.device)
        self._pose = _tensor(dataset.training.pose, place.device)

    def steps_an_epoch(self) -> int:
        """Batches of one epoch; the last one may be smaller."""
        return math.ceil(self._samples() / self.recipe.batch)

    def run(self, report: Callable[[EpochReport], None]) -> Iterator[float]:
        """Yields the loss of every step until the last epoch is through; `report` gets a line after every epoch."""
        while self.epoch < self.recipe.epochs:
            rate = self.recipe.learning_rate * self.recipe.decay**self.epoch
            for group in self.optimizer.param_groups:
                group["lr"] = rate
            order = np.random.default_rng((self.recipe.seed, self.epoch)).permutation(self._samples())
            began, windows = time.monotonic(), 0
            while self.step < self.steps_an_epoch():
                batch = order[self.step * self.recipe.batch : (self.step + 1) * self.recipe.batch]
                mine = _share(batch, self.place)
                loss = self._one_step(mine)
                windows += len(batch)
                self.step += 1
                self._losses = (self._losses[0] + loss, self._losses[1] + 1)
                if self.step % self._save_every == 0:
                    self._save()
                yield loss
            speed = windows / max(time.monotonic() - began, 1e-9)
            line = EpochReport(
                self.epoch + 1,
                self.recipe.epochs,
                rate,
                self._losses[0] / max(1, self._losses[1]),
                self._test_error() if self.place.is_first() else math.nan,
                speed,
            )
            self.epoch, self.step, self._losses = self.epoch + 1, 0, (0.0, 0)
            self._save(line)
            if self.place.is_first():
                report(line)

    def _samples(self) -> int:
        return len(self.centres) * (2 if self.recipe.mirror else 1)

    def _one_step(self, samples: np.ndarray) -> float:
        recipe, clips, mirror = self.recipe, self.dataset.training, self.dataset.joints.mirror()
        centres, flipped = self.centres[samples // self._copies()], samples % self._copies() == 1
        rows = torch.from_numpy(window_rows(clips, centres, recipe.frames, recipe.step)).to(self.place.device)
        keypoints, pose = self._keypoints[rows], self._pose[rows]
        turn = torch.from_numpy(flipped).to(self.place.device)[:, None, None, None]
        keypoints = torch.where(turn, mirrored(keypoints, mirror), keypoints)
        pose = torch.where(turn, mirrored(pose, mirror), pose)
        self._networks.train()
        # The coins of dropout depend on the step alone, so that a run that was stopped goes on with the same ones.
        torch.manual_seed((recipe.seed * 1009 + self.epoch) * 1_000_003 + self.step * 97 + self.place.rank)
        with torch.autocast(self.place.device.type, torch.bfloat16, enabled=recipe.precision == "bfloat16"):
            predicted = self._parallel(keypoints)
        predicted = predicted.float()
        loss = torch.linalg.vector_norm(predicted - pose, dim=-1).mean()
        if self.refinement is not None:
            loss = loss + self._refinement_loss(predicted, keypoints, pose, centres, turn)
        if not math.isfinite(value := float(loss.detach())):
            raise LifterError(
                f"The loss of epoch {self.epoch + 1}, step {self.step}, is not a number; '{self.folder}' keeps the "
                "last state that was saved. Look at the data, or train with a lower learning rate."
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.refinement is not None and self.place.processes > 1:
            _average_gradients(self.refinement, self.place.processes)
        self.optimizer.step()
        return value

    def _copies(self) -> int:
        return 2 if self.recipe.mirror else 1

    def _refinement_loss(
        self, predicted: Tensor, keypoints: Tensor, pose: Tensor, centres: np.ndarray, turn: Tensor
    ) -> Tensor:
        assert self.refinement is not None
        middle = self.recipe.frames // 2
        root, intrinsics = camera_of(self.dataset.training, centres, self.place.device)
        # In a mirrored window the principal point lies on the other side, and so does the root.
        sign = torch.where(turn.flatten(), -1.0, 1.0)
        root = root * torch.stack((sign, torch.ones_like(sign), torch.ones_like(sign)), dim=-1)
        intrinsics = intrinsics * torch.stack(
            (torch.ones_like(sign), torch.ones_like(sign), sign, torch.ones_like(sign)), dim=-1
        )
        on_rays = pose_on_rays(keypoints[:, middle], predicted[:, middle], root, intrinsics)
        refined = self.refinement(predicted[:, middle], on_rays)
        return torch.linalg.vector_norm(refined - pose[:, middle], dim=-1).mean()

    def _test_error(self) -> float:
        """P1 in millimetres over some test frames; the protocols' own figures come from `stcformer.paper.protocols`."""
        test = self.dataset.test
        centres = window_centres(test, only_valid=True)
        centres = centres[:: max(1, len(centres) // _TEST_FRAMES_AN_EPOCH)]
        if not len(centres):
            return math.nan
        poses = predict_centres(
            self.model,
            test,
            centres,
            self.recipe.frames,
            self.recipe.step,
            self.dataset.joints,
            refinement=self.refinement,
        )
        return float(1000 * self.dataset.metres * mean_joint_error(poses, test.pose[centres]).mean())

    def _save(self, line: EpochReport | None = None) -> None:
        wait_for_all(self.place)
        if not self.place.is_first():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with atomic_path(self.folder / "state.pt") as path:
            torch.save(
                {
                    "networks": self._networks.state_dict(),
                    "optimizer": self.optimizer.state_dict(),
                    "epoch": self.epoch,
                    "step": self.step,
                    "losses": list(self._losses),
                },
                path,
            )
        if line is not None:
            _append(self.folder / "log.csv", asdict(line))

    def _restore(self) -> None:
        described: dict[str, Any] = {
            "recipe": json.loads(json.dumps(asdict(self.recipe))),
            "data": self.dataset.description,
        }
        config_file, state_file = self.folder / "config.json", self.folder / "state.pt"
        if config_file.exists() and state_file.exists():
            try:
                kept: dict[str, Any] = json.loads(config_file.read_text())
                state: dict[str, Any] = torch.load(
                    state_file, map_location=self.place.device, weights_only=True
                )
            except (ValueError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
                raise LifterError(
                    f"'{self.folder}' holds a training run that cannot be read; name another folder, or empty it."
                ) from error
            _check_same_run(kept, described, self.folder)
            self._networks.load_state_dict(state["networks"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.epoch, self.step = state["epoch"], state["step"]
            self._losses = (state["losses"][0], state["losses"][1])
        if self.place.is_first():
            with atomic_path(config_file) as path:
                path.write_text(json.dumps(described, indent=1))


def _check_same_run(kept: dict[str, Any], wanted: dict[str, Any], folder: Path) -> None:
    """A run may be given more epochs, but nothing else may change under it."""
    before, now = kept.get("recipe", {}), wanted["recipe"]
    different = [name for name in now if name != "epochs" and before.get(name) != now[name]]
    if kept.get("data") != wanted["data"]:
        different.append("data set")
    if different:
        raise LifterError(
            f"'{folder}' holds a training run with another {different[0].replace('_', ' ')}; "
            "name another folder, or use the same options to go on with it."
        )


def _share(batch: np.ndarray, place: Place) -> np.ndarray:
    """This process's samples of a batch. All get as many: the last batch is filled up with samples of its own."""
    return np.resize(batch, -(-len(batch) // place.processes) * place.processes)[
        place.rank :: place.processes
    ]


def _tensor(values: np.ndarray, device: torch.device) -> Tensor:
    """All frames as one tensor on the device: of Human3.6M half a gigabyte. A map of a file stays one on the CPU."""
    return torch.from_numpy(values).to(device)


def _average_gradients(network: nn.Module, processes: int) -> None:
    for parameter in network.parameters():
        if parameter.grad is not None:
            torch.distributed.all_reduce(parameter.grad)
            parameter.grad /= processes


def _append(log: Path, values: dict[str, Any]) -> None:
    if not log.exists():
        log.write_text(",".join(values) + "\n")
    with log.open("a") as file:
        file.write(",".join(f"{value:.6g}" for value in values.values()) + "\n")


def clips_of(clips: Clips) -> str:
    """A line on what a split holds, for the start of a run."""
    return f"{clips.clip_count()} clips, {clips.frame_count()} frames, subjects {', '.join(sorted(set(clips.subjects)))}"
