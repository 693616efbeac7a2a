"""From an fp32 graph to int8: QDQ, per channel, with the layers that suffer most kept in float.

Activations are uint8 and weights int8 on x86, whose VNNI instructions multiply that pair; ARM
takes int8 for both. Ranges come from ONNX Runtime's own calibrators, over real face crops.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import onnx

Crops = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Method = Literal["minmax", "percentile", "entropy"]
Target = Literal["x86", "arm"]

CALIBRATED = ("Conv", "Add", "Clip", "Relu")
"""Operators that run in int8; pooling, dense layers and the sigmoid stay in float, since they cost
next to nothing and their rounding would go straight into the score."""

BATCH = 8
"""Crops per calibration step; the activations of that many are held at once."""


class _Reader:
    """Feeds crops to ONNX Runtime's calibrators, which keep what they have read."""

    def __init__(self, crops: Crops) -> None:
        self._batches: Iterator[Crops] = (
            crops[at : at + BATCH] for at in range(0, len(crops), BATCH)
        )

    def get_next(self) -> dict[str, Crops] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"image": batch}


class Quantizer:
    """Quantises one graph in many ways; activations are calibrated once.

    Attributes:
        blocks: The convolutions by block, first to last: what is put back to float together.
    """

    def __init__(
        self, model: onnx.ModelProto, crops: Crops, method: Method, target: Target
    ) -> None:
        """Prepare the graph and calibrate it.

        Args:
            model: The fp32 graph, input `image`.
            crops: Crops to calibrate on, uint8, shape (n, size, size, 3).
            method: How ranges come from activations.
            target: Whose instructions the model is for.
        """
        from onnxruntime.quantization import CalibrationMethod, QuantType, quant_pre_process
        from onnxruntime.quantization.calibrate import create_calibrator, save_tensors_data

        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self._graph, self._ranges = folder / "prepared.onnx", folder / "ranges.json"
        quant_pre_process(model, self._graph)
        self._activations = QuantType.QUInt8 if target == "x86" else QuantType.QInt8
        self._method = {
            "minmax": CalibrationMethod.MinMax,
            "percentile": CalibrationMethod.Percentile,
            "entropy": CalibrationMethod.Entropy,
        }[method]
        calibrator = create_calibrator(
            self._graph,
            CALIBRATED,
            str(folder / "augmented.onnx"),
            self._method,
            extra_options={"symmetric": False},
        )
        for at in range(0, len(crops), BATCH):  # all at once would hold every activation
            calibrator.collect_data(_Reader(crops[at : at + BATCH]))
        save_tensors_data(calibrator.compute_data(), self._ranges)
        self.blocks = blocks(_load(self._graph))

    def quantize(self, in_float: Sequence[str] = ()) -> onnx.ModelProto:
        """Quantise.

        Args:
            in_float: Names of blocks to leave in float.

        Returns:
            The int8 graph, with the same input and outputs.
        """
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

        out = self._graph.with_name("int8.onnx")
        quantize_static(
            self._graph,
            out,
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(CALIBRATED),
            per_channel=True,
            activation_type=self._activations,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[node for block in in_float for node in self.blocks[block]],
            calibrate_method=self._method,
            calibration_cache_path=self._ranges,
            extra_options={"ActivationSymmetric": self._activations is QuantType.QInt8},
        )
        return _load(out)


def blocks(model: onnx.ModelProto) -> dict[str, list[str]]:
    """Group the nodes that can be quantised: each depthwise convolution with its neighbours.

    A block ends behind the convolution that has no activation behind it (a linear bottleneck) or,
    where there is none, with every convolution and its activation.

    Args:
        model: A graph in topological order.

    Returns:
        Names of nodes by name of block, such as `block03`, first to last.
    """
    groups: dict[str, list[str]] = {}
    current: list[str] = []
    nodes = [node for node in model.graph.node if node.op_type in CALIBRATED]
    for node, after in zip(nodes, [*nodes[1:], None], strict=True):
        current.append(node.name)
        linear = node.op_type == "Conv" and (after is None or after.op_type in ("Conv", "Add"))
        if (linear and (after is None or after.op_type == "Conv")) or node.op_type == "Add":
            groups[f"block{len(groups):02d}"] = current
            current = []
    if current:
        groups[f"block{len(groups):02d}"] = current
    return groups


def logits(scores: npt.NDArray[Any]) -> Floats:
    """Log-odds of scores, held within plus and minus 16."""
    p = np.clip(np.asarray(scores, np.float64).reshape(-1), 1.1e-7, 1 - 1.1e-7)
    return np.asarray(np.log(p) - np.log1p(-p))


def _load(path: Path) -> onnx.ModelProto:
    import onnx

    return onnx.load(path)
