"""Initialise a network with the weights of an exported detector.

The convolutions of its `model.onnx` have batch norm fused in. They go into the same layers of the
network to be trained, each divided by the scale of that layer's batch norm, so that optimizer steps
have the same effect as before. The head starts anew, or from that of the exported detector.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fakeface.model_directory import MODELS, read_model
from train.errors import WeightsError
from train.networks._heads import LOGIT
from train.networks._multistage import ConvBN

if TYPE_CHECKING:
    import keras
    import onnx

Weights = npt.NDArray[np.float32]

_SMALLEST = 1e-6  # a channel that batch norm scales by less was dead: its scale becomes 1


def load_initial_weights(network: keras.Model, model: str, *, head: bool = False) -> None:
    """Set the convolutions of a network to those of an exported detector.

    Args:
        network: From `train.networks._multistage.with_conv_bn` or `detector`. It may end at an
            earlier layer than the exported network, whose later layers are then not used.
        model: Name of a bundled model or path of a model directory, in fp32; for a member of an
            ensemble with its number, as `edge:2`.
        head: Whether the head starts there too; the network is then a `detector`.

    Raises:
        WeightsError: The convolutions, or the heads, of the two do not match.
        ModelError: There is no such model.
    """
    folder, nodes, constants, exported_head = _member(model)
    exported = _convolutions(folder, nodes, constants)
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
        weights = _checked_head(folder, exported_head)
        if weights[0].shape != tuple(logit.kernel.shape):
            raise WeightsError(
                f"{folder} has a head of {weights[0].shape} for the {tuple(logit.kernel.shape)} of"
                " this recipe: finetune.initial_head needs the same layers under it"
            )
        logit.set_weights(list(weights))


def model_folder(model: str) -> Path:
    """Return the directory of a bundled model, by its name, or the path as it is.

    A member of an ensemble, `edge:2`, is in the ensemble's directory.
    """
    name = _split(model)[0]
    return MODELS / name if (MODELS / name).is_dir() else Path(name)


def _split(model: str) -> tuple[str, int]:
    """Split off the number of an ensemble's member, from 1; 0 if there is none."""
    match = re.fullmatch(r"(.+):(\d+)", model)
    return (match[1], int(match[2])) if match else (model, 0)


def convolutions(model: str) -> list[tuple[Weights, Weights]]:
    """Read kernels, in Keras's layout, and biases of an exported network, in order.

    Args:
        model: As for `load_initial_weights`.

    Raises:
        ModelError: It is no model directory, or its file has another digest than stated.
        WeightsError: Its kernels are not plain float32, or it is an ensemble of which no member, or
            one that it does not have, is named.
    """
    folder, nodes, constants, _ = _member(model)
    return _convolutions(folder, nodes, constants)


def _convolutions(
    folder: Path, nodes: list[onnx.NodeProto], constants: dict[str, Weights]
) -> list[tuple[Weights, Weights]]:
    found = []
    for node in nodes:
        if node.op_type != "Conv":
            continue
        kept = constants.get(node.input[1])
        if kept is None or len(node.input) < 3:
            raise WeightsError(f"{folder}: no training can start from it, its weights are not fp32")
        kernel, bias = (constants[name] for name in node.input[1:3])
        depthwise = any(a.name == "group" and a.i > 1 for a in node.attribute)
        found.append(
            (kernel.transpose(2, 3, 0, 1) if depthwise else kernel.transpose(2, 3, 1, 0), bias)
        )
    return found


def exported_head(model: str) -> tuple[Weights, Weights]:
    """Read kernel, [channels, 1], and bias, [1], of an exported detector's linear head.

    Of a member of an ensemble, the bias is the ensemble's.

    Args:
        model: As for `load_initial_weights`.

    Raises:
        ModelError: It is none, or its file is not the one that it describes.
        WeightsError: As for `convolutions`, or it has no such head.
    """
    folder, _, _, head = _member(model)
    return _checked_head(folder, head)


def _checked_head(folder: Path, head: tuple[Weights, Weights] | None) -> tuple[Weights, Weights]:
    if head is None:
        raise WeightsError(f"{folder}: has no linear head that a training could start from")
    return head


def _member(
    model: str,
) -> tuple[Path, list[onnx.NodeProto], dict[str, Weights], tuple[Weights, Weights] | None]:
    """Read a network, or one member of an ensemble: folder, nodes, constants and linear head."""
    import onnx
    from onnx import numpy_helper

    folder, (_, number) = model_folder(model), _split(model)
    members = read_model(folder).provenance.get("ensemble", [])
    if number > len(members) or (members and not number):
        choice = f"{model}:1 to :{len(members)}" if members else "no ensemble"
        raise WeightsError(f"{model}: which network? {folder} is {choice}")
    graph = onnx.load(folder / "model.onnx").graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = list(graph.node)
    for gemm in nodes:
        head = _linear_head(gemm, constants)
        if head is None:
            continue
        if not members:
            return folder, nodes, constants, head
        joined = next(node for node in nodes if gemm.input[0] in node.output)
        maps = [len(member["recipe"]["finetune"]["feature_layers"]) for member in members]
        first = sum(maps[: number - 1])
        pooled = list(joined.input)[first : first + maps[number - 1]]
        sizes = np.cumsum([_channels(nodes, constants, name) for name in joined.input])
        kernel, bias = head
        parts = np.split(kernel, sizes[:-1])[first : first + maps[number - 1]]
        return folder, _before(nodes, pooled), constants, (np.concatenate(parts), bias)
    return folder, nodes, constants, None


def _linear_head(
    node: onnx.NodeProto, constants: dict[str, Weights]
) -> tuple[Weights, Weights] | None:
    if node.op_type != "Gemm" or any(name not in constants for name in node.input[1:3]):
        return None
    kernel, bias = (constants[name] for name in node.input[1:3])
    if any(a.name == "transB" and a.i for a in node.attribute):
        kernel = kernel.T
    return (kernel, bias) if kernel.shape[1:] == (1,) and bias.shape == (1,) else None


def _before(nodes: list[onnx.NodeProto], names: Sequence[str]) -> list[onnx.NodeProto]:
    """Return the nodes that values are computed by, in order."""
    wanted, kept = set(names), []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    return kept[::-1]


def _channels(nodes: list[onnx.NodeProto], constants: dict[str, Weights], name: str) -> int:
    """Return the channels of a pooled map: those of the last convolution before it."""
    last = [node for node in _before(nodes, [name]) if node.op_type == "Conv"][-1]
    return len(constants[last.input[1]])
