"""Initialise a network with the weights of an exported detector.

The convolutions of its `model.onnx` have batch norm fused in. They go into the same layers of the
network to be trained, each divided by the scale of that layer's batch norm, so that optimizer steps
have the same effect as before. The head starts anew, or from that of the exported detector.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fakeface.model_directory import MODELS, read_model
from train.errors import WeightsError
from train.networks._heads import LOGIT
from train.networks._multistage import ConvBN
from train.networks._tta import is_filter

if TYPE_CHECKING:
    import keras

Weights = npt.NDArray[np.float32]

_SMALLEST = 1e-6  # a channel that batch norm scales by less was dead: its scale becomes 1


def load_initial_weights(network: keras.Model, model: str, *, head: bool = False) -> None:
    """Set the convolutions of a network to those of an exported detector.

    Args:
        network: From `train.networks._multistage.with_conv_bn` or `detector`. It may end at an
            earlier layer than the exported network, whose later layers are then not used.
        model: Name of a bundled model or path of a model directory, in fp32.
        head: Whether the head starts there too; the network is then a `detector`.

    Raises:
        WeightsError: The convolutions, or the heads, of the two do not match.
        ModelError: There is no such model.
    """
    folder = model_folder(model)
    exported = convolutions(folder)
    own = [layer for layer in network.layers if isinstance(layer, ConvBN)]
    if len(exported) < len(own):
        raise WeightsError(
            f"{folder} has {len(exported)} convolutions, the backbone of this recipe {len(own)}:"
            " it must be an export of the same backbone"
        )
    for layer, (kernel, bias) in zip(own, exported, strict=False):
        if kernel.shape != tuple(layer.kernel.shape):
            raise WeightsError(
                f"{folder} does not fit the backbone of this recipe: at {layer.name} it has"
                f" {kernel.shape} for {tuple(layer.kernel.shape)}"
            )
        deviation = np.sqrt(np.asarray(layer.variance) + layer.epsilon)
        scale = np.asarray(layer.gamma) / deviation
        scale = np.where(np.abs(scale) < _SMALLEST, 1.0, scale).astype(np.float32)
        layer.gamma.assign(scale * deviation)
        layer.kernel.assign(kernel / (scale[:, np.newaxis] if layer.depthwise else scale))
        layer.beta.assign(bias + np.asarray(layer.mean) * scale)
    if head:
        logit = network.get_layer(LOGIT)
        weights = exported_head(folder)
        if weights[0].shape != tuple(logit.kernel.shape):
            raise WeightsError(
                f"{folder} has a head of {weights[0].shape} for the {tuple(logit.kernel.shape)} of"
                " this recipe: finetune.initial_head needs the same layers under it"
            )
        logit.set_weights(list(weights))


def model_folder(model: str) -> Path:
    """Return the directory of a bundled model, by its name, or the path as it is."""
    return MODELS / model if (MODELS / model).is_dir() else Path(model)


def convolutions(folder: Path) -> list[tuple[Weights, Weights]]:
    """Read kernels, in Keras's layout, and biases of an exported network, in order.

    Args:
        folder: A model directory.

    Raises:
        ModelError: It is no model directory, or its file has another digest than stated.
        WeightsError: Its kernels are not plain float32.
    """
    import onnx
    from onnx import numpy_helper

    read_model(folder)
    graph = onnx.load(folder / "model.onnx").graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    found = []
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        kept = constants.get(node.input[1])
        if kept is not None and is_filter(kept.dims):
            continue
        if kept is None or len(node.input) < 3:
            raise WeightsError(f"{folder}: no training can start from it, its weights are not fp32")
        kernel, bias = (numpy_helper.to_array(constants[name]) for name in node.input[1:3])
        depthwise = any(a.name == "group" and a.i > 1 for a in node.attribute)
        found.append(
            (kernel.transpose(2, 3, 0, 1) if depthwise else kernel.transpose(2, 3, 1, 0), bias)
        )
    return found


def exported_head(folder: Path) -> tuple[Weights, Weights]:
    """Read kernel, [channels, 1], and bias, [1], of an exported detector's linear head.

    Args:
        folder: A model directory.

    Raises:
        ModelError: It is none, or its file is not the one that it describes.
        WeightsError: It has no such head.
    """
    import onnx
    from onnx import numpy_helper

    read_model(folder)
    graph = onnx.load(folder / "model.onnx").graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Gemm" and all(name in constants for name in node.input[1:3]):
            kernel, bias = (numpy_helper.to_array(constants[name]) for name in node.input[1:3])
            if any(a.name == "transB" and a.i for a in node.attribute):
                kernel = kernel.T
            if kernel.shape[1:] == (1,) and bias.shape == (1,):
                return kernel, bias
    raise WeightsError(f"{folder}: has no linear head that a training could start from")
