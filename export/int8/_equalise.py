"""Cross-layer equalisation: the same function with channels of similar range, which suits int8.

One scale serves all channels of a feature map, so a channel that never rises above a tenth of the
largest has a tenth of the steps. But where a map is made by convolutions and read by convolutions,
every channel may be scaled up on the way in and down on the way out (Nagel et al. 2019,
arXiv 1906.04721): the numbers in between fill the range, the result is the same. Behind a clip such
as ReLU6 a channel may be scaled as far as its own largest value reaches the clip; it is then
clipped at that value, which changes nothing on the pictures that it was measured on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from export.int8._graph import ACTIVATIONS, Crops, Floats, Graph, observe

if TYPE_CHECKING:
    import onnx

MOST = 64.0
"""Largest factor of a channel; nearly silent ones keep coarse steps."""


def equalise(model: onnx.ModelProto, crops: Crops, strength: float) -> int:
    """Scale channels between convolutions so that they fill their range, in place.

    Args:
        model: A classifier; its weights change, its function does not.
        crops: RGB crops to measure on, uint8 [n, size, size, 3].
        strength: 0 to 1: exponent of the factors that would make all channels of a map that
            one-to-one (depthwise) convolutions do not read equally large. Below 1 some of the
            difference stays, since the weights that read the map become unequal in its place.

    Returns:
        Number of feature maps, or sets of maps joined by sums, that were scaled.
    """
    graph = Graph(model)
    joined = [group for group in _joined(graph) if _fits(graph, group)]
    seen = observe(model, [name for group in joined for name in group], crops)
    for group in joined:
        _scale(graph, group, _factors(graph, group, seen, strength))
    return len(joined)


def _joined(graph: Graph) -> list[list[str]]:
    """Feature maps that must share their factors: what activations and sums put together."""
    root: dict[str, str] = {}

    def find(name: str) -> str:
        root.setdefault(name, name)
        while root[name] != name:
            name = root[name]
        return name

    for node in graph.convolutions:
        find(node.output[0])
    for node in graph.nodes:
        maps = [node.output[0]]
        if node.op_type in ACTIVATIONS:
            maps.append(node.input[0])
        elif node in graph.sums:
            maps += node.input
        else:
            continue
        for name in maps[1:]:
            root[find(name)] = find(maps[0])
    groups: dict[str, list[str]] = {}
    for name in root:
        groups.setdefault(find(name), []).append(name)
    return list(groups.values())


def _fits(graph: Graph, group: list[str]) -> bool:
    """Whether only convolutions make and read the maps (with activations and sums between)."""
    inside = set(group)
    read = False
    for name in group:
        maker = graph.maker.get(name)
        if maker is None or name in graph.outputs:
            return False
        if maker not in graph.convolutions and not inside & set(maker.input):
            return False
        for node in graph.readers[name]:
            if inside & set(node.output):
                continue
            if node not in graph.convolutions or node.input[0] != name:
                return False
            if not graph.is_depthwise(node) and graph.groups(node) != 1:
                return False
            read = True
    return read


def _factors(
    graph: Graph,
    group: list[str],
    seen: dict[str, tuple[Floats, Floats, Floats]],
    strength: float,
) -> Floats:
    limits = [
        graph.bounds(node)
        for node in (graph.maker[name] for name in group)
        if node.op_type in ACTIVATIONS
    ]
    ceiling = min((high for _, high in limits), default=np.inf)
    inside = [name for name in group if not graph.activation(name)]
    size = np.max([np.maximum(np.abs(seen[n][0]), np.abs(seen[n][1])) for n in inside], axis=0)
    target = min(float(size.max()), ceiling) if np.isinf(ceiling) else ceiling
    if any(np.isnan(v) or (low not in (0.0, -np.inf)) for low, high in limits for v in (low, high)):
        return np.ones_like(size)
    readers = [node for name in group for node in graph.readers[name] if node in graph.convolutions]
    exponent = 1.0 if all(graph.is_depthwise(node) for node in readers) else strength
    wanted = (target / np.maximum(size, target / MOST)) ** exponent
    return np.asarray(np.maximum(wanted, 1.0), np.float32)


def _scale(graph: Graph, group: list[str], factors: Floats) -> None:
    for node in graph.convolutions:
        weights = graph.constant(node.input[1])
        if node.output[0] in group:
            graph.set_constant(node.input[1], weights * factors[:, None, None, None])
            if len(node.input) > 2 and node.input[2]:
                graph.set_constant(node.input[2], graph.constant(node.input[2]) * factors)
        weights = graph.constant(node.input[1])
        if node.input[0] in group:
            shape = (-1, 1, 1, 1) if graph.is_depthwise(node) else (1, -1, 1, 1)
            graph.set_constant(node.input[1], weights / factors.reshape(shape))
