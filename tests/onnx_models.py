"""Small ONNX models whose answers are known: they look for colours, where the real ones look for persons.

Both undo the normalisation of the real networks first, so that a wrong mean, deviation or order of channels
makes them blind.
"""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

RGB_MEAN, RGB_DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
_LEVELS = (30, 95, 160, 225)
COLOURS = [(r, g, b) for r in _LEVELS for g in _LEVELS for b in _LEVELS if not r == g == b]
"""Red, green, blue; no greys, and each far from all others."""
KEYPOINT_COLOURS, PERSON_COLOURS = COLOURS[:40], COLOURS[40:]
_TOLERANCE = 25.0

Box = tuple[int, int, int, int]
DOTS = {0: (0.5, 0.1), 5: (0.75, 0.25), 6: (0.25, 0.25), 15: (0.65, 0.92), 16: (0.3, 0.9), 17: (0.25, 0.08)}
"""Some keypoints of Halpe, as parts of a person's box."""


def draw(
    image: np.ndarray, box: Box, person: int, dots: Mapping[int, tuple[float, float]] = DOTS
) -> np.ndarray:
    """A person with dots for keypoints; returns where those are, (26, 2) with NaN for the others."""
    x0, y0, x1, y1 = box
    cv2.rectangle(image, (x0, y0), (x1 - 1, y1 - 1), PERSON_COLOURS[person], -1)
    places = np.full((26, 2), np.nan)
    radius = max(2, round(3 * crop_pixel(box)))
    for keypoint, (along, down) in dots.items():
        places[keypoint] = round(x0 + along * (x1 - x0)), round(y0 + down * (y1 - y0))
        centre = tuple(int(value) for value in places[keypoint])
        cv2.circle(image, centre, radius, KEYPOINT_COLOURS[keypoint], -1)
    return places


def crop_pixel(box: Box) -> float:
    """How many pixels of the picture one of the person's crop is."""
    return 1.25 * max((box[2] - box[0]) / 192, (box[3] - box[1]) / 256)


def write_pose_model(
    path: Path,
    keypoints: int = 26,
    size: tuple[int, int] = (256, 192),
    batch: int | str = "batch",
    scale: float = 1.0,
    names: tuple[str, ...] = ("simcc_x", "simcc_y"),
    turned: bool = False,
) -> Path:
    """A SimCC model: keypoint k is where the colour `KEYPOINT_COLOURS[k % 40]` is, its curves' peaks about `scale`.

    `size` is height and width. With one name only the curves over the columns are given; `turned` gives the rows
    first, which is wrong.
    """
    height, width = size
    colours = [KEYPOINT_COLOURS[number % len(KEYPOINT_COLOURS)] for number in range(keypoints)]
    nodes, weights = _nearness(colours, RGB_MEAN, RGB_DEVIATION)
    # a dot of a few pixels becomes a hill with one highest place
    pool = {"kernel_shape": [5, 5], "pads": [2, 2, 2, 2], "strides": [1, 1], "count_include_pad": 1}
    nodes += [
        helper.make_node("AveragePool", ["near"], ["softer"], **pool),
        helper.make_node("AveragePool", ["softer"], ["hill"], **pool),
        helper.make_node("Mul", ["hill", "scale"], ["scaled"]),
    ]
    weights += [("scale", np.float32(scale)), ("twice", np.array([1, 1, 2], np.float32))]
    order = -1 if turned else 1
    axes, lengths = (2, 3)[::order], (2 * width, 2 * height)[::order]
    outputs = []
    for name, axis, bins in zip(names, axes, lengths, strict=False):
        nodes += [
            helper.make_node("ReduceMax", ["scaled"], [f"{name}_curve"], axes=[axis], keepdims=0),
            # bin 2 p is pixel p, as in SimCC
            helper.make_node(
                "Resize",
                [f"{name}_curve", "", "twice"],
                [name],
                mode="linear",
                coordinate_transformation_mode="asymmetric",
            ),
        ]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [batch, keypoints, bins]))
    return _write(path, nodes, weights, [batch, 3, height, width], outputs)


def write_box_model(
    path: Path, count: int = 20, size: tuple[int | str, int | str] = ("height", "width"), score: float = 0.9
) -> Path:
    """A person detector: person i is the rectangle of the colour `PERSON_COLOURS[i]`, with `score` less i / 100.

    As OpenMMLab's files do it gives `dets` (1, count, 5) and `labels` (1, count).
    """
    colours = [PERSON_COLOURS[number % len(PERSON_COLOURS)] for number in range(count)]
    swapped = [colour[::-1] for colour in colours]  # it is given blue, green, red
    nodes, weights = _nearness(swapped, RGB_MEAN[::-1], RGB_DEVIATION[::-1])
    # the line where two colours blend may look like a third: it is thinner than three pixels
    pool = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [1, 1]}
    nodes += [
        helper.make_node("Neg", ["near"], ["far"]),
        helper.make_node("MaxPool", ["far"], ["far_wide"], **pool),
        helper.make_node("Neg", ["far_wide"], ["core"]),
        helper.make_node("Greater", ["core", "half"], ["found"]),
        helper.make_node("Cast", ["found"], ["mask"], to=TensorProto.FLOAT),
    ]
    edges = []
    for name, axis in (("x", 2), ("y", 3)):
        nodes.append(helper.make_node("ReduceMax", ["mask"], [f"{name}_mask"], axes=[axis], keepdims=0))
        for end, last, beyond in (("0", 0, "minus_one"), ("1", 1, "two")):
            edge = name + end
            nodes += [
                helper.make_node(
                    "ArgMax", [f"{name}_mask"], [f"{edge}_index"], axis=2, keepdims=1, select_last_index=last
                ),
                helper.make_node("Cast", [f"{edge}_index"], [f"{edge}_core"], to=TensorProto.FLOAT),
                helper.make_node("Add", [f"{edge}_core", beyond], [edge]),
            ]
            edges.append(edge)
    nodes += [
        helper.make_node("ReduceMax", ["mask"], ["any"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["any", "ranks"], ["scores"]),
        helper.make_node("Unsqueeze", ["scores", "last"], ["scores_column"]),
        helper.make_node("Concat", ["x0", "y0", "x1", "y1", "scores_column"], ["dets"], axis=2),
        helper.make_node("Identity", ["zeros"], ["labels"]),
    ]
    weights += [
        ("half", np.float32(0.5)),
        ("minus_one", np.float32(-1)),
        ("two", np.float32(2)),
        ("ranks", (score - np.arange(count) / 100).astype(np.float32)[None]),
        ("last", np.array([2], np.int64)),
        ("zeros", np.zeros((1, count), np.int64)),
    ]
    outputs = [
        helper.make_tensor_value_info("dets", TensorProto.FLOAT, [1, count, 5]),
        helper.make_tensor_value_info("labels", TensorProto.INT64, [1, count]),
    ]
    return _write(path, nodes, weights, [1, 3, *size], outputs)


def write_identity_model(path: Path, shape: list[int | str], type: int = TensorProto.FLOAT) -> Path:  # noqa: A002
    """A model that gives what it takes."""
    output = helper.make_tensor_value_info("output", type, shape)
    nodes = [helper.make_node("Identity", ["input"], ["output"])]
    return _write(path, nodes, [], shape, [output], type)


def _nearness(colours: list, mean: tuple, deviation: tuple) -> tuple[list, list]:
    """Nodes from the normalised `input` to `near` (N, colours, H, W): 1 where a pixel has the colour, 0 far from it."""
    wanted = np.array(colours, np.float32)
    nodes = [
        helper.make_node("Mul", ["input", "deviation"], ["contrast"]),
        helper.make_node("Add", ["contrast", "mean"], ["colour"]),
        helper.make_node("Mul", ["colour", "colour"], ["square"]),
        helper.make_node("Concat", ["colour", "square"], ["both"], axis=1),
        helper.make_node("Conv", ["both", "wanted", "offset"], ["nearness"]),
        helper.make_node("Relu", ["nearness"], ["near"]),
    ]
    factors = np.concatenate([2 * wanted, -np.ones_like(wanted)], axis=1)
    weights = [
        ("deviation", np.array(deviation, np.float32).reshape(1, 3, 1, 1)),
        ("mean", np.array(mean, np.float32).reshape(1, 3, 1, 1)),
        ("wanted", (factors / _TOLERANCE**2)[..., None, None].astype(np.float32)),
        ("offset", (1 - (wanted**2).sum(axis=1) / _TOLERANCE**2).astype(np.float32)),
    ]
    return nodes, weights


def _write(
    path: Path,
    nodes: list,
    weights: list,
    shape: list,
    outputs: list,
    type: int = TensorProto.FLOAT,  # noqa: A002
) -> Path:
    constants = [numpy_helper.from_array(np.asarray(values), name) for name, values in weights]
    graph = helper.make_graph(
        nodes, path.stem, [helper.make_tensor_value_info("input", type, shape)], outputs, constants
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path
