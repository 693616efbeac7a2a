"""Builds the networks that baselines need and no package ships, each in its own process.

`python -m benchmarks.baselines._build WHAT SOURCE OUT`, where WHAT is one of `BUILDERS`.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks._process import ROOT, child_environment
from benchmarks.baselines._baseline import BaselineError
from fakeface.files import replacing

if TYPE_CHECKING:
    import onnx

    from fakeface import CropSpec

_CALIBRATION = 32
"""Crops that int8 is calibrated on; few, since the weights are random and only speed counts."""

BUILD_VERSION = 2
"""Increase it when something is built differently: what was kept is then rebuilt."""

RANDOM = (
    "Random weights, made by `python -m benchmarks baselines` to measure speed, not to classify."
)


def litert(source: Path, out: Path) -> None:
    """Convert the Keras model of a run to a `.tflite` that takes one crop.

    Args:
        source: Run directory of `train`.
        out: The file to write.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    from train.fitting import load_run

    run = load_run(source)
    size = run.recipe.crop.size
    signature = [tf.TensorSpec((1, size, size, 3), tf.uint8, name="image")]
    predict = tf.function(lambda image: run.outputs(image)["p_fake"], input_signature=signature)
    # Without this the converter loses the variables, and the network returns NaN.
    frozen = convert_variables_to_constants_v2(predict.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    out.write_bytes(converter.convert())


def resnet50(source: Path, out: Path) -> None:  # noqa: ARG001 -- built from the recipe
    """Build the report's first system with random weights.

    Args:
        source: Not used.
        out: Model directory to write.
    """
    from export import convert
    from train.networks import build_head, join, pool
    from train.networks.backbones import get_backbone
    from train.recipes import FrozenRecipe, load_recipe

    recipe = load_recipe("report", ["backbone.weights=none"])
    assert isinstance(recipe, FrozenRecipe)
    size = recipe.crop.size
    backbone = get_backbone(recipe.backbone.name).build(size, "none", recipe.seed)
    width = pool(backbone, recipe.head.pooling).shape[-1]
    head = build_head(width, recipe.head, recipe.seed)
    model = join(backbone, recipe.head.pooling, head)

    def outputs(image: Any) -> dict[str, Any]:
        return {"p_fake": 1 - model(image, training=False)[:, 0]}

    _write("report-resnet50", convert(outputs, size), recipe.crop, out)


def resnet50_int8(source: Path, out: Path) -> None:
    """Quantise it to int8: static, QDQ, U8S8, per channel, as suits x86 with VNNI.

    Args:
        source: Model directory of the fp32 model.
        out: Model directory to write.
    """
    import onnx
    from onnxruntime.quantization import (
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    from export import Reader, real_crops
    from fakeface.model_directory import read_model

    spec = read_model(source).crop
    assert spec is not None
    crops = real_crops(ROOT / "samples", spec, _CALIBRATION)

    with tempfile.TemporaryDirectory() as folder:
        ready, done = str(Path(folder) / "ready.onnx"), str(Path(folder) / "int8.onnx")
        quant_pre_process(str(source / "model.onnx"), ready)
        nodes = onnx.load(ready).graph.node
        first = next(number for number, node in enumerate(nodes) if node.op_type == "Conv")
        quantize_static(
            ready,
            done,
            Reader(crops, 1),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            # the subtraction of the mean: int8 sums of three channels are slow
            nodes_to_exclude=[node.name for node in nodes[:first]],
        )
        _write("report-resnet50-int8", onnx.load(done), spec, out)


def meso4(source: Path, out: Path) -> None:  # noqa: ARG001 -- built from the paper
    """Build the smallest published detector, Meso4 (Afchar et al. 2018), with random weights.

    Args:
        source: Not used.
        out: Model directory to write.
    """
    from benchmarks.baselines._meso4 import SIZE, meso4_graph
    from fakeface import CropSpec

    _write("meso4", meso4_graph(), CropSpec(size=SIZE), out)


def _write(name: str, model: onnx.ModelProto, spec: CropSpec, out: Path) -> None:
    from export import write_model
    from fakeface import ModelInfo, Thresholds

    info = ModelInfo(
        name=name,
        version="0.0.0",
        kind="classifier",
        sha256="",
        crop=spec,
        classes=("AI", "Real"),
        thresholds=Thresholds(0.5, 0.5),
        operating_points=(),
        settings={},
        provenance={"made_by": RANDOM},
        figures={},
        licence="",
        path=out,
    )
    write_model(info, model, out)


BUILDERS: dict[str, Callable[[Path, Path], None]] = {
    "litert": litert,
    "resnet50": resnet50,
    "resnet50-int8": resnet50_int8,
    "meso4": meso4,
}
"""What can be built, from a source or from nothing: a file or a model directory."""


def build_or_load(what: str, source: Path, folder: Path) -> Path:
    """Build a network in a new process, or return the one that was built before.

    Args:
        what: One of `BUILDERS`.
        source: What it is built from; the folder itself if from nothing.
        folder: Where built networks are kept.

    Returns:
        The file or model directory.

    Raises:
        BaselineError: It cannot be built here.
    """
    key = hashlib.sha256(f"{BUILD_VERSION} {what}".encode() + _content(source)).hexdigest()[:12]
    out = folder / f"{what}-{key}"
    if out.exists():
        return out
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(out) as new:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.baselines._build", what, str(source), str(new)],
            capture_output=True,
            text=True,
            errors="replace",
            env=child_environment(),
        )
        if done.returncode:
            lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
            reason = lines[-1][:300] if lines else "no message"
            raise BaselineError(f"its network could not be built: {reason}")
    return out


def _content(source: Path) -> bytes:
    """Hash the inputs that determine what is built from a run or a model."""
    names = ("run.json", "model.keras", "model.onnx")
    parts = [source / name for name in names if (source / name).is_file()]
    return b"".join(hashlib.sha256(path.read_bytes()).digest() for path in parts)


if __name__ == "__main__":
    BUILDERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
