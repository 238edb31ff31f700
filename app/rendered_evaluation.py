"""From pixels to 3D against a known truth: rendered clips, this pipeline, and MediaPipe's own 3D beside it."""

import importlib.resources
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from app.errors import StudioError
from app.motion.bones import body_height, bone_lengths
from app.pipeline import process_video
from app.settings import Settings
from app.take import Array, Take
from app.video import open_video
from detectors import create_detector
from detectors.keypoints import to_h36m17
from stcformer.metrics import aligned_joint_error, mean_joint_error
from stcformer.skeleton import JOINT_COUNT

YARDSTICK = "mediapipe"
CLEARLY_BELOW = 0.7
"""A clip counts as clearly better when both errors are at most this part of the yardstick's."""


@dataclass(frozen=True)
class RenderedClip:
    """A clip whose every joint is known."""

    name: str
    video: Path
    truth: dict[str, Array]
    """The arrays of its NPZ; assets/demo/README.md explains each."""


@dataclass(frozen=True)
class PoseError:
    """Mean joint errors in millimetres, hips put together."""

    p1: float
    """As they are: of camera-space poses, the scale left as it is."""
    p2: float
    """After each pose's Procrustes alignment."""
    told: float
    """`p1` of a body brought to the person's standing height: what is left of it for whoever says `--height`."""

    def ratio_to(self, other: "PoseError") -> "PoseError":
        """Each error as a part of the other's."""
        return PoseError(self.p1 / other.p1, self.p2 / other.p2, self.told / other.told)


@dataclass(frozen=True)
class ClipResult:
    """How far from the truth one clip's motion is; all means are over the frames that both saw."""

    name: str
    frames: int
    frames_seen: int
    """By this pipeline."""
    frames_compared: int
    """Seen by the yardstick as well."""
    ours: PoseError
    yardstick: PoseError
    path_mm: float
    """Mean error of the hip's path, the paths' middles put together."""
    keypoints_px: float
    """Mean error of the 17 joints in the picture."""
    keypoints_of_height: float
    """The same as a part of the person's standing height in the picture."""

    def clearly_better(self) -> bool:
        """Whether both errors are well below the yardstick's."""
        ratio = self.ours.ratio_to(self.yardstick)
        return max(ratio.p1, ratio.p2) <= CLEARLY_BELOW


def rendered_clips() -> list[RenderedClip]:
    """The rendered clips that ship with the program, the demo first."""
    assets = Path(str(importlib.resources.files("assets")))
    videos = [assets / "demo" / "demo.mp4", *sorted((assets / "clips").glob("*.mp4"))]
    return [RenderedClip(video.stem, video, read_truth(video)) for video in videos]


def read_truth(video: Path) -> dict[str, Array]:
    """The truth that lies beside a rendered video. Raises OSError when it is missing."""
    with np.load(video.with_name(f"{video.stem}_truth.npz"), allow_pickle=False) as stored:
        return dict(stored)


def evaluate_clip(clip: RenderedClip, settings: Settings) -> ClipResult:
    """Run the clip through the pipeline and through the yardstick. Raises the pipeline's errors, and StudioError
    when no frame was seen by both.
    """
    return compare(clip, process_video(clip.video, settings), yardstick_poses(clip.video))


def yardstick_poses(video: Path) -> Array:
    """(F, 17, 3) MediaPipe's own 3D of each frame: metres, camera axes, hip at 0; NaN where it saw nobody."""
    with open_video(video) as opened, create_detector(YARDSTICK) as detector:
        poses = np.full((opened.frame_count, JOINT_COUNT, 3), np.nan)
        for frame in opened.frames():
            for person in detector.detect(frame.image)[:1]:
                if person.world is None:
                    raise StudioError(
                        f"The detector '{detector.name}' gives no 3D of its own to compare with."
                    )
                poses[frame.index] = world_joints(person.world, person.format)
        return poses


def world_joints(landmarks: Array, keypoint_format: str) -> Array:
    """(..., 17, 3) joints, hip at 0, of a detector's own 3D landmarks (..., K, 3)."""
    joints, _ = to_h36m17(landmarks, np.ones(landmarks.shape[:-1]), keypoint_format)
    return joints - joints[..., :1, :]


def compare(clip: RenderedClip, take: Take, yardstick: Array) -> ClipResult:
    """The first person of a Take and the yardstick's poses (F, 17, 3) against the clip's truth."""
    camera = clip.truth["camera"]
    if take.frame_count() != len(camera) or len(yardstick) != len(camera):
        raise StudioError(
            f"'{clip.video}' has {take.frame_count()} frames, but its truth has {len(camera)}; "
            "put the files of one rendering together."
        )
    seen = take.seen(0)
    both = seen & np.isfinite(yardstick).all(axis=(1, 2))
    if not both.any():
        raise StudioError(f"In no frame of '{clip.video}' was somebody seen; nothing can be compared.")
    truth = camera[both] - camera[both, :1]
    pixels = np.linalg.norm(take.keypoints[0] - clip.truth["keypoints"], axis=-1)[both].mean(axis=1)
    return ClipResult(
        clip.name,
        len(camera),
        int(seen.sum()),
        int(both.sum()),
        pose_error(take.camera[0][both], truth),
        pose_error(yardstick[both], truth),
        1000 * path_error(take.root_camera[0][both], camera[both, 0]),
        float(pixels.mean()),
        float((pixels / picture_heights(clip.truth)[both]).mean()),
    )


def pose_error(pose: Array, truth: Array) -> PoseError:
    """Of (F, 17, 3) root-relative poses in metres."""
    told = pose * (body_height(truth, bone_lengths(truth)) / body_height(pose, bone_lengths(pose)))
    return PoseError(
        1000 * float(mean_joint_error(pose, truth).mean()),
        1000 * float(aligned_joint_error(pose, truth).mean()),
        1000 * float(mean_joint_error(told, truth).mean()),
    )


def mean_error(errors: Sequence[PoseError]) -> PoseError:
    """The mean of each."""
    return PoseError(
        *(float(np.mean([getattr(error, field.name) for error in errors])) for field in fields(PoseError))
    )


def path_error(path: Array, truth: Array) -> float:
    """Mean distance of two (F, 3) paths whose middles are put together, in their unit."""
    shifted = path - path.mean(axis=0) + truth.mean(axis=0)
    return float(np.linalg.norm(shifted - truth, axis=-1).mean())


def picture_heights(truth: dict[str, Array]) -> Array:
    """(F,) how many pixels tall the person would stand upright where the hip is."""
    camera = truth["camera"]
    height = body_height(camera, bone_lengths(camera))
    return np.asarray(truth["intrinsics"][1, 1] * height / camera[:, 0, 2])


def mean_result(results: Sequence[ClipResult]) -> ClipResult:
    """The mean over clips, each counting the same; frames are added up."""

    def mean(values: list[float]) -> float:
        return float(np.mean(values))

    return ClipResult(
        "mean",
        sum(result.frames for result in results),
        sum(result.frames_seen for result in results),
        sum(result.frames_compared for result in results),
        mean_error([result.ours for result in results]),
        mean_error([result.yardstick for result in results]),
        mean([result.path_mm for result in results]),
        mean([result.keypoints_px for result in results]),
        mean([result.keypoints_of_height for result in results]),
    )
