"""The network against golden vectors of the published code."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from stcformer.checkpoints import build_model, translate_names
from stcformer.model import STCFormer, parameter_count

GOLDEN = Path(__file__).parents[1] / "golden"
"""Inputs and outputs of the published code; its README says how the weights follow from a formula."""

_AMPLITUDES = (
    (("qkv.weight", "sep2_", "gate_"), 0.25),
    (("emb.weight",), 1.0),  # part embedding and pose embedding
)


def _golden_values(key: int, name: str, shape: list[int]) -> torch.Tensor:
    """The weights of the golden vectors: splitmix64 of key * 2^32 + flat index, exact in any language."""
    count = int(np.prod(shape))
    with np.errstate(over="ignore"):
        z = np.uint64(key << 32) + np.arange(count, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    uniform = (z >> np.uint64(11)).astype(np.float64) * 2.0**-53
    amplitude = next((a for parts, a in _AMPLITUDES if any(part in name for part in parts)), 0.06)
    values = amplitude * (2 * uniform - 1)
    if "layer_norm" in name and name.endswith("weight"):
        values += 1
    return torch.from_numpy(values.astype(np.float32).reshape(shape))


def _golden_model(folder: Path, table: str, part_factor: float = 1.0) -> STCFormer:
    entries = json.loads((folder / table).read_text())
    state = {e["name"]: _golden_values(e["k"], e["name"], e["shape"]) for e in entries}
    parts = {
        name: value * part_factor
        for name, value in state.items()
        if name.endswith(("stc_att.emb.weight", "cross_att.emb.weight"))
    }
    return build_model(translate_names(state | parts), table)


@pytest.mark.parametrize(
    ("vectors", "table", "part_factor"),
    [
        ("golden_v2_9_256.npz", "state_dict_256.json", 1.0),
        ("golden_v2_27_256.npz", "state_dict_256.json", 1.0),
        ("golden_v2_243_256.npz", "state_dict_256.json", 1.0),
        ("golden_v2spe_27_256.npz", "state_dict_256.json", 1e4),
        ("golden_v2_3dhp_81_256.npz", "state_dict_3dhp.json", 1.0),
    ],
)
def test_output_equals_the_published_network(vectors: str, table: str, part_factor: float) -> None:
    golden = np.load(GOLDEN / vectors)
    model = _golden_model(GOLDEN, table, part_factor)
    with torch.inference_mode():
        output = model(torch.from_numpy(golden["input"])).numpy()
    assert np.abs(output - golden["output64"]).max() <= 2e-5


@pytest.mark.parametrize(("width", "parameters"), [(256, 4_748_000), (512, 18_933_184)])
def test_parameter_counts_are_the_papers(width: int, parameters: int) -> None:
    assert parameter_count(STCFormer(width)) == parameters


def test_any_window_length_and_three_input_channels_run() -> None:
    model = STCFormer(width=32, depth=2, input_channels=3).eval()
    for frames in (1, 2, 27, 100):
        assert model(torch.zeros(1, frames, 17, 3)).shape == (1, frames, 17, 3)


def test_a_width_that_the_heads_do_not_divide_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        STCFormer(width=100)


@pytest.mark.parametrize(
    ("position", "missing"),
    [("part", 6 * 10 * 256), ("convolution", 6 * 5 * 16), ("none", 6 * (10 * 256 + 5 * 16))],
)
def test_a_network_without_a_position_embedding_has_fewer_parameters(position: str, missing: int) -> None:
    assert parameter_count(STCFormer(position=position)) == 4_748_000 - missing


@pytest.mark.parametrize("attention", ["space", "time"])
def test_attention_over_one_axis_has_as_many_parameters(attention: str) -> None:
    assert parameter_count(STCFormer(attention=attention)) == 4_748_000


def _influence(attention: str) -> tuple[bool, bool]:
    """Whether a change of one joint in one frame reaches another joint of the frame, and another frame of the joint."""
    torch.manual_seed(3)
    model = STCFormer(width=32, depth=1, attention=attention, position="none").eval()
    joints = torch.randn(1, 5, 17, 2)
    changed = joints.clone()
    changed[0, 2, 4] += 1
    moved = (model(joints) - model(changed)).abs().sum(dim=-1)[0] > 1e-7
    return bool(moved[2, 9]), bool(moved[0, 4])


@pytest.mark.parametrize(
    ("attention", "reached"), [("both", (True, True)), ("space", (True, False)), ("time", (False, True))]
)
def test_attention_reaches_what_its_axes_say(attention: str, reached: tuple[bool, bool]) -> None:
    assert _influence(attention) == reached


@pytest.mark.parametrize("variant", ["h36m", "3dhp"])
def test_gradients_lie_in_memory_as_their_weights_do(variant: str) -> None:
    model = STCFormer(32, 1, variant=variant)
    model(torch.randn(2, 5, 17, 2)).square().mean().backward()
    strides = {name: (weight.stride(), weight.grad) for name, weight in model.named_parameters()}
    assert [name for name, (stride, grad) in strides.items() if grad is None or grad.stride() != stride] == []


@pytest.mark.parametrize("option", [{"attention": "diagonal"}, {"position": "sine"}, {"variant": "coco"}])
def test_an_unknown_option_is_refused_with_the_known_ones(option: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="there are"):
        STCFormer(width=32, **option)  # type: ignore[arg-type]


def test_attention_weights_are_those_of_the_forward_pass() -> None:
    torch.manual_seed(4)
    attention = STCFormer(width=32, depth=1, position="none").stcformer.stc_block[0].stc_att
    tokens = torch.randn(2, 6, 17, 32)
    space, time = attention.attention_weights(tokens)
    assert space.shape == (2, 6, 8, 17, 17)
    assert time.shape == (2, 17, 8, 6, 6)
    values = attention.qkv(attention.layer_norm(tokens)).reshape(2, 6, 17, 32, 3)[..., 2]
    by_joint = values[..., :16].reshape(2, 6, 17, 8, 2)
    by_frame = values[..., 16:].reshape(2, 6, 17, 8, 2)
    out = torch.cat(
        (
            torch.einsum("btnij,btjne->btine", space, by_joint),
            torch.einsum("bjnst,btjne->bsjne", time, by_frame),
        ),
        dim=-1,
    )
    expected = attention.proj(out.reshape(2, 6, 17, 32))
    torch.testing.assert_close(attention(tokens), expected)
