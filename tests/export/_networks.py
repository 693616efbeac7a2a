"""A small depthwise-separable classifier, built as `python -m export` builds large ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export._directory import write_model
from fakeface import CropSpec, ModelInfo, OperatingPoint, Thresholds

SIZE = 32
CHANNELS = 8


def make_network(seed: int = 0) -> onnx.ModelProto:
    """Stem, an inverted residual, an expansion; a linear head on its mean, and the map under it.

    Channels differ in size by a factor of thirty, which 8 bits do not like.
    """
    rng = np.random.default_rng(seed)
    constants: dict[str, np.ndarray] = {}
    nodes: list[onnx.NodeProto] = []

    def constant(name: str, values: np.ndarray, kind: type = np.float32) -> str:
        constants[name] = np.asarray(values, kind)
        return name

    def convolve(name, source, outs, ins, size=1, stride=1, depthwise=False, clip=True):
        sizes = np.geomspace(0.1, 3, outs)[:, None, None, None]
        shape = (outs, 1 if depthwise else ins, size, size)
        weights = rng.normal(0, 1, shape) * sizes / np.sqrt(np.prod(shape[1:]))
        nodes.append(
            helper.make_node(
                "Conv",
                [
                    source,
                    constant(f"{name}.w", weights),
                    constant(f"{name}.b", rng.normal(0, 0.1, outs)),
                ],
                [f"{name}.out"],
                name=name,
                group=outs if depthwise else 1,
                strides=[stride] * 2,
                pads=[size // 2] * 4,
            )
        )
        if not clip:
            return f"{name}.out"
        nodes.append(helper.make_node("Clip", [f"{name}.out", "zero", "six"], [f"{name}.act"]))
        return f"{name}.act"

    constant("zero", 0)
    constant("six", 6)
    nodes += [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["pixels", constant("per", 1 / 128)], ["scaled"]),
        helper.make_node("Add", ["scaled", constant("less", -127 / 128)], ["centred"]),
        helper.make_node("Transpose", ["centred"], ["planes"], perm=[0, 3, 1, 2]),
    ]
    stem = convolve("stem", "planes", CHANNELS, 3, 3, 2)
    first = convolve("first", stem, CHANNELS, CHANNELS, clip=False)
    wide = convolve("wide", first, 3 * CHANNELS, CHANNELS)
    deep = convolve("deep", wide, 3 * CHANNELS, 3 * CHANNELS, 3, depthwise=True)
    narrow = convolve("narrow", deep, CHANNELS, 3 * CHANNELS, clip=False)
    nodes.append(helper.make_node("Add", [narrow, first], ["sum"], name="sum"))
    top = convolve("top", "sum", 2 * CHANNELS, CHANNELS)
    head = rng.normal(0, 1, (2 * CHANNELS, 1))
    nodes += [
        helper.make_node("GlobalAveragePool", [top], ["means"]),
        helper.make_node("Flatten", ["means"], ["row"]),
        helper.make_node("Gemm", ["row", constant("head", head), constant("bias", [0.5])], ["z"]),
        helper.make_node("Squeeze", ["z", constant("one", [1], np.int64)], ["logit"]),
        helper.make_node("Neg", ["logit"], ["ai"]),
        helper.make_node("Mul", ["ai", constant("sharp", 2)], ["sharper"]),
        helper.make_node("Add", ["sharper", constant("shift", 0.25)], ["calibrated"]),
        helper.make_node("Sigmoid", ["calibrated"], ["p_fake"]),
        helper.make_node("Transpose", [top], ["places"], perm=[0, 2, 3, 1]),
        helper.make_node("MatMul", ["places", "head"], ["map"]),
        helper.make_node("Squeeze", ["map", constant("three", [3], np.int64)], ["flat"]),
        helper.make_node("Neg", ["flat"], ["ai map"]),
        helper.make_node("Mul", ["ai map", "sharp"], ["cam"]),
    ]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", SIZE, SIZE, 3])],
        [
            helper.make_tensor_value_info("p_fake", TensorProto.FLOAT, ["batch"]),
            helper.make_tensor_value_info("cam", TensorProto.FLOAT, ["batch", None, None]),
        ],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    return model


def write(model: onnx.ModelProto, folder: Path, thresholds: Thresholds | None = None) -> ModelInfo:
    """Write the network's model directory."""
    info = ModelInfo(
        name=folder.name,
        version="1.0.0",
        kind="classifier",
        sha256="",
        crop=CropSpec(size=SIZE),
        classes=("AI", "Real"),
        thresholds=thresholds or Thresholds(fake=0.6, real=0.4),
        operating_points=(OperatingPoint("fpr5", 0.6, 0.05, "nothing"),),
        settings={
            "calibration": {"temperature": 0.5, "bias": 0.25},
            "cam_bias": -0.5 * 2 + 0.25,
        },
        provenance={
            "recipe": {"name": "small", "faces": "whole", "seed": 0, "backbone": {"name": "none"}},
            "data": {"fingerprint": "unknown"},
            "fitted_with": {},
            "fitted_by": "nothing",
            "exported_with": {},
            "exported_by": "tests",
            "parity": {},
        },
        figures={},
        licence="Apache-2.0",
        path=folder,
    )
    return write_model(info, model, folder)


def crops(count: int, seed: int = 0) -> np.ndarray:
    """Smooth pictures with noise of different strength, uint8 [count, SIZE, SIZE, 3]."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 255, (count, 4, 4, 3)).repeat(SIZE // 4, 1).repeat(SIZE // 4, 2)
    noise = rng.normal(0, 1, (count, SIZE, SIZE, 3)) * rng.uniform(0, 60, (count, 1, 1, 1))
    return np.clip(low + noise, 0, 255).astype(np.uint8)
