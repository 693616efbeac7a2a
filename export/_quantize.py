"""Quantises a classifier's graph to int8 with ONNX Runtime's static QDQ."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fakeface.inference import open_session

if TYPE_CHECKING:
    import onnx

KEPT = 0.2
"""Fraction of the convolutions that stay in fp32, the first ones: there feature maps are large and
traces of generators fine, and rounding made most of the noise of the logit
(`docs/decisions/int8-acceptance-test.md`)."""

KINDS = ("Conv", "Add", "Clip", "Relu")
"""Operators that are quantised: convolutions, what sums them and what activates them."""

_AT_ONCE = 4
"""Crops at once where all feature maps are held in memory."""

Crops = npt.NDArray[np.uint8]


def quantize(model: onnx.ModelProto, crops: Crops) -> onnx.ModelProto:
    """Quantise the convolutions but the first fifth; head and map stay in fp32 too.

    Weights are signed, per channel, and activations unsigned (U8S8), which VNNI multiplies, with
    ranges by percentiles.

    Args:
        model: A classifier in fp32.
        crops: RGB crops to measure ranges on, uint8 [n, size, size, 3], n a multiple of 4.

    Returns:
        A graph with the same inputs and outputs.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationMethod,
        QuantType,
        quant_pre_process,
        quantize_static,
    )

    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "model.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, path)
        # Shapes in these graphs follow from the input; the symbolic pass trips over reshapes
        # whose size depends on the batch.
        quant_pre_process(path, path, skip_symbolic_shape=True)
        prepared = onnx.load(path)
        nodes = prepared.graph.node
        for index, node in enumerate(nodes):
            node.name = f"{node.op_type}-{index}"
        places = [index for index, node in enumerate(nodes) if node.op_type == "Conv"]
        places = places[int(KEPT * len(places)) :]
        correct_biases(prepared, [nodes[place] for place in places], crops)
        onnx.save(prepared, path)
        inside = nodes[places[0] : places[-1] + 2]  # with the activation of the last one
        with redirect_stdout(io.StringIO()):  # it is chatty
            quantize_static(
                path,
                out,
                _Reader(crops),
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=list(KINDS),
                nodes_to_quantize=[node.name for node in inside if node.op_type in KINDS],
                calibrate_method=CalibrationMethod.Percentile,
                extra_options={"CalibStridedMinMax": _AT_ONCE},
            )
        return onnx.load(out)


def correct_biases(
    model: onnx.ModelProto, convolutions: Sequence[onnx.NodeProto], crops: Crops
) -> None:
    """Add to the biases, in place, what rounded weights will change in the mean of each channel.

    Bias correction as in Nagel et al. 2019 (arXiv:1906.04721), with means measured on crops.

    Args:
        model: A graph in fp32.
        convolutions: Its convolutions that will be quantised, each with constant weights.
        crops: RGB crops, uint8 [n, size, size, 3].
    """
    import onnx
    from onnx import helper, numpy_helper

    names = sorted({node.input[0] for node in convolutions})
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = open_session("model in the making", probe.SerializeToString(), "cpu")
    parts = [crops[start : start + _AT_ONCE] for start in range(0, len(crops), _AT_ONCE)]
    seen: Any = [[m.mean((0, 2, 3)) for m in session.run(names, {"image": p})] for p in parts]
    means = dict(
        zip(names, (np.mean(part, axis=0) for part in zip(*seen, strict=True)), strict=True)
    )
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in convolutions:
        weights = numpy_helper.to_array(constants[node.input[1]])
        steps = np.abs(weights).max((1, 2, 3), keepdims=True) / 127
        steps[steps == 0] = 1
        error = (weights - np.round(weights / steps) * steps).sum((2, 3))  # [outputs, inputs]
        mean = means[node.input[0]].reshape(-1, error.shape[1])  # [groups, inputs]
        shift = (error * mean.repeat(len(error) // len(mean), axis=0)).sum(1)
        for bias in node.input[2:]:
            values = numpy_helper.to_array(constants[bias]) + shift
            constants[bias].CopyFrom(numpy_helper.from_array(values.astype(np.float32), bias))


class _Reader:
    """Crops as ONNX Runtime's calibration asks for them."""

    def __init__(self, crops: Crops) -> None:
        self._crops = crops
        self._left: Iterator[Crops] = iter(crops)

    def __len__(self) -> int:
        return len(self._crops)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._left = iter(self._crops[start_index:end_index])

    def get_next(self) -> dict[str, Crops] | None:
        crop = next(self._left, None)
        return None if crop is None else {"image": crop[np.newaxis]}
