"""Converts a Keras detector to an ONNX graph from pixels to `p_fake`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnx

OPSET = 17
"""ONNX operator set; every ONNX Runtime that fakeface allows runs it."""


def convert(outputs: Callable[[Any], dict[str, Any]], size: int) -> onnx.ModelProto:
    """Convert a TensorFlow function of pictures to ONNX.

    `tf2onnx.convert.from_function` with a dictionary of outputs keeps their names and takes
    nested models, where `from_keras` fails (tf2onnx issue 2448). ONNX Runtime then folds
    constants and batch norms into the convolutions before them, those behind depthwise
    convolutions too, which tf2onnx leaves alone.

    Args:
        outputs: Maps RGB pictures, uint8 of shape (n, size, size, 3), to named tensors.
        size: Side of the pictures in pixels.

    Returns:
        A graph with input `image`, uint8 [batch, size, size, 3], and the named outputs.
    """
    import onnx
    import tensorflow as tf
    import tf2onnx

    signature = [tf.TensorSpec((None, size, size, 3), tf.uint8, name="image")]
    model, _ = tf2onnx.convert.from_function(
        tf.function(outputs, input_signature=signature),
        input_signature=signature,
        opset=OPSET,
    )
    model = fold(model)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.checker.check_model(model, full_check=True)
    return model


def fold(model: onnx.ModelProto) -> onnx.ModelProto:
    """Let ONNX Runtime fold and fuse nodes (its basic level, which suits all hardware).

    Args:
        model: Any graph.

    Returns:
        The same function with fewer nodes, in standard operators.
    """
    import onnx
    import onnxruntime as ort

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folded.onnx"
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        options.log_severity_level = 3
        ort.InferenceSession(
            model.SerializeToString(), sess_options=options, providers=["CPUExecutionProvider"]
        )
        return onnx.load(path)
