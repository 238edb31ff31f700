"""Sizes and operations against the paper's tables and against what PyTorch counts."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from stcformer.complexity import multiply_accumulates, published_multiply_accumulates
from stcformer.model import STCFormer


@pytest.mark.parametrize(
    ("width", "frames", "millions"), [(256, 27, 2173), (256, 81, 6520), (256, 243, 19561), (512, 243, 78107)]
)
def test_operations_counted_as_the_paper_counts_are_the_papers(
    width: int, frames: int, millions: int
) -> None:
    assert published_multiply_accumulates(STCFormer(width), frames) // 10**6 == millions


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"attention": "space"},
        {"attention": "time"},
        {"position": "part"},
        {"input_channels": 4, "depth": 3},
    ],
)
def test_operations_are_those_that_torch_counts(options: dict[str, object]) -> None:
    model = STCFormer(64, **options).eval()  # type: ignore[arg-type]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, 9, 17, model.input_channels))
    assert counter.get_total_flops() == 2 * multiply_accumulates(model, 9)
