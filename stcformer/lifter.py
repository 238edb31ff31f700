"""The Lifter: a video's 2D keypoints in, a 3D pose for every frame out."""

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stcformer.device import choose_device, choose_precision, describe_device
from stcformer.errors import LifterError
from stcformer.lens import ASSUMED_FIELD_OF_VIEW, focal_length
from stcformer.sampling import (
    LONGEST_BRIDGE_S,
    blend_weights,
    fill_short_gaps,
    insert_frames,
    merge_phases,
    plan_rate,
    seen_frames,
    seen_spans,
    window_starts,
)
from stcformer.skeleton import JOINT_COUNT, MIRROR
from stcformer.views import view_windows
from stcformer.weights import DEFAULT_WEIGHTS, Weights, load_weights

Array = NDArray[np.floating[Any]]

_FRAMES_A_BATCH = {"cpu": 27 * 16, "cuda": 243 * 64, "mps": 27 * 64}
"""Frames that go through the network at once: enough to fill the device, and a bound for its memory."""


class Lifter:
    """2D keypoints of one person to 3D poses, with one set of weights on one device.

    `hop` is the number of frames from one window to the next (default: two thirds of the window); where
    windows overlap they are blended. `flip` averages each window with its mirror image.
    """

    def __init__(
        self,
        weights: Weights,
        device: str = "auto",
        *,
        window: int | None = None,
        hop: int | None = None,
        flip: bool = True,
        precision: torch.dtype | None = None,
    ) -> None:
        self.weights = weights
        self.device = choose_device(device)
        self.precision = precision or choose_precision(self.device)
        self.window = window or weights.feeding.window
        self.hop = hop or max(1, round(self.window * 2 / 3))
        self.flip = flip
        if not 1 <= self.hop <= self.window:
            raise ValueError(f"a hop of {self.hop} frames does not cover windows of {self.window}")
        self._model = weights.model.to(self.device).eval().requires_grad_(False)

    @classmethod
    def from_pretrained(
        cls, name_or_path: str | os.PathLike[str] = DEFAULT_WEIGHTS, device: str = "auto", **options: Any
    ) -> "Lifter":
        """Shipped weights by name, or a safetensors or published `.pth` file. Raises LifterError."""
        return cls(load_weights(name_or_path), device, **options)

    def lift(
        self,
        keypoints: Array,
        scores: Array,
        *,
        image_size: tuple[float, float],
        fps: float,
        field_of_view: float | None = None,
    ) -> Array:
        """(F, 17, 2) pixels and (F, 17) scores to (F, 17, 3) metres in camera space, the hip at 0.

        `image_size` is (width, height) of the picture, `fps` its frame rate, `field_of_view` degrees over
        its longer side where it is known. Frames in which nobody was seen (fewer than four joints with a
        score) are NaN. Raises LifterError when the arrays do not have these shapes.
        """
        keypoints, scores = _checked(keypoints, scores, image_size)
        plan = plan_rate(fps, self.weights.feeding.frame_rate, self.weights.feeding.rate_range)
        focal = focal_length(image_size, field_of_view or ASSUMED_FIELD_OF_VIEW)
        seen = seen_frames(keypoints, scores)
        pose = np.full((*keypoints.shape[:2], 3), np.nan)
        for span in seen_spans(seen, round(LONGEST_BRIDGE_S * fps)):
            points, confidence = fill_short_gaps(keypoints[span], scores[span], seen[span])
            points, confidence = insert_frames(points, confidence, plan.insert)
            lifted = []
            for phase in range(min(plan.stride, len(points))):
                offset = (span.start * plan.insert + phase) // plan.stride
                every = slice(phase, None, plan.stride)
                lifted.append(
                    self._lift_sequence(points[every], confidence[every], offset, focal, image_size)
                )
            pose[span] = merge_phases(lifted, len(points))[:: plan.insert]
        pose[~seen] = np.nan
        return pose

    def lift_windows(
        self,
        keypoints: Array,
        scores: Array,
        *,
        image_size: tuple[float, float],
        field_of_view: float | None = None,
    ) -> Array:
        """(B, T, 17, 2) pixels and (B, T, 17) scores to (B, T, 17, 3): windows as they are, each by itself.

        For those who cut windows themselves (live lifting, measurements): the frames must be at a rate that the
        weights learnt, and nothing is bridged, blended or checked for whether somebody is seen. A joint that was
        not observed is NaN with score 0. Raises LifterError when the arrays do not have these shapes.
        """
        if keypoints.ndim != 4 or scores.ndim != 3:
            raise LifterError(
                f"Windows have keypoints (B, T, {JOINT_COUNT}, 2) and scores (B, T, {JOINT_COUNT}), "
                f"not {keypoints.shape} and {scores.shape}."
            )
        flat, confidence = _checked(
            keypoints.reshape(-1, *keypoints.shape[2:]), scores.reshape(-1, scores.shape[2]), image_size
        )
        keypoints, scores = flat.reshape(keypoints.shape), confidence.reshape(scores.shape)
        if self.weights.model.input_channels == 2:
            keypoints = np.stack([_without_holes(window) for window in keypoints])
            scores = np.isfinite(keypoints).all(axis=-1).astype(np.float64)
        focal = focal_length(image_size, field_of_view or ASSUMED_FIELD_OF_VIEW)
        at_once = self._windows_at_once(keypoints.shape[1])
        batches = range(0, len(keypoints), at_once)
        return np.concatenate(
            [
                self._lift_windows(
                    keypoints[first : first + at_once], scores[first : first + at_once], focal, image_size
                )
                for first in batches
            ]
        )

    def device_name(self) -> str:
        """Where it computes, by the name a person knows it by."""
        return describe_device(self.device)

    def context_frames(self, fps: float) -> int:
        """How many video frames on either side of a frame have a say in its pose at most.

        Arrays cut at multiples of this, with as many frames of context before and behind, are lifted to what
        the whole would have been.
        """
        feeding = self.weights.feeding
        plan = plan_rate(fps, feeding.frame_rate, feeding.rate_range)
        reach = 2 * -(-self.window * plan.stride // plan.insert) + round(LONGEST_BRIDGE_S * fps)
        step = self.hop * plan.stride  # where windows may begin
        return -(-reach // step) * step

    def _lift_sequence(
        self, keypoints: Array, scores: Array, offset: int, focal: float, image_size: tuple[float, float]
    ) -> Array:
        """One unbroken sequence at the weight's own rate; see `window_starts` for `offset`."""
        frames = len(keypoints)
        window = min(self.window, frames)
        hop = min(self.hop, window)
        if self.weights.model.input_channels == 2:
            keypoints = _without_holes(keypoints)
            scores = np.isfinite(keypoints).all(axis=-1).astype(np.float64)
        starts = window_starts(frames, window, hop, offset)
        weight = blend_weights(window, hop)[:, None, None]
        total, share = np.zeros((frames, JOINT_COUNT, 3)), np.zeros((frames, 1, 1))
        at_once = self._windows_at_once(window)
        for first in range(0, len(starts), at_once):
            chosen = starts[first : first + at_once]
            rows = chosen[:, None] + np.arange(window)
            poses = self._lift_windows(keypoints[rows], scores[rows], focal, image_size)
            for start, window_pose in zip(chosen, poses, strict=True):
                total[start : start + window] += weight * window_pose
                share[start : start + window] += weight
        return np.asarray(total / share)

    def _lift_windows(
        self, keypoints: Array, scores: Array, focal: float, image_size: tuple[float, float]
    ) -> Array:
        """(B, T, 17, 2) and (B, T, 17) to (B, T, 17, 3) in camera space."""
        count = len(keypoints)
        view = view_windows(
            self._tensor(keypoints),
            self._tensor(scores),
            self._tensor(np.full(count, focal)),
            self._tensor(np.broadcast_to(np.array(image_size, dtype=np.float64), (count, 2))),
            view=self.weights.feeding.view,
            input_channels=self.weights.model.input_channels,
        )
        with torch.inference_mode():
            pose = self._forward(view.inputs)
            if self.flip:
                pose = (pose + _mirrored(self._forward(_mirrored(view.inputs)))) / 2
            pose = pose - pose[:, :, :1]
            pose = torch.einsum("bij,btkj->btki", view.camera_from_view, pose)
        return np.asarray(pose.cpu().double().numpy())

    def _windows_at_once(self, window: int) -> int:
        return max(1, _FRAMES_A_BATCH[self.device.type] // window)

    def _forward(self, inputs: Tensor) -> Tensor:
        if self.precision == torch.float32:
            return self._model(inputs)
        with torch.autocast(self.device.type, self.precision):
            return self._model(inputs).float()

    def _tensor(self, values: Array) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(self.device)


def _mirrored(values: Tensor) -> Tensor:
    """The mirror image of (B, T, 17, C) values whose first channel is x from the middle."""
    flipped = values[:, :, list(MIRROR)]
    return torch.cat((-flipped[..., :1], flipped[..., 1:]), dim=-1)


def _without_holes(keypoints: Array) -> Array:
    """Weights that read no score cannot know that a joint is missing: give each its nearest observed places."""
    filled = keypoints.copy()
    moments = np.arange(len(keypoints))
    for joint in range(keypoints.shape[1]):
        observed = np.isfinite(keypoints[:, joint]).all(axis=-1)
        if observed.any() and not observed.all():
            for axis in range(2):
                filled[:, joint, axis] = np.interp(
                    moments, moments[observed], keypoints[observed, joint, axis]
                )
    return filled


def _checked(keypoints: Array, scores: Array, image_size: tuple[float, float]) -> tuple[Array, Array]:
    keypoints, scores = np.asarray(keypoints, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    if keypoints.ndim != 3 or keypoints.shape[1:] != (JOINT_COUNT, 2) or scores.shape != keypoints.shape[:2]:
        raise LifterError(
            f"The lifter takes keypoints (F, {JOINT_COUNT}, 2) and scores (F, {JOINT_COUNT}), "
            f"not {keypoints.shape} and {scores.shape}."
        )
    if min(image_size) <= 0:
        raise LifterError(f"A picture of {image_size[0]} by {image_size[1]} pixels cannot be lifted.")
    observed = np.isfinite(keypoints).all(axis=-1) & (np.nan_to_num(scores) > 0)
    # A place without a score is no observation (many tools write zeros there).
    return np.where(observed[..., None], keypoints, np.nan), np.where(observed, np.minimum(scores, 1.0), 0.0)
