"""Quantises a classifier to int8 with ONNX Runtime's static QDQ."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from export.int8._graph import Crops, Graph, copy_model
from train.command_line import progress

if TYPE_CHECKING:
    import onnx

Target = Literal["x86", "arm"]
"""`x86`: unsigned activations and signed weights (U8S8), which VNNI multiplies; `arm`: both signed
(S8S8)."""

METHOD = "percentile"
"""How the range of a feature map is chosen. With min-max, weights rounded to the nearest, and other
strengths of equalisation the logits of `edge` 9.0.0 changed more: noise .102 to .166 instead of
.087."""

LEVELS, LEVELS_REDUCED = 127, 63
"""Steps of a weight on either side of zero, in 8 and 7 bits. Of 7 bits no sum of products overflows
on x86 without VNNI."""

_HISTOGRAM = 4
"""Crops at once for histograms, which ONNX Runtime holds in memory with all feature maps."""


class Reader:
    """Crops as ONNX Runtime's calibration asks for them."""

    def __init__(self, crops: Crops, size: int) -> None:
        """Hand out `crops`, `size` at a time."""
        self._parts: Iterator[Crops] = iter(
            [crops[start : start + size] for start in range(0, len(crops), size)]
        )

    def get_next(self) -> dict[str, Crops] | None:
        """The next input, or None after the last."""
        part = next(self._parts, None)
        return None if part is None else {"image": part}


def preprocess_graph(model: onnx.ModelProto) -> onnx.ModelProto:
    """Bring a graph into the form that quantisation starts from.

    Args:
        model: A classifier.

    Returns:
        A copy, after ONNX Runtime's `quant_pre_process`: shapes inferred, constants folded,
        everything named.
    """
    import onnx
    from onnxruntime.quantization import quant_pre_process

    named = copy_model(model)
    del named.metadata_props[:]
    with tempfile.TemporaryDirectory() as folder:
        named_path, path = Path(folder) / "named.onnx", Path(folder) / "preprocessed.onnx"
        onnx.save(named, named_path)
        # Shapes in these graphs follow from the input; the symbolic pass trips over reshapes
        # whose size depends on the batch.
        quant_pre_process(named_path, path, skip_symbolic_shape=True)
        out = onnx.load(path)
    for index, node in enumerate(out.graph.node):
        node.name = node.name or f"{node.op_type}-{index}"
    return out


def quantizable(graph: Graph) -> list[str]:
    """Names of the nodes that may be quantised: convolutions, what activates and what sums them."""
    nodes = [*graph.convolutions, *graph.sums]
    made = {node.output[0] for node in nodes}
    nodes += [n for n in graph.nodes if n.op_type in ("Clip", "Relu") and n.input[0] in made]
    return [node.name for node in nodes]


def calibrate(model: onnx.ModelProto, crops: Crops, what: str = "measuring ranges") -> Any:
    """Measure the ranges of all feature maps, by percentiles.

    Args:
        model: From `preprocess_graph`.
        crops: RGB crops, uint8 [n, size, size, 3].
        what: What to call it in the progress.

    Returns:
        ONNX Runtime's `TensorsData`.
    """
    import onnx
    from onnxruntime.quantization import CalibrationMethod, create_calibrator

    starts = range(0, len(crops), _HISTOGRAM)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(model, path)
        calibrator = create_calibrator(
            path,
            ["Conv", "Add", "Clip", "Relu"],
            augmented_model_path=str(Path(folder) / "augmented.onnx"),
            calibrate_method=CalibrationMethod.Percentile,
            providers=["CPUExecutionProvider"],
        )
        for start in progress(starts, what, len(starts)):
            with redirect_stdout(io.StringIO()):  # it is chatty
                calibrator.collect_data(Reader(crops[start : start + _HISTOGRAM], 1))
        with redirect_stdout(io.StringIO()):
            return calibrator.compute_data()


def quantize(
    model: onnx.ModelProto,
    ranges: Any,
    target: Target = "x86",
    reduce_range: bool = False,
    kept_in_fp32: Collection[str] = (),
    steps: Mapping[str, npt.NDArray[np.float32]] | None = None,
) -> onnx.ModelProto:
    """Quantise.

    Args:
        model: From `preprocess_graph`, equalised or not; it is left as it is.
        ranges: From `calibrate` of the same model.
        target: Processor.
        reduce_range: Weights of 7 bits.
        kept_in_fp32: Names of convolutions that stay as they are.
        steps: From `export.int8._rounding.round_weights`, where the weights are rounded already.

    Returns:
        A graph with the same inputs and outputs.
    """
    import onnx
    from onnxruntime.quantization import QDQQuantizer, QuantType

    copy = copy_model(model)
    graph = Graph(copy)
    quantizer = QDQQuantizer(
        copy,
        True,
        reduce_range,
        QuantType.QInt8,
        QuantType.QUInt8 if target == "x86" else QuantType.QInt8,
        ranges,
        [name for name in quantizable(graph) if name not in kept_in_fp32],
        [],
        ["Conv", "Add", "Clip", "Relu"],
        {"TensorQuantOverrides": _overrides(steps or {})},
    )
    quantizer.quantize_model()
    out: onnx.ModelProto = quantizer.model.model
    if target == "x86":
        quantise_input(out)
    quantizer.model.topological_sort()
    onnx.checker.check_model(out)
    return out


def isolated_nodes(model: onnx.ModelProto) -> list[str]:
    """Convolutions in fp32 that ONNX Runtime would take for forgotten ones.

    Where what a convolution reads has just been dequantised and what it makes is quantised at
    once, ONNX Runtime (seen in 1.32) quantises its weights too, all channels with one scale,
    which is far worse than the quantisation that the layer was kept from.

    Args:
        model: From `quantize`.

    Returns:
        Their names.
    """
    graph = Graph(model)
    return [
        node.name
        for node in graph.convolutions
        if (maker := graph.maker.get(node.input[0])) is not None
        and maker.op_type == "DequantizeLinear"
        and all(n.op_type == "QuantizeLinear" for n in graph.readers[graph.activated(node)])
    ]


def _overrides(steps: Mapping[str, npt.NDArray[np.float32]]) -> dict[str, list[dict[str, Any]]]:
    zero = np.int8(0)
    return {
        name: [{"axis": 0, "scale": step, "zero_point": zero} for step in of]
        for name, of in steps.items()
    }


def quantise_input(model: onnx.ModelProto) -> bool:
    """Read pixels as the 8-bit numbers that they are, in place.

    A quantised graph starts with `image` cast to float, multiplied, shifted, transposed and
    quantised. Where one factor and one offset serve all channels, that is a change of scale and
    zero point only, so the pixels themselves are the quantised input, and nothing is computed.

    Args:
        model: A graph from ONNX Runtime's quantiser, with unsigned activations.

    Returns:
        Whether it starts that way.
    """
    from onnx import helper

    graph = Graph(model)
    chain: list[onnx.NodeProto] = []
    name, scale, offset = "image", 1.0, 0.0
    transpose = None
    while len(graph.readers[name]) == 1:
        node = graph.readers[name][0]
        constants = [graph.constant(n) for n in node.input if graph.is_constant(n)]
        if node.op_type == "QuantizeLinear":
            break
        if node.op_type == "Transpose":
            transpose = node
        elif node.op_type in ("Mul", "Add", "Sub", "Div") and len(constants) == 1:
            value = constants[0]
            if value.size != 1 or (
                graph.is_constant(node.input[0]) and node.op_type in ("Sub", "Div")
            ):
                return False
            number = float(value.reshape(-1)[0])
            if node.op_type in ("Mul", "Div"):
                factor = number if node.op_type == "Mul" else 1 / number
                scale, offset = scale * factor, offset * factor
            else:
                offset += number if node.op_type == "Add" else -number
        elif node.op_type != "Cast":
            return False
        chain.append(node)
        name = node.output[0]
    else:
        return False
    zero = -offset / scale
    if scale <= 0 or abs(zero - round(zero)) > 1e-3 or not 0 <= round(zero) <= 255:
        return False
    quantise = graph.readers[name][0]
    source = "image"
    for gone in (*chain, quantise):
        model.graph.node.remove(gone)
    if transpose is not None:
        source = "image:transposed"
        moved = helper.make_node("Transpose", ["image"], [source], name=source)
        moved.attribute.extend(transpose.attribute)
        model.graph.node.insert(0, moved)
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] == quantise.output[0]:
            node.input[0] = source
    graph.set_constant(quantise.input[1], np.asarray(scale, np.float32))
    graph.set_constant(quantise.input[2], np.asarray(round(zero), np.uint8))
    return True
