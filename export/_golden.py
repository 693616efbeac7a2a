"""Writes golden scores: a model's scores of known pictures, for `fakeface doctor` and tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fakeface import Detector
from fakeface.diagnostics import (
    GOLDEN,
    PICTURES,
    TOLERANCES,
    Golden,
    Precision,
    environment,
    predict_pictures,
)
from fakeface.files import walk
from fakeface.model_directory import read_model

if TYPE_CHECKING:
    import onnx

QUANTISED = ("QuantizeLinear", "QLinearConv", "ConvInteger", "MatMulInteger")
"""Operators of graphs that compute in integers."""


def write_golden(model: Path, folder: Path = PICTURES, file: Path | None = None) -> Path:
    """Score pictures on the CPU and write the golden file.

    Args:
        model: The model's directory.
        folder: Folder of the pictures, with sub-folders.
        file: The file to write; None for `golden.json` in the model's directory.

    Returns:
        The file written.

    Raises:
        FakefaceError: The model cannot run, or a picture cannot be read.
    """
    import onnx

    model = model.resolve()  # a path, not the name of a bundled model
    detector = Detector(model, provider="cpu", threads=1, explain=False)
    names = [Path(str(path)).relative_to(folder).as_posix() for path in walk([folder])]
    precision = precision_of(onnx.load(read_model(model).onnx))
    machine = environment()
    made_with = {
        "versions": machine["versions"],
        "cpu": machine["cpu"]["model"],
        "features": machine["cpu"]["features"],
    }
    file = file or model / GOLDEN
    predictions = predict_pictures(detector, folder, names)
    Golden(precision, TOLERANCES[precision], predictions, made_with).write(file)
    return file


def precision_of(model: onnx.ModelProto) -> Precision:
    """Return the precision that a graph computes in: `int8` where parts of it are quantised."""
    return "int8" if any(node.op_type in QUANTISED for node in model.graph.node) else "fp32"
