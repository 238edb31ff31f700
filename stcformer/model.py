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
AXES: dict[str, tuple[str, str]] = {
    "both": ("space", "time"),
    "space": ("space", "space"),
    "time": ("time", "time"),
}
"""What the two halves of the channels attend over, by the name of the ablation; "both" is the published network."""
POSITIONS = ("both", "part", "convolution", "none")
"""What of the structure-enhanced positional embedding a network has; "both" is the published network."""
_SPACE_PART_FACTOR = 1e-4
_PART_DROP = 0.5
_DROPOUT = 0.1


class STCFormer(nn.Module):
    """Windows of 2D joints to windows of 3D joints.

    `(B, T, 17, input_channels)` in screen space (see `stcformer.views`) to `(B, T, 17, 3)`. No parameter depends
    on T: any window length runs with any weights. 4.75 M parameters at width 256, 18.93 M at 512.

    `input_channels` is 2 for x, y, 3 for x, y, score, or 4 (`stcformer.views.view_windows`). For the paper's ablations:
    `attention` is a key of `AXES` ("space" lets both halves of the channels attend over the joints of a frame), and
    `position` one of `POSITIONS`. Raises ValueError for an unknown name and for a width that the heads do not divide.
    """

    def __init__(
        self,
        width: int = 256,
        depth: int = 6,
        input_channels: int = 2,
        variant: str = "h36m",
        *,
        attention: str = "both",
        position: str = "both",
    ) -> None:
        super().__init__()
        for name, value, known in (
            ("variant", variant, VARIANTS),
            ("attention", attention, AXES),
            ("position", position, POSITIONS),
        ):
            if value not in known:
                raise ValueError(f"{name} is '{value}'; there are: {', '.join(known)}")
        kind = VARIANTS[variant]
        if width % (2 * kind.heads):
            raise ValueError(f"width {width} is not a multiple of {2 * kind.heads}")
        self.width, self.depth, self.input_channels, self.variant = width, depth, input_channels, variant
        self.attention, self.position = attention, position
        self.pose_emb = nn.Linear(input_channels, width, bias=False)
        self.stcformer = CrissCrossBlocks(width, depth, kind, attention, position)
        self.regress_head = nn.Linear(width, 3, bias=False)

    def axes(self) -> tuple[str, str]:
        """What the two halves of the channels attend over."""
        return AXES[self.attention]

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

    def __init__(self, width: int, depth: int, kind: Variant, attention: str, position: str) -> None:
        super().__init__()
        self.stc_block = nn.ModuleList(
            CrissCrossBlock(width, kind, attention, position) for _ in range(depth)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, 17, width) to the same."""
        for block in self.stc_block:
            tokens = block(tokens)
        return tokens


class CrissCrossBlock(nn.Module):
    """Criss-cross attention and a feed-forward layer, each normalised first and added."""

    def __init__(self, width: int, kind: Variant, attention: str, position: str) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(width)
        self.mlp = FeedForward(width)
        self.stc_att = CrissCrossAttention(width, kind, AXES[attention], position)

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


_SPLIT = {"space": (0, 1, 3, 2, 4), "time": (0, 2, 3, 1, 4)}
"""(B, T, 17, heads, e) to the heads' own batches: attention runs over the next to last axis."""
_JOINED = {"space": (0, 1, 3, 2, 4), "time": (0, 3, 1, 2, 4)}
"""And back."""


class CrissCrossAttention(nn.Module):
    """Half of the channels attend over the joints of a frame, the other half over the frames of a joint.

    `axes` says it for either half. The published code's names `_s` and `_t` stand for the first and the second.
    """

    def __init__(self, width: int, kind: Variant, axes: tuple[str, str], position: str) -> None:
        super().__init__()
        self.kind, self.axes = kind, axes
        half = width // 2
        self.scale = (half if kind.scale_by_half_width else width) ** -0.5
        self.layer_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.has_part = position in ("both", "part")
        self.has_convolution = position in ("both", "convolution")
        if self.has_part:
            self.emb = nn.Embedding(kind.part_rows, half // kind.heads, padding_idx=kind.zero_part)
        if self.has_convolution:
            self.sep2_t = nn.Conv2d(half, half, 3, padding=1, groups=half)
            self.sep2_s = nn.Conv2d(half, half, 3, padding=1, groups=half)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, 17, width) to the same; the caller adds the input."""
        query, key, value = self._project(self.layer_norm(tokens))
        outputs = [
            attend(query, key, value, self.scale).permute(_JOINED[axis])
            for axis, (query, key, value) in zip(self.axes, self._by_axis(query, key, value), strict=True)
        ]
        if self.has_convolution:
            local = self._convolve(value).chunk(2, dim=-1)
            outputs = [out + part.reshape(out.shape) for out, part in zip(outputs, local, strict=True)]
        if self.has_part:
            part = self.emb.weight[list(self.kind.parts)][None, None, :, None]
            factors = (_SPACE_PART_FACTOR, self.kind.time_part_factor)
            outputs = [
                out + factor * self._drop_part(part) if factor else out
                for out, factor in zip(outputs, factors, strict=True)
            ]
        return self.proj(torch.cat(outputs, dim=-1).reshape(tokens.shape))

    def attention_weights(self, tokens: Tensor) -> list[Tensor]:
        """What each half of the channels attends to, rows adding up to 1: (B, T, heads, 17, 17) for a half that
        attends over the joints, (B, 17, heads, T, T) for one that attends over the frames. `tokens` as in `forward`.
        """
        halves = self._by_axis(*self._project(self.layer_norm(tokens)))
        return [attention_of(query, key, self.scale) for query, key, _ in halves]

    def _by_axis(self, query: Tensor, key: Tensor, value: Tensor) -> list[list[Tensor]]:
        """Query, key and value of either half, the axis that it attends over next to last."""
        by_head = (*query.shape[:3], self.kind.heads, -1)
        halves = zip(*(part.chunk(2, dim=-1) for part in (query, key, value)), strict=True)
        return [
            [part.reshape(by_head).permute(_SPLIT[axis]) for part in parts]
            for axis, parts in zip(self.axes, halves, strict=True)
        ]

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
        # There and back, so that the gradient lies in memory as the weights do: the convolution gives its own another
        # stride over the axis of length 1, of which several processes' averaging complains.
        weight = weight.flatten(1).view(weight.shape)
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
    return torch.matmul(attention_of(query, key, scale), value)


def attention_of(query: Tensor, key: Tensor, scale: float) -> Tensor:
    """(..., N, N) how much each of N tokens attends to each, rows adding up to 1."""
    return torch.matmul(query * scale, key.transpose(-2, -1)).softmax(dim=-1)


def parameter_count(model: nn.Module) -> int:
    """How many numbers a model learns."""
    return sum(parameter.numel() for parameter in model.parameters())


assert len(MPI_INF_3DHP_PARTS) == JOINT_COUNT
