"""Small real models for tests: ONNX graphs of a few nodes, judging by what anybody can compute."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fakeface import CropSpec, ModelInfo, OperatingPoint, Thresholds
from fakeface.model_directory import METADATA_KEY

SIZE = 32
"""Side of what the small models see."""

POINT = OperatingPoint("fpr1", 0.9, 0.01, "nothing")
"""The operating point of `make_classifier`."""


def make_classifier(
    folder: Path,
    *,
    gain: float = 12.0,
    size: int = SIZE,
    thresholds: Thresholds | None = None,
    point: OperatingPoint = POINT,
) -> Path:
    """Write a classifier for which a face is the likelier AI, the redder it is.

    `p_fake` is the sigmoid of `gain` times the mean of red minus blue, both 0 to 1, so a grey
    picture scores .5, and every score depends on its own crop alone.

    Args:
        folder: Directory to make; its name becomes the model's.
        gain: Steepness.
        size: Side of the input in pixels.
        thresholds: Thresholds between the verdicts; .7 and .3 by default.
        point: Its operating point.

    Returns:
        `folder`.
    """
    weights = np.array([gain, 0.0, -gain], np.float32).reshape(3, 1) / 255
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["pixels", "axes"], ["colour"], keepdims=0),
            helper.make_node("MatMul", ["colour", "weights"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["p_fake"]),
        ],
        "red",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", size, size, 3])],
        [helper.make_tensor_value_info("p_fake", TensorProto.FLOAT, ["batch", 1])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
        ],
    )
    return _write(
        folder,
        graph,
        kind="classifier",
        crop=CropSpec(size=size),
        classes=("AI", "Real"),
        thresholds=thresholds or Thresholds(fake=0.7, real=0.3),
        operating_points=(point,),
    )


def make_cam_classifier(
    folder: Path,
    *,
    gain: float = 12.0,
    bias: float = -1.25,
    places: int = 4,
    settings: dict[str, Any] | None = None,
) -> Path:
    """Write the same classifier with a class activation map: what every place adds to the logit.

    Args:
        folder: Directory to make; its name becomes the model's.
        gain: Steepness.
        bias: Logit of a grey picture.
        places: Side of the map; divides `SIZE`.
        settings: The model's settings; None for the right ones.

    Returns:
        `folder`.
    """
    step = SIZE // places
    weights = np.array([gain, 0.0, -gain], np.float32).reshape(3, 1) / 255
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
            helper.make_node("MatMul", ["pixels", "weights"], ["redness"]),
            helper.make_node("Transpose", ["redness"], ["planes"], perm=[0, 3, 1, 2]),
            helper.make_node(
                "AveragePool", ["planes"], ["means"], kernel_shape=[step] * 2, strides=[step] * 2
            ),
            helper.make_node("Squeeze", ["means", "plane"], ["cam"]),
            helper.make_node("ReduceMean", ["cam", "axes"], ["mean"], keepdims=0),
            helper.make_node("Add", ["mean", "bias"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["p_fake"]),
        ],
        "red-places",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", SIZE, SIZE, 3])],
        [
            helper.make_tensor_value_info("p_fake", TensorProto.FLOAT, ["batch"]),
            helper.make_tensor_value_info("cam", TensorProto.FLOAT, ["batch", places, places]),
        ],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([1], np.int64), "plane"),
            numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
            numpy_helper.from_array(np.array(bias, np.float32), "bias"),
        ],
    )
    return _write(
        folder,
        graph,
        kind="classifier",
        crop=CropSpec(size=SIZE),
        classes=("AI", "Real"),
        thresholds=Thresholds(fake=0.7, real=0.3),
        operating_points=(OperatingPoint("fpr5", 0.7, 0.05, "nothing"),),
        settings={"cam_bias": bias} if settings is None else settings,
    )


def _write(folder: Path, graph: onnx.GraphProto, **described: Any) -> Path:
    folder.mkdir(parents=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    info = {
        "name": folder.name,
        "version": "1.0.0",
        "settings": {},
        "provenance": {"recipe": "tests"},
        "figures": {},
        "licence": "Apache-2.0",
        "path": folder,
        **described,
    }
    helper.set_model_props(model, {METADATA_KEY: ModelInfo(sha256="", **info).metadata()})
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    (folder / "model.onnx").write_bytes(data)
    ModelInfo(sha256=hashlib.sha256(data).hexdigest(), **info).write()
    return folder
