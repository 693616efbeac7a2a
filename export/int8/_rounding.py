"""Rounds weights so that what a layer computes changes least, not the weights themselves.

Rounding each weight to the nearest step moves every one by up to half a step, and the errors of a
filter add up over what it reads, which is far from random: neighbouring pixels are alike, channels
go together. So the steps are chosen by coordinate descent on the error of the layer's output over
real crops (as QuantEase does, Behdin et al. 2023): for a filter with weights w, rounded weights q
and covariance H of what it reads, (w - q)' H (w - q) becomes smaller with every change. What is
left of the mean goes into the bias.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from export.int8._graph import Crops, Doubles, Graph, copy_model
from export.int8._quantize import LEVELS
from train.command_line import progress

if TYPE_CHECKING:
    import onnx

    Node = onnx.NodeProto

SWEEPS = 12
"""Passes of coordinate descent over all weights of a filter; few change after that."""

PLACES = 160
"""Places looked at per crop and layer."""

_BATCH = 4

Scales = dict[str, npt.NDArray[np.float32]]


def round_weights(
    model: onnx.ModelProto,
    crops: Crops,
    levels: int = LEVELS,
    seed: int = 0,
    what: str = "rounding weights",
) -> Scales:
    """Round the weights of all convolutions, in place, and correct their biases.

    Args:
        model: From `export.int8._quantize.preprocess_graph`, equalised or not. Its weights become
            multiples of their channels' steps.
        crops: RGB crops to measure on, uint8 [n, size, size, 3].
        levels: Steps on either side of zero.
        seed: For the places sampled.
        what: What to call it in the progress.

    Returns:
        For the weights' names the step of each output channel.
    """
    graph = Graph(model)
    scales: Scales = {}
    for node, mean, covariance in _inputs(graph, crops, seed, what):
        weights = graph.constant(node.input[1])
        flat = weights.reshape(len(mean), -1, mean.shape[1]).astype(np.float64)
        steps = np.abs(flat).max(axis=2, keepdims=True) / levels
        steps[steps == 0] = 1 / levels
        rounded = descend(flat, covariance, steps, levels)
        if len(node.input) > 2 and node.input[2]:
            shift = np.einsum("gok,gk->go", flat - rounded, mean).reshape(-1)
            graph.set_constant(
                node.input[2], (graph.constant(node.input[2]) + shift).astype(np.float32)
            )
        graph.set_constant(node.input[1], rounded.reshape(weights.shape).astype(np.float32))
        scales[node.input[1]] = steps.reshape(-1).astype(np.float32)
    return scales


def descend(weights: Doubles, covariance: Doubles, steps: Doubles, levels: int) -> Doubles:
    """Round filters to multiples of their steps with the least error in what they compute.

    Args:
        weights: Filters by group of inputs, [groups, filters, inputs].
        covariance: Of the inputs of each group, [groups, inputs, inputs].
        steps: Step of each filter, [groups, filters, 1].
        levels: The most steps on either side of zero.

    Returns:
        Rounded weights, never worse than rounding each to the nearest.
    """
    rounded = np.clip(np.round(weights / steps), -levels, levels) * steps
    error = weights - rounded
    # What the error of the other weights asks of each, kept up to date: error . covariance
    pull = error @ covariance
    for _ in range(SWEEPS):
        changed = False
        for i in range(weights.shape[2]):
            own = covariance[:, i, i][:, np.newaxis]
            live = own > 0
            wish = error[:, :, i] - pull[:, :, i] / np.where(live, own, 1)
            step = steps[:, :, 0]
            new = np.clip(np.round((weights[:, :, i] - wish) / step), -levels, levels) * step
            moved = np.where(live, rounded[:, :, i] - new, 0)
            if moved.any():
                changed = True
                rounded[:, :, i] -= moved
                error[:, :, i] += moved
                pull += moved[:, :, np.newaxis] * covariance[:, np.newaxis, i, :]
        if not changed:
            break
    return np.asarray(rounded)


def _inputs(
    graph: Graph, crops: Crops, seed: int, what: str
) -> list[tuple[Node, Doubles, Doubles]]:
    """For every convolution mean and covariance of what its filters read, by group of inputs."""
    from onnx import helper

    from fakeface.inference import open_session

    nodes = [n for n in graph.convolutions if graph.is_depthwise(n) or graph.groups(n) == 1]
    probe = copy_model(graph.model)
    names = list(dict.fromkeys(node.input[0] for node in nodes))
    probe.graph.output.extend(
        helper.make_empty_tensor_value_info(name) for name in names if name not in graph.outputs
    )
    session = open_session("model in the making", probe.SerializeToString(), "cpu")
    rng = np.random.default_rng(seed)
    first: dict[str, Any] = {}
    second: dict[str, Any] = {}
    count: dict[str, int] = dict.fromkeys((node.name for node in nodes), 0)
    starts = range(0, len(crops), _BATCH)
    for start in progress(starts, what, len(starts)):
        found = session.run(names, {"image": crops[start : start + _BATCH]})
        maps = dict(zip(names, found, strict=True))
        for node in nodes:
            read = _patches(graph, node, maps[node.input[0]], rng)
            first[node.name] = first.get(node.name, 0) + read.sum(axis=1, dtype=np.float64)
            second[node.name] = second.get(node.name, 0) + read.transpose(0, 2, 1) @ read
            count[node.name] += read.shape[1]
    out = []
    for node in nodes:
        mean = first[node.name] / count[node.name]
        covariance = second[node.name] / count[node.name] - mean[:, :, None] * mean[:, None, :]
        out.append((node, mean, np.asarray(covariance, np.float64)))
    return out


def _patches(
    graph: Graph, node: Node, maps: npt.NDArray[np.float32], rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """What filters read at some places of their grid: [groups, places, inputs]."""
    attributes = {a.name: list(a.ints) for a in node.attribute if a.ints}
    height, width = graph.constant(node.input[1]).shape[2:]
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    padded = np.pad(maps, ((0, 0), (0, 0), (top, bottom), (left, right)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(2, 3))
    down, across = attributes.get("strides", [1, 1])
    windows = windows[:, :, ::down, ::across]
    n, channels, rows, columns = windows.shape[:4]
    pick = rng.choice(rows * columns, size=min(PLACES, rows * columns), replace=False)
    taken = windows[:, :, pick // columns, pick % columns]  # [n, channels, places, kh, kw]
    if graph.is_depthwise(node):
        return np.ascontiguousarray(taken.transpose(1, 0, 2, 3, 4)).reshape(
            channels, n * len(pick), height * width
        )
    return np.ascontiguousarray(taken.transpose(0, 2, 1, 3, 4)).reshape(
        1, n * len(pick), channels * height * width
    )
