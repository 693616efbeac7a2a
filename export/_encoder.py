"""The graph of a linear head on a frozen vision transformer, from pixels to `p_fake` and map."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from export._convert import fold
from train.networks import (
    ENCODER_DEVIATION,
    ENCODER_INPUT,
    ENCODER_MEAN,
    ENCODER_PATCH,
    ENCODER_SIDE,
    tokens_name,
)

if TYPE_CHECKING:
    import numpy.typing as npt
    import onnx

    Floats = npt.NDArray[np.float64]


def encoder_graph(
    encoder: onnx.ModelProto, blocks: Sequence[int], kernels: Floats, bias: float, size: int
) -> onnx.ModelProto:
    """Put a linear head on an encoder.

    The graph takes one crop at a time: scales of int8 activations depend on all that is in a batch.
    It ends at the last of the blocks. What the head says of every token is the map.

    Args:
        encoder: The encoder, from `train.networks.load_encoder`; it is left as it is.
        blocks: Numbers of the blocks, from 1, after which the head reads the tokens.
        kernels: The weights of each block's tokens in the logit of AI, shape [blocks, width].
        bias: Of the logit of AI.
        size: Side of the crops; the encoder sees their middle.

    Returns:
        A graph with input `image`, uint8 [1, size, size, 3], and outputs `p_fake`, [1], and `cam`,
        [1, h, w], whose mean plus `bias` is the logit.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    names = [tokens_name(block) for block in blocks]
    first, places = (size - ENCODER_SIDE) // 2, ENCODER_SIDE // ENCODER_PATCH
    constants = {
        "first": np.array([first, first], np.int64),
        "last": np.array([first + ENCODER_SIDE] * 2, np.int64),
        "sides": np.array([1, 2], np.int64),
        "white": np.array(255, np.float32),
        "mean": ENCODER_MEAN,
        "deviation": ENCODER_DEVIATION,
        "one": np.array([1], np.int64),
        "end": np.array([1 + places * places], np.int64),
        "map_shape": np.array([1, places, places], np.int64),
        "bias": np.array(bias, np.float32),
        **{
            f"head_{block}": kernel[:, np.newaxis].astype(np.float32)
            for block, kernel in zip(blocks, kernels, strict=True)
        },
    }
    before = [
        helper.make_node("Slice", ["image", "first", "last", "sides"], ["middle"]),
        helper.make_node("Cast", ["middle"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["pixels", "white"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "mean"], ["centred"]),
        helper.make_node("Div", ["centred", "deviation"], ["standardised"]),
        helper.make_node("Transpose", ["standardised"], [ENCODER_INPUT], perm=[0, 3, 1, 2]),
    ]
    parts = [f"logits_{block}" for block in blocks]
    after = [
        *(
            helper.make_node("MatMul", [name, f"head_{block}"], [part])
            for name, block, part in zip(names, blocks, parts, strict=True)
        ),
        helper.make_node("Sum", parts, ["token_logits"]),
        helper.make_node("Slice", ["token_logits", "one", "end", "one"], ["picture_logits"]),
        helper.make_node("Reshape", ["picture_logits", "map_shape"], ["cam"]),
        helper.make_node("ReduceMean", ["cam"], ["mean_logit"], axes=[1, 2], keepdims=0),
        helper.make_node("Add", ["mean_logit", "bias"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["p_fake"]),
    ]
    model = helper.make_model(
        helper.make_graph(
            [*before, *encoder.graph.node, *after],
            "encoder",
            [helper.make_tensor_value_info("image", TensorProto.UINT8, [1, size, size, 3])],
            [
                helper.make_tensor_value_info("p_fake", TensorProto.FLOAT, [1]),
                helper.make_tensor_value_info("cam", TensorProto.FLOAT, [1, places, places]),
            ],
            [
                *encoder.graph.initializer,
                *(numpy_helper.from_array(array, key) for key, array in constants.items()),
            ],
        ),
        producer_name="fakeface",
        opset_imports=[helper.make_opsetid("", _opset(encoder.opset_import))],
        ir_version=8,
    )
    model = fold(model)
    onnx.checker.check_model(model, full_check=True)
    return model


def _opset(imports: Iterable[onnx.OperatorSetIdProto]) -> int:
    return next(each.version for each in imports if each.domain in ("", "ai.onnx"))
