"""A classifier's ONNX graph as quantisation sees it: convolutions and what joins them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnx

    Session = Any

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Crops = npt.NDArray[np.uint8]

ACTIVATIONS = ("Clip", "Relu")
"""What may stand behind a convolution and vanish in the range of the 8-bit numbers."""

BATCH = 16
"""Crops per run while something is measured."""


class Graph:
    """A graph and who makes and who reads each of its tensors.

    Built once per graph; nodes may be rewired through it only by making a new one.

    Attributes:
        model: The model.
        nodes: Its nodes, in order.
        maker: The node that makes a tensor.
        readers: The nodes that read a tensor.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        """Index a model."""
        self.model = model
        self.nodes = list(model.graph.node)
        self.maker = {name: node for node in self.nodes for name in node.output}
        self.readers: defaultdict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in self.nodes:
            for name in node.input:
                self.readers[name].append(node)
        self._where = {value.name: value for value in model.graph.initializer}

    @cached_property
    def outputs(self) -> frozenset[str]:
        """Names of the graph's outputs."""
        return frozenset(value.name for value in self.model.graph.output)

    def is_constant(self, name: str) -> bool:
        """Whether a tensor is an initialiser."""
        return name in self._where

    def constant(self, name: str) -> npt.NDArray[Any]:
        """The values of an initialiser."""
        from onnx import numpy_helper

        return numpy_helper.to_array(self._where[name])

    def set_constant(self, name: str, values: npt.NDArray[Any]) -> None:
        """Change the values of an initialiser, in the model itself."""
        from onnx import numpy_helper

        self._where[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), name))

    @cached_property
    def convolutions(self) -> list[onnx.NodeProto]:
        """The convolutions with constant weights, in order."""
        return [n for n in self.nodes if n.op_type == "Conv" and self.is_constant(n.input[1])]

    @cached_property
    def sums(self) -> list[onnx.NodeProto]:
        """Additions of two feature maps of which a convolution follows: residual connections."""
        before: set[str] = set()
        for node in reversed(self.nodes):
            if node in self.convolutions or any(name in before for name in node.output):
                before.update(node.input)
        return [
            node
            for node in self.nodes
            if node.op_type == "Add"
            and not any(self.is_constant(name) for name in node.input)
            and node.output[0] in before
        ]

    def groups(self, convolution: onnx.NodeProto) -> int:
        """Number of groups of a convolution."""
        return next((a.i for a in convolution.attribute if a.name == "group"), 1)

    def is_depthwise(self, convolution: onnx.NodeProto) -> bool:
        """Whether each filter of a convolution sees one channel of its own."""
        shape = self.constant(convolution.input[1]).shape
        return bool(shape[1] == 1 and self.groups(convolution) == shape[0])

    def activation(self, tensor: str) -> onnx.NodeProto | None:
        """The activation that is the only reader of a tensor, if there is one."""
        readers = self.readers[tensor]
        if len(readers) == 1 and readers[0].op_type in ACTIVATIONS and tensor not in self.outputs:
            return readers[0]
        return None

    def activated(self, convolution: onnx.NodeProto) -> str:
        """What a convolution makes, behind its activation if it has one."""
        node = self.activation(convolution.output[0])
        return str((node or convolution).output[0])

    def bounds(self, activation: onnx.NodeProto) -> tuple[float, float]:
        """Lowest and highest value that an activation lets through."""
        if activation.op_type == "Relu":
            return 0.0, np.inf
        low, high = -np.inf, np.inf
        for index, name in enumerate(activation.input[1:]):
            if name:
                value = float(self.constant(name)) if self.is_constant(name) else np.nan
                low, high = (value, high) if index == 0 else (low, value)
        return low, high


def copy_model(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy of a model that may be changed."""
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def observe(
    model: onnx.ModelProto, tensors: Iterable[str], crops: Crops
) -> dict[str, tuple[Floats, Floats, Floats]]:
    """Lowest, highest and mean value of every channel of some feature maps.

    Args:
        model: A classifier with input `image`.
        tensors: Names of feature maps, each [n, channels, h, w].
        crops: RGB crops, uint8 [n, size, size, 3].

    Returns:
        For each tensor three arrays of shape [channels].
    """
    from onnx import helper

    names = list(dict.fromkeys(tensors))
    probe = copy_model(model)
    wanted = []
    for index, name in enumerate(names):
        for kind in ("ReduceMin", "ReduceMax", "ReduceMean"):
            out = f"observed-{index}-{kind}"
            probe.graph.node.append(
                helper.make_node(kind, [name], [out], name=out, axes=[2, 3], keepdims=0)
            )
            probe.graph.output.append(helper.make_empty_tensor_value_info(out))
            wanted.append(out)
    found = run(probe, crops, wanted)
    return {
        name: (
            found[3 * index].min(axis=0),
            found[3 * index + 1].max(axis=0),
            found[3 * index + 2].mean(axis=0),
        )
        for index, name in enumerate(names)
    }


def run(model: onnx.ModelProto, crops: Crops, outputs: list[str]) -> list[Floats]:
    """Run a graph that is not on disk over many crops.

    Args:
        model: A classifier with input `image`.
        crops: RGB crops, uint8 [n, size, size, 3].
        outputs: Names of outputs.

    Returns:
        One array per output, the first axis being that of the crops.
    """
    from fakeface.inference import open_session

    session = open_session("model in the making", model.SerializeToString(), "cpu")
    parts = [
        session.run(outputs, {"image": crops[start : start + BATCH]})
        for start in range(0, len(crops), BATCH)
    ]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]
