"""Runtimes behind fakeface's own decoding, face finder and crop.

Each is imported when it is opened, and configured for one picture at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.baselines._worker import Opened
from fakeface import CropSpec, FaceFinder, ImageError
from fakeface.images import Picture
from fakeface.inference import MIN_FACE, Classifier
from fakeface.model_directory import FACE_FINDER, MODELS, load_model
from fakeface.preprocessing import crop_picture, preprocess

Crops = npt.NDArray[np.uint8]
Network = tuple[Callable[[Crops], npt.NDArray[np.float32]], str, CropSpec]
"""From crops, uint8 of shape (n, size, size, 3), to `p_fake` of shape (n,); what it computes in, as
the runtime reports it; and how it wants faces cropped."""


def open_onnxruntime(file: Path, threads: int, precision: str) -> Network:
    """Open a model directory as fakeface does."""
    classifier = Classifier(file, "cpu", threads)
    return classifier.predict, precision, classifier.crop


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

    def run(crops: Crops) -> npt.NDArray[np.float32]:
        scores = np.empty(len(crops), np.float32)
        for i in range(len(crops)):
            request.infer({0: crops[i : i + 1]}, share_inputs=True)
            scores[i] = request.get_tensor(output).data.reshape(-1)[0]
        return scores

    used = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    crop = load_model(file, "classifier")[0].crop
    assert crop is not None  # load_model checks it
    return run, f"int8, {used} between" if precision == "int8" else used, crop


def open_tensorflow(file: Path, threads: int, precision: str) -> Network:
    """Open the Keras model of a run directory as a `tf.function`."""
    import tensorflow as tf

    from train.fitting import load_run

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    run = load_run(file)
    crop = run.recipe.crop
    signature = [tf.TensorSpec((None, crop.size, crop.size, 3), tf.uint8)]
    predict = tf.function(lambda image: run.outputs(image)["p_fake"], input_signature=signature)

    def call(crops: Crops) -> npt.NDArray[np.float32]:
        return np.asarray(predict(tf.constant(crops)).numpy(), np.float32)

    return call, precision, crop


RUNTIMES: dict[str, tuple[Callable[[Path, int, str], Network], tuple[str, ...]]] = {
    "onnxruntime": (open_onnxruntime, ("onnxruntime",)),
    "openvino": (open_openvino, ("openvino",)),
    "tensorflow": (open_tensorflow, ("tensorflow", "keras")),
}
"""Openers of the runtimes, which take a file, a number of threads and a precision; and the
distributions whose versions matter."""


def open_runtime(job: dict[str, Any]) -> Opened:
    """Open a runtime; `job` as for `benchmarks.baselines._worker.open_baseline`."""
    opener, packages = RUNTIMES[job["kind"]]
    network, precision, spec = opener(Path(job["file"]), job["threads"], job["precision"])
    finder = FaceFinder(MODELS / FACE_FINDER)
    face = np.ascontiguousarray(preprocess(job["picture"], finder, spec, MIN_FACE).crops[:1])

    def verdict(path: str) -> float | None:
        crops = preprocess(path, finder, spec, MIN_FACE).crops
        return float(network(crops).max()) if len(crops) else None

    def score(path: str) -> float | None:
        try:
            p_fake = verdict(path)
            if p_fake is None:
                p_fake = float(network(crop_picture(Picture(path), None, spec)[np.newaxis])[0])
        except ImageError:
            return None
        return p_fake

    versions = {name: version(name) for name in ("fakeface", *packages, "pillow")}
    return Opened(lambda: network(face), verdict, score, precision, versions)
