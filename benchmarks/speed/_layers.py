"""The layers of a network: what they compute, how fast, and their totals.

ONNX Runtime's profiler reports time and shapes of every layer; the arithmetic follows from the
shapes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from statistics import median
from typing import Any

KINDS = ("pointwise", "depthwise", "other convolutions", "matrix products", "all else")
"""Kinds of layers: convolutions of 1 x 1, convolutions of each channel with itself, all other
convolutions, matrix products, and layers that compute little and move much memory."""

LARGE = 10e6
"""Operations from which a layer may set the peak throughput; smaller ones are too short to time."""

WARM = 5
"""Warm-up runs before those that count."""

MATRIX = ("MatMul", "Gemm")
"""Parts of the names of matrix products, fused or quantised."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator of a network as ONNX Runtime runs it.

    Attributes:
        name: Its name in the optimised graph.
        operator: Its operator, such as `Conv` or `QLinearConv`.
        kind: One of `KINDS`.
        operations: Multiplications and additions as executed, channels padded to the width of the
            processor's vectors included; 0 for `all else`.
        ms: Median time of a run, in milliseconds.
    """

    name: str
    operator: str
    kind: str
    operations: int
    ms: float

    @property
    def precision(self) -> str:
        """`int8` or `fp32`."""
        return "int8" if "QLinear" in self.operator or "Integer" in self.operator else "fp32"

    @property
    def speed(self) -> float:
        """Operations per second, in thousands of millions."""
        return self.operations / self.ms / 1e6 if self.ms else 0.0


def layers_of(
    events: Sequence[dict[str, Any]], shapes: dict[tuple[str, str], tuple[str, int]]
) -> list[Layer]:
    """Collect layers from the events of ONNX Runtime's profiler.

    Args:
        events: The events of many runs.
        shapes: Kind and operations per index and name of a layer.

    Returns:
        The layers, with the median of their times after the first `WARM` runs, in order.
    """
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    operators = {}
    for event in events:
        if is_layer(event):
            times[key_of(event)].append(event["dur"] / 1e3)
            operators[key_of(event)] = event["args"]["op_name"]
    layers = []
    for key, took in times.items():
        kind, operations = shapes.get(key, (KINDS[-1], 0))
        layers.append(Layer(key[1], operators[key], kind, operations, median(took[WARM:] or took)))
    return layers


def is_layer(event: dict[str, Any]) -> bool:
    """Return whether an event is the run of a layer."""
    return bool(event["cat"] == "Node" and event["name"].endswith("_kernel_time"))


def key_of(event: dict[str, Any]) -> tuple[str, str]:
    """Return index and name of the layer that an event is about."""
    return event["args"]["node_index"], event["name"].removesuffix("_kernel_time")


def kind_of(
    operator: str, inputs: Sequence[Sequence[int]], outputs: Sequence[Sequence[int]]
) -> tuple[str, int]:
    """Return the kind of a layer and its number of operations.

    Args:
        operator: Its operator.
        inputs: Shapes of its inputs, parameters included.
        outputs: Shapes of its outputs.

    Returns:
        One of `KINDS`, and the multiplications and additions.
    """
    if "Conv" in operator:
        # Scales and zero points have one dimension at most; the weights come after the picture.
        _, weights, *_ = (shape for shape in inputs if len(shape) == 4)
        operations = 2 * prod(outputs[0]) * prod(weights[1:])
        if prod(weights[2:]) == 1:
            return "pointwise", operations
        return ("depthwise" if weights[1] == 1 else "other convolutions"), operations
    if any(name in operator for name in MATRIX):
        shapes = [shape for shape in inputs if len(shape) >= 2]
        return "matrix products", 2 * prod(outputs[0]) * shapes[0][-1]
    return "all else", 0


def peak_throughput(layers: Sequence[Layer]) -> dict[str, float]:
    """Return the speed of the fastest large layer of each precision.

    Args:
        layers: All layers of the run.

    Returns:
        1e9 operations a second, by precision; if no layer is large, all count except those too
        short for the clock.
    """
    speeds = {}
    fast = [layer for layer in layers if layer.speed]
    for precision in sorted({layer.precision for layer in fast}):
        mine = [layer for layer in fast if layer.precision == precision]
        large = [layer for layer in mine if layer.operations >= LARGE]
        speeds[precision] = max(layer.speed for layer in large or mine)
    return speeds


def summary(layers: Sequence[Layer], peaks: dict[str, float]) -> dict[str, Any]:
    """Sum up the layers of a network.

    Args:
        layers: The layers.
        peaks: From `peak_throughput`.

    Returns:
        `operations`, `lower_bound_ms`, `kinds` and `layers`, as in `profile`.
    """
    total = sum(layer.ms for layer in layers)
    kinds = {}
    for kind in KINDS:
        mine = [layer for layer in layers if layer.kind == kind]
        operations, ms = sum(one.operations for one in mine), sum(one.ms for one in mine)
        kinds[kind] = {
            "count": len(mine),
            "operations": operations,
            "ms": round(ms, 4),
            "share": round(ms / total, 4) if total else 0.0,
            "speed": round(operations / ms / 1e6, 1) if ms else 0.0,
        }
    # No layer here exceeds the peak throughput but small ones, whose time counts as it is.
    lower_bound = sum(
        min(layer.operations / peaks[layer.precision] / 1e6, layer.ms)
        for layer in layers
        if layer.speed
    )
    return {
        "operations": sum(layer.operations for layer in layers),
        "lower_bound_ms": round(lower_bound, 3),
        "kinds": kinds,
        "layers": [
            {
                "name": layer.name,
                "operator": layer.operator,
                "kind": layer.kind,
                "operations": layer.operations,
                "ms": round(layer.ms, 4),
                "speed": round(layer.speed, 1),
            }
            for layer in sorted(layers, key=lambda layer: -layer.ms)
        ],
    }
