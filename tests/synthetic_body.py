"""A person made of numbers: world-space motions whose truth is known, and a level camera that sees them.

The body: 1.75 m or so, thorax the middle of the shoulders, spine the middle of hip and thorax, as the lifter
delivers it. World space: z up, y away from the camera, x right. Heading 0 looks away from the camera (+y).
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from app.motion.root import pinhole, project

THIGH, SHIN, HIP_HALF, TORSO, SHOULDER_HALF, UPPER_ARM, FOREARM = 0.42, 0.43, 0.12, 0.50, 0.19, 0.29, 0.25
NOSE, CROWN = (0.11, 0.165), (0.0, 0.31)  # forward and up of the thorax
ANKLE_HEIGHT = 0.08
STANDING_HIP = THIGH + SHIN + ANKLE_HEIGHT


@dataclass(frozen=True)
class Stance:
    """Angles in degrees, each a number or (F,): the body's own axes are x right, y forward, z up."""

    heading: object = 0.0
    pitch: object = 0.0  # forward lean of the whole body
    hip: object = (0.0, 4.0, STANDING_HIP)
    left_arm_raise: object = 0.0  # sideways: 0 hanging, 90 level, 180 overhead
    right_arm_raise: object = 0.0
    left_arm_swing: object = 0.0  # forward
    right_arm_swing: object = 0.0
    left_elbow: object = 20.0
    right_elbow: object = 20.0
    left_thigh: object = 0.0  # forward
    right_thigh: object = 0.0
    left_knee: object = 10.0
    right_knee: object = 10.0
    head_turn: object = 0.0  # to the left


def body(stance: Stance, frames: int) -> np.ndarray:
    """(F, 17, 3) world-space joints, metres."""

    def angle(value: object) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, dtype=float), (frames,))

    def turn(axis: str, value: object) -> Rotation:
        return Rotation.from_euler(axis, angle(value), degrees=True)

    whole = turn("z", stance.heading) * turn("x", -angle(stance.pitch))
    joints = np.zeros((frames, 17, 3))
    for side, hip, shoulder in ((1, 1, 14), (-1, 4, 11)):
        name = "right" if side > 0 else "left"
        thigh = turn("x", getattr(stance, f"{name}_thigh"))
        knee = thigh * turn("x", -angle(getattr(stance, f"{name}_knee")))
        joints[:, hip] = [side * HIP_HALF, 0, 0]
        joints[:, hip + 1] = joints[:, hip] + thigh.apply([0, 0, -THIGH])
        joints[:, hip + 2] = joints[:, hip + 1] + knee.apply([0, 0, -SHIN])
        raised = turn("y", -side * angle(getattr(stance, f"{name}_arm_raise")))
        upper = raised * turn("x", getattr(stance, f"{name}_arm_swing"))
        lower = upper * turn("x", getattr(stance, f"{name}_elbow"))
        joints[:, shoulder] = [side * SHOULDER_HALF, 0, TORSO]
        joints[:, shoulder + 1] = joints[:, shoulder] + upper.apply([0, 0, -UPPER_ARM])
        joints[:, shoulder + 2] = joints[:, shoulder + 1] + lower.apply([0, 0, -FOREARM])
    joints[:, 7], joints[:, 8] = [0, 0, TORSO / 2], [0, 0, TORSO]
    head = turn("z", stance.head_turn)
    joints[:, 9] = joints[:, 8] + head.apply([0, *NOSE])
    joints[:, 10] = joints[:, 8] + head.apply([0, *CROWN])
    flat = np.concatenate([whole.apply(joints[:, joint])[:, None] for joint in range(17)], axis=1)
    return flat + np.broadcast_to(np.asarray(stance.hip, dtype=float), (frames, 3))[:, None]


def walk(frames: int, fps: float, heading: float = 180.0) -> np.ndarray:
    """(F, 17, 3) a walk at 1.2 m/s, 0.9 strides a second; heading 180 comes towards the camera."""
    time = np.arange(frames) / fps
    phase = 2 * np.pi * 0.9 * time
    turned = np.deg2rad(heading)
    direction = np.array([-np.sin(turned), np.cos(turned), 0.0])
    start = np.array([0.0, 5.0, STANDING_HIP - 0.03])
    hip = start + 1.2 * time[:, None] * direction
    hip[:, 2] += 0.02 * np.cos(2 * phase)
    stance = Stance(
        heading=heading,
        hip=hip,
        left_thigh=25 * np.sin(phase),
        right_thigh=-25 * np.sin(phase),
        left_knee=25 + 20 * np.cos(phase),
        right_knee=25 - 20 * np.cos(phase),
        left_arm_swing=-20 * np.sin(phase),
        right_arm_swing=20 * np.sin(phase),
    )
    return body(stance, frames)


def arms_overhead(frames: int) -> np.ndarray:
    """(F, 17, 3) both straight arms from hanging to overhead and back, sideways, facing the camera."""
    raised = 90 - 90 * np.cos(np.linspace(0, 2 * np.pi, frames))
    return body(
        Stance(heading=180, left_arm_raise=raised, right_arm_raise=raised, left_elbow=2, right_elbow=2),
        frames,
    )


def turn_around(frames: int) -> np.ndarray:
    """(F, 17, 3) one whole turn on the spot, arms half raised."""
    return body(
        Stance(heading=np.linspace(0, 360, frames), left_arm_raise=60, right_arm_raise=60, left_thigh=30),
        frames,
    )


def lying_down(frames: int) -> np.ndarray:
    """(F, 17, 3) from standing to flat on the back, feet towards the camera."""
    fall = np.linspace(0, 1, frames)
    hip = np.stack([0 * fall, 4 + 0 * fall, STANDING_HIP * (1 - fall) + 0.12 * fall], axis=-1)
    return body(Stance(heading=180, pitch=-90 * fall, hip=hip), frames)


CAMERA_HEIGHT = 1.4
IMAGE_SIZE = (1280, 720)


def to_camera(world: np.ndarray) -> np.ndarray:
    """World space (origin on the floor under the camera) in the absolute camera space of a level camera."""
    return np.stack((world[..., 0], CAMERA_HEIGHT - world[..., 2], world[..., 1]), axis=-1)


def seen_by_camera(
    world: np.ndarray, fov_degrees: float | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Root-relative pose, keypoints, scores and the true hip in camera space."""
    absolute = to_camera(world)
    keypoints = project(absolute, pinhole(IMAGE_SIZE, fov_degrees))
    root = absolute[:, 0]
    return absolute - root[:, None], keypoints, np.ones(world.shape[:2]), root
