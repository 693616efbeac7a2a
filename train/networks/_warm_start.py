"""Initialise a network with the weights of an exported detector.

The convolutions of its `model.onnx` have batch norm fused in. They go into the same layers of the
network to be trained, each divided by the scale of that layer's batch norm, so that optimizer steps
have the same effect as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from fakeface.model_directory import find_model, load_model, read_model
from train.errors import WeightsError
from train.networks._detector import ConvBN
from train.networks._heads import LOGIT

if TYPE_CHECKING:
    import keras
    import onnx

Weights = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
"""Kernel, in Keras's layout, and bias."""

_SMALLEST = 1e-6  # a channel that batch norm scales by less was dead: its scale becomes 1


class Exported(NamedTuple):
    """The weights of an exported detector.

    Attributes:
        convolutions: Those of its convolutions, in order.
        head: Those of its linear head, [channels, 1] and [1].
    """

    convolutions: list[Weights]
    head: Weights


def load_initial_weights(network: keras.Model, model: str) -> None:
    """Set convolutions and head of a network to those of an exported detector.

    Args:
        network: From `train.networks._detector.detector`. It may end at an earlier layer than the
            exported network, whose later convolutions are then not used.
        model: As for `read_exported`.

    Raises:
        WeightsError: The convolutions, or the heads, of the two do not match.
        ModelError: There is no such model.
    """
    exported = read_exported(model)
    own = [layer for layer in network.layers if isinstance(layer, ConvBN)]
    logit = network.get_layer(LOGIT)
    theirs = [kernel.shape for kernel, _ in exported.convolutions[: len(own)]]
    if theirs != [tuple(layer.kernel.shape) for layer in own] or (
        exported.head[0].shape != tuple(logit.kernel.shape)
    ):
        raise WeightsError(
            f"{model} does not fit the network of this recipe: it must be an export of the same"
            " backbone, with a head on the same layer"
        )
    for layer, (kernel, bias) in zip(own, exported.convolutions, strict=False):
        deviation = np.sqrt(np.asarray(layer.variance) + layer.epsilon)
        scale = np.asarray(layer.gamma) / deviation
        scale = np.where(np.abs(scale) < _SMALLEST, 1.0, scale).astype(np.float32)
        layer.gamma.assign(scale * deviation)
        layer.kernel.assign(kernel / (scale[:, np.newaxis] if layer.depthwise else scale))
        layer.beta.assign(bias + np.asarray(layer.mean) * scale)
    logit.set_weights(list(exported.head))


def read_exported(model: str) -> Exported:
    """Read the weights of an exported detector.

    Args:
        model: Name of a bundled model or path of a model directory, in fp32.

    Raises:
        ModelError: There is no such model, or its file has another digest than stated.
        WeightsError: Its weights are not plain float32, or it has no linear head.
    """
    import onnx
    from onnx import numpy_helper

    info = read_model(find_model(model))
    _, data = load_model(info.path, info.kind)
    graph = onnx.load_from_string(data).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    try:
        (head,) = (_linear(node, constants) for node in graph.node if node.op_type == "Gemm")
        convolutions = [
            _convolution(node, constants) for node in graph.node if node.op_type == "Conv"
        ]
    except (KeyError, IndexError, ValueError) as error:
        raise WeightsError(
            f"{model}: no training can start from it, its weights are not fp32 with a linear head"
        ) from error
    return Exported(convolutions, head)


def _convolution(node: onnx.NodeProto, constants: dict[str, npt.NDArray[np.float32]]) -> Weights:
    kernel, bias = (constants[name] for name in node.input[1:3])
    depthwise = any(a.name == "group" and a.i > 1 for a in node.attribute)
    return kernel.transpose(2, 3, 0, 1) if depthwise else kernel.transpose(2, 3, 1, 0), bias


def _linear(node: onnx.NodeProto, constants: dict[str, npt.NDArray[np.float32]]) -> Weights:
    kernel, bias = (constants[name] for name in node.input[1:3])
    return kernel.T if any(a.name == "transB" and a.i for a in node.attribute) else kernel, bias
