"""Recalibrates a quantised model to the fp32 logits, inside the graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from export._errors import QuantizationError
from export.int8._graph import Crops, Doubles, Graph, copy_model, run
from fakeface import ModelInfo

if TYPE_CHECKING:
    import onnx


@dataclass(frozen=True, slots=True)
class Line:
    """A linear map of calibrated logits.

    Attributes:
        slope: What they are multiplied by.
        offset: What is added to them.
    """

    slope: float
    offset: float

    def __call__(self, logits: Doubles) -> Doubles:
        """Apply the map."""
        return self.slope * logits + self.offset


def fit_line(logits: Doubles, wanted: Doubles) -> Line:
    """Fit the line that brings logits closest to others (least squares)."""
    slope, offset = np.polyfit(logits, wanted, 1)
    return Line(float(slope), float(offset))


def logit_name(graph: Graph) -> str:
    """Name of the calibrated logit of AI: what the sigmoid behind `p_fake` reads.

    Raises:
        QuantizationError: There is no sigmoid.
    """
    node = graph.maker.get("p_fake")
    while node is not None and node.op_type in ("Squeeze", "Reshape", "Identity", "Flatten"):
        node = graph.maker.get(node.input[0])
    if node is None or node.op_type != "Sigmoid":
        raise QuantizationError("p_fake does not come from a sigmoid")
    return str(node.input[0])


def logits(model: onnx.ModelProto, crops: Crops) -> Doubles:
    """Calibrated logits of AI, without the rounding of probabilities near 0 and 1.

    Args:
        model: A classifier.
        crops: RGB crops, uint8 [n, size, size, 3].

    Returns:
        Shape [n].
    """
    from onnx import helper

    probe = copy_model(model)
    name = logit_name(Graph(probe))
    probe.graph.output.append(helper.make_empty_tensor_value_info(name))
    return run(probe, crops, [name])[0].reshape(-1).astype(np.float64)


def apply_line(model: onnx.ModelProto, info: ModelInfo, line: Line) -> ModelInfo:
    """Change the calibration inside a graph, and with it the map that explains it, in place.

    Args:
        model: A classifier whose logit is scaled and shifted before the sigmoid.
        info: Its description.
        line: How the calibrated logit changes.

    Returns:
        The description with temperature, bias and `cam_bias` changed alike.

    Raises:
        QuantizationError: The graph is not built so.
    """
    graph = Graph(model)
    shift = graph.maker.get(logit_name(graph))
    if shift is None or shift.op_type != "Add":
        raise QuantizationError("no bias is added before the sigmoid")
    _set(graph, shift, lambda value: line.slope * value + line.offset, "the calibration's bias")
    scale = next((graph.maker[name] for name in shift.input if name in graph.maker), None)
    scales = [scale]
    if "cam" in graph.outputs:
        scales.append(graph.maker["cam"])
    done: set[str] = set()
    for node in scales:
        if node is None or node.op_type not in ("Mul", "Div"):
            raise QuantizationError("logit and cam are not multiplied by a temperature")
        if not done & set(node.input):
            factor = line.slope if node.op_type == "Mul" else 1 / line.slope
            _set(graph, node, lambda value, factor=factor: value * factor, "the temperature")
        done |= {name for name in node.input if graph.is_constant(name)}
    settings: dict[str, Any] = dict(info.settings)
    if "calibration" in settings:
        old = settings["calibration"]
        settings["calibration"] = {
            **old,
            "temperature": old["temperature"] / line.slope,
            "bias": line.slope * old["bias"] + line.offset,
        }
    if "cam_bias" in settings:
        settings["cam_bias"] = line.slope * settings["cam_bias"] + line.offset
    return replace(info, settings=settings)


def _set(graph: Graph, node: onnx.NodeProto, change: Any, what: str) -> None:
    names = [name for name in node.input if graph.is_constant(name)]
    if len(names) != 1 or graph.constant(names[0]).size != 1:
        raise QuantizationError(f"{what} is not one constant")
    value = graph.constant(names[0])
    graph.set_constant(names[0], np.asarray(change(value), value.dtype).reshape(value.shape))
