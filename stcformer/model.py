"""STCFormer: spatio-temporal criss-cross attention over windows of 2D joints.

Tang et al., "3D Human Pose Estimation with Spatio-Temporal Criss-cross Attention", CVPR 2023. The state
dict has the names and shapes of the published code, so published checkpoints load strictly; how it is
computed is our own (one projection sorted into space and time, one depthwise convolution for both).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from stcformer.skeleton import BODY_PARTS, JOINT_COUNT

MPI_INF_3DHP_PARTS = (0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 0, 0, 0)


@dataclass(frozen=True)
class Variant:
    """What differs between the published networks for Human3.6M and for MPI-INF-3DHP."""

    heads: int
    scale_by_half_width: bool
    """Attention logits are scaled by (width/2)^-0.5, else by width^-0.5."""
    parts: tuple[int, ...]
    """Body part of every joint."""
    part_rows: int
    """Rows of the part embedding."""
    zero_part: int | None
    """The part whose embedding stays zero and is not trained."""
    time_part_factor: float
    """How much of the part embedding is added to the temporal half."""


VARIANTS: dict[str, Variant] = {
    "h36m": Variant(8, True, BODY_PARTS, 5, None, 1e-9),
    "3dhp": Variant(4, False, MPI_INF_3DHP_PARTS, 20, 0, 0.0),
}
_SPACE_PART_FACTOR = 1e-4
_PART_DROP = 0.5
_DROPOUT = 0.1


class STCFormer(nn.Module):
    """Windows of 2D joints to windows of 3D joints.

    `(B, T, 17, input_channels)` in screen space (see `stcformer.views`) to `(B, T, 17, 3)`. No parameter depends
    on T: any window length runs with any weights. 4.75 M parameters at width 256, 18.93 M at 512.

    `input_channels` is 2 for x, y, 3 for x, y, score, or 4 (`stcformer.views.view_windows`). Raises ValueError for
    a width that the heads do not divide.
    """

    def __init__(
        self, width: int = 256, depth: int = 6, input_channels: int = 2, variant: str = "h36m"
    ) -> None:
        super().__init__()
        kind = VARIANTS[variant]
        if width % (2 * kind.heads):
            raise ValueError(f"width {width} is not a multiple of {2 * kind.heads}")
        self.width, self.depth, self.input_channels, self.variant = width, depth, input_channels, variant
        self.pose_emb = nn.Linear(input_channels, width, bias=False)
        self.stcformer = CrissCrossBlocks(width, depth, kind)
        self.regress_head = nn.Linear(width, 3, bias=False)

    def forward(self, joints: Tensor) -> Tensor:
        """(B, T, 17, input_channels) to (B, T, 17, 3)."""
        tokens = functional.gelu(self.pose_emb(joints))
        if self.training:
            # Under autocast the residual stream stays in float32: with bfloat16 tokens the gradients of the layer
            # norms, sums over all tokens, would be added up in bfloat16 and be wrong by tens of per cent.
            tokens = tokens.float()
        return self.regress_head(self.stcformer(tokens))


class CrissCrossBlocks(nn.Module):
    """The stack of blocks (its name in the published state dict is `stcformer`)."""

    def __init__(self, width: int, depth: int, kind: Variant) -> None:
        super().__init__()
        self.stc_block = nn.ModuleList(CrissCrossBlock(width, kind) for _ in range(depth))

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, 17, width) to the same."""
        for block in self.stc_block:
            tokens = block(tokens)
        return tokens


class CrissCrossBlock(nn.Module):
    """Criss-cross attention and a feed-forward layer, each normalised first and added."""

    def __init__(self, width: int, kind: Variant) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(width)
        self.mlp = FeedForward(width)
        self.stc_att = CrissCrossAttention(width, kind)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, 17, width) to the same."""
        tokens = tokens + self.stc_att(tokens)
        return tokens + self.mlp(self.layer_norm(tokens))


class FeedForward(nn.Module):
    """Two linear layers without bias, four times as wide inside."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width, bias=False)
        self.fc2 = nn.Linear(4 * width, width, bias=False)
        self.drop = nn.Dropout(_DROPOUT)

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., width) to the same."""
        return self.drop(self.fc2(self.drop(functional.gelu(self.fc1(tokens)))))


class CrissCrossAttention(nn.Module):
    """Half of the channels attend over the joints of a frame, the other half over the frames of a joint."""

    def __init__(self, width: int, kind: Variant) -> None:
        super().__init__()
        self.kind = kind
        half = width // 2
        self.scale = (half if kind.scale_by_half_width else width) ** -0.5
        self.layer_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.emb = nn.Embedding(kind.part_rows, half // kind.heads, padding_idx=kind.zero_part)
        self.sep2_t = nn.Conv2d(half, half, 3, padding=1, groups=half)
        self.sep2_s = nn.Conv2d(half, half, 3, padding=1, groups=half)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, 17, width) to the same; the caller adds the input."""
        batch, frames, joints, width = tokens.shape
        heads, half = self.kind.heads, width // 2
        query, key, value = self._project(self.layer_norm(tokens))

        by_head = (batch, frames, joints, heads, half // heads)
        space = [part[..., :half].reshape(by_head).permute(0, 1, 3, 2, 4) for part in (query, key, value)]
        time = [part[..., half:].reshape(by_head).permute(0, 2, 3, 1, 4) for part in (query, key, value)]
        out_space = attend(space[0], space[1], space[2], self.scale).permute(0, 1, 3, 2, 4)
        out_time = attend(time[0], time[1], time[2], self.scale).permute(0, 3, 1, 2, 4)

        local = self._convolve(value)
        out_space = out_space + local[..., :half].reshape(by_head)
        out_time = out_time + local[..., half:].reshape(by_head)
        part = self.emb.weight[list(self.kind.parts)][None, None, :, None]
        out_space = out_space + _SPACE_PART_FACTOR * self._drop_part(part)
        if self.kind.time_part_factor:
            out_time = out_time + self.kind.time_part_factor * self._drop_part(part)
        return self.proj(torch.cat((out_space, out_time), dim=-1).reshape(batch, frames, joints, width))

    def _project(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Query, key and value. The published weights hold the three side by side for every channel."""
        width = tokens.shape[-1]
        weight = self.qkv.weight.view(width, 3, width).transpose(0, 1).reshape(3 * width, width)
        bias = self.qkv.bias.view(width, 3).transpose(0, 1).reshape(3 * width)
        query, key, value = functional.linear(tokens, weight, bias).split(width, dim=-1)
        return query, key, value

    def _convolve(self, value: Tensor) -> Tensor:
        """The positional half of the paper's SPE: a 3x3 depthwise convolution over frames and joint order."""
        weight = torch.cat((self.sep2_s.weight, self.sep2_t.weight))
        assert self.sep2_s.bias is not None
        assert self.sep2_t.bias is not None
        bias = torch.cat((self.sep2_s.bias, self.sep2_t.bias))
        image = value.permute(0, 3, 1, 2)
        out = functional.conv2d(image, weight, bias, padding=1, groups=weight.shape[0])
        return out.permute(0, 2, 3, 1)

    def _drop_part(self, part: Tensor) -> Tensor:
        """One coin for the whole batch, as the published code throws it: nothing or twice the embedding."""
        if not self.training:
            return part
        kept = torch.rand((), device=part.device) >= _PART_DROP
        return part * kept / (1 - _PART_DROP)


def attend(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """Softmax attention over the next to last axis, (..., N, e) each.

    Plain products: `scaled_dot_product_attention` is no faster for heads this small (a training step takes as
    long with either in float32 on two AVX2 cores), and in bfloat16 its backward pass is slow.
    """
    logits = torch.matmul(query * scale, key.transpose(-2, -1))
    return torch.matmul(logits.softmax(dim=-1), value)


def parameter_count(model: nn.Module) -> int:
    """How many numbers a model learns."""
    return sum(parameter.numel() for parameter in model.parameters())


assert len(MPI_INF_3DHP_PARTS) == JOINT_COUNT
