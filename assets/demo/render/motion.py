"""From a BVH clip to the moving body of the mannequin: 17 joints and the turns of its rigid parts.

The clip gives directions and turns only; bone lengths are those of the `Body`, so that every clip, from
whatever conversion, moves human proportions. Root travel is scaled by leg length.

Body axes (pelvis, chest, head, hands, feet; columns of a rotation): x to the person's left, y up, z to
the front, as they lie in a T-pose facing the camera. World axes: x right, y away from the camera, z up,
metres; the floor is z = 0 and the origin lies under the hip of the first frame.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from body import Body

from stcformer.bvh import forward_kinematics, read_bvh
from stcformer.skeleton import JOINT_COUNT, JOINTS

_Y_UP_TO_Z_UP = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])

# Nodes by the names of the two conversions of the CMU database.
_MOTIONBUILDER = {
    "hips": "Hips", "head": "Head",
    "lhip": "LeftUpLeg", "lknee": "LeftLeg", "lankle": "LeftFoot",
    "rhip": "RightUpLeg", "rknee": "RightLeg", "rankle": "RightFoot",
    "lshoulder": "LeftArm", "lelbow": "LeftForeArm", "lwrist": "LeftHand",
    "rshoulder": "RightArm", "relbow": "RightForeArm", "rwrist": "RightHand",
}  # fmt: skip
_DAZ = {
    "hips": "hip", "head": "head",
    "lhip": "lThigh", "lknee": "lShin", "lankle": "lFoot",
    "rhip": "rThigh", "rknee": "rShin", "rankle": "rFoot",
    "lshoulder": "lShldr", "lelbow": "lForeArm", "lwrist": "lHand",
    "rshoulder": "rShldr", "relbow": "rForeArm", "rwrist": "rHand",
}  # fmt: skip


@dataclass(frozen=True)
class BodyMotion:
    """What moves: F frames at `fps`, metres, world axes."""

    body: Body
    fps: float
    joints: np.ndarray
    """(F, 17, 3) in the order of stcformer.skeleton.JOINTS; `neck` is the nose's tip, `head` the crown."""
    turns: dict[str, np.ndarray]
    """(F, 3, 3) each of pelvis, chest, head, lhand, rhand, lfoot, rfoot: columns left, up, front."""
    head_pivot: np.ndarray
    """(F, 3) the middle of the head at the height of the ears, about which it turns."""

    def joint(self, name: str) -> np.ndarray:
        """(F, 3) one joint."""
        return self.joints[:, JOINTS.index(name)]

    def soles(self) -> np.ndarray:
        """(F, 8, 3) heel and ball points of both soles."""
        return np.concatenate(
            [
                self.joint(f"{side}ankle")[:, None]
                + np.einsum("fij,pj->fpi", self.turns[f"{side}foot"], self.body.sole)
                for side in "lr"
            ],
            axis=1,
        )


def body_motion(
    bvh: Path,
    start: float,
    seconds: float,
    fps: float,
    yaw_degrees: float,
    body: Body,
    nod_degrees: float = 0.0,
) -> BodyMotion:
    """`seconds` of the clip from `start` at `fps`, turned by `yaw_degrees` (anticlockwise seen from above).

    With yaw 0, a person who looks along the clip's z axis faces the camera. `nod_degrees` bows the head by so
    much more in all frames: each subject wore the head's markers their own way, and some seem to look up.
    Raises ValueError when the clip is too short or its skeleton is not one of the two CMU conversions.
    """
    clip = read_bvh(bvh)
    nodes = nodes_by_part(clip.names, bvh)
    count = round(seconds * fps)
    source = (start + np.arange(count) / fps) / clip.frame_time
    if start < 0 or source[-1] > len(clip.values) - 1:
        raise ValueError(
            f"'{bvh}' lasts {len(clip.values) * clip.frame_time:.1f} s: not {start} to {start + seconds} s."
        )
    positions, rotations = forward_kinematics(clip)
    # The 43-joint files rest in a T-pose; the rest of the others slants, but their frame 0 is a T-pose.
    rest = rotations[0] if "Hips" in clip.names else np.broadcast_to(np.eye(3), rotations[0].shape)
    turned = np.einsum("fnij,nkj->fnik", rotations, rest)
    places = {part: _between(positions[:, node], source) for part, node in nodes.items()}
    turns = {part: _nearest_rotation(_between(turned[:, node], source)) for part, node in nodes.items()}
    turns["head"] = turns["head"] @ _nod(np.radians(nod_degrees))
    yaw = np.radians(yaw_degrees)
    to_world = (
        np.array([[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]]) @ _Y_UP_TO_Z_UP
    )
    return _on_the_floor(
        _build(
            {part: place @ to_world.T for part, place in places.items()},
            # Rotations are relative to a T-pose that faces the clip's z axis: body axes are the clip's.
            {part: to_world @ turn for part, turn in turns.items()},
            fps,
            body,
        )
    )


def _nod(angle: float) -> np.ndarray:
    """(3, 3) a turn about the head's own left: what is in front goes down."""
    sine, cosine = np.sin(angle), np.cos(angle)
    return np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])


def nodes_by_part(names: tuple[str, ...], bvh: Path) -> dict[str, int]:
    """Which node of a BVH file's skeleton moves which part. Raises ValueError."""
    for table in (_MOTIONBUILDER, _DAZ):
        if all(name in names for name in table.values()):
            return {part: names.index(name) for part, name in table.items()}
    raise ValueError(
        f"'{bvh}' is neither of the CMU conversions (MotionBuilder names, or hip/rThigh/... names)."
    )


def _between(values: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Values at fractional frame numbers, linear."""
    low = np.minimum(np.floor(frames + 1e-9).astype(int), len(values) - 2)
    part = (frames - low).reshape(-1, *[1] * (values.ndim - 1))
    return values[low] * (1 - part) + values[low + 1] * part


def _nearest_rotation(matrices: np.ndarray) -> np.ndarray:
    left, _, right = np.linalg.svd(matrices)
    left[..., -1] *= np.linalg.det(left @ right)[..., None]
    return left @ right


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (..., 3) of length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def frame_of(left: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(..., 3, 3) rotations whose y column is `up` and whose x column is as near to `left` as it can be."""
    up = unit(up)
    front = unit(np.cross(left, up))
    return np.stack([np.cross(up, front), up, front], axis=-1)


def _build(places: dict[str, np.ndarray], turns: dict[str, np.ndarray], fps: float, body: Body) -> BodyMotion:
    def direction(start: str, end: str) -> np.ndarray:
        return unit(places[end] - places[start])

    source_leg = sum(
        np.linalg.norm(places[f"{side}{upper}"] - places[f"{side}{lower}"], axis=-1).mean() / 2
        for side in "lr"
        for upper, lower in (("hip", "knee"), ("knee", "ankle"))
    )
    source_hip = (places["lhip"] + places["rhip"]) / 2
    joints = np.zeros((len(source_hip), JOINT_COUNT, 3))
    put = {name: joints[:, index] for index, name in enumerate(JOINTS)}
    put["hip"][:] = source_hip * ((body.thigh + body.shin) / source_leg)
    upward = unit((places["lshoulder"] + places["rshoulder"]) / 2 - source_hip)
    put["thorax"][:] = put["hip"] + body.torso * upward
    put["spine"][:] = (put["hip"] + put["thorax"]) / 2
    shoulder_line = direction("rshoulder", "lshoulder")
    for side, sign in (("l", 1), ("r", -1)):
        put[f"{side}hip"][:] = put["hip"] + sign * body.hip_half_width * turns["hips"][..., 0]
        put[f"{side}shoulder"][:] = put["thorax"] + sign * body.shoulder_half_width * shoulder_line
        # The MotionBuilder conversion lost the wrist bone, but its direction is still that of the forearm.
        for start, end, length in (
            ("hip", "knee", body.thigh),
            ("knee", "ankle", body.shin),
            ("shoulder", "elbow", body.upper_arm),
            ("elbow", "wrist", body.forearm),
        ):
            put[f"{side}{end}"][:] = put[f"{side}{start}"] + length * direction(
                f"{side}{start}", f"{side}{end}"
            )
    chest = frame_of(shoulder_line, upward)
    head = turns["head"]
    pivot = put["thorax"] + body.neck * (chest[..., 1] + head[..., 1]) / 2 + body.neck_forward * chest[..., 2]
    put["head"][:] = pivot + head @ body.crown
    put["neck"][:] = pivot + head @ body.nose_tip
    body_turns = {
        "pelvis": turns["hips"], "chest": chest, "head": head,
        "lhand": turns["lwrist"], "rhand": turns["rwrist"],
        "lfoot": turns["lankle"], "rfoot": turns["rankle"],
    }  # fmt: skip
    return BodyMotion(body, fps, joints, body_turns, pivot)


def _on_the_floor(motion: BodyMotion) -> BodyMotion:
    """The same motion, floor at z = 0: as high as a standing foot's sole, and no sole 2 cm below it."""
    lowest = motion.soles()[..., 2].min(axis=1)
    floor = min(np.percentile(lowest, 30), lowest.min() + 0.018)
    shift = -np.array([*motion.joint("hip")[0, :2], floor])
    return BodyMotion(motion.body, motion.fps, motion.joints + shift, motion.turns, motion.head_pivot + shift)
