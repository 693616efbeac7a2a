"""The graph of a linear head on a frozen vision transformer, from pixels to `p_fake` and map."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export._parity import Parity, check, in_onnxruntime, real_crops
from train.networks import (
    ENCODER_DEVIATION,
    ENCODER_INPUT,
    ENCODER_MEAN,
    ENCODER_SIDE,
    PLACES,
    load_encoder,
    open_encoder,
    pool_tokens,
    region_weights,
    tokens_name,
)

if TYPE_CHECKING:
    import numpy.typing as npt
    import onnx

    from train.fitting import Run
    from train.networks import EncoderHead
    from train.recipes import EncoderRecipe


def convert_encoder(
    run: Run, recipe: EncoderRecipe, pictures: Path
) -> tuple[onnx.ModelProto, Parity]:
    """Make the graph of a run, and compare it with what was trained.

    Args:
        run: The run.
        recipe: Its recipe.
        pictures: Folder of real pictures to compare on.

    Returns:
        The graph, and the differences.

    Raises:
        WeightsError: The encoder cannot be read.
        ParityError: The exported model differs from the trained one.
    """
    path, spec = Path(recipe.backbone.weights), recipe.encoder
    encoder = load_encoder(path, spec.blocks)
    bias = run.cam_bias
    assert bias is not None
    scale = -1 / run.calibration.temperature
    model = encoder_graph(encoder, run.head, scale, bias, recipe.crop.size)
    tokens, _ = open_encoder(path, spec.blocks)

    def by_steps(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
        rows = np.stack([pool_tokens(tokens(crop), spec.regions) for crop in crops])
        return run.calibration.p_fake(run.head.logits(rows))

    crops, exported = real_crops(pictures, recipe.crop, 24), in_onnxruntime(model)
    reference = "the encoder and the head one after the other"
    return model, check(by_steps, exported, crops, reference)


def encoder_graph(
    encoder: onnx.ModelProto, head: EncoderHead, scale: float, bias: float, size: int
) -> onnx.ModelProto:
    """Put a linear head on an encoder.

    What the head says of every token is the map. Where the encoder computes in int8, the graph
    takes one crop at a time: scales of activations depend on all that is in a batch.

    Args:
        encoder: The encoder, from `train.networks.load_encoder`, ended after the head's blocks; it
            is left as it is.
        head: The head; its own bias is left out.
        scale: What its logit of Real is multiplied by, below 0 for that of AI.
        bias: What is added to the logit after that.
        size: Side of the crops; the encoder sees their middle.

    Returns:
        A graph with input `image`, uint8 [n, size, size, 3], and outputs `p_fake`, [n], and `cam`,
        [n, h, w], whose mean plus `bias` is the logit.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    quantised = any(node.op_type == "DynamicQuantizeLinear" for node in encoder.graph.node)
    batch: int | str = 1 if quantised else "batch"
    first = (size - ENCODER_SIDE) // 2
    regions = [region_weights(region).reshape(-1) for region in head.regions]
    constants: dict[str, Any] = {
        "first": np.array([first, first], np.int64),
        "last": np.array([first + ENCODER_SIDE] * 2, np.int64),
        "sides": np.array([1, 2], np.int64),
        "white": np.array(255, np.float32),
        "mean": ENCODER_MEAN,
        "deviation": ENCODER_DEVIATION,
        "one": np.array([1], np.int64),
        "end": np.array([1 + PLACES * PLACES], np.int64),
        "regions": np.stack(regions, axis=1).astype(np.float32),
        "map_shape": np.array([0, PLACES, PLACES], np.int64),  # 0: as many as there are
        "bias": np.array(bias, np.float32),
        **{
            f"head_{block}": (scale * head.kernel[:, i]).T.astype(np.float32)
            for i, block in enumerate(head.blocks)
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
    parts = [f"logits_{block}" for block in head.blocks]
    after = [
        *(
            helper.make_node("MatMul", [tokens_name(block), f"head_{block}"], [part])
            for block, part in zip(head.blocks, parts, strict=True)
        ),
        helper.make_node("Sum", parts, ["token_logits"]),
        helper.make_node("Slice", ["token_logits", "one", "end", "one"], ["place_logits"]),
        helper.make_node("Mul", ["place_logits", "regions"], ["weighted_logits"]),
        helper.make_node("ReduceMean", ["weighted_logits"], ["mean_region"], axes=[2], keepdims=0),
        helper.make_node("Reshape", ["mean_region", "map_shape"], ["cam"]),
        helper.make_node("ReduceMean", ["cam"], ["mean_logit"], axes=[1, 2], keepdims=0),
        helper.make_node("Add", ["mean_logit", "bias"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["p_fake"]),
    ]
    constants["regions"] *= len(regions)  # so that their mean is their sum
    model = helper.make_model(
        helper.make_graph(
            [*before, *encoder.graph.node, *after],
            "encoder",
            [helper.make_tensor_value_info("image", TensorProto.UINT8, [batch, size, size, 3])],
            [
                helper.make_tensor_value_info("p_fake", TensorProto.FLOAT, [batch]),
                helper.make_tensor_value_info("cam", TensorProto.FLOAT, [batch, PLACES, PLACES]),
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
    onnx.checker.check_model(model, full_check=True)
    return model


def _opset(imports: Iterable[onnx.OperatorSetIdProto]) -> int:
    return next(each.version for each in imports if each.domain in ("", "ai.onnx"))
