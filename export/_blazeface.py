"""BlazeFace's graph: converted from TensorFlow Lite, reworked for fakeface, and compared."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from export._channel_padding import drop_unused_values, pad_to_blocks, split_shortcuts
from export._errors import ParityError
from train.command_line import silence_tensorflow

if TYPE_CHECKING:
    import onnx

TOLERANCE = 1e-4
"""Largest difference allowed between TensorFlow Lite and ONNX, in scores and in box sides as a
fraction of the picture."""


def convert_tflite(file: Path) -> onnx.ModelProto:
    """Convert a `.tflite` file to ONNX, as tf2onnx does it."""
    silence_tensorflow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tf2onnx

        model: onnx.ModelProto
        model, _ = tf2onnx.convert.from_tflite(str(file), opset=17)
    return model


def rework(model: onnx.ModelProto, sides: Sequence[int | str]) -> onnx.ModelProto:
    """Give the graph uint8 input, any batch size, two named outputs and float16 weights.

    Args:
        model: From `convert_tflite`.
        sides: Height and width of the input, in pixels or as names of free dimensions.

    Returns:
        The graph as it ships.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    raw_image = graph.input[0].name
    by_width = {out.type.tensor_type.shape.dim[2].dim_value: out.name for out in graph.output}
    nodes = list(graph.node)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    names = _stable_names(nodes, set(tensors))
    tensors = {names.get(name, name): tensors[name] for name in names if name in tensors}
    by_width = {width: names[name] for width, name in by_width.items()}
    raw_image = names[raw_image]

    for node in nodes:
        if node.op_type == "Reshape":  # [1, -1, values] -> [batch, -1, values]
            tensors[f"shape_{tensors[node.input[1]][2]}"] = np.array(
                [0, -1, tensors[node.input[1]][2]], np.int64
            )
            node.input[1] = f"shape_{tensors[node.input[1]][2]}"
    drop_unused_values(nodes, tensors, 16, 4)
    first = next(i for i, node in enumerate(nodes) if node.op_type == "Conv")
    filled = pad_to_blocks(nodes[first:], tensors, nodes[first].input[0])
    nodes[first:] = split_shortcuts(filled, tensors)
    tensors |= {
        "normalise_scale": np.array(2 / 255, np.float32),
        "normalise_offset": np.array(1, np.float32),
        "last_axis": np.array([2], np.int64),
    }
    before = [
        helper.make_node("Cast", ["image"], ["image_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["image_float", "normalise_scale"], ["image_scaled"]),
        helper.make_node("Sub", ["image_scaled", "normalise_offset"], [raw_image]),
    ]
    after = [
        helper.make_node("Identity", [by_width[16]], ["boxes"]),
        helper.make_node("Squeeze", [by_width[1], "last_axis"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
    ]
    used = {name for node in (*nodes, *after, *before) for name in node.input}
    weights, widen = [], []
    for name, array in tensors.items():
        if name not in used:
            continue
        half = array.astype(np.float16) if array.dtype == np.float32 and array.size > 1 else None
        if half is not None and np.array_equal(half.astype(np.float32), array):
            weights.append(numpy_helper.from_array(half, f"{name}_half"))
            widen.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
        else:
            weights.append(numpy_helper.from_array(array, name))

    def value(name: str, kind: int, shape: list[str | int]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, shape)

    reworked = helper.make_model(
        helper.make_graph(
            [*widen, *before, *nodes, *after],
            "blazeface",
            [value("image", TensorProto.UINT8, ["batch", *sides, 3])],
            [
                value("boxes", TensorProto.FLOAT, ["batch", "anchors", 4]),
                value("scores", TensorProto.FLOAT, ["batch", "anchors"]),
            ],
            weights,
        ),
        producer_name="fakeface",
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(reworked, full_check=True)
    return reworked


def _stable_names(nodes: list[onnx.NodeProto], constants: set[str]) -> dict[str, str]:
    """Number tensors, which tf2onnx names differently in every run, in order of use, in place."""
    names: dict[str, str] = {}
    for node in nodes:
        for name in (*node.input, *node.output):
            if name and name not in names:
                names[name] = f"{'c' if name in constants else 'v'}{len(names)}"
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names[name] for name in node.output]
        node.name = ""
    return names


def check_tflite_parity(model: onnx.ModelProto, tflite: bytes, side: int) -> float:
    """Compare a graph with TensorFlow Lite on seeded pictures, alone and in a batch.

    Args:
        model: From `rework`.
        tflite: The `.tflite` file that it was made from.
        side: Side of the pictures in pixels.

    Returns:
        The largest difference, of scores and of box sides as a fraction of the picture.

    Raises:
        ParityError: It is larger than `TOLERANCE`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow as tf

        interpreter = tf.lite.Interpreter(model_content=tflite)
    import onnxruntime as ort

    coarse = np.random.default_rng(0).integers(0, 256, (4, side // 16, side // 16, 3), np.uint8)
    images = coarse.repeat(16, axis=1).repeat(16, axis=2)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    boxes, scores = session.run(["boxes", "scores"], {"image": images})
    interpreter.allocate_tensors()
    outputs = {item["shape"][-1]: item["index"] for item in interpreter.get_output_details()}
    worst = 0.0
    for image, found_boxes, found_scores in zip(images, boxes, scores, strict=True):
        interpreter.set_tensor(
            interpreter.get_input_details()[0]["index"],
            image[np.newaxis].astype(np.float32) * np.float32(2 / 255) - np.float32(1),
        )
        interpreter.invoke()
        want_boxes = interpreter.get_tensor(outputs[16])[0, :, :4]
        logits = interpreter.get_tensor(outputs[1])[0, :, 0]
        want_scores = 1 / (1 + np.exp(-logits.clip(-80, 80)))
        alone = session.run(["scores"], {"image": image[np.newaxis]})[0][0]
        worst = max(
            worst,
            float(np.abs(found_boxes - want_boxes).max()) / side,
            float(np.abs(found_scores - want_scores).max()),
            float(np.abs(found_scores - alone).max()),
        )
    if worst > TOLERANCE:
        raise ParityError(
            f"ONNX and TensorFlow Lite differ by {worst:.1e}, more than {TOLERANCE:g}; nothing"
            " was written"
        )
    return worst
