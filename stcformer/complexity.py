"""How large a network is and how much it computes: the paper's table that needs no data set."""

from stcformer.model import STCFormer
from stcformer.skeleton import JOINT_COUNT

_CONVOLUTION_TAPS = 9


def published_multiply_accumulates(model: STCFormer, frames: int) -> int:
    """What the paper calls FLOPs, for one window of `frames` frames.

    Multiply-accumulates of the linear layers without bias, and of the depthwise convolutions at nine and one an
    output; neither attention nor normalisation. 2173.5, 6520.4 and 19561.2 million at width 256 and 27, 81 and 243
    frames, 78107.5 million at width 512: the four figures of the paper's tables.
    """
    tokens = frames * JOINT_COUNT
    return tokens * (model.depth * (_linear(model) + _convolution(model, bias=1)) + _ends(model))


def multiply_accumulates(model: STCFormer, frames: int) -> int:
    """What a forward pass of one window of `frames` frames really multiplies and adds: the attention products too,
    the convolutions without their bias."""
    tokens = frames * JOINT_COUNT
    layers = tokens * (model.depth * (_linear(model) + _convolution(model, bias=0)) + _ends(model))
    # Logits and weighted values, each by half of the channels: keys a token times the channels of either half.
    keys = {"space": JOINT_COUNT, "time": frames}
    attended = sum(keys[axis] for axis in model.axes())
    return layers + model.depth * tokens * attended * model.width


def _linear(model: STCFormer) -> int:
    """A token and block: queries, keys and values 3, the projection 1, the feed-forward layer 8 times width squared."""
    return 12 * model.width**2


def _convolution(model: STCFormer, *, bias: int) -> int:
    return (_CONVOLUTION_TAPS + bias) * model.width if model.position in ("both", "convolution") else 0


def _ends(model: STCFormer) -> int:
    """A token: the first layer and the last."""
    return (model.input_channels + 3) * model.width
