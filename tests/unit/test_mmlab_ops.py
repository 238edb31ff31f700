"""What stands in for mmcv's compiled operations, and the choice among person boxes."""

import sys

import numpy as np
import pytest
import torch

from detectors import DetectorError
from detectors.mmlab import ops
from detectors.mmlab.persons import chosen_boxes


def overlap(first: np.ndarray, second: np.ndarray, offset: int) -> float:
    """Intersection over union of two boxes."""
    sides = [max(0.0, min(first[i + 2], second[i + 2]) - max(first[i], second[i]) + offset) for i in (0, 1)]
    areas = [(box[2] - box[0] + offset) * (box[3] - box[1] + offset) for box in (first, second)]
    both = sides[0] * sides[1]
    return both / (sum(areas) - both)


def suppressed_one_by_one(boxes: np.ndarray, scores: np.ndarray, threshold: float, offset: int) -> list[int]:
    kept: list[int] = []
    for index in sorted(range(len(boxes)), key=lambda index: -scores[index]):
        if all(overlap(boxes[index], boxes[better], offset) <= threshold for better in kept):
            kept.append(index)
    return kept


@pytest.mark.parametrize("offset", [0, 1])
@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.65, 0.8])
def test_overlapping_boxes_fall_to_better_ones(threshold: float, offset: int) -> None:
    random = np.random.default_rng(3)
    corner, size = random.uniform(0, 30, (150, 2)), random.uniform(20, 40, (150, 2))
    boxes, scores = np.concatenate([corner, corner + size], axis=1), random.permutation(150) / 150
    expected = suppressed_one_by_one(boxes, scores, threshold, offset)
    kept = ops.nms(torch.from_numpy(boxes), torch.from_numpy(scores), threshold, offset)
    assert kept.tolist() == expected
    assert kept.dtype == torch.int64
    assert 1 < len(expected) < 150


def test_of_equal_boxes_the_first_stays_and_no_boxes_give_none() -> None:
    same = torch.tensor([[0.0, 0, 10, 10]] * 3)
    assert ops.nms(same, torch.tensor([0.5, 0.9, 0.9]), 0.5).tolist() == [1]
    assert ops.nms(torch.empty(0, 4), torch.empty(0), 0.5).tolist() == []


def test_boxes_without_an_area_are_no_reason_to_fail() -> None:
    flat = torch.tensor([[5.0, 5, 5, 5], [5.0, 5, 5, 5], [0.0, 0, 9, 9]])
    assert ops.nms(flat, torch.tensor([0.9, 0.8, 0.7]), 0.5).tolist() == [0, 1, 2]


def test_an_operation_that_is_not_there_says_its_name_and_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "mmcv._ext", raising=False)
    monkeypatch.setattr(ops, "compiled", lambda: False)
    ops.install()
    stand_in = sys.modules["mmcv._ext"]
    assert stand_in.nms is ops.nms
    with pytest.raises(DetectorError, match=r"operation 'roi_align_forward'.*make mmpose MMCV=compiled"):
        stand_in.roi_align_forward(1, two=2)
    monkeypatch.delitem(sys.modules, "mmcv._ext")


def test_compiled_operations_are_left_in_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "mmcv._ext", raising=False)
    monkeypatch.setattr(ops, "compiled", lambda: True)
    ops.install()
    assert "mmcv._ext" not in sys.modules


def test_persons_are_chosen_cut_off_at_the_edges_and_the_surest_comes_first() -> None:
    boxes = np.array([[-5.0, 2, 20, 30], [3, 3, 9, 9], [1, 1, 8, 8], [70, 3, 90, 9], [2, 2, 6, 6]])
    scores = np.array([0.5, 0.9, 0.7, 0.8, 0.2])
    persons = np.array([True, True, False, True, True])
    found = chosen_boxes(boxes, scores, persons, (64, 24), 0.4)
    assert found.boxes.tolist() == [[3, 3, 9, 9], [0, 2, 20, 24]]
    assert found.scores.tolist() == [0.9, 0.5]
    nobody = chosen_boxes(np.empty((0, 4)), np.empty(0), np.empty(0, bool), (64, 24), 0.4)
    assert (nobody.boxes.shape, nobody.scores.shape) == ((0, 4), (0,))
