"""Writes golden scores: what a model says of known pictures, for `fakeface doctor` and tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from fakeface.model_directory import MODELS, bundled_models, read_model

if TYPE_CHECKING:
    import onnx

QUANTISED = ("QuantizeLinear", "QLinearConv", "ConvInteger", "MatMulInteger")
"""Operators of graphs that calculate in integers."""


def golden(
    models: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[MODEL]…", help="Model directories; all bundled ones if left out."),
    ] = None,
) -> None:
    """Write the golden scores of models, which `fakeface doctor` holds an installation against.

    They are what the model says of the bundled pictures on the CPU of this machine.
    """
    for path in models or [MODELS / name for name in bundled_models()]:
        typer.echo(str(write_golden(path)))


def write_golden(model: Path, folder: Path = PICTURES, file: Path | None = None) -> Path:
    """Judge pictures on the CPU and write down what came out.

    Args:
        model: The model's directory.
        folder: Folder of the pictures, with sub-folders.
        file: The file to write; None for `golden.json` in the model's directory.

    Returns:
        The file written.

    Raises:
        FakefaceError: The model cannot run, or a picture cannot be read.
    """
    model = model.resolve()  # a path, not the name of a bundled model
    detector = Detector(model, provider="cpu", threads=1, explain=False)
    names = [path.relative_to(folder).as_posix() for path in map(Path, walk([folder]))]
    precision = precision_of(read_model(model).onnx)
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


def precision_of(model: Path | onnx.ModelProto) -> Precision:
    """The numbers that a graph calculates in.

    Args:
        model: A graph, or the file of one.

    Returns:
        `int8` where parts of it are quantised, else `fp32`.
    """
    import onnx

    graph = (onnx.load(model) if isinstance(model, Path) else model).graph
    return "int8" if any(node.op_type in QUANTISED for node in graph.node) else "fp32"
