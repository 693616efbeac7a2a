"""Meso4, the smallest published detector: four convolutions, 28,000 weights.

Afchar et al., MesoNet: a Compact Facial Video Forgery Detection Network, 2018 (arXiv:1809.00888),
section 3.1. No package on PyPI ships its weights, so they are random here: a lower bound for the
time of a network, not for its errors.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

SIZE = 256
"""Side of its input in pixels."""

_BLOCKS = ((8, 3, 2), (8, 5, 2), (16, 5, 2), (16, 5, 4))
"""Of each block of layers: filters, their side, and side of the pooling behind them."""

_UNITS = 16

_SLOPE = 0.1
"""Of the LeakyReLU."""


def meso4_graph(seed: int = 0) -> onnx.ModelProto:
    """Build the network.

    Args:
        seed: Of the random weights.

    Returns:
        A graph from `image`, uint8 [batch, 256, 256, 3], to `p_fake`, float32 [batch, 1].
    """
    random = np.random.default_rng(seed)
    weights: list[TensorProto] = []

    def weight(name: str, *shape: int) -> str:
        values = random.normal(0, 1 / np.sqrt(np.prod(shape[1:]) or 1), shape)
        weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def constant(name: str, values: object, dtype: type = np.float32) -> str:
        weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    nodes: list[NodeProto] = [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["pixels", constant("white", 255)], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["planes"], perm=[0, 3, 1, 2]),
    ]
    x, channels, side = "planes", 3, SIZE
    for number, (filters, kernel, pooling) in enumerate(_BLOCKS):
        at = f"block{number}"
        kernels = weight(f"{at}_kernel", filters, channels, kernel, kernel)
        norm = [
            constant(f"{at}_{name}", np.full(filters, value))
            for name, value in (("scale", 1), ("shift", 0), ("mean", 0), ("variance", 1))
        ]
        y, z, n, p = (f"{at}_{step}" for step in ("convolved", "active", "normal", "pooled"))
        nodes += [
            helper.make_node(
                "Conv", [x, kernels, weight(f"{at}_bias", filters)], [y], auto_pad="SAME_UPPER"
            ),
            helper.make_node("Relu", [y], [z]),
            helper.make_node("BatchNormalization", [z, *norm], [n]),
            helper.make_node(
                "MaxPool", [n], [p], kernel_shape=[pooling] * 2, strides=[pooling] * 2
            ),
        ]
        x, channels, side = p, filters, side // pooling
    width = channels * side * side
    nodes += [
        helper.make_node("Flatten", [x], ["row"]),
        helper.make_node(
            "Gemm",
            ["row", weight("hidden", _UNITS, width), weight("hidden_bias", _UNITS)],
            ["h"],
            transB=1,
        ),
        helper.make_node("LeakyRelu", ["h"], ["a"], alpha=_SLOPE),
        helper.make_node(
            "Gemm", ["a", weight("last", 1, _UNITS), weight("last_bias", 1)], ["logit"], transB=1
        ),
        helper.make_node("Sigmoid", ["logit"], ["p_fake"]),
    ]
    graph = helper.make_graph(
        nodes,
        "meso4",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", SIZE, SIZE, 3])],
        [helper.make_tensor_value_info("p_fake", TensorProto.FLOAT, ["batch", 1])],
        weights,
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model
