"""An ONNX file of RTMPose's architecture with random weights, to time what has not been downloaded.

    python benchmarks/random_rtmpose.py FILE.onnx [--size m] [--keypoints 26]

It computes what the published network computes, layer by layer, and knows nothing: its keypoints are noise.
Jiang et al., "RTMPose", 2023 (the head) on CSPNeXt of Lyu et al., "RTMDet", 2022 (the backbone). Prints the
number of parameters, to be held against the published one (m: 13.59 million with 17 keypoints, 13.93 with 26).
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZES = {"t": (0.167, 0.375), "s": (0.33, 0.5), "m": (0.67, 0.75), "l": (1.0, 1.0)}
"""Depth and width of CSPNeXt, against the largest of these."""
_STAGES = ((64, 128, 3), (128, 256, 6), (256, 512, 6), (512, 1024, 3))
"""Channels in and out, and blocks, at full depth and width."""
_HIDDEN, _KEY, _EXPANSION = 256, 128, 2
"""The gated attention unit's sizes in every published RTMPose."""


class _Graph:
    """The nodes and weights of a network that grows; every method returns the name of what it adds."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.parameters = 0
        self._random = np.random.default_rng(seed)

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        output = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values: Any) -> str:
        name = f"constant{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def weight(self, *shape: int) -> str:
        """Normal values of a size that keeps what passes through about as large as it was."""
        inputs = int(np.prod(shape[1:])) if len(shape) == 4 else shape[0]
        self.parameters += int(np.prod(shape))
        return self.constant((self._random.standard_normal(shape) * (2 / inputs) ** 0.5).astype(np.float32))

    def convolution(
        self,
        x: str,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int = 1,
        groups: int = 1,
        act: bool = True,
    ) -> str:
        """A convolution, its batch normalisation folded in as in an exported file, and SiLU."""
        self.parameters += outputs  # its bias, and in training a second value of the normalisation
        bias = self.constant(np.zeros(outputs, np.float32))
        y = self.add(
            "Conv",
            x,
            self.weight(outputs, inputs // groups, kernel, kernel),
            bias,
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=[kernel // 2] * 4,
            group=groups,
        )
        return self.add("Mul", y, self.add("Sigmoid", y)) if act else y

    def stage(self, x: str, channels: int, blocks: int, identity: bool) -> str:
        """A cross-stage-partial layer with channel attention."""
        half = channels // 2
        short = self.convolution(x, channels, half, 1)
        main = self.convolution(x, channels, half, 1)
        for _ in range(blocks):
            y = self.convolution(main, half, half, 3)
            y = self.convolution(y, half, half, 5, groups=half)
            y = self.convolution(y, half, half, 1)
            main = self.add("Add", main, y) if identity else y
        both = self.add("Concat", main, short, axis=1)
        gate = self.convolution(self.add("GlobalAveragePool", both), channels, channels, 1, act=False)
        both = self.add("Mul", both, self.add("HardSigmoid", gate, alpha=1 / 6))
        return self.convolution(both, channels, channels, 1)

    def pyramid_pooling(self, x: str, channels: int) -> str:
        x = self.convolution(x, channels, channels // 2, 1)
        pooled = [
            self.add("MaxPool", x, kernel_shape=[size] * 2, strides=[1, 1], pads=[size // 2] * 4)
            for size in (5, 9, 13)
        ]
        return self.convolution(self.add("Concat", x, *pooled, axis=1), channels * 2, channels, 1)

    def scale_norm(self, x: str) -> str:
        norm = self.add("ReduceL2", x, axes=[-1], keepdims=1)
        return self.add("Div", x, self.add("Clip", norm, self.constant(np.float32(1e-5))))

    def linear(self, x: str, inputs: int, outputs: int) -> str:
        return self.add("MatMul", x, self.weight(inputs, outputs))

    def attention(self, x: str) -> str:
        """The gated attention unit over the keypoints, with its residual."""
        wide = _HIDDEN * _EXPANSION
        y = self.linear(self.scale_norm(x), _HIDDEN, 2 * wide + _KEY)
        y = self.add("Mul", y, self.add("Sigmoid", y))
        gate, value, base = (f"{y}_{part}" for part in ("gate", "value", "base"))
        split = self.constant(np.array([wide, wide, _KEY], np.int64))
        self.nodes.append(helper.make_node("Split", [y, split], [gate, value, base], axis=2))
        query = self.add("Mul", base, self.weight(1, _KEY))
        key = self.add("Transpose", self.add("Mul", base, self.weight(1, _KEY)), perm=[0, 2, 1])
        kernel = self.add("Relu", self.add("MatMul", query, key))
        kernel = self.add("Mul", kernel, kernel)
        mixed = self.add("Mul", gate, self.add("MatMul", kernel, value))
        return self.add("Add", x, self.linear(mixed, wide, _HIDDEN))


def write_random_rtmpose(
    path: Path, size: str = "m", keypoints: int = 26, input_size: tuple[int, int] = (256, 192), seed: int = 0
) -> int:
    """Write the file; returns its number of parameters. `input_size` is height, width, multiples of 32."""
    depth, width = SIZES[size]
    height, breadth = input_size
    graph = _Graph(seed)
    stem = int(_STAGES[0][0] * width)
    x = graph.convolution("input", 3, stem // 2, 3, stride=2)
    x = graph.convolution(x, stem // 2, stem // 2, 3)
    x = graph.convolution(x, stem // 2, stem, 3)
    for number, (inputs, outputs, blocks) in enumerate(_STAGES):
        last = number == len(_STAGES) - 1
        channels = int(outputs * width)
        x = graph.convolution(x, int(inputs * width), channels, 3, stride=2)
        if last:
            x = graph.pyramid_pooling(x, channels)
        x = graph.stage(x, channels, max(round(blocks * depth), 1), identity=not last)
    x = graph.convolution(x, int(_STAGES[-1][1] * width), keypoints, 7, act=False)
    places = (height // 32) * (breadth // 32)
    x = graph.add("Reshape", x, graph.constant(np.array([-1, keypoints, places], np.int64)))
    x = graph.attention(graph.linear(graph.scale_norm(x), places, _HIDDEN))
    outputs = []
    for name, bins in (("simcc_x", 2 * breadth), ("simcc_y", 2 * height)):
        # a trained network's curves are about 1 at their highest
        small = graph.add("Mul", x, graph.constant(np.float32(0.1)))
        graph.nodes.append(helper.make_node("MatMul", [small, graph.weight(_HIDDEN, bins)], [name]))
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", keypoints, bins]))
    picture = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 3, height, breadth])
    model = helper.make_model(
        helper.make_graph(graph.nodes, f"random-rtmpose-{size}", [picture], outputs, graph.weights),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return graph.parameters


def main() -> None:
    """Write a file and print how many parameters it has."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--size", choices=SIZES, default="m")
    parser.add_argument("--keypoints", type=int, default=26)
    arguments = parser.parse_args()
    parameters = write_random_rtmpose(arguments.file, arguments.size, arguments.keypoints)
    print(
        f"{arguments.file}: RTMPose-{arguments.size} with random weights, {parameters / 1e6:.2f} million parameters"
    )


if __name__ == "__main__":
    main()
