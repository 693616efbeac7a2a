"""Runtimes: ONNX Runtime, OpenVINO, TensorFlow.

Each is imported when it is opened, and configured for one picture at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from fakeface.inference import Classifier

Crops = npt.NDArray[np.uint8]
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Network:
    """A network ready to run.

    Attributes:
        call: From crops, uint8 of shape (n, size, size, 3), to `p_fake`, float32 of shape (n,).
        precision: What it computes in, as the runtime reports it.
        packages: Distributions whose versions matter.
    """

    call: Callable[[Crops], Scores]
    precision: str
    packages: tuple[str, ...]

    def __call__(self, crops: Crops) -> Scores:
        """Run it."""
        return self.call(crops)


def is_quantised(model: Path) -> bool:
    """Return whether an ONNX file computes in int8."""
    data = model.read_bytes()
    return any(name in data for name in (b"QuantizeLinear", b"QLinearConv", b"ConvInteger"))


def _one_by_one(run: Callable[[Crops], Any]) -> Callable[[Crops], Scores]:
    """Wrap a network that takes one crop at a time."""

    def call(crops: Crops) -> Scores:
        scores = [np.asarray(run(crops[i : i + 1])).reshape(-1)[0] for i in range(len(crops))]
        return np.array(scores, np.float32)

    return call


def in_onnxruntime(classifier: Classifier) -> Network:
    """Use ONNX Runtime as fakeface does."""
    precision = "int8" if is_quantised(classifier.info.onnx) else "fp32"
    return Network(classifier.predict, precision, ("onnxruntime",))


def open_openvino(file: Path, threads: int, precision: str) -> Network:
    """Open the ONNX file of a model directory in OpenVINO, compiled for one crop at a time."""
    import openvino as ov

    core = ov.Core()
    model = core.read_model(file / "model.onnx")
    _, *shape = model.input(0).partial_shape
    model.reshape([1, *(side.get_length() for side in shape)])
    hint = {"f32": ov.Type.f32, "bf16": ov.Type.bf16}.get(precision)
    compiled = core.compile_model(
        model,
        "CPU",
        {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            **({} if hint is None else {"INFERENCE_PRECISION_HINT": hint}),
        },
    )
    request = compiled.create_infer_request()
    output = compiled.output("p_fake")

    def run(crop: Crops) -> Any:
        request.infer({0: crop}, share_inputs=True)
        return request.get_tensor(output).data

    used = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    if precision == "int8":
        used = f"int8, {used} between"
    return Network(_one_by_one(run), used, ("openvino",))


def open_tensorflow(file: Path, threads: int, precision: str) -> Network:  # noqa: ARG001
    """Open the Keras model of a run directory as a `tf.function`."""
    import tensorflow as tf

    from train.fitting import load_run

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    run = load_run(file)
    size = run.recipe.crop.size
    signature = [tf.TensorSpec((None, size, size, 3), tf.uint8)]
    predict = tf.function(lambda image: run.outputs(image)["p_fake"], input_signature=signature)

    def call(crops: Crops) -> Scores:
        return np.asarray(predict(tf.constant(crops)).numpy(), np.float32)

    return Network(call, "fp32", ("tensorflow", "keras"))


RUNTIMES: dict[str, Callable[[Path, int, str], Network]] = {
    "openvino": open_openvino,
    "tensorflow": open_tensorflow,
}
"""Openers of the other runtimes: take a file, a number of threads and, if it can be chosen, a
precision."""
