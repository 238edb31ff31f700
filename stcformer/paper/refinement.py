"""Camera-aware refinement: the middle frame's pose, drawn to the rays of its own keypoints.

Cai et al., "Exploiting Spatial-temporal Relationships for 3D Pose Estimation via Graph Convolutional Networks",
ICCV 2019, section 3.4: a second estimate puts every joint on the ray of its keypoint at the depth that the network
predicts, and a small network says, joint by joint, how much of each to take. The root's depth has to be known.
"""

import torch
from torch import Tensor, nn

from stcformer.skeleton import JOINT_COUNT

_HIDDEN = 1024
_DROPOUT = 0.5


class Refinement(nn.Module):
    """Weighs the network's pose against the one on the rays, in x and y; depth stays the network's."""

    def __init__(self) -> None:
        super().__init__()
        self.post_refine = nn.Sequential(
            nn.Linear(2 * 3 * JOINT_COUNT, _HIDDEN),
            nn.ReLU(),
            nn.Dropout(_DROPOUT),
            nn.Linear(_HIDDEN, 2 * JOINT_COUNT),
            nn.Sigmoid(),
        )

    def forward(self, pose: Tensor, on_rays: Tensor) -> Tensor:
        """(B, 17, 3) poses of the network and on the rays, root-relative metres, to (B, 17, 3)."""
        both = torch.cat((pose, on_rays), dim=-1).flatten(1)
        share = self.post_refine(both).view(-1, JOINT_COUNT, 2)
        sideways = share * pose[..., :2] + (1 - share) * on_rays[..., :2]
        return torch.cat((sideways, pose[..., 2:]), dim=-1)


def pose_on_rays(keypoints: Tensor, pose: Tensor, root: Tensor, intrinsics: Tensor) -> Tensor:
    """(B, 17, 3) every joint on the ray of its keypoint at the predicted depth, relative to the root.

    keypoints: (B, 17, 2) screen space. pose: (B, 17, 3) metres relative to the root, joint 0, of which the depths are
    taken. root: (B, 3) camera space, metres. intrinsics: (B, 4) as `Clips.intrinsics`. Distortion is left out, as in
    the published code.
    """
    focal, centre = intrinsics[:, None, :2], intrinsics[:, None, 2:4]
    relative = torch.cat((torch.zeros_like(pose[:, :1, 2:]), pose[:, 1:, 2:]), dim=1)
    depth = relative + root[:, None, 2:]
    joints = torch.cat(((keypoints - centre) / focal * depth, depth), dim=-1)
    return joints - joints[:, :1]
