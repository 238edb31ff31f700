"""The Lifter: a video's 2D keypoints in, a 3D pose for every frame out."""

import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from stcformer.conventions import keypoints_for, pose_from
from stcformer.device import choose_device, choose_precision, describe_device
from stcformer.errors import LifterError
from stcformer.lens import ASSUMED_FIELD_OF_VIEW, focal_length
from stcformer.sampling import (
    LONGEST_BRIDGE_S,
    blend_weights,
    changed_samples,
    covered,
    fill_short_gaps,
    insert_frames,
    merge_phases,
    near,
    overlapping,
    plan_rate,
    seen_frames,
    seen_spans,
    window_starts,
    without_holes,
)
from stcformer.skeleton import JOINT_COUNT, MIRROR
from stcformer.views import WindowView, view_windows
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
        if weights.model.variant != "h36m":
            raise LifterError(
                f"'{weights.name}' speaks of MPI-INF-3DHP's joints, which are in another order; `stcstudio paper eval` "
                "measures it, and for videos there are Human3.6M's weights and the shipped ones."
            )
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
        return self.lift_with_disagreement(
            keypoints, scores, image_size=image_size, fps=fps, field_of_view=field_of_view
        )[0]

    def lift_with_disagreement(
        self,
        keypoints: Array,
        scores: Array,
        *,
        image_size: tuple[float, float],
        fps: float,
        field_of_view: float | None = None,
    ) -> tuple[Array, Array]:
        """`lift`'s poses (F, 17, 3), and how far the two answers of flip averaging lie apart, (F,) metres.

        The disagreement is the mean over the joints of the distance between the pose of a window and that of
        its mirror image, turned back: where it is large the lifter is unsure (left and right, near and far). NaN
        where there is no pose, and everywhere when the lifter does not average with the mirror image.
        """
        keypoints, scores = self._checked(keypoints, scores, image_size)
        every = np.ones(len(keypoints), dtype=bool)
        answer, _ = self._lift_seen(keypoints, scores, every, image_size, fps, field_of_view)
        return _pose_and_disagreement(answer)

    def lift_again(
        self,
        pose: Array,
        disagreement: Array,
        changed: NDArray[np.bool_],
        keypoints: Array,
        scores: Array,
        *,
        image_size: tuple[float, float],
        fps: float,
        field_of_view: float | None = None,
    ) -> tuple[Array, Array]:
        """What `lift_with_disagreement` gives, for keypoints of which most were lifted before.

        `pose` (F, 17, 3) and `disagreement` (F,) are its answer for keypoints that differ only in the frames `changed`
        (F,). The network runs on the windows that see one of those, and on the ones that are blended with them.
        """
        keypoints, scores = self._checked(keypoints, scores, image_size)
        # Where a person is seen anew or no longer, sequences and so their windows begin and end elsewhere.
        begins_elsewhere = np.isfinite(pose).all(axis=(1, 2)) != seen_frames(keypoints, scores)
        changed = changed | near(begins_elsewhere, self.context_frames(fps))
        answer, lifted = self._lift_seen(keypoints, scores, changed, image_size, fps, field_of_view)
        new_pose, new_disagreement = _pose_and_disagreement(answer)
        return np.where(lifted[:, None, None], new_pose, pose), np.where(
            lifted, new_disagreement, disagreement
        )

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
        flat, confidence = self._checked(
            keypoints.reshape(-1, *keypoints.shape[2:]), scores.reshape(-1, scores.shape[2]), image_size
        )
        keypoints, scores = flat.reshape(keypoints.shape), confidence.reshape(scores.shape)
        if self.weights.model.input_channels == 2:
            keypoints = np.stack([without_holes(window) for window in keypoints])
            scores = np.isfinite(keypoints).all(axis=-1).astype(np.float64)
        focal = focal_length(image_size, field_of_view or ASSUMED_FIELD_OF_VIEW)
        at_once = self._windows_at_once(keypoints.shape[1])
        batches = range(0, len(keypoints), at_once)
        return np.concatenate(
            [
                self._lift_windows(
                    keypoints[first : first + at_once], scores[first : first + at_once], focal, image_size
                )[..., :3]
                for first in batches
            ]
        )

    def window_about(
        self,
        keypoints: Array,
        scores: Array,
        frame: int,
        *,
        image_size: tuple[float, float],
        fps: float,
        field_of_view: float | None = None,
    ) -> tuple[Tensor, Array]:
        """The window with a frame in its middle, as the network reads it, (1, T, 17, C); and its (T,) frames.

        The arguments are those of `lift`. Where a person is seen for less, or the clip ends, the window reaches further
        to the other side, or is shorter. Frames that the lifter puts between those of the video are no whole numbers.
        Raises LifterError when nobody was seen in that frame.
        """
        keypoints, scores = self._checked(keypoints, scores, image_size)
        plan = plan_rate(fps, self.weights.feeding.frame_rate, self.weights.feeding.rate_range)
        seen = seen_frames(keypoints, scores)
        spans = seen_spans(seen, round(LONGEST_BRIDGE_S * fps))
        span = next((span for span in spans if span.start <= frame < span.stop and seen[frame]), None)
        if span is None:
            raise LifterError(
                f"Nobody was seen in frame {frame}, so the lifter has nothing to look at there."
            )
        points, confidence = fill_short_gaps(keypoints[span], scores[span], seen[span])
        points, confidence = insert_frames(points, confidence, plan.insert)
        middle = (frame - span.start) * plan.insert
        rows = np.arange(middle % plan.stride, len(points), plan.stride)
        window = min(self.window, len(rows))
        first = min(max(0, middle // plan.stride - window // 2), len(rows) - window)
        rows = rows[first : first + window]
        if self.weights.model.input_channels == 2:
            points = without_holes(points)
            confidence = np.isfinite(points).all(axis=-1).astype(np.float64)
        focal = focal_length(image_size, field_of_view or ASSUMED_FIELD_OF_VIEW)
        view = self._view(points[rows][None], confidence[rows][None], focal, image_size)
        return view.inputs, span.start + rows / plan.insert

    def device_name(self) -> str:
        """Where it computes, by the name a person knows it by."""
        return describe_device(self.device)

    def context_frames(self, fps: float) -> int:
        """How many video frames on either side of a frame have a say in its pose at most, a multiple of
        `step_frames`.

        An array that begins at a multiple of `step_frames` is lifted to what the whole would have been, but for so
        many frames at its ends. Weights that read no score are an exception: a joint that is missing for long is
        given its last known place, from however far.
        """
        feeding = self.weights.feeding
        plan = plan_rate(fps, feeding.frame_rate, feeding.rate_range)
        # A frame's own windows, the two samples beyond that merge interleaved sequences, and the gaps behind
        # which a person may be seen again: they decide where a sequence ends, and so its last windows.
        reach = -(-(self.window + 2) * plan.stride // plan.insert) + round(LONGEST_BRIDGE_S * fps) + 2
        step = self.step_frames(fps)
        return -(-reach // step) * step

    def step_frames(self, fps: float) -> int:
        """Video frames from one place where windows may begin to the next."""
        feeding = self.weights.feeding
        return self.hop * plan_rate(fps, feeding.frame_rate, feeding.rate_range).stride

    def _lift_seen(
        self,
        keypoints: Array,
        scores: Array,
        changed: NDArray[np.bool_],
        image_size: tuple[float, float],
        fps: float,
        field_of_view: float | None,
    ) -> tuple[Array, NDArray[np.bool_]]:
        """(F, 17, 4) of the frames that see a `changed` one (F,), see `_lift_windows`; and which those are, (F,)."""
        plan = plan_rate(fps, self.weights.feeding.frame_rate, self.weights.feeding.rate_range)
        focal = focal_length(image_size, field_of_view or ASSUMED_FIELD_OF_VIEW)
        seen = seen_frames(keypoints, scores)
        answer, lifted = np.full((*keypoints.shape[:2], 4), np.nan), ~seen
        for span in seen_spans(seen, round(LONGEST_BRIDGE_S * fps)):
            points, confidence = fill_short_gaps(keypoints[span], scores[span], seen[span])
            points, confidence = insert_frames(points, confidence, plan.insert)
            samples = changed_samples(changed[span], seen[span], plan.insert)
            if self.weights.model.input_channels == 2 and samples.any() and not np.isfinite(points).all():
                samples[:] = True  # a missing joint's place is made up from however far
            phases = [
                (slice(phase, None, plan.stride), (span.start * plan.insert + phase) // plan.stride)
                for phase in range(min(plan.stride, len(points)))
            ]
            # Merging reads two samples of each sequence on either side.
            merged = 2 * plan.stride if plan.stride > 1 else 0
            stale = np.zeros(len(points), dtype=bool)
            for every, offset in phases:
                stale[every] = self._frames_that_see(samples[every], offset)
            stale = near(stale, merged)
            wanted = near(stale, merged)
            poses = [
                self._lift_sequence(
                    points[every], confidence[every], wanted[every], offset, focal, image_size
                )
                for every, offset in phases
            ]
            answer[span] = merge_phases(poses, len(points))[:: plan.insert]
            lifted[span] |= stale[:: plan.insert]
        answer[~seen] = np.nan
        return answer, lifted

    def _windows_of(self, frames: int, offset: int) -> tuple[int, int, NDArray[np.int64]]:
        """Length, hop and first frames of a sequence's windows; see `window_starts` for `offset`."""
        window = min(self.window, frames)
        hop = min(self.hop, window)
        return window, hop, window_starts(frames, window, hop, offset)

    def _frames_that_see(self, changed: NDArray[np.bool_], offset: int) -> NDArray[np.bool_]:
        """(F,) which frames of a sequence lie in a window with a changed one (F,)."""
        window, _, starts = self._windows_of(len(changed), offset)
        return covered(starts[overlapping(starts, window, changed)], window, len(changed))

    def _lift_sequence(
        self,
        keypoints: Array,
        scores: Array,
        wanted: NDArray[np.bool_],
        offset: int,
        focal: float,
        image_size: tuple[float, float],
    ) -> Array:
        """(F, 17, 4) of one unbroken sequence at the weight's own rate, right in the frames `wanted` (F,)."""
        frames = len(keypoints)
        window, hop, starts = self._windows_of(frames, offset)
        starts = starts[overlapping(starts, window, wanted)]
        if self.weights.model.input_channels == 2:
            keypoints = without_holes(keypoints)
            scores = np.isfinite(keypoints).all(axis=-1).astype(np.float64)
        weight = blend_weights(window, hop)[:, None, None]
        total, share = np.zeros((frames, JOINT_COUNT, 4)), np.zeros((frames, 1, 1))
        at_once = self._windows_at_once(window)
        for first in range(0, len(starts), at_once):
            chosen = starts[first : first + at_once]
            rows = chosen[:, None] + np.arange(window)
            poses = self._lift_windows(keypoints[rows], scores[rows], focal, image_size)
            for start, window_pose in zip(chosen, poses, strict=True):
                total[start : start + window] += weight * window_pose
                share[start : start + window] += weight
        return np.divide(total, share, out=np.full_like(total, np.nan), where=share > 0)

    def _lift_windows(
        self, keypoints: Array, scores: Array, focal: float, image_size: tuple[float, float]
    ) -> Array:
        """(B, T, 17, 2) and (B, T, 17) to (B, T, 17, 4): the pose in camera space, and in the last place how far
        the answers for the window and for its mirror image lie apart.
        """
        view = self._view(keypoints, scores, focal, image_size)
        with torch.inference_mode():
            pose = _from_hip(self._forward(view.inputs))
            apart = torch.full_like(pose[..., :1], torch.nan)
            if self.flip:
                other = _from_hip(_mirrored(self._forward(_mirrored(view.inputs))))
                apart = torch.linalg.vector_norm(pose - other, dim=-1, keepdim=True)
                pose = (pose + other) / 2
            pose = torch.einsum("bij,btkj->btki", view.camera_from_view, pose)
            answer = torch.cat((pose, apart), dim=-1).cpu().double().numpy()
        ours = pose_from(self.weights.feeding.keypoints, answer[..., :3])
        return np.concatenate((ours, answer[..., 3:]), axis=-1)

    def _checked(
        self, keypoints: Array, scores: Array, image_size: tuple[float, float]
    ) -> tuple[Array, Array]:
        """The keypoints as the weights mean them, NaN with score 0 where they were not observed."""
        return keypoints_for(self.weights.feeding.keypoints, *_checked(keypoints, scores, image_size))

    def _view(
        self, keypoints: Array, scores: Array, focal: float, image_size: tuple[float, float]
    ) -> WindowView:
        """(B, T, 17, 2) pixels and (B, T, 17) scores in the form that the weights learnt."""
        count = len(keypoints)
        return view_windows(
            self._tensor(keypoints),
            self._tensor(scores),
            self._tensor(np.full(count, focal)),
            self._tensor(np.broadcast_to(np.array(image_size, dtype=np.float64), (count, 2))),
            view=self.weights.feeding.view,
            input_channels=self.weights.model.input_channels,
        )

    def _windows_at_once(self, window: int) -> int:
        return max(1, _FRAMES_A_BATCH[self.device.type] // window)

    def _forward(self, inputs: Tensor) -> Tensor:
        if self.precision == torch.float32:
            return self._model(inputs)
        with torch.autocast(self.device.type, self.precision):
            return self._model(inputs).float()

    def _tensor(self, values: Array) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32)).to(self.device)


def _pose_and_disagreement(answer: Array) -> tuple[Array, Array]:
    """(F, 17, 3) and (F,) of (F, 17, 4), see `_lift_windows`."""
    # The cubic that merges interleaved sequences may pass below nought.
    return np.ascontiguousarray(answer[..., :3]), np.maximum(answer[..., 3].mean(axis=1), 0.0)


def _from_hip(pose: Tensor) -> Tensor:
    """(B, T, 17, 3) with the hip at 0."""
    return pose - pose[:, :, :1]


def _mirrored(values: Tensor) -> Tensor:
    """The mirror image of (B, T, 17, C) values whose first channel is x from the middle."""
    flipped = values[:, :, list(MIRROR)]
    return torch.cat((-flipped[..., :1], flipped[..., 1:]), dim=-1)


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
