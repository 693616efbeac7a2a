"""Rewrites BlazeFace to run faster in ONNX Runtime, with the same outputs except for rounding.

On x86 ONNX Runtime computes convolutions on blocks of channels (NCHWc) and fuses the sum and the
ReLU after a convolution, but only while every feature map between them stays in that layout: a
shortcut padded with zero channels, or a map with fewer channels than a block, forces it back to
plain maps, with a reordering before and after. So

- maps are padded with zero channels to a multiple of a block, by zero rows in the weights; the
  kernels compute full blocks anyway (`pad_to_blocks`),
- a padded shortcut that is added to a convolution becomes two convolutions side by side: the
  shortcut is added to the first, and nothing to the second (`split_shortcuts`),
- outputs that nobody reads, the six key points of each face, are not computed
  (`drop_unused_values`).

All of it takes the graph as its nodes in order and its constants by name, and changes both in
place; constants are added, never changed. It knows the operators of BlazeFace and no others:
`export._blazeface.check_tflite_parity` says whether the outputs are still the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnx

BLOCK = 16
"""Channels in a block of AVX-512. That of AVX2 is 8: blocks stay whole there, but more of their
channels are zeros."""

Array = npt.NDArray[Any]


def drop_unused_values(
    nodes: list[onnx.NodeProto], tensors: dict[str, Array], values: int, keep: int
) -> None:
    """Compute only the first `keep` of the `values` that the network outputs for each anchor."""
    made = {node.output[0]: node for node in nodes}
    for reshape in nodes:
        if reshape.op_type != "Reshape" or tensors[reshape.input[1]][-1] != values:
            continue
        conv = made[reshape.input[0]]
        if conv.op_type == "Transpose":
            conv = made[conv.input[0]]
        for i in (1, 2):
            rows = tensors[conv.input[i]]
            conv.input[i] += f"_{keep}"
            kept = rows.reshape(-1, values, *rows.shape[1:])[:, :keep]
            tensors[conv.input[i]] = kept.reshape(-1, *rows.shape[1:])
        reshape.input[1] = f"shape_{keep}"
        tensors[reshape.input[1]] = np.array([0, -1, keep], np.int64)


def pad_to_blocks(
    nodes: list[onnx.NodeProto], tensors: dict[str, Array], image: str
) -> list[onnx.NodeProto]:
    """Pad all maps between the image and the heads to full blocks of channels.

    The heads are the convolutions that a `Transpose` or a `Reshape` follows.

    Args:
        nodes: The graph in order, from `image` to the heads and beyond.
        tensors: Its constants.
        image: Name of the map of three channels that the first convolution takes.

    Returns:
        The nodes that are left.
    """
    flat = ("Transpose", "Reshape")
    heads = {name for node in nodes if node.op_type in flat for name in node.input[:1]}
    meant: dict[str, int] = {image: 3}  # channels of each map that carry values
    wide: dict[str, int] = {image: 3}  # the same including zero channels
    same: dict[str, str] = {}
    kept: list[onnx.NodeProto] = []
    for node in nodes:
        node.input[:] = [same.get(name, name) for name in node.input]
        source, output = node.input[0], node.output[0]
        kept.append(node)
        if source not in wide:  # behind the heads
            continue
        meant[output], wide[output] = meant[source], wide[source]
        if node.op_type == "Conv":
            meant[output] = len(tensors[node.input[1]])
            wide[output] = meant[output] if output in heads else _round_up(meant[output])
            _widen(node, tensors, wide[output], wide[source])
            if output in heads:
                del wide[output]
        elif node.op_type == "Add":
            meant[output] = max(meant[name] for name in node.input)
        elif node.op_type == "Pad":
            meant[output] += int(tensors[node.input[1]][_CHANNELS_AFTER])
            wide[output] = _round_up(meant[output])
            if wide[output] == wide[source]:
                kept.pop()
                same[output] = source
            else:
                more = wide[output] - wide[source]
                node.input[1] = f"{more}_channels"
                tensors[node.input[1]] = np.array([0, 0, 0, 0, 0, more, 0, 0], np.int64)
    return kept


_CHANNELS_AFTER = 5
"""Place in the eight paddings of a map, [n, channels, h, w] before and after."""


def split_shortcuts(nodes: list[onnx.NodeProto], tensors: dict[str, Array]) -> list[onnx.NodeProto]:
    """Replace sums with a padded shortcut by two convolutions side by side.

    Each `Pad` has an `Add` with a convolution as its only reader, and a `Relu` after it.

    Returns:
        The nodes of the new graph, in order.
    """
    from onnx import helper

    made = {node.output[0]: node for node in nodes}
    reader = {name: node for node in nodes for name in node.input}
    gone: set[str] = set()
    instead: dict[str, list[onnx.NodeProto]] = {}
    for pad in (node for node in nodes if node.op_type == "Pad"):
        add = reader[pad.output[0]]
        relu = reader[add.output[0]]
        (conv,) = (made[name] for name in add.input if name != pad.output[0])
        count = len(tensors[conv.input[1]]) - int(tensors[pad.input[1]][_CHANNELS_AFTER])
        halves = []
        for name, rows in (("a", slice(None, count)), ("b", slice(count, None))):
            half = type(conv)()
            half.CopyFrom(conv)
            half.name = ""
            half.output[0] += name
            for i in (1, 2):
                half.input[i] += name
                tensors[half.input[i]] = tensors[conv.input[i]][rows]
            halves.append(half)
        out = relu.output[0]
        first, second = (half.output[0] for half in halves)
        instead[out] = [
            *halves,
            helper.make_node("Add", [pad.input[0], first], [f"{add.output[0]}a"]),
            helper.make_node("Relu", [f"{add.output[0]}a"], [f"{out}a"]),
            helper.make_node("Relu", [second], [f"{out}b"]),
            helper.make_node("Concat", [f"{out}a", f"{out}b"], [out], axis=1),
        ]
        gone |= {pad.output[0], conv.output[0], add.output[0]}
    return [
        new
        for node in nodes
        if node.output[0] not in gone
        for new in instead.get(node.output[0], [node])
    ]


def _round_up(channels: int) -> int:
    return -(-channels // BLOCK) * BLOCK


def _widen(node: onnx.NodeProto, tensors: dict[str, Array], outputs: int, inputs: int) -> None:
    """Give a convolution more outputs, which are zero, and more inputs, which have no effect."""
    weights = tensors[node.input[1]]
    if weights.shape[1] == 1 and len(weights) > 1:
        inputs = 1  # depthwise: each output has one input
        (group,) = (attribute for attribute in node.attribute if attribute.name == "group")
        group.i = outputs
    shapes = {1: (outputs, inputs, *weights.shape[2:]), 2: (outputs,)}
    for i, shape in shapes.items():
        array = tensors[node.input[i]]
        if array.shape != shape:
            node.input[i] += f"_{'x'.join(map(str, shape[:2]))}"
            grown = [(0, new - old) for new, old in zip(shape, array.shape, strict=True)]
            tensors[node.input[i]] = np.pad(array, grown)
